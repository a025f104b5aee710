/* SPDX-License-Identifier: MIT */
/* The whole server: its settings and what its connections share. */
#ifndef SERVER_SERVER_H
#define SERVER_SERVER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "auth.h"
#include "faults.h"
#include "reqlog.h"
#include "stats.h"
#include "store.h"
#include "timer.h"

#define USERS_MAX   2
#define DOMAINS_MAX 8

struct user {
	const char *access_key; /* NULL: no such user */
	const char *secret_key;
	const char *session_token; /* NULL: none wanted */
};

/* Milliseconds before each answer, bytes a second and connection; 0: none. */
struct latency {
	atomic_int get;
	atomic_int put;
	atomic_int list;
	atomic_int other;
	atomic_llong down;
	atomic_llong up;
};

struct server {
	struct user users[USERS_MAX];
	const char *region;
	const char *domains[DOMAINS_MAX];
	unsigned domain_count;
	bool no_auth;
	bool no_conditional_writes;
	bool ignores_conditions;          /* of writes */
	bool ignores_complete_conditions; /* as Ceph 16 does */
	bool no_part_copy;
	bool no_list_v2;
	bool quick_etags;
	struct latency latency;
	struct store store;
	struct fault_plan faults;
	struct stats stats;
	struct reqlog log;
	struct timer *timer;
	struct key_cache keys;
	atomic_ullong last_request_id;
};

struct server_listen {
	const char *address;
	uint16_t port;
	unsigned threads;
	unsigned idle_timeout_s; /* 0: never */
	char *tls_cert;          /* PEM text, or NULL */
	char *tls_key;
};

/*
 * Starts to answer. Returns 0 or a negative errno; *port is the one it
 * listens on.
 */
MUST_USE int server_start(struct server *server,
			  const struct server_listen *how, uint16_t *port);

/* Ends all connections and waits for them. */
void server_stop(struct server *server);

#endif
