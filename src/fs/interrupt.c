/* SPDX-License-Identifier: MIT */
/*
 * Signals of a program that waits for us.
 *
 * The kernel tells that the caller has a signal, any, and tells it once: a
 * child's end, a profiler's tick and kill -9 look the same. Answering EINTR
 * to all of them breaks programs that never see EINTR from a local disk, so
 * the caller's pending signals are looked up in proc(5). If none of them
 * asks it to end the call is watched: fs_run looks again now and then, since
 * the kernel will not tell of the next one.
 */
#include "interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "call.h"
#include "internal.h"
#include "log.h"

#define BIT_OF(sig) (UINT64_C(1) << ((sig)-1))

/* A fatal signal shows as SIGKILL in every thread of the process. */
#define KILLS BIT_OF(SIGKILL)
#define ASKS                                                         \
	(KILLS | BIT_OF(SIGINT) | BIT_OF(SIGTERM) | BIT_OF(SIGHUP) | \
	 BIT_OF(SIGQUIT))

/* The mask behind a label in /proc/PID/status, hexadecimal. */
static uint64_t interrupt_mask(const char *status, const char *label)
{
	const char *at = strstr(status, label);

	return at ? strtoull(at + strlen(label), NULL, 16) : 0;
}

/* Signals that pid will get; all if it is gone or cannot be seen. */
static uint64_t interrupt_pending_signals(pid_t pid)
{
	char path[32], status[4096];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	AUTO_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (pid == 0 || fd < 0)
		return UINT64_MAX;
	len = read(fd, status, sizeof(status) - 1);
	if (len <= 0)
		return UINT64_MAX;
	status[len] = '\0';
	return (interrupt_mask(status, "\nSigPnd:") |
		interrupt_mask(status, "\nShdPnd:")) &
	       (~interrupt_mask(status, "\nSigBlk:") | KILLS);
}

/* The signals that end call. */
static uint64_t interrupt_mask_of_call(const struct call *call)
{
	return call->kind->interrupt == CALL_INTERRUPTIBLE ? ASKS : KILLS;
}

/*
 * Whoever calls holds what keeps call alive; if true it may be gone when he
 * lets go. False: it was answered already.
 */
static bool interrupt_answer(struct call *call)
{
	const char *name = call->kind->name;
	unsigned long long ino = call->ino;
	fuse_req_t req = call->req;
	int pending = CALL_PENDING;

	if (!atomic_compare_exchange_strong(&call->state, &pending,
					    CALL_INTERRUPTED))
		return false;
	log_debug("fs", "%s: interrupted inode=%llu", name, ino);
	fuse_reply_err(req, EINTR);
	return true;
}

/* On a receive thread, under the request's lock in libfuse. */
void interrupt_arrived(fuse_req_t req, void *data)
{
	static const uint64_t one = 1;
	struct call *call = data;
	struct fs *fs = call->fs;

	if ((interrupt_pending_signals(call->pid) &
	     interrupt_mask_of_call(call)) &&
	    interrupt_answer(call))
		return;
	LOCK(&fs->calls.lock);
	list_push(&fs->calls.watched, &call->link);
	if (write(fs->wake_fd, &one, sizeof(one)) < 0)
		log_warn("fs", "cannot wake the main loop: %m");
}

/*
 * Every request takes this lock, so it is not held over a look into proc(5).
 * call_free takes it too: a call that is still looked_at is alive.
 */
static void interrupt_look_locked(struct fs *fs, struct call *call)
{
	uint64_t mask = interrupt_mask_of_call(call);
	pid_t pid = call->pid;
	bool should_go;

	fs->calls.looked_at = call;
	lock_leave(&fs->calls.lock);
	should_go = interrupt_pending_signals(pid) & mask;
	lock_enter(&fs->calls.lock);
	if (should_go && fs->calls.looked_at && interrupt_answer(call))
		list_remove(&call->link);
	fs->calls.looked_at = NULL;
}

bool interrupt_watch(struct fs *fs)
{
	struct list_link seen, *link;
	LOCK(&fs->calls.lock);

	list_init(&seen);
	while ((link = list_pop(&fs->calls.watched))) {
		list_push(&seen, link);
		interrupt_look_locked(fs,
				      container_of(link, struct call, link));
	}
	list_splice(&fs->calls.watched, &seen);
	return !list_is_empty(&fs->calls.watched);
}

void interrupt_unwatch_locked(struct call *call)
{
	lock_assert_held(&call->fs->calls.lock);
	if (call->fs->calls.looked_at == call)
		call->fs->calls.looked_at = NULL;
	list_remove(&call->link);
}
