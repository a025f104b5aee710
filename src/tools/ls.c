/* SPDX-License-Identifier: MIT */
/*
 * s3storefs ls: what is below a name, as django-storages' listdir() gives
 * it: page by page, so any number takes the same memory.
 */
#include <stdio.h>
#include <string.h>

#include "ls.h"
#include "output.h"
#include "target.h"
#include "text.h"
#include "tool.h"

static const char help[] =
	"usage: s3storefs ls [OPTION...] BUCKET[:PREFIX] [NAME]\n"
	"       s3storefs ls [OPTION...] PATH\n"
	"\n"
	"Lists what is directly below NAME in the bucket: folders, with a slash\n"
	"behind them, and objects, in the order of the server. It shows what a\n"
	"mount cannot: an object and a folder of one name, and keys that no path\n"
	"can name (a//b is the entry / of a/). If nothing is below NAME but\n"
	"there is such an object, it lists that. A PATH, with a slash in it, is\n"
	"on a mount, which tells what it shows there.\n"
	"\n"
	"  -l                 size, time (UTC) and ETag before the name\n"
	"  -h                 the size as 1.2K, 34M or 5.6G\n"
	"  -r, --recursive    all objects below, their names from NAME on\n"
	"  --json             one JSON object a line\n"
	"  --exact            NAME is the beginning of keys as it is\n"
	"  -c FILE, -o NAME=VALUE,..., --NAME=VALUE  settings, as for a mount\n"
	"\n"
	"Exit status: 0, 1 nothing is there or it failed, 2 wrong usage or\n"
	"setting. An empty bucket is 0.\n";

static const struct command_own options[] = {
	{ .name = "long", .letter = 'l' },
	{ .name = "human-readable", .letter = 'h' },
	{ .name = "recursive", .letter = 'r' },
	{ .name = "json" },
	{ .name = "exact" },
	{ 0 },
};

static void ls_print_json(const struct listing *l, const struct s3_listed *item,
			  const char *name)
{
	char date[TEXT_ISO_DATE_SIZE];

	putchar('{');
	print_member(stdout, true, "name", name);
	print_member(stdout, false, "type",
		     item->is_prefix ? "folder" : "file");
	print_member(stdout, false, "key", item->key);
	if (!item->is_prefix) {
		text_iso_date(date, item->mtime_ns);
		print_number(stdout, false, "size", item->size);
		print_member(stdout, false, "mtime", date);
		print_member(stdout, false, "etag", item->etag);
	}
	puts("}");
}

void ls_print(const struct listing *l, const struct s3_listed *item,
	      const char *name)
{
	char date[TEXT_ISO_DATE_SIZE] = "";

	if (l->is_json) {
		ls_print_json(l, item, name);
		return;
	}
	if (l->is_long && item->is_prefix) {
		printf("%14s %24s %-34s ", "-", "-", "-");
	} else if (l->is_long) {
		text_iso_date(date, item->mtime_ns);
		print_size(stdout, item->size, l->is_human);
		printf(" %24s %-34s ", date, item->etag);
	}
	print_name(stdout, name);
	putchar('\n');
}

static int ls_fail(const struct listing *l, int code, const struct errinfo *err)
{
	return tool_fail_request(l->call, l->bucket, NULL, code, err,
				 "s3:ListBucket");
}

static void ls_print_page(struct listing *l, const struct s3_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct s3_listed *item = &list->items[i];

		l->count++;
		/* The marker of the folder is no entry of it. */
		if (item->key_len > l->prefix.len)
			ls_print(l, item, item->key + l->prefix.len);
	}
}

/* What is below the prefix, page by page. */
static int ls_below(struct listing *l)
{
	struct s3_client *s3 = l->bucket->network.s3;
	struct s3_list list = {
		.prefix = buf_str(&l->prefix),
		.delimiter = l->is_recursive ? NULL : "/",
	};
	int rc, status;

	s3_list_start(s3, &list);
	rc = s3_wait(s3, &list.op);
	while (rc == 0) {
		ls_print_page(l, &list);
		if (!s3_list_has_more(&list) || ferror(stdout))
			break;
		s3_list_next_start(s3, &list);
		rc = s3_wait(s3, &list.op);
	}
	status = rc ? ls_fail(l, rc, &list.op.err) : TOOL_OK;
	s3_list_release(&list);
	return status;
}

static int ls_nothing(const struct listing *l, const char *name)
{
	return tool_fail(l->call, TOOL_NO,
			 "%s: there is no such object, and nothing below it",
			 name);
}

/* NAME is no folder: an object, perhaps. */
static int ls_object(struct listing *l, const char *name, const char *key)
{
	struct s3_head head = { .key = key };
	struct s3_listed item = { .key = key };
	const char *slash = strrchr(name, '/');
	int rc, status = TOOL_OK;

	s3_head_start(l->bucket->network.s3, &head);
	rc = s3_wait(l->bucket->network.s3, &head.op);
	if (rc == 0) {
		item.size = head.object.size;
		item.mtime_ns = head.object.mtime_ns;
		memcpy(item.etag, head.object.etag, sizeof(item.etag));
		ls_print(l, &item, slash ? slash + 1 : name);
	} else if (rc == -ENOENT) {
		status = ls_nothing(l, name);
	} else {
		status = ls_fail(l, rc, &head.op.err);
	}
	s3_head_release(&head);
	return status;
}

static int ls_all(struct listing *l, const char *name, bool is_exact)
{
	size_t len = strlen(name);
	bool is_folder = len == 0 || name[len - 1] == '/';
	AUTO_FREE char *key = strdup(buf_str(&l->prefix));
	int status;

	if (!is_folder && !is_exact)
		buf_add_char(&l->prefix, '/');
	if (l->prefix.error || !key)
		return tool_fail(l->call, TOOL_NO, "out of memory");
	status = ls_below(l);
	if (status != TOOL_OK || l->count > 0 || len == 0)
		return status;
	return is_folder || is_exact ? ls_nothing(l, name) :
				       ls_object(l, name, key);
}

static int tool_ls_run(const struct tool_call *call)
{
	const struct command_line *line = &call->line;
	AUTO_BUF struct buf path = BUF_INIT(S3_KEY_MAX);
	struct listing l = {
		.call = call,
		.is_long = tool_option(call, "long"),
		.is_human = tool_option(call, "human-readable"),
		.is_json = tool_option(call, "json"),
		.is_recursive = tool_option(call, "recursive"),
		.prefix = BUF_INIT(S3_KEY_MAX + 1),
	};
	struct tool_bucket bucket;
	int status;

	if (line->word_count < 1 || line->word_count > 2)
		return tool_usage(call);
	if (target_is_path(line->words[0]))
		return line->word_count == 1 ? ls_path(&l, line->words[0]) :
					       tool_usage(call);
	status = tool_open(call, line->words[0], &bucket);
	if (status == TOOL_OK && line->word_count == 2)
		status = target_path(call, &bucket, line->words[1], &path);
	if (status == TOOL_OK) {
		l.bucket = &bucket;
		target_key(&bucket, buf_str(&path), &l.prefix);
		status = ls_all(&l, buf_str(&path), tool_option(call, "exact"));
	}
	buf_release(&l.prefix);
	(void)tool_close(&bucket);
	return status;
}

const struct tool tool_ls = { "ls", help, options, tool_ls_run };
