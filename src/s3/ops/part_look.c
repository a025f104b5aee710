/* SPDX-License-Identifier: MIT */
/* What is stored of a part; see part_look.h. */
#include "ops/part_look.h"

#include "client/look.h"
#include "multipart.h"
#include "ops/actions.h"

static bool part_look_finds(struct s3_request *r,
			    const struct s3_list_parts *list)
{
	const struct s3_part *first = list->items;
	struct look stored;

	if (list->op.result < 0 || list->count == 0 ||
	    first->number != list->number_marker + 1)
		return false;
	stored = (struct look){
		.size = list->sizes[0],
		.etag = first->etag,
		.has_crc32c = first->has_crc32c,
		.crc32c = first->crc32c,
	};
	return r->part_is_ours(r, &stored);
}

static void part_look_done(struct s3_op *op)
{
	struct s3_list_parts *list = container_of(op, struct s3_list_parts, op);
	struct s3_request *r =
		container_of(list, struct s3_request, child.parts);
	bool is_done = part_look_finds(r, list);
	int result = op->result;

	request_child_done(r);
	s3_list_parts_release(list);
	if (is_done)
		request_finish(r, 0);
	else if (result == -ECANCELED)
		request_finish(r, result);
	else
		request_try_again(r, -EBADMSG);
}

enum s3_next part_look(struct s3_request *r, const char *key,
		       const char *upload_id, unsigned number,
		       bool (*is_ours)(struct s3_request *r,
				       const struct look *stored))
{
	struct s3_list_parts *list = &r->child.parts;

	r->part_is_ours = is_ours;
	*list = (struct s3_list_parts){
		.op.done = part_look_done,
		.key = key,
		.upload_id = upload_id,
		.number_marker = number - 1,
	};
	request_start_child(r, &list->op, &list_parts_action, key, NULL);
	return S3_LATER;
}
