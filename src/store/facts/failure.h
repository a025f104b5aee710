/* SPDX-License-Identifier: MIT */
/*
 * What has just failed is not tried again for a moment: a program, or the
 * kernel by itself, asks for the same thing again and again, and is to wait
 * for a server that hangs once. It is believed for as long as it took to
 * fail, if that was a second or more, and for some seconds at most.
 */
#ifndef STORE_FAILURE_H
#define STORE_FAILURE_H

#include <stdbool.h>
#include <stdint.h>

#include "errinfo.h"
#include "list.h"
#include "lock.h"
#include "strmap.h"

struct store;

struct failure {
	int64_t until_ms;
	int result;
	struct errinfo err;
};

/*
 * Notes what was begun at began_ms and failed now. False: it says nothing of
 * the server, as when memory was short, and nothing has changed.
 */
bool failure_note(struct failure *f, int64_t began_ms, int result,
		  const struct errinfo *err);

/* The negative errno, and the words, if it is believed still; else 0. */
int failure_recent(const struct failure *f, struct errinfo *err);

#define FAILED_KEYS 32

/* Keys that could not be asked for, the latest ones. */
struct failed_keys {
	struct lock lock; /* a leaf */
	struct failed_key {
		char *key; /* NULL: none */
		struct failure failure;
	} items[FAILED_KEYS];
	unsigned next;
};

void failed_keys_release(struct failed_keys *keys);

/*
 * failure_note and failure_recent of a key of so many bytes. While nobody
 * gets an answer from the server nothing is recent: who asks then waits for a
 * moment only, and finds out when it is back. Any thread.
 */
void failed_keys_note(struct store *store, const char *key, size_t len,
		      int64_t began_ms, int result, const struct errinfo *err);
int failed_keys_recent(struct store *store, const char *key, size_t len,
		       struct errinfo *err);

#endif
