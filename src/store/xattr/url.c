/* SPDX-License-Identifier: MIT */
/* The extended attribute user.s3.url: a file's URL; see xattr.h. */
#include "xattr/url.h"

#include <string.h>

#include "internal.h"
#include "names/key.h"
#include "names/tree.h"
#include "s3.h"
#include "text.h"
#include "xattr/xattr.h"

/* One name=value of the query; value is decoded in place. */
static int take(struct s3_url *url, const char *name, char *value,
		struct errinfo *err)
{
	size_t len = strlen(value);
	uint64_t seconds = 0;

	if (text_percent_decode(value, &len, false) < 0 || strlen(value) != len)
		return errinfo_set(err, -EINVAL,
				   "user.s3.url: %.60s is not percent-encoded",
				   name);
	if (strcmp(name, "method") == 0) {
		if (strcmp(value, "GET") != 0 && strcmp(value, "HEAD") != 0)
			return errinfo_set(err, -EINVAL,
					   "user.s3.url: method=%.20s: only "
					   "GET and HEAD",
					   value);
		url->method = value;
		return 0;
	}
	if (strcmp(name, "expire") != 0)
		return pairs_set(&url->params, name, value);
	if (text_parse_u64(value, INT32_MAX, &seconds) < 0)
		return errinfo_set(err, -EINVAL,
				   "user.s3.url: expire=%.20s is no number of "
				   "seconds",
				   value);
	url->has_expire = true;
	url->expire_s = (int64_t)seconds;
	return 0;
}

/* query is taken apart in place. */
static int take_query(struct s3_url *url, char *query, struct errinfo *err)
{
	char *rest = NULL;
	int rc = 0;

	for (char *part = strtok_r(query, "&", &rest); part && rc == 0;
	     part = strtok_r(NULL, "&", &rest)) {
		char *equals = strchr(part, '=');

		if (!equals)
			return errinfo_set(err, -EINVAL,
					   "user.s3.url: %.60s: write "
					   "NAME=VALUE",
					   part);
		*equals = '\0';
		rc = take(url, part, equals + 1, err);
	}
	return rc;
}

/* What has not been stored yet has no URL to give. */
static int take_key(const struct xattr_ask *ask, struct buf *key,
		    struct errinfo *err)
{
	struct store *store = ask->store;

	LOCK(&store->tree.lock);
	if (ask->node->is_dir && !s3_url_is_custom(store->s3))
		return -ENODATA;
	if (!ask->node->is_dir && ask->node->seq == SEQ_PENDING)
		return errinfo_set(err, -EAGAIN,
				   "user.s3.url: the file is not stored yet");
	node_key_locked(store, ask->node, key);
	return key->error;
}

int url_get(const struct xattr_ask *ask, struct buf *value, struct errinfo *err)
{
	AUTO_FREE char *query = strdup(ask->query ? ask->query : "");
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX + 1);
	struct s3_url url = { 0 };
	int rc = query ? take_key(ask, &key, err) : -ENOMEM;

	if (rc == 0)
		rc = take_query(&url, query, err);
	url.key = buf_str(&key);
	if (rc == 0)
		rc = s3_url(ask->store->s3, &url, value, err);
	pairs_release(&url.params);
	return rc;
}
