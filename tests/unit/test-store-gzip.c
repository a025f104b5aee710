/* SPDX-License-Identifier: MIT */
/* The format of compressed objects, and reading anybody's gzip. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/gunzip.h"
#include "codec/gzip.h"
#include "data/pieces.h"
#include "facts/facts.h"
#include "facts/facts_codec.h"

#define MIB (1024u * 1024)

/* ------------------------------------------------------------- vectors */

/* What Python writes: zlib.compressobj(level=9, wbits=31), then flush. */
static const unsigned char python_empty[] = {
	0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
};
static const char css[] = "body { color: red; margin: 0 }\n"
			  "p { color: blue; margin: 0 }\n"
			  "body { color: red; margin: 0 }\n"
			  "p { color: blue; margin: 0 }\n";
static const unsigned char python_css[] = {
	0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x4b,
	0xca, 0x4f, 0xa9, 0x54, 0xa8, 0x56, 0x48, 0xce, 0xcf, 0xc9, 0x2f,
	0xb2, 0x52, 0x28, 0x4a, 0x4d, 0xb1, 0x56, 0xc8, 0x4d, 0x2c, 0x4a,
	0xcf, 0xcc, 0xb3, 0x52, 0x30, 0x50, 0xa8, 0xe5, 0x2a, 0x40, 0xc8,
	0x25, 0xe5, 0x94, 0xa6, 0xa2, 0x4a, 0x26, 0x51, 0xa0, 0x17, 0x00,
	0xc9, 0x6c, 0x07, 0xef, 0x78, 0x00, 0x00, 0x00,
};

/* All of RFC 1952's fields: extra, name, comment, header checksum. */
static const unsigned char foreign_fields[] = {
	0x1f, 0x8b, 0x08, 0x1f, 0xd2, 0x02, 0x96, 0x49, 0x00, 0x00, 0x07, 0x00,
	0x41, 0x42, 0x03, 0x00, 0x78, 0x79, 0x7a, 0x6e, 0x61, 0x6d, 0x65, 0x2e,
	0x63, 0x73, 0x73, 0x00, 0x61, 0x20, 0x63, 0x6f, 0x6d, 0x6d, 0x65, 0x6e,
	0x74, 0x00, 0xde, 0x6f, 0x4b, 0xcb, 0x4c, 0xcd, 0x49, 0x29, 0x56, 0xc8,
	0x4f, 0x53, 0x48, 0xcc, 0xc9, 0x51, 0xc8, 0xce, 0xcc, 0x4b, 0x29, 0xe6,
	0x02, 0x00, 0xc1, 0x7c, 0xce, 0xe1, 0x14, 0x00, 0x00, 0x00,
};

static int write_member(const char *text, size_t len, unsigned char *out,
			size_t *out_len)
{
	struct piece piece = { .data = text, .len = len };
	struct pieces pieces = { .items = &piece, .count = 1, .length = len };

	return gzip_member_write(&pieces, out, out_len);
}

static void check_vector(const char *text, size_t text_len,
			 const unsigned char *want, size_t want_len)
{
	unsigned char out[1024];
	size_t len = sizeof(out);

	assert_int_equal(write_member(text, text_len, out, &len), 0);
	assert_int_equal(len, want_len);
	assert_memory_equal(out, want, want_len);
}

static void a_member_is_bit_for_bit_what_python_writes(void **state)
{
	check_vector("", 0, python_empty, sizeof(python_empty));
	check_vector(css, strlen(css), python_css, sizeof(python_css));
}

static void equal_input_gives_equal_bytes_however_it_is_cut(void **state)
{
	enum {
		SIZE = 300000
	};
	static char text[SIZE];
	static unsigned char one[SIZE + 1000], other[SIZE + 1000];
	size_t one_len = sizeof(one), other_len = sizeof(other);
	struct piece cut[SIZE / 1000];
	struct pieces pieces = { .items = cut, .length = SIZE };

	for (size_t i = 0; i < SIZE; i++)
		text[i] = "abcdefgh .{}\n"[(i * i / 7 + i / 3) % 13];
	for (size_t i = 0; i < SIZE / 1000; i++)
		cut[i] = (struct piece){ .data = text + i * 1000, .len = 1000 };
	pieces.count = SIZE / 1000;
	assert_int_equal(write_member(text, SIZE, one, &one_len), 0);
	assert_int_equal(gzip_member_write(&pieces, other, &other_len), 0);
	assert_int_equal(one_len, other_len);
	assert_memory_equal(one, other, one_len);
}

