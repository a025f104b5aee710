/* SPDX-License-Identifier: MIT */
/* The intrusive list: order, membership, splicing, removal while walking. */
#include "list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define ITEMS 6

struct item {
	char name;
	struct list_link link;
};

struct fixture {
	struct list_link head;
	struct item items[ITEMS]; /* named a, b, c ... */
};

static void init(struct fixture *f)
{
	list_init(&f->head);
	for (size_t i = 0; i < ITEMS; i++) {
		f->items[i].name = (char)('a' + i);
		list_init(&f->items[i].link);
	}
}

static void init_filled(struct fixture *f)
{
	init(f);
	for (size_t i = 0; i < ITEMS; i++)
		list_push(&f->head, &f->items[i].link);
}

/* As container_of, which would cast the const away. */
static char name_of(const struct list_link *link)
{
	const struct item *item =
		(const struct item *)((const char *)link -
				      offsetof(struct item, link));

	return item->name;
}

/* Forward and backward: a broken prev is seen only on the way back. */
static void check_names(const struct list_link *head, const char *names)
{
	const struct list_link *link = head;

	for (size_t i = 0; names[i]; i++) {
		link = link->next;
		assert_ptr_not_equal(link, head);
		assert_int_equal(name_of(link), names[i]);
	}
	assert_ptr_equal(link->next, head);
	for (size_t i = strlen(names); i > 0; i--) {
		assert_int_equal(name_of(link), names[i - 1]);
		link = link->prev;
	}
	assert_ptr_equal(link, head);
	assert_int_equal(list_is_empty(head), names[0] == '\0');
}

static void members_stand_in_the_order_they_joined(void **state)
{
	struct fixture f;

	init(&f);
	check_names(&f.head, "");
	list_push(&f.head, &f.items[2].link);
	check_names(&f.head, "c");
	list_push(&f.head, &f.items[0].link);
	list_push(&f.head, &f.items[1].link);
	check_names(&f.head, "cab");
}

static void pushing_before_a_member_inserts_there(void **state)
{
	struct fixture f;

	init(&f);
	list_push(&f.head, &f.items[0].link);
	list_push(&f.head, &f.items[2].link);
	list_push(&f.items[2].link, &f.items[1].link);
	check_names(&f.head, "abc");
}

static void removal_closes_the_gap_wherever_it_is(void **state)
{
	struct fixture f;

	init_filled(&f);
	list_remove(&f.items[0].link);
	check_names(&f.head, "bcdef");
	list_remove(&f.items[5].link);
	check_names(&f.head, "bcde");
	list_remove(&f.items[2].link);
	check_names(&f.head, "bde");
}

static void removing_what_is_in_no_list_does_nothing(void **state)
{
	struct fixture f;

	init_filled(&f);
	list_remove(&f.items[3].link);
	list_remove(&f.items[3].link);
	check_names(&f.head, "abcef");
	assert_true(list_is_empty(&f.items[3].link));
	list_push(&f.head, &f.items[3].link);
	check_names(&f.head, "abcefd");
}

static void pop_gives_the_first_and_then_null(void **state)
{
	struct fixture f;

	init_filled(&f);
	for (size_t i = 0; i < ITEMS; i++) {
		assert_ptr_equal(list_pop(&f.head), &f.items[i].link);
		assert_true(list_is_empty(&f.items[i].link));
	}
	assert_null(list_pop(&f.head));
	assert_null(list_pop(&f.head));
	check_names(&f.head, "");
}

static void a_splice_moves_all_to_the_end_and_empties_the_source(void **state)
{
	struct list_link other;
	struct fixture f;

	init(&f);
	list_init(&other);
	list_splice(&f.head, &other);
	check_names(&f.head, "");
	list_push(&other, &f.items[0].link);
	list_push(&other, &f.items[1].link);
	list_splice(&f.head, &other);
	check_names(&f.head, "ab");
	check_names(&other, "");
	list_push(&other, &f.items[2].link);
	list_splice(&f.head, &other);
	check_names(&f.head, "abc");
	check_names(&other, "");
	list_splice(&f.head, &other);
	check_names(&f.head, "abc");
	list_push(&other, &f.items[3].link);
	check_names(&other, "d");
}

static void a_walk_meets_each_member_once(void **state)
{
	struct fixture f;
	char seen[ITEMS + 1] = "";
	size_t n = 0;

	init(&f);
	list_for_each(link, &f.head)
		fail();
	init_filled(&f);
	list_for_each(link, &f.head)
		seen[n++] = name_of(link);
	assert_int_equal(n, ITEMS);
	assert_string_equal(seen, "abcdef");
}

static void a_safe_walk_lets_its_members_leave(void **state)
{
	struct list_link other;
	struct fixture f;

	init_filled(&f);
	list_init(&other);
	list_for_each_safe(link, &f.head) {
		if (name_of(link) % 2) {
			list_remove(link);
			list_push(&other, link);
		}
	}
	check_names(&f.head, "bdf");
	check_names(&other, "ace");
	list_for_each_safe(link, &f.head)
		list_remove(link);
	check_names(&f.head, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(members_stand_in_the_order_they_joined),
		cmocka_unit_test(pushing_before_a_member_inserts_there),
		cmocka_unit_test(removal_closes_the_gap_wherever_it_is),
		cmocka_unit_test(removing_what_is_in_no_list_does_nothing),
		cmocka_unit_test(pop_gives_the_first_and_then_null),
		cmocka_unit_test(
			a_splice_moves_all_to_the_end_and_empties_the_source),
		cmocka_unit_test(a_walk_meets_each_member_once),
		cmocka_unit_test(a_safe_walk_lets_its_members_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
