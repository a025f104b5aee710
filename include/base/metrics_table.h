/* SPDX-License-Identifier: MIT */
/*
 * Every figure that is kept, a row each: X(id, kind, name, help). Names are
 * Prometheus's way: layer, what, unit; "total" for what only grows. They stay
 * as they are once given out.
 *
 * COUNTER  only grows; metrics_add
 * GAUGE    is asked of its layer when somebody looks
 * TIMES    how often and how long, by two labels; metrics_time
 */
#ifndef BASE_METRICS_TABLE_H
#define BASE_METRICS_TABLE_H

/* clang-format off */
#define METRICS_TABLE(X) \
X(HTTP_REQUESTS, COUNTER, "http_requests_total", "HTTP requests that got a connection or tried to") \
X(HTTP_CONNECTIONS, COUNTER, "http_connections_total", "connections opened; other requests had one that was open") \
X(HTTP_SENT, COUNTER, "http_sent_bytes_total", "bytes of bodies sent") \
X(HTTP_RECEIVED, COUNTER, "http_received_bytes_total", "bytes of bodies received") \
X(HTTP_IN_FLIGHT, GAUGE, "http_in_flight_requests", "requests under way") \
X(HTTP_QUEUED, GAUGE, "http_queued_requests", "requests that wait for a connection or a retry") \
X(S3_REQUESTS, TIMES, "s3_request_seconds", "S3 requests, each try, without the time in the queue") \
X(S3_RETRIES, COUNTER, "s3_retries_total", "requests sent again after a failure") \
X(STORE_LOOKUPS_KNOWN, COUNTER, "store_lookups_memory_total", "names looked up that memory knew") \
X(STORE_LOOKUPS_ASKED, COUNTER, "store_lookups_asked_total", "names looked up that the bucket was asked for") \
X(STORE_PUBLISHED, COUNTER, "store_publishes_total", "files stored") \
X(STORE_PUBLISH_FAILED, COUNTER, "store_publish_failures_total", "files that could not be stored") \
X(STORE_REMOVALS, GAUGE, "store_waiting_removals", "removals that are not in the bucket yet") \
X(STORE_MEMORY, GAUGE, "store_memory_bytes", "memory that holds bytes of files") \
X(STORE_MEMORY_LIMIT, GAUGE, "store_memory_limit_bytes", "the most of it") \
X(STORE_SPOOL, GAUGE, "store_spool_bytes", "disk that holds bytes of files") \
X(FS_CALLS, TIMES, "fs_call_seconds", "calls of programs") \
X(FS_PARKED, GAUGE, "fs_parked_calls", "calls without an answer yet") \
X(FS_OPEN_FILES, GAUGE, "fs_open_files", "open files") \
X(FS_INODES, GAUGE, "fs_inodes", "inodes that the kernel knows") \
X(FS_READ, COUNTER, "fs_read_bytes_total", "bytes read by programs, read-ahead of the kernel included") \
X(FS_WRITTEN, COUNTER, "fs_written_bytes_total", "bytes written by programs")
/* clang-format on */

#endif
