/* SPDX-License-Identifier: MIT */
/* The tools that tools.c knows; each in the file of its name. */
#ifndef TOOLS_TOOL_H
#define TOOLS_TOOL_H

#include "tools.h"

extern const struct tool tool_check;
extern const struct tool tool_get;
extern const struct tool tool_ls;
extern const struct tool tool_migrate;
extern const struct tool tool_put;
extern const struct tool tool_status;
extern const struct tool tool_umount;
extern const struct tool tool_uploads;
extern const struct tool tool_url;

#endif
