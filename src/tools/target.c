/* SPDX-License-Identifier: MIT */
/* What a tool's words name; see target.h. */
#include "target.h"

#include <libgen.h>
#include <string.h>
#include <sys/xattr.h>

#include "name.h"
#include "text.h"

bool target_is_path(const char *word)
{
	return word[strcspn(word, ":/")] == '/';
}

int target_check_mount(const struct tool_call *call, const char *path)
{
	AUTO_FREE char *copy = strdup(path);

	if (!copy)
		return tool_fail(call, TOOL_NO, "out of memory");
	if (getxattr(path, "user.s3.key", NULL, 0) >= 0)
		return TOOL_OK;
	if (errno == ENOENT &&
	    getxattr(dirname(copy), "user.s3.key", NULL, 0) >= 0)
		return TOOL_OK;
	if (errno == EOPNOTSUPP || errno == ENODATA)
		return tool_fail(call, TOOL_USAGE,
				 "%s is on no mount of s3storefs; of a bucket "
				 "write BUCKET[:PREFIX] KEY",
				 path);
	return tool_fail(call, TOOL_USAGE, "%s: %s", path,
			 strerrordesc_np(errno));
}

bool target_has_bucket(const struct tool_bucket *bucket)
{
	struct s3_client *s3 = bucket->network.s3;
	struct s3_head_bucket head = { 0 };
	bool is_there;

	s3_head_bucket_start(s3, &head);
	is_there = s3_wait(s3, &head.op) != -ENODEV;
	s3_head_bucket_release(&head);
	return is_there;
}

int target_path(const struct tool_call *call, const struct tool_bucket *bucket,
		const char *name, struct buf *out)
{
	const char *location = bucket->config.location;
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX);
	struct errinfo err = ERRINFO_INIT;
	size_t skip = *location ? strlen(location) + 1 : 0;
	int rc = 0;

	if (tool_option(call, "exact")) {
		buf_add_str(out, name);
		if (!text_is_utf8(name, strlen(name)))
			rc = -EILSEQ;
		else if (skip + strlen(name) > S3_KEY_MAX)
			rc = -ENAMETOOLONG;
	} else {
		rc = name_to_key(&key, location, name, &err);
		if (rc == 0)
			buf_add_str(out, buf_str(&key) + skip);
	}
	if (rc == 0)
		rc = out->error;
	return rc == 0 ? TOOL_OK : tool_refuse(call, rc, err.text);
}

void target_key(const struct tool_bucket *bucket, const char *path,
		struct buf *out)
{
	if (*bucket->config.location)
		buf_add_fmt(out, "%s/", bucket->config.location);
	buf_add_str(out, path);
}
