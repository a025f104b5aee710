/* SPDX-License-Identifier: MIT */
/*
 * Brings the settings together from their sources; see config.h. Each value
 * remembers how strong its source was, so the order of reading is free.
 */
#include "config.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_line.h"
#include "config_edit.h"
#include "config_file.h"
#include "config_rules.h"
#include "errinfo.h"
#include "foreign.h"
#include "settings.h"

/* One source on its way in. */
struct source {
	struct config *config;
	enum origin origin;
	const char *path;              /* of a file */
	bool is_private;               /* nobody else can read that file */
	const struct command_own *own; /* of the tool on the command line */
};

/* 'http://user:password@proxy:3128' */
static bool holds_password(const struct setting_def *def, const char *text)
{
	return (def->offset == offsetof(struct config, proxies) ||
		def->offset == offsetof(struct config, client_config)) &&
	       strchr(text, '@');
}

static int set_from(const struct source *source, const struct setting_def *def,
		    const char *text, bool is_used, struct errinfo *err)
{
	struct setting *setting = config_setting(source->config, def);
	bool is_literal = source->origin < ORIGIN_ENVIRONMENT;
	const char *secret = NULL;
	struct value value;
	int rc = settings_parse(def, text, is_literal, &value, err);

	if (rc)
		return rc;
	if (!source->is_private)
		secret = config_holds_key(&value)  ? "SSECustomerKey" :
			 holds_password(def, text) ? "a proxy's password" :
						     NULL;
	if (secret && source->origin == ORIGIN_COMMAND_LINE)
		rc = errinfo_set(err, -EINVAL,
				 "%s on the command line would show in ps: put "
				 "%s into a settings file that only you can "
				 "read",
				 secret, def->name);
	else if (secret)
		rc = config_note_exposed(source->config, secret);
	if (rc || !is_used || source->origin < setting->origin) {
		value_release(&value);
		return rc;
	}
	value_release(&setting->value);
	setting->value = value;
	setting->origin = source->origin;
	return 0;
}

static int unknown(struct text_nearest *nearest, struct errinfo *err)
{
	settings_try_names(nearest);
	return errinfo_set(err, -EINVAL,
			   "unknown setting %.60s%s (--help=all lists all)",
			   nearest->to, text_nearest_hint(nearest));
}

/* On the command line it may also be an option of s3fs or of the tool. */
static int unknown_option(const char *name, const struct command_own *own,
			  struct errinfo *err)
{
	struct text_nearest nearest = { .to = name };

	for (; own && own->name; own++)
		text_nearest_try(&nearest, own->name);
	foreign_try_names(FOREIGN_S3FS, &nearest);
	return unknown(&nearest, err);
}

int config_take_defaults(struct config *config, struct errinfo *err)
{
	config->settings = calloc(settings_count, sizeof(struct setting));
	if (!config->settings)
		return errinfo_set(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < settings_count; i++) {
		const struct setting_def *def = &settings_table[i];
		struct setting *setting = &config->settings[i];
		int rc;

		if (!def->default_text) {
			setting->value.kind = VALUE_BOOL;
			continue;
		}
		rc = settings_parse(def, def->default_text, true,
				    &setting->value, err);
		if (rc)
			return rc;
	}
	return 0;
}

static int take_line(void *arg, const struct config_line *line,
		     struct errinfo *err)
{
	struct source source = *(struct source *)arg;
	const char *word = source.config->bucket_word;
	const struct setting_def *def;
	bool is_used = true;

	if (config_is_rule(line->section))
		return line->name ? config_rule_take(source.config, line,
						     source.is_private, err) :
				    config_rule_begin(source.config,
						      line->section, err);
	if (!line->name)
		return 0;
	def = settings_find(line->name);
	if (!def || def->type == SETTING_WORD)
		return unknown(&(struct text_nearest){ .to = line->name }, err);
	if (*line->section) {
		source.origin = ORIGIN_SECTION;
		is_used = word && strcmp(line->section, word) == 0;
	}
	if (def->type == SETTING_SECRET && *line->value && !source.is_private &&
	    strcmp(line->value, "None") != 0 &&
	    config_note_exposed(source.config, def->name))
		return -ENOMEM;
	return set_from(&source, def, line->value, is_used, err);
}

