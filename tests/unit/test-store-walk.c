/* SPDX-License-Identifier: MIT */
/*
 * Recursive listings: pages taken apart by table and against a plain model
 * with random trees, and which openings of directories are taken for a walk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "list/walk_page.h"
#include "list/walk_pattern.h"
#include "random.h"

#define KEYS_MAX 400
#define TEXT_MAX 64

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

/* "PATH(AFTER:ENTRIES:LAST) " for each range; LAST "$" is the end. */
struct told {
	struct walk_teller teller;
	struct buf text;
};

static int tell(struct walk_teller *teller, const char *path,
		struct listing_range *range)
{
	struct told *t = container_of(teller, struct told, teller);

	buf_add_fmt(&t->text, "%s(%s:", path, range->after);
	for (size_t i = 0; i < segment_count(range->segment); i++) {
		struct segment_entry e;

		segment_read(range->segment, i, &e);
		buf_add_fmt(&t->text, "%s%s%s", i ? "," : "", e.name,
			    e.is_dir ? "/" : "");
		assert_int_equal(e.size, e.is_dir ? 0 : e.name_len + 7);
	}
	buf_add_fmt(&t->text, ":%s) ", range->is_end ? "$" : range->last);
	return 0;
}

/* count keys below top, of which the first that is told follows after. */
static void split(struct told *t, const char *const *keys, size_t count,
		  const char *top, const char *after, const char *last)
{
	struct s3_listed items[KEYS_MAX];
	struct walk_page page = {
		.items = items,
		.count = count,
		.top_len = strlen(top),
		.after = after,
		.last = last,
	};

	*t = (struct told){ .teller.tell = tell, .text = BUF_INIT(1 << 20) };
	for (size_t i = 0; i < count; i++) {
		const char *slash = strrchr(keys[i], '/');
		const char *name = slash ? slash + 1 : keys[i];

		items[i] = (struct s3_listed){
			.key = keys[i],
			.key_len = strlen(keys[i]),
			.size = strlen(name) + 7,
		};
	}
	assert_int_equal(walk_page_split(&page, &t->teller), 0);
	assert_int_equal(t->text.error, 0);
}

struct split_row {
	const char *keys; /* blank-separated */
	const char *top, *after, *last;
	const char *told;
};

static const struct split_row split_rows[] = {
	{ "", "", "", NULL, "(::$) " },
	{ "a b/c", "", "", NULL, "b/(:c:$) (:a,b/:$) " },
	/* Asked from d/ on: d is whole, what is before it is not known. */
	{ "t/d/f t/e/g", "t/", "d/", NULL, "d/(:f:$) e/(:g:$) (d/:e/:$) " },
	/* Gone, or only a marker, which is not told: empty. */
	{ "t/e/g", "t/", "d/", NULL, "d/(::$) e/(:g:$) (d/:e/:$) " },
	{ "d/ e/", "", "", NULL, "d/(::$) e/(::$) (:d/,e/:$) " },
	/* The page ends in the middle of e; e is there, what follows not. */
	{ "d/f e/g", "", "", "e/g", "d/(:f:$) e/(:g:g) (:d/,e/:e/) " },
	{ "d/f", "", "", "d/f", "d/(:f:f) (:d/:d/) " },
	/* It ends with a marker, which tells nothing of its directory. */
	{ "a d/", "", "", "d/", "(:a,d/:d/) " },
	/* And goes on there. */
	{ "e/h e/i/j k", "", "e/g", NULL, "e/i/(:j:$) e/(g:h,i/:$) (e/:k:$) " },
	{ "e/h e/i", "", "e/g", "e/i", "e/(g:h,i:i) " },
	/* A file and a directory of one name, and what sorts between. */
	{ "d d- d-/x d. d.a/y d/z d0", "", "", NULL,
	  "d-/(:x:$) d.a/(:y:$) d/(:z:$) (:d,d-,d-/,d.,d.a/,d/,d0:$) " },
	/* Names that cannot be are left out with all below them. */
	{ "../e a/./c a//b a/d f", "", "", NULL, "a/(:d:$) (:a/,f:$) " },
	/* The last key may be one that the items lack. */
	{ "a b/c", "", "", "b/d/x", "b/d/(::x) b/(:c,d/:d/) (:a,b/:b/) " },
};

