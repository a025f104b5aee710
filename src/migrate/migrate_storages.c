/* SPDX-License-Identifier: MIT */
/* The S3 storages that settings name; see migrate_storages.h. */
#include "migrate_storages.h"

#include <ctype.h>
#include <string.h>

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

/* The library's class that class is one of; NULL if it is of none. */
static const struct library_class *class_origin(const json_t *class)
{
	const struct library_class *found = NULL;
	json_t *base;
	size_t i;

	json_array_foreach(json_object_get(class, "bases"), i,
			   base) if (!found && py_text(base)) found =
		find_library_class(py_text(base));
	return found;
}

static json_t *find_class(const struct migration *m, const char *name)
{
	json_t *class;
	size_t i;

	json_array_foreach(json_object_get(m->answer, "classes"), i, class)
	{
		const char *own = py_text(json_object_get(class, "name"));

		if (own && strcmp(own, name) == 0)
			return class;
	}
	return NULL;
}

struct search {
	struct migration *m;
	struct migration_storage *first, **last;
};

/* Section names are plain words. */
static const char *section_name(struct migration *m, const char *alias)
{
	AUTO_FREE char *copy = strdup(alias);

	for (char *p = copy; p && *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
			*p = '_';
	return copy && *copy ? migration_text(m, "%s", copy) : "default";
}

static bool is_taken(const struct search *s, const char *alias)
{
	for (const struct migration_storage *o = s->first; o; o = o->next)
		if (strcmp(o->alias, alias) == 0)
			return true;
	return false;
}

static bool has_class(const struct search *s, const json_t *class)
{
	for (const struct migration_storage *o = s->first; o; o = o->next)
		if (o->class == class)
			return true;
	return false;
}

static void add_storage(struct search *s, const char *alias, json_t *class,
			const struct library_class *origin, json_t *options,
			const char *from)
{
	struct migration_storage *o;

	alias = section_name(s->m, alias);
	if (is_taken(s, alias))
		return;
	o = calloc(1, sizeof(*o));
	if (!o) {
		s->m->error = -ENOMEM;
		return;
	}
	o->alias = alias;
	o->class = class;
	o->options = json_is_object(options) ? options : NULL;
	o->is_static = origin && origin->is_static;
	o->from = from;
	s->m->is_found |= origin != NULL;
	s->m->is_old |= origin && origin->is_boto;
	*s->last = o;
	s->last = &o->next;
}

/* Why no storage is made of the class; NULL if nothing is wrong with it. */
static const char *class_problem(struct migration *m, const json_t *class,
				 const char *name)
{
	static const char *const others[] = { "django.", "whitenoise.",
					      "django_s3_storage.",
					      "storages." };

	if (class)
		return py_text(json_object_get(class, "error"));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (strncmp(name, others[i], strlen(others[i])) == 0)
			return NULL;
	return migration_text(m, "nothing tells of its class %s", name);
}

/* A storage of the name backend, if it is one of S3. */
static void add_backend(struct search *s, const char *alias,
			const char *backend, json_t *options, const char *from)
{
	const struct library_class *origin = find_library_class(backend);
	json_t *class = origin ? NULL : find_class(s->m, backend);
	const char *problem = class_problem(s->m, class, backend);

	if (!origin)
		origin = class_origin(class);
	if (origin)
		add_storage(s, alias, class, origin, options, from);
	else if (problem)
		(void)migration_add(s->m, MIGRATION_PROBLEM, "", from,
				    migration_text(s->m, "storage '%s': %s",
						   alias, problem));
	else
		(void)migration_add(
			s->m, MIGRATION_REMARK, "", from,
			migration_text(s->m,
				       "storage '%s' is %s, none of "
				       "django-storages' S3 ones: left "
				       "out",
				       alias, backend));
}

/* One item of STORAGES. */
static void add_item(struct search *s, const char *alias, const json_t *item)
{
	const char *backend = py_text(json_object_get(item, "BACKEND"));
	const char *from = migration_place(s->m, "STORAGES");

	if (backend)
		add_backend(s, alias, backend, json_object_get(item, "OPTIONS"),
			    from);
	else
		(void)migration_add(s->m, MIGRATION_PROBLEM, "", from,
				    migration_text(s->m,
						   "storage '%s' has no "
						   "BACKEND",
						   alias));
}

static void add_storages(struct search *s)
{
	json_t *storages = json_object_get(s->m->answer, "STORAGES"), *item;
	const char *alias;

	if (storages && (!json_is_object(storages) || py_type(storages)))
		(void)migration_add(s->m, MIGRATION_PROBLEM, "",
				    migration_place(s->m, "STORAGES"),
				    "STORAGES is no map: set it yourself");
	else
		json_object_foreach(storages, alias, item)
			add_item(s, alias, item);
}

static void add_setting(struct search *s, const char *name, const char *alias)
{
	const char *backend = py_text(json_object_get(s->m->answer, name));

	if (backend)
		add_backend(s, alias, backend, NULL,
			    migration_place(s->m, name));
}

struct migration_storage *migration_find_storages(struct migration *m)
{
	struct search s = { .m = m };
	json_t *class;
	size_t i;

	s.last = &s.first;
	add_storages(&s);
	add_setting(&s, "DEFAULT_FILE_STORAGE", "default");
	add_setting(&s, "STATICFILES_STORAGE", "staticfiles");
	json_array_foreach(json_object_get(m->answer, "classes"), i, class)
	{
		const char *name = py_text(json_object_get(class, "name"));

		if (name && !has_class(&s, class) && class_origin(class))
			add_storage(&s, last_part(name), class,
				    class_origin(class), NULL,
				    py_text(json_object_get(class, "line")));
	}
	if (!s.first)
		add_storage(&s, "default", NULL, NULL, NULL, NULL);
	return s.first;
}

void migration_storages_free(struct migration_storage **storages)
{
	while (*storages) {
		struct migration_storage *o = *storages;

		*storages = o->next;
		free(o);
	}
}

static void set_row(struct migration_rows *rows, const struct setting_def *def,
		    json_t *value, const char *from)
{
	migration_set(&rows->rows[def - settings_table], value, from, "");
}

static void take_class(const json_t *class, struct migration_rows *rows)
{
	json_t *lines = json_object_get(class, "lines"), *value;
	const char *name;

	json_object_foreach(json_object_get(class, "attributes"), name, value)
	{
		const struct setting_def *def = migration_setting(name);
		const char *from = py_text(json_object_get(lines, name));

		if (strcmp(name, "get_object_parameters") == 0)
			(void)migration_add(
				rows->m, MIGRATION_PROBLEM, rows->section, from,
				"get_object_parameters() gives objects "
				"parameters of their own: write sections "
				"such as [*.css] for them");
		if (def && islower((unsigned char)name[0]))
			set_row(rows, def, value, from);
	}
}

static void add_unknown_option(const struct migration_storage *storage,
			       struct migration_rows *rows, const char *option)
{
	struct text_nearest nearest = { .to = option };
	const char *name;

	settings_try_names(&nearest);
	name = text_nearest_name(&nearest);
	if (name && !migration_setting(name))
		name = NULL;
	(void)migration_add(
		rows->m, MIGRATION_PROBLEM, rows->section, storage->from,
		migration_text(rows->m, "OPTIONS: '%s' is no setting%s%s",
			       option, name ? "; the nearest is " : "",
			       name ? name : ""));
}

static void take_options(const struct migration_storage *storage,
			 struct migration_rows *rows)
{
	const char *name;
	json_t *value;

	json_object_foreach(storage->options, name, value)
	{
		const struct setting_def *def = migration_setting(name);

		if (def)
			set_row(rows, def, value, storage->from);
		else
			add_unknown_option(storage, rows, name);
	}
}

void migration_storage_rows(const struct migration_storage *storage,
			    struct migration_rows *rows)
{
	struct migration_row *auth =
		migration_row(rows, "AWS_QUERYSTRING_AUTH");

	take_class(storage->class, rows);
	take_options(storage, rows);
	if (storage->is_static && !auth->value)
		migration_set(auth, json_false(), storage->from,
			      "the URLs of a static storage are not signed");
}
