/* SPDX-License-Identifier: MIT */
/*
 * s3storefs check: whether an object is there, as django-storages' exists();
 * of a bucket, what the settings come to and what the server can do.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "checks.h"
#include "clock.h"
#include "output.h"
#include "probe.h"
#include "target.h"
#include "tool.h"
#include "traits.h"

/* Exit statuses of this tool: what is not sure is an error. */
enum {
	CHECK_ERROR = 2
};

static const char help[] =
	"usage: s3storefs check [OPTION...] BUCKET[:PREFIX] KEY\n"
	"       s3storefs check [OPTION...] PATH\n"
	"       s3storefs check [OPTION...] BUCKET[:PREFIX]\n"
	"\n"
	"With KEY or a PATH on a mount: whether the object is there. Only a sure\n"
	"answer counts: a server that refuses or fails is an error.\n"
	"With the bucket alone: what the settings come to (server, region, source\n"
	"of the keys, signature), whether the bucket answers and what the server\n"
	"can do. That is tried with small objects of a name that nobody else\n"
	"uses, .s3storefs-check-XXXXXXXXXXXX, which are removed at the end; a\n"
	"bucket with versioning keeps their versions.\n"
	"\n"
	"  --read-only        write nothing to the bucket\n"
	"  --json             print what was found as a JSON object\n"
	"  --exact            KEY is a key as it is; else // and .. in it are\n"
	"                     resolved and \\ is /, as django-storages does it\n"
	"  -c FILE, -o NAME=VALUE,..., --NAME=VALUE  settings, as for a mount\n"
	"\n"
	"Exit status: 0 there (a bucket: it can be used), 1 not there, 2 not\n"
	"known, or wrong usage or setting.\n";

static const struct command_own options[] = {
	{ .name = "read-only" },
	{ .name = "json" },
	{ .name = "exact" },
	{ 0 },
};

static int check_tell(const struct tool_call *call, const char *name,
		      bool is_there)
{
	if (tool_option(call, "json")) {
		putchar('{');
		print_member(stdout, true, "name", name);
		print_flag(stdout, false, "exists", is_there);
		puts("}");
	} else {
		print_name(stdout, name);
		puts(is_there ? ": is there" : ": is not there");
	}
	return is_there ? TOOL_OK : TOOL_NO;
}

static int check_key(const struct tool_call *call, struct tool_bucket *bucket,
		     const char *name)
{
	AUTO_BUF struct buf path = BUF_INIT(S3_KEY_MAX);
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX);
	struct s3_head head = { 0 };
	int status = target_path(call, bucket, name, &path);
	int rc;

	if (status)
		return status;
	target_key(bucket, buf_str(&path), &key);
	if (key.error == -ENOMEM)
		return tool_fail(call, CHECK_ERROR, "out of memory");
	if (key.error || path.len == 0)
		return tool_fail(call, CHECK_ERROR, "'%s' names no object",
				 name);
	head.key = buf_str(&key);
	s3_head_start(bucket->network.s3, &head);
	rc = s3_wait(bucket->network.s3, &head.op);
	if (rc == -ENOENT && !target_has_bucket(bucket))
		status = tool_fail(call, CHECK_ERROR, "there is no bucket %s",
				   bucket->config.bucket);
	else if (rc == 0 || rc == -ENOENT)
		status = check_tell(call, buf_str(&path), rc == 0);
	else if (tool_fail_request(call, bucket, name, rc, &head.op.err,
				   "s3:GetObject, s3:ListBucket"))
		status = CHECK_ERROR;
	s3_head_release(&head);
	return status;
}

static int check_path(const struct tool_call *call, const char *path)
{
	struct stat st;
	int status = target_check_mount(call, path);

	if (status)
		return status;
	if (lstat(path, &st) == 0)
		return check_tell(call, path, true);
	if (errno == ENOENT || errno == ENOTDIR)
		return check_tell(call, path, false);
	return tool_fail(call, CHECK_ERROR, "%s: %s", path,
			 strerrordesc_np(errno));
}

/* ------------------------------------------------------------ a bucket */

/* Rows of what was found, for people or as JSON. */
struct report {
	bool is_json;
	unsigned count;
};

static void report_row(struct report *r, const char *name, const char *text)
{
	if (r->is_json)
		print_member(stdout, r->count == 0, name, text);
	else
		printf("%-20s %s\n", name, text ? text : "-");
	r->count++;
}

/* What the server can do: JSON has a flag, and the reason of a no beside. */
static void report_ability(struct report *r, const char *name, const char *text)
{
	bool is_able = strcmp(text, "yes") == 0;
	char why[40];

	if (!r->is_json) {
		report_row(r, name, text);
		return;
	}
	print_flag(stdout, r->count == 0, name, is_able);
	snprintf(why, sizeof(why), "%s_reason", name);
	if (!is_able)
		print_member(stdout, false, why, text);
	r->count++;
}

static void report_skew(struct report *r, const struct s3_learned *learned)
{
	if (!learned->has_skew)
		report_row(r, "clock_skew", NULL);
	else if (r->is_json)
		print_integer(stdout, r->count == 0, "clock_skew",
			      learned->skew_s);
	else
		printf("%-20s %lld s\n", "clock_skew",
		       (long long)learned->skew_s);
}

static const char *report_region_source(const struct config *config)
{
	if (config->region)
		return "AWS_S3_REGION_NAME";
	if (getenv("AWS_DEFAULT_REGION") || getenv("AWS_REGION"))
		return "environment";
	return "profile or default";
}

