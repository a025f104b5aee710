/* SPDX-License-Identifier: MIT */
/* What came of a try. */
#ifndef S3_JUDGE_H
#define S3_JUDGE_H

#include <stdbool.h>
#include <stdint.h>

#include "client/errcode.h"

struct s3_request;

/*
 * What came of a try, in the engine's done. result 0 is success; else
 * op->err has the words.
 */
struct error_class request_judge(struct s3_request *r);
/* The Date of the answer. */
bool request_server_time(const struct s3_request *r, int64_t *unix_s);

#endif
