/* SPDX-License-Identifier: MIT */
/* Filling and sending an answer; see answer.h. */
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "text.h"

#define XMLNS "http://s3.amazonaws.com/doc/2006-03-01/"

void xml_add_text(struct buf *out, const char *text)
{
	for (; *text; text++) {
		size_t plain = strcspn(text, "&<>\"\r\n\t\1\2\3\4\5\6\7\b\v\f"
					     "\16\17\20\21\22\23\24\25\26\27"
					     "\30\31\32\33\34\35\36\37");

		buf_add(out, text, plain);
		text += plain;
		if (!*text)
			return;
		if (*text == '&')
			buf_add_str(out, "&amp;");
		else if (*text == '<')
			buf_add_str(out, "&lt;");
		else if (*text == '>')
			buf_add_str(out, "&gt;");
		else if (*text == '"')
			buf_add_str(out, "&quot;");
		else
			buf_add_fmt(out, "&#x%x;", (unsigned char)*text);
	}
}

void xml_add(struct buf *out, const char *name, const char *text)
{
	buf_add_char(out, '<');
	buf_add_str(out, name);
	if (!*text) {
		buf_add_str(out, "/>");
		return;
	}
	buf_add_char(out, '>');
	xml_add_text(out, text);
	buf_add_str(out, "</");
	buf_add_str(out, name);
	buf_add_char(out, '>');
}

void xml_add_number(struct buf *out, const char *name, uint64_t number)
{
	buf_add_fmt(out, "<%s>%llu</%s>", name, (unsigned long long)number,
		    name);
}

void xml_add_time(struct buf *out, const char *name, int64_t unix_ns)
{
	char iso[TEXT_ISO_DATE_SIZE];

	text_iso_date(iso, unix_ns);
	xml_add(out, name, iso);
}

struct buf *answer_xml(struct request *req, const char *name)
{
	struct buf *text = &req->answer.text;

	answer_header(req, "Content-Type", "application/xml");
	buf_add_fmt(text,
		    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<%s xmlns=\"" XMLNS "\">",
		    name);
	return text;
}

void answer_header(struct request *req, const char *name, const char *value)
{
	if (fields_add(&req->answer.headers, name, value) < 0)
		req->answer.status = 500;
}

void answer_header_fmt(struct request *req, const char *name, const char *fmt,
		       ...)
{
	char text[512];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	answer_header(req, name, text);
}

void answer_error_as(struct request *req, unsigned status, const char *code,
		     const char *message)
{
	struct buf *text = &req->answer.text;

	fields_release(&req->answer.headers);
	body_release(&req->answer.body);
	buf_clear(text);
	req->answer.length = 0;
	req->answer.status = status;
	if (req->is_head || status == 304)
		return;
	answer_header(req, "Content-Type", "application/xml");
	buf_add_str(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			  "<Error>");
	xml_add(text, "Code", code);
	xml_add(text, "Message", message);
	if (*req->bucket)
		xml_add(text, "BucketName", req->bucket);
	if (*req->key)
		xml_add(text, "Key", req->key);
	buf_add_str(text, buf_str(&req->error_extra));
	buf_add_fmt(text, "<RequestId>%016llX</RequestId><HostId/></Error>",
		    (unsigned long long)req->id);
}

void answer_error(struct request *req, enum s3_error error)
{
	const struct s3_error_info *info = s3_error_info(error);
	bool keeps_headers = error == S3_NOT_MODIFIED;
	struct fields headers =
		keeps_headers ? req->answer.headers : (struct fields){ 0 };

	if (keeps_headers)
		req->answer.headers = (struct fields){ 0 };
	answer_error_as(req, info->status, info->code, info->message);
	if (keeps_headers)
		req->answer.headers = headers;
	if (error == S3_AUTH_HEADER_MALFORMED || error == S3_AUTH_QUERY_ERROR)
		answer_header(req, "x-amz-bucket-region", req->server->region);
}

static void free_body(void *cls)
{
	struct body *body = cls;

	body_release(body);
	free(body);
}

/* Slices go out of the blobs themselves; the response keeps them alive. */
static struct MHD_Response *body_response(struct request *req)
{
	unsigned count = req->answer.body.count;
	AUTO_FREE struct MHD_IoVec *iov = calloc(count, sizeof(*iov));
	struct body *body = malloc(sizeof(*body));
	struct MHD_Response *response = NULL;

	if (!iov || !body) {
		free(body);
		return NULL;
	}
	*body = req->answer.body;
	req->answer.body = (struct body){ 0 };
	for (unsigned i = 0; i < count; i++) {
		const struct slice *s = &body->slices[i];

		iov[i].iov_base = s->blob->data + s->off;
		iov[i].iov_len = s->len;
	}
	response = MHD_create_response_from_iovec(iov, count, free_body, body);
	if (!response)
		free_body(body);
	return response;
}

/* Never called: a HEAD's answer only says how long its body would be. */
static ssize_t no_reader(void *cls, uint64_t pos, char *buf, size_t max)
{
	return MHD_CONTENT_READER_END_WITH_ERROR;
}

static struct MHD_Response *make_response(struct request *req)
{
	struct answer *a = &req->answer;
	size_t len = a->text.len;

	if (req->is_head)
		return MHD_create_response_from_callback(a->length, 1024,
							 no_reader, NULL, NULL);
	if (req->fault.active)
		return answer_faulty(req);
	if (a->body.count > 0)
		return body_response(req);
	if (len == 0)
		return MHD_create_response_from_buffer(0, NULL,
						       MHD_RESPMEM_PERSISTENT);
	return MHD_create_response_from_buffer(len, buf_detach(&a->text),
					       MHD_RESPMEM_MUST_FREE);
}

static void add_headers(struct request *req, struct MHD_Response *response)
{
	const char *name, *value;
	size_t at = 0;
	char id[20];

	while (fields_next(&req->answer.headers, &at, &name, &value))
		MHD_add_response_header(response, name, value);
	snprintf(id, sizeof(id), "%016llX", (unsigned long long)req->id);
	MHD_add_response_header(response, "x-amz-request-id", id);
	MHD_add_response_header(response, "Server", "s3storefs-testserver");
}

enum MHD_Result answer_queue(struct request *req)
{
	struct answer *a = &req->answer;
	struct MHD_Response *response;
	enum MHD_Result result;

	if (a->text.error)
		answer_error(req, S3_INTERNAL_ERROR);
	if (req->fault.active)
		answer_spoil(req);
	if (!req->is_head)
		req->bytes_out = a->text.len + a->body.size;
	response = make_response(req);
	if (!response)
		return MHD_NO;
	add_headers(req, response);
	/* Whoever has the answer finds it in the log. */
	request_note(req);
	result = MHD_queue_response(req->connection, a->status, response);
	MHD_destroy_response(response);
	return result;
}
