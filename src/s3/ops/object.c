/* SPDX-License-Identifier: MIT */
/* HEAD, GET and DELETE of an object. (PUT: put.c. COPY: copy.c.) */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/bound.h"
#include "client/client.h"
#include "client/message.h"
#include "client/request.h"
#include "clock.h"
#include "crc32c.h"
#include "ops/actions.h"
#include "params/params_table.h"
#include "text.h"
#include "traits.h"
#include "wire/attrs.h"
#include "wire/digest.h"

/* --- HEAD --------------------------------------------------------------- */

static int head_parse(struct s3_request *r)
{
	struct s3_head *head = container_of(r->op, struct s3_head, op);
	const struct pairs *headers = &r->http.response_headers;
	int rc = attrs_length(headers, &head->object.size);

	return rc < 0 ? rc : attrs_read(headers, &head->object);
}

static void head_listed(struct s3_op *op)
{
	struct s3_list *list = container_of(op, struct s3_list, op);
	struct s3_request *r =
		container_of(list, struct s3_request, child.list);
	bool is_unordered = s3_trait(r->client, S3_TRAIT_LIST_ORDER) == S3_NO;
	bool is_there = op->result < 0 ||
			(list->last_key && strcmp(list->last_key, r->key) == 0);
	int rc = -EACCES;

	request_child_done(r);
	if (op->result == -ECANCELED)
		rc = -ECANCELED;
	if (!is_there && !(is_unordered && list->is_truncated)) {
		s3_trait_learn(r->client, S3_TRAIT_MISSING_HEAD, S3_NO, NULL);
		rc = errinfo_set(&r->op->err, -ENOENT,
				 "HeadObject: refused, and no list has "
				 "the key key=%s",
				 r->key);
	}
	s3_list_release(list);
	request_finish(r, rc);
}

/*
 * S3 tells only to who may list the whole bucket that a key is missing; all
 * others are refused, even if a list below their own prefix is allowed. Of
 * the keys that begin with it the key itself comes first.
 */
static enum s3_next head_settle(struct s3_request *r, int *result)
{
	struct s3_list *list = &r->child.list;

	if (*result == -ENOENT)
		s3_trait_learn(r->client, S3_TRAIT_MISSING_HEAD, S3_YES, NULL);
	if (*result != -EACCES || r->http.status != 403)
		return S3_FINISH;
	*list = (struct s3_list){
		.op.done = head_listed,
		.prefix = r->key,
		.max_keys = 1,
	};
	request_start_child(r, &list->op, &list_action, NULL, NULL);
	return S3_LATER;
}

const struct s3_action head_action = {
	.name = "HeadObject",
	.method = "HEAD",
	.params = PARAMS_READ,
	.parse = head_parse,
	.settle = head_settle,
};

void s3_head_start(struct s3_client *c, struct s3_head *head)
{
	request_start(c, &head->op, &head_action, head->key, &head->headers, 0);
}

void s3_head_release(struct s3_head *head)
{
	pairs_release(&head->headers);
	pairs_release(&head->object.headers);
}

/* --- GET ---------------------------------------------------------------- */

static int get_build(struct s3_request *r)
{
	struct s3_get *get = container_of(r->op, struct s3_get, op);
	bool is_whole = get->length == S3_WHOLE;
	const char *etag = get->received ? get->object.etag : get->if_match;
	char range[64];
	int rc = 0;

	r->get.start = get->offset + get->received;
	r->get.got = 0;
	r->get.is_checked = false;
	if (get->length == 0 || get->offset > S3_OBJECT_MAX)
		return -EINVAL;
	if (is_whole)
		snprintf(range, sizeof(range), "bytes=%llu-",
			 (unsigned long long)r->get.start);
	else
		snprintf(range, sizeof(range), "bytes=%llu-%llu",
			 (unsigned long long)r->get.start,
			 (unsigned long long)(get->offset + get->length - 1));
	if (!is_whole || r->get.start > 0)
		rc = request_header(r, "range", range);
	if (rc == 0 && etag)
		rc = request_etag_header(r, "if-match", etag);
	/* Without it AWS does not tell the checksum. */
	if (rc == 0 && r->get.start == 0 && !r->client->options.no_checksum)
		rc = request_header(r, "x-amz-checksum-mode", "ENABLED");
	return rc;
}

