/* SPDX-License-Identifier: MIT */
/* Another size. */
#ifndef STORE_TRUNCATE_H
#define STORE_TRUNCATE_H

#include <stdint.h>

#include "macros.h"

struct file;

/* Cuts or grows the file; what is new reads as zeros. Returns 0 or an error. */
MUST_USE int file_truncate_locked(struct file *file, uint64_t size);

#endif
