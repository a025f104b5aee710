/* SPDX-License-Identifier: MIT */
/*
 * Where credentials come from; see creds_chain.h. The order and the
 * independent look-up of key, secret and token are django-storages', whose
 * settings these are; what it builds and cannot use is refused here.
 */
#include "creds_chain.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "creds_source.h"
#include "lock.h"
#include "log.h"

#define CHECK_MS 1000 /* between two looks at the source */

struct creds_chain {
	struct creds_source *source; /* owned; NULL: nothing to ask again */
	const char *source_name;     /* static, or the source's */
	char *region;                /* owned; NULL: none */
	struct lock lock;
	struct {
		struct s3_creds *current; /* counted; NULL: anonymous */
		int64_t checked_ms;
		bool is_failing; /* the log knows */
	} locked;
};

/* Borrowed from the options and the environment. */
struct found {
	const char *access_key, *secret_key, *token;
	bool from_settings; /* one of the two keys at least */
};

static bool is_set(const char *s)
{
	return s && *s;
}

/* Empty ones do not count. variable2 may be NULL. */
static const char *first_set(const char *setting, const char *variable1,
			     const char *variable2)
{
	const char *value = setting;

	if (!is_set(value))
		value = getenv(variable1);
	if (!is_set(value) && variable2)
		value = getenv(variable2);
	return is_set(value) ? value : NULL;
}

static void look_up(const struct s3_options *o, struct found *out)
{
	out->access_key = first_set(o->access_key, "AWS_S3_ACCESS_KEY_ID",
				    "AWS_ACCESS_KEY_ID");
	out->secret_key = first_set(o->secret_key, "AWS_S3_SECRET_ACCESS_KEY",
				    "AWS_SECRET_ACCESS_KEY");
	out->token = first_set(o->session_token, "AWS_SESSION_TOKEN",
			       "AWS_SECURITY_TOKEN");
	out->from_settings = is_set(o->access_key) || is_set(o->secret_key);
}

/* Are the keys of settings and environment complete, and alone? */
static int check_found(const struct found *f, bool has_profile,
		       struct errinfo *err)
{
	if (has_profile && (f->access_key || f->secret_key))
		return errinfo_set(
			err, -EINVAL,
			"AWS_S3_SESSION_PROFILE/session_profile should not be "
			"provided with AWS_S3_ACCESS_KEY_ID/access_key and "
			"AWS_S3_SECRET_ACCESS_KEY/secret_key");
	if (f->access_key && !f->secret_key)
		return errinfo_set(err, -EINVAL,
				   "an access key without its secret: set "
				   "AWS_SECRET_ACCESS_KEY too");
	if (f->secret_key && !f->access_key)
		return errinfo_set(err, -EINVAL,
				   "a secret key without its access key: set "
				   "AWS_ACCESS_KEY_ID too");
	return 0;
}

static int take_found(struct creds_chain *c, const struct found *f,
		      struct errinfo *err)
{
	int result;

	c->source_name = f->from_settings ? "settings" : "environment";
	result = creds_check(f->access_key, f->secret_key, f->token,
			     c->source_name, err);
	if (result < 0)
		return result;
	result = creds_new(f->access_key, f->secret_key, f->token,
			   &c->locked.current);
	if (result < 0)
		return errinfo_set(err, result, "no memory for credentials");
	return 0;
}

/* Takes source over if the keys are in its files. */
static int take_source(struct creds_chain *c, struct creds_source **source,
		       const struct found *f, struct errinfo *err)
{
	int result = (*source)->fetch(*source, &c->locked.current, err);

	if (result == -ENOKEY && f->token)
		return errinfo_set(err, result,
				   "a session token without the keys it "
				   "belongs to: set AWS_ACCESS_KEY_ID and "
				   "AWS_SECRET_ACCESS_KEY too");
	if (result < 0)
		return result;
	c->source = STEAL(*source);
	c->source_name = c->source->name(c->source);
	return 0;
}

static void free_source(struct creds_source **source)
{
	if (*source)
		(*source)->free(*source);
}

/* Keys that are nowhere else may be in s3fs's files. */
static int take_passwd(struct creds_chain *c, const struct s3_options *o,
		       struct errinfo *err)
{
	CLEANUP(free_source) struct creds_source *source = NULL;
	const struct found none = { 0 };
	int result = creds_passwd_new(o->passwd_file, o->bucket, &source);

	if (result < 0)
		return errinfo_set(err, result, "no memory for credentials");
	return take_source(c, &source, &none, err);
}

/* A profile that was named is meant; without one others are asked. */
static int take_files(struct creds_chain *c, const struct s3_options *o,
		      struct creds_source **shared, const struct found *f,
		      struct errinfo *err)
{
	struct errinfo passwd_err = ERRINFO_INIT;
	int result = take_source(c, shared, f, err);

	if (result != -ENOKEY || is_set(o->profile) || f->token)
		return result;
	result = take_passwd(c, o, &passwd_err);
	if (result < 0 && result != -ENOKEY)
		*err = passwd_err;
	return result;
}