static void a_page_is_taken_apart(void **state)
{
	for (size_t i = 0; i < ARRAY_SIZE(split_rows); i++) {
		const struct split_row *row = &split_rows[i];
		const char *keys[16];
		char copy[TEXT_MAX];
		char *rest = copy, *key;
		size_t count = 0;
		struct told t;

		snprintf(copy, sizeof(copy), "%s", row->keys);
		while ((key = strsep(&rest, " ")) && *key)
			keys[count++] = key;
		split(&t, keys, count, row->top, row->after, row->last);
		assert_string_equal(buf_str(&t.text), row->told);
		buf_release(&t.text);
	}
}

/* ------------------------------------------------------------ the model */

static char keys[KEYS_MAX][TEXT_MAX];
static size_t key_count;

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void make_keys(void)
{
	static const char *const parts[] = { "a", "a-", "a.", "a/",  "a0", "b",
					     "",  ".",  "b~", "a-0", "a!", "c" };
	size_t kept = 0;

	key_count = 1 + random_below(KEYS_MAX - 1);
	for (size_t i = 0; i < key_count; i++) {
		size_t depth = 1 + random_below(4), len = 0;

		for (size_t n = 0; n < depth; n++) {
			/* Odd names are few. */
			const char *part = parts[random_below(12)];

			if (random_below(4))
				part = parts[random_below(6)];
			len += snprintf(keys[i] + len, TEXT_MAX - len, "%s%s",
					n ? "/" : "", part);
		}
		if (random_below(5) == 0 || len == 0)
			snprintf(keys[i] + len, TEXT_MAX - len, "/");
	}
	qsort(keys, key_count, sizeof(keys[0]), by_text);
	for (size_t i = 0; i < key_count; i++)
		if (i == 0 || strcmp(keys[kept - 1], keys[i]) != 0)
			memmove(keys[kept++], keys[i], TEXT_MAX);
	key_count = kept;
}

/* The first entry of a path: "f" or "d/". */
static void first_entry(char out[TEXT_MAX], const char *path)
{
	size_t len = strcspn(path, "/");

	snprintf(out, TEXT_MAX, "%.*s", (int)(len + (path[len] == '/')), path);
}

/* Whether every part of a directory's path may be a name. */
static bool is_path(const char *dir)
{
	while (*dir) {
		size_t len = strcspn(dir, "/");

		if (!name_is_showable(dir, len))
			return false;
		dir += len + 1;
	}
	return true;
}

/*
 * What a listing with the delimiter would tell of dir in (after, last], from
 * all keys there are.
 */
static void add_truth(struct buf *out, const char *dir, const char *after,
		      const char *last)
{
	char before[TEXT_MAX] = "";
	bool is_first = true;

	buf_add_fmt(out, "(%s:", after);
	for (size_t i = 0; i < key_count; i++) {
		char entry[TEXT_MAX];
		size_t len;

		if (!starts_with(keys[i], dir))
			continue;
		first_entry(entry, keys[i] + strlen(dir));
		len = strcspn(entry, "/");
		if (strcmp(entry, before) == 0 || strcmp(entry, after) <= 0 ||
		    (last && strcmp(entry, last) > 0) ||
		    !name_is_showable(entry, len))
			continue;
		buf_add_fmt(out, "%s%s", is_first ? "" : ",", entry);
		snprintf(before, sizeof(before), "%s", entry);
		is_first = false;
	}
	buf_add_fmt(out, ":%s) ", last ? last : "$");
}

