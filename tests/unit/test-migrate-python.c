/* SPDX-License-Identifier: MIT */
/* Python settings, read without Python (src/migrate/py_read.c). */
#include "py_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* What x is after source: a literal, or "?" and why it is not known. */
static void evaluate(const char *source, size_t len, struct buf *out)
{
	struct py_module *module = py_module_new();
	const struct py_value *unknown = NULL;
	const struct py_binding *b;
	struct errinfo err = ERRINFO_INIT;

	assert_non_null(module);
	if (py_module_read(module, "s.py", source, len, &err))
		buf_add_fmt(out, "!%s", err.text);
	b = py_module_find(module, "x");
	if (!b)
		buf_add_str(out, "nothing");
	else if (py_write(b->value, out, &unknown)) {
		buf_clear(out);
		buf_add_fmt(out, "?%s", unknown->text ? unknown->text : "");
	}
	py_module_free(module);
}

static void assert_gives(const char *source, const char *due)
{
	AUTO_BUF struct buf out = BUF_INIT(200000);

	evaluate(source, strlen(source), &out);
	if (strcmp(buf_str(&out), due) != 0)
		fail_msg("%s\ngives %s\nnot   %s", source, buf_str(&out), due);
}

struct example {
	const char *source, *due;
};

static void check(const struct example *examples, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_gives(examples[i].source, examples[i].due);
}

static void texts_are_read_with_every_prefix_and_escape(void **state)
{
	static const struct example examples[] = {
		{ "x = 'a' \"b\"", "'ab'" },
		{ "x = '''a\n'b''' \"\"\"c\"\"\"", "'a\\n\\'bc'" },
		{ "x = r'\\n' R\"\\\\\"", "'\\\\n\\\\\\\\'" },
		{ "x = '\\x41\\101\\u00e9\\U0001F600\\n\\q'",
		  "'AA\xc3\xa9\xf0\x9f\x98\x80\\n\\\\q'" },
		{ "x = 'a\\\nb'", "'ab'" },
		{ "x = b'\\x41\\u0041'", "'A\\\\u0041'" },
		{ "x = u'a' rb'b'", "'ab'" },
		{ "x = ('a'\n  'b' # c\n  'd')", "'abd'" },
		{ "x = ''", "''" },
		{ "x = ''''''", "''" },
		{ "x = '\\N{BULLET}'", "?an odd escape" },
		{ "x = '\\ud800'", "?an odd escape" },
		{ "x = 'a\ny = 1", "?an open quote" },
	};

	check(examples, ARRAY_SIZE(examples));
}

static void formats_are_filled_in(void **state)
{
	static const struct example examples[] = {
		{ "b = 'q'\nx = f'{b}.s3.{1 + 1}{{}}'", "'q.s3.2{}'" },
		{ "b = 'q'\nx = F\"{ b }\" 'r'", "'qr'" },
		{ "x = f'{b}'", "?an unknown name" },
		{ "b = 1\nx = f'{b:03d}'",
		  "?an f-string that only Python can fill in" },
		{ "b = 1\nx = f'{b!r}'",
		  "?an f-string that only Python can fill in" },
		{ "x = '%s.%d%%' % ('a', 3)", "'a.3%'" },
		{ "x = '%(a)s' % {'a': 'b'}", "'b'" },
		{ "x = '%s' % 'a'", "'a'" },
		{ "x = '%s %s' % 'a'",
		  "?a format that only Python can fill in" },
		{ "x = 'a' % 'b'", "?a format that only Python can fill in" },
		{ "x = '%05d' % 3", "?a format that only Python can fill in" },
		{ "x = '{}/{}'.format('a', 2)", "'a/2'" },
		{ "x = '{1}{0}{k}{{}}'.format('a', 'b', k='c')", "'bac{}'" },
		{ "x = '{0.a}'.format(1)",
		  "?a format that only Python can fill in" },
		{ "x = '/'.join(['a', 'b'])", "'a/b'" },
		{ "x = ' Ab '.strip().lower().replace('b', 'c')", "'ac'" },
	};

	check(examples, ARRAY_SIZE(examples));
}

