/* SPDX-License-Identifier: MIT */
/* Name and value texts: order, names without case, what is refused. */
#include "pairs.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void check(const struct pairs *p, size_t at, const char *name,
		  const char *value)
{
	assert_true(at < p->count);
	assert_string_equal(p->items[at].name, name);
	assert_string_equal(p->items[at].value, value);
}

static void names_compare_without_case(void **state)
{
	struct pairs p = PAIRS_INIT;

	assert_null(pairs_get(&p, "ETag"));
	assert_int_equal(pairs_set(&p, "ETag", "1"), 0);
	assert_string_equal(pairs_get(&p, "etag"), "1");
	assert_string_equal(pairs_get(&p, "ETAG"), "1");
	assert_null(pairs_get(&p, "ETa"));
	assert_null(pairs_get(&p, "ETag2"));
	assert_int_equal(pairs_set(&p, "eTAG", "2"), 0);
	assert_int_equal(p.count, 1);
	check(&p, 0, "eTAG", "2");
	pairs_remove(&p, "etaG");
	assert_int_equal(p.count, 0);
	pairs_release(&p);
}

static void add_keeps_earlier_pairs_and_get_gives_the_first(void **state)
{
	struct pairs p = PAIRS_INIT;

	assert_int_equal(pairs_add(&p, "b", "1"), 0);
	assert_int_equal(pairs_add(&p, "a", "2"), 0);
	assert_int_equal(pairs_add(&p, "B", "3"), 0);
	assert_int_equal(p.count, 3);
	check(&p, 0, "b", "1");
	check(&p, 1, "a", "2");
	check(&p, 2, "B", "3");
	assert_string_equal(pairs_get(&p, "B"), "1");
	pairs_release(&p);
}

static void set_takes_the_place_of_all_pairs_of_the_name(void **state)
{
	struct pairs p = PAIRS_INIT;

	assert_int_equal(pairs_add(&p, "x", "1"), 0);
	assert_int_equal(pairs_add(&p, "keep", "2"), 0);
	assert_int_equal(pairs_add(&p, "X", "3"), 0);
	assert_int_equal(pairs_set(&p, "x", "4"), 0);
	assert_int_equal(p.count, 2);
	assert_string_equal(pairs_get(&p, "x"), "4");
	assert_string_equal(pairs_get(&p, "keep"), "2");
	pairs_release(&p);
}

static void remove_takes_out_every_pair_and_keeps_the_order(void **state)
{
	struct pairs p = PAIRS_INIT;

	pairs_remove(&p, "none");
	assert_int_equal(pairs_add(&p, "x", "1"), 0);
	assert_int_equal(pairs_add(&p, "a", "2"), 0);
	assert_int_equal(pairs_add(&p, "X", "3"), 0);
	assert_int_equal(pairs_add(&p, "b", "4"), 0);
	pairs_remove(&p, "none");
	assert_int_equal(p.count, 4);
	pairs_remove(&p, "x");
	assert_int_equal(p.count, 2);
	check(&p, 0, "a", "2");
	check(&p, 1, "b", "4");
	pairs_release(&p);
}

static void texts_are_copied(void **state)
{
	struct pairs p = PAIRS_INIT;
	char name[] = "name", value[] = "value";

	assert_int_equal(pairs_add(&p, name, value), 0);
	name[0] = value[0] = 'X';
	check(&p, 0, "name", "value");
	pairs_release(&p);
}

static void a_pair_may_be_set_from_its_own_texts(void **state)
{
	struct pairs p = PAIRS_INIT;

	assert_int_equal(pairs_add(&p, "name", "value"), 0);
	assert_int_equal(pairs_add(&p, "NAME", "second"), 0);
	assert_int_equal(pairs_set(&p, p.items[0].name, p.items[1].value), 0);
	assert_int_equal(p.count, 1);
	check(&p, 0, "name", "second");
	pairs_release(&p);
}

