/* SPDX-License-Identifier: MIT */
/* The headers of a file that is being published. */
#ifndef STORE_PUBLISH_HEADERS_H
#define STORE_PUBLISH_HEADERS_H

#include "macros.h"

struct errinfo;
struct file;
struct pairs;

/*
 * Before publish_headers: finds out what the next version keeps of the
 * object's headers. Waits; on the pool; lock held, given up meanwhile.
 */
MUST_USE int publish_prepare_locked(struct file *file, struct errinfo *err);
/* What is sent from now on has the headers that are set by hand by now. */
void publish_note_sent(struct file *file);
/* Headers that file is stored with under key. -ENOMEM. */
MUST_USE int publish_headers(const struct file *file, const char *key,
			     struct pairs *headers);

#endif
