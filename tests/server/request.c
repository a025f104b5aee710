/* SPDX-License-Identifier: MIT */
/* A request's target, headers and body; see request.h. */
#include "request.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer.h"
#include "clock.h"
#include "server.h"
#include "text.h"

#define XML_MAX ((size_t)4 << 20) /* 1000 keys of 1 KiB, escaped, fit */

struct request *request_new(struct server *server, const char *target,
			    struct MHD_Connection *connection)
{
	struct request *req = calloc(1, sizeof(*req));

	if (!req)
		return NULL;
	req->target = strdup(target);
	if (!req->target) {
		free(req);
		return NULL;
	}
	req->server = server;
	req->connection = connection;
	req->path_len = strcspn(target, "?");
	req->op = op_table(&(unsigned){ 0 });
	req->auth.user = ANONYMOUS;
	req->error_extra = (struct buf)BUF_INIT(1 << 16);
	req->answer.text = (struct buf)BUF_INIT((size_t)1 << 30);
	req->start_ms = clock_now_ms();
	req->id = atomic_fetch_add(&server->last_request_id, 1) + 1;
	return req;
}

void request_free(struct request *req)
{
	if (!req)
		return;
	free(req->target);
	free(req->path);
	free(req->query);
	receive_release(&req->receiver);
	buf_release(&req->error_extra);
	fields_release(&req->answer.headers);
	buf_release(&req->answer.text);
	body_release(&req->answer.body);
	fault_release(&req->fault);
	free(req);
}

void request_note(struct request *req)
{
	struct server *server = req->server;

	if (req->is_noted || req->is_control || req->stage == STAGE_START)
		return;
	req->is_noted = true;
	atomic_fetch_add(&server->stats.bytes_in, req->bytes_in);
	atomic_fetch_add(&server->stats.bytes_out, req->bytes_out);
	reqlog_add(&server->log, req);
}

/* Decodes in place; a NUL cannot be part of any name. */
static bool decode(char *s, bool plus_is_blank)
{
	size_t len = strlen(s);

	return text_percent_decode(s, &len, plus_is_blank) == 0 &&
	       strlen(s) == len;
}

static enum s3_error parse_query(struct request *req)
{
	char *at, *item;

	if (!req->target[req->path_len])
		return S3_OK;
	req->query = strdup(req->target + req->path_len + 1);
	if (!req->query)
		return S3_INTERNAL_ERROR;
	at = req->query;
	while ((item = strsep(&at, "&"))) {
		char *value = strchr(item, '=');

		if (!*item)
			continue;
		if (req->param_count == PARAMS_MAX)
			return S3_INVALID_ARGUMENT;
		if (value)
			*value++ = 0;
		if (!decode(item, true) || (value && !decode(value, true)))
			return S3_INVALID_URI;
		req->params[req->param_count++] =
			(struct param){ item, value ? value : "" };
	}
	return S3_OK;
}

/* Is host BUCKET.DOMAIN of one of our domains? Puts BUCKET into req. */
static bool bucket_of_host(struct request *req)
{
	const char *host = request_header(req, "host");
	size_t len = host ? strcspn(host, ":") : 0;

	for (unsigned i = 0; i < req->server->domain_count; i++) {
		const char *domain = req->server->domains[i];
		size_t tail = strlen(domain);

		if (len == tail && strncasecmp(host, domain, tail) == 0)
			return false;
		if (len > tail + 1 && len - tail - 1 < sizeof(req->bucket) &&
		    host[len - tail - 1] == '.' &&
		    strncasecmp(host + len - tail, domain, tail) == 0) {
			memcpy(req->bucket, host, len - tail - 1);
			return true;
		}
	}
	return false;
}

enum s3_error request_parse(struct request *req)
{
	const char *key;
	size_t len;

	req->path = strndup(req->target, req->path_len);
	if (!req->path)
		return S3_INTERNAL_ERROR;
	if (req->path[0] != '/' || !decode(req->path, false))
		return S3_INVALID_URI;
	key = req->path + 1;
	req->is_virtual_host = bucket_of_host(req);
	if (!req->is_virtual_host) {
		len = strcspn(key, "/");
		if (len >= sizeof(req->bucket))
			return S3_INVALID_BUCKET_NAME;
		memcpy(req->bucket, key, len);
		key += len + (key[len] == '/');
	}
	len = strlen(key);
	if (len > KEY_MAX)
		return S3_KEY_TOO_LONG;
	memcpy(req->key, key, len);
	if (!text_is_utf8(key, len))
		return S3_INVALID_URI;
	return parse_query(req);
}

const char *request_header(const struct request *req, const char *name)
{
	return MHD_lookup_connection_value(req->connection, MHD_HEADER_KIND,
					   name);
}

const char *request_param(const struct request *req, const char *name)
{
	for (unsigned i = 0; i < req->param_count; i++)
		if (strcmp(req->params[i].name, name) == 0)
			return req->params[i].value;
	return NULL;
}

int request_body_text(struct request *req, struct buf *out)
{
	const struct body *body = &req->receiver.body;

	*out = (struct buf)BUF_INIT(XML_MAX);
	if (body->size > XML_MAX)
		return -EMSGSIZE;
	if (buf_reserve(out, (size_t)body->size + 1) < 0)
		return out->error;
	out->len = body_read(body, 0, out->data, (size_t)body->size);
	out->data[out->len] = 0;
	return 0;
}

void request_error_detail(struct request *req, const char *element,
			  const char *text)
{
	buf_add_fmt(&req->error_extra, "<%s>", element);
	xml_add_text(&req->error_extra, text);
	buf_add_fmt(&req->error_extra, "</%s>", element);
}
