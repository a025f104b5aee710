/* SPDX-License-Identifier: MIT */
/*
 * From a name to a node: from memory if something fresh tells, else by HEAD
 * for a file and LIST for a directory, the likelier one first.
 */
#include "names/lookup.h"

#include <string.h>

#include "clock.h"
#include "facts/facts.h"
#include "facts/headers.h"
#include "metrics.h"
#include "names/absence.h"
#include "names/key.h"
#include "names/listed.h"
#include "names/listing.h"
#include "names/name_change.h"
#include "names/tree.h"

struct lookup {
	struct store *store;
	struct store_op *op;
	struct node *parent; /* counted */
	char *name;
	struct buf key;    /* with a slash behind it while asking LIST */
	size_t key_len;    /* without that */
	uint64_t seq;      /* when the first request was started */
	int64_t began_ms;  /* that, too */
	int64_t until_ms;  /* for all its requests */
	bool is_dir_first; /* the name was a directory when last seen */
	bool is_path;      /* of store_lookup_path: no folder is asked for */
	bool had_head, had_list;
	struct s3_object object; /* what HEAD told */
	struct object_facts facts;
	struct pool_job count; /* expands it to know its size */
	union {
		struct s3_head head;
		struct s3_list list;
	} s3;
};

/* The listing's word, if it is newer than seq: see lookup_cached_locked. */
static int from_listing_locked(struct store *store, struct node *parent,
			       const char *name, uint64_t newer_than,
			       struct node **out, int64_t *until_ms)
{
	struct store_options *options = &store->options;
	enum listing_answer answer;
	int64_t now_ms = clock_now_ms();
	struct listing_hit hit;
	struct node *node;
	int result;

	lock_assert_held(&store->tree.lock);
	if (!parent->dir)
		return 0;
	answer = listing_lookup(&parent->dir->listing, name, strlen(name),
				now_ms, options->attr_timeout_ms, &hit);
	if (answer == LISTING_UNKNOWN || hit.seq <= newer_than)
		return 0;
	node = tree_find_locked(&store->tree, parent, name);
	if (answer == LISTING_ABSENT) {
		if (node)
			tree_detach_locked(&store->tree, node);
		*until_ms = hit.fetched_ms + options->negative_timeout_ms;
		return *until_ms > now_ms ? -ENOENT : 0;
	}
	result = listed_learn_locked(store, parent, node, &hit.entry, hit.seq,
				     out);
	if (result < 0)
		return result;
	(*out)->until_ms = hit.fetched_ms + options->attr_timeout_ms;
	return 1;
}

int lookup_cached_locked(struct store *store, struct node *parent,
			 const char *name, struct node **out, int64_t *until_ms)
{
	struct node *node = tree_find_locked(&store->tree, parent, name);
	struct absence *absence =
		parent->dir ? strmap_get(&parent->dir->absent, name) : NULL;
	int64_t now_ms = clock_now_ms();
	uint64_t best = 0;
	int result;

	lock_assert_held(&store->tree.lock);
	if (absence && absence->until_ms <= now_ms)
		absence = NULL;
	/* An older listing does not know better than what has expired. */
	if (node)
		best = node->seq;
	if (node && node->until_ms <= now_ms)
		node = NULL;
	if (absence && absence->seq > best)
		best = absence->seq;
	result = from_listing_locked(store, parent, name, best, out, until_ms);
	/* It is there, but what its headers tell has to be asked. */
	if (result == -EAGAIN)
		return 0;
	if (result != 0)
		return result;
	if (absence && (!node || absence->seq > node->seq)) {
		*until_ms = absence->until_ms;
		return -ENOENT;
	}
	if (!node)
		return 0;
	*out = node_get_locked(node);
	return 1;
}

static void fill_attr_locked(struct store *store, struct store_op *op)
{
	lock_assert_held(&store->tree.lock);
	node_attr_locked(store, op->node, &op->attr);
}

static void lookup_free(struct lookup *lookup)
{
	node_put(lookup->store, lookup->parent, 1);
	buf_release(&lookup->key);
	pairs_release(&lookup->object.headers);
	free(lookup->name);
	free(lookup);
}

static void lookup_finish(struct lookup *lookup, int result)
{
	struct store_op *op = lookup->op;

	lookup_free(lookup);
	op->done(op, result);
}

/* Who asks again at once hears the same. */
static void lookup_fail(struct lookup *lookup, int result)
{
	failed_keys_note(lookup->store, buf_str(&lookup->key), lookup->key_len,
			 lookup->began_ms, result, &lookup->op->err);
	lookup_finish(lookup, result);
}

/* What has expired is still right if it is newer than the question. */
static int find_newer_locked(struct lookup *lookup, struct node **out)
{
	struct node *parent = lookup->parent;
	struct node *node =
		tree_find_locked(&lookup->store->tree, parent, lookup->name);
	struct absence *absence =
		parent->dir ? strmap_get(&parent->dir->absent, lookup->name) :
			      NULL;

	if (absence && absence->seq > lookup->seq &&
	    (!node || absence->seq > node->seq))
		return -ENOENT;
	if (!node || node->seq <= lookup->seq || node->until_ms == IN_DOUBT_MS)
		return 0;
	*out = node_get_locked(node);
	return 1;
}

