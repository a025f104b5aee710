/* SPDX-License-Identifier: MIT */
/*
 * The table of all settings. The file, -o, the environment, --help and the
 * documents know exactly what stands here.
 *
 * A setting goes by three kinds of name: its full one (AWS_S3_ENDPOINT_URL),
 * the short one by rule (lower case, without AWS_S3_ or AWS_) and its
 * aliases, the names of django-storages' OPTIONS.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "errinfo.h"
#include "text.h"
#include "value.h"

enum setting_type {
	SETTING_BOOL,     /* bool: true/false, yes/no, on/off, 1/0 */
	SETTING_NUMBER,   /* uint64_t */
	SETTING_SIZE,     /* uint64_t: bytes; K, M, G are powers of 1024 */
	SETTING_DURATION, /* uint64_t: milliseconds; written in seconds */
	SETTING_MODE,     /* uint64_t: octal permission bits */
	SETTING_TEXT,     /* const char * from here on */
	SETTING_CHOICE,
	SETTING_URL,
	SETTING_PATH,         /* begins with a slash */
	SETTING_BOOL_OR_PATH, /* "true", "false" or a path */
	SETTING_SECRET,       /* refused on the command line */
	SETTING_LIST,         /* const struct value *: of texts */
	SETTING_MAP,
	SETTING_WORD /* bool: fstab's words; -o only, without value */
};

struct setting_def {
	const char *name;
	const char *aliases; /* separated by blanks; NULL: none */
	enum setting_type type;
	const char *default_text; /* as the sample file shows it */
	const char *choices;      /* separated by blanks */
	uint64_t min, max;        /* of numbers; max 0: no limit */
	size_t offset;            /* in struct config, or SETTING_NOWHERE */
	const char *group;        /* begins one of this title; or NULL */
	const char *instead;      /* the setting that took this one's place */
	const char *help;
};

#define SETTING_NOWHERE  SIZE_MAX
#define SETTING_NAME_MAX 48 /* bytes, NUL included */

extern const struct setting_def settings_table[];
extern const size_t settings_count;

/* The row of any of a setting's names, or NULL. */
const struct setting_def *settings_find(const char *name);

/* Tries all names of settings, for the one that was meant. */
void settings_try_names(struct text_nearest *nearest);

/* The name by rule: "AWS_S3_FILE_OVERWRITE" gives "file_overwrite". */
void settings_short_name(const struct setting_def *def,
			 char out[SETTING_NAME_MAX]);

/*
 * Turns text into a value of def's type. is_literal: text stands in a file,
 * where quotes and brackets mean something; elsewhere (-o, environment) only
 * lists and maps are literals. Returns 0, -EINVAL or -ENOMEM; err says what
 * is wrong and never shows a secret.
 */
MUST_USE int settings_parse(const struct setting_def *def, const char *text,
			    bool is_literal, struct value *out,
			    struct errinfo *err);

#endif
