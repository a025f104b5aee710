/* SPDX-License-Identifier: MIT */
/* Whether the server is out; see outage.h. */
#include "client/outage.h"

bool outage_answered(struct outage *o, int64_t now_ms)
{
	atomic_store(&o->answered_ms, now_ms);
	return atomic_exchange(&o->is_on, false);
}

bool outage_spent(struct outage *o, int64_t began_ms)
{
	if (atomic_load(&o->answered_ms) > began_ms)
		return false;
	return !atomic_exchange(&o->is_on, true);
}
