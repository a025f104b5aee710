/* SPDX-License-Identifier: MIT */
/* The S3 storages that settings name; see migrate_storages.h. */
#include "migrate_storages.h"

#include <ctype.h>
#include <string.h>

#define INHERITANCE_MAX 8 /* classes above a class; ours */

/* The classes of django-storages, by the last part of their names. */
static const struct library_class {
	const char *name;
	bool is_static, is_boto;
} library_classes[] = {
	{ "S3Storage", false, false },
	{ "S3Boto3Storage", false, false },
	{ "S3StaticStorage", true, false },
	{ "S3ManifestStaticStorage", true, false },
	{ "S3BotoStorage", false, true },
};

static const char *last_part(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot ? dot + 1 : name;
}

static const struct library_class *find_library_class(const char *name)
{
	const char *last = last_part(name);

	/* django-s3-storage has names like these for settings of its own. */
	if (strncmp(name, "django_s3_storage.", 18) == 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(library_classes); i++)
		if (strcmp(library_classes[i].name, last) == 0)
			return &library_classes[i];
	return NULL;
}

/* The first class of a file that class inherits from, or NULL. */
static const struct py_class *parent_class(const struct migration *m,
					   const struct py_class *class)
{
	for (size_t i = 0; i < class->base_count; i++) {
		const struct py_class *parent =
			py_module_class(m->module, last_part(class->bases[i]));

		if (parent && parent != class)
			return parent;
	}
	return NULL;
}

/* The library's class that class is one of, however far up. */
static const struct library_class *class_origin(const struct migration *m,
						const struct py_class *class)
{
	const struct library_class *found = NULL;

	for (int up = 0; class && !found && up < INHERITANCE_MAX; up++) {
		for (size_t i = 0; !found && i < class->base_count; i++)
			found = find_library_class(class->bases[i]);
		class = parent_class(m, class);
	}
	return found;
}

struct search {
	struct migration *m;
	struct migration_storage *first, **last;
};

