/* SPDX-License-Identifier: MIT */
/*
 * A server on loopback that says what the test wants, byte by byte, right or
 * wrong. It reads a request's head; the test's answer function does the rest
 * on the connection's own thread.
 *
 *   static enum raw_then answer(struct raw_exchange *x)
 *   {
 *           raw_say(x, "HTTP/1.1 204 No Content\r\n\r\n");
 *           return RAW_KEEP;
 *   }
 *   struct raw_server *server = raw_server_new(answer, NULL);
 *   ... raw_server_url(server, "/key", url, sizeof(url)) ...
 *   raw_server_free(server);
 */
#ifndef RAW_SERVER_H
#define RAW_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "list.h"
#include "lock.h"

enum raw_then {
	RAW_KEEP,
	RAW_CLOSE,
	RAW_RESET
};

struct raw_exchange {
	struct raw_server *server;
	int fd;
	unsigned connection; /* 1: the server's first */
	unsigned number;     /* 1: this connection's first request */
	char method[16];
	char path[4096];
	char head[32768];     /* all of it, with the empty line */
	uint64_t body_length; /* by Content-Length */
	uint32_t body_crc32c; /* after raw_take_body */
	uint64_t body_taken;
};

typedef enum raw_then (*raw_answer_fn)(struct raw_exchange *x);

struct raw_server {
	int listener;
	int port;
	raw_answer_fn answer;
	void *arg;
	pthread_t thread;
	atomic_uint connections, requests;
	struct lock lock;
	struct {
		struct list_link connections;
		bool is_stopping;
	} locked;
};

struct raw_server *raw_server_new(raw_answer_fn answer, void *arg);

/* Breaks every connection and waits for their threads. */
void raw_server_free(struct raw_server *server);
void raw_server_url(const struct raw_server *server, const char *path,
		    char *url, size_t size);

void raw_say(struct raw_exchange *x, const char *text);
void raw_say_bytes(struct raw_exchange *x, const void *data, size_t len);

/* 200 with a body of that text. */
void raw_say_ok(struct raw_exchange *x, const char *body);

/* Says 100 if asked to, and reads up to limit bytes of the body. */
void raw_take_body(struct raw_exchange *x, uint64_t limit);

/* The head holds this line: "Name: value". Case counts. */
bool raw_has_line(const struct raw_exchange *x, const char *line);

/* Waits, but not past the server's end. */
void raw_pause(struct raw_exchange *x, int ms);

#endif