static void
the_bound_is_enough_for_bytes_that_cannot_be_compressed(void **state)
{
	static char noise[MIB];
	size_t len = gzip_member_bound(sizeof(noise));
	unsigned char *out = malloc(len);
	static char back[MIB];
	uint64_t x = 88172645463325252ull;

	for (size_t i = 0; i < sizeof(noise); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		noise[i] = (char)x;
	}
	assert_non_null(out);
	assert_int_equal(write_member(noise, sizeof(noise), out, &len), 0);
	assert_int_equal(gzip_member_read(out, len, back, sizeof(back)), 0);
	assert_memory_equal(noise, back, sizeof(noise));
	free(out);
}

/* ---------------------------------------------------------- one member */

static void a_member_of_another_length_or_checksum_is_refused(void **state)
{
	unsigned char bad[sizeof(python_css)];
	size_t size = strlen(css), refused = 0;
	char out[200];

	assert_int_equal(
		gzip_member_read(python_css, sizeof(python_css), out, size), 0);
	assert_memory_equal(out, css, size);
	assert_int_equal(gzip_member_read(python_css, sizeof(python_css), out,
					  size - 1),
			 -EIO);
	assert_int_equal(gzip_member_read(python_css, sizeof(python_css), out,
					  size + 1),
			 -EIO);
	for (size_t cut = 0; cut < sizeof(python_css); cut++)
		assert_int_equal(gzip_member_read(python_css, cut, out, size),
				 -EIO);
	for (size_t i = 0; i < sizeof(python_css); i++) {
		memcpy(bad, python_css, sizeof(bad));
		bad[i] ^= 0x10;
		/* Time, XFL and OS are not protected by anything. */
		if (i >= 4 && i < 10)
			continue;
		/* Bits that pad a block may change: not what comes out. */
		if (gzip_member_read(bad, sizeof(bad), out, size) == 0)
			assert_memory_equal(out, css, size);
		else
			refused++;
	}
	assert_true(refused > sizeof(bad) - 6 - 3);
}

static void
bytes_behind_a_member_are_refused_inside_a_file_of_ours(void **state)
{
	unsigned char longer[sizeof(python_css) + 1] = { 0 };
	char out[200];

	memcpy(longer, python_css, sizeof(python_css));
	assert_int_equal(gzip_member_read(longer, sizeof(longer), out,
					  strlen(css)),
			 -EIO);
}

/* --------------------------------------------------------------- index */

struct made {
	struct gzip_layout layout;
	struct buf index;
};

static void make_index(struct made *m, size_t members, uint32_t length)
{
	uint32_t *lengths = calloc(members, sizeof(*lengths));

	assert_non_null(lengths);
	for (size_t i = 0; i < members; i++)
		lengths[i] = length;
	m->layout = gzip_layout_plan((members - 1) * (uint64_t)MIB + 5);
	m->index = (struct buf)BUF_INIT(8 * MIB);
	assert_int_equal(gzip_index_write(lengths, members, &m->index), 0);
	m->layout.index_bytes = gzip_index_bytes(members);
	m->layout.stored_size =
		members * (uint64_t)length + m->layout.index_bytes;
	free(lengths);
}

static void an_index_of_any_length_comes_back(void **state)
{
	static const size_t counts[] = { 2, 3, 15999, 16000, 16001, 48001 };

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		struct gzip_index *index = NULL;
		struct made m;

		make_index(&m, counts[i], 2000 + (uint32_t)i);
		assert_int_equal(m.index.len, m.layout.index_bytes);
		assert_int_equal(gzip_index_read(m.index.data, m.index.len,
						 &m.layout, &index),
				 0);
		assert_int_equal(index->count, counts[i]);
		assert_int_equal(index->offsets[0], 0);
		assert_int_equal(index->offsets[1], 2000 + i);
		assert_int_equal(index->offsets[counts[i]],
				 counts[i] * (2000 + i));
		free(index);
		buf_release(&m.index);
	}
}

