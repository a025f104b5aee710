/* SPDX-License-Identifier: MIT */
/* From a module's names to entries; see migrate.h. */
#include "migrate.h"

#include <ctype.h>
#include <string.h>

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

	for (size_t i = 0; i < ARRAY_SIZE(hints); i++) {
		const struct py_binding *b =
			py_module_find(m->module, hints[i].name);

		if (b)
			(void)migration_add(m, MIGRATION_REMARK, "", b->file,
					    b->line, hints[i].why);
	}
}

/* Names that belong to the storage, in the settings module itself. */
static bool is_storage_name(const char *name)
{
	return strncmp(name, "AWS_", 4) == 0 ||
	       (isupper((unsigned char)*name) && migration_setting(name));
}

static void add_unknown_name(struct migration *m, const struct py_binding *b)
{
	struct migration_entry *e;
	struct text_nearest nearest = { .to = b->name };
	const char *name;

	settings_try_names(&nearest);
	name = text_nearest_name(&nearest);
	e = migration_add(m, MIGRATION_REMARK, "", b->file, b->line,
			  migration_text(m,
					 "%s is no setting of the S3 storage "
					 "and is left out%s%s",
					 b->name,
					 name ? "; the nearest is " : "",
					 name ? name : ""));
	if (e)
		e->is_warning = true;
}

static void take_bindings(struct migration *m, struct migration_rows *top)
{
	const struct py_binding *b = py_module_bindings(m->module);

	for (; b; b = b->next) {
		const struct setting_def *def;
		struct migration_row *row;

		if (!is_storage_name(b->name))
			continue;
		def = settings_find(b->name);
		if (!def || strcmp(def->name, b->name) != 0) {
			add_unknown_name(m, b);
			continue;
		}
		row = &top->rows[def - settings_table];
		row->value = b->value;
		row->file = b->file;
		row->line = b->line;
		if (!b->guard)
			continue;
		migration_tell(m, row, "stands under \"%s\" of line %u",
			       b->guard, b->guard_line);
		row->is_warning = true;
	}
}

/* The typing error in django-storages' own documents. */
static void take_proxy_porty(struct migration *m, struct migration_rows *top)
{
	const struct py_binding *b =
		py_module_find(m->module, "AWS_S3_PROXY_PORTY");
	struct migration_row *row = migration_row(top, "AWS_S3_PROXY_PORT");

	if (!b || row->value)
		return;
	row->value = b->value;
	row->file = b->file;
	row->line = b->line;
}

static void add_notes(struct migration *m)
{
	const struct py_note *note = py_module_notes(m->module);

	for (; note; note = note->next) {
		struct migration_entry *e;

		if (!note->name) {
			(void)migration_add(m, MIGRATION_PROBLEM, "",
					    note->file, note->line, note->text);
			continue;
		}
		if (!is_storage_name(note->name) &&
		    strcmp(note->name, "STORAGES") != 0 &&
		    strstr(note->name, "FILE_STORAGE") == NULL)
			continue;
		e = migration_add(
			m, MIGRATION_REMARK, "", note->file, note->line,
			migration_text(m, "%s: %s", note->name, note->text));
		if (e)
			e->is_warning = true;
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
		m, MIGRATION_OFF, "", NULL, 0,
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
	e = migration_add(m, MIGRATION_OFF, "", NULL, 0,
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

	if (own->value)
		return;
	*own = *top;
	own->why = "";
	own->is_warning = false;
	if (!own->value) {
		own->value = py_new(py_module_arena(rows->m->module), PY_NONE);
		own->why = "no bucket is named: write it here";
		own->is_warning = true;
	}
}

static int convert_storage(struct migration *m,
			   const struct migration_rows *top,
			   const struct migration_storage *storage)
{
	struct migration_rows rows;
	int rc = migration_rows_init(&rows, m, storage->alias);

	if (rc)
		return rc;
	rows.top = top;
	m->sections[m->section_count++] = storage->alias;
	migration_storage_rows(storage, &rows);
	migration_translate_boto(&rows);
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
	m->sections = py_alloc(py_module_arena(m->module),
			       (count + 1) * sizeof(*m->sections));
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

int migration_run(struct migration *m, const char *alias, struct errinfo *err)
{
	struct migration_rows top;
	struct migration_storage *storages;
	int rc = migration_rows_init(&top, m, "");

	if (!rc) {
		take_bindings(m, &top);
		take_proxy_porty(m, &top);
		storages = migration_find_storages(m);
		m->is_old |= has_old_names(&top);
		migration_translate_boto(&top);
		migration_convert(&top);
		add_notes(m);
		if (m->is_old)
			propose_old_defaults(m, &top);
		add_hints(m);
		rc = convert_storages(m, &top, storages, alias, err);
	}
	if (!rc)
		rc = py_module_arena(m->module)->error;
	if (rc && !err->code)
		return errinfo_set(err, rc,
				   rc == -E2BIG ? "the values are too large" :
						  "out of memory");
	return rc;
}