/* True if the name changed under our hands: memory knows better then. */
static bool is_outdated_locked(struct lookup *lookup, int *result)
{
	struct store_op *op = lookup->op;
	int64_t until_ms = 0;
	struct node *node = NULL;
	int known = lookup_cached_locked(lookup->store, lookup->parent,
					 lookup->name, &node, &until_ms);

	if (known == 1 && node->seq <= lookup->seq) {
		node_put_locked(&lookup->store->tree, node);
		return false;
	}
	if (known == 0)
		known = find_newer_locked(lookup, &node);
	if (known == 0)
		return false;
	*result = known == 1 ? 0 : known;
	if (known == 1) {
		op->node = node;
		fill_attr_locked(lookup->store, op);
	}
	return true;
}

static int learn_locked(struct lookup *lookup, bool is_dir)
{
	const struct s3_object *object = &lookup->object;
	struct node *node =
		tree_learn_locked(lookup->store, lookup->parent, lookup->name,
				  &(struct node_facts){
					  .is_dir = is_dir,
					  .layout = &lookup->facts.layout,
					  .mtime_ns = object->mtime_ns,
					  .etag = object->etag,
					  .seq = lookup->seq,
				  });

	if (!node)
		return -ENOMEM;
	tree_forget_absent_locked(lookup->parent, lookup->name);
	if (!is_dir)
		headers_learn_locked(lookup->store, node, object);
	lookup->op->node = node;
	fill_attr_locked(lookup->store, lookup->op);
	return 0;
}

static void lookup_found(struct lookup *lookup, bool is_dir)
{
	int result;

	{
		LOCK(&lookup->store->tree.lock);
		if (!is_outdated_locked(lookup, &result))
			result = learn_locked(lookup, is_dir);
	}
	lookup_finish(lookup, result);
}

static void learn_absent_locked(struct lookup *lookup)
{
	struct store *store = lookup->store;
	int ttl_ms = store->options.negative_timeout_ms;
	struct node *node =
		tree_find_locked(&store->tree, lookup->parent, lookup->name);

	if (node)
		tree_detach_locked(&store->tree, node);
	if (tree_note_absent_locked(lookup->parent, lookup->name, lookup->seq,
				    clock_now_ms() + ttl_ms) < 0)
		ttl_ms = 0;
	lookup->op->attr.valid_ms = ttl_ms;
}

static void lookup_begin(struct lookup *lookup);

static void not_found(struct lookup *lookup)
{
	bool has_moved = false;
	int result = -ENOENT;

	{
		LOCK(&lookup->store->tree.lock);
		if (!is_outdated_locked(lookup, &result)) {
			has_moved = node_has_moved_locked(lookup->parent,
							  lookup->seq);
			if (!has_moved)
				learn_absent_locked(lookup);
		}
	}
	/* It has another key by now. */
	if (has_moved)
		lookup_begin(lookup);
	else
		lookup_finish(lookup, result);
}

static void ask(struct lookup *lookup);

/* A foreign object has to be expanded before anybody can tell its size. */
static void run_count(struct pool_job *job)
{
	struct lookup *lookup = container_of(job, struct lookup, count);
	int result = facts_learn_wait(lookup->store, buf_str(&lookup->key),
				      &lookup->object, &lookup->facts,
				      &lookup->op->err);

	if (result == 0)
		lookup_found(lookup, false);
	else
		lookup_fail(lookup, result);
}

static void head_done(struct s3_op *s3)
{
	struct lookup *lookup = container_of(s3, struct lookup, s3.head.op);
	struct s3_head *head = &lookup->s3.head;
	int result = s3->result;

	lookup->had_head = true;
	if (result == 0) {
		bool is_known =
			facts_learn(lookup->store, buf_str(&lookup->key),
				    &head->object, &lookup->facts);

		lookup->object = head->object;
		head->object.headers = (struct pairs)PAIRS_INIT;
		s3_head_release(head);
		lookup->count.run = run_count;
		if (is_known)
			lookup_found(lookup, false);
		else
			pool_submit(lookup->store->codec_pool, &lookup->count);
		return;
	}
	lookup->op->err = s3->err;
	s3_head_release(head);
	if (result == -ENOENT)
		ask(lookup);
	else
		lookup_fail(lookup, result);
}

static void list_done(struct s3_op *s3)
{
	struct lookup *lookup = container_of(s3, struct lookup, s3.list.op);
	int result = s3->result;
	bool is_there = result == 0 && lookup->s3.list.last_key != NULL;

	lookup->had_list = true;
	lookup->op->err = s3->err;
	s3_list_release(&lookup->s3.list);
	if (result < 0)
		lookup_fail(lookup, result);
	else if (is_there)
		lookup_found(lookup, true);
	else
		ask(lookup);
}

