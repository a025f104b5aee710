/* SPDX-License-Identifier: MIT */
/* The XML reader: what it finds, and what it refuses. */
#include "wire/xml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int read_two(const char *text, char *a, char *b)
{
	const struct xml_field fields[] = {
		{ "A", a, 8, false },
		{ "B", b, 8, true },
	};
	AUTO_BUF struct buf body = BUF_INIT(1024 * 1024);

	buf_add_str(&body, text);
	return xml_read_fields(&body, "R", fields, 2);
}

static void fields_below_the_root_are_found(void **state)
{
	char a[8], b[8];

	assert_int_equal(read_two("<?xml version=\"1.0\"?>\n"
				  "<R xmlns=\"urn:x\"><A>&lt;1&#x41;</A>"
				  "<X><B>no</B></X><B><![CDATA[2&]]></B></R>",
				  a, b),
			 0);
	assert_string_equal(a, "<1A");
	assert_string_equal(b, "2&");
	assert_int_equal(read_two("<p:R xmlns:p=\"urn:x\"/>", a, b), 0);
	assert_string_equal(a, "");
}

static void a_long_text_is_cut_or_refused(void **state)
{
	char a[8], b[8];

	assert_int_equal(read_two("<R><B>0123456789</B></R>", a, b), 0);
	assert_string_equal(b, "0123456");
	assert_int_equal(read_two("<R><A>0123456789</A></R>", a, b), -EBADMSG);
}

static void a_control_character_does_not_hide_the_rest(void **state)
{
	char a[8], b[8];

	assert_int_equal(read_two("<R><K>\x01</K><A>1</A><B>&#1;&#34;</B></R>",
				  a, b),
			 0);
	assert_string_equal(a, "1");
	assert_string_equal(b, "????\"");
}

static const char *const refused[] = {
	"",
	"x",
	"<R>",
	"<R><A>1</A>",
	"<R><A>1</B></R>",
	"<R/><R/>",
	"<Q><A>1</A></Q>",
	"<R>&nothing;</R>",
	"<R><A>\xff</A></R>",
	"<!DOCTYPE R><R/>",
	"<!DOCTYPE R [<!ENTITY a \"b\">]><R>&a;</R>",
	"<!DOCTYPE R SYSTEM \"file:///etc/passwd\"><R/>",
	"<?xml version=\"1.0\" encoding=\"no-such\"?><R/>",
};

static void what_is_not_xml_is_ebadmsg(void **state)
{
	char a[8], b[8];

	for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
		if (read_two(refused[i], a, b) != -EBADMSG)
			fail_msg("taken: %s", refused[i]);
}

static void every_cut_is_noticed(void **state)
{
	static const char whole[] = "<R><A>1&amp;</A><B>2</B></R>";
	char part[sizeof(whole)], a[8], b[8];

	assert_int_equal(read_two(whole, a, b), 0);
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		snprintf(part, sizeof(part), "%.*s", (int)len, whole);
		assert_int_equal(read_two(part, a, b), -EBADMSG);
	}
}

static int take_all(void *arg, unsigned depth, const char *name,
		    const char *text, size_t len)
{
	unsigned *deepest = arg;

	if (depth > *deepest)
		*deepest = depth;
	return 0;
}

static int stop_at_three(void *arg, unsigned depth, const char *name,
			 const char *text, size_t len)
{
	return depth == 3 ? -EUCLEAN : 0;
}

static void depth_and_text_have_limits(void **state)
{
	const struct xml_reader reader = { .close = take_all };
	const struct xml_reader stopper = { .close = stop_at_three };
	AUTO_BUF struct buf body = BUF_INIT(1024 * 1024);

	for (unsigned depth = 1; depth <= XML_DEPTH_MAX + 1; depth++) {
		unsigned deepest = 0;
		int result;

		buf_clear(&body);
		for (unsigned i = 0; i < depth; i++)
			buf_add_str(&body, "<a>");
		for (unsigned i = 0; i < depth; i++)
			buf_add_str(&body, "</a>");
		result = xml_parse(body.data, body.len, &reader, &deepest);
		assert_int_equal(result, depth > XML_DEPTH_MAX ? -EBADMSG : 0);
		assert_int_equal(deepest, result ? 0 : depth);
		result = xml_parse(body.data, body.len, &stopper, NULL);
		if (depth >= 3 && depth <= XML_DEPTH_MAX)
			assert_int_equal(result, -EUCLEAN);
	}
	buf_clear(&body);
	buf_add_str(&body, "<a>");
	for (unsigned i = 0; i <= XML_TEXT_MAX; i++)
		buf_add_char(&body, 'x');
	buf_add_str(&body, "</a>");
	assert_int_equal(xml_parse(body.data, body.len, &stopper, NULL),
			 -EBADMSG);
}

static void text_is_escaped_or_refused(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(1024);

	assert_int_equal(xml_escape(&out, "a&<>\"'\t\n\r\x7f\xc3\xbc"), 0);
	assert_string_equal(buf_str(&out),
			    "a&amp;&lt;&gt;\"'&#9;&#10;&#13;\x7f\xc3\xbc");
	assert_int_equal(xml_escape(&out, "\x01"), -EILSEQ);
	assert_int_equal(xml_escape(&out, "\xff"), -EILSEQ);
	assert_int_equal(xml_escape(&out, "\xef\xbf\xbf"), -EILSEQ);
	assert_true(xml_can_carry("\xef\xbf\xbd\xf4\x8f\xbf\xbf"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_below_the_root_are_found),
		cmocka_unit_test(a_long_text_is_cut_or_refused),
		cmocka_unit_test(a_control_character_does_not_hide_the_rest),
		cmocka_unit_test(what_is_not_xml_is_ebadmsg),
		cmocka_unit_test(every_cut_is_noticed),
		cmocka_unit_test(depth_and_text_have_limits),
		cmocka_unit_test(text_is_escaped_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
