/* SPDX-License-Identifier: MIT */
/* Walks and when to list ahead for them; see walk_pattern.h. */
#include "list/walk_pattern.h"

#include <stdio.h>
#include <string.h>

#define WALK_MS    5000 /* between two directories of one walk */
#define NEEDED     2    /* directories in order before a page is tried */
#define NEEDED_MAX 64
#define SEALED_MIN 2 /* fewer in a page: the delimiter is as good */

/* Behind all keys that begin with what it follows: the last code point. */
#define BEHIND_ALL "\xf4\x8f\xbf\xbf"

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* How much of a directory's path is its parent's; the root has none. */
static size_t parent_length(const char *dir)
{
	size_t len = strlen(dir);

	if (len > 0)
		len--;
	while (len > 0 && dir[len - 1] != '/')
		len--;
	return len;
}

static bool is_recent(const struct walk *w, const struct walk_question *q)
{
	int64_t limit_ms = WALK_MS;

	/* Files may be read in between, as long as a page is good. */
	if (w->pages > 0 && q->ttl_ms > limit_ms)
		limit_ms = q->ttl_ms;
	return w->is_known && q->now_ms - w->last_ms <= limit_ms;
}

/* Whether a walk that came to w->at may open the directory next. */
static bool follows(const struct walk *w, const struct walk_question *q)
{
	size_t parent_len = parent_length(q->dir);

	if (strcmp(q->dir, w->at) <= 0 ||
	    strncmp(q->dir, w->at, parent_len) != 0)
		return false;
	return w->has_more || parent_len != strlen(w->at) || q->is_first_child;
}

/* Whether a page that begins at w->at tells how the directory goes on. */
static bool continues(const struct walk *w, const struct walk_question *q)
{
	size_t after_len = strlen(q->after);
	const char *rest;

	if (!w->has_more || !starts_with(w->at, q->dir) ||
	    !starts_with(q->dir, w->top))
		return false;
	rest = w->at + strlen(q->dir);
	if (q->after[after_len - 1] == '/')
		return starts_with(rest, q->after);
	return strcmp(rest, q->after) == 0;
}

/*
 * At most one page more lies unused than was used. A walk opens all; who
 * lists only the upper levels of a tree opens nothing of what is ahead.
 */
static bool was_worth_it(const struct walk *w)
{
	uint64_t unused = w->sealed - w->opened;

	return w->pages * unused <= w->pages * w->opened + w->sealed;
}

static struct walk *find(struct walk_pattern *p, const struct walk_question *q)
{
	struct walk *best = NULL;

	for (size_t i = 0; i < WALKS_MAX; i++) {
		struct walk *w = &p->walks[i];

		if (!is_recent(w, q))
			continue;
		if (q->after[0] ? !continues(w, q) : !follows(w, q))
			continue;
		if (!best || strcmp(w->at, best->at) > 0)
			best = w;
	}
	return best;
}

/* Takes the place of the one that has been idle for longest. */
static void pattern_begin(struct walk_pattern *p, const struct walk_question *q)
{
	struct walk *oldest = NULL;

	for (size_t i = 0; i < WALKS_MAX; i++) {
		struct walk *w = &p->walks[i];

		if (!w->is_busy &&
		    (!oldest || !w->is_known ||
		     (oldest->is_known && w->last_ms < oldest->last_ms)))
			oldest = w;
	}
	if (!oldest)
		return;
	*oldest = (struct walk){
		.is_known = true,
		.asked = 1,
		.needed = NEEDED,
		.last_ms = q->now_ms,
	};
	snprintf(oldest->top, sizeof(oldest->top), "%s", q->dir);
	snprintf(oldest->at, sizeof(oldest->at), "%s", q->dir);
}

struct walk *walk_pattern_ask(struct walk_pattern *p,
			      const struct walk_question *q)
{
	struct walk *w = find(p, q);

	if (!w && !q->after[0])
		pattern_begin(p, q);
	if (!w || w->is_busy)
		return NULL;
	w->last_ms = q->now_ms;
	if (!q->after[0]) {
		if (!starts_with(q->dir, w->top))
			w->top[parent_length(q->dir)] = '\0';
		snprintf(w->at, sizeof(w->at), "%s", q->dir);
		w->has_more = false;
		w->asked++;
	}
	/* asked counts this one, too. */
	if (w->asked <= w->needed || !was_worth_it(w))
		return NULL;
	w->is_busy = true;
	w->pages++;
	return w;
}

void walk_pattern_answer(struct walk *w, const char *last, unsigned sealed,
			 unsigned ahead)
{
	w->is_busy = false;
	w->sealed += ahead;
	w->has_more = last != NULL;
	if (last)
		snprintf(w->at, sizeof(w->at), "%s", last);
	else
		snprintf(w->at, sizeof(w->at), "%s%s", w->top, BEHIND_ALL);
	if (last && sealed < SEALED_MIN) {
		w->asked = 0;
		if (w->needed < NEEDED_MAX)
			w->needed *= 2;
	} else {
		w->needed = NEEDED;
	}
}

void walk_pattern_fail(struct walk *w)
{
	w->is_busy = false;
	w->has_more = false;
	w->asked = 0;
	w->needed = NEEDED_MAX;
}

void walk_pattern_opened(struct walk_pattern *p, const char *dir,
			 int64_t now_ms)
{
	for (size_t i = 0; i < WALKS_MAX; i++) {
		struct walk *w = &p->walks[i];

		if (w->pages == 0 || !starts_with(dir, w->top) ||
		    strcmp(dir, w->at) > 0)
			continue;
		w->last_ms = now_ms;
		if (w->opened < w->sealed)
			w->opened++;
	}
}