/* What has to be told of dir, if anything. */
static void add_expected(struct buf *out, const char *dir, const char *top,
			 const char *after, const char *last)
{
	char from[TEXT_MAX] = "", to[TEXT_MAX] = "", whole[TEXT_MAX * 2];
	bool is_end = !last || !starts_with(last, dir);

	if (starts_with(after, dir))
		first_entry(from, after + strlen(dir));
	if (!is_end)
		first_entry(to, last + strlen(dir));
	if (!is_end && strcmp(from, to) >= 0)
		return;
	snprintf(whole, sizeof(whole), "%s%s", top, dir);
	buf_add_str(out, dir);
	add_truth(out, whole, from, is_end ? NULL : to);
}

/* Adds the directories that path is in, "" first. */
static size_t add_dirs(char dirs[][TEXT_MAX], size_t count, const char *path)
{
	for (size_t len = 0;; len += 1) {
		bool is_known = false;

		if (len == 0 || path[len - 1] == '/') {
			snprintf(dirs[count], TEXT_MAX, "%.*s", (int)len, path);
			for (size_t i = 0; i < count; i++)
				if (strcmp(dirs[i], dirs[count]) == 0)
					is_known = true;
			count += !is_known && is_path(dirs[count]);
		}
		if (!path[len])
			return count;
	}
}

/* Counts the blank-separated pieces; each must be one of all's. */
static size_t count_pieces(char *text, const char *all)
{
	size_t count = 0;
	char *piece;

	while ((piece = strsep(&text, " ")) && *piece) {
		static char wanted[1 << 16];

		snprintf(wanted, sizeof(wanted), " %s ", piece);
		if (!strstr(all, wanted))
			fail_msg("%s is not in%s", piece, all);
		count++;
	}
	return count;
}

/* One page of limit keys behind after; returns the path it ends with. */
static const char *check_page(const char *top, const char *after, size_t limit)
{
	static char dirs[KEYS_MAX * 4][TEXT_MAX];
	const char *page[KEYS_MAX] = { NULL };
	size_t count = 0, more = 0, dir_count, top_len = strlen(top);
	AUTO_BUF struct buf expected = BUF_INIT(1 << 20);
	const char *last;
	struct told t;

	for (size_t i = 0; i < key_count; i++) {
		if (!starts_with(keys[i], top) ||
		    strcmp(keys[i] + top_len, after) <= 0)
			continue;
		if (count < limit)
			page[count++] = keys[i];
		else
			more++;
	}
	last = more ? page[count - 1] + top_len : NULL;
	split(&t, page, count, top, after, last);
	dir_count = add_dirs(dirs, 0, after);
	for (size_t i = 0; i < count; i++)
		dir_count = add_dirs(dirs, dir_count, page[i] + top_len);
	buf_add_char(&expected, ' ');
	for (size_t i = 0; i < dir_count; i++)
		add_expected(&expected, dirs[i], top, after, last);
	dir_count = 0;
	for (size_t i = 0; i < expected.len; i++)
		dir_count += expected.data[i] == ')';
	if (t.text.len > 0) {
		size_t told = count_pieces(t.text.data, buf_str(&expected));

		assert_int_equal(told, dir_count);
	} else {
		assert_int_equal(dir_count, 0);
	}
	buf_release(&t.text);
	return last;
}

static void pages_of_random_trees_tell_what_is_there(void **state)
{
	static const char *const tops[] = { "", "a/", "b/", "a/a-/", "c/" };

	for (unsigned round = 0; round < 1500; round++) {
		const char *top = tops[random_below(ARRAY_SIZE(tops))];
		const char *after = "";
		size_t limit = 1 + random_below(60);
		char start[TEXT_MAX] = "";

		make_keys();
		/* From any directory that is there, or from any that is not. */
		for (size_t i = random_below(key_count); i < key_count; i++) {
			char *end;

			if (!starts_with(keys[i], top))
				continue;
			snprintf(start, sizeof(start), "%s",
				 keys[i] + strlen(top));
			end = strrchr(start, '/');
			if (end)
				end[1] = '\0';
			if (end && random_below(8) == 0)
				snprintf(end, 4, "+/");
			if (end && is_path(start))
				after = start;
			break;
		}
		/* Then page after page, as a walk goes on. */
		while (after)
			after = check_page(top, after, limit);
	}
}