static int take_file(struct config *config, const char *path, struct buf *why)
{
	struct source source = { .config = config,
				 .origin = ORIGIN_FILE,
				 .path = path };
	struct buf text = BUF_INIT(CONFIG_FILE_MAX);
	struct errinfo err = ERRINFO_INIT;
	unsigned line = 0;
	int rc;

	config->path = strdup(path);
	if (!config->path)
		return -ENOMEM;
	rc = config_file_read(path, &text, &source.is_private, &err);
	if (rc) {
		buf_add_fmt(why, "settings file %s", err.text);
	} else {
		rc = config_file_parse(text.data, take_line, &source, &line,
				       &err);
		if (rc)
			buf_add_fmt(why, "%s:%u: %s", path, line, err.text);
	}
	if (text.data)
		explicit_bzero(text.data, text.cap);
	buf_release(&text);
	return rc;
}

static int find_file(struct config *config, const char *given, struct buf *why)
{
	AUTO_FREE char *path = NULL;
	int rc = config_file_find(given, &path, &config->unread);

	return rc == 0 && path ? take_file(config, path, why) : rc;
}

/*
 * Full names only. Keys are left to the credentials' own chain, which reads
 * them where every AWS tool does; the typed BUCKET wins over the variable.
 */
static int take_environment(struct config *config, struct errinfo *err)
{
	struct source source = { .config = config,
				 .origin = ORIGIN_ENVIRONMENT,
				 .is_private = true };

	for (size_t i = 0; i < settings_count; i++) {
		const struct setting_def *def = &settings_table[i];
		const char *text = secure_getenv(def->name);
		int rc;

		if (!text || !*text || !isupper((unsigned char)def->name[0]))
			continue;
		if (def->type == SETTING_SECRET &&
		    def->offset != offsetof(struct config, cloudfront_key))
			continue;
		if (config->bucket_word &&
		    def->offset == offsetof(struct config, bucket))
			continue;
		rc = set_from(&source, def, text, true, err);
		if (rc)
			return rc;
	}
	return 0;
}

/* Of an option of s3fs. */
static int set_foreign(struct foreign_sink *sink, const char *name,
		       const char *value, struct errinfo *err)
{
	struct source source = { .config = sink->config,
				 .origin = ORIGIN_COMMAND_LINE };
	struct errinfo why = ERRINFO_INIT;
	int rc = set_from(&source, settings_find(name), value, true, &why);

	/* The setting's sentence does not name the option that was written. */
	return rc ? errinfo_set(err, rc, "-o %s: %s", sink->name, why.text) : 0;
}

