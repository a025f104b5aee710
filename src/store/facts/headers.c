/* SPDX-License-Identifier: MIT */
/* What an object is stored with; see headers.h. */
#include "facts/headers.h"

#include <string.h>

#include "clock.h"
#include "facts/facts_codec.h"
#include "facts/mime.h"

#define TYPE     0
#define ENCODING 1
#define CLASS    "x-amz-storage-class"
#define ACL      "x-amz-acl"
#define METADATA "x-amz-meta-"

static const char *const automatic[HEADERS_AUTOMATIC] = {
	"content-type",
	"content-encoding",
	"cache-control",
	"content-disposition",
	"content-language",
	"expires",
	"x-amz-website-redirect-location",
};

static bool is_same(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* The order of django-storages today, and that of 1.7. */
void headers_defaults(const struct store *store, const char *key,
		      struct header_defaults *out)
{
	const struct store_options *options = &store->options;
	const char *encoding;
	const char *type = mime_guess(store->mime, key, &encoding);
	bool has_type;

	for (size_t i = 0; i < HEADERS_AUTOMATIC; i++)
		out->value[i] = s3_client_param(store->s3, key, automatic[i]);
	out->has_class = s3_client_param(store->s3, key, CLASS);
	has_type = out->value[TYPE];
	if (!has_type || options->compat_1_7)
		out->value[TYPE] = type;
	if (!options->guess_encoding || !encoding)
		return;
	/* The name tells both: with a type of their own, people mean bytes. */
	if (options->compat_1_7 || (!out->value[ENCODING] && !has_type))
		out->value[ENCODING] = encoding;
}

bool headers_is_default(const struct header_defaults *defaults,
			const struct pair *header)
{
	for (size_t i = 0; i < HEADERS_AUTOMATIC; i++) {
		if (strcmp(automatic[i], header->name) == 0)
			return is_same(defaults->value[i], header->value);
	}
	return false;
}

/* The stored value is what the old name gave, and the new one gives another. */
static bool follows_name(const struct headers_plan *plan, size_t i,
			 const char *stored)
{
	const char *before = plan->before->value[i];
	const char *wanted =
		plan->wanted ? pairs_get(plan->wanted, automatic[i]) : NULL;

	/* A type that was taken away is guessed again. */
	if (wanted && (*wanted || i != TYPE))
		return false;
	return is_same(stored, before) &&
	       !is_same(before, plan->after->value[i]);
}

bool headers_must_change(const struct headers_plan *plan)
{
	for (size_t i = 0; i < HEADERS_AUTOMATIC; i++) {
		const char *before = plan->before->value[i];
		const char *stored =
			plan->stored ? pairs_get(plan->stored, automatic[i]) :
				       before;

		if (follows_name(plan, i, stored))
			return true;
	}
	return false;
}

static bool is_of_bytes(const struct headers_plan *plan, const char *name)
{
	return !plan->is_copy && facts_tell_of_bytes(plan->stored, name);
}

/* What was set by hand wins over the rules, these over what it has. */
static int keep_class(const struct headers_plan *plan, struct pairs *out)
{
	const char *wanted =
		plan->wanted ? pairs_get(plan->wanted, CLASS) : NULL;
	const char *class = pairs_get(plan->stored, CLASS);

	if (!wanted && plan->after->has_class)
		return 0;
	if (wanted && !*wanted)
		class = S3_NOT_SENT;
	else if (!class)
		class = wanted; /* of STANDARD a server tells nothing */
	return class ? pairs_set(out, CLASS, class) : 0;
}

static int keep_automatic(const struct headers_plan *plan, struct pairs *out)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < HEADERS_AUTOMATIC; i++) {
		const char *value = pairs_get(plan->stored, automatic[i]);

		if (follows_name(plan, i, value))
			value = plan->after->value[i];
		if (!value || is_of_bytes(plan, automatic[i]))
			value = plan->is_copy ? S3_NOT_SENT : NULL;
		if (value)
			result = pairs_set(out, automatic[i], value);
	}
	return result;
}

/* What it has. A copy is no save: no rule adds to that. */
static int keep_stored(const struct headers_plan *plan, struct pairs *out)
{
	const char *tags = pairs_get(plan->stored, HEADERS_TAGGING);
	int result = keep_automatic(plan, out);

	if (result == 0 && plan->is_copy)
		result = pairs_set(out, METADATA, S3_NOT_SENT);
	if (result == 0)
		result = keep_class(plan, out);
	if (result == 0 && tags)
		result = pairs_set(out, HEADERS_TAGGING, tags);
	for (size_t i = 0; result == 0 && i < plan->stored->count; i++) {
		const struct pair *p = &plan->stored->items[i];

		if (begins(p->name, METADATA) && !is_of_bytes(plan, p->name))
			result = pairs_set(out, p->name, p->value);
	}
	return result;
}

static int set_defaults(const struct headers_plan *plan, struct pairs *out)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < HEADERS_AUTOMATIC; i++) {
		if (plan->after->value[i])
			result = pairs_set(out, automatic[i],
					   plan->after->value[i]);
	}
	return result;
}

