/* SPDX-License-Identifier: MIT */
/*
 * What people write into settings and what was meant by it; see
 * migrate_special.h.
 */
#include "migrate_special.h"

#include <string.h>

#define URL_EXPIRE_MAX_S 604800 /* a week: S3_URL_EXPIRE_MAX of url.h */

const char *migration_literal(struct migration *m, const char *text, size_t len)
{
	const char *copy = py_copy(py_module_arena(m->module), text, len);

	return copy ? copy : "''";
}

static void change(struct migration_rows *rows, struct migration_row *row,
		   const char *text, size_t len, const char *why)
{
	row->value =
		py_text(py_module_arena(rows->m->module), PY_TEXT, text, len);
	migration_tell(rows->m, row, "%s", why);
	row->is_warning = true;
}

static void mend_location(struct migration_rows *rows,
			  struct migration_row *row)
{
	const char *text = row->value->text;
	size_t slashes = strspn(text, "/");

	if (slashes)
		change(rows, row, text + slashes, strlen(text + slashes),
		       "without the slash it began with, which Django refuses");
}

static void mend_custom_domain(struct migration_rows *rows,
			       struct migration_row *row)
{
	const char *text = row->value->text, *scheme = strstr(text, "://");
	size_t len;

	if (scheme)
		text = scheme + 3;
	len = strlen(text);
	while (len && text[len - 1] == '/')
		len--;
	if (scheme || text[len])
		change(rows, row, text, len,
		       "a host alone is due, without https:// and slash: "
		       "Django made https://https:// and // of them");
}

static void mend_url_protocol(struct migration_rows *rows,
			      struct migration_row *row)
{
	const char *text = row->value->text;
	size_t len = strcspn(text, ":/");

	if (len && strcmp(text + len, ":") != 0)
		change(rows, row, text[4] == 's' ? "https:" : "http:",
		       text[4] == 's' ? 6 : 5, "'http:' or 'https:' is due");
}

static void mend_signature_version(struct migration_rows *rows,
				   struct migration_row *row)
{
	if (strcmp(row->value->text, "v4") == 0 ||
	    strcmp(row->value->text, "s3-v4") == 0 ||
	    strcmp(row->value->text, "4") == 0)
		change(rows, row, "s3v4", 4, "version 4 is called 's3v4'");
}

static bool is_text(const struct migration_row *row, const char *text)
{
	return row->value && row->value->kind == PY_TEXT &&
	       strcmp(row->value->text, text) == 0;
}

/* What a signed URL of version 4 cannot have; a start would be refused. */
static void mend_expire(struct migration_rows *rows, struct migration_row *row)
{
	const struct migration_row *domain =
		migration_row_or_top(rows, "AWS_S3_CUSTOM_DOMAIN");
	const struct migration_row *auth =
		migration_row_or_top(rows, "AWS_QUERYSTRING_AUTH");
	bool is_signed = !auth->value || py_truth(auth->value) != 0;
	bool is_custom = domain->value && py_truth(domain->value) == 1;

	if (row->value->integer <= URL_EXPIRE_MAX_S || !is_signed ||
	    is_custom ||
	    is_text(migration_row_or_top(rows, "AWS_S3_SIGNATURE_VERSION"),
		    "s3"))
		return;
	row->value = py_int(py_module_arena(rows->m->module), URL_EXPIRE_MAX_S);
	migration_tell(rows->m, row,
		       "URLs are signed with version 4, which allows a week "
		       "at most; AWS_S3_SIGNATURE_VERSION = 's3' has no such "
		       "limit, but buckets made since 2020 refuse it");
	row->is_warning = true;
}

static void mend_endpoint_url(struct migration_rows *rows,
			      struct migration_row *row)
{
	const struct migration_row *use_ssl =
		migration_row_or_top(rows, "AWS_S3_USE_SSL");
	bool is_plain = use_ssl->value && py_truth(use_ssl->value) == 0;
	const char *text = row->value->text, *url;

