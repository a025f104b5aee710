/* SPDX-License-Identifier: MIT */
/* s3storefs url: URLs of objects. */
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "output.h"
#include "target.h"
#include "text.h"
#include "tool.h"

#define URL_MAX (64 * 1024) /* bytes; an xattr has no more either */

static const char help[] =
	"usage: s3storefs url [OPTION...] BUCKET[:PREFIX] KEY...\n"
	"       s3storefs url [OPTION...] PATH...\n"
	"\n"
	"Prints the URL of each object, one a line: signed with the keys, of\n"
	"AWS_S3_CUSTOM_DOMAIN where that is set, bare with\n"
	"AWS_QUERYSTRING_AUTH = False. Nothing is asked: the object need not be\n"
	"there. KEY is below PREFIX or AWS_LOCATION. A PATH, with a slash in it,\n"
	"is on a mount, whose daemon then makes the URL by its own settings.\n"
	"\n"
	"  --expire SECONDS   how long it works; else AWS_QUERYSTRING_EXPIRE\n"
	"  --method METHOD    GET (the default), HEAD or PUT\n"
	"  --param NAME=VALUE ResponseContentType, ResponseContentDisposition,\n"
	"                     ResponseContentLanguage, ResponseContentEncoding,\n"
	"                     ResponseCacheControl, ResponseExpires, VersionId,\n"
	"                     PartNumber; may be repeated. For a custom domain\n"
	"                     any name, put into its query\n"
	"  --exact            KEY is a key as it is; else // and .. in it are\n"
	"                     resolved and \\ is /, as django-storages does it\n"
	"  -c FILE, -o NAME=VALUE,..., --NAME=VALUE  settings, as for a mount\n"
	"\n"
	"Signature Version 4, the default, allows a week (604800 seconds) at\n"
	"most; AWS_S3_SIGNATURE_VERSION = s3 has no such limit, but buckets made\n"
	"since 2020 refuse it. A PUT needs its own URL, and a mount makes none.\n"
	"\n"
	"Exit status: 0, 1 it failed, 2 wrong usage or setting.\n";

static const struct command_own options[] = {
	{ .name = "expire", .has_value = true },
	{ .name = "method", .has_value = true },
	{ .name = "param", .has_value = true },
	{ .name = "exact" },
	{ 0 },
};

/* --param NAME=VALUE, each. */
static int url_take_params(const struct tool_call *call, struct pairs *params)
{
	for (size_t i = 0; i < call->line.given_count; i++) {
		const struct command_given *given = &call->line.given[i];
		const char *equals =
			given->value ? strchr(given->value, '=') : NULL;
		AUTO_FREE char *name = NULL;
		int rc;

		if (strcmp(given->own->name, "param") != 0)
			continue;
		if (!equals || equals == given->value)
			return tool_fail(call, TOOL_USAGE,
					 "--param %s: write NAME=VALUE",
					 given->value);
		name = strndup(given->value, (size_t)(equals - given->value));
		rc = name ? pairs_set(params, name, equals + 1) : -ENOMEM;
		if (rc)
			return tool_fail(call, TOOL_USAGE, "--param %s: %s",
					 given->value, strerrordesc_np(-rc));
	}
	return TOOL_OK;
}

static int url_take_options(const struct tool_call *call, struct s3_url *url)
{
	const char *expire = tool_option(call, "expire");
	uint64_t seconds = 0;

	url->method = tool_option(call, "method");
	if (expire &&
	    (text_parse_u64(expire, INT32_MAX, &seconds) < 0 || seconds == 0))
		return tool_fail(call, TOOL_USAGE,
				 "--expire %s: not a number of seconds above 0",
				 expire);
	url->has_expire = expire != NULL;
	url->expire_s = (int64_t)seconds;
	return url_take_params(call, &url->params);
}

static int url_print(const struct tool_call *call, struct tool_bucket *bucket,
		     struct s3_url *url, const char *name)
{
	AUTO_BUF struct buf path = BUF_INIT(S3_KEY_MAX);
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX);
	AUTO_BUF struct buf text = BUF_INIT(URL_MAX);
	struct errinfo err = ERRINFO_INIT;
	int status = target_path(call, bucket, name, &path);
	int rc;

	if (status)
		return status;
	target_key(bucket, buf_str(&path), &key);
	url->key = buf_str(&key);
	rc = key.error ? key.error :
			 s3_url(bucket->network.s3, url, &text, &err);
	if (rc == 0)
		rc = text.error;
	if (rc)
		return tool_fail(call, rc == -EINVAL ? TOOL_USAGE : TOOL_NO,
				 "%s",
				 err.text[0] ? err.text : strerrordesc_np(-rc));
	puts(buf_str(&text));
	return TOOL_OK;
}

