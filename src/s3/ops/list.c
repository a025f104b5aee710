/* SPDX-License-Identifier: MIT */
/*
 * One page of a listing: ListObjectsV2, or V1 where the server has no V2.
 *
 * encoding-type=url is always asked for, since XML 1.0 cannot carry control
 * characters. Keys and common prefixes each come rising, as S3 has it. Where
 * they do not, a list that is whole is sorted; of one that has more pages
 * nobody knows what is missing behind a key. That, and a page that brings
 * nothing new, is no listing: a caller would go round in circles or believe
 * that a name is missing.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "client/client.h"
#include "client/message.h"
#include "client/request.h"
#include "log.h"
#include "ops/actions.h"
#include "ops/page.h"
#include "params/params_table.h"
#include "text.h"
#include "traits.h"
#include "wire/attrs.h"
#include "wire/xml.h"

/*
 * s3rver 3.7 answers 500 to ListObjectsV2 where there is more than a page.
 * After so many the older version is asked, in an outage in vain.
 */
#define BROKEN_V2_TRIES 3

/* Texts as they came, then decoded in place. */
struct s3_list_page {
	size_t room; /* the body's, which is more than its keys take */
	size_t used;
	char texts[];
};

struct list_parser {
	struct s3_list *list;
	size_t cap;
	bool is_decoded;        /* EncodingType is url */
	struct s3_listed *item; /* the open one */
	bool has_key, has_size;
};

static void list_clear(struct s3_list *list)
{
	free(list->items);
	free(list->page);
	free(list->last_key);
	free(list->next_after);
	list->next_after = NULL;
	list->items = NULL;
	list->page = NULL;
	list->last_key = NULL;
	list->count = 0;
	list->is_truncated = false;
}

static int list_build(struct s3_request *r)
{
	const struct s3_list *list = container_of(r->op, struct s3_list, op);
	unsigned max = list->max_keys ? list->max_keys : S3_LIST_MAX;

	if (s3_trait(r->client, S3_TRAIT_LIST_V2) == S3_NO ||
	    r->broken >= BROKEN_V2_TRIES)
		r->with_list_v1 = true;
	if (!r->with_list_v1)
		query_add(&r->query, "list-type", "2");
	query_add(&r->query, "encoding-type", "url");
	query_add(&r->query, "max-keys", request_number(r, 0, max));
	query_add(&r->query, "prefix", list->prefix ? list->prefix : "");
	if (list->delimiter)
		query_add(&r->query, "delimiter", list->delimiter);
	if (list->start_after)
		query_add(&r->query, r->with_list_v1 ? "marker" : "start-after",
			  list->start_after);
	return 0;
}

enum list_item {
	LIST_KEY,
	LIST_PREFIX,
};

static int list_item_begin(void *arg, unsigned kind)
{
	struct list_parser *p = arg;
	struct s3_list *list = p->list;
	struct s3_listed *items =
		page_grow(list->items, list->count, &p->cap, sizeof(*items));

	if (!items)
		return -ENOMEM;
	list->items = items;
	p->item = &items[list->count++];
	*p->item = (struct s3_listed){ .is_prefix = kind == LIST_PREFIX };
	p->has_key = false;
	p->has_size = p->item->is_prefix;
	return 0;
}

/* Only a body that is not in UTF-8 could need more room than it has. */
static int list_keep_key(struct list_parser *p, const char *text, size_t len)
{
	struct s3_list_page *page = p->list->page;
	char *to = page->texts + page->used;

	if (len + 1 > page->room - page->used)
		return -EBADMSG;
	memcpy(to, text, len);
	to[len] = '\0';
	p->item->key = to;
	p->item->key_len = len;
	page->used += len + 1;
	p->has_key = true;
	return 0;
}

static int list_item_text(void *arg, const char *name, const char *text,
			  size_t len)
{
	struct list_parser *p = arg;
	struct s3_listed *item = p->item;

	if (strcmp(name, item->is_prefix ? "Prefix" : "Key") == 0) {
		if (p->has_key || len == 0)
			return -EBADMSG;
		return list_keep_key(p, text, len);
	}
	if (item->is_prefix)
		return 0;
	if (strcmp(name, "Size") == 0) {
		p->has_size = true;
		if (text_parse_u64(text, S3_OBJECT_MAX, &item->size) < 0)
			return -EBADMSG;
	} else if (strcmp(name, "LastModified") == 0) {
		/* An odd date costs the date, not the page. */
		if (text_parse_iso_date(text, &item->mtime_ns) < 0)
			item->mtime_ns = 0;
	} else if (strcmp(name, "ETag") == 0) {
		/* Without one the object can still be read. */
		if (attrs_etag(text, item->etag) < 0)
			item->etag[0] = '\0';
	} else if (strcmp(name, "StorageClass") == 0) {
		item->has_class = strcmp(text, "STANDARD") != 0;
		item->is_archive = s3_class_is_archive(text);
	}
	return 0;
}

