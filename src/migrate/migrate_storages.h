/* SPDX-License-Identifier: MIT */
/* The S3 storages that settings name, each a mount; see migrate.h. */
#ifndef MIGRATE_STORAGES_H
#define MIGRATE_STORAGES_H

#include "migrate_rows.h"

struct migration_storage {
	struct migration_storage *next;
	const char *alias;
	json_t *options;  /* NULL or a map */
	json_t *class;    /* NULL: the library's own; as ask.py tells it */
	bool is_static;   /* its URLs are not signed */
	const char *from; /* "settings.py:12", or NULL */
};

/*
 * From STORAGES, or DEFAULT_FILE_STORAGE and STATICFILES_STORAGE, and the
 * classes that none of these names; at least one, "default". What is no S3
 * storage becomes a remark. NULL if there is no memory.
 */
struct migration_storage *migration_find_storages(struct migration *m);
void migration_storages_free(struct migration_storage **storages);

/* Fills in what the storage has of its own: its class, then OPTIONS. */
void migration_storage_rows(const struct migration_storage *storage,
			    struct migration_rows *rows);

#endif
