/* SPDX-License-Identifier: MIT */
/* Actions that others begin as a child, or try without a server in tests. */
#ifndef S3_ACTIONS_H
#define S3_ACTIONS_H

#include "client/request.h"
#include "s3.h"

extern const struct s3_action head_action;
extern const struct s3_action put_action;
extern const struct s3_action delete_action;
extern const struct s3_action list_action;
extern const struct s3_action delete_many_action;
extern const struct s3_action list_uploads_action;
extern const struct s3_action list_parts_action;
extern const struct s3_action complete_upload_action;

#endif
