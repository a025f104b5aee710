/* SPDX-License-Identifier: MIT */
/* When keys are renewed; see creds_renewal.h. */
#include "creds/creds_renewal.h"

#define SHORTEST_MS 1000

/* Takes up to a tenth off. */
static int64_t renewal_spread(int64_t ms, uint32_t random)
{
	ms -= ms / 10 * (random % 1000) / 1000;
	return ms < SHORTEST_MS ? SHORTEST_MS : ms;
}

int64_t renewal_after_ms(int64_t now_s, int64_t expiry_s, uint32_t random)
{
	int64_t left_s = expiry_s - now_s;
	int64_t ahead_s = left_s / 4;

	if (expiry_s == 0)
		return -1;
	if (left_s <= 0)
		return 1000 * (RENEWAL_STALE_MIN_S +
			       random % (RENEWAL_STALE_MAX_S -
					 RENEWAL_STALE_MIN_S + 1));
	if (ahead_s > RENEWAL_AHEAD_S)
		ahead_s = RENEWAL_AHEAD_S;
	return renewal_spread(1000 * (left_s - ahead_s), random);
}

int64_t renewal_retry_ms(int64_t now_s, int64_t expiry_s, uint32_t random)
{
	int64_t left_s = expiry_s - now_s;
	int64_t pause_s = left_s > 0 ? left_s / 4 : RENEWAL_RETRY_MAX_S;

	if (pause_s > RENEWAL_RETRY_MAX_S)
		pause_s = RENEWAL_RETRY_MAX_S;
	return renewal_spread(1000 * pause_s, random);
}
