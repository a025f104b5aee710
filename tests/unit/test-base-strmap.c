/* SPDX-License-Identifier: MIT */
/* String to pointer map: by example and with many keys, and its hash. */
#include "strmap.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

static int values[5000];

static void an_empty_map_has_nothing(void **state)
{
	struct strmap m = STRMAP_INIT;

	assert_null(strmap_get(&m, "a"));
	assert_null(strmap_remove(&m, "a"));
	assert_null(strmap_next(&m, NULL));
	strmap_release(&m);
}

static void set_get_and_remove_agree(void **state)
{
	struct strmap m = STRMAP_INIT;
	void *old = &m;

	assert_int_equal(strmap_set(&m, "a", &values[1], &old), 0);
	assert_null(old);
	assert_int_equal(strmap_set(&m, "", &values[2], NULL), 0);
	assert_int_equal(m.count, 2);
	assert_ptr_equal(strmap_get(&m, "a"), &values[1]);
	assert_ptr_equal(strmap_get(&m, ""), &values[2]);
	assert_null(strmap_get(&m, "A"));
	assert_null(strmap_get(&m, "aa"));
	assert_ptr_equal(strmap_remove(&m, "a"), &values[1]);
	assert_null(strmap_remove(&m, "a"));
	assert_null(strmap_get(&m, "a"));
	assert_ptr_equal(strmap_get(&m, ""), &values[2]);
	assert_int_equal(m.count, 1);
	strmap_release(&m);
}

static void setting_again_replaces_and_tells_the_old_value(void **state)
{
	struct strmap m = STRMAP_INIT;
	void *old = NULL;

	assert_int_equal(strmap_set(&m, "k", &values[1], NULL), 0);
	assert_int_equal(strmap_set(&m, "k", &values[2], &old), 0);
	assert_ptr_equal(old, &values[1]);
	assert_int_equal(strmap_set(&m, "k", &values[3], NULL), 0);
	assert_ptr_equal(strmap_get(&m, "k"), &values[3]);
	assert_int_equal(m.count, 1);
	strmap_release(&m);
}

static void keys_are_copied(void **state)
{
	struct strmap m = STRMAP_INIT;
	char key[] = "key";

	assert_int_equal(strmap_set(&m, key, &values[1], NULL), 0);
	key[0] = 'X';
	assert_ptr_equal(strmap_get(&m, "key"), &values[1]);
	assert_null(strmap_get(&m, key));
	strmap_release(&m);
}

static void fill(struct strmap *m)
{
	char key[16];

	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_int_equal(strmap_set(m, key, &values[i], NULL), 0);
	}
	assert_int_equal(m->count, 5000);
}

static void many_keys_are_all_found_as_the_table_grows(void **state)
{
	struct strmap m = STRMAP_INIT;
	char key[16];

	fill(&m);
	assert_int_equal(m.bucket_count & (m.bucket_count - 1), 0);
	for (int i = 0; i < 5000; i += 2) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_ptr_equal(strmap_remove(&m, key), &values[i]);
	}
	assert_int_equal(m.count, 2500);
	for (int i = 0; i < 5000; i++) {
		snprintf(key, sizeof(key), "key-%d", i);
		assert_ptr_equal(strmap_get(&m, key),
				 i % 2 ? &values[i] : NULL);
	}
	strmap_release(&m);
}

static void stepping_meets_every_entry_once(void **state)
{
	struct strmap m = STRMAP_INIT;
	bool seen[5000] = { false };
	size_t count = 0;

	fill(&m);
	for (const struct strmap_entry *e = strmap_next(&m, NULL); e;
	     e = strmap_next(&m, e)) {
		ptrdiff_t i = (int *)e->value - values;
		char key[16];

		snprintf(key, sizeof(key), "key-%d", (int)i);
		assert_string_equal(e->key, key);
		assert_false(seen[i]);
		seen[i] = true;
		count++;
	}
	assert_int_equal(count, 5000);
	strmap_release(&m);
}

static void a_released_map_may_be_used_again(void **state)
{
	struct strmap m = STRMAP_INIT;

	assert_int_equal(strmap_set(&m, "k", &values[1], NULL), 0);
	strmap_release(&m);
	strmap_release(&m);
	assert_null(strmap_get(&m, "k"));
	assert_int_equal(strmap_set(&m, "k", &values[2], NULL), 0);
	assert_ptr_equal(strmap_get(&m, "k"), &values[2]);
	strmap_release(&m);
}

static void the_hash_depends_on_each_byte_the_length_and_the_seed(void **state)
{
	char data[64] = { 0 };
	uint32_t whole = strmap_hash(data, 64, 1);

	assert_int_equal(strmap_hash(data, 64, 1), whole);
	assert_int_not_equal(strmap_hash(data, 63, 1), whole);
	assert_int_not_equal(strmap_hash(data, 64, 2), whole);
	for (size_t i = 0; i < 64; i++) {
		data[i] = 1;
		assert_int_not_equal(strmap_hash(data, 64, 1), whole);
		data[i] = 0;
	}
}

/* Tables take the low bits: names that differ little must spread there. */
static void the_low_bits_of_the_hash_are_well_mixed(void **state)
{
	unsigned buckets[256] = { 0 };
	char key[16];

	for (int i = 0; i < 25600; i++) {
		int len = snprintf(key, sizeof(key), "%08d", i);

		buckets[strmap_hash(key, (size_t)len, 0) & 255]++;
	}
	/* 100 each on average, standard deviation 10. */
	for (size_t i = 0; i < 256; i++) {
		assert_true(buckets[i] > 30);
		assert_true(buckets[i] < 170);
	}
}

static pthread_barrier_t together;

static void *first_hash(void *arg)
{
	uint32_t *hash = arg;

	pthread_barrier_wait(&together);
	*hash = strmap_hash("key", 3, 0);
	return NULL;
}

/* In a new process: 0 if threads that hash first at once agree. */
static int race_for_the_seed(void)
{
	pthread_t threads[2];
	uint32_t hash[2];

	for (size_t i = 0; i < 2; i++) {
		if (pthread_create(&threads[i], NULL, first_hash, &hash[i]))
			return 2;
	}
	for (size_t i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return hash[0] != hash[1] || hash[0] != strmap_hash("key", 3, 0);
}

static void threads_that_hash_first_at_once_agree(void **state)
{
	assert_int_equal(pthread_barrier_init(&together, NULL, 2), 0);
	for (int i = 0; i < 300; i++) {
		pid_t pid = fork();
		int status = 0;

		assert_true(pid >= 0);
		if (pid == 0)
			_exit(race_for_the_seed());
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	pthread_barrier_destroy(&together);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First, while the process has no seed yet. */
		cmocka_unit_test(threads_that_hash_first_at_once_agree),
		cmocka_unit_test(an_empty_map_has_nothing),
		cmocka_unit_test(set_get_and_remove_agree),
		cmocka_unit_test(
			setting_again_replaces_and_tells_the_old_value),
		cmocka_unit_test(keys_are_copied),
		cmocka_unit_test(many_keys_are_all_found_as_the_table_grows),
		cmocka_unit_test(stepping_meets_every_entry_once),
		cmocka_unit_test(a_released_map_may_be_used_again),
		cmocka_unit_test(
			the_hash_depends_on_each_byte_the_length_and_the_seed),
		cmocka_unit_test(the_low_bits_of_the_hash_are_well_mixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
