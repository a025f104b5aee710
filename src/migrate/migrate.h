/* SPDX-License-Identifier: MIT */
/*
 * From Django's settings, as ask.py tells them, to s3storefs.conf.
 *
 *   struct migration m = { .answer = answer, .source = "mysite.settings" };
 *   rc = migration_run(&m, NULL, &err);
 *   rc = migration_write(&m, true, &text);
 *   ... m.entries, m.problems ...
 *   migration_release(&m);
 *
 * Texts and values are borrowed from it and from the answer. One thread.
 */
#ifndef MIGRATE_H
#define MIGRATE_H

#include <jansson.h>

#include "buf.h"
#include "settings.h"

enum migration_state {
	MIGRATION_SET,    /* a line that counts */
	MIGRATION_OFF,    /* commented out: to be looked at */
	MIGRATION_REMARK, /* no line, only words */
	MIGRATION_PROBLEM /* the same: something could not be taken over */
};

/* One line of the result. */
struct migration_entry {
	struct migration_entry *next;
	enum migration_state state;
	const char *section; /* "": before all sections */
	const char *name;    /* the setting's; NULL in a remark */
	const char *literal; /* as value_parse reads it */
	const char *why;     /* sentences, or "" */
	const char *from;    /* "settings.py:12", or NULL */
	bool is_secret;
	bool is_warning; /* people should look at it */
};

struct migration {
	json_t *answer;     /* borrowed; an object */
	const char *source; /* for the head of the result */
	json_t *kept;       /* an array of all values and texts made here */
	struct migration_entry *entries, **last_entry;
	const char **sections; /* the storages' names */
	size_t section_count;
	bool is_old;   /* written for django-storages up to 1.9 */
	bool is_found; /* there are settings of an S3 storage */
	size_t problems;
	int error; /* 0 or -ENOMEM */
};

/*
 * alias: just that storage; NULL: all. Returns 0; -ENOENT if there is no
 * such storage; -ENOMEM. migration_release is due in any case.
 */
MUST_USE int migration_run(struct migration *m, const char *alias,
			   struct errinfo *err);
void migration_release(struct migration *m);

#endif
