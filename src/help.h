/* SPDX-License-Identifier: MIT */
/* What --help prints, from the table of settings. */
#ifndef HELP_H
#define HELP_H

#include <stdio.h>

void help_print(FILE *out);

#endif
