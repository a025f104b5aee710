/* SPDX-License-Identifier: MIT */
/*
 * A page taken apart; see walk_page.h. Keys below one directory stand
 * together, so a stack of the directories that the current key is in does.
 */
#include "list/walk_page.h"

#include <string.h>

#include "name.h"
#include "names/segment.h"

struct level {
	size_t len;  /* of its path */
	char *after; /* where what the page tells of it begins */
	struct segment_builder builder;
};

struct splitter {
	struct walk_teller *teller;
	struct level *levels;
	size_t depth, cap;
	struct buf path; /* of the innermost */
};

/* The entry's key that path has in a directory it is below: "f" or "d/". */
static size_t entry_length(const char *path)
{
	size_t len = strcspn(path, "/");

	return len + (path[len] == '/');
}

static int push(struct splitter *s, const char *name, size_t len,
		const char *after)
{
	struct level *level;

	if (s->depth == s->cap) {
		size_t cap = s->cap ? s->cap * 2 : 8;
		struct level *levels =
			reallocarray(s->levels, cap, sizeof(*levels));

		if (!levels)
			return -ENOMEM;
		s->levels = levels;
		s->cap = cap;
	}
	buf_add(&s->path, name, len);
	if (s->path.error)
		return s->path.error;
	level = &s->levels[s->depth];
	level->len = s->path.len;
	level->after = strndup(after, entry_length(after));
	if (!level->after)
		return -ENOMEM;
	segment_builder_init(&level->builder);
	s->depth++;
	return 0;
}

static void pop(struct splitter *s)
{
	struct level *level = &s->levels[--s->depth];

	segment_builder_release(&level->builder);
	free(level->after);
	if (s->depth > 0) {
		s->path.len = s->levels[s->depth - 1].len;
		if (s->path.data)
			s->path.data[s->path.len] = '\0';
	}
}

/* Tells the innermost up to last, a path in it; NULL: to its end. */
static int finish_level(struct splitter *s, const char *last)
{
	struct level *level = &s->levels[s->depth - 1];
	struct listing_range range = {
		.after = level->after,
		.last = "",
		.is_end = !last,
	};
	AUTO_FREE char *key = last ? strndup(last, entry_length(last)) : NULL;
	int rc = 0;

	if (last && !key)
		return -ENOMEM;
	if (last)
		range.last = key;
	if (range.is_end || strcmp(range.after, range.last) < 0) {
		rc = segment_builder_finish(&level->builder, &range.segment);
		if (rc == 0)
			rc = s->teller->tell(s->teller, buf_str(&s->path),
					     &range);
		segment_put(range.segment);
	}
	if (rc == 0)
		pop(s);
	return rc;
}

static bool is_shown(struct splitter *s, const char *name, size_t len,
		     const char *path)
{
	if (name_is_showable(name, len))
		return true;
	if (!s->teller->unshown)
		s->teller->unshown = path;
	return false;
}

/* The directories that after is in; what is before it in them is not told. */
static int splitter_begin(struct splitter *s, const char *after)
{
	int rc = push(s, "", 0, after);

	while (rc == 0) {
		const char *name = after + s->path.len;
		size_t len = entry_length(name);

		if (len == 0 || name[len - 1] != '/' ||
		    !name_is_showable(name, len - 1))
			return 0;
		rc = push(s, name, len, name + len);
	}
	return rc;
}

/* Directories that end before path does begin. */
static int leave(struct splitter *s, const char *path)
{
	int rc = 0;

	while (rc == 0 && strncmp(path, buf_str(&s->path), s->path.len) != 0)
		rc = finish_level(s, NULL);
	return rc;
}

static int add_entry(struct splitter *s, const char *name, size_t len,
		     const struct s3_listed *file)
{
	struct segment_entry entry = { .name_len = len, .is_dir = !file };

	memcpy(entry.name, name, len);
	if (file) {
		entry.size = file->size;
		entry.mtime_ns = file->mtime_ns;
		entry.has_class = file->has_class;
		entry.is_archive = file->is_archive;
		memcpy(entry.etag, file->etag, sizeof(entry.etag));
	}
	return segment_builder_add(&s->levels[s->depth - 1].builder, &entry);
}

/* 1 if the path can be shown: the innermost level then is its directory. */
static int enter(struct splitter *s, const char *path)
{
	for (;;) {
		const char *name = path + s->path.len;
		size_t len = entry_length(name);
		int rc;

		if (len == 0 || name[len - 1] != '/')
			return len == 0 || is_shown(s, name, len, path);
		if (!is_shown(s, name, len - 1, path))
			return 0;
		rc = add_entry(s, name, len - 1, NULL);
		if (rc == 0)
			rc = push(s, name, len, "");
		if (rc < 0)
			return rc;
	}
}

static int add_key(struct splitter *s, const char *path,
		   const struct s3_listed *item)
{
	int rc = leave(s, path);

	if (rc == 0)
		rc = enter(s, path);
	/* Nothing behind the last slash: the directory's own marker. */
	if (rc == 1 && item && path[s->path.len])
		rc = add_entry(s, path + s->path.len,
			       strlen(path + s->path.len), item);
	return rc < 0 ? rc : 0;
}

int walk_page_split(const struct walk_page *page, struct walk_teller *teller)
{
	struct splitter s = {
		.teller = teller,
		.path = BUF_INIT(S3_KEY_MAX + 1),
	};
	int rc = splitter_begin(&s, page->after);

	for (size_t i = 0; rc == 0 && i < page->count; i++)
		rc = add_key(&s, page->items[i].key + page->top_len,
			     &page->items[i]);
	/* The last key may be one that is left out of the items. */
	if (rc == 0 && page->last)
		rc = add_key(&s, page->last, NULL);
	while (rc == 0 && s.depth > 0)
		rc = finish_level(&s,
				  page->last ? page->last + s.path.len : NULL);
	while (s.depth > 0)
		pop(&s);
	free(s.levels);
	buf_release(&s.path);
	return rc;
}
