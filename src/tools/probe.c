/* SPDX-License-Identifier: MIT */
/* What a server can do; see probe.h. */
#include "probe.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "crc32c.h"
#include "text.h"
#include "traits.h"

static const char body[] = "s3storefs check\n";

#define BODY_LEN (sizeof(body) - 1)

static void say(char out[PROBE_TEXT], int rc, const struct errinfo *err)
{
	const char *why = err->text[0] ? err->text : strerrordesc_np(-rc);

	if (rc == 0)
		snprintf(out, PROBE_TEXT, "yes");
	else
		snprintf(out, PROBE_TEXT, "no: %s", why);
}

static ssize_t read_body(void *arg, uint64_t offset, void *to, size_t room)
{
	size_t n = BODY_LEN - (size_t)offset;

	if (n > room)
		n = room;
	memcpy(to, body + offset, n);
	return (ssize_t)n;
}

static int put(struct s3_client *s3, const char *key, bool is_conditional,
	       struct errinfo *err)
{
	struct s3_put put = {
		.key = key,
		.body = { .length = BODY_LEN,
			  .read = read_body,
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

/* The object is there: the server must refuse to replace it. */
static void probe_condition(struct s3_client *s3, const char *key,
			    char out[PROBE_TEXT])
{
	struct errinfo err = ERRINFO_INIT;
	int rc = put(s3, key, true, &err);

	if (rc == -EEXIST)
		snprintf(out, PROBE_TEXT, "yes");
	else if (rc == 0)
		snprintf(out, PROBE_TEXT,
			 "no: the server ignores If-None-Match; two clients "
			 "that create one name can replace each other's file");
	else
		say(out, rc, &err);
}

static int copy_part(struct s3_client *s3, const char *key, const char *id,
		     struct errinfo *err)
{
	struct s3_copy_part part = {
		.key = key,
		.upload_id = id,
		.number = 1,
		.source_key = key,
		.length = BODY_LEN,
	};
	int rc;

	s3_copy_part_start(s3, &part);
	rc = s3_wait(s3, &part.op);
	*err = part.op.err;
	s3_copy_part_release(&part);
	return rc;
}

static void abort_upload(struct s3_client *s3, const char *key, const char *id)
{
	struct s3_abort_upload abort = { .key = key, .upload_id = id };

	s3_abort_upload_start(s3, &abort);
	if (s3_wait(s3, &abort.op))
		fprintf(stderr, "an unfinished upload of %s is left: %s\n", key,
			abort.op.err.text);
	s3_abort_upload_release(&abort);
}

static void probe_part_copy(struct s3_client *s3, const char *key,
			    char out[PROBE_TEXT])
{
	struct s3_create_upload create = { .key = key };
	struct errinfo err = ERRINFO_INIT;
	int rc;

	s3_create_upload_start(s3, &create);
	rc = s3_wait(s3, &create.op);
	err = create.op.err;
	if (rc == 0) {
		rc = copy_part(s3, key, create.upload_id, &err);
		abort_upload(s3, key, create.upload_id);
	}
	say(out, rc, &err);
	s3_create_upload_release(&create);
}

static void probe_checksum(struct s3_client *s3, const char *key,
			   char out[PROBE_TEXT])
{
	struct s3_head head = { .key = key };
	int rc = pairs_set(&head.headers, "x-amz-checksum-mode", "ENABLED");

	if (rc == 0) {
		s3_head_start(s3, &head);
		rc = s3_wait(s3, &head.op);
	}
	if (rc)
		say(out, rc, &head.op.err);
	else if (s3_trait(s3, S3_TRAIT_CHECKSUMS) == S3_NO)
		snprintf(out, PROBE_TEXT, "no: the server refuses them");
	else if (pairs_get(&head.object.headers, "x-amz-checksum-crc32c"))
		snprintf(out, PROBE_TEXT, "yes");
	else
		snprintf(out, PROBE_TEXT,
			 "taken, but not given back when reading");
	s3_head_release(&head);
}

static void remove_object(struct s3_client *s3, const char *key,
			  char out[PROBE_TEXT])
{
	struct s3_delete del = { .key = key };
	int rc;

	s3_delete_start(s3, &del);
	rc = s3_wait(s3, &del.op);
	say(out, rc, &del.op.err);
	s3_delete_release(&del);
	if (rc)
		fprintf(stderr, "%s is left in the bucket\n", key);
}

/* Of 48 random bits: nobody else has it. */
static int make_key(const char *location, struct buf *key)
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

void probe_run(struct s3_client *s3, struct probe *probe)
{
	AUTO_BUF struct buf key = BUF_INIT(S3_KEY_MAX);
	struct errinfo err = ERRINFO_INIT;
	int rc = make_key(probe->location, &key);

	if (rc == 0)
		rc = put(s3, key.data, false, &err);
	say(probe->write, rc, &err);
	if (rc) {
		static const char not_tried[] = "not tried";

		memcpy(probe->conditional, not_tried, sizeof(not_tried));
		memcpy(probe->part_copy, not_tried, sizeof(not_tried));
		memcpy(probe->checksum, not_tried, sizeof(not_tried));
		memcpy(probe->remove, not_tried, sizeof(not_tried));
		return;
	}
	probe_condition(s3, key.data, probe->conditional);
	probe_part_copy(s3, key.data, probe->part_copy);
	probe_checksum(s3, key.data, probe->checksum);
	remove_object(s3, key.data, probe->remove);
}
