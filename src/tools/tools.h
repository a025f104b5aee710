/* SPDX-License-Identifier: MIT */
/*
 * The tools: s3storefs WORD ..., a subcommand each.
 *
 * A tool is a row of the table in tools.c and a function. It gets its command
 * line taken apart, opens the bucket it names, works, and returns the exit
 * status. What it says to programs goes to stdout, what it says to people to
 * stderr. One thread.
 */
#ifndef TOOLS_TOOLS_H
#define TOOLS_TOOLS_H

#include "buf.h"
#include "command_line.h"
#include "config.h"
#include "network.h"
#include "store.h"

/* Exit statuses of all tools. */
enum {
	TOOL_OK = 0,
	TOOL_NO = 1,   /* not there, or the answer is no, or it failed */
	TOOL_USAGE = 2 /* wrong usage or setting */
};

struct tool_call;

struct tool {
	const char *name;
	const char *help; /* from "usage:" on; also the manual's text */
	const struct command_own *options;
	int (*run)(const struct tool_call *call);
};

struct tool_call {
	const struct tool *tool;
	struct command_line line;
};

/* The tool of that name, or NULL. */
const struct tool *tools_find(const char *name);

/* argv[0] is the tool's name. Returns the exit status. */
int tool_main(const struct tool *tool, int argc, char *argv[]);

/* All of them, ended by NULL: for --help and the documents. */
const struct tool *const *tools_all(void);

/* The last value of --name; "" if it has none; NULL if it was not given. */
const char *tool_option(const struct tool_call *call, const char *name);

/*
 * SIGINT, SIGTERM and SIGHUP ask for a clean end: long work looks with
 * tool_is_interrupted and leaves nothing behind. The second one ends at once.
 */
void tool_catch_signals(void);
bool tool_is_interrupted(void);

/* False once nobody reads the standard output any more, as behind head. */
bool tool_is_read(void);

/* Prints how the tool is called to stderr and returns TOOL_USAGE. */
int tool_usage(const struct tool_call *call);

/* Prints "s3storefs TOOL: ..." to stderr and returns status. */
int tool_fail(const struct tool_call *call, int status, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/*
 * The same for what is given, words or settings, that cannot be taken: code
 * says why in words if text is "". Returns TOOL_USAGE.
 */
int tool_refuse(const struct tool_call *call, int code, const char *text);

struct tool_bucket;

/*
 * The same for a request or a call of the store that failed, with its cause and
 * the remedy, and returns TOOL_NO. what: on what, or NULL; right: what a key
 * needs.
 */
int tool_fail_request(const struct tool_call *call,
		      const struct tool_bucket *bucket, const char *what,
		      int code, const struct errinfo *err, const char *right);

/* A bucket as the tools use it. */
struct tool_bucket {
	struct config config;
	struct network network;
	struct store *store; /* NULL until tool_open_store */
};

/*
 * word is BUCKET[:PREFIX]. Returns TOOL_OK or an exit status, and has then
 * said why. tool_close is due in every case.
 */
MUST_USE int tool_open(const struct tool_call *call, const char *word,
		       struct tool_bucket *out);

/* The two halves of it: the settings, which may be changed between. */
MUST_USE int tool_configure(const struct tool_call *call, const char *word,
			    struct tool_bucket *out);
MUST_USE int tool_connect(const struct tool_call *call,
			  struct tool_bucket *bucket);

/* The same, with the store; tool_open was called. */
MUST_USE int tool_open_store(const struct tool_call *call,
			     struct tool_bucket *bucket);

/* Returns 0, or the first error of what was still to be written. */
int tool_close(struct tool_bucket *bucket);

#endif
