/* SPDX-License-Identifier: MIT */
/* From a project's settings to entries; see migrate.h. */
#include "migrate.h"

#include <ctype.h>
#include <string.h>

#include "migrate_boto.h"
#include "migrate_convert.h"
#include "migrate_storages.h"

/* Names of no storage that a reader of the result wants to hear of. */
static void add_hints(struct migration *m)
{
	static const struct {
		const char *name, *why;
	} hints[] = {
		{ "MEDIA_ROOT",
		  "MEDIA_ROOT: once the bucket is mounted, set it to the mount "
		  "point and let the default storage be "
		  "django.core.files.storage.FileSystemStorage" },
		{ "MEDIA_URL", "MEDIA_URL: FileSystemStorage makes its URLs "
			       "of it: the bucket's or the CDN's address" },
		{ "STATIC_ROOT",
		  "STATIC_ROOT: likewise for static files, with a mount of "
		  "their own" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++)
		if (json_object_get(m->answer, hints[i].name))
			(void)migration_add(m, MIGRATION_REMARK, "",
					    migration_place(m, hints[i].name),
					    hints[i].why);
}

/* Names that belong to the storage, in the settings module itself. */
static bool is_storage_name(const char *name)
{
	return strncmp(name, "AWS_", 4) == 0 ||
	       (isupper((unsigned char)*name) && migration_setting(name));
}

/* Those that projects without such a storage have, too. */
static bool is_djangos_own(const char *name)
{
	return strcmp(name, "USE_TZ") == 0 ||
	       strncmp(name, "FILE_UPLOAD_", 12) == 0;
}

static void add_unknown_name(struct migration *m, const char *name)
{
	struct migration_entry *e;
	struct text_nearest nearest = { .to = name };
	const char *near;

	settings_try_names(&nearest);
	near = text_nearest_name(&nearest);
	e = migration_add(m, MIGRATION_REMARK, "", migration_place(m, name),
			  migration_text(m,
					 "%s is no setting of the S3 storage "
					 "and is left out%s%s",
					 name, near ? "; the nearest is " : "",
					 near ? near : ""));
	if (e)
		e->is_warning = true;
}

static void take_settings(struct migration *m, struct migration_rows *top)
{
	const char *name;
	json_t *value;

	json_object_foreach(m->answer, name, value)
	{
		const struct setting_def *def;
		const char *known = name;

		/* The typing error in django-storages' own documents. */
		if (strcmp(name, "AWS_S3_PROXY_PORTY") == 0 &&
		    !json_object_get(m->answer, "AWS_S3_PROXY_PORT"))
			known = "AWS_S3_PROXY_PORT";
		if (!is_storage_name(name))
			continue;
		m->is_found |= !is_djangos_own(name);
		def = settings_find(known);
		if (def && strcmp(def->name, known) == 0)
			migration_set(&top->rows[def - settings_table], value,
				      migration_place(m, name), "");
		else
			add_unknown_name(m, name);
	}
}

/* Names that went with releases 1.9, 1.10 and 1.13 of django-storages. */
static bool has_old_names(const struct migration_rows *top)
{
	static const char *const names[] = {
		"AWS_AUTO_CREATE_BUCKET",
		"AWS_S3_ENCRYPTION",
		"AWS_REDUCED_REDUNDANCY",
		"AWS_PRELOAD_METADATA",
		"AWS_BUCKET_ACL",
		"AWS_S3_SECURE_URLS",
		"AWS_HEADERS",
		"AWS_S3_HOST",
		"AWS_S3_PORT",
		"AWS_S3_CALLING_FORMAT",
		"AWS_ORIGIN",
		"AWS_S3_PROXY_HOST",
		"AWS_S3_PROXY_PORT",
		"S3_USE_SIGV4",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (migration_row(top, names[i])->value)
			return true;
	return false;
}

static void propose_old_defaults(struct migration *m,
				 const struct migration_rows *top)
{
	struct migration_entry *e;

	e = migration_add(
		m, MIGRATION_OFF, "", NULL,
		"These settings are for an old django-storages, whose "
		"defaults were others: new objects got the ACL public-read; "
		"AWS_DEFAULT_ACL, AWS_S3_ENCRYPTION and "
		"AWS_REDUCED_REDUNDANCY won over AWS_S3_OBJECT_PARAMETERS. "
		"Today's are private objects, and the parameters win. For "
		"the old ones switch this line on");
	if (!e)
		return;
	e->name = "S3STOREFS_COMPAT";
	e->literal = "'1.7'";
	e->is_warning = true;
	if (migration_row(top, "AWS_S3_SIGNATURE_VERSION")->value)
		return;
	e = migration_add(m, MIGRATION_OFF, "", NULL,
			  "Signed URLs were of version 2. Where such ones are "
			  "kept and compared, switch this line on");
	if (!e)
		return;
	e->name = "AWS_S3_SIGNATURE_VERSION";
	e->literal = "'s3'";
}

/* s3storefs NAME takes the bucket from its section, nothing else. */
static void take_bucket(struct migration_rows *rows)
{
	struct migration_row *own =
		migration_row(rows, "AWS_STORAGE_BUCKET_NAME");
	const struct migration_row *top =
		migration_row(rows->top, "AWS_STORAGE_BUCKET_NAME");

	if (!own->value)
		migration_set(own, top->value ? top->value : json_null(),
			      top->from, "");
	if (py_truth(own->value))
		return;
	own->why = "no bucket is named: write it here, or set the variable "
		   "of the environment that the project takes it from, if "
		   "there is one, and migrate again";
	own->is_warning = true;
}

static int convert_storage(struct migration *m,
			   const struct migration_rows *top,
			   const struct migration_storage *storage)
{
	CLEANUP(migration_rows_release) struct migration_rows rows;
	int rc = migration_rows_init(&rows, m, storage->alias);

	if (rc)
		return rc;
	rows.top = top;
	m->sections[m->section_count++] = storage->alias;
	migration_storage_rows(storage, &rows);
	rc = migration_translate_boto(&rows);
	if (rc)
		return rc;
	take_bucket(&rows);
	migration_convert(&rows);
	return 0;
}

static int convert_storages(struct migration *m,
			    const struct migration_rows *top,
			    const struct migration_storage *storages,
			    const char *alias, struct errinfo *err)
{
	AUTO_BUF struct buf names = BUF_INIT(160);
	const struct migration_storage *o;
	size_t count = 0;
	int rc = 0;

	for (o = storages; o; o = o->next)
		count++;
	m->sections = calloc(count + 1, sizeof(*m->sections));
	if (!m->sections)
		return -ENOMEM;
	for (o = storages; !rc && o; o = o->next) {
		buf_add_fmt(&names, " %s", o->alias);
		if (!alias || strcmp(alias, o->alias) == 0)
			rc = convert_storage(m, top, o);
	}
	if (!rc && !m->section_count)
		rc = errinfo_set(err, -ENOENT,
				 "there is no storage %.60s; there are:%s",
				 alias, buf_str(&names));
	return rc;
}

static int convert_all(struct migration *m, const char *alias,
		       struct errinfo *err)
{
	CLEANUP(migration_rows_release) struct migration_rows top;
	CLEANUP(migration_storages_free)
	struct migration_storage *storages = NULL;
	int rc = migration_rows_init(&top, m, "");

	if (rc)
		return rc;
	take_settings(m, &top);
	storages = migration_find_storages(m);
	m->is_old |= has_old_names(&top);
	rc = migration_translate_boto(&top);
	if (rc)
		return rc;
	migration_convert(&top);
	if (m->is_old)
		propose_old_defaults(m, &top);
	add_hints(m);
	return m->error ? m->error :
			  convert_storages(m, &top, storages, alias, err);
}

int migration_run(struct migration *m, const char *alias, struct errinfo *err)
{
	int rc;

	m->kept = json_array();
	rc = m->kept ? convert_all(m, alias, err) : -ENOMEM;
	if (!rc)
		rc = m->error;
	if (rc && !err->code)
		return errinfo_set(err, rc, "out of memory");
	return rc;
}

void migration_release(struct migration *m)
{
	while (m->entries) {
		struct migration_entry *e = m->entries;

		m->entries = e->next;
		free(e);
	}
	free(m->sections);
	json_decref(m->kept);
}
