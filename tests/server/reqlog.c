/* SPDX-License-Identifier: MIT */
/* The request log; see reqlog.h. */
#include "reqlog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "request.h"

struct reqlog_entry {
	const char *op;
	unsigned status;
	int64_t ms;
	uint64_t bytes_in;
	uint64_t bytes_out;
	struct fields texts;   /* method, bucket, key, query */
	struct fields headers; /* of the request */
};

static enum MHD_Result keep_header(void *cls, enum MHD_ValueKind kind,
				   const char *name, const char *value)
{
	struct fields *headers = cls;
	const char *end;
	char *shown;

	if (!value)
		value = "";
	end = strcasecmp(name, "authorization") == 0 ?
		      strstr(value, "Signature=") :
		      NULL;
	/* The signature proves a secret: it is not for a log. */
	if (end)
		shown = strndup(value, (size_t)(end - value));
	else
		shown = strdup(value);
	if (shown && fields_add(headers, name, shown) < 0)
		headers->len = 0;
	free(shown);
	return MHD_YES;
}

static struct reqlog_entry *entry_new(const struct request *req)
{
	struct reqlog_entry *e = calloc(1, sizeof(*e));
	const char *query = req->target[req->path_len] ?
				    req->target + req->path_len + 1 :
				    "";

	if (!e)
		return NULL;
	e->op = req->op->name;
	e->status = req->answer.status;
	e->ms = clock_now_ms() - req->start_ms;
	e->bytes_in = req->bytes_in;
	e->bytes_out = req->bytes_out;
	if (fields_add(&e->texts, "method", req->method) < 0 ||
	    fields_add(&e->texts, "bucket", req->bucket) < 0 ||
	    fields_add(&e->texts, "key", req->key) < 0 ||
	    fields_add(&e->texts, "query", query) < 0)
		e->texts.len = 0;
	MHD_get_connection_values(req->connection, MHD_HEADER_KIND, keep_header,
				  &e->headers);
	return e;
}

static void entry_free(struct reqlog_entry *e)
{
	if (!e)
		return;
	fields_release(&e->texts);
	fields_release(&e->headers);
	free(e);
}

/* Bytes that are not UTF-8 cannot stand in JSON: shown as in Latin-1. */
static json_t *text_json(const char *s)
{
	json_t *json = json_string(s);
	struct buf latin = BUF_INIT(1 << 20);

	if (json)
		return json;
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 0x80) {
			buf_add_char(&latin, *s);
		} else {
			buf_add_char(&latin, (char)(0xc0 | c >> 6));
			buf_add_char(&latin, (char)(0x80 | (c & 0x3f)));
		}
	}
	json = json_string(buf_str(&latin));
	buf_release(&latin);
	return json;
}

static json_t *entry_json(const struct reqlog_entry *e)
{
	json_t *json = json_object(), *headers = json_object();
	const char *name, *value, *range = fields_get(&e->headers, "range");
	size_t at = 0;

	json_object_set_new(json, "op", json_string(e->op));
	while (fields_next(&e->texts, &at, &name, &value))
		json_object_set_new(json, name, text_json(value));
	json_object_set_new(json, "status", json_integer(e->status));
	json_object_set_new(json, "range", text_json(range ? range : ""));
	at = 0;
	while (fields_next(&e->headers, &at, &name, &value)) {
		char lower[256];
		size_t i = 0;

		for (; name[i] && i < sizeof(lower) - 1; i++)
			lower[i] = name[i] >= 'A' && name[i] <= 'Z' ?
					   (char)(name[i] | 32) :
					   name[i];
		lower[i] = 0;
		json_object_set_new(headers, lower, text_json(value));
	}
	json_object_set_new(json, "headers", headers);
	json_object_set_new(json, "ms", json_integer(e->ms));
	json_object_set_new(json, "bytes_in",
			    json_integer((json_int_t)e->bytes_in));
	json_object_set_new(json, "bytes_out",
			    json_integer((json_int_t)e->bytes_out));
	return json;
}

static void write_line(FILE *file, const struct reqlog_entry *e)
{
	json_t *json = entry_json(e);

	json_dumpf(json, file, JSON_COMPACT);
	fputc('\n', file);
	fflush(file);
	json_decref(json);
}

void reqlog_add(struct reqlog *log, const struct request *req)
{
	struct reqlog_entry *e, **place;

	if (log->is_off)
		return;
	e = entry_new(req);
	if (!e)
		return;
	LOCK(&log->lock);
	if (log->file)
		write_line(log->file, e);
	if (!log->ring)
		log->ring =
			calloc(REQLOG_ENTRIES, sizeof(struct reqlog_entry *));
	if (!log->ring) {
		entry_free(e);
		return;
	}
	place = &log->ring[log->count++ % REQLOG_ENTRIES];
	entry_free(*place);
	*place = e;
}

json_t *reqlog_json(struct reqlog *log)
{
	json_t *all = json_array();
	unsigned long long i;

	LOCK(&log->lock);
	i = log->count > REQLOG_ENTRIES ? log->count - REQLOG_ENTRIES : 0;
	for (; i < log->count; i++)
		json_array_append_new(
			all, entry_json(log->ring[i % REQLOG_ENTRIES]));
	return all;
}

void reqlog_reset(struct reqlog *log)
{
	LOCK(&log->lock);
	for (unsigned i = 0; log->ring && i < REQLOG_ENTRIES; i++) {
		entry_free(log->ring[i]);
		log->ring[i] = NULL;
	}
	log->count = 0;
}

void reqlog_release(struct reqlog *log)
{
	reqlog_reset(log);
	free(log->ring);
}
