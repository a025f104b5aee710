/* SPDX-License-Identifier: MIT */
/*
 * Directory streams: first what this mount made and the listing does not
 * know, then the listing, page by page, from memory where it is fresh.
 *
 * A cookie is a place in the stream's own sequence of entries: created ones
 * from 1 on, then the entries of its pages as they stand there, whether they
 * are shown or not; so cookies stay good while the stream is open. A stream
 * keeps the pages it has seen.
 */
#include "list/dir.h"

#include <string.h>

#include "clock.h"
#include "list/walk.h"
#include "name.h"
#include "names/key.h"
#include "names/listing.h"
#include "names/name_change.h"
#include "names/segment.h"
#include "names/tree.h"

/* A page on its way. */
struct page_request {
	struct s3_list list;
	struct stream *stream;
	struct buf prefix, start_after;
	uint64_t seq;
};

struct stream *store_opendir(struct store *store, struct node *dir)
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->store = store;
	s->dir = node_get(dir);
	s->after = (struct buf)BUF_INIT(S3_KEY_MAX + 8);
	return s;
}

static void stream_forget(struct stream *s)
{
	for (size_t i = 0; i < s->page_count; i++)
		segment_put(s->pages[i].segment);
	for (size_t i = 0; i < s->created_count; i++)
		node_put(s->store, s->created[i], 1);
	free(s->created);
	strmap_release(&s->shown);
	s->created = NULL;
	s->created_count = 0;
	s->page_count = 0;
	s->end = 0;
	buf_clear(&s->after);
	s->is_begun = false;
	s->is_complete = false;
}

void store_closedir(struct stream *s)
{
	stream_forget(s);
	node_put(s->store, s->dir, 1);
	free(s->pages);
	buf_release(&s->after);
	free(s);
}

/* Nodes that the listing has come to know need no list of their own. */
static void dir_settle_created_locked(struct store *store, struct node *dir)
{
	int64_t now_ms = clock_now_ms();

	lock_assert_held(&store->tree.lock);
	list_for_each_safe(link, &dir->dir->created) {
		struct node *node =
			container_of(link, struct node, created_link);
		struct listing_hit hit;

		if (node->seq != SEQ_PENDING &&
		    listing_lookup(&dir->dir->listing, node->name,
				   strlen(node->name), now_ms,
				   store->options.attr_timeout_ms,
				   &hit) != LISTING_UNKNOWN &&
		    hit.seq > node->seq)
			node_unmark_created_locked(&store->tree, node);
	}
}

/* Takes down what the listing does not know. */
static int stream_begin(struct stream *s)
{
	struct dir *dir;
	size_t count = 0;
	LOCK(&s->store->tree.lock);

	dir = node_dir_locked(s->dir);
	if (!dir)
		return -ENOMEM;
	dir_settle_created_locked(s->store, s->dir);
	list_for_each(link, &dir->created)
		count++;
	s->created = calloc(count + 1, sizeof(*s->created));
	if (!s->created)
		return -ENOMEM;
	list_for_each(link, &dir->created) {
		struct node *node =
			container_of(link, struct node, created_link);

		if (strmap_set(&s->shown, node->name, node, NULL) < 0)
			return -ENOMEM;
		s->created[s->created_count++] = node_get_locked(node);
	}
	s->end = s->created_count;
	s->is_begun = true;
	return 0;
}

/* Without memory the stream is as it was. */
static int stream_add_page(struct stream *s, const struct listing_page *from)
{
	struct buf after = BUF_INIT(S3_KEY_MAX + 8);

	if (s->page_count == s->page_cap) {
		size_t cap = s->page_cap ? s->page_cap * 2 : 8;
		struct page *pages = realloc(s->pages, cap * sizeof(*pages));

		if (!pages)
			return -ENOMEM;
		s->pages = pages;
		s->page_cap = cap;
	}
	if (!from->is_end) {
		/* It may be what is to be replaced. */
		buf_add_str(&after, from->last);
		if (after.error)
			return after.error;
	}
	if (from->count > 0) {
		s->pages[s->page_count++] = (struct page){
			.segment = segment_get(from->segment),
			.first = from->first,
			.count = from->count,
			.start = s->end,
			.seq = from->seq,
		};
	}
	s->end += from->count;
	s->is_complete = from->is_end;
	if (!from->is_end) {
		buf_release(&s->after);
		s->after = after;
	}
	return 0;
}

/* 1 if memory had the next page, 0 if not. */
static int stream_next_cached(struct stream *s)
{
	struct listing_page page;
	int result;
	LOCK(&s->store->tree.lock);

	if (!s->dir->dir ||
	    !listing_next_page(&s->dir->dir->listing, buf_str(&s->after),
			       clock_now_ms(),
			       s->store->options.attr_timeout_ms, &page))
		return 0;
	result = stream_add_page(s, &page);
	return result < 0 ? result : 1;
}

/* ------------------------------------------------- a page from the server */

/* The part of a key below the prefix, as an entry; false: not shown. */
static bool page_request_entry(struct store *store,
			       const struct s3_listed *item, size_t prefix_len,
			       struct segment_entry *entry)
{
	const char *name = item->key + prefix_len;
	size_t len = item->key_len - prefix_len;

	if (len == 0)
		return false; /* the directory's own marker */
	if (item->is_prefix)
		len--;
	if (!name_is_showable(name, len)) {
		key_note_unshown(store, item->key);
		return false;
	}
	*entry = (struct segment_entry){
		.name_len = len,
		.is_dir = item->is_prefix,
		.size = item->size,
		.mtime_ns = item->mtime_ns,
		.has_class = item->has_class,
		.is_archive = item->is_archive,
	};
	memcpy(entry->name, name, len);
	memcpy(entry->etag, item->etag, sizeof(entry->etag));
	return true;
}