/* A word of fstab that takes another one back, as the last of them counts. */
static const char *opposite(const char *name)
{
	static const char *const words[][2] = {
		{ "rw", "ro" },         { "exec", "noexec" },
		{ "nodev", "dev" },     { "nosuid", "suid" },
		{ "atime", "noatime" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strcmp(name, words[i][0]) == 0)
			return words[i][1];
	return NULL;
}

static int take_option(const struct source *source,
		       const struct command_option *option, struct errinfo *err)
{
	const struct setting_def *def = settings_find(option->name);
	const struct foreign *s3fs = foreign_find(FOREIGN_S3FS, option->name);
	struct foreign_sink sink = { .set = set_foreign,
				     .config = source->config,
				     .from = "",
				     .name = option->name };

	if (strncmp(option->name, "x-", 2) == 0)
		return 0; /* for other programs that read fstab */
	if (s3fs)
		return foreign_take(&sink, s3fs, option->value, err);
	if (!def)
		return unknown_option(option->name, source->own, err);
	if (def->type == SETTING_SECRET)
		return errinfo_set(
			err, -EINVAL,
			"%s on the command line would show in ps: put "
			"%s into the environment or into "
			"~/.aws/credentials",
			option->name, def->name);
	if (def->type == SETTING_WORD && option->value)
		return errinfo_set(err, -EINVAL, "%s takes no value",
				   option->name);
	if (!option->value && def->type != SETTING_BOOL &&
	    def->type != SETTING_WORD)
		return errinfo_set(err, -EINVAL, "write %s=VALUE",
				   option->name);
	if (opposite(option->name))
		return set_from(source, settings_find(opposite(option->name)),
				"false", true, err);
	return set_from(source, def, option->value ? option->value : "true",
			true, err);
}

/* BUCKET[:PREFIX] and MOUNTPOINT, or MOUNTPOINT alone. */
static int take_mount_words(struct config *config,
			    const struct command_line *line,
			    struct errinfo *err)
{
	if (line->word_count == 0)
		return errinfo_set(
			err, -EINVAL,
			"usage: s3storefs BUCKET[:PREFIX] MOUNTPOINT "
			"[-o NAME=VALUE,...]; see --help");
	if (line->word_count > 2)
		return errinfo_set(err, -EINVAL,
				   "'%.60s' is one word too many: write "
				   "s3storefs BUCKET[:PREFIX] MOUNTPOINT",
				   line->words[2]);
	config->mountpoint = strdup(line->words[line->word_count - 1]);
	return config->mountpoint ? 0 : -ENOMEM;
}

/* word is BUCKET[:PREFIX], or NULL. */
static int take_bucket_word(struct config *config, const char *word,
			    struct errinfo *err)
{
	if (!word)
		return 0;
	if (strstr(word, "://"))
		return errinfo_set(err, -EINVAL,
				   "%.60s: write BUCKET[:PREFIX] instead of a "
				   "URL; a server goes to -o endpoint_url=URL",
				   word);
	config->bucket_word = strndup(word, strcspn(word, ":"));
	return config->bucket_word ? 0 : -ENOMEM;
}

static int take_command_line(struct config *config,
			     const struct command_line *line, const char *word,
			     struct errinfo *err)
{
	struct source source = { config, .origin = ORIGIN_COMMAND_LINE,
				 .own = line->own };
	const struct setting_def *bucket = settings_find("bucket_name");
	const char *prefix = word ? strchr(word, ':') : NULL;
	int rc = 0;

	/* s3fs's paths begin with a slash. */
	if (prefix)
		rc = set_from(&source, settings_find("location"),
			      prefix + 1 + strspn(prefix + 1, "/"), true, err);
	for (size_t i = 0; !rc && i < line->option_count; i++)
		rc = take_option(&source, &line->options[i], err);
	/* A name for the bucket in its section: BUCKET is but an alias. */
	if (!rc && config->bucket_word &&
	    config_setting(config, bucket)->origin < ORIGIN_SECTION)
		rc = set_from(&source, bucket, config->bucket_word, true, err);
	return rc;
}

static void store(struct config *config, const struct setting_def *def,
		  const struct value *value)
{
	char *field = (char *)config + def->offset;

	switch (def->type) {
	case SETTING_BOOL:
	case SETTING_WORD:
		*(bool *)(void *)field = value->boolean;
		return;
	case SETTING_NUMBER:
	case SETTING_SIZE:
	case SETTING_DURATION:
	case SETTING_MODE:
		*(uint64_t *)(void *)field = value->kind == VALUE_NONE ?
						     CONFIG_UNSET :
						     (uint64_t)value->integer;
		return;
	case SETTING_TEXT:
	case SETTING_CHOICE:
	case SETTING_URL:
	case SETTING_PATH:
	case SETTING_BOOL_OR_PATH:
	case SETTING_SECRET:
		*(const char **)(void *)field = value->text;
		return;
	case SETTING_LIST:
	case SETTING_MAP:
		*(const struct value **)(void *)field =
			value->kind == VALUE_NONE ? NULL : value;
		return;
	}
}

/* word is BUCKET[:PREFIX], or NULL. */
static int load(struct config *config, const struct command_line *line,
		const char *word, struct errinfo *err, struct buf *why)
{
	int rc = take_bucket_word(config, word, err);

	if (!rc)
		rc = config_take_defaults(config, err);
	if (!rc)
		rc = find_file(config, line->config_path, why);
	if (!rc) {
		rc = take_environment(config, err);
		if (rc)
			buf_add_str(why, "environment: ");
	}
	if (!rc)
		rc = take_command_line(config, line, word, err);
	if (!rc)
		rc = config_derive(config, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < settings_count; i++)
		if (settings_table[i].offset != SETTING_NOWHERE)
			store(config, &settings_table[i],
			      &config->settings[i].value);
	if (config->exposed && !config->allow_readable_keys) {
		buf_add_fmt(why,
			    "%s stands in a file that others can read: chown "
			    "it to yourself and chmod 600 %s; where that "
			    "cannot be, as with a Kubernetes secret, set "
			    "allow_readable_keys",
			    config->exposed, config->path);
		return -EACCES;
	}
	return config_check(config, err);
}

/*
 * The first field of fstab, by which mount(8) sees that it is mounted already
 * and umount(8) finds it.
 */
static int name_source(struct config *config, const char *word)
{
	const char *location = config->location;

	if (config->fsname || word)
		config->source = strdup(config->fsname ? config->fsname : word);
	else if (asprintf(&config->source, "%s%s%s", config->bucket,
			  *location ? ":" : "", location) < 0)
		config->source = NULL;
	return config->source ? 0 : -ENOMEM;
}

void config_tell_unread(const struct config *config, struct buf *why)
{
	if (config->unread)
		buf_add_fmt(why,
			    " (%s was left out: this user may not read it)",
			    config->unread);
}

static int explain(const struct config *config, int rc,
		   const struct errinfo *err, struct buf *why)
{
	if (rc == -ENOMEM) {
		/* Which setting it was for is no matter. */
		buf_clear(why);
		buf_add_str(why, "out of memory");
		return rc;
	}
	if (rc && err->code)
		buf_add_str(why, err->text);
	if (rc)
		config_tell_unread(config, why);
	return rc;
}

int config_load(struct config *config, int argc, char *const argv[],
		struct buf *why)
{
	struct errinfo err = ERRINFO_INIT;
	struct command_line line;
	const char *word;
	int rc;

	memset(config, 0, sizeof(*config));
	config->notes = (struct buf)BUF_INIT(8192);
	rc = command_line_parse(&line, NULL, argc, argv, &err);
	config->wants_help = line.wants_help;
	config->help_form = line.help_form;
	config->wants_version = line.wants_version;
	config->is_foreground = line.is_foreground;
	if (!rc && !line.wants_help && !line.wants_version) {
		word = line.word_count == 2 ? line.words[0] : NULL;
		rc = take_mount_words(config, &line, &err);
		if (!rc)
			rc = load(config, &line, word, &err, why);
		if (!rc)
			rc = name_source(config, word);
	}
	command_line_release(&line);
	return explain(config, rc, &err, why);
}

int config_load_tool(struct config *config, const struct command_line *line,
		     const char *bucket, struct buf *why)
{
	struct errinfo err = ERRINFO_INIT;

	memset(config, 0, sizeof(*config));
	config->notes = (struct buf)BUF_INIT(8192);
	return explain(config, load(config, line, bucket, &err, why), &err,
		       why);
}

void config_release(struct config *config)
{
	config_rules_release(config);
	for (size_t i = 0; config->settings && i < settings_count; i++)
		value_release(&config->settings[i].value);
	free(config->settings);
	value_release(&config->parameters);
	buf_release(&config->notes);
	free(config->path);
	free(config->unread);
	free(config->exposed);
	free(config->bucket_word);
	free(config->mountpoint);
	free(config->source);
	memset(config, 0, sizeof(*config));
}
