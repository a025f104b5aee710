/* SPDX-License-Identifier: MIT */
/*
 * The command line, taken apart:
 *
 *   s3storefs [BUCKET[:PREFIX]] MOUNTPOINT [-o NAME[=VALUE],...] [-c FILE]
 *             [-f] [--NAME[=VALUE]] [--help] [--version]
 *   s3storefs TOOL WORD... [-o ...] [-c FILE] [--NAME[=VALUE]] and the
 *             tool's own options
 *
 * What the names mean is the caller's. One thread.
 */
#ifndef COMMAND_LINE_H
#define COMMAND_LINE_H

#include <stdbool.h>
#include <stddef.h>

#include "errinfo.h"

struct command_option {
	char *name;
	char *value; /* inside name's memory; NULL: none was given */
};

/* An option of a tool's own; --NAME VALUE, --NAME=VALUE, or a letter. */
struct command_own {
	const char *name; /* NULL ends the table */
	char letter;      /* 0: none */
	bool has_value;
};

/* One that was given, in its turn. */
struct command_given {
	const struct command_own *own;
	const char *value; /* borrowed from argv; NULL: it has none */
};

struct command_line {
	const struct command_own *own; /* borrowed: the table it was read by */
	bool wants_help, wants_version;
	bool is_foreground;
	const char *help_form;   /* borrowed from argv: --help=FORM */
	const char *config_path; /* borrowed from argv */
	const char **words;      /* owned, the texts are borrowed */
	size_t word_count;
	struct command_given *given; /* owned */
	size_t given_count;
	struct command_option *options; /* owned */
	size_t option_count;
};

/* Whether the program was called as mount.NAME, as mount(8) does. */
bool command_line_is_mount(int argc, char *const argv[]);

/*
 * own: a tool's table, NULL for the mount. Called as mount.NAME, the options
 * that mount(8) adds (-n, -s, -v, -t TYPE) are passed over. Returns 0,
 * -EINVAL or -ENOMEM; in every case command_line_release is due.
 */
MUST_USE int command_line_parse(struct command_line *line,
				const struct command_own *own, int argc,
				char *const argv[], struct errinfo *err);

void command_line_release(struct command_line *line);

#endif
