/* SPDX-License-Identifier: MIT */
/*
 * The command line, taken apart:
 *
 *   s3storefs [BUCKET[:PREFIX]] MOUNTPOINT [-o NAME[=VALUE],...] [-c FILE]
 *             [-f] [--NAME[=VALUE]] [--help] [--version]
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

struct command_line {
	bool wants_help, wants_version;
	bool is_foreground;
	const char *config_path; /* borrowed from argv */
	const char *words[2];    /* borrowed: BUCKET and MOUNTPOINT */
	size_t word_count;
	struct command_option *options; /* owned */
	size_t option_count;
};

/*
 * Called as mount.NAME, as mount(8) does, the options it adds (-n, -s, -v,
 * -t TYPE) are passed over. Returns 0, -EINVAL or -ENOMEM; in every case
 * command_line_release is due.
 */
MUST_USE int command_line_parse(struct command_line *line, int argc,
				char *const argv[], struct errinfo *err);

void command_line_release(struct command_line *line);

#endif