/* "instance metadata, role web, expires in 5 h" */
static void report_credentials(struct report *r, struct s3_client *s3)
{
	AUTO_BUF struct buf text = BUF_INIT(1000);
	int64_t expiry_s = s3_client_credentials_expiry(s3);
	int64_t left_s = expiry_s - clock_wall_ns() / 1000000000;

	buf_add_str(&text, s3_client_credentials_source(s3));
	if (expiry_s && left_s <= 0)
		buf_add_str(&text, ", expired");
	else if (expiry_s && left_s < 60 * 60)
		buf_add_fmt(&text, ", expires in %d min", (int)(left_s / 60));
	else if (expiry_s)
		buf_add_fmt(&text, ", expires in %lld h",
			    (long long)left_s / (60 * 60));
	report_row(r, "credentials", buf_str(&text));
}

static void report_settings(struct report *r, const struct tool_bucket *bucket)
{
	const struct config *config = &bucket->config;
	struct s3_client *s3 = bucket->network.s3;

	report_row(r, "bucket", config->bucket);
	report_row(r, "location", config->location);
	report_row(r, "url", s3_client_url(s3));
	report_row(r, "region", s3_client_region(s3));
	report_row(r, "region_source", report_region_source(config));
	report_credentials(r, s3);
	report_row(r, "addressing_style",
		   config->addressing_style ? config->addressing_style :
					      "auto");
	report_row(r, "signature",
		   config->anonymous         ? "none" :
		   config->signature_version ? config->signature_version :
					       "s3v4");
}

/* The region that the server tells: not all tell it with every answer. */
static void report_region(struct report *r, struct s3_client *s3)
{
	struct s3_head_bucket head = { 0 };
	struct s3_bucket_location location = { 0 };
	const char *region = NULL;

	s3_head_bucket_start(s3, &head);
	if (s3_wait(s3, &head.op) == 0 && head.region[0])
		region = head.region;
	s3_head_bucket_release(&head);
	if (!region) {
		s3_bucket_location_start(s3, &location);
		if (s3_wait(s3, &location.op) == 0)
			region = location.region;
		s3_bucket_location_release(&location);
	}
	report_row(r, "region_of_bucket", region);
}

/* Only what is lacking, if it is a matter of single objects or folders. */
static bool report_has_trait(enum s3_trait trait)
{
	return trait != S3_TRAIT_TAGS && trait != S3_TRAIT_MARKER_COPY &&
	       trait != S3_TRAIT_LIST_ORDER && trait != S3_TRAIT_MD5_ETAGS;
}

/* What is known, and of what is not, why. */
static void report_traits(struct report *r, struct s3_client *s3,
			  const struct probe *probe)
{
	char text[PROBE_TEXT];

	for (int i = 0; i < S3_TRAIT_COUNT; i++) {
		enum s3_trait trait = (enum s3_trait)i;
		enum s3_answer answer = s3_trait(s3, trait);

		if (!report_has_trait(trait) ||
		    (answer == S3_UNKNOWN && !probe->unknown[trait][0]))
			continue;
		if (answer == S3_NO)
			snprintf(text, sizeof(text), "no: %s",
				 s3_trait_words(trait));
		else
			snprintf(text, sizeof(text), "%s",
				 answer == S3_YES ? "yes" :
						    probe->unknown[trait]);
		report_ability(r, s3_trait_name(trait), text);
	}
}

static void report_probes(struct report *r, const struct tool_call *call,
			  const struct tool_bucket *bucket)
{
	struct probe probe = { .location = bucket->config.location };
	struct s3_client *s3 = bucket->network.s3;

	probe_missing(s3, &probe);
	if (!tool_option(call, "read-only")) {
		probe_run(s3, &probe);
		report_ability(r, "write", probe.write);
		report_ability(r, "delete", probe.remove);
	}
	report_traits(r, s3, &probe);
}

static int check_all(const struct tool_call *call, struct tool_bucket *bucket)
{
	struct report report = { .is_json = tool_option(call, "json") };
	AUTO_BUF struct buf why = BUF_INIT(1000);
	struct s3_client *s3 = bucket->network.s3;
	struct s3_learned learned;
	int rc;

	if (report.is_json)
		putchar('{');
	report_settings(&report, bucket);
	rc = check_bucket(s3, &bucket->config, &why);
	report_row(&report, "answer",
		   !rc            ? "ok" :
		   report.is_json ? buf_str(&why) :
				    "no");
	if (rc == 0) {
		report_region(&report, s3);
		report_probes(&report, call, bucket);
	}
	learned = s3_client_learned(s3);
	report_skew(&report, &learned);
	if (report.is_json)
		puts("}");
	if (rc == 0)
		return TOOL_OK;
	return tool_fail(call, rc == -ENODEV ? TOOL_NO : CHECK_ERROR, "%s",
			 buf_str(&why));
}

static int tool_check_run(const struct tool_call *call)
{
	const char *const *words = call->line.words;
	size_t count = call->line.word_count;
	struct tool_bucket bucket;
	int status;

	if (count < 1 || count > 2)
		return tool_usage(call);
	if (count == 1 && target_is_path(words[0]))
		return check_path(call, words[0]);
	status = tool_open(call, words[0], &bucket);
	if (status == TOOL_OK)
		status = count == 2 ? check_key(call, &bucket, words[1]) :
				      check_all(call, &bucket);
	(void)tool_close(&bucket);
	return status;
}

const struct tool tool_check = { "check", help, options, tool_check_run };
