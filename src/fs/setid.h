/* SPDX-License-Identifier: MIT */
/*
 * Linux clears set-user-id and set-group-id when a file is written, truncated
 * or given away; with FUSE_HANDLE_KILLPRIV_V2 that is ours to do. After the
 * change to call->node, whose attributes op has, or, after a write, to what
 * call->ino has open. Go on with call_done, now or later.
 */
#ifndef FS_SETID_H
#define FS_SETID_H

struct call;

void setid_clear(struct call *call, int result);

void setid_clear_written(struct call *call, int result);

#endif