static int list_item_end(void *arg)
{
	const struct list_parser *p = arg;

	return p->has_key && p->has_size ? 0 : -EBADMSG;
}

static void list_note(void *arg, const char *name, const char *text)
{
	struct list_parser *p = arg;

	if (strcmp(name, "EncodingType") == 0)
		p->is_decoded = strcmp(text, "url") == 0;
}

static const struct page_kind list_page = {
	.root = "ListBucketResult",
	.items = { [LIST_KEY] = "Contents", [LIST_PREFIX] = "CommonPrefixes" },
	.must_tell = true,
	.begin = list_item_begin,
	.text = list_item_text,
	.end = list_item_end,
	.note = list_note,
};

static int list_decode_keys(struct s3_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		struct s3_listed *item = &list->items[i];
		char *text =
			list->page->texts + (item->key - list->page->texts);

		/* AWS writes a blank as +, others as %20; + itself is %2B. */
		if (text_percent_decode(text, &item->key_len, true) < 0)
			return -EBADMSG;
	}
	return 0;
}

static int keys_compare(const char *a, size_t a_len, const char *b,
			size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (order == 0)
		order = (a_len > b_len) - (a_len < b_len);
	return order;
}

static int listed_compare(const struct s3_listed *a, const struct s3_listed *b)
{
	return keys_compare(a->key, a->key_len, b->key, b->key_len);
}

/* Right under the prefix, and behind what was asked to begin after. */
static bool list_asks_for(const struct s3_list *list,
			  const struct s3_listed *item)
{
	const char *prefix = list->prefix ? list->prefix : "";
	const char *after = list->start_after;
	size_t len = strlen(prefix);

	if (item->key_len < len || memcmp(item->key, prefix, len) != 0)
		return false;
	if (!after || !after[0])
		return true;
	/* From inside a "directory" on, its prefix is told once more. */
	if (item->is_prefix && strncmp(after, item->key, item->key_len) == 0)
		return true;
	return keys_compare(item->key, item->key_len, after, strlen(after)) > 0;
}

static int list_check(const struct s3_list *list)
{
	const struct s3_listed *last[2] = { NULL, NULL }; /* by is_prefix */

	for (size_t i = 0; i < list->count; i++) {
		const struct s3_listed *item = &list->items[i];
		const struct s3_listed *before = last[item->is_prefix];

		if (!list_asks_for(list, item))
			return -EBADMSG;
		if (before && listed_compare(before, item) >= 0)
			return -EBADMSG;
		last[item->is_prefix] = item;
	}
	return 0;
}

static bool list_is_rising(const struct s3_list *list)
{
	const struct s3_listed *last[2] = { NULL, NULL }; /* by is_prefix */

	for (size_t i = 0; i < list->count; i++) {
		const struct s3_listed *item = &list->items[i];
		const struct s3_listed *before = last[item->is_prefix];

		if (before && listed_compare(before, item) > 0)
			return false;
		last[item->is_prefix] = item;
	}
	return true;
}

static int listed_compare_any(const void *a, const void *b)
{
	return listed_compare(a, b);
}

/* Who wants only a few keys asks whether there are any. */
static int list_sort(struct s3_request *r, struct s3_list *list)
{
	bool is_whole = !list->is_truncated && !list->start_after;

	if (list_is_rising(list))
		return 0;
	if (!is_whole && (!list->max_keys || list->start_after))
		return errinfo_set(
			&r->op->err, -EBADMSG,
			"ListObjects: the server's lists are not in "
			"byte order, and what takes more than a page "
			"of %d cannot be listed so: %s",
			S3_LIST_MAX, list->prefix ? list->prefix : "");
	s3_trait_learn(r->client, S3_TRAIT_LIST_ORDER, S3_NO, NULL);
	qsort(list->items, list->count, sizeof(list->items[0]),
	      listed_compare_any);
	return 0;
}

static size_t list_next_of_kind(const struct s3_list *list, size_t i,
				bool is_prefix)
{
	while (i < list->count && list->items[i].is_prefix != is_prefix)
		i++;
	return i;
}

/* Both kinds rise; together they shall, too. */
static int list_merge(struct s3_list *list)
{
	size_t key = list_next_of_kind(list, 0, false);
	size_t prefix = list_next_of_kind(list, 0, true);
	size_t count = list->count, n = 0;
	struct s3_listed *merged;

	if (key == count || prefix == count)
		return 0;
	merged = calloc(count, sizeof(*merged));
	if (!merged)
		return -ENOMEM;
	while (key < count || prefix < count) {
		bool is_key = prefix == count ||
			      (key < count &&
			       listed_compare(&list->items[key],
					      &list->items[prefix]) < 0);
		size_t *at = is_key ? &key : &prefix;

		merged[n++] = list->items[*at];
		*at = list_next_of_kind(list, *at + 1, !is_key);
	}
	free(list->items);
	list->items = merged;
	for (size_t i = 1; i < count; i++)
		if (listed_compare(&merged[i - 1], &merged[i]) >= 0)
			return -EBADMSG;
	return 0;
}

