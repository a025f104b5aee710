/* SPDX-License-Identifier: MIT */
/* What a server can do; see probe.h. */
#include "probe.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "crc32c.h"
#include "multipart.h"
#include "text.h"

static const char body[] = "s3storefs check\n";

#define BODY_LEN (sizeof(body) - 1)

static void probe_say(char out[PROBE_TEXT], int rc, const struct errinfo *err)
{
	const char *why = err->cause[0] ? err->cause :
			  err->text[0]  ? err->text :
					  strerrordesc_np(-rc);

	if (rc == 0)
		snprintf(out, PROBE_TEXT, "yes");
	else
		snprintf(out, PROBE_TEXT, "no: %.*s",
			 PROBE_TEXT - (int)sizeof("no: "), why);
}

static ssize_t probe_read_body(void *arg, uint64_t offset, void *to,
			       size_t room)
{
	size_t n = BODY_LEN - (size_t)offset;

	if (n > room)
		n = room;
	memcpy(to, body + offset, n);
	return (ssize_t)n;
}

static int probe_put(struct s3_client *s3, const char *key, bool is_conditional,
		     struct errinfo *err)
{
	struct s3_put put = {
		.key = key,
		.body = { .length = BODY_LEN,
			  .read = probe_read_body,
			  .has_crc32c = true,
			  .crc32c = crc32c(0, body, BODY_LEN) },
		.if_none_match = is_conditional,
	};
	int rc;

	s3_put_start(s3, &put);
	rc = s3_wait(s3, &put.op);
	*err = put.op.err;
	s3_put_release(&put);
	return rc;
}

static void probe_learn(struct s3_client *s3, struct probe *probe,
			enum s3_trait trait, int rc, const struct errinfo *err)
{
	if (rc == 0)
		s3_trait_learn(s3, trait, S3_YES, NULL);
	else if (rc == -ENOTSUP)
		s3_trait_learn(s3, trait, S3_NO, NULL);
	else
		probe_say(probe->unknown[trait], rc, err);
}

/* The object is there: on that condition nothing may replace it. */
static void probe_learn_refusal(struct s3_client *s3, struct probe *probe,
				enum s3_trait trait, int rc,
				const struct errinfo *err)
{
	probe_learn(s3, probe, trait,
		    rc == -EEXIST ? 0 :
		    rc == 0       ? -ENOTSUP :
				    rc,
		    err);
}

static void probe_condition(struct s3_client *s3, const char *key,
			    struct probe *probe)
{
	struct errinfo err = ERRINFO_INIT;
	int rc = probe_put(s3, key, true, &err);

	probe_learn_refusal(s3, probe, S3_TRAIT_CONDITIONAL_PUT, rc, &err);
}

static void probe_part_copy(struct s3_client *s3, const char *key,
			    const char *id, struct probe *probe)
{
	struct s3_copy_part part = {
		.key = key,
		.upload_id = id,
		.number = 2,
		.source_key = key,
		.length = BODY_LEN,
	};
	int rc;

	s3_copy_part_start(s3, &part);
	rc = s3_wait(s3, &part.op);
	probe_learn(s3, probe, S3_TRAIT_PART_COPY, rc, &part.op.err);
	s3_copy_part_release(&part);
}

static int probe_upload_part(struct s3_client *s3, const char *key,
			     const char *id, struct s3_part *out,
			     struct errinfo *err)
{
	struct s3_upload_part part = {
		.key = key,
		.upload_id = id,
		.number = 1,
		.body = { .length = BODY_LEN,
			  .read = probe_read_body,
			  .has_crc32c = true,
			  .crc32c = crc32c(0, body, BODY_LEN) },
	};
	int rc;

	s3_upload_part_start(s3, &part);
	rc = s3_wait(s3, &part.op);
	*err = part.op.err;
	out->number = part.number;
	memcpy(out->etag, part.etag, S3_ETAG_MAX);
	out->has_crc32c = true;
	out->crc32c = part.body.crc32c;
	s3_upload_part_release(&part);
	return rc;
}

static int probe_complete(struct s3_client *s3, const char *key, const char *id,
			  struct s3_part *part, bool is_conditional,
			  struct errinfo *err)
{
	struct s3_complete_upload up = {
		.key = key,
		.upload_id = id,
		.parts = part,
		.count = 1,
		.if_none_match = is_conditional,
	};
	int rc;

	s3_complete_upload_start(s3, &up);
	rc = s3_wait(s3, &up.op);
	*err = up.op.err;
	s3_complete_upload_release(&up);
	return rc;
}

static void probe_abort(struct s3_client *s3, const char *key, const char *id)
{
	struct s3_abort_upload abort = { .key = key, .upload_id = id };

	s3_abort_upload_start(s3, &abort);
	if (s3_wait(s3, &abort.op))
		fprintf(stderr, "an unfinished upload of %s is left: %s\n", key,
			abort.op.err.text);
	s3_abort_upload_release(&abort);
}

/* Leaves the object made of one part. */
static int probe_upload(struct s3_client *s3, const char *key, const char *id,
			struct probe *probe, struct errinfo *err)
{
	struct s3_part part;
	int rc;

	probe_part_copy(s3, key, id, probe);
	rc = probe_upload_part(s3, key, id, &part, err);
	if (rc)
		return rc;
	rc = probe_complete(s3, key, id, &part, true, err);
	probe_learn_refusal(s3, probe, S3_TRAIT_CONDITIONAL_COMPLETE, rc, err);
	return rc ? probe_complete(s3, key, id, &part, false, err) : 0;
}

