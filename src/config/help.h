/* SPDX-License-Identifier: MIT */
/* What --help prints, from the tables of settings and of s3fs's options. */
#ifndef HELP_H
#define HELP_H

#include <stdbool.h>
#include <stdio.h>

/*
 * form is NULL for people; "conf": the sample settings file, "man": the
 * settings as roff for s3storefs.conf(5), "s3fs": the options of s3fs the
 * same way. False: there is no such form.
 */
bool help_print(FILE *out, const char *form);

#endif
