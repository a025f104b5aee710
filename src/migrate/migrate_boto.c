/* SPDX-License-Identifier: MIT */
/*
 * The settings of django-storages' boto backend, which went with release
 * 1.9, as those of today; see migrate_rows.h. What they meant is in boto's
 * connection.py and django-storages' "Migrating to Boto3".
 */
#include <string.h>
#include <strings.h>

#include "migrate_rows.h"

static bool is_known(const struct migration_row *row)
{
	return row->value && !row->value->env && py_truth(row->value) >= 0;
}

static bool is_known_text(const struct migration_row *row)
{
	return is_known(row) && row->value->kind == PY_TEXT;
}

static void drop(struct migration_row *row)
{
	memset(row, 0, sizeof(*row));
	row->why = "";
}

static struct py_value *make_text(const struct migration_rows *rows,
				  const char *text)
{
	return py_text(py_module_arena(rows->m->module), PY_TEXT, text,
		       strlen(text));
}

/* Header names, as boto sent them, and boto3's parameters. */
static const struct {
	const char *header, *parameter;
} headers[] = {
	{ "cache-control", "CacheControl" },
	{ "content-disposition", "ContentDisposition" },
	{ "content-encoding", "ContentEncoding" },
	{ "content-language", "ContentLanguage" },
	{ "content-type", "ContentType" },
	{ "expires", "Expires" },
	{ "x-amz-acl", "ACL" },
	{ "x-amz-grant-full-control", "GrantFullControl" },
	{ "x-amz-grant-read", "GrantRead" },
	{ "x-amz-grant-read-acp", "GrantReadACP" },
	{ "x-amz-grant-write-acp", "GrantWriteACP" },
	{ "x-amz-request-payer", "RequestPayer" },
	{ "x-amz-server-side-encryption", "ServerSideEncryption" },
	{ "x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId" },
	{ "x-amz-server-side-encryption-context", "SSEKMSEncryptionContext" },
	{ "x-amz-storage-class", "StorageClass" },
	{ "x-amz-tagging", "Tagging" },
	{ "x-amz-website-redirect-location", "WebsiteRedirectLocation" },
};

static const char *find_parameter(const char *header)
{
	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		if (strcasecmp(headers[i].header, header) == 0)
			return headers[i].parameter;
	return NULL;
}

/* A dict's item to change: the one that is there, or a new one. */
static struct py_value *open_metadata(const struct migration_rows *rows,
				      struct py_value *parameters)
{
	struct py_arena *arena = py_module_arena(rows->m->module);
	struct py_value *old = py_find_text(parameters, "Metadata"), *metadata;

	metadata = old && old->kind == PY_DICT ? py_clone(arena, old) :
						 py_new(arena, PY_DICT);
	py_put(arena, parameters, make_text(rows, "Metadata"), metadata);
	return metadata;
}

static void add_header(const struct migration_rows *rows,
		       struct py_value *parameters, const char *header,
		       struct py_value *value, struct migration_row *row)
{
	struct py_arena *arena = py_module_arena(rows->m->module);
	const char *parameter = find_parameter(header);
	struct py_value *metadata;

	if (strncasecmp(header, "x-amz-meta-", 11) == 0) {
		metadata = open_metadata(rows, parameters);
		if (!py_find_text(metadata, header + 11))
			py_put(arena, metadata, make_text(rows, header + 11),
			       value);
	} else if (!parameter) {
		migration_tell(rows->m, row,
			       "header %s has no parameter and is left out",
			       header);
		row->is_warning = true;
	} else if (!py_find_text(parameters, parameter)) {
		py_put(arena, parameters, make_text(rows, parameter), value);
	}
}

/* AWS_HEADERS to AWS_S3_OBJECT_PARAMETERS, whose own items win. */
static void translate_headers(struct migration_rows *rows)
{
	struct migration_row *from = migration_row(rows, "AWS_HEADERS");
	struct migration_row *to =
		migration_row(rows, "AWS_S3_OBJECT_PARAMETERS");
	struct py_arena *arena = py_module_arena(rows->m->module);
	struct py_value *parameters;

	if (!is_known(from) || from->value->kind != PY_DICT ||
	    (to->value && to->value->kind != PY_DICT))
		return;
	parameters =
		to->value ? py_clone(arena, to->value) : py_new(arena, PY_DICT);
	migration_set(to, parameters, from,
		      "AWS_HEADERS, by the names of boto3's parameters");
	for (size_t i = 0; i < from->value->count; i++) {
		const struct py_value *header = from->value->keys[i];

		if (header->kind == PY_TEXT)
			add_header(rows, parameters, header->text,
				   from->value->items[i], to);
	}
	drop(from);
}

