/* SPDX-License-Identifier: MIT */
/* What may be asked of a client, by requests and from above; any thread. */
#include "client/client.h"

#include <string.h>

#include "client/request.h"
#include "clock.h"
#include "log.h"
#include "names/endpoint.h"
#include "thread.h"

void client_ask_if_back(struct s3_client *c)
{
	struct s3_head_bucket *question = &c->locked.question;
	bool is_asked;

	lock_enter(&c->lock);
	is_asked = !question->op.is_done;
	question->op.is_done = false;
	lock_leave(&c->lock);
	if (is_asked)
		return;
	/* Of those whose bound an outage does not cut. */
	question->op.priority = S3_COMMIT;
	s3_head_bucket_start(c, question);
}

const struct endpoint *client_endpoint(struct s3_client *c)
{
	LOCK(&c->lock);
	return &c->locked.routes[c->locked.route];
}

/* Returns 1 if region is one that was not known before. */
static int client_move_locked(struct s3_client *c, const char *region,
			      struct errinfo *err)
{
	size_t count = c->locked.route_count;
	int rc;

	for (size_t i = 0; i < count; i++) {
		if (strcmp(c->locked.routes[i].region, region) != 0)
			continue;
		c->locked.route = i;
		return 0;
	}
	if (count == CLIENT_ROUTES_MAX)
		return errinfo_set(err, -E2BIG,
				   "the bucket is said to be in more than %d "
				   "regions",
				   CLIENT_ROUTES_MAX);
	rc = endpoint_init(&c->locked.routes[count], &c->options, region,
			   ENDPOINT_REQUESTS, err);
	if (rc < 0)
		return rc;
	c->locked.route_count = count + 1;
	c->locked.route = count;
	return 1;
}

int client_move(struct s3_client *c, const char *region, struct errinfo *err)
{
	int rc;

	lock_enter(&c->lock);
	rc = client_move_locked(c, region, err);
	lock_leave(&c->lock);
	if (rc <= 0)
		return rc;
	log_warn("s3", "the bucket is in region %s", region);
	return 0;
}

int64_t client_now_s(struct s3_client *c)
{
	return clock_wall_ns() / 1000000000 + atomic_load(&c->clock_offset_s);
}

int64_t client_server_now_s(struct s3_client *c)
{
	if (!atomic_load(&c->has_skew))
		return client_now_s(c);
	return clock_wall_ns() / 1000000000 + atomic_load(&c->skew_s);
}

bool client_has_checksums(struct s3_client *c)
{
	return !c->options.no_checksum &&
	       s3_trait(c, S3_TRAIT_CHECKSUMS) != S3_NO;
}

int s3_wait(struct s3_client *c, struct s3_op *op)
{
	struct s3_waiter waiter = { PTHREAD_COND_INITIALIZER };

	thread_assert_may_wait();
	lock_enter(&c->lock);
	while (!op->is_done) {
		op->request->locked.waiter = &waiter;
		lock_wait(&c->lock, &waiter.is_over);
	}
	lock_leave(&c->lock);
	pthread_cond_destroy(&waiter.is_over);
	if (op->waited)
		op->waited(c, op);
	return op->result;
}

struct s3_learned s3_client_learned(struct s3_client *c)
{
	return (struct s3_learned){
		.has_skew = atomic_load(&c->has_skew),
		.skew_s = atomic_load(&c->skew_s),
	};
}

int64_t s3_until_ms(const struct s3_client *c)
{
	return clock_now_ms() + c->options.timeout_ms;
}

bool s3_is_out(const struct s3_client *c)
{
	return atomic_load(&c->outage.is_on);
}

const char *s3_client_url(const struct s3_client *c)
{
	return c->url;
}

const char *s3_client_region(const struct s3_client *c)
{
	/* The only writer is client_move; the text itself stays. */
	return client_endpoint((struct s3_client *)(uintptr_t)c)->region;
}

const char *s3_client_param(const struct s3_client *c, const char *key,
			    const char *header)
{
	return rules_get(&c->rules, key, header);
}

int s3_client_metadata(const struct s3_client *c, const char *key,
		       struct pairs *headers)
{
	return rules_add(&c->rules, key, PARAMS_METADATA, headers);
}

const char *s3_client_credentials_source(const struct s3_client *c)
{
	return creds_chain_source(c->creds);
}

int64_t s3_client_credentials_expiry(const struct s3_client *c)
{
	return creds_chain_expiry(c->creds);
}