static void numbers_are_calculated_as_python_does(void **state)
{
	static const struct example examples[] = {
		{ "x = 60 * 60 * 24", "86400" },
		{ "x = 5 * 1024 ** 2", "5242880" },
		{ "x = 1_000_000", "1000000" },
		{ "x = 0xff + 0o17 + 0b11 + 0", "273" },
		{ "x = -7 // 2", "-4" },
		{ "x = -7 % 3", "2" },
		{ "x = -2 ** 2", "-4" },
		{ "x = 2 ** -1", "?a ** that only Python can work out" },
		{ "x = 7 / 2", "3.5" },
		{ "x = 1e3", "1000.0" },
		{ "x = .5 + 1.", "1.5" },
		{ "x = 0.1 + 0.2", "0.30000000000000004" },
		{ "x = 1e100", "1e+100" },
		{ "x = 1 << 20 | 1", "1048577" },
		{ "x = 2 ** 100", "?a ** that only Python can work out" },
		{ "x = 99999999999999999999", "?a number too large" },
		{ "x = 1 / 0", "?a / that only Python can work out" },
		{ "x = 012", "?a number with a leading zero" },
		{ "x = 3j", "?not a number" },
		{ "x = not 1 == 2 and True or False", "True" },
		{ "x = 1 < 2 < 1", "?a chain of comparisons" },
		{ "x = 'a' if 2 > 1 else 'b'", "'a'" },
		{ "x = int('7') + len",
		  "?needs len, which is not in the file" },
	};

	check(examples, ARRAY_SIZE(examples));
}

static void lists_and_dicts_are_read(void **state)
{
	static const struct example examples[] = {
		{ "x = [1, 'a', None, True,]", "[1, 'a', None, True]" },
		{ "x = (1,)", "(1,)" },
		{ "x = 1, 2", "(1, 2)" },
		{ "x = ()", "()" },
		{ "x = {'a': {'b': (1, 2)}}", "{'a': {'b': (1, 2)}}" },
		{ "x = {1, 2}", "[1, 2]" },
		{ "b = {'a': 1}\nx = {**b, 'c': 2}", "{'a': 1, 'c': 2}" },
		{ "x = dict(a=1, **{'b': 2})", "{'a': 1, 'b': 2}" },
		{ "x = {'a': 1, 'a': 2}", "{'a': 2}" },
		{ "x = {'a': [1]}['a'][0]", "1" },
		{ "x = [1] + [2]", "[1, 2]" },
		{ "x = [1]\nx += [2]", "[1, 2]" },
		{ "x = [1]\ny = x\ny += [2]", "[1, 2]" },
		{ "x = {}\nx['a'] = 1\nx['b'] = 2", "{'a': 1, 'b': 2}" },
		{ "x = {'a': {}}\nx['a']['b'] = 2", "{'a': {'b': 2}}" },
		{ "x = {'a': 1}\nx.update({'b': 2}, c=3)",
		  "{'a': 1, 'b': 2, 'c': 3}" },
		{ "x = [1]\nx.append(2)\nx.extend((3,))", "[1, 2, 3]" },
		{ "x = [1]\nx.pop()", "?a method changes it" },
		{ "x = [i for i in y]", "?a comprehension" },
		{ "x = {i: 1 for i in y}", "?a comprehension" },
		{ "x = {1: 2}", "?" },
	};

	check(examples, ARRAY_SIZE(examples));
}

static void assignments_of_every_shape_are_found(void **state)
{
	static const struct example examples[] = {
		{ "x: str = 'a'", "'a'" },
		{ "x: str\n", "nothing" },
		{ "a = x = b = 1", "1" },
		{ "a, x = 1, 2", "2" },
		{ "a = 1; x = 2; b = 3", "2" },
		{ "x = 1 + \\\n 2", "3" },
		{ "x = 'a'\nx += 'b'", "'ab'" },
		{ "y = 1\nx = y", "1" },
		{ "\xef\xbb\xbfx = 1\r\n", "1" },
		{ "x = 1 # 2", "1" },
		{ "'''doc\nx = 2\n'''\nx = 1", "1" },
		{ "x = 1 2", "?not understood" },
		{ "x =\ny = 1", "?not understood" },
		{ "x = lambda: 1", "?a lambda" },
		{ "x = f()", "?f" },
		{ "f(x = 1)", "nothing" },
		{ "x == 1", "nothing" },
	};

	check(examples, ARRAY_SIZE(examples));
}

