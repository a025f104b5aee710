/* SPDX-License-Identifier: MIT */
/* The keys in use and their renewal; see creds_chain.h. */
#include "creds_chain.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "clock.h"
#include "creds_find.h"
#include "creds_http.h"
#include "creds_renewal.h"
#include "lock.h"
#include "log.h"
#include "thread.h"

#define CHECK_MS   1000  /* between two looks at the source */
#define SLICE_MS   30000 /* of a long wait: the machine may sleep meanwhile */
#define NS_PER_MS  1000000ll
#define NOT_AT_ALL INT64_MAX

struct creds_chain {
	struct creds_context context;
	struct creds_found found; /* its creds are in locked.current */
	bool has_thread;          /* the source asks others */
	pthread_t thread;
	struct lock lock;
	pthread_cond_t changed; /* a waiter came, or the end */
	struct {
		struct s3_creds *current; /* counted; NULL: anonymous */
		int64_t checked_ms;
		bool is_failing;     /* the log knows */
		int64_t renew_at_ns; /* by the wall clock */
		int64_t renewed_ms;  /* the last try's end */
		struct list_link waiters;
		bool is_over;
	} locked;
};

static uint32_t random_number(void)
{
	uint32_t n;

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) < 0)
		n = (uint32_t)clock_wall_ns();
	return n;
}

