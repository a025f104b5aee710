/* SPDX-License-Identifier: MIT */
/*
 * s3storefs uploads: multipart uploads that nobody has ended, listed or
 * aborted, page by page.
 */
#include <stdio.h>
#include <string.h>

#include "age.h"
#include "clock.h"
#include "multipart.h"
#include "output.h"
#include "target.h"
#include "text.h"
#include "tool.h"

#define ABORT_AGE_S AGE_DAY_S /* as s3fs */
#define BATCH       32        /* uploads asked about or aborted at once */

static const char help[] =
	"usage: s3storefs uploads [OPTION...] BUCKET[:PREFIX]\n"
	"\n"
	"Lists the multipart uploads that were begun and neither completed nor\n"
	"aborted: no listing of objects shows them, but their parts are paid for.\n"
	"Of each when it began (UTC), its id and its key, in the order of the\n"
	"server.\n"
	"\n"
	"  -l                 bytes and number of the parts before that\n"
	"  -h                 the bytes as 1.2K, 34M or 5.6G\n"
	"  --abort            abort them, and list which were aborted; only what\n"
	"                     is 24 hours old, unless --older-than says else\n"
	"  --older-than AGE   only what is so old: 1Y6M10D12h30m30s, or some of\n"
	"                     that (a month has 30 days, a year 365); 0 or all\n"
	"                     is everything\n"
	"  --json             one JSON object a line; age is in seconds\n"
	"  -c FILE, -o NAME=VALUE,..., --NAME=VALUE  settings, as for a mount\n"
	"\n"
	"A large file that is being written now, by a mount or any other program,\n"
	"has such an upload. It is not touched while it is younger than AGE; if\n"
	"it is aborted, the file may fail to be stored.\n"
	"\n"
	"As with s3fs, s3storefs -u BUCKET or --incomplete-mpu-list BUCKET list,\n"
	"and s3storefs --incomplete-mpu-abort[=AGE] BUCKET aborts.\n"
	"\n"
	"Exit status: 0 (also if there are none), 1 it failed, be it for one of\n"
	"them, 2 wrong usage or setting.\n";

static const struct command_own options[] = {
	{ .name = "long", .letter = 'l' },
	{ .name = "human-readable", .letter = 'h' },
	{ .name = "abort" },
	{ .name = "older-than", .has_value = true },
	{ .name = "json" },
	{ 0 },
};

struct uploads {
	const struct tool_call *call;
	const struct tool_bucket *bucket;
	bool is_long, is_human, is_json, is_abort;
	bool is_down;  /* no answer came: the others would wait as long */
	int64_t age_s; /* at least; 0: any */
	struct buf prefix;
	int status; /* the worst so far */
};

/* One of a batch. */
struct upload {
	const struct s3_listed_upload *listed;
	int64_t age_s;
	struct s3_list_parts list;
	struct s3_abort_upload abort;
	bool is_measured; /* the numbers are known */
	uint64_t parts, bytes;
};

/* key: of an upload; NULL: it was a list. */
static void uploads_fail(struct uploads *u, const char *key, int code,
			 const struct errinfo *err)
{
	u->status = tool_fail_request(u->call, u->bucket, key, code, err,
				      u->is_abort && key ?
					      "s3:AbortMultipartUpload" :
				      key ? "s3:ListMultipartUploadParts" :
					    "s3:ListBucketMultipartUploads");
	/* What is listed already is told in any case. */
	u->is_down = u->is_down || (key && err->http_status == 0);
}

/* ------------------------------------------------------------- one upload */

static void uploads_print_json(const struct uploads *u,
			       const struct upload *upload, const char *date)
{
	putchar('{');
	print_member(stdout, true, "key", upload->listed->key);
	print_member(stdout, false, "upload_id", upload->listed->upload_id);
	print_member(stdout, false, "initiated", date);
	print_integer(stdout, false, "age", upload->age_s);
	if (u->is_long && upload->is_measured) {
		print_number(stdout, false, "parts", upload->parts);
		print_number(stdout, false, "bytes", upload->bytes);
	} else if (u->is_long) {
		print_member(stdout, false, "parts", NULL);
		print_member(stdout, false, "bytes", NULL);
	}
	if (u->is_abort)
		print_flag(stdout, false, "aborted", true);
	puts("}");
}

