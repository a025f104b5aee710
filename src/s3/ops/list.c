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
	bool is_decoded; /* EncodingType is url */
	bool has_truncated;
	bool has_key, has_size; /* of the item that is open */
	struct s3_listed *item;
};

static void list_clear(struct s3_list *list)
{
	free(list->items);
	free(list->page);
	free(list->last_key);
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

static int add_item(struct list_parser *p, bool is_prefix)
{
	struct s3_list *list = p->list;

	if (list->count == p->cap) {
		size_t cap = p->cap ? p->cap * 2 : 64;
		struct s3_listed *more =
			reallocarray(list->items, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		list->items = more;
		p->cap = cap;
	}
	p->item = &list->items[list->count++];
	memset(p->item, 0, sizeof(*p->item));
	p->item->is_prefix = is_prefix;
	p->has_key = false;
	p->has_size = is_prefix;
	return 0;
}

static int on_open(void *arg, unsigned depth, const char *name)
{
	struct list_parser *p = arg;

	if (depth == 1)
		return strcmp(name, "ListBucketResult") == 0 ? 0 : -EBADMSG;
	if (depth != 2)
		return 0;
	if (strcmp(name, "Contents") == 0)
		return add_item(p, false);
	if (strcmp(name, "CommonPrefixes") == 0)
		return add_item(p, true);
	return 0;
}

/* Only a body that is not in UTF-8 could need more room than it has. */
static int keep_key(struct list_parser *p, const char *text, size_t len)
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

static int on_item_text(struct list_parser *p, const char *name,
			const char *text, size_t len)
{
	struct s3_listed *item = p->item;

	if (strcmp(name, item->is_prefix ? "Prefix" : "Key") == 0) {
		if (p->has_key || len == 0)
			return -EBADMSG;
		return keep_key(p, text, len);
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

static int on_close(void *arg, unsigned depth, const char *name,
		    const char *text, size_t len)
{
	struct list_parser *p = arg;

	if (depth == 3 && p->item)
		return on_item_text(p, name, text, len);
	if (depth != 2)
		return 0;
	if (p->item) {
		p->item = NULL;
		return p->has_key && p->has_size ? 0 : -EBADMSG;
	}
	if (strcmp(name, "IsTruncated") == 0) {
		p->has_truncated = true;
		p->list->is_truncated = strcmp(text, "true") == 0;
	} else if (strcmp(name, "EncodingType") == 0) {
		p->is_decoded = strcmp(text, "url") == 0;
	}
	return 0;
}

static int decode_keys(struct s3_list *list)
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

static int compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	int order = memcmp(a, b, a_len < b_len ? a_len : b_len);

	if (order == 0)
		order = (a_len > b_len) - (a_len < b_len);
	return order;
}

static int compare_items(const struct s3_listed *a, const struct s3_listed *b)
{
	return compare(a->key, a->key_len, b->key, b->key_len);
}

/* Right under the prefix, and behind what was asked to begin after. */
static bool is_asked_for(const struct s3_list *list,
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
	return compare(item->key, item->key_len, after, strlen(after)) > 0;
}

static int check_items(const struct s3_list *list)
{
	const struct s3_listed *last[2] = { NULL, NULL }; /* by is_prefix */

	for (size_t i = 0; i < list->count; i++) {
		const struct s3_listed *item = &list->items[i];
		const struct s3_listed *before = last[item->is_prefix];

		if (!is_asked_for(list, item))
			return -EBADMSG;
		if (before && compare_items(before, item) >= 0)
			return -EBADMSG;
		last[item->is_prefix] = item;
	}
	return 0;
}

static bool is_rising(const struct s3_list *list)
{
	const struct s3_listed *last[2] = { NULL, NULL }; /* by is_prefix */

	for (size_t i = 0; i < list->count; i++) {
		const struct s3_listed *item = &list->items[i];
		const struct s3_listed *before = last[item->is_prefix];

		if (before && compare_items(before, item) > 0)
			return false;
		last[item->is_prefix] = item;
	}
	return true;
}

static int compare_any(const void *a, const void *b)
{
	return compare_items(a, b);
}

/* Who wants only a few keys asks whether there are any. */
static int sort_items(struct s3_request *r, struct s3_list *list)
{
	bool is_whole = !list->is_truncated && !list->start_after;

	if (is_rising(list))
		return 0;
	if (!is_whole && (!list->max_keys || list->start_after))
		return errinfo_set(
			&r->op->err, -EBADMSG,
			"ListObjects: the server's lists are not in "
			"byte order, and what takes more than a page "
			"of %d cannot be listed so: %s",
			S3_LIST_MAX, list->prefix ? list->prefix : "");
	s3_trait_learn(r->client, S3_TRAIT_LIST_ORDER, S3_NO, NULL);
	qsort(list->items, list->count, sizeof(list->items[0]), compare_any);
	return 0;
}

static size_t next_of_kind(const struct s3_list *list, size_t i, bool is_prefix)
{
	while (i < list->count && list->items[i].is_prefix != is_prefix)
		i++;
	return i;
}

/* Both kinds rise; together they shall, too. */
static int merge_items(struct s3_list *list)
{
	size_t key = next_of_kind(list, 0, false);
	size_t prefix = next_of_kind(list, 0, true);
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
			       compare_items(&list->items[key],
					     &list->items[prefix]) < 0);
		size_t *at = is_key ? &key : &prefix;

		merged[n++] = list->items[*at];
		*at = next_of_kind(list, *at + 1, !is_key);
	}
	free(list->items);
	list->items = merged;
	for (size_t i = 1; i < count; i++)
		if (compare_items(&merged[i - 1], &merged[i]) >= 0)
			return -EBADMSG;
	return 0;
}

/* Keys that no C string can hold, and such that S3 does not allow. */
static bool is_odd(const struct s3_listed *item)
{
	return memchr(item->key, '\0', item->key_len) ||
	       item->key_len > S3_KEY_MAX;
}

static void drop_odd_keys(struct s3_client *c, struct s3_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->count; i++) {
		if (!is_odd(&list->items[i]))
			list->items[n++] = list->items[i];
		else if (!atomic_exchange(&c->has_told_odd_key, true))
			log_warn("s3",
				 "keys with a NUL byte or of over %d bytes are "
				 "left out, the first is %s",
				 S3_KEY_MAX, list->items[i].key);
	}
	list->count = n;
}

