/* SPDX-License-Identifier: MIT */
/*
 * The client: options, endpoints by region, the server's clock, waiting.
 * Any thread; s3_client_new and _free once each.
 */
#include "s3.h"

#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "cloudfront.h"
#include "internal.h"
#include "log.h"
#include "upload_record.h"
#include "upload_sweep.h"

static int check_options(const struct s3_options *o, struct errinfo *err)
{
	if (o->attempts < 0)
		return errinfo_set(err, -EINVAL,
				   "attempts must not be below 0");
	if (o->timeout_ms < 0)
		return errinfo_set(err, -EINVAL,
				   "timeout_ms must not be below 0");
	return 0;
}

static int set_url(struct s3_client *c)
{
	AUTO_BUF struct buf url = BUF_INIT(4096);

	endpoint_url(&c->locked.routes[0], NULL, NULL, &url);
	if (url.error)
		return url.error;
	while (url.len > 0 && url.data[url.len - 1] == '/')
		url.data[--url.len] = '\0';
	c->url = buf_detach(&url);
	return c->url ? 0 : -ENOMEM;
}

/* Where there is a folder for it. */
static int start_record(struct s3_client *c)
{
	AUTO_BUF struct buf place = BUF_INIT(8192);

	if (!c->options.record_folders[0])
		return 0;
	endpoint_place(&c->locked.routes[0], &place);
	if (place.error)
		return place.error;
	c->record =
		upload_record_new(c->options.record_folders, buf_str(&place));
	return c->record ? 0 : -ENOMEM;
}

static int set_up(struct s3_client *c, struct errinfo *err)
{
	const char *region;
	int rc;

	rc = creds_chain_new(&c->options, c->http, &c->creds, err);
	if (rc < 0)
		return rc;
	region = endpoint_region(&c->options, creds_chain_region(c->creds));
	rc = endpoint_init(&c->locked.routes[0], &c->options, region,
			   ENDPOINT_REQUESTS, err);
	if (rc < 0)
		return rc;
	c->locked.route_count = 1;
	rc = set_url(c);
	if (rc == 0)
		rc = client_start_urls(c, err);
	if (rc == 0)
		rc = start_record(c);
	return rc;
}

int s3_client_new(struct http *http, const struct s3_options *options,
		  struct s3_client **out, struct errinfo *err)
{
	struct s3_client *c;
	int rc = check_options(options, err);

	if (rc < 0)
		return rc;
	c = calloc(1, sizeof(*c));
	if (!c)
		return errinfo_set(err, -ENOMEM, "no memory for the S3 client");
	list_init(&c->locked.running);
	c->http = http;
	c->options = *options;
	c->rules = (struct rules){
		.items = options->rules,
		.count = options->rule_count,
		.prefix = options->rules_prefix ? options->rules_prefix : "",
	};
	if (c->options.timeout_ms == 0)
		c->options.timeout_ms = RETRY_TIMEOUT_MS;
	c->locked.question.op.is_done = true;
	pthread_mutex_init(&c->lock.mutex, NULL);
	rc = set_up(c, err);
	if (rc < 0) {
		s3_client_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

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

static void forget_question(struct s3_client *c)
{
	struct s3_op *op = &c->locked.question.op;

	s3_cancel(c, op);
	if (s3_wait(c, op) < 0)
		log_debug("s3", "nobody knows whether it is back");
}

void s3_client_free(struct s3_client *c)
{
	if (!c)
		return;
	upload_sweep_free(c->sweep);
	forget_question(c);
	upload_record_free(c->record);
	for (size_t i = 0; i < c->locked.route_count; i++)
		endpoint_release(&c->locked.routes[i]);
	creds_chain_free(c->creds);
	cloudfront_free(c->cloudfront);
	pthread_mutex_destroy(&c->lock.mutex);
	free(c->url);
	free(c);
}

const struct endpoint *client_endpoint(struct s3_client *c)
{
	LOCK(&c->lock);
	return &c->locked.routes[c->locked.route];
}

/* Returns 1 if region is one that was not known before. */
static int move_locked(struct s3_client *c, const char *region,
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
	rc = move_locked(c, region, err);
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
