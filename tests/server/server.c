/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd's callbacks: a request's way from its first line to its
 * answer. Each connection belongs to one of a few event threads; what waits
 * is suspended (timer.h), so no thread ever sleeps.
 */
#include "server.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "answer.h"
#include "control.h"
#include "request.h"

#define CONNECTIONS_MAX 10000
/* Headers and upload pieces; all of it is cleared for each request. */
#define CONNECTION_MEMORY ((size_t)64 << 10)
#define DRAIN_MAX         ((uint64_t)1 << 20)

static struct MHD_Daemon *http_daemon;

/* Escapes are decoded by request.c, which needs the raw form, too. */
static size_t leave_escaped(void *cls, struct MHD_Connection *connection,
			    char *s)
{
	return strlen(s);
}

static void *on_request_line(void *cls, const char *target,
			     struct MHD_Connection *connection)
{
	return request_new(cls, target, connection);
}

static int connection_fd(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(
		connection, MHD_CONNECTION_INFO_CONNECTION_FD);

	return info ? info->connect_fd : -1;
}

void answer_reset(struct request *req)
{
	struct linger at_once = { .l_onoff = 1, .l_linger = 0 };

	setsockopt(connection_fd(req->connection), SOL_SOCKET, SO_LINGER,
		   &at_once, sizeof(at_once));
}

/* The kernel paces what it sends by itself: no copying, no waking up. */
static void pace_downloads(struct request *req)
{
	long long rate = req->server->latency.down;
	uint64_t pacing = rate > 0 ? (uint64_t)rate : UINT64_MAX;

	setsockopt(connection_fd(req->connection), SOL_SOCKET,
		   SO_MAX_PACING_RATE, &pacing, sizeof(pacing));
}

/* Parses, counts, picks a fault, checks who asks. */
static void begin(struct request *req)
{
	struct server *server = req->server;

	req->error = request_parse(req);
	if (!req->error)
		req->op = op_route(req);
	atomic_fetch_add(&server->stats.requests[req->op->number], 1);
	faults_pick(&server->faults, req->op->name, req->key, req->target,
		    &req->fault);
	if (!req->error)
		req->error = auth_check(req);
	if (!req->error)
		req->error = auth_permit(req);
	if (!req->error)
		req->error = receive_start(req);
	pace_downloads(req);
}

/* A refused body is read and thrown away only if that is cheap. */
static bool refuses_body(const struct request *req)
{
	const char *expect = request_header(req, "expect");
	const char *length = request_header(req, "content-length");

	if (!req->error || req->fault.active)
		return false;
	return expect || (length && strtoull(length, NULL, 10) > DRAIN_MAX);
}

static int64_t latency_ms(const struct request *req)
{
	const struct latency *l = &req->server->latency;

	switch (req->op->latency) {
	case LATENCY_GET:
		return l->get;
	case LATENCY_PUT:
		return l->put;
	case LATENCY_LIST:
		return l->list;
	case LATENCY_OTHER:
		break;
	}
	return l->other;
}

static enum MHD_Result drop(struct request *req)
{
	answer_reset(req);
	return MHD_NO;
}

static enum MHD_Result perform(struct request *req)
{
	const struct fault *fault = &req->fault;
	enum s3_error error = req->error;

	if (fault_replaces(fault)) {
		answer_instead(req);
		return answer_queue(req);
	}
	req->answer.status = 200;
	if (!error)
		error = req->op->run(req);
	if (error)
		answer_error(req, error);
	return fault->reset_after ? drop(req) : answer_queue(req);
}

/* All of the request has come: waits if it must, then answers. */
static enum MHD_Result complete(struct request *req)
{
	int64_t wait_ms;

	if (req->is_control) {
		req->error = receive_finish(req);
		control_run(req);
		return answer_queue(req);
	}
	if (req->stage == STAGE_READY)
		return perform(req);
	req->stage = STAGE_READY;
	if (!req->error)
		req->error = receive_finish(req);
	wait_ms = latency_ms(req);
	if (req->fault.active && req->fault.delay_ms > 0)
		wait_ms += req->fault.delay_ms;
	if (wait_ms <= 0 || timer_is_stopped(req->server->timer))
		return perform(req);
	timer_suspend(req->server->timer, req->connection, wait_ms * 1000000);
	return MHD_YES;
}

