/* SPDX-License-Identifier: MIT */
/* Answers as a fault plan wants them; see faults.h for the rules. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "request.h"

#define TRICKLE_STEP_NS 100000000 /* trickled bytes come ten times a second */
#define STALL_STEP_NS   1000000000
#define DEEP_LEVELS     200000
#define NOWHERE         UINT64_MAX

/* A body that is read out piece by piece, to be cut, held up or changed. */
struct faulty {
	struct timer *timer;
	struct MHD_Connection *connection;
	char *text; /* either this */
	size_t text_len;
	struct body body; /* or this */
	bool is_endless;
	uint64_t cut_at;
	uint64_t stall_at;
	uint64_t flip_at;
	int64_t trickle; /* bytes a second; 0: no limit */
	bool has_waited;
};

static void faulty_free(void *cls)
{
	struct faulty *f = cls;

	free(f->text);
	body_release(&f->body);
	free(f);
}

/* An endless text goes round and round behind its first line. */
static size_t read_endless(const struct faulty *f, uint64_t pos, char *out,
			   size_t max)
{
	size_t start = strcspn(f->text, "\n") + 1;
	size_t at =
		pos < f->text_len ?
			(size_t)pos :
			start + (size_t)((pos - start) % (f->text_len - start));
	size_t take = f->text_len - at < max ? f->text_len - at : max;

	memcpy(out, f->text + at, take);
	return take;
}

static size_t read_plain(const struct faulty *f, uint64_t pos, char *out,
			 size_t max)
{
	size_t take;

	if (f->is_endless)
		return read_endless(f, pos, out, max);
	if (!f->text)
		return body_read(&f->body, pos, out, max);
	if (pos >= f->text_len)
		return 0;
	take = f->text_len - (size_t)pos;
	if (take > max)
		take = max;
	memcpy(out, f->text + pos, take);
	return take;
}

static ssize_t wait_for(struct faulty *f, int64_t ns)
{
	if (timer_is_stopped(f->timer))
		return MHD_CONTENT_READER_END_WITH_ERROR;
	timer_suspend(f->timer, f->connection, ns);
	return 0;
}