static int page_request_segment(struct page_request *r, struct segment **out)
{
	struct segment_builder builder;
	int result = 0;

	segment_builder_init(&builder);
	for (size_t i = 0; result == 0 && i < r->list.count; i++) {
		struct segment_entry entry;

		if (page_request_entry(r->stream->store, &r->list.items[i],
				       r->prefix.len, &entry))
			result = segment_builder_add(&builder, &entry);
	}
	if (result == 0)
		result = segment_builder_finish(&builder, out);
	segment_builder_release(&builder);
	return result;
}

/* -EAGAIN: what was listed is not what the directory has by now. */
static int page_request_keep(struct page_request *r)
{
	struct stream *s = r->stream;
	struct segment *segment = NULL;
	const char *last = r->list.last_key;
	bool is_end = !s3_list_has_more(&r->list);
	struct listing_page page;
	int result;

	if (!is_end && strlen(last) <= r->prefix.len)
		return -EBADMSG;
	result = page_request_segment(r, &segment);
	if (result < 0)
		return result;
	page = (struct listing_page){
		.segment = segment,
		.count = segment_count(segment),
		.last = is_end ? "" : last + r->prefix.len,
		.is_end = is_end,
		.seq = r->seq,
	};
	{
		struct listing_range range = {
			.segment = segment,
			.after = buf_str(&s->after),
			.last = page.last,
			.is_end = is_end,
			.fetched_ms = clock_now_ms(),
			.seq = r->seq,
		};
		LOCK(&s->store->tree.lock);

		if (node_has_moved_locked(s->dir, r->seq)) {
			segment_put(segment);
			return -EAGAIN;
		}
		/* A page that cannot be kept is still good for this stream. */
		if (!s->dir->is_detached && node_dir_locked(s->dir) &&
		    listing_insert(&s->dir->dir->listing, &range) == 0)
			dir_settle_created_locked(s->store, s->dir);
		result = stream_add_page(s, &page);
	}
	segment_put(segment);
	return result;
}

static void stream_read_on(struct stream *s, uint64_t cookie,
			   struct store_op *op, int result);

static void stream_ask_page(struct stream *s);

static void page_request_free(struct page_request *r)
{
	s3_list_release(&r->list);
	buf_release(&r->prefix);
	buf_release(&r->start_after);
	free(r);
}

/* It may hold nothing that is shown: then there is more to ask for. */
static void page_request_done(struct s3_op *op)
{
	struct page_request *r = container_of(op, struct page_request, list.op);
	struct stream *s = r->stream;
	int result = op->result;

	s->op->err = op->err;
	if (result == 0)
		result = page_request_keep(r);
	page_request_free(r);
	/* The directory has another key by now. */
	if (result == -EAGAIN) {
		stream_ask_page(s);
		return;
	}
	stream_read_on(s, s->cookie, s->op, result);
}

static void stream_ask_page(struct stream *s)
{
	struct page_request *r = calloc(1, sizeof(*r));

	if (!r) {
		s->op->done(s->op, -ENOMEM);
		return;
	}
	r->stream = s;
	r->prefix = (struct buf)BUF_INIT(S3_KEY_MAX + 1);
	r->start_after = (struct buf)BUF_INIT(2 * S3_KEY_MAX);
	{
		LOCK(&s->store->tree.lock);
		node_key_locked(s->store, s->dir, &r->prefix);
		r->seq = tree_next_seq_locked(&s->store->tree);
	}
	if (s->after.len > 0) {
		buf_add(&r->start_after, r->prefix.data, r->prefix.len);
		s3_list_add_after(&r->start_after, buf_str(&s->after), true);
		r->list.start_after = buf_str(&r->start_after);
	}
	if (r->prefix.error || r->start_after.error) {
		page_request_free(r);
		s->op->done(s->op, -ENOMEM);
		return;
	}
	r->list.op.done = page_request_done;
	r->list.op.priority = S3_METADATA;
	r->list.prefix = buf_str(&r->prefix);
	r->list.delimiter = "/";
	s3_list_start(s->store->s3, &r->list);
}

/* What a walk's page did not tell this directory is asked for by itself. */
static void stream_walk_done(struct walk_op *walk)
{
	struct stream *s = container_of(walk, struct stream, walk);
	int result = stream_next_cached(s);

	if (result == 0)
		stream_ask_page(s);
	else
		stream_read_on(s, s->cookie, s->op, result < 0 ? result : 0);
}

static void stream_ask(struct stream *s, uint64_t cookie, struct store_op *op)
{
	s->op = op;
	s->cookie = cookie;
	s->walk.done = stream_walk_done;
	if (!walk_list(s->store, s->dir, buf_str(&s->after), &s->walk))
		stream_ask_page(s);
}

static void stream_read_on(struct stream *s, uint64_t cookie,
			   struct store_op *op, int result)
{
	struct store_entry entry;

	while (result == 0 && store_dir_entry(s, cookie, &entry) == -EAGAIN) {
		bool is_first = s->after.len == 0;

		result = stream_next_cached(s);
		if (result == 0) {
			stream_ask(s, cookie, op);
			return;
		}
		if (is_first)
			walk_opened(s->store, s->dir);
		if (result == 1)
			result = 0;
	}
	op->done(op, result);
}

void store_readdir(struct stream *s, uint64_t cookie, struct store_op *op)
{
	int result = 0;

	if (cookie == 0)
		stream_forget(s);
	if (!s->is_begun)
		result = stream_begin(s);
	if (result < 0)
		stream_forget(s);
	stream_read_on(s, cookie, op, result);
}