static void probe_multipart(struct s3_client *s3, const char *key,
			    struct probe *probe)
{
	struct s3_create_upload create = { .key = key };
	struct errinfo err = ERRINFO_INIT;
	int rc;

	s3_create_upload_start(s3, &create);
	rc = s3_wait(s3, &create.op);
	err = create.op.err;
	if (rc == 0) {
		rc = probe_upload(s3, key, create.upload_id, probe, &err);
		if (rc)
			probe_abort(s3, key, create.upload_id);
	}
	if (rc)
		probe_say(probe->unknown[S3_TRAIT_PART_CHECKSUMS], rc, &err);
	s3_create_upload_release(&create);
}

static int probe_copy(struct s3_client *s3, const char *key, const char *etag,
		      bool is_conditional, struct errinfo *err)
{
	struct s3_copy copy = {
		.source_key = key,
		.source_etag = etag,
		.key = key,
		.length = BODY_LEN,
		.replace_headers = true, /* else it may not be onto itself */
		.if_none_match = is_conditional,
	};
	int rc;

	s3_copy_start(s3, &copy);
	rc = s3_wait(s3, &copy.op);
	*err = copy.op.err;
	s3_copy_release(&copy);
	return rc;
}

static void probe_copies(struct s3_client *s3, const char *key,
			 const char *etag, struct probe *probe)
{
	struct errinfo err = ERRINFO_INIT;
	int rc = probe_copy(s3, key, etag, false, &err);

	if (s3_trait(s3, S3_TRAIT_SOURCE_CONDITION) != S3_NO)
		probe_learn(s3, probe, S3_TRAIT_SOURCE_CONDITION, rc, &err);
	rc = probe_copy(s3, key, NULL, true, &err);
	probe_learn_refusal(s3, probe, S3_TRAIT_CONDITIONAL_COPY, rc, &err);
}

/* Of the object as PUT has made it. */
static void probe_checksum(struct s3_client *s3, const struct s3_object *object,
			   struct probe *probe)
{
	if (pairs_get(&object->headers, "x-amz-checksum-crc32c"))
		s3_trait_learn(s3, S3_TRAIT_CHECKSUMS, S3_YES, NULL);
	else
		snprintf(probe->unknown[S3_TRAIT_CHECKSUMS], PROBE_TEXT,
			 "taken, but not given back when reading");
}

static void probe_look(struct s3_client *s3, const char *key,
		       struct s3_head *head)
{
	head->key = key;
	if (pairs_set(&head->headers, "x-amz-checksum-mode", "ENABLED") < 0)
		return;
	s3_head_start(s3, head);
	if (s3_wait(s3, &head->op))
		fprintf(stderr, "%s\n", head->op.err.text);
}

static void probe_remove(struct s3_client *s3, const char *key,
			 char out[PROBE_TEXT])
{
	struct s3_delete del = { .key = key };
	int rc;

	s3_delete_start(s3, &del);
	rc = s3_wait(s3, &del.op);
	probe_say(out, rc, &del.op.err);
	s3_delete_release(&del);
	if (rc)
		fprintf(stderr, "%s is left in the bucket\n", key);
}

/* Of 48 random bits: nobody else has it. */
static int probe_make_key(const char *location, struct buf *key)
{
	unsigned char random[6];
	char hex[2 * sizeof(random) + 1];

	if (getrandom(random, sizeof(random), 0) != sizeof(random))
		return -EIO;
	text_hex(hex, random, sizeof(random));
	if (*location)
		buf_add_fmt(key, "%s/", location);
	buf_add_fmt(key, ".s3storefs-check-%s", hex);
	return key->error;
}

static void probe_traits(struct s3_client *s3, const char *key,
			 struct probe *probe)
{
	struct s3_head put = { 0 }, joined = { 0 };

	probe_look(s3, key, &put);
	probe_checksum(s3, &put.object, probe);
	probe_condition(s3, key, probe);
	probe_multipart(s3, key, probe);
	probe_look(s3, key, &joined);
	probe_copies(s3, key, joined.object.etag, probe);
	s3_head_release(&put);
	s3_head_release(&joined);
}

void probe_missing(struct s3_client *s3, struct probe *probe)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX);
	struct s3_head head = { 0 };
	int rc = probe_make_key(probe->location, &key);

	if (rc == 0) {
		head.key = buf_str(&key);
		s3_head_start(s3, &head);
		rc = s3_wait(s3, &head.op);
	}
	if (rc == -EACCES)
		snprintf(probe->unknown[S3_TRAIT_MISSING_HEAD], PROBE_TEXT,
			 "no: neither HEAD nor a list tells that a name is "
			 "missing, so none can be made: the keys need "
			 "s3:ListBucket, at least for s3:prefix \"%s%s*\"",
			 probe->location, *probe->location ? "/" : "");
	else if (rc != -ENOENT)
		probe_say(probe->unknown[S3_TRAIT_MISSING_HEAD], rc,
			  &head.op.err);
	s3_head_release(&head);
}

void probe_run(struct s3_client *s3, struct probe *probe)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX);
	struct errinfo err = ERRINFO_INIT;
	int rc = probe_make_key(probe->location, &key);

	for (int trait = 0; trait < S3_TRAIT_COUNT; trait++)
		if (!probe->unknown[trait][0])
			snprintf(probe->unknown[trait], PROBE_TEXT,
				 "not tried");
	if (rc == 0)
		rc = probe_put(s3, key.data, false, &err);
	probe_say(probe->write, rc, &err);
	snprintf(probe->remove, PROBE_TEXT, "not tried");
	if (rc)
		return;
	probe_traits(s3, key.data, probe);
	probe_remove(s3, key.data, probe->remove);
}
