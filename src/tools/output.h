/* SPDX-License-Identifier: MIT */
/*
 * What tools print: JSON for programs (RFC 8259), texts for people, how far
 * a transfer is. One thread.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* A JSON string; text is UTF-8. */
void print_json_text(FILE *out, const char *text);

/* {"a": "x", "b": 5} a member at a time, the first with is_first. */
void print_member(FILE *out, bool is_first, const char *name, const char *text);
void print_flag(FILE *out, bool is_first, const char *name, bool flag);
void print_integer(FILE *out, bool is_first, const char *name, int64_t number);
void print_number(FILE *out, bool is_first, const char *name, uint64_t number);

/* A name as it is; for a terminal with "?" for control characters. */
/* In a column; is_human: as 1.2K, 34M. */
void print_size(FILE *out, uint64_t size, bool is_human);

void print_name(FILE *out, const char *name);

/* A line on stderr about a transfer, if that is a terminal. */
struct progress {
	const char *name;
	uint64_t total; /* bytes; 0: not known */
	int64_t started_ms, shown_ms;
	bool is_shown;
};

void progress_begin(struct progress *p, const char *name, uint64_t total);
void progress_step(struct progress *p, uint64_t done);
void progress_end(struct progress *p);

#endif
