/* SPDX-License-Identifier: MIT */
/* The control interface; see control.h. */
#include "control.h"

#include <stdlib.h>
#include <string.h>

#include "answer.h"
#include "request.h"

#define PREFIX "/_control/"

bool control_is_for(const struct request *req)
{
	return strncmp(req->target, PREFIX, strlen(PREFIX)) == 0;
}

/* Takes json over. */
static void answer_json(struct request *req, unsigned status, json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

	json_decref(json);
	req->answer.status = text ? status : 500;
	answer_header(req, "Content-Type", "application/json");
	buf_add_str(&req->answer.text, text ? text : "{}");
	buf_add_char(&req->answer.text, '\n');
	free(text);
}

static void refuse(struct request *req, unsigned status, const char *why)
{
	answer_json(req, status, json_pack("{ss}", "error", why));
}

static json_t *latency_json(const struct latency *l)
{
	return json_pack("{si si si si sI sI}", "get", (int)l->get, "put",
			 (int)l->put, "list", (int)l->list, "other",
			 (int)l->other, "down", (json_int_t)l->down, "up",
			 (json_int_t)l->up);
}

/* Members that are not there stay as they are. */
static void set_latency(struct request *req, json_t *json)
{
	struct latency *l = &req->server->latency;
	int get = l->get, put = l->put, list = l->list, other = l->other;
	json_int_t down = l->down, up = l->up;

	if (json_unpack(json, "{s?i s?i s?i s?i s?I s?I}", "get", &get, "put",
			&put, "list", &list, "other", &other, "down", &down,
			"up", &up) < 0) {
		refuse(req, 400,
		       "latency takes numbers: get, put, list, other "
		       "(ms), down, up (bytes/s)");
		return;
	}
	l->get = get;
	l->put = put;
	l->list = list;
	l->other = other;
	l->down = down;
	l->up = up;
	answer_json(req, 200, latency_json(l));
}

static void set_faults(struct request *req, json_t *json)
{
	const char *why;

	if (faults_set(&req->server->faults, json, &why) < 0)
		refuse(req, 400, why);
	else
		answer_json(req, 200, faults_json(&req->server->faults));
}

static void get(struct request *req, const char *what)
{
	struct server *server = req->server;

	if (strcmp(what, "stats") == 0)
		answer_json(req, 200, stats_json(&server->stats));
	else if (strcmp(what, "log") == 0)
		answer_json(req, 200, reqlog_json(&server->log));
	else if (strcmp(what, "faults") == 0)
		answer_json(req, 200, faults_json(&server->faults));
	else if (strcmp(what, "latency") == 0)
		answer_json(req, 200, latency_json(&server->latency));
	else
		refuse(req, 404, "no such control");
}

static void post(struct request *req, const char *what)
{
	struct server *server = req->server;
	AUTO_BUF struct buf text = BUF_INIT(0);
	json_t *json;

	if (strcmp(what, "reset") == 0) {
		stats_reset(&server->stats);
		reqlog_reset(&server->log);
		answer_json(req, 200, json_object());
		return;
	}
	if (request_body_text(req, &text) < 0) {
		refuse(req, 400, "the body is too long");
		return;
	}
	json = json_loads(buf_str(&text), JSON_DECODE_ANY, NULL);
	if (!json)
		refuse(req, 400, "the body is not JSON");
	else if (strcmp(what, "faults") == 0)
		set_faults(req, json);
	else if (strcmp(what, "latency") == 0)
		set_latency(req, json);
	else
		refuse(req, 404, "no such control");
	json_decref(json);
}

void control_run(struct request *req)
{
	const char *what = req->target + strlen(PREFIX);

	if (req->error)
		refuse(req, 400, s3_error_info(req->error)->message);
	else if (strcmp(req->method, "GET") == 0)
		get(req, what);
	else if (strcmp(req->method, "POST") == 0 ||
		 strcmp(req->method, "PUT") == 0)
		post(req, what);
	else
		refuse(req, 405, "GET or POST");
}