/* user.s3.url?expire=60&ResponseContentType=text%2Fplain */
static void url_add_query(const struct s3_url *url, struct buf *name)
{
	size_t len = name->len;

	if (url->has_expire)
		buf_add_fmt(name, "&expire=%lld", (long long)url->expire_s);
	if (url->method)
		buf_add_fmt(name, "&method=%s", url->method);
	for (size_t i = 0; i < url->params.count; i++) {
		const struct pair *param = &url->params.items[i];

		buf_add_fmt(name, "&%s=", param->name);
		text_percent_encode(name, param->value, strlen(param->value),
				    false);
	}
	if (name->len > len)
		name->data[len] = '?';
}

static const char *url_explain(int code)
{
	switch (code) {
	case EAGAIN:
		return "it is still being written: it has a URL once it is "
		       "closed";
	case ENODATA:
		return "a folder has no URL";
	case EINVAL:
		return "no such URL can be: check --expire, --method and "
		       "--param; the mount's log says more";
	case ERANGE:
		return "the parameters are too long for a mount (255 bytes); "
		       "write BUCKET KEY";
	default:
		return strerrordesc_np(code);
	}
}

static int url_print_path(const struct tool_call *call,
			  const struct s3_url *url, const char *path)
{
	AUTO_BUF struct buf name = BUF_INIT(URL_MAX);
	AUTO_FREE char *text = malloc(URL_MAX + 1);
	int status = target_check_mount(call, path);
	ssize_t len;

	if (status)
		return status;
	buf_add_str(&name, "user.s3.url");
	url_add_query(url, &name);
	if (name.error || !text)
		return tool_fail(call, TOOL_NO, "out of memory");
	len = getxattr(path, name.data, text, URL_MAX);
	if (len < 0)
		return tool_fail(call,
				 errno == EINVAL || errno == ERANGE ?
					 TOOL_USAGE :
					 TOOL_NO,
				 "%s: %s", path, url_explain(errno));
	text[len] = '\0';
	puts(text);
	return TOOL_OK;
}

/* What no key of ours signs needs none. */
static int url_open_bucket(const struct tool_call *call, const char *word,
			   struct tool_bucket *bucket)
{
	struct config *config = &bucket->config;
	int status = tool_configure(call, word, bucket);

	if (status)
		return status;
	if (!config->querystring_auth ||
	    (config->custom_domain && *config->custom_domain))
		config->anonymous = true;
	return tool_connect(call, bucket);
}

/* The worst of all names. */
static int url_print_all(const struct tool_call *call, struct s3_url *url)
{
	const struct command_line *line = &call->line;
	bool is_path = target_is_path(line->words[0]);
	struct tool_bucket bucket = { 0 };
	int worst = TOOL_OK;

	if (!is_path && line->word_count < 2)
		return tool_fail(call, TOOL_USAGE,
				 "write BUCKET[:PREFIX] KEY, or a path on a "
				 "mount with a slash in it (./%s)",
				 line->words[0]);
	if (!is_path)
		worst = url_open_bucket(call, line->words[0], &bucket);
	for (size_t i = is_path ? 0 : 1; i < line->word_count; i++) {
		const char *word = line->words[i];
		int status;

		if (!is_path && !bucket.network.s3)
			break;
		status = is_path ? url_print_path(call, url, word) :
				   url_print(call, &bucket, url, word);
		if (status > worst)
			worst = status;
	}
	(void)tool_close(&bucket);
	return worst;
}

static int tool_url_run(const struct tool_call *call)
{
	struct s3_url url = { 0 };
	int status;

	if (call->line.word_count == 0)
		return tool_usage(call);
	status = url_take_options(call, &url);
	if (status == TOOL_OK)
		status = url_print_all(call, &url);
	pairs_release(&url.params);
	return status;
}

const struct tool tool_url = { "url", help, options, tool_url_run };
