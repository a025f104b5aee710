/* SPDX-License-Identifier: MIT */
/* A note of an upload, as a stranger may have written it. */
#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "notes/upload_note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken is what is written of it, and taken again. */
static void check_again(const struct upload_note *note)
{
	AUTO_BUF struct buf text = BUF_INIT(UPLOAD_NOTE_MAX);
	struct upload_note again;
	int rc;

	upload_note_write(&text, note);
	/* What came without %XX may be longer with it. */
	if (text.error)
		return;
	rc = upload_note_parse(text.data, text.len, &again);
	assert(rc == 0 || rc == -ENOMEM);
	if (rc < 0)
		return;
	assert(strcmp(again.place, note->place) == 0);
	assert(strcmp(again.key, note->key) == 0);
	assert(again.asked_s == note->asked_s);
	assert(!again.id == !note->id);
	assert(!note->id || strcmp(again.id, note->id) == 0);
	upload_note_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* No byte behind the end may be read. */
	char *text = malloc(size ? size : 1);
	struct upload_note note;
	int rc;

	if (!text)
		return 0;
	memcpy(text, data, size);
	rc = upload_note_parse(text, size, &note);
	assert(rc == 0 || rc == -ENODATA || rc == -EBADMSG || rc == -ENOMEM);
	if (rc == 0)
		check_again(&note);
	else
		assert(!note.place && !note.key && !note.id);
	upload_note_release(&note);
	free(text);
	return 0;
}