static void a_known_condition_decides(void **state)
{
	static const struct example examples[] = {
		{ "D = True\nif D:\n  x = 1\nelse:\n  x = 2", "1" },
		{ "D = False\nif D:\n  x = 1\nelse:\n  x = 2", "2" },
		{ "D = 2\nif D == 1:\n  x = 1\nelif D == 2:\n\tx = 2", "2" },
		{ "if True: x = 1; y = 2\nelse: x = 3", "1" },
		{ "x = 0\nif False:\n  if True:\n    x = 1", "0" },
		{ "D = not True\nx = 1 if D else 2", "2" },
		{ "if unknown:\n  x = 1\nelse:\n  x = 2", "1" },
		{ "if unknown:\n  y = 1\nelse:\n  x = 2", "2" },
		{ "try:\n  x = 1\nexcept E:\n  x = 2\nfinally:\n  y = 3", "1" },
		{ "for i in y:\n  x = 1", "?assigned in a loop" },
		{ "with a as b:\n  x = 1", "1" },
		{ "def f():\n  x = 1", "nothing" },
		{ "class A:\n  x = 1", "nothing" },
		{ "match y:\n  case 1:\n    x = 1", "?assigned in a loop" },
		{ "match = 1\nx = match", "1" },
	};

	check(examples, ARRAY_SIZE(examples));
}

static void the_environment_is_never_read(void **state)
{
	static const struct example examples[] = {
		{ "x = os.environ['HOME']", "?comes from $HOME" },
		{ "x = os.environ.get('HOME')", "?comes from $HOME" },
		{ "x = os.getenv('HOME', 'd')", "'d'" },
		{ "x = env('HOME', default='d')", "'d'" },
		{ "x = env.bool('A', 'no')", "False" },
		{ "x = env.int('A', default='7')", "7" },
		{ "x = env.list('A', default='a,b')", "['a', 'b']" },
		{ "x = config('A', default='on', cast=bool)", "True" },
		{ "x = os.environ.get('A') or 'd'", "'d'" },
		{ "env = environ.Env(A=(str, ''))\nx = env('A', default=1)",
		  "1" },
		{ "from os import environ as e\nx = e['A']", "?comes from $A" },
		{ "x = os.environ['A'] + 'b'", "?comes from $A" },
		{ "U = os.environ.get('U', 'no') == 'yes'\n"
		  "x = 1 if U else 2",
		  "?depends on a condition" },
	};

	check(examples, ARRAY_SIZE(examples));
}

static void what_is_no_text_is_refused(void **state)
{
	AUTO_BUF struct buf out = BUF_INIT(1000);

	evaluate("x = '\xff'", 7, &out);
	assert_non_null(strstr(buf_str(&out), "UTF-8"));
	buf_clear(&out);
	evaluate("x = 'a\0b'", 9, &out);
	assert_string_equal(buf_str(&out), "?a\0b");
}

static void nothing_is_too_deep_or_too_long(void **state)
{
	AUTO_BUF struct buf source = BUF_INIT(PY_FILE_MAX);
	AUTO_BUF struct buf out = BUF_INIT(1000);

	buf_add_str(&source, "x = ");
	for (int i = 0; i < 10000; i++)
		buf_add_char(&source, "([{-"[i % 4]);
	evaluate(source.data, source.len, &out);
	assert_string_equal(buf_str(&out), "?nested too deeply");

	/* Each line doubles what the one before it holds. */
	buf_clear(&source);
	buf_clear(&out);
	buf_add_str(&source, "a0 = ['a']\n");
	for (int i = 1; i < 60; i++)
		buf_add_fmt(&source, "a%d = [a%d, a%d]\n", i, i - 1, i - 1);
	buf_add_str(&source, "x = 1\n");
	evaluate(source.data, source.len, &out);
	assert_string_equal(buf_str(&out), "1");

	buf_clear(&source);
	buf_clear(&out);
	buf_add_str(&source, "x = 'a' * 60000\n");
	for (int i = 0; i < 100; i++)
		buf_add_str(&source, "x += x\n");
	evaluate(source.data, source.len, &out);
	assert_non_null(strstr(buf_str(&out), "65536 bytes"));
}