static int count_bytes(void *arg, const void *data, size_t len)
{
	*(uint64_t *)arg += len;
	return 0;
}

static void an_index_is_empty_members_to_everybody_else(void **state)
{
	uint64_t bytes = 0;
	struct gunzip g;
	struct made m;

	make_index(&m, 16001, 2000);
	assert_int_equal(gunzip_init(&g, count_bytes, &bytes), 0);
	assert_int_equal(gunzip_feed(&g, m.index.data, m.index.len), 0);
	assert_int_equal(gunzip_finish(&g), 0);
	assert_int_equal(bytes, 0);
	assert_int_equal(g.members, 2);
	gunzip_release(&g);
	buf_release(&m.index);
}

static void an_index_that_does_not_fit_is_refused(void **state)
{
	struct gzip_index *index = NULL;
	struct made m;

	make_index(&m, 5, 3000);
	for (size_t i = 0; i < m.index.len; i++) {
		m.index.data[i] ^= 1;
		assert_int_equal(gzip_index_read(m.index.data, m.index.len,
						 &m.layout, &index),
				 -EIO);
		m.index.data[i] ^= 1;
	}
	assert_int_equal(gzip_index_read(m.index.data, m.index.len - 1,
					 &m.layout, &index),
			 -EIO);
	m.layout.stored_size++;
	assert_int_equal(gzip_index_read(m.index.data, m.index.len, &m.layout,
					 &index),
			 -EIO);
	m.layout.stored_size--;
	m.layout.plain_size += MIB;
	assert_int_equal(gzip_index_read(m.index.data, m.index.len, &m.layout,
					 &index),
			 -EIO);
	assert_null(index);
	buf_release(&m.index);
}

static void huge_files_have_larger_members_and_an_index_that_fits(void **state)
{
	static const uint64_t sizes[] = { 1ull << 40, 1ull << 42, 50ull << 40 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct gzip_layout layout = gzip_layout_plan(sizes[i]);

		assert_true(gzip_member_count(&layout) <= GZIP_MEMBERS_MAX);
		assert_true(layout.member_bytes <= GZIP_MEMBER_BYTES_MAX);
	}
	assert_int_equal(gzip_layout_plan(MIB).member_bytes, MIB);
}

/* ------------------------------------------------------------- headers */

static struct gzip_layout read_headers(const char *encoding, const char *size,
				       const char *ours, uint64_t stored)
{
	struct pairs headers = PAIRS_INIT;
	struct object_facts facts;
	bool is_all;

	if (encoding)
		assert_int_equal(
			pairs_set(&headers, "content-encoding", encoding), 0);
	if (size)
		assert_int_equal(pairs_set(&headers,
					   "x-amz-meta-s3storefs-size", size),
				 0);
	if (ours)
		assert_int_equal(pairs_set(&headers,
					   "x-amz-meta-s3storefs-gzip", ours),
				 0);
	is_all = facts_read(&headers, stored, &facts);
	assert_int_equal(is_all, facts.layout.kind != GZIP_FOREIGN);
	pairs_release(&headers);
	return facts.layout;
}

static void what_is_written_in_headers_is_read_from_them(void **state)
{
	struct pairs headers = PAIRS_INIT;
	struct object_facts facts, back;
	struct made m;

	make_index(&m, 7, 3000);
	facts.layout = m.layout;
	assert_int_equal(facts_write(&facts, &headers), 0);
	assert_string_equal(pairs_get(&headers, "content-encoding"), "gzip");
	assert_true(facts_read(&headers, m.layout.stored_size, &back));
	assert_true(gzip_layout_is_equal(&m.layout, &back.layout));
	assert_int_equal(back.layout.kind, GZIP_MEMBERS);
	pairs_release(&headers);
	buf_release(&m.index);
}

