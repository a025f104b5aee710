/* SPDX-License-Identifier: MIT */
/*
 * One request from its first line to its answer.
 *
 * request_new (raw target) -> request_parse (bucket, key, parameters) ->
 * route_find (operation) -> auth_check -> receive_* (body) -> the
 * operation's function fills the answer -> answer_queue -> request_free.
 * A request belongs to the event thread of its connection; while it is
 * suspended, to nobody.
 */
#ifndef SERVER_REQUEST_H
#define SERVER_REQUEST_H

#include <microhttpd.h>
#include <stdint.h>

#include "auth.h"
#include "errors.h"
#include "faults.h"
#include "fields.h"
#include "ops.h"
#include "receive.h"
#include "server.h"

#define PARAMS_MAX 32

struct param {
	const char *name;  /* decoded */
	const char *value; /* decoded, "" if there was none */
};

struct answer {
	unsigned status;
	struct fields headers;
	struct buf text;  /* either this */
	struct body body; /* or this */
	uint64_t length;  /* what a HEAD tells and does not send */
};

enum stage {
	STAGE_START,
	STAGE_BODY,
	STAGE_READY
};

struct request {
	struct server *server;
	struct MHD_Connection *connection;
	enum stage stage;
	bool is_head;
	bool is_control;
	bool is_noted;
	bool is_virtual_host;
	char method[16];
	char *target;    /* raw, as on the request line */
	size_t path_len; /* of target, up to the question mark */
	char *path;      /* decoded */
	char *query;     /* decoded parameters lie in here */
	struct param params[PARAMS_MAX];
	unsigned param_count;
	char bucket[256];
	char key[KEY_MAX + 1];
	const struct op *op;
	struct auth auth;
	struct receiver receiver;
	enum s3_error error;
	struct buf error_extra; /* XML inside <Error> */
	struct fault fault;     /* all zero: none */
	struct answer answer;
	int64_t start_ms;
	uint64_t id;
	uint64_t bytes_in;
	uint64_t bytes_out;
	int64_t up_start_ns; /* upload shaping: when the body began */
};

struct request *request_new(struct server *server, const char *target,
			    struct MHD_Connection *connection);
void request_free(struct request *req);

/* Into the counters and the log, once, unless it is for the control. */
void request_note(struct request *req);

/* Splits target into bucket, key and parameters. */
enum s3_error request_parse(struct request *req);

/* A request header by name, any case, or NULL. */
const char *request_header(const struct request *req, const char *name);

/* A query parameter: "" if it has no value, NULL if it is not there. */
const char *request_param(const struct request *req, const char *name);

/* The whole received body as text in out, for XML and JSON. */
MUST_USE int request_body_text(struct request *req, struct buf *out);

/* Adds to the XML inside <Error>, escaped. */
void request_error_detail(struct request *req, const char *element,
			  const char *text);

#endif