static void a_name_must_be_an_http_token(void **state)
{
	/* RFC 9110 5.6.2 */
	static const char extra[] = "!#$%&'*+-.^_`|~";
	struct pairs p = PAIRS_INIT;

	assert_int_equal(pairs_set(&p, "", "v"), -EINVAL);
	for (int c = 1; c < 256; c++) {
		char name[] = { 'a', (char)c, 'b', '\0' };
		int is_token = (c >= '0' && c <= '9') ||
			       (c >= 'A' && c <= 'Z') ||
			       (c >= 'a' && c <= 'z') || strchr(extra, c);

		assert_int_equal(pairs_set(&p, name, "v"),
				 is_token ? 0 : -EINVAL);
		assert_int_equal(pairs_add(&p, name, "v"),
				 is_token ? 0 : -EINVAL);
		assert_int_equal(pairs_get(&p, name) != NULL, is_token);
	}
	pairs_release(&p);
}

static void a_value_must_not_hold_a_control_character(void **state)
{
	struct pairs p = PAIRS_INIT;

	assert_int_equal(pairs_set(&p, "empty", ""), 0);
	assert_string_equal(pairs_get(&p, "empty"), "");
	for (int c = 1; c < 256; c++) {
		char value[] = { 'a', (char)c, 'b', '\0' };
		int is_fine = c == '\t' || (c >= 0x20 && c != 0x7f);

		assert_int_equal(pairs_set(&p, "n", value),
				 is_fine ? 0 : -EINVAL);
		assert_int_equal(pairs_add(&p, "n", value),
				 is_fine ? 0 : -EINVAL);
	}
	pairs_release(&p);
}

static void a_refused_pair_changes_nothing(void **state)
{
	struct pairs p = PAIRS_INIT;

	assert_int_equal(pairs_set(&p, "n", "old"), 0);
	assert_int_equal(pairs_set(&p, "n", "new\r\nEvil: yes"), -EINVAL);
	assert_int_equal(pairs_set(&p, "n\n", "new"), -EINVAL);
	assert_int_equal(p.count, 1);
	check(&p, 0, "n", "old");
	pairs_release(&p);
}

static void many_pairs_are_all_kept(void **state)
{
	struct pairs p = PAIRS_INIT;
	char name[16];

	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "x-%u", i);
		assert_int_equal(pairs_set(&p, name, name + 2), 0);
	}
	assert_int_equal(p.count, 500);
	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "X-%u", i);
		assert_string_equal(pairs_get(&p, name), name + 2);
	}
	pairs_release(&p);
}

static void a_merge_sets_all_and_leaves_the_source(void **state)
{
	struct pairs to = PAIRS_INIT, from = PAIRS_INIT;

	assert_int_equal(pairs_merge(&to, &from), 0);
	assert_int_equal(to.count, 0);
	assert_int_equal(pairs_add(&to, "kept", "1"), 0);
	assert_int_equal(pairs_add(&to, "Both", "2"), 0);
	assert_int_equal(pairs_add(&from, "both", "3"), 0);
	assert_int_equal(pairs_add(&from, "new", "4"), 0);
	assert_int_equal(pairs_merge(&to, &from), 0);
	assert_int_equal(to.count, 3);
	assert_string_equal(pairs_get(&to, "kept"), "1");
	assert_string_equal(pairs_get(&to, "both"), "3");
	assert_string_equal(pairs_get(&to, "new"), "4");
	assert_int_equal(from.count, 2);
	pairs_release(&from);
	assert_string_equal(pairs_get(&to, "new"), "4");
	pairs_release(&to);
	pairs_release(&to);
	assert_null(pairs_get(&to, "new"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_compare_without_case),
		cmocka_unit_test(
			add_keeps_earlier_pairs_and_get_gives_the_first),
		cmocka_unit_test(set_takes_the_place_of_all_pairs_of_the_name),
		cmocka_unit_test(
			remove_takes_out_every_pair_and_keeps_the_order),
		cmocka_unit_test(texts_are_copied),
		cmocka_unit_test(a_pair_may_be_set_from_its_own_texts),
		cmocka_unit_test(a_name_must_be_an_http_token),
		cmocka_unit_test(a_value_must_not_hold_a_control_character),
		cmocka_unit_test(a_refused_pair_changes_nothing),
		cmocka_unit_test(many_pairs_are_all_kept),
		cmocka_unit_test(a_merge_sets_all_and_leaves_the_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