static void only_a_content_encoding_of_gzip_means_gzip(void **state)
{
	static const char *const yes[] = {
		"gzip",   "GZIP",  "gzip,aws-chunked", "aws-chunked, gzip",
		"x-gzip", " gzip "
	};
	static const char *const no[] = { "",    "br",       "gzipped",
					  "zip", "identity", "deflate" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
		assert_int_equal(read_headers(yes[i], NULL, NULL, 99).kind,
				 GZIP_FOREIGN);
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_int_equal(read_headers(no[i], NULL, NULL, 99).kind,
				 GZIP_NONE);
	assert_int_equal(read_headers(NULL, "5", "1 1048576 0 99", 99).kind,
			 GZIP_NONE);
	assert_int_equal(read_headers("gzip", NULL, "raw", 99).kind, GZIP_NONE);
	assert_int_equal(read_headers("gzip", NULL, NULL, 0).kind, GZIP_NONE);
}

static void
headers_of_ours_that_do_not_fit_the_object_are_not_believed(void **state)
{
	static const char *const bad[] = {
		"",
		"1",
		"1 1048576 0",
		"1 1048576 0 99 1",
		"2 1048576 0 99",
		"1 1048577 0 99",
		"1 0 0 99",
		"1 524288 0 99",
		"1 134217728 0 99",
		"1 1048576 1 99",
		"1 1048576 0 98",
		"1 1048576 0 -99",
		"1 18446744073709551616 0 99",
	};

	assert_int_equal(read_headers("gzip", "5", "1 1048576 0 99", 99).kind,
			 GZIP_MEMBERS);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(read_headers("gzip", "5", bad[i], 99).kind,
				 GZIP_FOREIGN);
	/* More than deflate can make of 99 bytes. */
	assert_int_equal(
		read_headers("gzip", "999999", "1 1048576 0 99", 99).kind,
		GZIP_FOREIGN);
	assert_int_equal(read_headers("gzip", "x", "1 1048576 0 99", 99).kind,
			 GZIP_FOREIGN);
	assert_int_equal(read_headers("gzip", NULL, "1 1048576 0 99", 99).kind,
			 GZIP_FOREIGN);
}

static void facts_are_of_one_version(void **state)
{
	const struct object_version version = { .key = "k",
						.etag = "e",
						.stored_size = 9,
						.mtime_ns = 5000000000 };
	const struct object_facts of = { .layout = gzip_layout_none(7) };
	struct object_version other[] = { version, version, version, version };
	struct object_facts got = { 0 };
	struct facts facts;

	facts_init(&facts);
	facts_put(&facts, &version, &of);
	other[0].key = "l";
	other[1].etag = "f";
	other[2].stored_size = 8;
	other[3].mtime_ns = 6000000000;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		assert_false(facts_get(&facts, &other[i], &got));
	/* A HEAD tells seconds, a listing less. */
	other[3].mtime_ns = 5999000000;
	assert_true(facts_get(&facts, &other[3], &got));
	assert_int_equal(got.layout.plain_size, 7);
	facts_release(&facts);
}

/* ------------------------------------------------------ anybody's gzip */

struct sunk {
	char data[4096];
	size_t len;
};

static int take(void *arg, const void *data, size_t len)
{
	struct sunk *s = arg;

	assert_true(len <= sizeof(s->data) - s->len);
	memcpy(s->data + s->len, data, len);
	s->len += len;
	return 0;
}

/* Expands data, given in steps of so many bytes. */
static int expand(const unsigned char *data, size_t len, size_t step,
		  struct sunk *s, bool *has_garbage)
{
	struct gunzip g;
	int rc;

	s->len = 0;
	assert_int_equal(gunzip_init(&g, take, s), 0);
	rc = 0;
	for (size_t at = 0; rc == 0 && at < len; at += step)
		rc = gunzip_feed(&g, data + at,
				 len - at < step ? len - at : step);
	if (rc == 0)
		rc = gunzip_finish(&g);
	*has_garbage = g.has_garbage;
	gunzip_release(&g);
	return rc;
}

static void expect(const unsigned char *data, size_t len, const char *want,
		   bool wants_garbage)
{
	for (size_t step = 1; step <= len; step++) {
		bool has_garbage;
		struct sunk s;

		assert_int_equal(expand(data, len, step, &s, &has_garbage), 0);
		assert_int_equal(s.len, strlen(want));
		assert_memory_equal(s.data, want, s.len);
		assert_int_equal(has_garbage, wants_garbage);
	}
}

static void refuse(const unsigned char *data, size_t len)
{
	for (size_t step = 1; step <= len; step += 3) {
		bool has_garbage;
		struct sunk s;

		assert_int_equal(expand(data, len, step, &s, &has_garbage),
				 -EBADMSG);
	}
}

static void a_file_with_name_comment_extra_and_header_sum_is_read(void **state)
{
	expect(foreign_fields, sizeof(foreign_fields), "fields of all kinds\n",
	       false);
}

static void members_behind_one_another_are_one_file(void **state)
{
	unsigned char two[sizeof(foreign_fields) + sizeof(python_empty) +
			  sizeof(foreign_fields)];

	memcpy(two, foreign_fields, sizeof(foreign_fields));
	memcpy(two + sizeof(foreign_fields), python_empty,
	       sizeof(python_empty));
	memcpy(two + sizeof(foreign_fields) + sizeof(python_empty),
	       foreign_fields, sizeof(foreign_fields));
	expect(two, sizeof(two), "fields of all kinds\nfields of all kinds\n",
	       false);
}

static void what_stands_behind_the_last_member_is_let_pass(void **state)
{
	static const char *const behind[] = { "\0\0\0\0\0", "garbage", "\x1f",
					      "\x1fX", "x" };
	static const size_t lengths[] = { 5, 7, 1, 2, 1 };
	unsigned char data[sizeof(python_css) + 8];

	for (size_t i = 0; i < 5; i++) {
		size_t len = sizeof(python_css) + lengths[i];
		bool is_short = lengths[i] == 1;

		memcpy(data, python_css, sizeof(python_css));
		memcpy(data + sizeof(python_css), behind[i], lengths[i]);
		expect(data, len, css, !is_short);
	}
}

static void what_is_cut_off_or_changed_is_refused(void **state)
{
	unsigned char data[sizeof(python_css) * 2];
	bool has_garbage;
	struct sunk s;

	for (size_t cut = 1; cut < sizeof(python_css); cut++)
		refuse(python_css, cut);
	memcpy(data, python_css, sizeof(python_css));
	for (size_t i = 10; i < sizeof(python_css); i++) {
		data[i] ^= 0x10;
		if (expand(data, sizeof(python_css), 7, &s, &has_garbage) == 0)
			assert_memory_equal(s.data, css, strlen(css));
		else
			refuse(data, sizeof(python_css));
		data[i] ^= 0x10;
	}
	/* A second member that is cut off. */
	memcpy(data + sizeof(python_css), python_css, sizeof(python_css));
	for (size_t cut = 2; cut < sizeof(python_css); cut++)
		refuse(data, sizeof(python_css) + cut);
}

static void what_is_no_gzip_at_all_is_refused(void **state)
{
	refuse((const unsigned char *)"body { color: red }", 19);
	refuse((const unsigned char *)"\0\0\0\0", 4);
	refuse((const unsigned char *)"\x1f", 1);
	refuse((const unsigned char *)"\x78\x9c\x03\0\0\0\0\x01", 8); /* zlib */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_member_is_bit_for_bit_what_python_writes),
		cmocka_unit_test(
			equal_input_gives_equal_bytes_however_it_is_cut),
		cmocka_unit_test(
			the_bound_is_enough_for_bytes_that_cannot_be_compressed),
		cmocka_unit_test(
			a_member_of_another_length_or_checksum_is_refused),
		cmocka_unit_test(
			bytes_behind_a_member_are_refused_inside_a_file_of_ours),
		cmocka_unit_test(an_index_of_any_length_comes_back),
		cmocka_unit_test(an_index_is_empty_members_to_everybody_else),
		cmocka_unit_test(an_index_that_does_not_fit_is_refused),
		cmocka_unit_test(
			huge_files_have_larger_members_and_an_index_that_fits),
		cmocka_unit_test(what_is_written_in_headers_is_read_from_them),
		cmocka_unit_test(only_a_content_encoding_of_gzip_means_gzip),
		cmocka_unit_test(facts_are_of_one_version),
		cmocka_unit_test(
			headers_of_ours_that_do_not_fit_the_object_are_not_believed),
		cmocka_unit_test(
			a_file_with_name_comment_extra_and_header_sum_is_read),
		cmocka_unit_test(members_behind_one_another_are_one_file),
		cmocka_unit_test(
			what_stands_behind_the_last_member_is_let_pass),
		cmocka_unit_test(what_is_cut_off_or_changed_is_refused),
		cmocka_unit_test(what_is_no_gzip_at_all_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