/* The last part of a dotted name: Location.EU gives "EU". */
static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static void translate_origin(struct migration_rows *rows)
{
	/* boto.s3.connection.Location. */
	static const struct {
		const char *name, *region;
	} names[] = {
		{ "", "us-east-1" },
		{ "DEFAULT", "us-east-1" },
		{ "US", "us-east-1" },
		{ "EU", "eu-west-1" },
		{ "EUCentral1", "eu-central-1" },
		{ "USWest", "us-west-1" },
		{ "USWest2", "us-west-2" },
		{ "SAEast", "sa-east-1" },
		{ "APNortheast", "ap-northeast-1" },
		{ "APSoutheast", "ap-southeast-1" },
		{ "APSoutheast2", "ap-southeast-2" },
		{ "CNNorth1", "cn-north-1" },
	};
	struct migration_row *from = migration_row(rows, "AWS_ORIGIN");
	struct migration_row *to = migration_row(rows, "AWS_S3_REGION_NAME");
	const char *region;

	if (!from->value || from->value->env ||
	    (from->value->kind != PY_TEXT && from->value->kind != PY_NAME))
		return;
	region = last_part(from->value->text);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, region) == 0)
			region = names[i].region;
	if (!to->value)
		migration_set(to, make_text(rows, region), from,
			      "AWS_ORIGIN, as a region's name");
	drop(from);
}

static void explain_vhost(struct migration_rows *rows,
			  struct migration_row *from)
{
	const struct migration_row *bucket =
		migration_row_or_top(rows, "AWS_STORAGE_BUCKET_NAME");
	struct migration_entry *e;

	if (migration_row_or_top(rows, "AWS_S3_CUSTOM_DOMAIN")->value) {
		(void)migration_add(rows->m, MIGRATION_REMARK, rows->section,
				    from->file, from->line,
				    "VHostCallingFormat is left out: "
				    "AWS_S3_CUSTOM_DOMAIN says what it did for "
				    "URLs");
		return;
	}
	e = migration_add(
		rows->m, MIGRATION_OFF, rows->section, from->file, from->line,
		"VHostCallingFormat took the bucket's name itself for the "
		"host. AWS_S3_ADDRESSING_STYLE = 'virtual', which the "
		"documents of django-storages advise, is not the same: it "
		"asks BUCKET.HOST, whose certificate does not cover a name "
		"with dots. For URLs as before (they are then not signed) "
		"switch this line on");
	if (!e)
		return;
	e->name = "AWS_S3_CUSTOM_DOMAIN";
	e->literal =
		is_known_text(bucket) ?
			migration_text(rows->m, "'%s'", bucket->value->text) :
			"'the-bucket.example.com'";
	e->is_warning = true;
}

static void translate_calling_format(struct migration_rows *rows)
{
	struct migration_row *from =
		migration_row(rows, "AWS_S3_CALLING_FORMAT");
	struct migration_row *to =
		migration_row(rows, "AWS_S3_ADDRESSING_STYLE");
	const char *name;

	if (!from->value ||
	    (from->value->kind != PY_CALL && from->value->kind != PY_NAME &&
	     from->value->kind != PY_TEXT))
		return;
	name = last_part(from->value->text);
	if (strstr(name, "OrdinaryCallingFormat"))
		migration_set(to, make_text(rows, "path"), from,
			      "AWS_S3_CALLING_FORMAT");
	else if (strcmp(name, "VHostCallingFormat") == 0)
		explain_vhost(rows, from);
	else if (strcmp(name, "SubdomainCallingFormat") == 0)
		(void)migration_add(rows->m, MIGRATION_REMARK, rows->section,
				    from->file, from->line,
				    "AWS_S3_CALLING_FORMAT: "
				    "SubdomainCallingFormat is the default");
	else
		return;
	drop(from);
}

/*
 * The region in s3-REGION.amazonaws.com or s3.REGION.amazonaws.com, "" for
 * the global host; NULL: the host is none of Amazon's.
 */
static const char *host_region(struct migration_rows *rows, const char *host)
{
	const char *end = strstr(host, ".amazonaws.com"), *start = host + 3;

	if (!end || strncmp(host, "s3", 2) != 0)
		return NULL;
	if (end == host + 2)
		return "";
	if (host[2] != '-' && host[2] != '.')
		return NULL;
	if (strncmp(start, "dualstack.", 10) == 0 ||
	    memchr(start, '.', (size_t)(end - start)))
		return NULL;
	if (strncmp(start, "external-1", 10) == 0)
		return "us-east-1";
	return migration_text(rows->m, "%.*s", (int)(end - start), start);
}

