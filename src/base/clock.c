/* SPDX-License-Identifier: MIT */
/* What moves the clock in tests; see clock.h. */
#include "clock.h"

_Atomic int64_t clock_moved_ms;
