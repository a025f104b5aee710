/* SPDX-License-Identifier: MIT */
/*
 * A client and a server for it: the test server, started on a free port, or,
 * where S3_ENDPOINT is set, any other (with the environment's keys), for the
 * tests that need no faults.
 */
#ifndef S3_FIXTURE_H
#define S3_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka needs the four above. */
#include <cmocka.h>

#include "buf.h"
#include "http.h"
#include "s3.h"

struct fixture {
	struct http *http;
	struct s3_client *client;
	struct s3_options options;
	char endpoint[128];
	char bucket[64];
	pid_t server; /* 0: not ours */
};

extern struct fixture fixture;

/* Group set-up and tear-down for cmocka. */
int fixture_begin(void **state);
int fixture_end(void **state);

/* Each test's: an empty bucket, no faults, counters at zero. */
int fixture_fresh(void **state);

bool fixture_has_control(void);

/* Replaces the client by one with these options; NULL: the usual ones. */
void fixture_use(const struct s3_options *options);

/* The fault plan, as JSON (see the server's --help). */
void fixture_plan(const char *json);

/* How many requests of that operation the server saw. */
unsigned fixture_requests(const char *operation);

/* Waits until it saw that many, answered or not. */
void fixture_await(const char *operation, unsigned count);

/* Bytes in memory as a body. */
struct bytes {
	const char *data;
	size_t len;
};
ssize_t bytes_read(void *arg, uint64_t offset, void *to, size_t room);
struct s3_body bytes_body(struct bytes *bytes, bool with_crc32c);

/* Whole operations, each with its result. */
int do_put(const char *key, const char *data, size_t len);
int do_head(const char *key, uint64_t *size, char *etag);
/* The object's bytes, or a range of them, into out. */
int do_get(const char *key, uint64_t offset, uint64_t length,
	   const char *if_match, struct buf *out);
int do_delete(const char *key);

/* len bytes that repeat nowhere soon, from seed; free them. */
char *make_bytes(size_t len, unsigned seed);

#endif
