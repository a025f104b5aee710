/* SPDX-License-Identifier: MIT */
/*
 * Receiving requests, until the mount is gone or somebody says stop.
 *
 * Each receive thread reads until the kernel has nothing more and then waits
 * in an epoll of its own. EPOLLEXCLUSIVE wakes one thread for a request, and
 * always the first that waits: with little to do the same thread, on warm
 * caches, does it all.
 */
#include "loop.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "clock.h"
#include "init.h"
#include "internal.h"
#include "interrupt.h"
#include "log.h"
#include "notify.h"
#include "thread.h"

#define DEFAULT_THREADS 2
#define MAX_THREADS     64

/* How long a stop waits for programs that still have files open. */
#define BUSY_WAIT_MS 2000

struct receiver {
	struct fs *fs;
	pthread_t thread;
	int epoll_fd;
};

static void loop_ring(int fd)
{
	static const uint64_t one = 1;
	int saved = errno;

	/* It fails only when the counter is full: then it rings anyway. */
	if (write(fd, &one, sizeof(one)) < 0)
		errno = saved;
}

void fs_stop(struct fs *fs)
{
	atomic_store(&fs->is_stop_asked, true);
	loop_ring(fs->wake_fd);
}

/* What a signal stops; a handler has no argument of ours. */
static struct fs *_Atomic signal_fs;

static void loop_on_signal(int sig)
{
	struct fs *fs = atomic_load(&signal_fs);

	if (fs)
		fs_stop(fs);
}

/*
 * They stay caught after fs_run: while the store saves what is left, a
 * second signal must not end the process.
 */
void loop_catch_signals(struct fs *fs)
{
	struct sigaction stop = { .sa_handler = loop_on_signal,
				  .sa_flags = SA_RESTART };
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	atomic_store(&signal_fs, fs);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, fs->options.ignores_hangup ? &ignore : &stop, NULL);
	sigaction(SIGPIPE, &ignore, NULL);
}

void loop_forget_signals(void)
{
	atomic_store(&signal_fs, NULL);
}

/*
 * The connection is over, unmounted or aborted. libfuse ends the session at
 * ENODEV; ECONNABORTED is what a reader hears that had taken a request from
 * the queue by then (fuse_dev_do_read in the kernel's fs/fuse/dev.c), or any
 * reader after an abort by /sys/fs/fuse/connections.
 */
static bool receiver_is_over(int rc)
{
	return rc == -ECONNABORTED;
}

/* Waits for a request; false: time to leave. */
static bool receiver_wait(struct receiver *r)
{
	struct epoll_event events[2];
	int count = epoll_wait(r->epoll_fd, events, ARRAY_SIZE(events), -1);

	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == r->fs->quit_fd)
			return false;
	}
	return true;
}

static void receiver_receive(struct receiver *r)
{
	struct fuse_session *session = r->fs->session;
	struct fuse_buf buf = { .mem = NULL };
	int rc;

	while (!fuse_session_exited(session)) {
		rc = fuse_session_receive_buf(session, &buf);
		if (rc > 0) {
			fuse_session_process_buf(session, &buf);
		} else if (rc == -EAGAIN) {
			if (!receiver_wait(r))
				break;
		} else if (receiver_is_over(rc)) {
			fuse_session_exit(session);
		} else if (rc < 0 && rc != -EINTR) {
			log_error("fs", "reading requests: %s",
				  strerrordesc_np(-rc));
			atomic_store(&r->fs->receive_error, rc);
			break;
		}
	}
	free(buf.mem);
}

static void *receiver_main(void *arg)
{
	struct receiver *r = arg;

	thread_become(THREAD_RECEIVE);
	receiver_receive(r);
	atomic_fetch_sub(&r->fs->receivers, 1);
	loop_ring(r->fs->wake_fd);
	return NULL;
}

static int loop_watch_fd(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event e = { .events = events, .data.fd = fd };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) < 0 ? -errno : 0;
}

