/* SPDX-License-Identifier: MIT */
/*
 * Aborts what dead processes have left; see upload_sweep.h.
 *
 * A lock that can be taken had an owner who is dead; while we hold it, no
 * other sweep works on his notes. A note goes when the server has said that
 * the upload is no more; the lock goes when no note is left. So whatever
 * fails is done by the next start. One thread of its own.
 */
#include "upload_sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "internal.h"
#include "log.h"
#include "thread.h"
#include "upload_note.h"
#include "upload_record.h"

#define TOO_MANY_REQUESTS 429 /* RFC 6585 */

struct upload_sweep {
	struct s3_client *client;
	pthread_t thread;
	bool is_joined;
	unsigned removed; /* uploads that were there and are no more */
	unsigned left;    /* uploads that could not be aborted */
	struct errinfo why;
	bool is_down; /* the server: nothing else is tried */
	struct lock lock;
	struct {
		bool is_stopped;
		struct s3_op *op; /* under way */
	} locked;
};

static bool is_over(struct upload_sweep *sweep)
{
	LOCK(&sweep->lock);
	return sweep->locked.is_stopped || sweep->is_down;
}

/* --- one upload ---------------------------------------------------------- */

/* Which may be of this upload alone, and came at once. */
static bool is_refusal(const struct errinfo *err)
{
	return err->http_status >= 400 && err->http_status <= 499 &&
	       err->http_status != TOO_MANY_REQUESTS;
}

/* Returns 0 if there is no such upload any more. */
static int abort_noted(struct upload_sweep *sweep,
		       const struct upload_note *note)
{
	struct s3_abort_upload abort = {
		.op.priority = S3_BACKGROUND,
		.key = note->key,
		.upload_id = note->id,
	};
	int rc;

	lock_enter(&sweep->lock);
	if (sweep->locked.is_stopped) {
		lock_leave(&sweep->lock);
		return -ECANCELED;
	}
	sweep->locked.op = &abort.op;
	s3_abort_upload_start(sweep->client, &abort);
	lock_leave(&sweep->lock);
	rc = s3_wait(sweep->client, &abort.op);
	lock_enter(&sweep->lock);
	sweep->locked.op = NULL;
	lock_leave(&sweep->lock);
	if (rc == 0 && !abort.was_gone)
		sweep->removed++;
	if (rc < 0 && rc != -ECANCELED) {
		sweep->left++;
		sweep->why = abort.op.err;
		sweep->is_down = !is_refusal(&abort.op.err);
	}
	s3_abort_upload_release(&abort);
	return rc;
}

/* A regular file of ours that stands under one name, or -1. */
static int open_own(int folder, const char *name, int flags)
{
	int fd = openat(folder, name,
			flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
			st.st_uid != geteuid() || st.st_nlink != 1))
		close_fd(&fd);
	return fd;
}

/* A note longer than any of ours is read in part, and is none. */
static int read_note(int folder, const char *name, struct upload_note *note)
{
	AUTO_CLOSE int fd = open_own(folder, name, O_RDONLY);
	AUTO_FREE char *text = malloc(UPLOAD_NOTE_MAX + 1);
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0 || !text)
		return -EIO;
	while (n > 0 && len <= UPLOAD_NOTE_MAX) {
		n = read(fd, text + len, UPLOAD_NOTE_MAX + 1 - len);
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
		n = n < 0 ? 1 : n;
	}
	return upload_note_parse(text, len, note);
}

/*
 * Whether the note is done with. One that was cut short has no upload that
 * could be found; what is of another place or no note waits for others.
 */
static bool settle_note(struct upload_sweep *sweep, int folder,
			const char *name)
{
	struct upload_note note;
	int rc = read_note(folder, name, &note);

	if (rc == 0) {
		rc = strcmp(note.place,
			    upload_record_place(sweep->client->record)) == 0 ?
			     abort_noted(sweep, &note) :
			     -EXDEV;
		upload_note_release(&note);
	}
	return (rc == 0 || rc == -ENODATA) && unlinkat(folder, name, 0) == 0;
}

