/* SPDX-License-Identifier: MIT */
/*
 * The body of a request as it arrives: unwrapped if it is aws-chunked,
 * stored, summed, and checked against what the headers and trailers said.
 */
#ifndef SERVER_RECEIVE_H
#define SERVER_RECEIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "body.h"
#include "errors.h"
#include "fields.h"
#include "sums.h"

struct request;

enum chunk_state {
	CHUNK_NONE, /* not aws-chunked */
	CHUNK_HEADER,
	CHUNK_DATA,
	CHUNK_DATA_END,
	CHUNK_TRAILER,
	CHUNK_DONE
};

struct receiver {
	bool keep;       /* false: count only */
	bool is_signed;  /* each chunk has a signature */
	bool has_length; /* length is known */
	uint64_t length; /* of the decoded body */
	uint64_t limit;  /* bytes that may be kept */
	struct body body;
	struct blob *tail; /* being filled, not yet in body */
	struct sums sums;
	unsigned stored; /* SUM_BITs told by the client: kept */
	enum chunk_state state;
	char line[512]; /* chunk header or trailer line so far */
	size_t line_len;
	uint64_t chunk_left;
	struct digest *chunk_digest;
	char chunk_signature[65];
	struct buf trailer_text; /* what the trailer's signature covers */
	struct fields trailers;
	enum s3_error error;
};

/* Reads the headers and makes ready. */
enum s3_error receive_start(struct request *req);

/* Takes the next bytes; the first error sticks and the rest is dropped. */
void receive_add(struct request *req, const char *data, size_t len);

/* Everything came: checks lengths, signatures, checksums. */
enum s3_error receive_finish(struct request *req);

/* The told checksums as x-amz-checksum-* fields. Returns 0 or -ENOMEM. */
MUST_USE int receive_sums(const struct receiver *r, struct fields *out);

void receive_release(struct receiver *r);

/* receive.c, for chunked.c: takes decoded bytes. */
void receive_store(struct receiver *r, const char *data, size_t len);

/* chunked.c */
void chunked_add(struct request *req, const char *data, size_t len);
enum s3_error chunked_finish(struct request *req);

#endif
