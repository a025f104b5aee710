/* SPDX-License-Identifier: MIT */
/*
 * A Python settings file, read without Python: its assignments, and the
 * attributes of its classes.
 *
 *   struct py_module *module = py_module_new();
 *   rc = py_module_read(module, "settings.py", text, len, &err);
 *   const struct py_binding *b = py_module_find(module, "AWS_LOCATION");
 *   ...
 *   py_module_free(module);
 *
 * Of an if whose condition is known the branch is taken that Python takes;
 * of one that is not, the first branch that sets a name, and the binding
 * says so. Texts borrowed from the module live as long as it. One thread.
 */
#ifndef PY_READ_H
#define PY_READ_H

#include "errinfo.h"
#include "py_value.h"

struct py_module;

struct py_binding {
	struct py_binding *next; /* in the order of first assignments */
	const char *name;
	const struct py_value *value;
	const char *file;
	unsigned line;
	const char *guard; /* NULL, or the condition it stands under */
	unsigned guard_line;
};

#define PY_BASES_MAX 8

struct py_class {
	struct py_class *next;
	const char *name;
	const char *file;
	unsigned line;
	const char *bases[PY_BASES_MAX]; /* dotted names */
	size_t base_count;
	struct py_binding *attributes; /* a method has an unknown value */
};

/* What was left out and may matter. */
struct py_note {
	struct py_note *next;
	const char *file;
	unsigned line;
	const char *name; /* NULL: it concerns the whole file */
	const char *text;
};

#define PY_FILE_MAX (1024ul * 1024) /* bytes */

/* NULL if there is no memory. */
struct py_module *py_module_new(void);
void py_module_free(struct py_module *module);

/*
 * Reads one more file into the same names, as an import of all of it would.
 * file (copied) is its name in messages. Returns 0; -EINVAL if text is not
 * UTF-8; -E2BIG, -ENOMEM.
 */
MUST_USE int py_module_read(struct py_module *module, const char *file,
			    const char *text, size_t len, struct errinfo *err);

const struct py_binding *py_module_find(const struct py_module *module,
					const char *name);
const struct py_binding *py_module_bindings(const struct py_module *module);
const struct py_class *py_module_classes(const struct py_module *module);
const struct py_class *py_module_class(const struct py_module *module,
				       const char *name);
const struct py_note *py_module_notes(const struct py_module *module);

/* For values that are made of those in the module. */
struct py_arena *py_module_arena(struct py_module *module);

#endif
