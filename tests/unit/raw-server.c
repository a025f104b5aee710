/* SPDX-License-Identifier: MIT */
/* A server that misbehaves when told to; see raw-server.h. */
#include "raw-server.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "crc32c.h"

struct connection {
	struct list_link link;
	struct raw_server *server;
	int fd;
	unsigned number;
	pthread_t thread;
};

static void say_all(int fd, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t said = send(fd, data, len, MSG_NOSIGNAL);

		if (said <= 0)
			return;
		data += said;
		len -= (size_t)said;
	}
}

void raw_say_bytes(struct raw_exchange *x, const void *data, size_t len)
{
	say_all(x->fd, data, len);
}

void raw_say(struct raw_exchange *x, const char *text)
{
	say_all(x->fd, text, strlen(text));
}

void raw_say_ok(struct raw_exchange *x, const char *body)
{
	char head[100];

	snprintf(head, sizeof(head),
		 "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
		 strlen(body));
	raw_say(x, head);
	raw_say(x, body);
}

bool raw_has_line(const struct raw_exchange *x, const char *line)
{
	char wanted[512];

	snprintf(wanted, sizeof(wanted), "\r\n%s\r\n", line);
	return strstr(x->head, wanted);
}

void raw_take_body(struct raw_exchange *x, uint64_t limit)
{
	char piece[65536];

	if (raw_has_line(x, "Expect: 100-continue"))
		raw_say(x, "HTTP/1.1 100 Continue\r\n\r\n");
	while (x->body_taken < x->body_length && x->body_taken < limit) {
		uint64_t left = x->body_length - x->body_taken;
		ssize_t got = recv(
			x->fd, piece,
			left < sizeof(piece) ? (size_t)left : sizeof(piece), 0);

		if (got <= 0)
			return;
		x->body_crc32c = crc32c(x->body_crc32c, piece, (size_t)got);
		x->body_taken += (uint64_t)got;
	}
}

void raw_pause(struct raw_exchange *x, int ms)
{
	int64_t until = clock_now_ms() + ms;
	bool is_stopping = false;

	while (!is_stopping && clock_now_ms() < until) {
		poll(NULL, 0, ms < 5 ? ms : 5);
		LOCK(&x->server->lock);
		is_stopping = x->server->locked.is_stopping;
	}
}

/* Looks before it takes, so that the body stays. */
static bool take_head(struct raw_exchange *x)
{
	char *end = NULL;
	size_t len = 0;

	while (!end) {
		size_t room = sizeof(x->head) - 1 - len;
		ssize_t got = recv(x->fd, x->head + len, room, MSG_PEEK);

		if (got <= 0)
			return false;
		x->head[len + (size_t)got] = '\0';
		end = strstr(x->head, "\r\n\r\n");
		if (end) {
			end[4] = '\0';
			got = end + 4 - (x->head + len);
		}
		if (recv(x->fd, x->head + len, (size_t)got, 0) != got)
			return false;
		len += (size_t)got;
	}
	return true;
}

static bool take_request(struct raw_exchange *x)
{
	const char *length;

	if (!take_head(x) ||
	    sscanf(x->head, "%15s %4095s", x->method, x->path) != 2)
		return false;
	length = strstr(x->head, "\r\nContent-Length: ");
	if (length)
		x->body_length = strtoull(length + 18, NULL, 10);
	return true;
}

static void serve(struct connection *c, struct raw_exchange *x)
{
	static const struct linger at_once = { .l_onoff = 1 };
	enum raw_then then = RAW_KEEP;

	for (unsigned i = 1; then == RAW_KEEP; i++) {
		*x = (struct raw_exchange){ .server = c->server,
					    .fd = c->fd,
					    .connection = c->number,
					    .number = i };
		if (!take_request(x))
			return;
		c->server->requests++;
		then = c->server->answer(x);
	}
	if (then == RAW_RESET)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &at_once,
			   sizeof(at_once));
}

/* The descriptor is closed under the lock: raw_server_free uses it there. */
static void *connection_main(void *arg)
{
	struct connection *c = arg;
	struct raw_exchange *x = malloc(sizeof(*x));

	if (x)
		serve(c, x);
	free(x);
	LOCK(&c->server->lock);
	close_fd(&c->fd);
	return NULL;
}

static void accept_one(struct raw_server *server, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (!c) {
		close(fd);
		return;
	}
	c->server = server;
	c->fd = fd;
	c->number = ++server->connections;
	LOCK(&server->lock);
	if (server->locked.is_stopping ||
	    pthread_create(&c->thread, NULL, connection_main, c) != 0) {
		close(fd);
		free(c);
		return;
	}
	list_push(&server->locked.connections, &c->link);
}

static void *listener_main(void *arg)
{
	struct raw_server *server = arg;
	int fd;

	while ((fd = accept(server->listener, NULL, NULL)) >= 0)
		accept_one(server, fd);
	return NULL;
}

struct raw_server *raw_server_new(raw_answer_fn answer, void *arg)
{
	struct raw_server *server = calloc(1, sizeof(*server));
	struct sockaddr_in at = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(at);
	int on = 1;

	if (!server)
		abort();
	server->answer = answer;
	server->arg = arg;
	server->lock = (struct lock)LOCK_INIT(LOCK_UNRANKED);
	list_init(&server->locked.connections);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	/* Connections have it from here: what is said goes out at once. */
	setsockopt(server->listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (bind(server->listener, (struct sockaddr *)&at, len) < 0 ||
	    listen(server->listener, 128) < 0 ||
	    getsockname(server->listener, (struct sockaddr *)&at, &len) < 0 ||
	    pthread_create(&server->thread, NULL, listener_main, server) != 0)
		abort();
	server->port = ntohs(at.sin_port);
	return server;
}

static void stop(struct raw_server *server)
{
	LOCK(&server->lock);
	server->locked.is_stopping = true;
	list_for_each(link, &server->locked.connections) {
		struct connection *c =
			container_of(link, struct connection, link);

		if (c->fd >= 0)
			shutdown(c->fd, SHUT_RDWR);
	}
}

void raw_server_free(struct raw_server *server)
{
	struct list_link *link;

	stop(server);
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->thread, NULL);
	close(server->listener);
	while ((link = list_pop(&server->locked.connections))) {
		struct connection *c =
			container_of(link, struct connection, link);

		pthread_join(c->thread, NULL);
		free(c);
	}
	free(server);
}

void raw_server_url(const struct raw_server *server, const char *path,
		    char *url, size_t size)
{
	snprintf(url, size, "http://127.0.0.1:%d%s", server->port, path);
}
