/* SPDX-License-Identifier: MIT */
/* Is the bucket there, and may we use it? */
#include <stdio.h>
#include <string.h>

#include "client/message.h"
#include "client/request.h"
#include "params/params_table.h"

static int head_bucket_parse(struct s3_request *r)
{
	struct s3_head_bucket *head =
		container_of(r->op, struct s3_head_bucket, op);
	const char *region = request_answer(r, "x-amz-bucket-region");

	snprintf(head->region, sizeof(head->region), "%s",
		 region ? region : "");
	return 0;
}

static const struct s3_action head_bucket_action = {
	.name = "HeadBucket",
	.method = "HEAD",
	.params = PARAMS_BUCKET,
	.parse = head_bucket_parse,
};

void s3_head_bucket_start(struct s3_client *c, struct s3_head_bucket *head)
{
	request_start(c, &head->op, &head_bucket_action, NULL, NULL, 0);
}

void s3_head_bucket_release(struct s3_head_bucket *head)
{
}