static void keys_that_do_not_rise_are_refused(void **state)
{
	struct told t = { .teller.tell = tell, .text = BUF_INIT(1024) };
	struct s3_listed items[] = { { .key = "b", .size = 8 },
				     { .key = "a", .size = 8 } };
	struct walk_page page = { .items = items, .count = 2, .after = "" };

	assert_int_equal(walk_page_split(&page, &t.teller), -EINVAL);
	assert_int_equal(t.text.len, 0);
	buf_release(&t.text);
}

/* ---------------------------------------------------------- the pattern */

static struct walk *ask_at(struct walk_pattern *p, const char *dir,
			   const char *after, int64_t now_ms)
{
	struct walk_question q = {
		.dir = dir,
		.after = after,
		/* In these trees each directory's first one is called 0. */
		.is_first_child = strlen(dir) >= 2 &&
				  strcmp(dir + strlen(dir) - 2, "0/") == 0,
		.now_ms = now_ms,
		.ttl_ms = 60000,
	};

	return walk_pattern_ask(p, &q);
}

static struct walk *ask(struct walk_pattern *p, const char *dir)
{
	return ask_at(p, dir, "", 1000);
}

static void two_siblings_in_order_begin_a_walk(void **state)
{
	struct walk_pattern p = { 0 };
	struct walk *w;

	assert_null(ask(&p, "t/1/"));
	assert_null(ask(&p, "t/2/"));
	w = ask(&p, "t/3/");
	assert_non_null(w);
	assert_string_equal(w->top, "t/");
	assert_string_equal(w->at, "t/3/");
	/* One page at a time. */
	assert_null(ask(&p, "t/4/"));
	walk_pattern_answer(w, NULL, 5, 4);
	/* Nothing of t is missing; what comes behind it is a walk's next. */
	assert_null(ask(&p, "t/3/"));
	w = ask(&p, "u/");
	assert_non_null(w);
	assert_string_equal(w->top, "");
	assert_string_equal(w->at, "u/");
}

static void a_parent_and_its_first_child_begin_one_too(void **state)
{
	struct walk_pattern p = { 0 };
	struct walk *w;

	assert_null(ask(&p, ""));
	assert_null(ask(&p, "0/"));
	w = ask(&p, "0/0/");
	assert_non_null(w);
	assert_string_equal(w->top, "");
	assert_string_equal(w->at, "0/0/");
}