/* Section names are plain words. */
static const char *section_name(struct migration *m, const char *alias)
{
	char *copy = py_copy(py_module_arena(m->module), alias, strlen(alias));

	for (char *p = copy; p && *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
			*p = '_';
	return copy && *copy ? copy : "default";
}

static bool is_taken(const struct search *s, const char *alias)
{
	for (const struct migration_storage *o = s->first; o; o = o->next)
		if (strcmp(o->alias, alias) == 0)
			return true;
	return false;
}

static void add_storage(struct search *s, const char *alias,
			const struct py_class *class,
			const struct library_class *origin,
			const struct py_value *options,
			const struct py_binding *where)
{
	struct migration_storage *o =
		py_alloc(py_module_arena(s->m->module), sizeof(*o));

	alias = section_name(s->m, alias);
	if (!o || is_taken(s, alias))
		return;
	o->alias = alias;
	o->class = class;
	o->options = options && options->kind == PY_DICT ? options : NULL;
	o->is_static = origin && origin->is_static;
	o->is_boto = origin && origin->is_boto;
	s->m->is_old |= o->is_boto;
	o->file = where ? where->file : class ? class->file : NULL;
	o->line = where ? where->line : class ? class->line : 0;
	*s->last = o;
	s->last = &o->next;
}

static void remark(struct search *s, enum migration_state state,
		   const struct py_binding *where, const char *why)
{
	(void)migration_add(s->m, state, "", where->file, where->line, why);
}

/* A storage of the name backend, if it is one of S3. */
static void add_backend(struct search *s, const char *alias,
			const char *backend, const struct py_value *options,
			const struct py_binding *where)
{
	const struct library_class *origin = find_library_class(backend);
	const struct py_class *class = NULL;

	if (!origin) {
		class = py_module_class(s->m->module, last_part(backend));
		origin = class ? class_origin(s->m, class) : NULL;
	}
	if (origin)
		add_storage(s, alias, class, origin, options, where);
	else if (class || strncmp(backend, "django.", 7) == 0 ||
		 strncmp(backend, "whitenoise.", 11) == 0 ||
		 strncmp(backend, "django_s3_storage.", 18) == 0 ||
		 strncmp(backend, "storages.", 9) == 0)
		remark(s, MIGRATION_REMARK, where,
		       migration_text(s->m,
				      "storage '%s' is %s, none of "
				      "django-storages' S3 ones: left out",
				      alias, backend));
	else
		remark(s, MIGRATION_PROBLEM, where,
		       migration_text(s->m,
				      "storage '%s': the class %s is in none "
				      "of the files: give its file as well",
				      alias, backend));
}

/* One item of STORAGES. */
static void add_item(struct search *s, const char *alias,
		     const struct py_value *item,
		     const struct py_binding *where)
{
	const struct py_value *backend, *options;

	if (item->kind != PY_DICT) {
		remark(s, MIGRATION_PROBLEM, where,
		       migration_text(s->m,
				      "storage '%s' cannot be read without "
				      "running Python: set it yourself",
				      alias));
		return;
	}
	backend = py_find_text(item, "BACKEND");
	options = py_find_text(item, "OPTIONS");
	if (options && options->kind != PY_DICT)
		remark(s, MIGRATION_PROBLEM, where,
		       migration_text(s->m,
				      "the OPTIONS of storage '%s' cannot be "
				      "read without running Python: set them "
				      "yourself",
				      alias));
	if (backend && backend->kind == PY_TEXT)
		add_backend(s, alias, backend->text, options, where);
	else
		remark(s, MIGRATION_PROBLEM, where,
		       migration_text(s->m,
				      "storage '%s' has no BACKEND that "
				      "can be read",
				      alias));
}

static void add_storages(struct search *s, const struct py_binding *storages)
{
	const struct py_value *v = storages->value;

	if (v->kind != PY_DICT) {
		remark(s, MIGRATION_PROBLEM, storages,
		       "STORAGES cannot be read without running Python: set "
		       "it yourself");
		return;
	}
	for (size_t i = 0; i < v->count; i++)
		if (v->keys[i]->kind == PY_TEXT)
			add_item(s, v->keys[i]->text, v->items[i], storages);
}

static void add_setting(struct search *s, const char *name, const char *alias)
{
	const struct py_binding *b = py_module_find(s->m->module, name);

	if (b && b->value->kind == PY_TEXT)
		add_backend(s, alias, b->value->text, NULL, b);
	else if (b)
		remark(s, MIGRATION_PROBLEM, b,
		       migration_text(s->m,
				      "%s cannot be read without running "
				      "Python: set it yourself",
				      name));
}

/* Whether class is that of a storage, or one above it. */
static bool is_used(const struct search *s, const struct py_class *class)
{
	for (const struct migration_storage *o = s->first; o; o = o->next) {
		const struct py_class *c = o->class;

		for (int up = 0; c && up < INHERITANCE_MAX; up++) {
			if (c == class)
				return true;
			c = parent_class(s->m, c);
		}
	}
	return false;
}

/* A storage that only some branch chooses. */
static void tell_guard(struct search *s, const char *name)
{
	const struct py_binding *b = py_module_find(s->m->module, name);
	struct migration_entry *e;

	if (!b || !b->guard)
		return;
	e = migration_add(s->m, MIGRATION_REMARK, "", b->file, b->line,
			  migration_text(s->m,
					 "%s stands under \"%s\" of line %u",
					 name, b->guard, b->guard_line));
	if (e)
		e->is_warning = true;
}

struct migration_storage *migration_find_storages(struct migration *m)
{
	struct search s = { .m = m, .last = &s.first };
	const struct py_binding *storages =
		py_module_find(m->module, "STORAGES");

	tell_guard(&s, "STORAGES");
	tell_guard(&s, "DEFAULT_FILE_STORAGE");
	tell_guard(&s, "STATICFILES_STORAGE");
	if (storages)
		add_storages(&s, storages);
	add_setting(&s, "DEFAULT_FILE_STORAGE", "default");
	add_setting(&s, "STATICFILES_STORAGE", "staticfiles");
	for (const struct py_class *c = py_module_classes(m->module); c;
	     c = c->next)
		if (!is_used(&s, c) && class_origin(m, c))
			add_storage(&s, c->name, c, class_origin(m, c), NULL,
				    NULL);
	if (!s.first)
		add_storage(&s, "default", NULL, NULL, NULL, NULL);
	return s.first;
}

static void set_row(struct migration_rows *rows, const struct setting_def *def,
		    const struct py_value *value, const char *file,
		    unsigned line)
{
	struct migration_row *row = &rows->rows[def - settings_table];

	memset(row, 0, sizeof(*row));
	row->value = value;
	row->file = file;
	row->line = line;
	row->why = "";
}

/* The base first, so that what is below it wins. */
static void take_class(const struct py_class *class,
		       struct migration_rows *rows, int depth)
{
	const struct py_class *parent = parent_class(rows->m, class);

	if (parent && depth < INHERITANCE_MAX)
		take_class(parent, rows, depth + 1);
	for (const struct py_binding *b = class->attributes; b; b = b->next) {
		const struct setting_def *def = migration_setting(b->name);

		if (strcmp(b->name, "get_object_parameters") == 0)
			(void)migration_add(
				rows->m, MIGRATION_PROBLEM, rows->section,
				b->file, b->line,
				"get_object_parameters() gives objects "
				"parameters of their own: write sections "
				"such as [*.css] for them");
		if (def && islower((unsigned char)b->name[0]))
			set_row(rows, def, b->value, b->file, b->line);
	}
}

static void take_options(const struct migration_storage *storage,
			 struct migration_rows *rows)
{
	const struct py_value *options = storage->options;

	for (size_t i = 0; i < options->count; i++) {
		const struct py_value *key = options->keys[i];
		const struct setting_def *def;
		struct text_nearest nearest = { .to = key->text };
		const char *name;

		if (key->kind != PY_TEXT)
			continue;
		def = migration_setting(key->text);
		if (def) {
			set_row(rows, def, options->items[i], storage->file,
				key->line);
			continue;
		}
		settings_try_names(&nearest);
		name = text_nearest_name(&nearest);
		if (name && !migration_setting(name))
			name = NULL;
		(void)migration_add(
			rows->m, MIGRATION_PROBLEM, rows->section,
			storage->file, key->line,
			migration_text(
				rows->m, "OPTIONS: '%s' is no setting%s%s",
				key->text, name ? "; the nearest is " : "",
				name ? name : ""));
	}
}

void migration_storage_rows(const struct migration_storage *storage,
			    struct migration_rows *rows)
{
	struct migration_row *auth =
		migration_row(rows, "AWS_QUERYSTRING_AUTH");
	struct py_arena *arena = py_module_arena(rows->m->module);

	if (storage->class)
		take_class(storage->class, rows, 0);
	if (storage->options)
		take_options(storage, rows);
	if (storage->is_static && !auth->value) {
		auth->value = py_bool(arena, false);
		auth->file = storage->file;
		auth->line = storage->line;
		auth->why = "the URLs of a static storage are not signed";
	}
}