/* The answer covers what was asked, as far as the object goes. */
static int get_check_range(struct s3_request *r, const struct s3_get *get,
			   uint64_t *total)
{
	const struct pairs *headers = &r->http.response_headers;
	const char *text = request_answer(r, "content-range");
	bool is_whole = get->length == S3_WHOLE;
	struct attrs_range range;
	uint64_t length, last;

	if (!text || attrs_content_range(text, &range) < 0)
		return -EBADMSG;
	last = is_whole ? range.total - 1 : get->offset + get->length - 1;
	if (last > range.total - 1)
		last = range.total - 1;
	if (range.first != r->get.start || range.last != last)
		return -EBADMSG;
	r->get.expect = range.last - range.first + 1;
	if (attrs_length(headers, &length) == 0 && length != r->get.expect)
		return -EBADMSG;
	*total = range.total;
	return 0;
}

/* Everything about an answer that can be known before its first byte. */
static int get_check_answer(struct s3_request *r, struct s3_get *get)
{
	const struct pairs *headers = &r->http.response_headers;
	bool is_ranged = get->length != S3_WHOLE || r->get.start > 0;
	const char *text = request_answer(r, "etag");
	char etag[S3_ETAG_MAX];
	uint64_t total = 0;
	int rc;

	if (!text || attrs_etag(text, etag) < 0)
		return -EBADMSG;
	if (is_ranged) {
		rc = r->http.status == 206 ? get_check_range(r, get, &total) :
					     -EBADMSG;
	} else {
		rc = r->http.status == 200 ? attrs_length(headers, &total) :
					     -EBADMSG;
		r->get.expect = total;
	}
	if (rc < 0)
		return rc;
	if (get->received > 0)
		return strcmp(etag, get->object.etag) == 0 &&
				       total == get->object.size ?
			       0 :
			       -ESTALE;
	if (get->if_match && strcmp(etag, get->if_match) != 0)
		return -ESTALE;
	get->object.size = total;
	return attrs_read(headers, &get->object);
}

/* Bytes of an object that are kept until they are verified. */
#define HELD_MAX (1024 * 1024)

/* Encrypted with a key of somebody's, its ETag is something else. */
static bool object_is_md5_told(const struct s3_object *object)
{
	const char *sse =
		pairs_get(&object->headers, "x-amz-server-side-encryption");

	return attrs_is_md5(object->etag) && (!sse || !strcmp(sse, "AES256")) &&
	       !pairs_get(&object->headers,
			  "x-amz-server-side-encryption-customer-algorithm");
}

/* A small object that something vouches for is verified as a whole. */
static void get_hold(struct s3_request *r, const struct s3_get *get)
{
	const struct s3_object *object = &get->object;
	bool has_md5 = !r->client->options.no_checksum &&
		       object_is_md5_told(object) &&
		       s3_trait(r->client, S3_TRAIT_MD5_ETAGS) != S3_NO;

	buf_release(&r->get.held);
	r->get.held = (struct buf)BUF_INIT(HELD_MAX);
	r->get.is_held = object->size > 0 && object->size <= HELD_MAX &&
			 r->get.expect == object->size &&
			 (r->get.has_crc32c || has_md5);
}

static int get_check(struct s3_request *r, struct s3_get *get)
{
	int rc;

	if (r->get.is_checked)
		return 0;
	rc = get_check_answer(r, get);
	if (rc < 0)
		return rc;
	r->get.is_checked = true;
	if (get->length == S3_WHOLE)
		r->bytes = r->get.start + r->get.expect;
	if (r->get.start == 0) {
		r->get.crc32c = 0;
		r->get.has_crc32c = attrs_crc32c(&get->object.headers,
						 &r->get.wanted_crc32c);
		get_hold(r, get);
	}
	return 0;
}

static int get_sink(struct s3_request *r, const void *data, size_t len)
{
	struct s3_get *get = container_of(r->op, struct s3_get, op);
	int rc = get_check(r, get);

	if (rc < 0)
		return rc;
	if (len > r->get.expect - r->get.got)
		return -EBADMSG;
	if (clock_now_ms() >= bound_until_ms(r))
		return -ETIMEDOUT;
	if (r->get.has_crc32c)
		r->get.crc32c = crc32c(r->get.crc32c, data, len);
	if (r->get.is_held) {
		r->get.got += len;
		buf_add(&r->get.held, data, len);
		return r->get.held.error;
	}
	r->sink_result = get->sink(get, data, len);
	if (r->sink_result < 0)
		return r->sink_result;
	r->get.got += len;
	get->received += len;
	return 0;
}