static void uploads_print(const struct uploads *u, const struct upload *upload)
{
	char date[TEXT_ISO_DATE_SIZE];

	text_iso_date(date, upload->listed->initiated_ns);
	if (u->is_json) {
		uploads_print_json(u, upload, date);
		return;
	}
	if (u->is_long && upload->is_measured) {
		print_size(stdout, upload->bytes, u->is_human);
		printf(" %5llu ", (unsigned long long)upload->parts);
	} else if (u->is_long) {
		printf("%14s %5s ", "-", "-");
	}
	printf("%24s ", date);
	print_name(stdout, upload->listed->upload_id);
	putchar(' ');
	print_name(stdout, upload->listed->key);
	putchar('\n');
}

static void uploads_start_measure(const struct uploads *u,
				  struct upload *upload)
{
	upload->list.key = upload->listed->key;
	upload->list.upload_id = upload->listed->upload_id;
	s3_list_parts_start(u->bucket->network.s3, &upload->list);
}

static void uploads_end_measure(struct uploads *u, struct upload *upload)
{
	struct s3_list_parts *list = &upload->list;
	int rc = s3_wait(u->bucket->network.s3, &list->op);

	while (rc == 0) {
		upload->parts += list->count;
		for (size_t i = 0; i < list->count; i++)
			upload->bytes += list->sizes[i];
		if (!list->is_truncated)
			break;
		list->number_marker = list->items[list->count - 1].number;
		s3_list_parts_start(u->bucket->network.s3, list);
		rc = s3_wait(u->bucket->network.s3, &list->op);
	}
	upload->is_measured = rc == 0;
	/* It may have been ended since it was listed. */
	if (rc && rc != -ESRCH)
		uploads_fail(u, upload->listed->key, rc, &list->op.err);
	s3_list_parts_release(list);
}

static void uploads_start_abort(const struct uploads *u, struct upload *upload)
{
	upload->abort.key = upload->listed->key;
	upload->abort.upload_id = upload->listed->upload_id;
	s3_abort_upload_start(u->bucket->network.s3, &upload->abort);
}

static void uploads_end_abort(struct uploads *u, struct upload *upload)
{
	struct s3_abort_upload *op = &upload->abort;
	int rc = s3_wait(u->bucket->network.s3, &op->op);

	if (rc)
		uploads_fail(u, op->key, rc, &op->op.err);
	else if (!op->was_gone)
		uploads_print(u, upload);
	else if (strchr(op->key, '?'))
		/* So s3_list_uploads gives what XML cannot carry. */
		u->status = tool_fail(u->call, TOOL_NO,
				      "%s: there is no such upload; if ? "
				      "stands for a control character, its "
				      "key cannot be told",
				      op->key);
	s3_abort_upload_release(op);
}

static void uploads_handle_batch(struct uploads *u, struct upload batch[],
				 size_t count)
{
	for (size_t i = 0; u->is_long && i < count; i++)
		uploads_start_measure(u, &batch[i]);
	for (size_t i = 0; u->is_long && i < count; i++)
		uploads_end_measure(u, &batch[i]);
	if (u->is_abort && u->is_down)
		return;
	for (size_t i = 0; u->is_abort && i < count; i++)
		uploads_start_abort(u, &batch[i]);
	for (size_t i = 0; i < count; i++)
		if (u->is_abort)
			uploads_end_abort(u, &batch[i]);
		else
			uploads_print(u, &batch[i]);
}

/* ---------------------------------------------------------------- a page */

/* By the server's clock, which also said when the uploads began. */
static int64_t uploads_server_time_ns(struct s3_client *s3)
{
	struct s3_learned learned = s3_client_learned(s3);

	return clock_wall_ns() + learned.skew_s * INT64_C(1000000000);
}

