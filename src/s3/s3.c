/* SPDX-License-Identifier: MIT */
/* The life of a client: s3_client_new and _free, once each. */
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/retry.h"
#include "creds/creds_chain.h"
#include "log.h"
#include "names/endpoint.h"
#include "notes/upload_record.h"
#include "ops/upload_sweep.h"
#include "params/rules.h"
#include "s3.h"
#include "url/cloudfront.h"
#include "url/url_priv.h"

static int client_check_options(const struct s3_options *o, struct errinfo *err)
{
	if (o->attempts < 0)
		return errinfo_set(err, -EINVAL,
				   "attempts must not be below 0");
	if (o->timeout_ms < 0)
		return errinfo_set(err, -EINVAL,
				   "timeout_ms must not be below 0");
	return 0;
}

static int client_set_url(struct s3_client *c)
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
static int client_start_record(struct s3_client *c)
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

static int client_set_up(struct s3_client *c, struct errinfo *err)
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
	rc = client_set_url(c);
	if (rc == 0)
		rc = client_start_urls(c, err);
	if (rc == 0)
		rc = client_start_record(c);
	return rc;
}

int s3_client_new(struct http *http, const struct s3_options *options,
		  struct s3_client **out, struct errinfo *err)
{
	struct s3_client *c;
	int rc = client_check_options(options, err);

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
	c->lock = (struct lock)LOCK_INIT(LOCK_CLIENT);
	rc = client_set_up(c, err);
	if (rc < 0) {
		s3_client_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

static void client_forget_question(struct s3_client *c)
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
	client_forget_question(c);
	upload_record_free(c->record);
	for (size_t i = 0; i < c->locked.route_count; i++)
		endpoint_release(&c->locked.routes[i]);
	creds_chain_free(c->creds);
	cloudfront_free(c->cloudfront);
	pthread_mutex_destroy(&c->lock.mutex);
	free(c->url);
	free(c);
}
