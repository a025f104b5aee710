/* SPDX-License-Identifier: MIT */
/* Which uploads of this process are under way; see upload_record.h. */
#include "notes/upload_record.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "io.h"
#include "lock.h"
#include "log.h"
#include "notes/upload_note.h"
#include "text.h"
#include "wire/digest.h"

#define FOLDERS      2
#define OWNER_TRIES  8 /* each is lost only to a sweep in that very moment */
#define FILE_MODE    0600
#define FOLDER_MODE  0700
#define OTHERS_WRITE 0022

struct upload_record {
	const char *folders[FOLDERS];
	char *place;
	struct lock lock;
	struct {
		int folder_fd; /* -1: none yet */
		int lock_fd;
		char owner[UPLOAD_OWNER_LEN + 1];
		unsigned count; /* of notes */
		bool has_warned;
	} locked;
};

/* --- the folder ---------------------------------------------------------- */

/* Makes the folders above path; whether that went well shows with path. */
static void record_make_parents(const char *path)
{
	AUTO_FREE char *part = strdup(path);

	for (char *at = part; at && (at = strchr(at + 1, '/'));) {
		*at = '\0';
		(void)mkdir(part, FOLDER_MODE);
		*at = '/';
	}
}

int upload_folder_open(const char *path, bool create)
{
	AUTO_CLOSE int fd = -1;
	struct stat st;
	int out;

	if (create) {
		record_make_parents(path);
		if (mkdir(path, FOLDER_MODE) < 0 && errno != EEXIST)
			return -errno;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (st.st_uid != geteuid() || (st.st_mode & OTHERS_WRITE))
		return -EPERM;
	out = fd;
	fd = -1;
	return out;
}

/* --- the owner's lock ---------------------------------------------------- */

static int record_random_owner(char owner[UPLOAD_OWNER_LEN + 1])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -EIO;
	text_hex(owner, &number, sizeof(number));
	return 0;
}

static int record_lock_name(char *name, size_t room, const char *owner)
{
	int len = snprintf(name, room, "%s" UPLOAD_LOCK, owner);

	return len < (int)room ? 0 : -ENAMETOOLONG;
}

/*
 * A new lock in folder, held. A sweep may find it before it is locked and
 * take it for a dead one's: -EAGAIN.
 */
static int record_make_lock(int folder, const char *owner)
{
	char name[UPLOAD_NAME_SIZE];
	AUTO_CLOSE int fd = -1;
	struct stat st;
	int out = record_lock_name(name, sizeof(name), owner);

	if (out < 0)
		return out;
	fd = openat(folder, name,
		    O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		    FILE_MODE);
	if (fd < 0)
		return errno == EEXIST ? -EAGAIN : -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return -EAGAIN;
		out = -errno;
		unlinkat(folder, name, 0);
		return out;
	}
	if (fstat(fd, &st) < 0 || st.st_nlink == 0)
		return -EAGAIN;
	out = fd;
	fd = -1;
	return out;
}

/* --- the record ---------------------------------------------------------- */

struct upload_record *upload_record_new(const char *const folders[2],
					const char *place)
{
	struct upload_record *record = calloc(1, sizeof(*record));

	if (!record)
		return NULL;
	record->lock = (struct lock)LOCK_INIT(LOCK_RECORD);
	record->locked.folder_fd = -1;
	record->locked.lock_fd = -1;
	for (size_t i = 0; i < FOLDERS; i++)
		record->folders[i] = folders[i];
	record->place = strdup(place);
	if (!record->place) {
		upload_record_free(record);
		return NULL;
	}
	return record;
}

void upload_record_free(struct upload_record *record)
{
	char name[UPLOAD_NAME_SIZE];

	if (!record)
		return;
	if (record->locked.lock_fd >= 0 && record->locked.count == 0 &&
	    record_lock_name(name, sizeof(name), record->locked.owner) == 0)
		unlinkat(record->locked.folder_fd, name, 0);
	close_fd(&record->locked.lock_fd);
	close_fd(&record->locked.folder_fd);
	pthread_mutex_destroy(&record->lock.mutex);
	free(record->place);
	free(record);
}

const char *upload_record_place(const struct upload_record *record)
{
	return record->place;
}

