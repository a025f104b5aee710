/* SPDX-License-Identifier: MIT */
/* GetObjectTagging: an object's tags, in the form in which a PUT takes them. */
#include <string.h>

#include "client/request.h"
#include "params/params_table.h"
#include "text.h"
#include "wire/xml.h"

/* S3: 10 tags, names of 128 and values of 256 characters, percent-encoded. */
#define TAGS_MAX (64 * 1024)

static int tags_build(struct s3_request *r)
{
	query_add(&r->query, "tagging", NULL);
	return 0;
}

static int tags_open(void *arg, unsigned depth, const char *name)
{
	return depth == 1 && strcmp(name, "Tagging") != 0 ? -EBADMSG : 0;
}

/* Tagging, TagSet, Tag, then Key and Value, in that order. */
static int tags_close(void *arg, unsigned depth, const char *name,
		      const char *text, size_t len)
{
	struct buf *tags = arg;
	bool is_value = strcmp(name, "Value") == 0;

	if (depth != 4 || (!is_value && strcmp(name, "Key") != 0))
		return 0;
	if (is_value)
		buf_add_char(tags, '=');
	else if (tags->len > 0)
		buf_add_char(tags, '&');
	text_percent_encode(tags, text, len, false);
	return tags->error;
}

static int tags_parse(struct s3_request *r)
{
	static const struct xml_reader reader = {
		.open = tags_open,
		.close = tags_close,
	};
	struct s3_get_tags *get = container_of(r->op, struct s3_get_tags, op);
	const struct buf *body = &r->http.response_body;

	buf_release(&get->tags);
	get->tags = (struct buf)BUF_INIT(TAGS_MAX);
	return xml_parse(body->data, body->len, &reader, &get->tags);
}

static const struct s3_action tags_action = {
	.name = "GetObjectTagging",
	.method = "GET",
	.params = PARAMS_BUCKET,
	.build = tags_build,
	.parse = tags_parse,
};

void s3_get_tags_start(struct s3_client *c, struct s3_get_tags *get)
{
	request_start(c, &get->op, &tags_action, get->key, NULL, 0);
}

void s3_get_tags_release(struct s3_get_tags *get)
{
	buf_release(&get->tags);
}
