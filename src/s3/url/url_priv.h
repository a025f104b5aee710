/* SPDX-License-Identifier: MIT */
/* What the client needs of url.c at its start. */
#ifndef S3_URL_PRIV_H
#define S3_URL_PRIV_H

#include "macros.h"

struct errinfo;
struct s3_client;

/* Checks the options for URLs and reads the key; in url.c. */
MUST_USE int client_start_urls(struct s3_client *c, struct errinfo *err);

#endif
