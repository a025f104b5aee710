/* SPDX-License-Identifier: MIT */
/* The command lines of s3fs that mount nothing; see s3fs_command.h. */
#include "s3fs_command.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ABORT      "--incomplete-mpu-abort"
#define WORDS_EACH 3 /* at most: --abort --older-than AGE */

struct rewriting {
	char **words; /* owned */
	int count;
	bool is_tool;
};

static void add(struct rewriting *to, char *word)
{
	to->words[to->count++] = word;
}

/* Takes over one option of argv. */
static void add_option(struct rewriting *to, char *word)
{
	static char abort_option[] = "--abort";
	static char age_option[] = "--older-than";
	bool is_abort = strncmp(word, ABORT, strlen(ABORT)) == 0;
	char *behind = is_abort ? word + strlen(ABORT) : NULL;

	if (strcmp(word, "-u") == 0 ||
	    strcmp(word, "--incomplete-mpu-list") == 0) {
		to->is_tool = true;
	} else if (is_abort && (!*behind || *behind == '=')) {
		to->is_tool = true;
		add(to, abort_option);
		if (*behind) {
			add(to, age_option);
			add(to, behind + 1);
		}
	} else {
		add(to, word);
	}
}

char **s3fs_command_words(int *argc, char *const argv[])
{
	static char tool[] = "uploads";
	struct rewriting to = { 0 };
	bool is_rest = false;

	to.words = calloc(WORDS_EACH * (size_t)*argc + 2, sizeof(*to.words));
	if (!to.words)
		goto none;
	add(&to, argv[0]);
	add(&to, tool);
	for (int i = 1; i < *argc; i++) {
		bool has_argument = strcmp(argv[i], "-o") == 0 ||
				    strcmp(argv[i], "-c") == 0;

		is_rest = is_rest || strcmp(argv[i], "--") == 0;
		if (is_rest)
			add(&to, argv[i]);
		else
			add_option(&to, argv[i]);
		if (has_argument && !is_rest && i + 1 < *argc)
			add(&to, argv[++i]);
	}
	if (!to.is_tool)
		goto none;
	*argc = to.count;
	return to.words;
none:
	free(to.words);
	return NULL;
}