static int record_open_in_locked(struct upload_record *record, const char *path)
{
	AUTO_CLOSE int folder = upload_folder_open(path, true);
	int rc = folder < 0 ? folder : -EAGAIN;

	for (int i = 0; rc == -EAGAIN && i < OWNER_TRIES; i++) {
		rc = record_random_owner(record->locked.owner);
		if (rc == 0)
			rc = record_make_lock(folder, record->locked.owner);
	}
	if (rc < 0)
		return rc;
	record->locked.lock_fd = rc;
	record->locked.folder_fd = folder;
	folder = -1;
	return 0;
}

/* Takes the first folder that can be used; the last one's error. */
static int record_open_locked(struct upload_record *record)
{
	int rc = record->locked.lock_fd >= 0 ? 0 : -ENOENT;

	for (size_t i = 0; rc < 0 && i < FOLDERS && record->folders[i]; i++) {
		rc = record_open_in_locked(record, record->folders[i]);
		if (rc < 0 && !record->locked.has_warned)
			log_info("s3", "uploads cannot be noted in %s: %s",
				 record->folders[i], strerrordesc_np(-rc));
	}
	return rc;
}

int upload_digest(const char *id, char digest[UPLOAD_DIGEST_LEN + 1])
{
	unsigned char sum[DIGEST_MAX];
	int rc = digest_of(DIGEST_SHA256, id, strlen(id), sum);

	if (rc == 0)
		text_hex(digest, sum, UPLOAD_DIGEST_LEN / 2);
	return rc;
}

static int record_note_name(const struct upload_record *record, const char *id,
			    char name[UPLOAD_NAME_SIZE])
{
	char digest[UPLOAD_DIGEST_LEN + 1];
	int rc = upload_digest(id, digest);

	if (rc < 0)
		return rc;
	snprintf(name, UPLOAD_NAME_SIZE, "%s.%s", record->locked.owner, digest);
	return 0;
}

static int record_write_note(int folder, const char *name,
			     const struct buf *text)
{
	AUTO_CLOSE int fd =
		openat(folder, name,
		       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       FILE_MODE);
	int rc;

	if (fd < 0)
		return -errno;
	rc = io_write(fd, text->data, text->len);
	if (rc < 0)
		unlinkat(folder, name, 0);
	return rc;
}

/* Under the name that id, or what stands for it, gives. */
static void record_write(struct upload_record *record,
			 const struct upload_note *note, const char *id)
{
	AUTO_BUF struct buf text = BUF_INIT(UPLOAD_NOTE_MAX);
	char name[UPLOAD_NAME_SIZE];
	int rc;

	upload_note_write(&text, note);
	LOCK(&record->lock);
	rc = text.error ? text.error : record_open_locked(record);
	if (rc == 0)
		rc = record_note_name(record, id, name);
	if (rc == 0)
		rc = record_write_note(record->locked.folder_fd, name, &text);
	if (rc == 0)
		record->locked.count++;
	if (rc == 0 || record->locked.has_warned)
		return;
	record->locked.has_warned = true;
	log_warn("s3",
		 "uploads cannot be noted: %s; what a kill leaves of them "
		 "stays in the bucket key=%s",
		 strerrordesc_np(-rc), note->key);
}

void upload_record_ask(struct upload_record *record, const char *key,
		       int64_t asked_s, char token[UPLOAD_TOKEN_SIZE])
{
	AUTO_FREE char *copy = strdup(key);
	struct upload_note note = { .place = record->place,
				    .key = copy,
				    .asked_s = asked_s };

	if (!copy || record_random_owner(token) < 0)
		token[0] = '\0';
	else
		record_write(record, &note, token);
}

void upload_record_add(struct upload_record *record, const char *key,
		       const char *id)
{
	AUTO_FREE char *copy = strdup(key);
	AUTO_FREE char *id_copy = strdup(id);
	struct upload_note note = { .place = record->place,
				    .key = copy,
				    .id = id_copy };

	if (copy && id_copy)
		record_write(record, &note, id);
}

void upload_record_remove(struct upload_record *record, const char *id)
{
	char name[UPLOAD_NAME_SIZE];
	LOCK(&record->lock);

	if (record->locked.count > 0 &&
	    record_note_name(record, id, name) == 0 &&
	    unlinkat(record->locked.folder_fd, name, 0) == 0)
		record->locked.count--;
}
