/* SPDX-License-Identifier: MIT */
/* JSON and Python literals (src/config/value.c). */
#include "value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"

/* One way to write any value: what a test compares. */
static void show(struct buf *out, const struct value *v)
{
	switch (v->kind) {
	case VALUE_NONE:
		buf_add_str(out, "none");
		break;
	case VALUE_BOOL:
		buf_add_str(out, v->boolean ? "yes" : "no");
		break;
	case VALUE_INTEGER:
		buf_add_fmt(out, "%lld", (long long)v->integer);
		break;
	case VALUE_REAL:
		buf_add_fmt(out, "%g", v->real);
		break;
	case VALUE_TEXT:
		buf_add_fmt(out, "<%s>", v->text);
		break;
	case VALUE_LIST:
	case VALUE_MAP:
		buf_add_char(out, v->kind == VALUE_MAP ? '{' : '[');
		for (size_t i = 0; i < v->count; i++) {
			if (v->kind == VALUE_MAP)
				buf_add_fmt(out, "%s:", v->names[i]);
			show(out, &v->items[i]);
			buf_add_char(out, ' ');
		}
		buf_add_char(out, v->kind == VALUE_MAP ? '}' : ']');
		break;
	}
}

static void assert_reads(const char *text, const char *due)
{
	AUTO_BUF struct buf shown = BUF_INIT(4096);
	struct errinfo err = ERRINFO_INIT;
	struct value v;

	if (value_parse(text, &v, &err))
		fail_msg("%s: %s", text, err.text);
	show(&shown, &v);
	value_release(&v);
	assert_string_equal(buf_str(&shown), due);
}

static void assert_refuses(const char *text, int code, const char *word)
{
	struct errinfo err = ERRINFO_INIT;
	struct value v;
	int rc = value_parse(text, &v, &err);

	if (rc == 0)
		value_release(&v);
	if (rc != code || !strstr(err.text, word))
		fail_msg("%s: %d %s", text, rc, err.text);
}

static void json_and_python_mean_the_same(void **state)
{
	assert_reads("[null, true, false]", "[none yes no ]");
	assert_reads("[None, True, False]", "[none yes no ]");
	assert_reads("{\"a\": \"b\"}", "{a:<b> }");
	assert_reads("{'a': 'b'}", "{a:<b> }");
}

static void trailing_commas_comments_and_lines_are_python(void **state)
{
	assert_reads("{'a': 1,  # one\n 'b': [2,\n3,],\n}", "{a:1 b:[2 3 ] }");
	assert_refuses("[1,,2]", -EINVAL, "a number is due");
	assert_refuses("[,]", -EINVAL, "a number is due");
	assert_refuses("[1 2]", -EINVAL, "a comma is due");
}

static void a_tuple_needs_its_comma(void **state)
{
	assert_reads("('a', 'b')", "[<a> <b> ]");
	assert_reads("('a',)", "[<a> ]");
	assert_reads("('a')", "<a>");
	assert_reads("()", "[]");
}

static void numbers_are_whole_or_real(void **state)
{
	assert_reads("-12", "-12");
	assert_reads("2.5e3", "2500");
	assert_refuses("99999999999999999999", -EINVAL, "too large");
	assert_refuses("12abc", -EINVAL, "a number is due");
}

static void escapes_of_both_languages_work(void **state)
{
	assert_reads("'a\\'b\\n\\x41'", "<a'b\nA>");
	assert_reads("\"\\u20ac\\/\"", "<\xe2\x82\xac/>");
	assert_reads("\"\\ud83d\\ude00\"", "<\xf0\x9f\x98\x80>");
	assert_reads("'\\U0001F600'", "<\xf0\x9f\x98\x80>");
	assert_refuses("'\\ud83d'", -EINVAL, "surrogate");
	assert_refuses("'\\x00'", -EINVAL, "no such character");
	assert_refuses("'\\q'", -EINVAL, "unknown escape");
}

static void texts_end_and_are_utf8(void **state)
{
	assert_refuses("'abc", -EINVAL, "closing quote");
	assert_refuses("'a\nb'", -EINVAL, "closing quote");
	assert_refuses("'\xff'", -EINVAL, "UTF-8");
	assert_refuses("'a' 'b'", -EINVAL, "behind the value");
}

static void a_map_has_quoted_names_once_each(void **state)
{
	assert_refuses("{a: 1}", -EINVAL, "name in quotes");
	assert_refuses("{'a': 1, 'a': 2}", -EINVAL, "second time");
	assert_refuses("{'a' 1}", -EINVAL, "colon");
}

static void depth_and_size_are_bounded(void **state)
{
	AUTO_BUF struct buf many = BUF_INIT(200000);

	assert_reads("[[[[[[[[1]]]]]]]]", "[[[[[[[[1 ] ] ] ] ] ] ] ]");
	assert_refuses("[[[[[[[[[1]]]]]]]]]", -E2BIG, "too deeply");
	buf_add_char(&many, '[');
	for (int i = 0; i <= VALUE_ITEMS_MAX; i++)
		buf_add_str(&many, "1,");
	buf_add_char(&many, ']');
	assert_int_equal(many.error, 0);
	assert_refuses(many.data, -E2BIG, "too many items");
	while (!many.error && many.len <= VALUE_BYTES_MAX)
		buf_add_str(&many, "                ");
	assert_int_equal(many.error, 0);
	assert_refuses(many.data, -E2BIG, "longer than");
}

static void equal_values_are_equal_in_any_order_of_names(void **state)
{
	struct value a, b, c;

	assert_int_equal(value_parse("{'x': 1, 'y': [2]}", &a, NULL), 0);
	assert_int_equal(value_parse("{'y': [2], 'x': 1}", &b, NULL), 0);
	assert_int_equal(value_parse("{'y': [3], 'x': 1}", &c, NULL), 0);
	assert_true(value_is_equal(&a, &b));
	assert_false(value_is_equal(&a, &c));
	value_release(&a);
	value_release(&b);
	value_release(&c);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_and_python_mean_the_same),
		cmocka_unit_test(trailing_commas_comments_and_lines_are_python),
		cmocka_unit_test(a_tuple_needs_its_comma),
		cmocka_unit_test(numbers_are_whole_or_real),
		cmocka_unit_test(escapes_of_both_languages_work),
		cmocka_unit_test(texts_end_and_are_utf8),
		cmocka_unit_test(a_map_has_quoted_names_once_each),
		cmocka_unit_test(depth_and_size_are_bounded),
		cmocka_unit_test(equal_values_are_equal_in_any_order_of_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
