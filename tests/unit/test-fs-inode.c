/* SPDX-License-Identifier: MIT */
/* The table of inode numbers, over nodes that only count references. */
#include "inode.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "random.h"
#include "store.h"

#define NODES 4000

struct node {
	uint64_t id;
	unsigned refs;
};

static struct node root = { .id = 1000000, .refs = 1 };
static struct node nodes[NODES]; /* ids 2 and up */

struct node *store_root(struct store *store)
{
	return &root;
}

uint64_t node_id(const struct node *node)
{
	return node->id;
}

struct node *node_get(struct node *node)
{
	node->refs++;
	return node;
}

void node_put(struct store *store, struct node *node, unsigned count)
{
	assert_true(node->refs >= count);
	node->refs -= count;
}

static int set_up(void **state)
{
	static struct inodes t;

	root.refs = 1;
	for (size_t i = 0; i < NODES; i++)
		nodes[i] = (struct node){ .id = i + 2 };
	inodes_init(&t, NULL);
	*state = &t;
	return 0;
}

static int tear_down(void **state)
{
	inodes_release(*state);
	assert_int_equal(root.refs, 1);
	for (size_t i = 0; i < NODES; i++)
		assert_int_equal(nodes[i].refs, 0);
	return 0;
}

static void add(struct inodes *t, struct node *node)
{
	assert_int_equal(inodes_add(t, node_get(node)), 0);
}

static void a_node_looked_up_twice_holds_one_reference(void **state)
{
	struct inodes *t = *state;

	add(t, &nodes[0]);
	add(t, &nodes[0]);
	assert_int_equal(nodes[0].refs, 1);
	assert_int_equal(inodes_count(t), 1);
}

static void a_node_goes_when_every_lookup_is_forgotten(void **state)
{
	struct inodes *t = *state;

	for (int i = 0; i < 3; i++)
		add(t, &nodes[0]);
	inodes_forget(t, 2, 2);
	assert_true(inodes_has(t, 2));
	inodes_forget(t, 2, 1);
	assert_false(inodes_has(t, 2));
	assert_int_equal(nodes[0].refs, 0);
}

static void the_root_is_always_known_and_never_counted(void **state)
{
	struct inodes *t = *state;
	struct node *node;

	add(t, &root);
	assert_int_equal(root.refs, 1);
	assert_int_equal(inodes_count(t), 0);
	inodes_forget(t, INODE_ROOT, 100);
	node = inodes_get(t, INODE_ROOT);
	assert_ptr_equal(node, &root);
	node_put(NULL, node, 1);
	assert_int_equal(inodes_number(t, root.id), INODE_ROOT);
}

static void an_unknown_number_has_no_node(void **state)
{
	struct inodes *t = *state;

	assert_null(inodes_get(t, 2));
	add(t, &nodes[0]);
	assert_null(inodes_get(t, 3));
	assert_null(inodes_get(t, 0));
	inodes_forget(t, 3, 1);
	assert_int_equal(inodes_count(t), 1);
}

static void a_node_got_outlives_its_last_forget(void **state)
{
	struct inodes *t = *state;
	struct node *node;

	add(t, &nodes[7]);
	node = inodes_get(t, nodes[7].id);
	inodes_forget(t, nodes[7].id, 1);
	assert_int_equal(node->refs, 1);
	node_put(NULL, node, 1);
}

static void set_id_is_remembered_until_it_is_cleared(void **state)
{
	struct inodes *t = *state;

	add(t, &nodes[0]);
	add(t, &nodes[1]);
	assert_false(inodes_has_set_id(t, 2));
	inodes_note_set_id(t, 2, true);
	inodes_note_set_id(t, 2, true);
	assert_true(inodes_has_set_id(t, 2));
	assert_false(inodes_has_set_id(t, 3));
	inodes_note_set_id(t, 2, false);
	assert_false(inodes_has_set_id(t, 2));
	inodes_note_set_id(t, 3, true);
	inodes_forget(t, 3, 1);
	add(t, &nodes[1]);
	assert_false(inodes_has_set_id(t, 3));
}

/* Removal moves slots: after any mixture every number is still found. */
static void random_lookups_and_forgets_agree_with_plain_counts(void **state)
{
	static unsigned lookups[NODES];
	struct inodes *t = *state;
	size_t known = 0;

	random_state = 20261122;
	for (int step = 0; step < 200000; step++) {
		size_t i = random_below(step < 100000 ? NODES : 50);

		if (random_below(2) == 0) {
			known += lookups[i]++ == 0;
			add(t, &nodes[i]);
		} else if (lookups[i] > 0) {
			unsigned n = 1 + (unsigned)random_below(lookups[i]);

			lookups[i] -= n;
			known -= lookups[i] == 0;
			inodes_forget(t, nodes[i].id, n);
		}
	}
	assert_int_equal(inodes_count(t), known);
	for (size_t i = 0; i < NODES; i++) {
		assert_int_equal(inodes_has(t, nodes[i].id), lookups[i] > 0);
		assert_int_equal(nodes[i].refs, lookups[i] > 0);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_node_looked_up_twice_holds_one_reference),
		TEST(a_node_goes_when_every_lookup_is_forgotten),
		TEST(the_root_is_always_known_and_never_counted),
		TEST(an_unknown_number_has_no_node),
		TEST(a_node_got_outlives_its_last_forget),
		TEST(set_id_is_remembered_until_it_is_cleared),
		TEST(random_lookups_and_forgets_agree_with_plain_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