/* Keys that no C string can hold, and such that S3 does not allow. */
static bool listed_is_odd(const struct s3_listed *item)
{
	return memchr(item->key, '\0', item->key_len) ||
	       item->key_len > S3_KEY_MAX;
}

static void list_drop_odd(struct s3_client *c, struct s3_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!listed_is_odd(&list->items[i]))
			list->items[n++] = list->items[i];
		else if (!atomic_exchange(&c->has_told_odd_key, true))
			log_warn("s3",
				 "keys with a NUL byte or of over %d bytes are "
				 "left out, the first is %s",
				 S3_KEY_MAX, list->items[i].key);
	}
	list->count = n;
}

void s3_list_add_after(struct buf *out, const char *key, bool has_delimiter)
{
	size_t len = strlen(key);

	buf_add(out, key, len);
	/* The greatest character there is. */
	if (has_delimiter && len > 0 && key[len - 1] == '/')
		buf_add_str(out, "\xf4\x8f\xbf\xbf");
}

/* A page that says "more" has to bring its caller forward. */
static int list_set_last(struct s3_list *list)
{
	AUTO_BUF struct buf after = BUF_INIT(2 * XML_TEXT_MAX);
	const struct s3_listed *last;

	if (list->count == 0)
		return list->is_truncated ? -EBADMSG : 0;
	last = &list->items[list->count - 1];
	list->last_key = strdup(last->key);
	if (!list->last_key)
		return -ENOMEM;
	if (!list->is_truncated)
		return 0;
	if (list->start_after && strcmp(list->last_key, list->start_after) <= 0)
		return -EBADMSG;
	s3_list_add_after(&after, list->last_key, list->delimiter);
	list->next_after = after.error ? NULL : buf_detach(&after);
	return list->next_after ? 0 : -ENOMEM;
}

static int list_read(struct s3_request *r, struct s3_list *list)
{
	const struct buf *body = &r->http.response_body;
	struct list_parser parser = { .list = list };
	int rc;

	list->page = malloc(sizeof(*list->page) + body->len);
	if (!list->page)
		return -ENOMEM;
	list->page->room = body->len;
	list->page->used = 0;
	rc = page_read(body, &list_page, &parser, &list->is_truncated);
	if (rc == 0 && parser.is_decoded)
		rc = list_decode_keys(list);
	if (rc == 0)
		rc = list_sort(r, list);
	if (rc == 0)
		rc = list_check(list);
	if (rc == 0)
		rc = list_merge(list);
	if (rc == 0)
		rc = list_set_last(list);
	return rc;
}

static int list_parse(struct s3_request *r)
{
	struct s3_list *list = container_of(r->op, struct s3_list, op);
	int rc;

	list_clear(list);
	rc = list_read(r, list);
	if (rc < 0) {
		list_clear(list);
		return rc;
	}
	list_drop_odd(r->client, list);
	s3_trait_learn(r->client, S3_TRAIT_LIST_V2,
		       r->with_list_v1 ? S3_NO : S3_YES, NULL);
	return 0;
}

static enum s3_next list_settle(struct s3_request *r, int *result)
{
	bool is_refused = r->http.status == 501 ||
			  strcmp(r->error.code, "NotImplemented") == 0 ||
			  (r->http.status == 400 &&
			   strcmp(r->error.code, "InvalidArgument") == 0);

	if (r->http.result < 0 || !is_refused || r->with_list_v1)
		return S3_FINISH;
	r->with_list_v1 = true;
	return S3_AGAIN;
}

const struct s3_action list_action = {
	.name = "ListObjects",
	.method = "GET",
	.params = PARAMS_BUCKET,
	.answer_max = LISTING_MAX,
	.build = list_build,
	.parse = list_parse,
	.settle = list_settle,
};

void s3_list_start(struct s3_client *c, struct s3_list *list)
{
	list_clear(list);
	request_start(c, &list->op, &list_action, NULL, NULL, 0);
}

bool s3_list_has_more(const struct s3_list *list)
{
	return list->next_after;
}

void s3_list_next_start(struct s3_client *c, struct s3_list *list)
{
	free(list->this_after);
	list->this_after = STEAL(list->next_after);
	list->start_after = list->this_after;
	s3_list_start(c, list);
}

void s3_list_release(struct s3_list *list)
{
	list_clear(list);
	free(list->this_after);
	list->this_after = NULL;
}
