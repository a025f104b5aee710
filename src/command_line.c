/* SPDX-License-Identifier: MIT */
/* The command line, taken apart; see command_line.h. */
#include "command_line.h"

#include <stdlib.h>
#include <string.h>

/* Where the reading is; argv[at] is the word in hand. */
struct words {
	char *const *argv;
	int count, at;
	bool is_mount_helper;
};

/* Takes text (NAME or NAME=VALUE, len bytes) in; it is copied. */
static int add_option(struct command_line *line, const char *text, size_t len)
{
	struct command_option *options = realloc(
		line->options, (line->option_count + 1) * sizeof(*options));
	struct command_option *option;

	if (!options)
		return -ENOMEM;
	line->options = options;
	option = &options[line->option_count];
	option->name = strndup(text, len);
	if (!option->name)
		return -ENOMEM;
	option->value = strchr(option->name, '=');
	if (option->value)
		*option->value++ = '\0';
	line->option_count++;
	return 0;
}

/*
 * The length up to the comma that ends an option. A backslash hides a comma,
 * and so do the brackets and quotes of a value that begins with a bracket.
 */
static size_t option_length(const char *text)
{
	const char *equals = strchr(text, '=');
	const char *p = text;
	int depth = 0;
	char quote = '\0';

	for (; *p && (depth || quote || *p != ','); p++) {
		if (*p == '\\' && p[1]) {
			p++;
			continue;
		}
		if (!equals || p <= equals || !strchr("[{(", equals[1]))
			continue;
		if (quote && *p == quote)
			quote = '\0';
		else if (quote)
			continue;
		else if (*p == '"' || *p == '\'')
			quote = *p;
		else if (strchr("[{(", *p))
			depth++;
		else if (strchr("]})", *p))
			depth--;
	}
	return (size_t)(p - text);
}

/* "\," is a comma; every other backslash is the value's own. */
static void unescape(char *s)
{
	char *to = s;

	for (; *s; s++) {
		if (*s == '\\' && s[1] == ',')
			s++;
		*to++ = *s;
	}
	*to = '\0';
}

static int add_options(struct command_line *line, const char *text)
{
	while (*text) {
		size_t len = option_length(text);
		int rc = len ? add_option(line, text, len) : 0;

		if (rc)
			return rc;
		if (len && line->options[line->option_count - 1].value)
			unescape(line->options[line->option_count - 1].value);
		text += len;
		text += *text == ',';
	}
	return 0;
}

/* The argument of -X: the rest of the word, or the next one. */
static const char *argument(struct words *words)
{
	if (words->argv[words->at][2])
		return words->argv[words->at] + 2;
	if (words->at + 1 >= words->count)
		return NULL;
	return words->argv[++words->at];
}

static int parse_short(struct command_line *line, struct words *words,
		       struct errinfo *err)
{
	const char *word = words->argv[words->at], *arg;
	char letter = word[1];

	if (letter == 'o' || letter == 'c' ||
	    (letter == 't' && words->is_mount_helper)) {
		arg = argument(words);
		if (!arg)
			return errinfo_set(err, -EINVAL,
					   "-%c needs an argument; see --help",
					   letter);
		if (letter == 'c')
			line->config_path = arg;
		return letter == 'o' ? add_options(line, arg) : 0;
	}
	for (word++; *word; word++) {
		if (*word == 'f')
			line->is_foreground = true;
		else if (*word == 'h')
			line->wants_help = true;
		else if (*word == 'V')
			line->wants_version = true;
		else if (!words->is_mount_helper || !strchr("nsv", *word))
			return errinfo_set(err, -EINVAL,
					   "unknown option -%c; see --help",
					   *word);
	}
	return 0;
}

static int parse_long(struct command_line *line, const char *name)
{
	if (strcmp(name, "help") == 0)
		line->wants_help = true;
	else if (strcmp(name, "version") == 0)
		line->wants_version = true;
	else if (strcmp(name, "foreground") == 0)
		line->is_foreground = true;
	else if (strncmp(name, "config=", 7) == 0)
		line->config_path = name + 7;
	else
		return add_option(line, name, strlen(name));
	return 0;
}

static int parse_word(struct command_line *line, const char *word,
		      struct errinfo *err)
{
	if (line->word_count == ARRAY_SIZE(line->words))
		return errinfo_set(err, -EINVAL,
				   "'%.60s' is one word too many: write "
				   "s3storefs BUCKET[:PREFIX] MOUNTPOINT",
				   word);
	line->words[line->word_count++] = word;
	return 0;
}

int command_line_parse(struct command_line *line, int argc, char *const argv[],
		       struct errinfo *err)
{
	struct words words = { .argv = argv, .count = argc, .at = 1 };
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	bool is_rest = false;

	memset(line, 0, sizeof(*line));
	words.is_mount_helper = argc > 0 && strncmp(slash ? slash + 1 : argv[0],
						    "mount.", 6) == 0;
	for (; words.at < argc; words.at++) {
		const char *word = argv[words.at];
		int rc;

		if (is_rest || word[0] != '-' || !word[1])
			rc = parse_word(line, word, err);
		else if (word[1] != '-')
			rc = parse_short(line, &words, err);
		else if (word[2])
			rc = parse_long(line, word + 2);
		else
			rc = 0, is_rest = true;
		if (rc)
			return rc;
	}
	return 0;
}

void command_line_release(struct command_line *line)
{
	for (size_t i = 0; i < line->option_count; i++)
		free(line->options[i].name);
	free(line->options);
	memset(line, 0, sizeof(*line));
}