static int find(struct creds_chain *c, const struct s3_options *o,
		struct errinfo *err)
{
	const char *profile =
		first_set(o->profile, "AWS_S3_SESSION_PROFILE", NULL);
	const char *general = first_set(NULL, "AWS_PROFILE", NULL);
	CLEANUP(free_source) struct creds_source *source = NULL;
	struct found f;
	int result = 0;

	look_up(o, &f);
	if (is_set(o->passwd_file) && (f.from_settings || profile))
		return errinfo_set(
			err, -EINVAL,
			"passwd_file should not be given with keys "
			"or a profile in the settings: take one out");
	if (!o->anonymous && !is_set(o->passwd_file))
		result = check_found(&f, profile != NULL, err);
	if (result < 0)
		return result;
	if (!profile)
		profile = general ? general : "default";
	result = creds_shared_new(profile, &source);
	if (result == 0)
		result = creds_shared_region(source, &c->region);
	if (result < 0)
		return errinfo_set(err, result, "no memory for credentials");
	c->source_name = "none (anonymous)";
	if (o->anonymous)
		return 0;
	if (is_set(o->passwd_file))
		return take_passwd(c, o, err);
	if (f.access_key)
		return take_found(c, &f, err);
	return take_files(c, o, &source, &f, err);
}

int creds_chain_new(const struct s3_options *options, struct creds_chain **out,
		    struct errinfo *err)
{
	struct creds_chain *c = calloc(1, sizeof(*c));
	int result;

	if (!c)
		return errinfo_set(err, -ENOMEM, "no memory for credentials");
	c->lock = (struct lock)LOCK_INIT;
	result = find(c, options, err);
	if (result < 0) {
		creds_chain_free(c);
		return result;
	}
	c->locked.checked_ms = clock_now_ms();
	*out = c;
	return 0;
}

/* Puts fresh in place of what is in use, unless it is the same. */
static void adopt(struct creds_chain *c, struct s3_creds *fresh)
{
	struct s3_creds *old = fresh;

	lock_enter(&c->lock);
	c->locked.is_failing = false;
	if (!creds_equal(c->locked.current, fresh)) {
		old = c->locked.current;
		c->locked.current = fresh;
	}
	lock_leave(&c->lock);
	if (old != fresh)
		log_info("creds", "new credentials from %s", c->source_name);
	creds_put(old);
}

static void tell_failure(struct creds_chain *c, const struct errinfo *err)
{
	bool is_known;

	lock_enter(&c->lock);
	is_known = c->locked.is_failing;
	c->locked.is_failing = true;
	lock_leave(&c->lock);
	if (!is_known)
		log_warn("creds", "keeping the credentials in use: %s",
			 err->text);
}

static struct s3_creds *current(struct creds_chain *c)
{
	LOCK(&c->lock);
	return c->locked.current ? creds_hold(c->locked.current) : NULL;
}

/* Whoever finds the second over asks; the others go on meanwhile. */
static bool is_check_due(struct creds_chain *c)
{
	int64_t now_ms = clock_now_ms();

	if (!c->source)
		return false;
	LOCK(&c->lock);
	if (now_ms - c->locked.checked_ms < CHECK_MS)
		return false;
	c->locked.checked_ms = now_ms;
	return true;
}

int creds_chain_get(struct creds_chain *chain, struct s3_creds **out,
		    struct errinfo *err)
{
	struct errinfo fetch_err = ERRINFO_INIT;
	struct s3_creds *fresh;

	if (is_check_due(chain) && chain->source->has_changed(chain->source)) {
		if (chain->source->fetch(chain->source, &fresh, &fetch_err) < 0)
			tell_failure(chain, &fetch_err);
		else
			adopt(chain, fresh);
	}
	*out = current(chain);
	return 0;
}

static bool is_replaced(struct creds_chain *chain, const struct s3_creds *used)
{
	LOCK(&chain->lock);
	return chain->locked.current != used;
}

int creds_chain_refresh(struct creds_chain *chain, const struct s3_creds *used,
			struct errinfo *err)
{
	struct errinfo fetch_err = ERRINFO_INIT;
	struct s3_creds *fresh;

	if (is_replaced(chain, used))
		return 0;
	if (chain->source) {
		if (chain->source->fetch(chain->source, &fresh, &fetch_err) < 0)
			return errinfo_set(err, -EACCES,
					   "the credentials have expired: %s",
					   fetch_err.text);
		adopt(chain, fresh);
		if (is_replaced(chain, used))
			return 0;
	}
	return errinfo_set(err, -EACCES,
			   "the credentials have expired, and %s has no others",
			   chain->source_name);
}

const char *creds_chain_region(const struct creds_chain *chain)
{
	return chain->region ? chain->region : "";
}

const char *creds_chain_source(const struct creds_chain *chain)
{
	return chain->source_name;
}

void creds_chain_free(struct creds_chain *chain)
{
	if (!chain)
		return;
	free_source(&chain->source);
	creds_put(chain->locked.current);
	free(chain->region);
	free(chain);
}