/* --- one owner ----------------------------------------------------------- */

static bool is_note_of(const char *name, const char *lock)
{
	return strncmp(name, lock, UPLOAD_OWNER_LEN + 1) == 0 &&
	       strlen(name) == UPLOAD_NAME_SIZE - 1;
}

/* The number of notes that stay; -1: nobody knows. */
static int settle_notes(struct upload_sweep *sweep, int folder,
			const char *lock)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	int kept = 0;

	if (!dir) {
		close_fd(&fd);
		return -1;
	}
	while ((entry = readdir(dir)))
		if (is_note_of(entry->d_name, lock) &&
		    (is_over(sweep) ||
		     !settle_note(sweep, folder, entry->d_name)))
			kept++;
	closedir(dir);
	return kept;
}

static void settle_owner(struct upload_sweep *sweep, int folder,
			 const char *lock)
{
	AUTO_CLOSE int fd = open_own(folder, lock, O_RDWR);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return; /* he lives */
	if (settle_notes(sweep, folder, lock) == 0)
		unlinkat(folder, lock, 0);
}

static bool is_lock(const char *name)
{
	return strspn(name, "0123456789abcdef") == UPLOAD_OWNER_LEN &&
	       strcmp(name + UPLOAD_OWNER_LEN, UPLOAD_LOCK) == 0;
}

/* --- all of them --------------------------------------------------------- */

static void sweep_folder(struct upload_sweep *sweep, const char *path)
{
	int folder = upload_folder_open(path, false);
	DIR *dir = folder < 0 ? NULL : fdopendir(folder);
	struct dirent *entry;

	if (!dir) {
		close_fd(&folder);
		return;
	}
	while (!is_over(sweep) && (entry = readdir(dir)))
		if (is_lock(entry->d_name))
			settle_owner(sweep, folder, entry->d_name);
	closedir(dir);
}

static void *sweep_main(void *arg)
{
	struct upload_sweep *sweep = arg;
	const char *const *folders = sweep->client->options.record_folders;

	for (size_t i = 0; i < S3_RECORD_FOLDERS && folders[i]; i++)
		sweep_folder(sweep, folders[i]);
	if (sweep->removed)
		log_warn("s3",
			 "aborted what an s3storefs that was killed has left "
			 "unfinished: uploads=%u",
			 sweep->removed);
	if (sweep->left)
		log_warn("s3",
			 "unfinished uploads of an s3storefs that was killed "
			 "cannot be aborted now; the next start tries again: "
			 "%s",
			 sweep->why.text);
	return NULL;
}

void s3_sweep_start(struct s3_client *c)
{
	struct upload_sweep *sweep;

	if (!c->record || c->sweep)
		return;
	sweep = calloc(1, sizeof(*sweep));
	if (!sweep)
		return;
	sweep->client = c;
	sweep->lock = (struct lock)LOCK_INIT;
	if (thread_start(&sweep->thread, 0, sweep_main, sweep) < 0) {
		sweep->is_joined = true;
		upload_sweep_free(sweep);
		return;
	}
	c->sweep = sweep;
}

void s3_sweep_wait(struct s3_client *c)
{
	struct upload_sweep *sweep = c->sweep;

	if (!sweep || sweep->is_joined)
		return;
	pthread_join(sweep->thread, NULL);
	sweep->is_joined = true;
}

void upload_sweep_free(struct upload_sweep *sweep)
{
	if (!sweep)
		return;
	lock_enter(&sweep->lock);
	sweep->locked.is_stopped = true;
	if (sweep->locked.op)
		s3_cancel(sweep->client, sweep->locked.op);
	lock_leave(&sweep->lock);
	if (!sweep->is_joined)
		pthread_join(sweep->thread, NULL);
	pthread_mutex_destroy(&sweep->lock.mutex);
	free(sweep);
}