/* Takes upload bytes no faster than the connection may send them. */
static void receive(struct request *req, const char *data, size_t len)
{
	long long rate = req->server->latency.up;
	int64_t now = timer_now_ns(), ahead;

	if (!req->error)
		receive_add(req, data, len);
	if (rate <= 0 || req->is_control)
		return;
	if (!req->up_start_ns)
		req->up_start_ns = now;
	ahead = (int64_t)((double)req->bytes_in * 1e9 / (double)rate) -
		(now - req->up_start_ns);
	/* Short waits cost more than they shape. */
	if (ahead > 2000000)
		timer_suspend(req->server->timer, req->connection, ahead);
}

static enum MHD_Result first_call(struct request *req, const char *method)
{
	snprintf(req->method, sizeof(req->method), "%s", method);
	req->is_head = strcmp(method, "HEAD") == 0;
	req->stage = STAGE_BODY;
	stats_request_begins(&req->server->stats);
	if (control_is_for(req)) {
		req->is_control = true;
		req->error = receive_start(req);
		return MHD_YES;
	}
	begin(req);
	if (req->fault.reset)
		return drop(req);
	if (!refuses_body(req))
		return MHD_YES;
	answer_error(req, req->error);
	return answer_queue(req);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *data_len, void **slot)
{
	struct request *req = *slot;

	if (!req)
		return MHD_NO;
	if (req->stage == STAGE_START)
		return first_call(req, method);
	if (*data_len == 0)
		return complete(req);
	receive(req, data, *data_len);
	*data_len = 0;
	return MHD_YES;
}

static void on_request_end(void *cls, struct MHD_Connection *connection,
			   void **slot, enum MHD_RequestTerminationCode code)
{
	struct request *req = *slot;

	*slot = NULL;
	if (!req)
		return;
	if (req->stage != STAGE_START)
		stats_request_ends(&req->server->stats);
	request_note(req);
	request_free(req);
}

static void on_connection(void *cls, struct MHD_Connection *connection,
			  void **socket_context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *server = cls;

	if (code == MHD_CONNECTION_NOTIFY_STARTED)
		atomic_fetch_add(&server->stats.connections, 1);
}

static int make_address(const struct server_listen *how,
			struct sockaddr_in *address)
{
	*address = (struct sockaddr_in){ .sin_family = AF_INET,
					 .sin_port = htons(how->port) };
	return inet_pton(AF_INET, how->address, &address->sin_addr) == 1 ?
		       0 :
		       -EINVAL;
}

int server_start(struct server *server, const struct server_listen *how,
		 uint16_t *port)
{
	unsigned flags =
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
	struct MHD_OptionItem tls[] = {
		{ MHD_OPTION_HTTPS_MEM_CERT, 0, how->tls_cert },
		{ MHD_OPTION_HTTPS_MEM_KEY, 0, how->tls_key },
		{ MHD_OPTION_END, 0, NULL }
	};
	const union MHD_DaemonInfo *info;
	struct sockaddr_in address;
	int rc = make_address(how, &address);

	if (rc < 0)
		return rc;
	server->timer = timer_new();
	if (!server->timer)
		return -ENOMEM;
	if (how->tls_cert)
		flags |= MHD_USE_TLS;
	else
		tls[0].option = MHD_OPTION_END;
	errno = 0;
	http_daemon = MHD_start_daemon(
		flags, how->port, NULL, NULL, on_request, server,
		MHD_OPTION_SOCK_ADDR, &address, MHD_OPTION_URI_LOG_CALLBACK,
		on_request_line, server, MHD_OPTION_UNESCAPE_CALLBACK,
		leave_escaped, NULL, MHD_OPTION_NOTIFY_COMPLETED,
		on_request_end, server, MHD_OPTION_NOTIFY_CONNECTION,
		on_connection, server, MHD_OPTION_THREAD_POOL_SIZE,
		how->threads, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT,
		how->idle_timeout_s, MHD_OPTION_ARRAY, tls, MHD_OPTION_END);
	if (!http_daemon) {
		rc = errno ? -errno : -EIO;
		timer_stop(server->timer);
		timer_free(server->timer);
		return rc;
	}
	info = MHD_get_daemon_info(http_daemon, MHD_DAEMON_INFO_BIND_PORT);
	*port = info ? info->port : how->port;
	return 0;
}

void server_stop(struct server *server)
{
	timer_stop(server->timer);
	MHD_stop_daemon(http_daemon);
	timer_free(server->timer);
}
