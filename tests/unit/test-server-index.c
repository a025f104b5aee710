/* SPDX-License-Identifier: MIT */
/* The test server's sorted keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "index.h"

static void keys_come_in_the_order_of_unsigned_bytes(void **state)
{
	static const char *const keys[] = { "a/b", "\xc3\xa9", "a",       "A",
					    "a!",  "a0",       "\xf0\x9f" };
	static const char *const sorted[] = { "A",       "a",  "a!",
					      "a/b",     "a0", "\xc3\xa9",
					      "\xf0\x9f" };
	struct index index = { 0 };
	struct index_node *node;
	size_t i = 0;

	for (size_t k = 0; k < 7; k++)
		assert_non_null(index_insert(&index, keys[k]));
	for (node = index.heads[0]; node; node = node->next[0])
		assert_string_equal(node->key, sorted[i++]);
	assert_int_equal(i, 7);
	index_release(&index);
}

static void a_key_stands_in_the_index_once(void **state)
{
	struct index index = { 0 };
	struct index_node *first = index_insert(&index, "k");

	assert_ptr_equal(index_insert(&index, "k"), first);
	assert_int_equal(index.count, 1);
	index_release(&index);
}

static void seek_finds_the_key_and_after_does_not(void **state)
{
	struct index index = { 0 };

	index_insert(&index, "b");
	index_insert(&index, "d");
	assert_string_equal(index_seek(&index, "b")->key, "b");
	assert_string_equal(index_after(&index, "b")->key, "d");
	assert_string_equal(index_seek(&index, "c")->key, "d");
	assert_null(index_seek(&index, "e"));
	assert_null(index_find(&index, "c"));
	index_release(&index);
}

static void what_was_removed_is_gone_and_the_rest_is_not(void **state)
{
	struct index index = { 0 };
	char key[16];

	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "%05d", i * 7919 % 5000);
		assert_non_null(index_insert(&index, key));
	}
	for (int i = 0; i < 5000; i += 2) {
		snprintf(key, sizeof(key), "%05d", i);
		index_remove(&index, key);
	}
	index_remove(&index, "no such key");
	assert_int_equal(index.count, 2500);
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "%05d", i);
		assert_int_equal(index_find(&index, key) != NULL, i % 2);
	}
	index_release(&index);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_come_in_the_order_of_unsigned_bytes),
		cmocka_unit_test(a_key_stands_in_the_index_once),
		cmocka_unit_test(seek_finds_the_key_and_after_does_not),
		cmocka_unit_test(what_was_removed_is_gone_and_the_rest_is_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
