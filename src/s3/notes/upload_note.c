/* SPDX-License-Identifier: MIT */
/* The text of a note of an upload; see upload_note.h. */
#include "notes/upload_note.h"

#include <string.h>

#include "s3.h"
#include "text.h"

#define MAGIC "s3storefs upload 1\n"

#define ASKED '?' /* which no id begins with, encoded */

void upload_note_write(struct buf *out, const struct upload_note *note)
{
	buf_add_fmt(out, MAGIC "%s\n", note->place);
	text_percent_encode(out, note->key, strlen(note->key), true);
	buf_add_char(out, '\n');
	if (note->id)
		text_percent_encode(out, note->id, strlen(note->id), false);
	else
		buf_add_fmt(out, "%c%lld", ASKED, (long long)note->asked_s);
	buf_add_char(out, '\n');
}

/* The next line without its end, or NULL if it has none. */
static char *note_take_line(const char **at, size_t *left)
{
	const char *end = memchr(*at, '\n', *left);
	size_t len = end ? (size_t)(end - *at) : 0;
	char *line = end ? strndup(*at, len) : NULL;

	if (end) {
		*at += len + 1;
		*left -= len + 1;
	}
	return line;
}

/* In place; what it stood for has to be a text of 1 to max bytes. */
static int note_decode(char *s, size_t max)
{
	size_t len = strlen(s);

	if (text_percent_decode(s, &len, false) < 0 || len == 0 || len > max ||
	    strlen(s) != len)
		return -EBADMSG;
	return 0;
}

static int note_parse_id(struct upload_note *note)
{
	uint64_t seconds;

	if (note->id[0] != ASKED)
		return note_decode(note->id, UPLOAD_ID_MAX);
	if (text_parse_u64(note->id + 1, INT64_MAX, &seconds) < 0)
		return -EBADMSG;
	note->asked_s = (int64_t)seconds;
	free(STEAL(note->id));
	return 0;
}

int upload_note_parse(const char *text, size_t len, struct upload_note *out)
{
	size_t magic = sizeof(MAGIC) - 1, left = len;
	const char *at = text;
	unsigned lines = 0;

	*out = (struct upload_note){ 0 };
	if (len > UPLOAD_NOTE_MAX ||
	    memcmp(text, MAGIC, len < magic ? len : magic) != 0)
		return -EBADMSG;
	if (len < magic)
		return -ENODATA;
	for (size_t i = magic; i < len; i++)
		lines += text[i] == '\n';
	if (lines < 3)
		return -ENODATA;
	if (lines > 3 || text[len - 1] != '\n' || memchr(text, '\0', len))
		return -EBADMSG;
	at += magic;
	left -= magic;
	out->place = note_take_line(&at, &left);
	out->key = note_take_line(&at, &left);
	out->id = note_take_line(&at, &left);
	if (!out->place || !out->key || !out->id) {
		upload_note_release(out);
		return -ENOMEM;
	}
	if (!out->place[0] || note_decode(out->key, S3_KEY_MAX) < 0 ||
	    note_parse_id(out) < 0) {
		upload_note_release(out);
		return -EBADMSG;
	}
	return 0;
}

void upload_note_release(struct upload_note *note)
{
	free(note->place);
	free(note->key);
	free(note->id);
	*note = (struct upload_note){ 0 };
}