/* A page that says "more" has to bring its caller forward. */
static int set_last(struct s3_list *list)
{
	const struct s3_listed *last;

	if (list->count == 0)
		return list->is_truncated ? -EBADMSG : 0;
	last = &list->items[list->count - 1];
	list->last_key = strdup(last->key);
	if (!list->last_key)
		return -ENOMEM;
	if (list->is_truncated && list->start_after &&
	    strcmp(list->last_key, list->start_after) <= 0)
		return -EBADMSG;
	return 0;
}

static int read_page(struct s3_request *r, struct s3_list *list)
{
	static const struct xml_reader reader = {
		.open = on_open,
		.close = on_close,
	};
	const struct buf *body = &r->http.response_body;
	struct list_parser parser = { .list = list };
	int rc;

	list->page = malloc(sizeof(*list->page) + body->len);
	if (!list->page)
		return -ENOMEM;
	list->page->room = body->len;
	list->page->used = 0;
	rc = xml_parse(body->data, body->len, &reader, &parser);
	if (rc == 0 && !parser.has_truncated)
		rc = -EBADMSG;
	if (rc == 0 && parser.is_decoded)
		rc = decode_keys(list);
	if (rc == 0)
		rc = sort_items(r, list);
	if (rc == 0)
		rc = check_items(list);
	if (rc == 0)
		rc = merge_items(list);
	if (rc == 0)
		rc = set_last(list);
	return rc;
}

static int list_parse(struct s3_request *r)
{
	struct s3_list *list = container_of(r->op, struct s3_list, op);
	int rc;

	list_clear(list);
	rc = read_page(r, list);
	if (rc < 0) {
		list_clear(list);
		return rc;
	}
	drop_odd_keys(r->client, list);
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

void s3_list_release(struct s3_list *list)
{
	list_clear(list);
}
