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
	const struct command_own *own; /* NULL: none */
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

static const struct command_own *
find_own(const struct words *words, const char *name, size_t len, char letter)
{
	const struct command_own *own = words->own;

	for (; own && own->name; own++) {
		if (name && strncmp(own->name, name, len) == 0 &&
		    !own->name[len])
			return own;
		if (letter && own->letter == letter)
			return own;
	}
	return NULL;
}

static int add_given(struct command_line *line, const struct command_own *own,
		     const char *value)
{
	struct command_given *given =
		realloc(line->given, (line->given_count + 1) * sizeof(*given));

	if (!given)
		return -ENOMEM;
	line->given = given;
	given[line->given_count++] = (struct command_given){ own, value };
	return 0;
}

/* --NAME, --NAME=VALUE, --NAME VALUE. */
static int parse_own(struct command_line *line, struct words *words,
		     const struct command_own *own, struct errinfo *err)
{
	const char *equals = strchr(words->argv[words->at], '=');

	if (!own->has_value && equals)
		return errinfo_set(err, -EINVAL, "--%s takes no value",
				   own->name);
	if (!own->has_value)
		return add_given(line, own, NULL);
	if (equals)
		return add_given(line, own, equals + 1);
	if (words->at + 1 >= words->count)
		return errinfo_set(err, -EINVAL,
				   "--%s needs a value; see --help", own->name);
	return add_given(line, own, words->argv[++words->at]);
}

static int parse_letter(struct command_line *line, const struct words *words,
			char letter, struct errinfo *err)
{
	const struct command_own *own = find_own(words, NULL, 0, letter);

	if (own && !own->has_value)
		return add_given(line, own, NULL);
	if (letter == 'f' && !words->own)
		line->is_foreground = true;
	else if (letter == 'h')
		line->wants_help = true;
	else if (letter == 'V')
		line->wants_version = true;
	else if (letter == 'd' && !words->own) /* s3fs's, as the next is */
		return add_options(line, "log_level=debug");
	else if (letter == 's' && !words->own)
		return 0; /* one thread or several: nobody can tell */
	else if (!words->is_mount_helper || !strchr("nv", letter))
		return errinfo_set(err, -EINVAL,
				   "unknown option -%c; see --help", letter);
	return 0;
}

static int parse_short(struct command_line *line, struct words *words,
		       struct errinfo *err)
{
	const char *word = words->argv[words->at], *arg;
	char letter = word[1];
	const struct command_own *own = find_own(words, NULL, 0, letter);
	bool takes_own = own && own->has_value;

	if (takes_own || letter == 'o' || letter == 'c' ||
	    (letter == 't' && words->is_mount_helper)) {
		arg = argument(words);
		if (!arg)
			return errinfo_set(err, -EINVAL,
					   "-%c needs an argument; see --help",
					   letter);
		if (takes_own)
			return add_given(line, own, arg);
		if (letter == 'c')
			line->config_path = arg;
		return letter == 'o' ? add_options(line, arg) : 0;
	}
	for (word++; *word; word++) {
		int rc = parse_letter(line, words, *word, err);

		if (rc)
			return rc;
	}
	return 0;
}

static int parse_long(struct command_line *line, struct words *words,
		      struct errinfo *err)
{
	const char *name = words->argv[words->at] + 2;
	const struct command_own *own =
		find_own(words, name, strcspn(name, "="), '\0');

	if (own)
		return parse_own(line, words, own, err);
	if (strncmp(name, "help=", 5) == 0 && !words->own)
		line->help_form = name + 5;
	if (strcmp(name, "help") == 0 || line->help_form)
		line->wants_help = true;
	else if (strcmp(name, "version") == 0)
		line->wants_version = true;
	else if (strcmp(name, "foreground") == 0 && !words->own)
		line->is_foreground = true;
	else if (strncmp(name, "config=", 7) == 0)
		line->config_path = name + 7;
	else
		return add_option(line, name, strlen(name));
	return 0;
}

bool command_line_is_mount(int argc, char *const argv[])
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;

	return argc > 0 &&
	       strncmp(slash ? slash + 1 : argv[0], "mount.", 6) == 0;
}

int command_line_parse(struct command_line *line, const struct command_own *own,
		       int argc, char *const argv[], struct errinfo *err)
{
	struct words words = { .argv = argv, .count = argc, .at = 1 };
	bool is_rest = false;

	*line = (struct command_line){ .own = own };
	line->words = calloc((size_t)argc + 1, sizeof(*line->words));
	if (!line->words)
		return -ENOMEM;
	words.is_mount_helper = command_line_is_mount(argc, argv);
	words.own = own;
	for (; words.at < argc; words.at++) {
		const char *word = argv[words.at];
		int rc = 0;

		if (is_rest || word[0] != '-' || !word[1])
			line->words[line->word_count++] = word;
		else if (word[1] != '-')
			rc = parse_short(line, &words, err);
		else if (word[2])
			rc = parse_long(line, &words, err);
		else
			is_rest = true;
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
	free(line->words);
	free(line->given);
	memset(line, 0, sizeof(*line));
}
