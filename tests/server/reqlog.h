/* SPDX-License-Identifier: MIT */
/*
 * What was asked and answered, for tests to look at: the newest 100,000
 * requests in memory and, if wanted, a line of JSON each in a file. Any
 * thread.
 */
#ifndef SERVER_REQLOG_H
#define SERVER_REQLOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "lock.h"

#define REQLOG_ENTRIES 100000

struct request;
struct reqlog_entry;

struct reqlog {
	struct lock lock;
	bool is_off;
	FILE *file; /* or NULL */
	struct reqlog_entry **ring;
	unsigned long long count; /* ever added since the reset */
};

/* Remembers req, whose answer is made, or that gets none. */
void reqlog_add(struct reqlog *log, const struct request *req);

/* The entries, newest last. New reference, or NULL. */
json_t *reqlog_json(struct reqlog *log);

void reqlog_reset(struct reqlog *log);
void reqlog_release(struct reqlog *log);

#endif