static void what_is_out_of_order_or_late_begins_none(void **state)
{
	static const char *const dirs[][3] = {
		{ "t/3/", "t/2/", "t/1/" }, /* backwards */
		{ "t/1/", "t/1/", "t/1/" }, /* the same */
		{ "", "5/", "5/7/" },       /* somebody looks for a file */
		{ "t/1/", "u/x/1/", "v/y/1/" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++) {
		struct walk_pattern p = { 0 };

		for (size_t n = 0; n < 3; n++)
			assert_null(ask(&p, dirs[i][n]));
	}
	for (int64_t pause_ms = 1000; pause_ms <= 9000; pause_ms += 8000) {
		struct walk_pattern p = { 0 };

		assert_null(ask_at(&p, "t/1/", "", 0));
		assert_null(ask_at(&p, "t/2/", "", pause_ms));
		assert_int_equal(ask_at(&p, "t/3/", "", 2 * pause_ms) != NULL,
				 pause_ms == 1000);
	}
}

/* A walk below t/ whose first page ended with last. */
static struct walk *walk_to(struct walk_pattern *p, const char *last,
			    unsigned sealed)
{
	struct walk *w;

	memset(p, 0, sizeof(*p));
	assert_null(ask(p, "t/1/"));
	assert_null(ask(p, "t/2/"));
	w = ask(p, "t/3/");
	assert_non_null(w);
	walk_pattern_answer(w, last, sealed, sealed ? sealed - 1 : 0);
	return w;
}

static void a_walk_goes_on_where_the_page_ended(void **state)
{
	struct walk_pattern p;

	walk_to(&p, "t/5/6/f", 9);
	assert_null(ask_at(&p, "t/5/6/", "e", 1000));
	assert_null(ask_at(&p, "t/5/", "7/", 1000));
	assert_null(ask_at(&p, "t/5/6/f", "x", 1000));
	assert_non_null(ask_at(&p, "t/5/6/", "f", 1000));
	/* The directory above needs to know what follows 6/. */
	walk_to(&p, "t/5/6/f", 9);
	assert_non_null(ask_at(&p, "t/5/", "6/", 1000));
	/* Not above the walk. */
	walk_to(&p, "t/5/6/f", 9);
	assert_null(ask_at(&p, "", "t/", 1000));
	/* As long as the page is good, whatever is done in between. */
	walk_to(&p, "t/5/6/f", 9);
	assert_non_null(ask_at(&p, "t/5/6/", "f", 50000));
	walk_to(&p, "t/5/6/f", 9);
	assert_null(ask_at(&p, "t/5/6/", "f", 70000));
}

static void large_directories_are_listed_by_themselves(void **state)
{
	struct walk_pattern p;
	struct walk *w = walk_to(&p, "t/3/f", 0);

	assert_null(ask_at(&p, "t/3/", "f", 1000));
	assert_null(ask(&p, "t/4/"));
	assert_null(ask(&p, "t/5/"));
	assert_null(ask(&p, "t/6/"));
	assert_null(ask(&p, "t/7/"));
	assert_ptr_equal(ask(&p, "t/8/"), w);
	/* Small ones now: it goes on at once. */
	walk_pattern_answer(w, NULL, 3, 2);
	walk_pattern_opened(&p, "t/8/1/", 1000);
	walk_pattern_opened(&p, "t/9/", 1000);
	assert_ptr_equal(ask(&p, "u/"), w);
	/* Refused: it takes long until it is tried again. */
	walk_pattern_fail(w);
	for (unsigned i = 0; i < 64; i++) {
		char dir[8];

		snprintf(dir, sizeof(dir), "v%02u/", i);
		assert_null(ask(&p, dir));
	}
	assert_ptr_equal(ask(&p, "w/"), w);
}

static void what_nobody_opens_is_not_listed_ahead(void **state)
{
	struct walk_pattern p;
	struct walk *w = walk_to(&p, "t/3/60/f", 60);

	/* One page more to see the end of t/3/, then none. */
	assert_ptr_equal(ask_at(&p, "t/3/", "60/", 1000), w);
	walk_pattern_answer(w, "t/3/90/f", 60, 60);
	assert_null(ask_at(&p, "t/3/", "90/", 1000));
	assert_null(ask(&p, "t/4/"));
	assert_null(ask(&p, "t/5/"));
	/* A walk opens what the pages told. */
	w = walk_to(&p, "t/3/60/f", 60);
	for (unsigned page = 0; page < 5; page++) {
		for (unsigned i = 0; i < 60; i++)
			walk_pattern_opened(&p, "t/3/1/", 2000);
		assert_ptr_equal(ask_at(&p, "t/3/60/", "f", 2000), w);
		walk_pattern_answer(w, "t/3/60/f", 60, 60);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_page_is_taken_apart),
		cmocka_unit_test(pages_of_random_trees_tell_what_is_there),
		cmocka_unit_test(keys_that_do_not_rise_are_refused),
		cmocka_unit_test(two_siblings_in_order_begin_a_walk),
		cmocka_unit_test(a_parent_and_its_first_child_begin_one_too),
		cmocka_unit_test(what_is_out_of_order_or_late_begins_none),
		cmocka_unit_test(a_walk_goes_on_where_the_page_ended),
		cmocka_unit_test(large_directories_are_listed_by_themselves),
		cmocka_unit_test(what_nobody_opens_is_not_listed_ahead),
	};

	random_state = 88172645463325252u;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