static struct s3_creds *current(struct creds_chain *c)
{
	LOCK(&c->lock);
	return c->locked.current ? creds_hold(c->locked.current) : NULL;
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
		log_info("creds", "new credentials from %s", c->found.name);
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

static int no_others(const struct creds_chain *c, struct errinfo *err)
{
	return errinfo_set(err, -EACCES,
			   "the credentials have expired, and %.100s has no "
			   "others",
			   c->found.name);
}

/* --- The thread of a source that asks others ---------------------------- */

static void plan(struct creds_chain *c, int64_t after_ms)
{
	LOCK(&c->lock);
	c->locked.renew_at_ns = after_ms < 0 ?
					NOT_AT_ALL :
					clock_wall_ns() + after_ms * NS_PER_MS;
}

/* Returns 0 or why there are no newer keys. */
static int renew(struct creds_chain *c, struct errinfo *err)
{
	struct creds_source *source = c->found.source;
	int64_t now_s, expiry_s;
	struct s3_creds *fresh;
	int rc = source->fetch(source, &fresh, err);

	now_s = clock_wall_ns() / 1000000000;
	if (rc < 0) {
		struct s3_creds *old = current(c);

		expiry_s = creds_expiry(old);
		creds_put(old);
		if (rc != -ECANCELED)
			tell_failure(c, err);
		plan(c, renewal_retry_ms(now_s, expiry_s, random_number()));
		return rc;
	}
	expiry_s = creds_expiry(fresh);
	adopt(c, fresh);
	plan(c, renewal_after_ms(now_s, expiry_s, random_number()));
	return 0;
}

static void answer(struct creds_chain *c, struct creds_waiter *w, int result,
		   const struct errinfo *why)
{
	bool is_replaced;

	lock_enter(&c->lock);
	is_replaced = c->locked.current != w->used;
	lock_leave(&c->lock);
	if (is_replaced)
		w->result = 0;
	else if (result < 0)
		w->result = errinfo_set(&w->err, -EACCES,
					"the credentials have expired: %s",
					why->text);
	else
		w->result = no_others(c, &w->err);
	w->ready(w);
}

/* Those who came while the source was asked have the answer, too. */
static void renew_for_all(struct creds_chain *c)
{
	struct errinfo err = ERRINFO_INIT;
	struct list_link waiters, *link;
	int rc = renew(c, &err);

	list_init(&waiters);
	lock_enter(&c->lock);
	c->locked.renewed_ms = clock_now_ms();
	list_splice(&waiters, &c->locked.waiters);
	lock_leave(&c->lock);
	while ((link = list_pop(&waiters)))
		answer(c, container_of(link, struct creds_waiter, link), rc,
		       &err);
}

static void wait_locked(struct creds_chain *c)
{
	int64_t now_ns = clock_wall_ns();
	int64_t until_ns = now_ns + SLICE_MS * NS_PER_MS;
	struct timespec until;

	if (until_ns > c->locked.renew_at_ns)
		until_ns = c->locked.renew_at_ns;
	until.tv_sec = until_ns / 1000000000;
	until.tv_nsec = until_ns % 1000000000;
	(void)lock_wait_until(&c->lock, &c->changed, &until);
}

static bool is_due_locked(const struct creds_chain *c)
{
	return !list_is_empty(&c->locked.waiters) ||
	       clock_wall_ns() >= c->locked.renew_at_ns;
}

static void *thread_main(void *arg)
{
	struct creds_chain *c = arg;

	lock_enter(&c->lock);
	while (!c->locked.is_over) {
		if (!is_due_locked(c)) {
			wait_locked(c);
			continue;
		}
		lock_leave(&c->lock);
		renew_for_all(c);
		lock_enter(&c->lock);
	}
	lock_leave(&c->lock);
	return NULL;
}

static int start_thread(struct creds_chain *c, struct errinfo *err)
{
	int64_t now_s = clock_wall_ns() / 1000000000;
	int rc;

	plan(c, renewal_after_ms(now_s, creds_expiry(c->locked.current),
				 random_number()));
	rc = thread_start(&c->thread, 0, thread_main, c);
	if (rc < 0)
		return errinfo_set(err, rc, "no thread for credentials");
	pthread_setname_np(c->thread, "credentials");
	c->has_thread = true;
	return 0;
}

static void stop_thread(struct creds_chain *c)
{
	struct errinfo err = ERRINFO_INIT;
	struct list_link *link;

	if (!c->has_thread)
		return;
	atomic_store(&c->context.is_over, true);
	lock_enter(&c->lock);
	c->locked.is_over = true;
	pthread_cond_signal(&c->changed);
	lock_leave(&c->lock);
	pthread_join(c->thread, NULL);
	errinfo_set(&err, -ECANCELED, "the end");
	while ((link = list_pop(&c->locked.waiters)))
		answer(c, container_of(link, struct creds_waiter, link),
		       err.code, &err);
}

/* --- The interface ------------------------------------------------------ */

int creds_chain_new(const struct s3_options *options, struct http *http,
		    struct creds_chain **out, struct errinfo *err)
{
	struct creds_chain *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return errinfo_set(err, -ENOMEM, "no memory for credentials");
	c->lock = (struct lock)LOCK_INIT;
	pthread_cond_init(&c->changed, NULL);
	list_init(&c->locked.waiters);
	c->context.http = http;
	rc = creds_find(options, &c->context, &c->found, err);
	c->locked.current = STEAL(c->found.creds);
	c->locked.checked_ms = clock_now_ms();
	c->locked.renewed_ms = clock_now_ms() - CHECK_MS;
	if (rc == 0 && c->found.source && !c->found.source->has_changed)
		rc = start_thread(c, err);
	if (rc < 0) {
		creds_chain_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

/* Whoever finds the second over asks; the others go on meanwhile. */
static bool is_check_due(struct creds_chain *c)
{
	int64_t now_ms = clock_now_ms();

	if (!c->found.source || c->has_thread)
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
	struct creds_source *source = chain->found.source;
	struct errinfo fetch_err = ERRINFO_INIT;
	struct s3_creds *fresh;

	if (is_check_due(chain) && source->has_changed(source)) {
		if (source->fetch(source, &fresh, &fetch_err) < 0)
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

/* Files can be read here and now. */
static int read_again(struct creds_chain *chain, const struct s3_creds *used,
		      struct errinfo *err)
{
	struct creds_source *source = chain->found.source;
	struct errinfo fetch_err = ERRINFO_INIT;
	struct s3_creds *fresh;

	if (is_replaced(chain, used))
		return 0;
	if (source) {
		if (source->fetch(source, &fresh, &fetch_err) < 0)
			return errinfo_set(err, -EACCES,
					   "the credentials have expired: %s",
					   fetch_err.text);
		adopt(chain, fresh);
		if (is_replaced(chain, used))
			return 0;
	}
	return no_others(chain, err);
}

int creds_chain_refresh(struct creds_chain *chain, struct creds_waiter *waiter,
			struct errinfo *err)
{
	if (!chain->has_thread)
		return read_again(chain, waiter->used, err);
	LOCK(&chain->lock);
	if (chain->locked.current != waiter->used)
		return 0;
	/* Not for each of many requests that were refused at once. */
	if (clock_now_ms() - chain->locked.renewed_ms < CHECK_MS)
		return no_others(chain, err);
	list_push(&chain->locked.waiters, &waiter->link);
	pthread_cond_signal(&chain->changed);
	return -EINPROGRESS;
}

const char *creds_chain_region(const struct creds_chain *chain)
{
	return chain->found.region ? chain->found.region : "";
}

const char *creds_chain_source(const struct creds_chain *chain)
{
	return chain->found.name;
}

int64_t creds_chain_expiry(struct creds_chain *chain)
{
	LOCK(&chain->lock);
	return chain->locked.current ? creds_expiry(chain->locked.current) : 0;
}

void creds_chain_free(struct creds_chain *chain)
{
	if (!chain)
		return;
	stop_thread(chain);
	creds_put(chain->locked.current);
	creds_found_release(&chain->found);
	pthread_cond_destroy(&chain->changed);
	free(chain);
}