static int receiver_start(struct receiver *r)
{
	struct fs *fs = r->fs;
	int rc;

	r->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (r->epoll_fd < 0)
		return -errno;
	rc = loop_watch_fd(r->epoll_fd, fs->device_fd,
			   EPOLLIN | EPOLLEXCLUSIVE);
	if (rc == 0)
		rc = loop_watch_fd(r->epoll_fd, fs->quit_fd, EPOLLIN);
	if (rc == 0) {
		atomic_fetch_add(&fs->receivers, 1);
		rc = thread_start(&r->thread, 0, receiver_main, r);
		if (rc < 0)
			atomic_fetch_sub(&fs->receivers, 1);
	}
	if (rc < 0)
		close_fd(&r->epoll_fd);
	return rc;
}

/* Starts up to count; how many there are, or a negative errno for none. */
static int receivers_start(struct fs *fs, struct receiver *receivers,
			   unsigned count)
{
	unsigned started;
	int rc = 0;

	for (started = 0; started < count && rc == 0; started++) {
		receivers[started].fs = fs;
		rc = receiver_start(&receivers[started]);
		if (rc < 0)
			break;
	}
	return started > 0 ? (int)started : rc;
}

/* Sleeps until something rings, or for timeout_ms (-1: no limit). */
static void loop_wait_for_ring(struct fs *fs, int timeout_ms)
{
	struct pollfd p = { .fd = fs->wake_fd, .events = POLLIN };
	uint64_t rings;

	if (poll(&p, 1, timeout_ms) > 0 &&
	    read(fs->wake_fd, &rings, sizeof(rings)) < 0)
		log_debug("fs", "nobody rang: %m");
}

static void loop_serve(struct fs *fs)
{
	bool is_watching = false;

	while (!atomic_load(&fs->is_stop_asked) &&
	       atomic_load(&fs->receivers) > 0) {
		loop_wait_for_ring(fs, is_watching ? INTERRUPT_WATCH_MS : -1);
		is_watching = interrupt_watch(fs);
	}
}

/*
 * Takes the mount out of the tree while requests are still served: what was
 * going on ends in order, and programs without open files notice nothing.
 */
static void loop_detach(struct fs *fs)
{
	int64_t until = clock_now_ms() + BUSY_WAIT_MS;
	int64_t left;

	log_info("fs", "unmounting %s", fs->options.mountpoint);
	fuse_session_unmount(fs->session);
	while (atomic_load(&fs->receivers) > 0 &&
	       (left = until - clock_now_ms()) > 0) {
		loop_wait_for_ring(fs, left < INTERRUPT_WATCH_MS ?
					       (int)left :
					       INTERRUPT_WATCH_MS);
		interrupt_watch(fs);
	}
	if (atomic_load(&fs->receivers) > 0)
		log_warn("fs", "%s is still in use; unmounted all the same",
			 fs->options.mountpoint);
}

int fs_run(struct fs *fs)
{
	unsigned count =
		fs->options.threads ? fs->options.threads : DEFAULT_THREADS;
	struct receiver receivers[MAX_THREADS];
	int started;

	if (count > MAX_THREADS)
		count = MAX_THREADS;
	init_learn_device(fs);
	started = receivers_start(fs, receivers, count);
	if (started < 0)
		return started;
	init_raise_read_ahead(fs);
	loop_serve(fs);
	if (atomic_load(&fs->receivers) > 0)
		loop_detach(fs);
	/*
	 * While requests are served still: an invalidation on its way may wait
	 * for one of them.
	 */
	notifier_stop(fs->notifier);
	loop_ring(fs->quit_fd);
	for (int i = 0; i < started; i++) {
		pthread_join(receivers[i].thread, NULL);
		close_fd(&receivers[i].epoll_fd);
	}
	return atomic_load(&fs->receive_error);
}
