/* SPDX-License-Identifier: MIT */
/* What --help prints; see help.h. */
#include "help.h"

#include <string.h>

#include "foreign.h"
#include "macros.h"
#include "settings.h"
#include "text.h"

static const char usage[] =
	"usage: s3storefs BUCKET[:PREFIX] MOUNTPOINT [-o NAME=VALUE,...]\n"
	"                 [-c FILE] [-f]\n"
	"       s3storefs TOOL ...; s3storefs help TOOL tells more\n"
	"\n"
	"Mounts an S3 bucket, or what lies below PREFIX in it, as a directory.\n"
	"Unmount with: s3storefs umount MOUNTPOINT, or fusermount3 -u\n"
	"\n"
	"  -o NAME=VALUE,...  settings, see below; \\, is a comma in a value\n"
	"  --NAME=VALUE       the same for one setting\n"
	"  -c, --config=FILE  settings file, else $S3STOREFS_CONF, else\n"
	"                     ~/.config/s3storefs/s3storefs.conf, else\n"
	"                     /etc/s3storefs.conf\n"
	"  -f, --foreground   stay in the foreground, log to stderr\n"
	"  -h, --help         print this; --help=all: with all settings;\n"
	"                     --help=conf: a settings file with them\n"
	"  -V, --version      print the version\n"
	"\n"
	"Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the\n"
	"environment, from ~/.aws/credentials, or from a settings file that only\n"
	"you can read; never from the command line.\n"
	"\n"
	"Exit status: 0 mounted, 1 cannot mount, 2 wrong usage or setting.\n"
	"\n";

/* What people set first. */
static const char *const basic[] = {
	"endpoint_url", "region_name",  "addressing_style", "profile",
	"anonymous",    "ro",           "allow_other",      "uid",
	"umask",        "attr_timeout", "file_overwrite",   "log_to",
};

static void print_basic(FILE *out)
{
	fputs("The settings that are needed first:\n", out);
	for (size_t i = 0; i < ARRAY_SIZE(basic); i++)
		fprintf(out, "  %-17s  %s\n", basic[i],
			settings_find(basic[i])->help);
}

static void print_setting(FILE *out, const struct setting_def *def)
{
	char name[SETTING_NAME_MAX];

	if (def->group)
		fprintf(out, "\n%s\n", def->group);
	settings_short_name(def, name);
	fprintf(out, "\n  %s  %s  %s\n      %s", def->name, name,
		def->default_text, def->help);
	if (def->aliases)
		fprintf(out, "\n      also: %s", def->aliases);
	if (def->choices)
		fprintf(out, "\n      one of: %s", def->choices);
	if (def->instead)
		fprintf(out, "; use %s", def->instead);
	fputc('\n', out);
}

static void print_all(FILE *out)
{
	fputs("Settings, as NAME = value in a file, short name in -o, full "
	      "name also\nin the environment (full name, short name, "
	      "default):\n",
	      out);
	for (size_t i = 0; i < settings_count; i++)
		if (settings_table[i].type != SETTING_WORD)
			print_setting(out, &settings_table[i]);
	fputs("\nfstab's words (noatime, noexec, nodev, _netdev, nofail, x-...)\n"
	      "are taken in -o; those that concern the mount have their effect.\n"
	      "So are the options of s3fs: see s3storefs.conf(5).\n",
	      out);
}

/* ------------------------------------------------------- s3storefs.conf */

static const char sample_head[] =
	"# s3storefs.conf: the settings of s3storefs, each with its default.\n"
	"#\n"
	"# A copy of this file works as -c FILE, as $S3STOREFS_CONF, as\n"
	"# ~/.config/s3storefs/s3storefs.conf or as /etc/s3storefs.conf; the first of\n"
	"# these counts. Stronger than the file: the environment, and above it -o.\n"
	"#\n"
	"# NAME = value. Values are bare words, texts in quotes, or JSON or Python\n"
	"# literals for lists and maps, which may go over several lines. The short\n"
	"# names of -o work too: file_overwrite for AWS_S3_FILE_OVERWRITE.\n"
	"#\n"
	"# [my-bucket] begins the settings for one bucket: \"s3storefs my-bucket ...\".\n"
	"# With AWS_STORAGE_BUCKET_NAME in it the section's name is free to choose.\n"
	"# [*.css], [img/**.png], [private/] or [my-bucket:*.css] begin parameters\n"
	"# for single paths: CacheControl = 'max-age=86400', AWS_DEFAULT_ACL = ...\n"
	"#\n"
	"# A file with keys or passwords in it must be yours and closed to others:\n"
	"# chmod 600. s3storefs.conf(5) says more.\n";

#define SAMPLE_WIDTH 78

/* text as comment lines. */
static void print_comment(FILE *out, const char *text)
{
	size_t column = 1;

	fputc('#', out);
	while (*text) {
		size_t len = strcspn(text, " ");

		if (column + 1 + len > SAMPLE_WIDTH && column > 1) {
			fputs("\n#", out);
			column = 1;
		}
		fprintf(out, " %.*s", (int)len, text);
		column += 1 + len;
		text += len;
		text += strspn(text, " ");
	}
	fputc('\n', out);
}

