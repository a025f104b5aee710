/* SPDX-License-Identifier: MIT */
/* The decision to send again; see retry.h. */
#include "client/retry.h"

#include "client/errcode.h"
#include "text.h"

int64_t retry_bytes_ms(uint64_t bytes)
{
	return (int64_t)(bytes / RETRY_BYTES_PER_S) * 1000;
}

int64_t retry_try_ms(const struct retry *r, int64_t now_ms)
{
	int64_t left = r->deadline_ms - now_ms;

	if (left / 2 >= RETRY_TRY_LEAST_MS)
		return left / 2;
	return left > RETRY_TRY_LEAST_MS ? RETRY_TRY_LEAST_MS :
	       left > 1                  ? left :
					   1;
}

static bool retry_take_once(bool *had)
{
	if (*had)
		return false;
	*had = true;
	return true;
}

/*
 * A random pause up to a limit that doubles with every try; within the bound
 * as long as there is any time, but for what the server asks.
 */
static int64_t retry_pause_ms(struct retry *r, const struct retry_event *event)
{
	int64_t most =
		event->is_answered ? RETRY_PAUSE_MAX_MS : RETRY_SILENT_MAX_MS;
	int64_t left = r->deadline_ms - RETRY_LEAST_MS - event->now_ms;
	int64_t limit = most, pause;

	if (r->paused < 6)
		limit = (int64_t)RETRY_FIRST_MS << r->paused;
	if (limit > most)
		limit = most;
	if (limit > left)
		limit = left > 1 ? left : 1;
	r->paused++;
	pause = 1 + event->random % limit;
	if (event->retry_after_ms > pause)
		pause = event->retry_after_ms;
	return pause > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : pause;
}

/* True if this try is one of a number, and that is full. */
static bool retry_is_last(struct retry *r, const struct retry_event *event)
{
	if (r->attempts == 0 && event->action == ERROR_OUTAGE &&
	    event->is_known)
		return false;
	r->tried++;
	return r->tried >= (r->attempts ? r->attempts : RETRY_ATTEMPTS);
}

static int retry_later(struct retry *r, const struct retry_event *event)
{
	int64_t pause;

	if (event->was_stale && retry_take_once(&r->had_stale))
		return 0;
	if (retry_is_last(r, event))
		return -1;
	pause = retry_pause_ms(r, event);
	r->is_spent = event->now_ms + pause + RETRY_LEAST_MS > r->deadline_ms;
	return r->is_spent ? -1 : (int)pause;
}

int retry_next(struct retry *r, const struct retry_event *event)
{
	if (event->action == ERROR_FINAL)
		return -1;
	r->is_spent = event->now_ms >= r->deadline_ms;
	if (r->is_spent)
		return -1;
	switch (event->action) {
	case ERROR_RETRY:
	case ERROR_OUTAGE:
		return retry_later(r, event);
	case ERROR_CREDENTIALS:
		return retry_take_once(&r->had_credentials) ? 0 : -1;
	case ERROR_CLOCK:
		return retry_take_once(&r->had_clock) ? 0 : -1;
	case ERROR_REGION:
		return retry_take_once(&r->had_region) ? 0 : -1;
	case ERROR_FINAL:
		break;
	}
	return -1;
}

int64_t retry_after_ms(const char *value, int64_t server_unix_s)
{
	uint64_t seconds;
	int64_t date;

	if (!value)
		return -1;
	if (text_parse_u64(value, UINT32_MAX, &seconds) == 0)
		return (int64_t)seconds * 1000;
	if (text_parse_http_date(value, &date) == 0)
		return date > server_unix_s ? (date - server_unix_s) * 1000 : 0;
	return -1;
}
