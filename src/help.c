/* SPDX-License-Identifier: MIT */
/* What --help prints; see help.h. */
#include "help.h"

#include "settings.h"

static const char usage[] =
	"usage: s3storefs BUCKET[:PREFIX] MOUNTPOINT [-o NAME=VALUE,...]\n"
	"                 [-c FILE] [-f]\n"
	"\n"
	"Mounts an S3 bucket, or what lies below PREFIX in it, as a directory.\n"
	"Unmount with: fusermount3 -u MOUNTPOINT\n"
	"\n"
	"  -o NAME=VALUE,...  settings, see below; \\, is a comma in a value\n"
	"  --NAME=VALUE       the same for one setting\n"
	"  -c, --config=FILE  settings file, else $S3STOREFS_CONF, else\n"
	"                     ~/.config/s3storefs/s3storefs.conf, else\n"
	"                     /etc/s3storefs.conf\n"
	"  -f, --foreground   stay in the foreground, log to stderr\n"
	"  -h, --help         print this\n"
	"  -V, --version      print the version\n"
	"\n"
	"Keys come from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the\n"
	"environment, from ~/.aws/credentials, or from a settings file that only\n"
	"you can read; never from the command line.\n"
	"\n"
	"Exit status: 0 mounted, 1 cannot mount, 2 wrong usage or setting.\n"
	"\n"
	"Settings, as NAME = value in a file, short name in -o, full name also\n"
	"in the environment (full name, short name, default):\n";

static void print_setting(FILE *out, const struct setting_def *def)
{
	char name[SETTING_NAME_MAX];

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

void help_print(FILE *out)
{
	fputs(usage, out);
	for (size_t i = 0; i < settings_count; i++)
		if (settings_table[i].type != SETTING_WORD)
			print_setting(out, &settings_table[i]);
	fputs("\nfstab's words (noatime, noexec, nodev, _netdev, nofail, x-...)\n"
	      "are taken in -o; those that concern the mount have their effect.\n",
	      out);
}
