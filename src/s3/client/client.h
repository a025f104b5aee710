/* SPDX-License-Identifier: MIT */
/*
 * The client: what all requests share. Options, endpoints by region, the
 * server's clock, waiting.
 */
#ifndef S3_CLIENT_H
#define S3_CLIENT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/outage.h"
#include "list.h"
#include "lock.h"
#include "macros.h"
#include "names/endpoint.h"
#include "params/rules.h"
#include "s3.h"
#include "traits.h"

struct cloudfront;
struct creds_chain;
struct errinfo;
struct http;
struct upload_record;
struct upload_sweep;

#define CLIENT_ROUTES_MAX 8
struct s3_client {
	struct http *http;
	struct s3_options options;
	struct creds_chain *creds;
	struct cloudfront *cloudfront; /* NULL: no key for it */
	struct upload_record *record;  /* NULL: none is kept */
	struct upload_sweep *sweep;    /* NULL: not started */
	struct rules rules;
	char *url;
	/* Found out on the way and kept. */
	atomic_llong clock_offset_s;        /* the server's clock less ours */
	atomic_bool has_answered;           /* an answer of any kind came */
	atomic_bool has_skew;               /* skew_s is known */
	atomic_llong skew_s;                /* by the last answer's Date */
	_Atomic int traits[S3_TRAIT_COUNT]; /* enum s3_answer */
	atomic_bool has_told_odd_key;
	struct outage outage;
	/* A leaf but for the HTTP engine's own lock. */
	struct lock lock;
	struct {
		/* Endpoints by region; never taken out, so may be borrowed. */
		struct endpoint routes[CLIENT_ROUTES_MAX];
		size_t route_count;
		size_t route;
		struct list_link running;       /* all requests */
		struct s3_head_bucket question; /* whether it is back */
	} locked;
};

/* The endpoint to use now. Valid as long as the client. */
const struct endpoint *client_endpoint(struct s3_client *c);
/* Moves to region, and stays. Returns 0, -EINVAL, -ENOMEM, -E2BIG. */
MUST_USE int client_move(struct s3_client *c, const char *region,
			 struct errinfo *err);
/* Seconds since 1970 by the server's clock, as far as it is known. */
int64_t client_now_s(struct s3_client *c);
/* The same by the Date of its last answer, if it has told one. */
int64_t client_server_now_s(struct s3_client *c);
/* Whether uploads carry a CRC32C. */
bool client_has_checksums(struct s3_client *c);
/* Asks, if nobody does, whether the server is back. */
void client_ask_if_back(struct s3_client *c);

#endif
