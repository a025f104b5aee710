/* SPDX-License-Identifier: MIT */
/* Filling an answer, and handing it to the connection. */
#ifndef SERVER_ANSWER_H
#define SERVER_ANSWER_H

#include <microhttpd.h>
#include <stdint.h>

#include "buf.h"
#include "errors.h"
#include "macros.h"

struct request;

/* Appends text escaped for XML. */
void xml_add_text(struct buf *out, const char *text);
/* Appends <name>text</name>, or <name/> if text is empty. */
void xml_add(struct buf *out, const char *name, const char *text);
void xml_add_number(struct buf *out, const char *name, uint64_t number);
void xml_add_time(struct buf *out, const char *name, int64_t unix_ns);

/* The declaration and <name xmlns=S3>; the caller closes it. */
struct buf *answer_xml(struct request *req, const char *name);

/* Adds a header; no memory shows as a missing header. */
void answer_header(struct request *req, const char *name, const char *value);
void answer_header_fmt(struct request *req, const char *name, const char *fmt,
		       ...) PRINTF_LIKE(3, 4);

/* Drops what was filled in and says error instead. */
void answer_error(struct request *req, enum s3_error error);

/* As answer_error, with words of a fault plan. */
void answer_error_as(struct request *req, unsigned status, const char *code,
		     const char *message);

/* Sends the answer, changed by the request's fault if it has one. */
enum MHD_Result answer_queue(struct request *req);

/* answer-fault.c: how a faulty answer is made; NULL if there is no memory. */
struct MHD_Response *answer_faulty(struct request *req);
/* Changes the text and the headers as the fault says. */
void answer_spoil(struct request *req);
/* Puts the fault's status and body in place of an answer. */
void answer_instead(struct request *req);
/* The next byte sent is a TCP reset. */
void answer_reset(struct request *req);

#endif