static void print_sample_setting(FILE *out, const struct setting_def *def)
{
	if (def->group)
		fprintf(out, "\n\n# --- %s ---\n", def->group);
	fputc('\n', out);
	print_comment(out, def->help);
	if (def->choices) {
		fputs("# one of:\n", out);
		print_comment(out, def->choices);
	}
	if (def->instead)
		fprintf(out, "# better: %s\n", def->instead);
	fprintf(out, "#%s = %s\n", def->name, def->default_text);
}

static void print_sample(FILE *out)
{
	fputs(sample_head, out);
	for (size_t i = 0; i < settings_count; i++)
		if (settings_table[i].type != SETTING_WORD)
			print_sample_setting(out, &settings_table[i]);
}

/* ----------------------------------------------------------------- roff */

/* Nothing of text is taken for roff, and - is one that can be copied. */
static void print_roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\'')
			fputs("\\(aq", out);
		else
			fputc(*text, out);
	}
}

static void print_kind(FILE *out, const struct setting_def *def)
{
	static const char *const kinds[] = {
		[SETTING_BOOL] = "True or False",
		[SETTING_NUMBER] = "number",
		[SETTING_SIZE] = "bytes, with K, M, G or T",
		[SETTING_DURATION] = "seconds",
		[SETTING_MODE] = "octal mode",
		[SETTING_TEXT] = "text",
		[SETTING_CHOICE] = "word",
		[SETTING_URL] = "URL",
		[SETTING_PATH] = "whole path",
		[SETTING_BOOL_OR_PATH] = "True, False or a whole path",
		[SETTING_SECRET] = "secret text",
		[SETTING_LIST] = "list of texts",
		[SETTING_MAP] = "map",
		[SETTING_WORD] = "word of fstab",
	};

	fputs(kinds[def->type], out);
	fputs("; default ", out);
	print_roff(out, def->default_text);
}

static void print_manual_setting(FILE *out, const struct setting_def *def)
{
	char name[SETTING_NAME_MAX];

	if (def->group)
		fprintf(out, ".SS %s\n", def->group);
	settings_short_name(def, name);
	fprintf(out, ".TP\n.BR %s \" (\" %s \"", def->name, name);
	for (const char *rest = def->aliases; rest && *rest;) {
		size_t len = strcspn(rest, " ");

		fprintf(out, ", %.*s", (int)len, rest);
		rest += len;
		rest += strspn(rest, " ");
	}
	fputs(")\"\n", out);
	print_kind(out, def);
	fputs(".\n.br\n", out);
	print_roff(out, def->help);
	fputs(".\n", out);
	if (def->choices) {
		fputs(".br\nOne of ", out);
		print_roff(out, def->choices);
		fputs(".\n", out);
	}
	if (def->instead)
		fprintf(out, ".br\nBetter:\n.BR %s .\n", def->instead);
}

static void print_manual(FILE *out)
{
	for (size_t i = 0; i < settings_count; i++)
		if (settings_table[i].type != SETTING_WORD)
			print_manual_setting(out, &settings_table[i]);
}

/* How it sets its setting, as far as the name of that goes behind it. */
static const char *foreign_effect(const struct foreign *row)
{
	if (row->kind == FOREIGN_SILENT)
		return "changes nothing: ";
	if (row->kind == FOREIGN_NO_EFFECT)
		return "has no effect: ";
	if (row->kind == FOREIGN_REFUSED)
		return "is refused: ";
	if (text_is(row->words, FOREIGN_SWITCH))
		return "absent or 1 is True for ";
	if (text_is(row->words, FOREIGN_MIB))
		return "in MiB: ";
	return row->own || row->words ? "sets " : "is ";
}

static void print_foreign(FILE *out, const struct foreign *row)
{
	static const char fixed[] = FOREIGN_FIXED;
	const char *tag = ".TP";
	char name[FOREIGN_NAME_MAX];

	for (const char *names = row->names; foreign_next_name(&names, name);) {
		fprintf(out, "%s\n.B %s\n", tag, name);
		tag = ".TQ"; /* one text for several */
	}
	fputs(foreign_effect(row), out);
	print_roff(out, row->to);
	if (row->words && strncmp(row->words, fixed, strlen(fixed)) == 0) {
		fputs(" to ", out);
		print_roff(out, row->words + strlen(fixed));
	}
	fputs(".\n", out);
}

bool help_print(FILE *out, const char *form)
{
	if (!form) {
		fputs(usage, out);
		print_basic(out);
	} else if (strcmp(form, "all") == 0) {
		fputs(usage, out);
		print_all(out);
	} else if (strcmp(form, "conf") == 0) {
		print_sample(out);
	} else if (strcmp(form, "man") == 0) {
		print_manual(out);
	} else if (strcmp(form, "s3fs") == 0) {
		for (size_t i = 0; i < foreign_count; i++)
			if (foreign_table[i].of == FOREIGN_S3FS)
				print_foreign(out, &foreign_table[i]);
	} else {
		return false;
	}
	return true;
}
