/* SPDX-License-Identifier: MIT */
/*
 * Aborts what dead processes have left; see upload_sweep.h.
 *
 * A lock that can be taken had an owner who is dead; while we hold it, no
 * other sweep works on his notes. A note goes when the server has said that
 * the upload is gone; the lock goes when no note is left. So whatever
 * fails is done by the next start. One thread of its own.
 *
 * Of an upload whose id its owner was not told, the server is asked: it has
 * the noted key, was begun within the time that the question could take, has
 * no part (nobody could send any), and is in no other note. That could be
 * another client's who has just begun, so it has to be older than his first
 * part would take; and if there are several, none is touched.
 */
#include "ops/upload_sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "client/client.h"
#include "clock.h"
#include "io.h"
#include "log.h"
#include "multipart.h"
#include "notes/upload_note.h"
#include "notes/upload_record.h"
#include "thread.h"

#define TOO_MANY_REQUESTS 429 /* RFC 6585 */
#define SKEW_S            2   /* between the server's clocks */

struct upload_sweep {
	struct s3_client *client;
	pthread_t thread;
	bool is_joined;
	unsigned removed; /* uploads that were there and are gone */
	unsigned left;    /* uploads that could not be aborted */
	struct errinfo why;
	bool is_down;  /* the server: nothing else is tried */
	int64_t due_s; /* when a note is old enough, by its clock; 0: none */
	pthread_cond_t changed;
	struct lock lock;
	struct {
		bool is_stopped;
		bool is_hasty;    /* nothing is waited for that is too young */
		struct s3_op *op; /* under way */
	} locked;
};

static bool sweep_is_over(struct upload_sweep *sweep)
{
	LOCK(&sweep->lock);
	return sweep->locked.is_stopped || sweep->is_down;
}

/* --- one upload ---------------------------------------------------------- */

/* Which may be of this upload alone, and came at once. */
static bool sweep_is_refusal(const struct errinfo *err)
{
	return err->http_status >= 400 && err->http_status <= 499 &&
	       err->http_status != TOO_MANY_REQUESTS;
}

/*
 * Starts op by start(client, it), waits, and notes a failure; it is the whole
 * struct of op.
 */
static int sweep_ask(struct upload_sweep *sweep, struct s3_op *op, void *it,
		     void (*start)(struct s3_client *c, void *it))
{
	int rc;

	if (sweep_is_over(sweep))
		return -ECANCELED;
	start(sweep->client, it);
	{
		LOCK(&sweep->lock);
		sweep->locked.op = op;
		if (sweep->locked.is_stopped)
			s3_cancel(sweep->client, op);
	}
	rc = s3_wait(sweep->client, op);
	lock_enter(&sweep->lock);
	sweep->locked.op = NULL;
	lock_leave(&sweep->lock);
	if (rc < 0 && rc != -ECANCELED) {
		sweep->left++;
		sweep->why = op->err;
		sweep->is_down = !sweep_is_refusal(&op->err);
	}
	return rc;
}

static void sweep_start_abort(struct s3_client *c, void *it)
{
	s3_abort_upload_start(c, it);
}

static void sweep_start_list(struct s3_client *c, void *it)
{
	s3_list_uploads_start(c, it);
}

static void sweep_start_parts(struct s3_client *c, void *it)
{
	s3_list_parts_start(c, it);
}

/* Returns 0 if there is no such upload any more. */
static int sweep_abort_noted(struct upload_sweep *sweep, const char *key,
			     const char *id)
{
	struct s3_abort_upload abort = {
		.op.priority = S3_BACKGROUND,
		.key = key,
		.upload_id = id,
	};
	int rc = sweep_ask(sweep, &abort.op, &abort, sweep_start_abort);

	if (rc == 0 && !abort.was_gone)
		sweep->removed++;
	s3_abort_upload_release(&abort);
	return rc;
}

/* ---- one whose id is not known ------------------------------------------ */

/* What is looked for, and what was found. */
struct search {
	int folder;
	const struct upload_note *note;
	char *id;
	unsigned found;
};

/* How long, in seconds, one operation may take. */
static int64_t sweep_bound_s(const struct upload_sweep *sweep)
{
	return (sweep->client->options.timeout_ms + 999) / 1000;
}

