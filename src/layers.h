/* SPDX-License-Identifier: MIT */
/*
 * From the settings to what each layer wants to know. The texts in the
 * options are borrowed from the configuration. One thread.
 */
#ifndef LAYERS_H
#define LAYERS_H

#include "config.h"
#include "fs.h"
#include "http.h"
#include "s3.h"
#include "store.h"

void layers_http_options(const struct config *config,
			 struct http_options *options);
void layers_s3_options(const struct config *config, struct s3_options *options);
void layers_store_options(const struct config *config,
			  struct store_options *options);

/* mountpoint is borrowed too. */
void layers_fs_options(const struct config *config, const char *mountpoint,
		       struct fs_options *options);

#endif
