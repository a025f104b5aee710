/* SPDX-License-Identifier: MIT */
/*
 * A yes to a part without its ETag, which Complete needs: the list of parts
 * has it.
 */
#ifndef S3_PART_LOOK_H
#define S3_PART_LOOK_H

#include "client/request.h"

struct look;

/*
 * For settle: has is_ours (which keeps what it needs) judge what is stored of
 * part number, and ends r; what is not ours is sent again, if that may be.
 * key and upload_id are borrowed to r's end.
 */
enum s3_next part_look(struct s3_request *r, const char *key,
		       const char *upload_id, unsigned number,
		       bool (*is_ours)(struct s3_request *r,
				       const struct look *stored));

#endif
