/* SPDX-License-Identifier: MIT */
/* What --help says. */
#ifndef SERVER_USAGE_H
#define SERVER_USAGE_H

extern const char usage_text[];

#endif