static bool uses_tls(const struct migration_rows *rows)
{
	const struct migration_row *use_ssl =
		migration_row_or_top(rows, "AWS_S3_USE_SSL");

	return !use_ssl->value || py_truth(use_ssl->value) != 0;
}

/* ":PORT", or "" for none and for the scheme's own. NULL: not known. */
static const char *port_text(struct migration_rows *rows,
			     const struct migration_row *port)
{
	AUTO_BUF struct buf text = BUF_INIT(64);
	const char *usual = uses_tls(rows) ? "443" : "80";

	if (!port->value || port->value->kind == PY_NONE)
		return "";
	if (!is_known(port) || py_str(port->value, &text))
		return NULL;
	if (!text.len || strcmp(text.data, usual) == 0)
		return "";
	return migration_text(rows->m, ":%s", text.data);
}

static void set_endpoint(struct migration_rows *rows,
			 const struct migration_row *host, const char *port)
{
	struct migration_row *url = migration_row(rows, "AWS_S3_ENDPOINT_URL");
	const char *text = migration_text(rows->m, "%s://%s%s",
					  uses_tls(rows) ? "https" : "http",
					  host->value->text, port);

	if (!url->value)
		migration_set(url, make_text(rows, text), host,
			      "AWS_S3_HOST, with AWS_S3_PORT and "
			      "AWS_S3_USE_SSL");
}

/* Amazon's own hosts follow from the region, if no port is in the way. */
static void translate_host(struct migration_rows *rows)
{
	struct migration_row *host = migration_row(rows, "AWS_S3_HOST");
	struct migration_row *port = migration_row(rows, "AWS_S3_PORT");
	struct migration_row *region =
		migration_row(rows, "AWS_S3_REGION_NAME");
	const char *port_part = port_text(rows, port), *found;

	if (!port_part || (host->value && !is_known_text(host)) ||
	    (!host->value && !port->value))
		return;
	if (!host->value)
		migration_set(host, make_text(rows, "s3.amazonaws.com"), port,
			      "");
	found = host_region(rows, host->value->text);
	if (!found || *port_part)
		set_endpoint(rows, host, port_part);
	if (found && *found && !region->value)
		migration_set(region, make_text(rows, found), host,
			      "the region in AWS_S3_HOST, from which Amazon's "
			      "host follows");
	drop(host);
	drop(port);
}

static void translate_proxy(struct migration_rows *rows)
{
	struct migration_row *host = migration_row(rows, "AWS_S3_PROXY_HOST");
	struct migration_row *port = migration_row(rows, "AWS_S3_PROXY_PORT");
	struct migration_row *to = migration_row(rows, "AWS_S3_PROXIES");
	const struct migration_row *url =
		migration_row_or_top(rows, "AWS_S3_ENDPOINT_URL");
	struct py_arena *arena = py_module_arena(rows->m->module);
	AUTO_BUF struct buf text = BUF_INIT(400);
	bool is_tls = uses_tls(rows);
	struct py_value *dict;

	if (!is_known_text(host) || (port->value && !is_known(port)))
		return;
	if (is_known_text(url))
		is_tls = strncmp(url->value->text, "http:", 5) != 0;
	buf_add_str(&text, host->value->text);
	if (port->value && py_truth(port->value)) {
		buf_add_char(&text, ':');
		if (py_str(port->value, &text))
			return;
	}
	dict = py_new(arena, PY_DICT);
	py_put(arena, dict, make_text(rows, is_tls ? "https" : "http"),
	       make_text(rows, buf_str(&text)));
	if (!to->value)
		migration_set(to, dict, host,
			      "AWS_S3_PROXY_HOST and AWS_S3_PROXY_PORT, by "
			      "the scheme of the requests");
	drop(host);
	drop(port);
}

static void drop_sigv4(struct migration_rows *rows)
{
	struct migration_row *row = migration_row(rows, "S3_USE_SIGV4");

	if (!row->value)
		return;
	(void)migration_add(rows->m, MIGRATION_REMARK, rows->section, row->file,
			    row->line,
			    "S3_USE_SIGV4 is left out: signatures are of "
			    "version 4 anyway");
	drop(row);
}

void migration_translate_boto(struct migration_rows *rows)
{
	translate_headers(rows);
	translate_origin(rows);
	translate_calling_format(rows);
	translate_host(rows);
	translate_proxy(rows);
	drop_sigv4(rows);
}