static void uploads_handle_page(struct uploads *u,
				const struct s3_list_uploads *page)
{
	struct upload batch[BATCH];
	int64_t now_ns = uploads_server_time_ns(u->bucket->network.s3);
	size_t count = 0;

	for (size_t i = 0; i < page->count && !u->is_down; i++) {
		const struct s3_listed_upload *listed = &page->items[i];
		int64_t age_s = (now_ns - listed->initiated_ns) / 1000000000;

		if (u->age_s && age_s < u->age_s)
			continue;
		batch[count++] = (struct upload){
			.listed = listed,
			.age_s = age_s,
		};
		if (count == BATCH) {
			uploads_handle_batch(u, batch, count);
			count = 0;
		}
	}
	if (!u->is_down)
		uploads_handle_batch(u, batch, count);
}

/* The first page, or the one behind one that is truncated. */
static bool uploads_fetch_page(struct uploads *u,
			       const struct s3_list_uploads *before,
			       struct s3_list_uploads *page)
{
	int rc;

	*page = (struct s3_list_uploads){ .prefix = buf_str(&u->prefix) };
	if (before) {
		const struct s3_listed_upload *last =
			&before->items[before->count - 1];

		page->key_marker = last->key;
		page->upload_id_marker = last->upload_id;
	}
	s3_list_uploads_start(u->bucket->network.s3, page);
	rc = s3_wait(u->bucket->network.s3, &page->op);
	if (rc)
		uploads_fail(u, NULL, rc, &page->op.err);
	return rc == 0;
}

static int uploads_handle_all(struct uploads *u)
{
	struct s3_list_uploads page, next;
	bool is_there = uploads_fetch_page(u, NULL, &page);

	while (is_there) {
		/*
		 * Before the page is aborted: what a marker names should
		 * be there when the server looks for it.
		 */
		bool has_next = page.is_truncated &&
				uploads_fetch_page(u, &page, &next);

		uploads_handle_page(u, &page);
		is_there = has_next && !u->is_down && !ferror(stdout);
		if (has_next) {
			s3_list_uploads_release(&page);
			page = next;
		}
	}
	s3_list_uploads_release(&page);
	return u->status;
}

static int uploads_take_options(struct uploads *u)
{
	const char *age = tool_option(u->call, "older-than");
	int rc;

	u->is_long = tool_option(u->call, "long");
	u->is_human = tool_option(u->call, "human-readable");
	u->is_json = tool_option(u->call, "json");
	u->is_abort = tool_option(u->call, "abort");
	u->age_s = u->is_abort ? ABORT_AGE_S : 0;
	rc = age ? age_parse(age, &u->age_s) : 0;
	if (rc == -ERANGE)
		return tool_fail(u->call, TOOL_USAGE,
				 "'%s' is over a thousand years", age);
	if (rc)
		return tool_fail(u->call, TOOL_USAGE,
				 "'%s' is no age: write 1Y6M10D12h30m30s or "
				 "some of that in this order, or all",
				 age);
	return TOOL_OK;
}

static int tool_uploads_run(const struct tool_call *call)
{
	const struct command_line *line = &call->line;
	struct uploads u = {
		.call = call,
		.prefix = BUF_INIT(S3_KEY_MAX + 1),
	};
	struct tool_bucket bucket;
	int status;

	if (line->word_count != 1)
		return tool_usage(call);
	if (target_is_path(line->words[0]))
		return tool_fail(call, TOOL_USAGE,
				 "%s: a mount does not show uploads; write "
				 "BUCKET[:PREFIX]",
				 line->words[0]);
	status = uploads_take_options(&u);
	if (status)
		return status;
	status = tool_open(call, line->words[0], &bucket);
	if (status == TOOL_OK) {
		u.bucket = &bucket;
		target_key(&bucket, "", &u.prefix);
		status = uploads_handle_all(&u);
	}
	buf_release(&u.prefix);
	(void)tool_close(&bucket);
	return status;
}

const struct tool tool_uploads = { "uploads", help, options, tool_uploads_run };
