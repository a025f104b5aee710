/* SPDX-License-Identifier: MIT */
/* The text that is noted of an upload, and what is taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "notes/upload_note.h"

#define GOOD "s3storefs upload 1\nhttp://h:1/b\na/b%20c\nid\n"

static int parse(const char *text, struct upload_note *note)
{
	return upload_note_parse(text, strlen(text), note);
}

static void write_note(struct buf *out, const char *place, const char *key,
		       const char *id)
{
	struct upload_note note = {
		.place = strdup(place),
		.key = strdup(key),
		.id = strdup(id),
	};

	assert_true(note.place && note.key && note.id);
	upload_note_write(out, &note);
	upload_note_release(&note);
}

static void a_note_has_this_form(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT(UPLOAD_NOTE_MAX);

	write_note(&text, "http://h:1/b", "a/b c", "id");
	assert_string_equal(buf_str(&text), GOOD);
}

static void what_was_written_is_read(void **state)
{
	static const char *const texts[] = {
		"a",  "a/b",      "\n", "\x01\x7f", "%41",
		"+ ", "\xc3\xbc", "//", "..",
	};
	char longest[1024 + 1];
	char longest_id[UPLOAD_ID_MAX + 1];

	memset(longest, '\xff', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	memset(longest_id, '\n', sizeof(longest_id) - 1);
	longest_id[sizeof(longest_id) - 1] = '\0';
	for (size_t i = 0; i <= ARRAY_SIZE(texts); i++) {
		bool is_last = i == ARRAY_SIZE(texts);
		const char *key = is_last ? longest : texts[i];
		const char *id = is_last ? longest_id : texts[i];
		AUTO_BUF struct buf text = BUF_INIT(UPLOAD_NOTE_MAX);
		struct upload_note note;

		write_note(&text, "https://amazonaws.com/b", key, id);
		assert_int_equal(text.error, 0);
		assert_int_equal(upload_note_parse(text.data, text.len, &note),
				 0);
		assert_string_equal(note.place, "https://amazonaws.com/b");
		assert_string_equal(note.key, key);
		assert_string_equal(note.id, id);
		upload_note_release(&note);
	}
}

static void an_upload_without_an_id_has_a_time(void **state)
{
	static const char text[] =
		"s3storefs upload 1\nhttp://h:1/b\na/b%20c\n?1718200000\n";
	static const char *const bad[] = {
		"s3storefs upload 1\nhttp://h:1/b\nk\n?\n",
		"s3storefs upload 1\nhttp://h:1/b\nk\n?-1\n",
		"s3storefs upload 1\nhttp://h:1/b\nk\n?1x\n",
		"s3storefs upload 1\nhttp://h:1/b\nk\n?99999999999999999999\n",
	};
	AUTO_BUF struct buf again = BUF_INIT(UPLOAD_NOTE_MAX);
	struct upload_note note;

	assert_int_equal(parse(text, &note), 0);
	assert_string_equal(note.key, "a/b c");
	assert_null(note.id);
	assert_int_equal(note.asked_s, 1718200000);
	upload_note_write(&again, &note);
	assert_string_equal(buf_str(&again), text);
	upload_note_release(&note);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(parse(bad[i], &note), -EBADMSG);
}

static void a_note_cut_anywhere_is_the_beginning_of_one(void **state)
{
	for (size_t len = 0; len < sizeof(GOOD) - 1; len++) {
		struct upload_note note;

		assert_int_equal(upload_note_parse(GOOD, len, &note), -ENODATA);
		assert_null(note.id);
	}
}

static void what_is_no_note_is_none(void **state)
{
	static const char head[] = "s3storefs upload 1\n";
	static const char *const texts[] = {
		"x",
		"\n",
		"s3storefs upload 2\nhttp://h/b\nk\nid\n",
		"s3storefs upload 1 \nhttp://h/b\nk\nid\n",
		GOOD "x",
		GOOD GOOD,
	};
	static const char *const rests[] = {
		"\nk\nid\n",
		"http://h/b\n\nid\n",
		"http://h/b\nk\n\n",
		"http://h/b\n%\nid\n",
		"http://h/b\n%4\nid\n",
		"http://h/b\n%00\nid\n",
		"http://h/b\nk\na%00b\n",
		"http://h/b\nk\n%zz\n",
	};
	struct upload_note note;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(parse(texts[i], &note), -EBADMSG);
	for (size_t i = 0; i < ARRAY_SIZE(rests); i++) {
		AUTO_BUF struct buf text = BUF_INIT(200);

		buf_add_fmt(&text, "%s%s", head, rests[i]);
		assert_int_equal(text.error, 0);
		assert_int_equal(parse(text.data, &note), -EBADMSG);
		assert_null(note.place);
	}
	assert_int_equal(upload_note_parse("s3storefs upload 1\np\nk\0\nid\n",
					   27, &note),
			 -EBADMSG);
}

static void keys_and_ids_have_their_limits(void **state)
{
	char key[1024 + 2], id[UPLOAD_ID_MAX + 2];
	struct upload_note note;

	memset(key, 'k', sizeof(key) - 1);
	memset(id, 'i', sizeof(id) - 1);
	key[sizeof(key) - 1] = id[sizeof(id) - 1] = '\0';
	for (int too_long = 0; too_long < 3; too_long++) {
		AUTO_BUF struct buf text = BUF_INIT(2 * UPLOAD_NOTE_MAX);

		write_note(&text, "p", too_long == 1 ? key : key + 1,
			   too_long == 2 ? id : id + 1);
		assert_int_equal(upload_note_parse(text.data, text.len, &note),
				 too_long ? -EBADMSG : 0);
		upload_note_release(&note);
	}
}

static void a_file_longer_than_a_note_is_none(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT(2 * UPLOAD_NOTE_MAX);
	struct upload_note note;

	buf_add_str(&text, "s3storefs upload 1\n");
	while (!text.error && text.len <= UPLOAD_NOTE_MAX)
		buf_add_char(&text, 'p');
	assert_int_equal(text.error, 0);
	assert_int_equal(upload_note_parse(text.data, text.len, &note),
			 -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_note_has_this_form),
		cmocka_unit_test(what_was_written_is_read),
		cmocka_unit_test(an_upload_without_an_id_has_a_time),
		cmocka_unit_test(a_note_cut_anywhere_is_the_beginning_of_one),
		cmocka_unit_test(what_is_no_note_is_none),
		cmocka_unit_test(keys_and_ids_have_their_limits),
		cmocka_unit_test(a_file_longer_than_a_note_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