/* Taken away by hand, and nobody else has given it again. */
static bool is_gone(const struct headers_plan *plan, const struct pair *wanted)
{
	return !wanted->value[0] && plan->stored &&
	       !pairs_get(plan->stored, wanted->name);
}

static int apply(const struct headers_plan *plan, const struct pair *wanted,
		 struct pairs *out)
{
	bool is_type = strcmp(wanted->name, automatic[TYPE]) == 0;

	/* S3 keeps no ACL over a copy: that is said every time. */
	if (!plan->applies_wanted && strcmp(wanted->name, ACL) != 0 &&
	    (is_type || !is_gone(plan, wanted)))
		return 0;
	if (wanted->value[0])
		return pairs_set(out, wanted->name, wanted->value);
	if (is_type)
		return pairs_set(out, wanted->name, plan->after->value[TYPE]);
	return pairs_set(out, wanted->name, S3_NOT_SENT);
}

int headers_compose(const struct headers_plan *plan, struct pairs *out)
{
	int result =
		plan->stored ? keep_stored(plan, out) : set_defaults(plan, out);

	for (size_t i = 0;
	     result == 0 && plan->wanted && i < plan->wanted->count; i++)
		result = apply(plan, &plan->wanted->items[i], out);
	return result;
}

size_t headers_metadata_bytes(const struct pairs *headers)
{
	size_t bytes = 0;

	for (size_t i = 0; i < headers->count; i++) {
		const struct pair *p = &headers->items[i];

		if (begins(p->name, METADATA) &&
		    strcmp(p->value, S3_NOT_SENT) != 0)
			bytes += strlen(p->name) - strlen(METADATA) +
				 strlen(p->value);
	}
	return bytes;
}

/* ----------------------------------------------------------- of a node */

static struct headers *headers_of_locked(struct node *node)
{
	if (!node->headers)
		node->headers = calloc(1, sizeof(*node->headers));
	return node->headers;
}

void headers_learn_locked(struct store *store, struct node *node,
			  const struct s3_object *object)
{
	struct headers *h;
	const char *class = pairs_get(&object->headers, CLASS);

	lock_assert_held(&store->tree.lock);
	if (!node->etag || strcmp(node->etag, object->etag) != 0)
		return;
	node->has_class = class && strcmp(class, "STANDARD") != 0;
	node->is_archive = s3_archive(&object->headers);
	h = headers_of_locked(node);
	if (!h)
		return;
	h->until_ms = clock_now_ms() + store->options.attr_timeout_ms;
	pairs_release(&h->stored);
	/* Half of them would be worse than none. */
	if (pairs_merge(&h->stored, &object->headers) < 0)
		h->until_ms = 0;
}

void headers_forget_locked(struct node *node, bool is_by_us)
{
	struct headers *h = node->headers;

	if (!h)
		return;
	h->until_ms = 0;
	pairs_release(&h->stored);
	if (is_by_us)
		return;
	pairs_release(&h->wanted);
	h->is_pending = false;
}

int headers_want_locked(struct node *node, const char *name, const char *value)
{
	struct headers *h = headers_of_locked(node);
	int result = h ? pairs_set(&h->wanted, name, value) : -ENOMEM;

	if (result == 0) {
		h->changes++;
		h->is_pending = true;
	}
	return result;
}

const struct pairs *headers_wanted_locked(const struct node *node)
{
	static const struct pairs none;

	return node->headers ? &node->headers->wanted : &none;
}

bool headers_is_pending_locked(const struct node *node)
{
	return node->headers && node->headers->is_pending;
}

unsigned headers_changes_locked(const struct node *node)
{
	return node->headers ? node->headers->changes : 0;
}

void headers_free(struct headers *headers)
{
	if (!headers)
		return;
	pairs_release(&headers->stored);
	pairs_release(&headers->wanted);
	free(headers);
}

int headers_known(struct store *store, const struct node *node,
		  struct pairs *out)
{
	const struct headers *h;
	int result = 0;
	LOCK(&store->tree.lock);

	h = node->headers;
	if (!h)
		return -ENODATA;
	if (h->until_ms > clock_now_ms())
		result = pairs_merge(out, &h->stored);
	if (result == 0)
		result = pairs_merge(out, &h->wanted);
	return result;
}

/* 1: they were known. */
static int take_known(struct store *store, const struct node *node,
		      struct pairs *out)
{
	int result = 0;
	LOCK(&store->tree.lock);

	if (node->headers && node->headers->until_ms > clock_now_ms())
		result = pairs_merge(out, &node->headers->stored) < 0 ?
				 -ENOMEM :
				 1;
	return result;
}

int headers_ask(struct store *store, struct node *node, const char *key,
		struct pairs *out, struct errinfo *err)
{
	struct s3_head head = { .op.priority = S3_COMMIT, .key = key };
	int result = take_known(store, node, out);

	if (result != 0)
		return result < 0 ? result : 0;
	s3_head_start(store->s3, &head);
	result = s3_wait(store->s3, &head.op);
	*err = head.op.err;
	if (result == 0)
		result = pairs_merge(out, &head.object.headers);
	if (result == 0) {
		LOCK(&store->tree.lock);
		headers_learn_locked(store, node, &head.object);
	}
	s3_head_release(&head);
	return result;
}
