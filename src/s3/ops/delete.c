/* SPDX-License-Identifier: MIT */
/*
 * DeleteObjects, quiet: the answer names only the keys that stay.
 *
 * keys[i].result is -EINPROGRESS for a key that no answer has settled. A key
 * that failed for the moment (InternalError, SlowDown) stays so and is in the
 * next try, alone. Keys that XML 1.0 cannot carry (control characters, bytes
 * that are not UTF-8) are in no batch: each has a DELETE of its own when the
 * batch is through.
 */
#include <string.h>

#include "client/errcode.h"
#include "client/message.h"
#include "client/request.h"
#include "client/retry.h"
#include "ops/actions.h"
#include "params/params_table.h"
#include "wire/digest.h"
#include "wire/xml.h"

/* Returns how many keys are in the batch. */
static size_t many_add_keys(struct s3_delete_many *del)
{
	struct buf *body = &del->body;
	size_t count = 0;

	buf_add_str(body, "<Delete xmlns=\"http://s3.amazonaws.com/doc/"
			  "2006-03-01/\"><Quiet>true</Quiet>");
	for (size_t i = 0; i < del->count; i++) {
		const char *key = del->keys[i].key;

		if (del->keys[i].result != -EINPROGRESS || !xml_can_carry(key))
			continue;
		buf_add_str(body, "<Object><Key>");
		if (xml_escape(body, key) < 0)
			break; /* body->error tells */
		buf_add_str(body, "</Key></Object>");
		count++;
	}
	buf_add_str(body, "</Delete>");
	return count;
}

/* Servers of before 2022 insist on it. */
static int many_add_md5(struct s3_request *r, const struct buf *body)
{
	AUTO_BUF struct buf text = BUF_INIT(64);
	unsigned char sum[DIGEST_MAX];
	int rc = digest_of(DIGEST_MD5, body->data, body->len, sum);

	if (rc < 0)
		return rc;
	digest_base64(&text, sum, digest_size(DIGEST_MD5));
	if (text.error)
		return text.error;
	return request_header(r, "content-md5", text.data);
}

static int many_build(struct s3_request *r)
{
	struct s3_delete_many *del =
		container_of(r->op, struct s3_delete_many, op);
	size_t count;
	int rc;

	query_add(&r->query, "delete", NULL);
	del->body.max = S3_DELETE_MAX * (6 * S3_KEY_MAX + 64);
	buf_clear(&del->body);
	count = many_add_keys(del);
	if (del->body.error)
		return del->body.error;
	if (count == 0)
		return -EINPROGRESS; /* settle does the odd ones */
	rc = many_add_md5(r, &del->body);
	if (rc == 0)
		rc = request_header(r, "content-type", "application/xml");
	return rc < 0 ? rc : request_send_text(r, &del->body);
}

struct many_parser {
	struct s3_delete_many *del;
	bool is_error; /* inside <Error> */
	char key[XML_TEXT_MAX + 1];
	char code[64];
};

static int many_open(void *arg, unsigned depth, const char *name)
{
	struct many_parser *p = arg;

	if (depth == 1)
		return strcmp(name, "DeleteResult") == 0 ? 0 : -EBADMSG;
	if (depth == 2) {
		p->is_error = strcmp(name, "Error") == 0;
		p->key[0] = '\0';
		p->code[0] = '\0';
	}
	return 0;
}

/* Where result is still open, it is set. An unknown key is no answer. */
static int many_set_result(struct many_parser *p)
{
	struct error_class class = error_of_code(p->code);
	int result = class.result == -ENOENT ? 0 : class.result;
	bool is_known = false;

	if (class.action == ERROR_RETRY || class.action == ERROR_OUTAGE)
		result = -EAGAIN;
	for (size_t i = 0; i < p->del->count; i++) {
		struct s3_delete_key *key = &p->del->keys[i];

		if (strcmp(key->key, p->key) != 0)
			continue;
		is_known = true;
		if (key->result == -EINPROGRESS)
			key->result = result;
	}
	return is_known ? 0 : -EBADMSG;
}

static int many_close(void *arg, unsigned depth, const char *name,
		      const char *text, size_t len)
{
	struct many_parser *p = arg;

	if (!p->is_error)
		return 0;
	if (depth == 3 && strcmp(name, "Key") == 0)
		memcpy(p->key, text, len + 1);
	if (depth == 3 && strcmp(name, "Code") == 0 && len < sizeof(p->code))
		memcpy(p->code, text, len + 1);
	if (depth != 2)
		return 0;
	p->is_error = false;
	return many_set_result(p);
}