static int get_bad_sum(struct s3_request *r, int result)
{
	return errinfo_set(&r->op->err, result,
			   "GetObject: the bytes do not have the checksum that "
			   "the server states key=%s",
			   r->key);
}

/*
 * There are servers whose ETags only look like MD5s: what comes twice the
 * same is what is stored.
 */
static int get_check_md5(struct s3_request *r, const struct s3_get *get)
{
	const struct buf *held = &r->get.held;
	unsigned char sum[DIGEST_MAX];
	char md5[2 * DIGEST_MAX + 1];
	int rc = digest_of(DIGEST_MD5, held->data, held->len, sum);

	if (rc < 0)
		return rc;
	text_hex(md5, sum, digest_size(DIGEST_MD5));
	if (strcasecmp(md5, get->object.etag) == 0) {
		s3_trait_learn(r->client, S3_TRAIT_MD5_ETAGS, S3_YES, NULL);
		return 0;
	}
	if (r->get.has_md5 && strcmp(md5, r->get.md5) == 0) {
		if (s3_trait(r->client, S3_TRAIT_MD5_ETAGS) == S3_UNKNOWN)
			s3_trait_learn(r->client, S3_TRAIT_MD5_ETAGS, S3_NO,
				       NULL);
		return 0;
	}
	r->get.has_md5 = true;
	memcpy(r->get.md5, md5, sizeof(md5));
	return get_bad_sum(r, -EBADMSG);
}

static int get_give_held(struct s3_request *r, struct s3_get *get)
{
	const struct buf *held = &r->get.held;
	int rc = r->get.has_crc32c ? 0 : get_check_md5(r, get);

	if (rc == 0)
		rc = get->sink(get, held->data, held->len);
	if (rc == 0)
		get->received = held->len;
	return rc;
}

static int get_parse(struct s3_request *r)
{
	struct s3_get *get = container_of(r->op, struct s3_get, op);
	int rc = get_check(r, get); /* the body may be empty */

	if (rc < 0)
		return rc;
	if (r->get.got < r->get.expect)
		return -EAGAIN;
	if (r->get.has_crc32c &&
	    get->received + r->get.held.len == get->object.size &&
	    r->get.crc32c != r->get.wanted_crc32c)
		/* Bytes that were given out cannot be had again. */
		return get_bad_sum(r, get->received ? -EIO : -EBADMSG);
	return r->get.is_held ? get_give_held(r, get) : 0;
}

/* Bytes of one version were given out: another one is no answer. */
static enum s3_next get_settle(struct s3_request *r, int *result)
{
	const struct s3_get *get = container_of(r->op, struct s3_get, op);

	if (get->received > 0 && (*result == -ENOENT || *result == -ERANGE))
		*result = -ESTALE;
	return S3_FINISH;
}

static const struct s3_action get_action = {
	.name = "GetObject",
	.method = "GET",
	.params = PARAMS_READ,
	.build = get_build,
	.sink = get_sink,
	.parse = get_parse,
	.settle = get_settle,
};

void s3_get_start(struct s3_client *c, struct s3_get *get)
{
	uint64_t bytes = get->length == S3_WHOLE ? UINT64_MAX : get->length;

	get->received = 0;
	request_start(c, &get->op, &get_action, get->key, &get->headers, bytes);
}

void s3_get_release(struct s3_get *get)
{
	pairs_release(&get->headers);
	pairs_release(&get->object.headers);
}

/* --- DELETE ------------------------------------------------------------- */

/* Some servers say so of a key that is not there; S3 says 204. */
static enum s3_next delete_settle(struct s3_request *r, int *result)
{
	if (*result == -ENOENT)
		*result = 0;
	return S3_FINISH;
}

const struct s3_action delete_action = {
	.name = "DeleteObject",
	.method = "DELETE",
	.params = PARAMS_BUCKET,
	.settle = delete_settle,
};

void s3_delete_start(struct s3_client *c, struct s3_delete *del)
{
	request_start(c, &del->op, &delete_action, del->key, NULL, 0);
}

void s3_delete_release(struct s3_delete *del)
{
}