/* Somebody with this folder has it, dead or alive. */
static bool sweep_is_noted(int folder, const char *id)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	char digest[UPLOAD_DIGEST_LEN + 1];
	struct dirent *entry;
	bool result = !dir || upload_digest(id, digest) < 0;

	while (!result && (entry = readdir(dir)))
		result = strlen(entry->d_name) == UPLOAD_NAME_SIZE - 1 &&
			 strcmp(entry->d_name + UPLOAD_OWNER_LEN + 1, digest) ==
				 0;
	if (dir)
		closedir(dir);
	else
		close_fd(&fd);
	return result;
}

/* 1, 0 or an error. */
static int sweep_has_parts(struct upload_sweep *sweep, const char *key,
			   const char *id)
{
	struct s3_list_parts list = {
		.op.priority = S3_BACKGROUND,
		.key = key,
		.upload_id = id,
	};
	int rc = sweep_ask(sweep, &list.op, &list, sweep_start_parts);

	if (rc == 0)
		rc = list.count > 0;
	s3_list_parts_release(&list);
	return rc;
}

static int sweep_consider(struct upload_sweep *sweep, struct search *search,
			  const struct s3_listed_upload *item)
{
	int64_t begun_s = item->initiated_ns / 1000000000;
	int64_t asked_s = search->note->asked_s;
	int rc;

	if (strcmp(item->key, search->note->key) != 0 ||
	    begun_s < asked_s - SKEW_S ||
	    begun_s > asked_s + sweep_bound_s(sweep) + SKEW_S ||
	    sweep_is_noted(search->folder, item->upload_id))
		return 0;
	rc = sweep_has_parts(sweep, item->key, item->upload_id);
	if (rc != 0)
		return rc < 0 ? rc : 0;
	search->found++;
	free(search->id);
	search->id = strdup(item->upload_id);
	return search->id ? 0 : -ENOMEM;
}

/* All uploads of the key; those of longer keys come behind them. */
static int sweep_search(struct upload_sweep *sweep, struct search *search)
{
	AUTO_FREE char *key_marker = NULL;
	AUTO_FREE char *id_marker = NULL;
	struct s3_list_uploads list = {
		.op.priority = S3_BACKGROUND,
		.prefix = search->note->key,
	};
	bool has_more = true;
	int rc = 0;

	while (rc == 0 && has_more) {
		list.key_marker = key_marker;
		list.upload_id_marker = id_marker;
		rc = sweep_ask(sweep, &list.op, &list, sweep_start_list);
		for (size_t i = 0; rc == 0 && i < list.count; i++)
			rc = sweep_consider(sweep, search, &list.items[i]);
		has_more = rc == 0 && list.is_truncated && list.count > 0 &&
			   strcmp(list.items[list.count - 1].key,
				  search->note->key) == 0;
		if (!has_more)
			break;
		free(key_marker);
		free(id_marker);
		key_marker = strdup(list.items[list.count - 1].key);
		id_marker = strdup(list.items[list.count - 1].upload_id);
		if (!key_marker || !id_marker)
			rc = -ENOMEM;
	}
	s3_list_uploads_release(&list);
	return rc;
}

/* Returns 0 if nothing more can be known of it; -EAGAIN: not yet. */
static int sweep_abort_asked(struct upload_sweep *sweep, int folder,
			     const struct upload_note *note)
{
	struct search search = { .folder = folder, .note = note };
	int64_t due_s = note->asked_s + 3 * sweep_bound_s(sweep);
	int rc;

	if (client_server_now_s(sweep->client) < due_s) {
		if (sweep->due_s == 0 || due_s < sweep->due_s)
			sweep->due_s = due_s;
		return -EAGAIN;
	}
	rc = sweep_search(sweep, &search);
	if (rc == 0 && search.found == 1)
		rc = sweep_abort_noted(sweep, note->key, search.id);
	else if (rc == 0 && search.found > 1)
		log_warn("s3",
			 "one of %u uploads without parts may have been left "
			 "by an s3storefs that was killed; which cannot be "
			 "told, and all are kept key=%s",
			 search.found, note->key);
	free(search.id);
	return rc;
}

/* ---- notes --------------------------------------------------------------- */

/* A regular file of ours that stands under one name, or -1. */
static int sweep_open_own(int folder, const char *name, int flags)
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
static int sweep_read_note(int folder, const char *name,
			   struct upload_note *note)
{
	AUTO_CLOSE int fd = sweep_open_own(folder, name, O_RDONLY);
	AUTO_FREE char *text = malloc(UPLOAD_NOTE_MAX + 1);
	ssize_t n;