	if (!*text || strstr(text, "://"))
		return;
	url = migration_text(rows->m, "%s%s", is_plain ? "http://" : "https://",
			     text + strspn(text, "/"));
	change(rows, row, url, strlen(url),
	       "the scheme was missing, which boto3 refuses");
}

static void mend_verify(struct migration_rows *rows, struct migration_row *row)
{
	if (row->value->len == 0) {
		row->value = py_bool(py_module_arena(rows->m->module), false);
		migration_tell(rows->m, row,
			       "'' checked no certificates; boto3 refuses it "
			       "today");
		row->is_warning = true;
	}
}

/*
 * boto3 looks up a request's scheme and nothing else. Keys with a host, as
 * django-storages' documents have them, work here; others are no use.
 */
static void mend_proxies(struct migration_rows *rows, struct migration_row *row)
{
	struct py_arena *arena = py_module_arena(rows->m->module);
	const struct py_value *v = row->value;
	struct py_value *kept = py_new(arena, PY_DICT);

	for (size_t i = 0; i < v->count; i++) {
		const struct py_value *key = v->keys[i];
		const char *name = key->kind == PY_TEXT ? key->text : "a key";
		bool has_host = strncmp(name, "http://", 7) == 0 ||
				strncmp(name, "https://", 8) == 0;
		bool is_scheme =
			strcmp(name, "http") == 0 || strcmp(name, "https") == 0;

		if (is_scheme || has_host)
			py_put(arena, kept, v->keys[i], v->items[i]);
		if (is_scheme)
			continue;
		migration_tell(rows->m, row,
			       has_host ? "boto3 never used the proxy for "
					  "%s; s3storefs does" :
					  "the proxy for %s is left out: "
					  "neither 'http' nor 'https'",
			       name);
		row->is_warning = true;
	}
	row->value = kept;
}

/* TransferConfig(...) and Config(...): their arguments, as a map. */
static void open_call(struct migration_rows *rows, struct migration_row *row)
{
	/* In the order of boto3's TransferConfig. */
	static const char *const places[] = {
		"multipart_threshold", "max_concurrency",
		"multipart_chunksize", "num_download_attempts",
		"max_io_queue",        "io_chunksize",
		"use_threads",         "max_bandwidth",
	};
	struct py_arena *arena = py_module_arena(rows->m->module);
	const struct py_value *call = row->value;
	struct py_value *map = py_new(arena, PY_DICT);

	for (size_t i = 0; i < call->count; i++) {
		struct py_value *key = call->keys[i];

		if (!key && i < ARRAY_SIZE(places))
			key = py_text(arena, PY_TEXT, places[i],
				      strlen(places[i]));
		if (key)
			py_put(arena, map, key, call->items[i]);
	}
	row->value = map;
	migration_tell(rows->m, row, "the arguments of %s() as a map",
		       call->text);
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

void migration_mend(struct migration_rows *rows, const struct setting_def *def,
		    struct migration_row *row)
{
	static const struct {
		const char *name;
		enum py_kind kind;
		void (*mend)(struct migration_rows *rows,
			     struct migration_row *row);
	} menders[] = {
		{ "AWS_LOCATION", PY_TEXT, mend_location },
		{ "AWS_S3_CUSTOM_DOMAIN", PY_TEXT, mend_custom_domain },
		{ "AWS_S3_URL_PROTOCOL", PY_TEXT, mend_url_protocol },
		{ "AWS_S3_SIGNATURE_VERSION", PY_TEXT, mend_signature_version },
		{ "AWS_QUERYSTRING_EXPIRE", PY_INT, mend_expire },
		{ "AWS_S3_ENDPOINT_URL", PY_TEXT, mend_endpoint_url },
		{ "AWS_S3_VERIFY", PY_TEXT, mend_verify },
		{ "AWS_S3_PROXIES", PY_DICT, mend_proxies },
	};

	if (row->value->kind == PY_CALL && ends_in(row->value->text, "Config"))
		open_call(rows, row);
	for (size_t i = 0; i < ARRAY_SIZE(menders); i++)
		if (row->value->kind == menders[i].kind &&
		    strcmp(def->name, menders[i].name) == 0)
			menders[i].mend(rows, row);
}
