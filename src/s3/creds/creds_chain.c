/* SPDX-License-Identifier: MIT */
/* The keys in use and their renewal; see creds_chain.h. */
#include "creds/creds_chain.h"

#include <stdbool.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "clock.h"
#include "creds/creds.h"
#include "creds/creds_find.h"
#include "creds/creds_http.h"
#include "creds/creds_renewal.h"
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
	bool has_thread;          /* there is a source */
	pthread_t thread;
	struct lock lock;
	pthread_cond_t changed; /* a waiter came, or the end */
	pthread_cond_t looked;  /* for creds_chain_get */
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

static uint32_t chain_random(void)
{
	uint32_t n;

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) < 0)
		n = (uint32_t)clock_wall_ns();
	return n;
}

/* The source reads files, and asks nobody. */
static bool chain_is_file(const struct creds_chain *c)
{
	return c->found.source && c->found.source->has_changed;
}

/* Puts fresh in place of what is in use, unless it is the same. */
static void chain_adopt(struct creds_chain *c, struct s3_creds *fresh)
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

static void chain_tell_failure(struct creds_chain *c, const struct errinfo *err)
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

static int chain_no_others(const struct creds_chain *c, struct errinfo *err)
{
	return errinfo_set(err, -EACCES,
			   "the credentials have expired, and %.100s has no "
			   "others",
			   c->found.name);
}

/* --- The thread of the source ------------------------------------------- */

static void chain_plan(struct creds_chain *c, int64_t after_ms)
{
	LOCK(&c->lock);
	/* Of files it is seen when they have others. */
	c->locked.renew_at_ns = after_ms < 0 || chain_is_file(c) ?
					NOT_AT_ALL :
					clock_wall_ns() + after_ms * NS_PER_MS;
}

/* Returns 0 or why there are no newer keys. */
static int chain_renew(struct creds_chain *c, struct errinfo *err)
{
	struct creds_source *source = c->found.source;
	int64_t now_s, expiry_s;
	struct s3_creds *fresh;
	int rc = source->fetch(source, &fresh, err);

	now_s = clock_wall_ns() / 1000000000;
	if (rc < 0) {
		struct s3_creds *old = creds_chain_current(c);

		expiry_s = creds_expiry(old);
		creds_put(old);
		if (rc != -ECANCELED)
			chain_tell_failure(c, err);
		chain_plan(c,
			   renewal_retry_ms(now_s, expiry_s, chain_random()));
		return rc;
	}
	expiry_s = creds_expiry(fresh);
	chain_adopt(c, fresh);
	chain_plan(c, renewal_after_ms(now_s, expiry_s, chain_random()));
	return 0;
}

static void chain_answer(struct creds_chain *c, struct creds_waiter *w,
			 int result, const struct errinfo *why)
{
	bool is_well;

	lock_enter(&c->lock);
	is_well = !w->used || c->locked.current != w->used;
	lock_leave(&c->lock);
	if (is_well)
		w->result = 0;
	else if (result < 0)
		w->result = errinfo_set(
			&w->err, result == -ENOMEM ? result : -EACCES,
			"the credentials have expired: %s",
			why->text[0] ? why->text : strerrordesc_np(-result));
	else
		w->result = chain_no_others(c, &w->err);
	w->ready(w);
}

static bool chain_was_refused(struct creds_chain *c)
{
	LOCK(&c->lock);
	list_for_each(link, &c->locked.waiters)
		if (container_of(link, struct creds_waiter, link)->used)
			return true;
	return false;
}

static bool chain_must_fetch(struct creds_chain *c)
{
	struct creds_source *source = c->found.source;

	return !chain_is_file(c) || chain_was_refused(c) ||
	       source->has_changed(source);
}

/* Those who came while the source was asked have the answer, too. */
static void chain_renew_for_all(struct creds_chain *c)
{
	struct errinfo err = ERRINFO_INIT;
	struct list_link waiters, *link;
	int rc = chain_must_fetch(c) ? chain_renew(c, &err) : 0;

	list_init(&waiters);
	lock_enter(&c->lock);
	c->locked.renewed_ms = clock_now_ms();
	list_splice(&waiters, &c->locked.waiters);
	lock_leave(&c->lock);
	while ((link = list_pop(&waiters)))
		chain_answer(c, container_of(link, struct creds_waiter, link),
			     rc, &err);
}

static void chain_wait_locked(struct creds_chain *c)
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

static bool chain_is_due_locked(const struct creds_chain *c)
{
	return !list_is_empty(&c->locked.waiters) ||
	       clock_wall_ns() >= c->locked.renew_at_ns;
}