static void many_set_all(struct s3_delete_many *del, int from, int to)
{
	for (size_t i = 0; i < del->count; i++)
		if (del->keys[i].result == from)
			del->keys[i].result = to;
}

/* Keys of the batch without a word about them are gone. */
static void many_settle_silent(struct s3_delete_many *del)
{
	for (size_t i = 0; i < del->count; i++)
		if (del->keys[i].result == -EINPROGRESS &&
		    xml_can_carry(del->keys[i].key))
			del->keys[i].result = 0;
}

static bool many_has_result(const struct s3_delete_many *del, int result)
{
	for (size_t i = 0; i < del->count; i++)
		if (del->keys[i].result == result)
			return true;
	return false;
}

/* The first key's result that is no success. */
static int many_first_error(const struct s3_delete_many *del)
{
	for (size_t i = 0; i < del->count; i++)
		if (del->keys[i].result != 0)
			return del->keys[i].result;
	return 0;
}

static int many_parse(struct s3_request *r)
{
	static const struct xml_reader reader = {
		.open = many_open,
		.close = many_close,
	};
	struct s3_delete_many *del =
		container_of(r->op, struct s3_delete_many, op);
	const struct buf *body = &r->http.response_body;
	struct many_parser parser = { .del = del };
	int rc = xml_parse(body->data, body->len, &reader, &parser);

	if (rc < 0) {
		many_set_all(del, -EAGAIN, -EINPROGRESS);
		return rc;
	}
	many_settle_silent(del);
	if (many_has_result(del, -EAGAIN)) {
		many_set_all(del, -EAGAIN, -EINPROGRESS);
		errinfo_set(&r->op->err, -EIO,
			    "DeleteObjects: some keys failed for the moment");
		return -EAGAIN;
	}
	if (many_has_result(del, -EINPROGRESS))
		return -EINPROGRESS; /* settle goes on */
	rc = many_first_error(del);
	if (rc < 0)
		errinfo_set(&r->op->err, rc, "DeleteObjects: %s key=%s",
			    parser.code, parser.key);
	return rc;
}

static void many_delete_next_single(struct s3_request *r);

static void many_single_done(struct s3_op *op)
{
	struct s3_delete *single = container_of(op, struct s3_delete, op);
	struct s3_request *r =
		container_of(single, struct s3_request, child.del);
	struct s3_delete_many *del =
		container_of(r->op, struct s3_delete_many, op);

	request_child_done(r);
	del->keys[r->next_single++].result = op->result;
	if (op->result < 0)
		r->op->err = op->err;
	if (op->result == -ECANCELED)
		many_set_all(del, -EINPROGRESS, -ECANCELED);
	many_delete_next_single(r);
}

static void many_delete_next_single(struct s3_request *r)
{
	struct s3_delete_many *del =
		container_of(r->op, struct s3_delete_many, op);
	struct s3_delete *single = &r->child.del;

	while (r->next_single < del->count &&
	       del->keys[r->next_single].result != -EINPROGRESS)
		r->next_single++;
	if (r->next_single == del->count) {
		request_finish(r, many_first_error(del));
		return;
	}
	memset(single, 0, sizeof(*single));
	single->op.done = many_single_done;
	request_start_child(r, &single->op, &delete_action,
			    del->keys[r->next_single].key, NULL);
}

static enum s3_next many_settle(struct s3_request *r, int *result)
{
	struct s3_delete_many *del =
		container_of(r->op, struct s3_delete_many, op);

	if (*result != -EINPROGRESS) {
		many_set_all(del, -EINPROGRESS, *result);
		return S3_FINISH;
	}
	many_delete_next_single(r);
	return S3_LATER;
}

const struct s3_action delete_many_action = {
	.name = "DeleteObjects",
	.method = "POST",
	.params = PARAMS_BUCKET,
	.answer_max = ANSWER_MAX,
	.is_slow = true,
	.build = many_build,
	.parse = many_parse,
	.settle = many_settle,
};

void s3_delete_many_start(struct s3_client *c, struct s3_delete_many *del)
{
	for (size_t i = 0; i < del->count; i++)
		del->keys[i].result = -EINPROGRESS;
	/* It takes servers up to some 10 ms a key. */
	request_start(c, &del->op, &delete_many_action, NULL, NULL,
		      del->count * RETRY_BYTES_PER_S / 100);
}

void s3_delete_many_release(struct s3_delete_many *del)
{
	buf_release(&del->body);
}
