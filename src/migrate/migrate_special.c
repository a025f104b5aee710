/* SPDX-License-Identifier: MIT */
/*
 * What people write into settings and what was meant by it; see
 * migrate_special.h.
 */
#include "migrate_special.h"

#include <string.h>

#define URL_EXPIRE_MAX_S 604800 /* a week: S3_URL_EXPIRE_MAX of url.h */

static void change(struct migration_rows *rows, struct migration_row *row,
		   const char *text, size_t len, const char *why)
{
	row->value = migration_keep(rows->m, json_stringn(text, len));
	migration_tell(rows->m, row, "%s", why);
	row->is_warning = true;
}

static void mend_location(struct migration_rows *rows,
			  struct migration_row *row)
{
	const char *text = py_text(row->value);
	size_t slashes = strspn(text, "/");

	if (slashes)
		change(rows, row, text + slashes, strlen(text + slashes),
		       "without the slash it began with, which Django refuses");
}

static void mend_custom_domain(struct migration_rows *rows,
			       struct migration_row *row)
{
	const char *text = py_text(row->value), *scheme = strstr(text, "://");
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
	const char *text = py_text(row->value);
	size_t len = strcspn(text, ":/");

	if (len && strcmp(text + len, ":") != 0)
		change(rows, row, text[4] == 's' ? "https:" : "http:",
		       text[4] == 's' ? 6 : 5, "'http:' or 'https:' is due");
}

static void mend_signature_version(struct migration_rows *rows,
				   struct migration_row *row)
{
	if (strcmp(py_text(row->value), "v4") == 0 ||
	    strcmp(py_text(row->value), "s3-v4") == 0 ||
	    strcmp(py_text(row->value), "4") == 0)
		change(rows, row, "s3v4", 4, "version 4 is called 's3v4'");
}

static bool is_text(const struct migration_row *row, const char *text)
{
	return py_text(row->value) && strcmp(py_text(row->value), text) == 0;
}

/* What a signed URL of version 4 cannot have; a start would be refused. */
static void mend_expire(struct migration_rows *rows, struct migration_row *row)
{
	const struct migration_row *domain =
		migration_row_or_top(rows, "AWS_S3_CUSTOM_DOMAIN");
	const struct migration_row *auth =
		migration_row_or_top(rows, "AWS_QUERYSTRING_AUTH");
	bool is_signed = !auth->value || py_truth(auth->value);
	bool is_custom = domain->value && py_truth(domain->value);

	if (json_integer_value(row->value) <= URL_EXPIRE_MAX_S || !is_signed ||
	    is_custom ||
	    is_text(migration_row_or_top(rows, "AWS_S3_SIGNATURE_VERSION"),
		    "s3"))
		return;
	row->value = migration_keep(rows->m, json_integer(URL_EXPIRE_MAX_S));
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
	bool is_plain = use_ssl->value && !py_truth(use_ssl->value);
	const char *text = py_text(row->value), *url;

	if (!*text || strstr(text, "://"))
		return;
	url = migration_text(rows->m, "%s%s", is_plain ? "http://" : "https://",
			     text + strspn(text, "/"));
	change(rows, row, url, strlen(url),
	       "the scheme was missing, which boto3 refuses");
}

static void mend_verify(struct migration_rows *rows, struct migration_row *row)
{
	if (!*py_text(row->value)) {
		row->value = json_false();
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
	json_t *kept = migration_keep(rows->m, json_object()), *proxy;
	const char *name;

	json_object_foreach(row->value, name, proxy)
	{
		bool has_host = strncmp(name, "http://", 7) == 0 ||
				strncmp(name, "https://", 8) == 0;
		bool is_scheme =
			strcmp(name, "http") == 0 || strcmp(name, "https") == 0;

		if (is_scheme || has_host)
			migration_put(rows->m, kept, name, json_incref(proxy));
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

/* TransferConfig and Config: what they were made with, as a map. */
static void open_config(struct migration_rows *rows, struct migration_row *row)
{
	const char *type = py_type(row->value), *dot = strrchr(type, '.');

	row->value = py_arguments(row->value);
	migration_tell(rows->m, row, "the arguments of %s() as a map",
		       dot ? dot + 1 : type);
}

void migration_mend(struct migration_rows *rows, const struct setting_def *def,
		    struct migration_row *row)
{
	static const struct {
		const char *name;
		json_type type;
		void (*mend)(struct migration_rows *rows,
			     struct migration_row *row);
	} menders[] = {
		{ "AWS_LOCATION", JSON_STRING, mend_location },
		{ "AWS_S3_CUSTOM_DOMAIN", JSON_STRING, mend_custom_domain },
		{ "AWS_S3_URL_PROTOCOL", JSON_STRING, mend_url_protocol },
		{ "AWS_S3_SIGNATURE_VERSION", JSON_STRING,
		  mend_signature_version },
		{ "AWS_QUERYSTRING_EXPIRE", JSON_INTEGER, mend_expire },
		{ "AWS_S3_ENDPOINT_URL", JSON_STRING, mend_endpoint_url },
		{ "AWS_S3_VERIFY", JSON_STRING, mend_verify },
		{ "AWS_S3_PROXIES", JSON_OBJECT, mend_proxies },
	};

	if (py_arguments(row->value))
		open_config(rows, row);
	for (size_t i = 0; i < ARRAY_SIZE(menders); i++)
		if (json_typeof(row->value) == menders[i].type &&
		    strcmp(def->name, menders[i].name) == 0)
			menders[i].mend(rows, row);
}