/* The note of a line, "" if there is none. */
static const char *find_note(const struct py_module *module, unsigned line)
{
	const struct py_note *note = py_module_notes(module);

	while (note && note->line != line)
		note = note->next;
	return note ? note->text : "";
}

static void branches_and_imports_are_told_of(void **state)
{
	static const char source[] = "from .base import *\n" /* 1 */
				     "if U == 'a':\n"        /* 2 */
				     "  x = 1\n"             /* 3 */
				     "else:\n"               /* 4 */
				     "  x = 2\n"             /* 5 */
				     "if False:\n"           /* 6 */
				     "  y = 1\n"             /* 7 */
				     "z = [1,\n"             /* 8 */
				     "w = 2\n";
	struct py_module *module = py_module_new();
	struct errinfo err = ERRINFO_INIT;
	const struct py_binding *b;

	assert_non_null(module);
	assert_int_equal(py_module_read(module, "s.py", source, strlen(source),
					&err),
			 0);
	b = py_module_find(module, "x");
	assert_string_equal(b->guard, "if U == 'a'");
	assert_int_equal(b->guard_line, 2);
	assert_non_null(strstr(find_note(module, 1), ".base"));
	assert_non_null(strstr(find_note(module, 5), "line 3 was taken"));
	assert_non_null(strstr(find_note(module, 7), "does not run"));
	assert_non_null(strstr(find_note(module, 8), "do not end"));
	py_module_free(module);
}

static void classes_have_bases_and_attributes(void **state)
{
	static const char source[] =
		"from a import S3Boto3Storage as Base\n"
		"B = 'b'\n"
		"class M(mixins.M, Base, metaclass=T):\n"
		"    '''doc'''\n"
		"    location = 'media'\n"
		"    custom_domain = f'{B}.x'\n"
		"    class Meta:\n"
		"        location = 'no'\n"
		"    def get_object_parameters(self, name):\n"
		"        location = 'no'\n"
		"    @property\n"
		"    def bucket_name(self): return 1\n"
		"    file_overwrite: bool = False\n"
		"after = 1\n";
	struct py_module *module = py_module_new();
	struct errinfo err = ERRINFO_INIT;
	const struct py_class *class;
	size_t known = 0, unknown = 0;

	assert_non_null(module);
	assert_int_equal(py_module_read(module, "s.py", source, strlen(source),
					&err),
			 0);
	class = py_module_class(module, "M");
	assert_int_equal(class->base_count, 2);
	assert_string_equal(class->bases[0], "mixins.M");
	assert_string_equal(class->bases[1], "S3Boto3Storage");
	for (const struct py_binding *b = class->attributes; b; b = b->next) {
		if (strcmp(b->name, "location") == 0)
			assert_string_equal(b->value->text, "media");
		if (strcmp(b->name, "custom_domain") == 0)
			assert_string_equal(b->value->text, "b.x");
		known += py_truth(b->value) >= 0;
		unknown += py_truth(b->value) < 0;
	}
	assert_int_equal(known, 3);
	assert_int_equal(unknown, 2);
	assert_non_null(py_module_find(module, "after"));
	assert_null(py_module_find(module, "location"));
	py_module_free(module);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_read_with_every_prefix_and_escape),
		cmocka_unit_test(formats_are_filled_in),
		cmocka_unit_test(numbers_are_calculated_as_python_does),
		cmocka_unit_test(lists_and_dicts_are_read),
		cmocka_unit_test(assignments_of_every_shape_are_found),
		cmocka_unit_test(a_known_condition_decides),
		cmocka_unit_test(the_environment_is_never_read),
		cmocka_unit_test(what_is_no_text_is_refused),
		cmocka_unit_test(nothing_is_too_deep_or_too_long),
		cmocka_unit_test(branches_and_imports_are_told_of),
		cmocka_unit_test(classes_have_bases_and_attributes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
