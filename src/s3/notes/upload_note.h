/* SPDX-License-Identifier: MIT */
/*
 * What is noted of a multipart upload that is under way: a small text, so
 * that whoever finds one can read it.
 *
 *   s3storefs upload 1
 *   https://amazonaws.com/my-bucket
 *   films/a%20film.mkv
 *   VXBsb2FkIElE...
 *
 * As long as the server has not told the upload's id, the last line is when
 * it was asked for one: "?1718200000", seconds since 1970 by its clock.
 *
 * Pure functions; any thread.
 */
#ifndef S3_UPLOAD_NOTE_H
#define S3_UPLOAD_NOTE_H

#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "macros.h"

#define UPLOAD_ID_MAX 2048 /* AWS's have some 130 bytes; ours */
/* Bytes: a place, and every byte of key and id as %XX. */
#define UPLOAD_NOTE_MAX (8192 + 3 * (1024 + UPLOAD_ID_MAX))

struct upload_note {
	char *place; /* as endpoint_place makes it */
	char *key;
	char *id; /* NULL: not told yet; asked_s then */
	int64_t asked_s;
};

/* Appends a note to out; its error is out's. */
void upload_note_write(struct buf *out, const struct upload_note *note);

/*
 * Returns 0, and upload_note_release is due; -ENODATA if the text is the
 * beginning of a note of ours, or nothing; -EBADMSG if it is something else;
 * -ENOMEM.
 */
MUST_USE int upload_note_parse(const char *text, size_t len,
			       struct upload_note *out);

void upload_note_release(struct upload_note *note);

#endif
