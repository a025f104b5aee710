/* SPDX-License-Identifier: MIT */
/* The words of a command line; see creds_words.h. */
#include "creds/creds_words.h"

#include <stdbool.h>
#include <string.h>

#define BLANKS " \t\r\n"

/*
 * Takes what a quote holds, from behind it; within double quotes a backslash
 * stands for itself, unless one of these two follows. NULL: it does not end.
 */
static const char *words_take_quoted(const char *at, char quote, char **to)
{
	for (; *at != quote; at++) {
		if (quote == '"' && *at == '\\' &&
		    (at[1] == '"' || at[1] == '\\'))
			at++;
		if (*at == '\0')
			return NULL;
		*(*to)++ = *at;
	}
	return at + 1;
}

/* Takes one word. NULL: something is missing. */
static const char *words_take_word(const char *at, char **to)
{
	while (at && *at && !strchr(BLANKS, *at)) {
		if (*at == '"' || *at == '\'') {
			at = words_take_quoted(at + 1, *at, to);
			continue;
		}
		if (*at == '\\' && *++at == '\0')
			return NULL;
		*(*to)++ = *at++;
	}
	return at;
}

int creds_words_split(const char *line, struct creds_words *out)
{
	char *to;

	*out = (struct creds_words){ .text = malloc(2 * strlen(line) + 2) };
	if (!out->text)
		return -ENOMEM;
	to = out->text;
	for (;;) {
		line += strspn(line, BLANKS);
		if (*line == '\0')
			return out->count > 0 ? 0 : -EINVAL;
		if (out->count == CREDS_WORDS_MAX)
			return -E2BIG;
		out->words[out->count++] = to;
		line = words_take_word(line, &to);
		if (!line)
			return -EINVAL;
		*to++ = '\0';
	}
}

void creds_words_release(struct creds_words *words)
{
	free(words->text);
	*words = (struct creds_words){ 0 };
}
