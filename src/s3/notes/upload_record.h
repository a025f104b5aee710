/* SPDX-License-Identifier: MIT */
/*
 * A record of the multipart uploads of this process that are under way, in a
 * folder that outlives it. Who is killed cannot abort them; the next start
 * finds here which were his (upload_sweep.h).
 *
 *   OWNER.lock     locked as long as its process lives (flock)
 *   OWNER.DIGEST   an upload of that process (upload_note.h)
 *
 * OWNER is random, so that no process is taken for another; the DIGEST is of
 * the upload's id or, while that is asked for, of a random token. Nothing is
 * there before the first upload and after a clean end. A record that cannot be
 * kept is told once in the log and never fails an upload. Any thread; the disk
 * is waited for.
 */
#ifndef S3_UPLOAD_RECORD_H
#define S3_UPLOAD_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "macros.h"

#define UPLOAD_OWNER_LEN  16 /* hexadecimal digits */
#define UPLOAD_DIGEST_LEN 32
#define UPLOAD_LOCK       ".lock"

struct upload_record;

/*
 * folders are borrowed: the first that can be used is. NULL: no memory.
 */
struct upload_record *upload_record_new(const char *const folders[2],
					const char *place);

/* What is still noted stays for the next start. */
void upload_record_free(struct upload_record *record);

/* The one it was made with. */
const char *upload_record_place(const struct upload_record *record);

#define UPLOAD_TOKEN_SIZE (UPLOAD_OWNER_LEN + 1)

/*
 * Before the server is asked for an upload's id, by its clock: token stands
 * for the id meanwhile.
 */
void upload_record_ask(struct upload_record *record, const char *key,
		       int64_t asked_s, char token[UPLOAD_TOKEN_SIZE]);

void upload_record_add(struct upload_record *record, const char *key,
		       const char *id);
void upload_record_remove(struct upload_record *record, const char *id);

/* The DIGEST of an id. */
MUST_USE int upload_digest(const char *id, char digest[UPLOAD_DIGEST_LEN + 1]);

/*
 * Opens a folder of records; with create it is made if it is not there. It
 * has to be ours, and nobody else may write to it. Returns a descriptor or a
 * negative errno; -EPERM: it is somebody else's.
 */
MUST_USE int upload_folder_open(const char *path, bool create);

/* Bytes of a note's name: OWNER.DIGEST and a NUL. */
#define UPLOAD_NAME_SIZE (UPLOAD_OWNER_LEN + UPLOAD_DIGEST_LEN + 2)

#endif