/* Sends the next question, or finds that there is none left. */
static void ask(struct lookup *lookup)
{
	bool may_list = !lookup->had_list && !lookup->is_path;
	bool want_list = may_list && (lookup->is_dir_first || lookup->had_head);

	memset(&lookup->s3, 0, sizeof(lookup->s3));
	if (lookup->had_head && !may_list) {
		not_found(lookup);
	} else if (want_list) {
		buf_add_char(&lookup->key, '/'); /* there is room */
		lookup->s3.list.op.done = list_done;
		lookup->s3.list.op.priority = S3_METADATA;
		lookup->s3.list.op.until_ms = lookup->until_ms;
		lookup->s3.list.prefix = buf_str(&lookup->key);
		lookup->s3.list.max_keys = 1;
		s3_list_start(lookup->store->s3, &lookup->s3.list);
	} else {
		if (lookup->had_list)
			lookup->key.data[--lookup->key.len] = '\0';
		lookup->s3.head.op.done = head_done;
		lookup->s3.head.op.priority = S3_METADATA;
		lookup->s3.head.op.until_ms = lookup->until_ms;
		lookup->s3.head.key = buf_str(&lookup->key);
		s3_head_start(lookup->store->s3, &lookup->s3.head);
	}
}

static void lookup_begin(struct lookup *lookup)
{
	struct store *store = lookup->store;
	int result;

	{
		struct node *node;

		LOCK(&store->tree.lock);
		lookup->seq = tree_next_seq_locked(&store->tree);
		node = tree_find_locked(&store->tree, lookup->parent,
					lookup->name);
		lookup->is_dir_first = node && node->is_dir;
	}
	lookup->had_head = lookup->had_list = false;
	buf_clear(&lookup->key);
	result = lookup->is_path ? path_key(store, lookup->name, &lookup->key) :
				   child_key(store, lookup->parent,
					     lookup->name, &lookup->key);
	lookup->key_len = lookup->key.len;
	lookup->began_ms = clock_now_ms();
	if (result == 0)
		result = failed_keys_recent(store, buf_str(&lookup->key),
					    lookup->key_len, &lookup->op->err);
	if (result == 0) /* for the slash of the question after */
		result = buf_reserve(&lookup->key, 1);
	if (result < 0)
		lookup_finish(lookup, result);
	else
		ask(lookup);
}

/* is_path: name is one of store_lookup_path. */
static void ask_server(struct store *store, struct node *parent,
		       const char *name, bool is_path, struct store_op *op)
{
	struct lookup *lookup = calloc(1, sizeof(*lookup));

	if (!lookup) {
		op->done(op, -ENOMEM);
		return;
	}
	lookup->store = store;
	lookup->op = op;
	lookup->parent = node_get(parent);
	lookup->name = strdup(name);
	lookup->key = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	lookup->is_path = is_path;
	lookup->until_ms = s3_until_ms(store->s3);
	if (lookup->name)
		lookup_begin(lookup);
	else
		lookup_finish(lookup, -ENOMEM);
}

void store_lookup(struct store *store, struct node *parent, const char *name,
		  struct store_op *op)
{
	int64_t until_ms = 0;
	int known;

	op->node = NULL;
	op->attr = (struct store_attr){ 0 };
	{
		LOCK(&store->tree.lock);
		known = lookup_cached_locked(store, parent, name, &op->node,
					     &until_ms);
		if (known == 1)
			fill_attr_locked(store, op);
	}
	metrics_add(known == 0 ? METRIC_STORE_LOOKUPS_ASKED :
				 METRIC_STORE_LOOKUPS_KNOWN,
		    1);
	if (known == 0) {
		/* Before op is answered: with it the parent may go. */
		listed_look_ahead(store, parent, name);
		ask_server(store, parent, name, false, op);
		return;
	}
	if (known == -ENOENT) {
		int64_t left_ms = until_ms - clock_now_ms();
		int most_ms = store->options.negative_timeout_ms;

		op->attr.valid_ms = left_ms > most_ms ? most_ms :
				    left_ms > 0       ? (int)left_ms :
							0;
	}
	op->done(op, known == 1 ? 0 : known);
}

void store_lookup_path(struct store *store, const char *path,
		       struct store_op *op)
{
	op->node = NULL;
	op->attr = (struct store_attr){ 0 };
	ask_server(store, store->tree.root, path, true, op);
}

/* A store_op that a thread waits for. */
struct waiting_op {
	struct store_op op;
	struct lock lock;
	pthread_cond_t done;
	bool is_done;
	int result;
};

static void wake(struct store_op *op, int result)
{
	struct waiting_op *w = container_of(op, struct waiting_op, op);

	LOCK(&w->lock);
	w->result = result;
	w->is_done = true;
	pthread_cond_signal(&w->done);
}

int lookup_wait(struct store *store, struct node *parent, const char *name,
		struct node **out, struct errinfo *err)
{
	struct waiting_op w = {
		.op.done = wake,
		.lock = LOCK_INIT(LOCK_LOOKUP_WAIT),
		.done = PTHREAD_COND_INITIALIZER,
	};

	store_lookup(store, parent, name, &w.op);
	{
		LOCK(&w.lock);
		while (!w.is_done)
			lock_wait(&w.lock, &w.done);
	}
	*out = w.op.node;
	if (err && w.result < 0)
		*err = w.op.err;
	return w.result;
}
