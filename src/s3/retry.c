/* SPDX-License-Identifier: MIT */
/* The decision to send again; see retry.h. */
#include "retry.h"

#include "text.h"

int64_t retry_timeout_ms(int option_ms, uint64_t bytes)
{
	if (option_ms > 0)
		return option_ms;
	return RETRY_TIMEOUT_MS + (int64_t)(bytes / RETRY_BYTES_PER_S) * 1000;
}

static bool take_once(bool *had)
{
	if (*had)
		return false;
	*had = true;
	return true;
}

/* A random pause up to a limit that doubles with every try. */
static int64_t pause_ms(const struct retry *r, const struct retry_event *event)
{
	int64_t limit = RETRY_PAUSE_MAX_MS;
	int64_t pause;

	if (r->tried < 7)
		limit = (int64_t)RETRY_FIRST_MS << (r->tried - 1);
	if (limit > RETRY_PAUSE_MAX_MS)
		limit = RETRY_PAUSE_MAX_MS;
	if (event->is_outage && limit > RETRY_UNREACH_STEP_MS)
		limit = RETRY_UNREACH_STEP_MS;
	pause = 1 + event->random % limit;
	if (event->retry_after_ms > pause)
		pause = event->retry_after_ms;
	return pause > RETRY_AFTER_MAX_MS ? RETRY_AFTER_MAX_MS : pause;
}

static int retry_later(struct retry *r, const struct retry_event *event)
{
	int64_t pause;

	if (event->was_stale && take_once(&r->had_stale))
		return 0;
	r->tried++;
	if (r->tried >= r->attempts && !event->is_outage)
		return -1;
	pause = pause_ms(r, event);
	if (event->now_ms + pause >= r->deadline_ms)
		return -1;
	return (int)pause;
}

int retry_next(struct retry *r, const struct retry_event *event)
{
	if (event->now_ms >= r->deadline_ms)
		return -1;
	switch (event->action) {
	case ERROR_FINAL:
		return -1;
	case ERROR_RETRY:
		return retry_later(r, event);
	case ERROR_CREDENTIALS:
		return take_once(&r->had_credentials) ? 0 : -1;
	case ERROR_CLOCK:
		return take_once(&r->had_clock) ? 0 : -1;
	case ERROR_REGION:
		return take_once(&r->had_region) ? 0 : -1;
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