	if (fd < 0 || !text)
		return -EIO;
	n = io_read(fd, text, UPLOAD_NOTE_MAX + 1);
	return n < 0 ? (int)n : upload_note_parse(text, (size_t)n, note);
}

/*
 * Whether the note is done with. One that was cut short has no upload that
 * could be found; what is of another place or no note waits for others.
 */
static bool sweep_settle_note(struct upload_sweep *sweep, int folder,
			      const char *name)
{
	struct upload_note note;
	int rc = sweep_read_note(folder, name, &note);

	if (rc == 0) {
		if (strcmp(note.place,
			   upload_record_place(sweep->client->record)) != 0)
			rc = -EXDEV;
		else if (note.id)
			rc = sweep_abort_noted(sweep, note.key, note.id);
		else
			rc = sweep_abort_asked(sweep, folder, &note);
		upload_note_release(&note);
	}
	return (rc == 0 || rc == -ENODATA) && unlinkat(folder, name, 0) == 0;
}

/* --- one owner ----------------------------------------------------------- */

static bool sweep_is_note_of(const char *name, const char *lock)
{
	return strncmp(name, lock, UPLOAD_OWNER_LEN + 1) == 0 &&
	       strlen(name) == UPLOAD_NAME_SIZE - 1;
}

/* The number of notes that stay; -1: nobody knows. */
static int sweep_settle_notes(struct upload_sweep *sweep, int folder,
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
		if (sweep_is_note_of(entry->d_name, lock) &&
		    (sweep_is_over(sweep) ||
		     !sweep_settle_note(sweep, folder, entry->d_name)))
			kept++;
	closedir(dir);
	return kept;
}

static void sweep_settle_owner(struct upload_sweep *sweep, int folder,
			       const char *lock)
{
	AUTO_CLOSE int fd = sweep_open_own(folder, lock, O_RDWR);

	if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) < 0)
		return; /* its owner still runs */
	if (sweep_settle_notes(sweep, folder, lock) == 0)
		unlinkat(folder, lock, 0);
}

static bool sweep_is_lock(const char *name)
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
	while (!sweep_is_over(sweep) && (entry = readdir(dir)))
		if (sweep_is_lock(entry->d_name))
			sweep_settle_owner(sweep, folder, entry->d_name);
	closedir(dir);
}

/* Until a note is old enough; false: no need, or no time. */
static bool sweep_wait_due(struct upload_sweep *sweep)
{
	int64_t left_s = sweep->due_s - client_server_now_s(sweep->client);
	struct timespec until;
	int rc = 0;

	if (sweep->due_s == 0)
		return false;
	until = clock_in_ms(left_s > 0 ? left_s * 1000 : 0);
	LOCK(&sweep->lock);
	while (!sweep->locked.is_stopped && !sweep->locked.is_hasty && rc == 0)
		rc = lock_wait_until(&sweep->lock, &sweep->changed, &until);
	sweep->due_s = 0;
	return !sweep->locked.is_stopped && !sweep->locked.is_hasty;
}

static void *sweep_main(void *arg)
{
	struct upload_sweep *sweep = arg;
	const char *const *folders = sweep->client->options.record_folders;

	do {
		for (size_t i = 0; i < S3_RECORD_FOLDERS && folders[i]; i++)
			sweep_folder(sweep, folders[i]);
	} while (!sweep->is_down && sweep_wait_due(sweep));
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
	pthread_condattr_t attr;

	if (!c->record || c->sweep)
		return;
	sweep = calloc(1, sizeof(*sweep));
	if (!sweep)
		return;
	sweep->client = c;
	sweep->lock = (struct lock)LOCK_INIT(LOCK_SWEEP);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&sweep->changed, &attr);
	pthread_condattr_destroy(&attr);
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
	{
		LOCK(&sweep->lock);
		sweep->locked.is_hasty = true;
		pthread_cond_broadcast(&sweep->changed);
	}
	pthread_join(sweep->thread, NULL);
	sweep->is_joined = true;
}

void upload_sweep_free(struct upload_sweep *sweep)
{
	if (!sweep)
		return;
	lock_enter(&sweep->lock);
	sweep->locked.is_stopped = true;
	pthread_cond_broadcast(&sweep->changed);
	if (sweep->locked.op)
		s3_cancel(sweep->client, sweep->locked.op);
	lock_leave(&sweep->lock);
	if (!sweep->is_joined)
		pthread_join(sweep->thread, NULL);
	pthread_cond_destroy(&sweep->changed);
	pthread_mutex_destroy(&sweep->lock.mutex);
	free(sweep);
}
