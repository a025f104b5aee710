/* SPDX-License-Identifier: MIT */
/* Names, classes and notes of settings files; see py_read.h, py_module.h. */
#include "py_module.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct py_module *py_module_new(void)
{
	struct py_module *module = calloc(1, sizeof(*module));

	if (!module)
		return NULL;
	module->last_binding = &module->bindings;
	module->last_class = &module->classes;
	module->last_note = &module->notes;
	return module;
}

void py_module_free(struct py_module *module)
{
	if (!module)
		return;
	strmap_release(&module->names);
	py_arena_release(&module->arena);
	free(module);
}

const struct py_binding *py_module_find(const struct py_module *module,
					const char *name)
{
	return strmap_get(&module->names, name);
}

const struct py_binding *py_module_bindings(const struct py_module *module)
{
	return module->bindings;
}

const struct py_class *py_module_classes(const struct py_module *module)
{
	return module->classes;
}

const struct py_class *py_module_class(const struct py_module *module,
				       const char *name)
{
	const struct py_class *class = module->classes;

	while (class && strcmp(class->name, name) != 0)
		class = class->next;
	return class;
}

const struct py_note *py_module_notes(const struct py_module *module)
{
	return module->notes;
}

struct py_arena *py_module_arena(struct py_module *module)
{
	return &module->arena;
}

void py_reader_note(struct py_reader *r, const char *name, unsigned line,
		    const char *fmt, ...)
{
	struct py_note *note = py_alloc(&r->module->arena, sizeof(*note));
	char text[300];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	if (!note)
		return;
	note->file = r->file;
	note->line = line;
	note->name = name;
	note->text = py_copy(&r->module->arena, text, strlen(text));
	if (!note->text)
		return;
	*r->module->last_note = note;
	r->module->last_note = &note->next;
}

static struct py_binding *find_attribute(const struct py_class *class,
					 const char *name)
{
	struct py_binding *b = class->attributes;

	while (b && strcmp(b->name, name) != 0)
		b = b->next;
	return b;
}

struct py_binding *py_reader_find(const struct py_reader *r, const char *name)
{
	const struct py_class *class = py_reader_class(r);

	if (class)
		return find_attribute(class, name);
	return strmap_get(&r->module->names, name);
}

struct py_value *py_reader_value(const struct py_scope *scope, const char *name)
{
	const struct py_reader *r = (const void *)scope; /* its first */
	const struct py_class *class = py_reader_class(r);
	const struct py_binding *b = NULL;

	if (class)
		b = find_attribute(class, name);
	if (!b)
		b = strmap_get(&r->module->names, name);
	return b ? (struct py_value *)(uintptr_t)b->value : NULL;
}

static struct py_binding *add_binding(struct py_reader *r, const char *name)
{
	struct py_binding *b = py_alloc(&r->module->arena, sizeof(*b));
	struct py_class *class = py_reader_class(r);

	if (!b)
		return NULL;
	b->name = name;
	if (class) {
		b->next = class->attributes;
		class->attributes = b;
		return b;
	}
	if (strmap_set(&r->module->names, name, b, NULL)) {
		r->module->arena.error = -ENOMEM;
		return NULL;
	}
	*r->module->last_binding = b;
	r->module->last_binding = &b->next;
	return b;
}

const struct py_block *py_reader_guard(const struct py_reader *r)
{
	for (size_t i = r->block_count; i-- > 0;)
		if (r->blocks[i].kind == PY_BLOCK_GUARDED)
			return &r->blocks[i];
	return NULL;
}

const struct py_block *py_reader_rival(const struct py_reader *r,
				       const struct py_binding *b)
{
	for (size_t i = 0; b && i < r->block_count; i++)
		if (r->blocks[i].is_alternative && b->file == r->file &&
		    b->line > r->blocks[i].chain_line)
			return &r->blocks[i];
	return NULL;
}

static const struct py_block *find_skipped(const struct py_reader *r)
{
	for (size_t i = 0; i < r->block_count; i++)
		if (r->blocks[i].kind == PY_BLOCK_SKIPPED)
			return &r->blocks[i];
	return NULL;
}

void py_reader_bind(struct py_reader *r, const char *name,
		    struct py_value *value, unsigned line)
{
	enum py_block_kind mode = py_reader_mode(r);
	struct py_binding *b = py_reader_find(r, name);
	const struct py_block *guard = py_reader_guard(r), *rival, *skipped;

	if (mode == PY_BLOCK_HIDDEN)
		return;
	if (mode == PY_BLOCK_SKIPPED) {
		skipped = find_skipped(r);
		py_reader_note(r, name, line,
			       "left out: its branch \"%s\" of line %u does "
			       "not run",
			       skipped ? skipped->text : "",
			       skipped ? skipped->line : 0);
		return;
	}
	rival = py_reader_rival(r, b);
	if (rival) {
		py_reader_note(r, name, line,
			       "left out: it stands under \"%s\" of \"%s\", "
			       "and line %u was taken",
			       rival->text, rival->if_text, b->line);
		return;
	}
	if (mode == PY_BLOCK_LOOP)
		value = py_unknown(&r->module->arena, "assigned in a loop");
	if (!b)
		b = add_binding(r, name);
	if (!b)
		return;
	b->value = value;
	b->file = r->file;
	b->line = line;
	b->guard = guard ? guard->text : NULL;
	b->guard_line = guard ? guard->line : 0;
}

char *py_reader_word(struct py_reader *r)
{
	char *word = NULL;

	if (r->parser.token.kind == PY_WORD)
		word = py_copy(&r->module->arena, r->parser.token.text,
			       r->parser.token.len);
	if (word)
		py_advance(&r->parser);
	return word;
}