static void *chain_thread_main(void *arg)
{
	struct creds_chain *c = arg;

	lock_enter(&c->lock);
	while (!c->locked.is_over) {
		if (!chain_is_due_locked(c)) {
			chain_wait_locked(c);
			continue;
		}
		lock_leave(&c->lock);
		chain_renew_for_all(c);
		lock_enter(&c->lock);
	}
	lock_leave(&c->lock);
	return NULL;
}

static int chain_start_thread(struct creds_chain *c, struct errinfo *err)
{
	int64_t now_s = clock_wall_ns() / 1000000000;
	int rc;

	chain_plan(c, renewal_after_ms(now_s, creds_expiry(c->locked.current),
				       chain_random()));
	rc = thread_start(&c->thread, 0, chain_thread_main, c);
	if (rc < 0)
		return errinfo_set(err, rc, "no thread for credentials");
	pthread_setname_np(c->thread, "credentials");
	c->has_thread = true;
	return 0;
}

static void chain_stop_thread(struct creds_chain *c)
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
		chain_answer(c, container_of(link, struct creds_waiter, link),
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
	c->lock = (struct lock)LOCK_INIT(LOCK_CREDS_CHAIN);
	pthread_cond_init(&c->changed, NULL);
	pthread_cond_init(&c->looked, NULL);
	list_init(&c->locked.waiters);
	c->context.http = http;
	rc = creds_find(options, &c->context, &c->found, err);
	c->locked.current = STEAL(c->found.creds);
	c->locked.checked_ms = clock_now_ms();
	c->locked.renewed_ms = clock_now_ms() - CHECK_MS;
	if (rc == 0 && c->found.source)
		rc = chain_start_thread(c, err);
	if (rc < 0) {
		creds_chain_free(c);
		return rc;
	}
	*out = c;
	return 0;
}

/* Whoever finds the second over has it looked at; the others go on. */
static bool chain_is_check_due(struct creds_chain *c)
{
	int64_t now_ms = clock_now_ms();

	if (!chain_is_file(c))
		return false;
	LOCK(&c->lock);
	if (now_ms - c->locked.checked_ms < CHECK_MS)
		return false;
	c->locked.checked_ms = now_ms;
	return true;
}

static void chain_wait_for_thread_locked(struct creds_chain *c,
					 struct creds_waiter *waiter)
{
	list_push(&c->locked.waiters, &waiter->link);
	pthread_cond_signal(&c->changed);
}

int creds_chain_look(struct creds_chain *chain, struct creds_waiter *waiter)
{
	if (!chain_is_check_due(chain))
		return 0;
	waiter->used = NULL;
	LOCK(&chain->lock);
	chain_wait_for_thread_locked(chain, waiter);
	return -EINPROGRESS;
}

struct s3_creds *creds_chain_current(struct creds_chain *chain)
{
	LOCK(&chain->lock);
	return chain->locked.current ? creds_hold(chain->locked.current) : NULL;
}

struct looker {
	struct creds_waiter waiter;
	struct creds_chain *chain;
	bool is_done;
};

static void chain_looker_ready(struct creds_waiter *waiter)
{
	struct looker *l = container_of(waiter, struct looker, waiter);

	LOCK(&l->chain->lock);
	l->is_done = true;
	pthread_cond_broadcast(&l->chain->looked);
}

struct s3_creds *creds_chain_get(struct creds_chain *chain)
{
	struct looker l = { .waiter.ready = chain_looker_ready,
			    .chain = chain };

	if (creds_chain_look(chain, &l.waiter) == -EINPROGRESS) {
		LOCK(&chain->lock);
		while (!l.is_done)
			lock_wait(&chain->lock, &chain->looked);
	}
	return creds_chain_current(chain);
}

int creds_chain_refresh(struct creds_chain *chain, struct creds_waiter *waiter,
			struct errinfo *err)
{
	if (!chain->found.source)
		return chain_no_others(chain, err);
	LOCK(&chain->lock);
	if (chain->locked.current != waiter->used)
		return 0;
	/* Others are not asked for each of many that were refused at once. */
	if (!chain_is_file(chain) &&
	    clock_now_ms() - chain->locked.renewed_ms < CHECK_MS)
		return chain_no_others(chain, err);
	chain_wait_for_thread_locked(chain, waiter);
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
	chain_stop_thread(chain);
	creds_put(chain->locked.current);
	creds_found_release(&chain->found);
	pthread_cond_destroy(&chain->changed);
	pthread_cond_destroy(&chain->looked);
	free(chain);
}