static ssize_t read_faulty(void *cls, uint64_t pos, char *out, size_t max)
{
	struct faulty *f = cls;
	size_t take = max;

	if (pos >= f->cut_at)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (pos >= f->stall_at)
		return wait_for(f, STALL_STEP_NS);
	if (f->trickle > 0 && !f->has_waited && pos > 0) {
		f->has_waited = true;
		return wait_for(f, TRICKLE_STEP_NS);
	}
	f->has_waited = false;
	if (f->trickle > 0 && take > (size_t)(f->trickle + 9) / 10)
		take = (size_t)(f->trickle + 9) / 10;
	if (take > f->cut_at - pos)
		take = (size_t)(f->cut_at - pos);
	if (take > f->stall_at - pos)
		take = (size_t)(f->stall_at - pos);
	take = read_plain(f, pos, out, take);
	if (take == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (f->flip_at >= pos && f->flip_at - pos < take)
		out[f->flip_at - pos] = (char)~out[f->flip_at - pos];
	return (ssize_t)take;
}

static uint64_t or_nowhere(int64_t n)
{
	return n < 0 ? NOWHERE : (uint64_t)n;
}

struct MHD_Response *answer_faulty(struct request *req)
{
	const struct fault *fault = &req->fault;
	struct answer *a = &req->answer;
	struct faulty *f = calloc(1, sizeof(*f));
	struct MHD_Response *response;
	uint64_t size;

	if (!f)
		return NULL;
	f->timer = req->server->timer;
	f->connection = req->connection;
	f->is_endless = fault->xml == FAULT_XML_ENDLESS;
	f->cut_at = or_nowhere(fault->cut_after);
	f->stall_at = or_nowhere(fault->stall_after);
	f->flip_at = or_nowhere(fault->flip_byte);
	f->trickle = fault->trickle > 0 ? fault->trickle : 0;
	f->text_len = a->text.len;
	f->text = f->text_len ? buf_detach(&a->text) : NULL;
	f->body = a->body;
	a->body = (struct body){ 0 };
	size = f->text ? f->text_len : f->body.size;
	response = MHD_create_response_from_callback(
		f->is_endless ? MHD_SIZE_UNKNOWN : size, 1 << 16, read_faulty,
		f, faulty_free);
	if (!response)
		faulty_free(f);
	return response;
}

/* Changes the first digit of each ETag or checksum, wherever it stands. */
static void spoil_value(char *value)
{
	value += strspn(value, "\"");
	if (*value)
		*value = *value == '0' ? '1' : '0';
}

static void drop_header(struct fields *headers, const char *name)
{
	struct fields others = { 0 };
	const char *other, *value;
	size_t at = 0;

	while (fields_next(headers, &at, &other, &value))
		if (strcasecmp(other, name) != 0 &&
		    fields_add(&others, other, value) < 0)
			break;
	fields_release(headers);
	*headers = others;
}

static void spoil_headers(struct fields *headers, const char *prefix)
{
	struct fields spoiled = { 0 };
	const char *name, *value;
	size_t at = 0;

	while (fields_next(headers, &at, &name, &value)) {
		AUTO_FREE char *copy = strdup(value);

		if (copy && strncasecmp(name, prefix, strlen(prefix)) == 0)
			spoil_value(copy);
		if (!copy || fields_add(&spoiled, name, copy) < 0)
			break;
	}
	fields_release(headers);
	*headers = spoiled;
}

static void spoil_elements(struct buf *text, const char *tag)
{
	char *at = text->data;

	while (at && (at = strstr(at, tag))) {
		at += strcspn(at, ">");
		at += *at == '>';
		if (strncmp(at, "&quot;", 6) == 0)
			at += 6;
		spoil_value(at);
	}
}

/* In place: nobody knows them any more. */
static void rename_elements(struct buf *text, const char *tag_end)
{
	char *at = text->data;

	while (at && (at = strstr(at, tag_end)))
		*at = 'X';
}

static void add_planned_headers(struct request *req)
{
	json_t *headers = json_object_get(req->fault.rule, "headers");
	const char *name;
	json_t *value;

	json_object_foreach(headers, name, value)
	{
		if (!json_is_string(value))
			continue;
		fields_remove(&req->answer.headers, name);
		answer_header(req, name, json_string_value(value));
	}
}

static void shorten(struct answer *a, uint64_t len)
{
	struct body shorter = { 0 };

	if (len < a->text.len) {
		a->text.len = (size_t)len;
		a->text.data[len] = 0;
	}
	if (len < a->body.size &&
	    body_add_range(&shorter, &a->body, 0, len) == 0) {
		body_release(&a->body);
		a->body = shorter;
	}
	if (len < a->length)
		a->length = len;
}

static void say_ok_error(struct request *req, const char *code)
{
	struct buf *text = &req->answer.text;

	buf_clear(text);
	buf_add_str(text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			  "<Error>");
	xml_add(text, "Code", code);
	xml_add(text, "Message", "as the fault plan says");
	buf_add_fmt(text, "<RequestId>%016llX</RequestId></Error>",
		    (unsigned long long)req->id);
	req->answer.status = 200;
}

void answer_spoil(struct request *req)
{
	const struct fault *fault = &req->fault;
	const char *ok_error = fault_text(fault, "ok_error");
	struct answer *a = &req->answer;

	if (ok_error)
		say_ok_error(req, ok_error);
	if (fault->no_etag) {
		drop_header(&a->headers, "etag");
		rename_elements(&a->text, "ETag>");
	} else if (fault->wrong_etag) {
		spoil_headers(&a->headers, "etag");
		spoil_elements(&a->text, "<ETag>");
	}
	if (fault->wrong_checksum) {
		spoil_headers(&a->headers, "x-amz-checksum-");
		spoil_elements(&a->text, "<Checksum");
	}
	add_planned_headers(req);
	if (fault->short_body >= 0)
		shorten(a, (uint64_t)fault->short_body);
	if (fault->no_body)
		shorten(a, 0);
}

static void add_deep(struct buf *text)
{
	for (unsigned i = 0; i < DEEP_LEVELS; i++)
		buf_add_str(text, "<a>");
	for (unsigned i = 0; i < DEEP_LEVELS; i++)
		buf_add_str(text, "</a>");
}

/* Each entity is ten of the one before: 10^9 times ten bytes in the end. */
static void add_entities(struct buf *text)
{
	buf_clear(text);
	buf_add_str(text, "<?xml version=\"1.0\"?>\n<!DOCTYPE x [\n"
			  "<!ENTITY e0 \"0123456789\">\n"
			  "<!ENTITY file SYSTEM \"file:///etc/passwd\">\n");
	for (int i = 1; i < 10; i++) {
		buf_add_fmt(text, "<!ENTITY e%d \"", i);
		for (int j = 0; j < 10; j++)
			buf_add_fmt(text, "&e%d;", i - 1);
		buf_add_str(text, "\">\n");
	}
	buf_add_str(text, "]>\n<ListBucketResult><Name>&file;</Name>"
			  "<Prefix>&e9;</Prefix></ListBucketResult>");
}

static void answer_strange_xml(struct request *req)
{
	struct buf *text = answer_xml(req, "ListBucketResult");

	switch (req->fault.xml) {
	case FAULT_XML_MALFORMED:
		buf_add_str(text, "<Contents><Key>a</Size>&nothing;<");
		break;
	case FAULT_XML_ENDLESS:
		buf_clear(text);
		buf_add_str(text,
			    "<ListBucketResult><IsTruncated>true</IsTruncated>"
			    "\n<Contents><Key>endless</Key><Size>1</Size>"
			    "<ETag>&quot;e&quot;</ETag><LastModified>"
			    "2020-01-01T00:00:00.000Z</LastModified>"
			    "</Contents>");
		break;
	case FAULT_XML_ENTITIES:
		add_entities(text);
		break;
	case FAULT_XML_DEEP:
		add_deep(text);
		buf_add_str(text, "</ListBucketResult>");
		break;
	case FAULT_XML_EMPTY:
		buf_clear(text);
		break;
	case FAULT_XML_NONE:
	case FAULT_XML_SAME_TOKEN:
	case FAULT_XML_UNORDERED:
		break;
	}
}

void answer_instead(struct request *req)
{
	const struct fault *fault = &req->fault;
	const char *code = fault_text(fault, "code");
	const char *message = fault_text(fault, "message");
	const char *body = fault_text(fault, "body");
	unsigned status = fault->status ? fault->status : 200;

	if (fault_xml_is_whole(fault->xml)) {
		req->answer.status = status;
		answer_strange_xml(req);
		return;
	}
	if (body) {
		req->answer.status = status;
		buf_add_str(&req->answer.text, body);
		return;
	}
	if (status < 300) {
		req->answer.status = status;
		return;
	}
	if (!code)
		code = status == 403 ? "AccessDenied" : "InternalError";
	answer_error_as(req, status, code,
			message ? message : "as the fault plan says");
}
