/* SPDX-License-Identifier: MIT */
/* The statements of a settings file; see py_read.h. */
#include "py_read.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "py_module.h"
#include "text.h"

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

static struct py_binding *find_binding(const struct py_reader *r,
				       const char *name)
{
	const struct py_class *class = py_reader_class(r);

	if (class)
		return find_attribute(class, name);
	return strmap_get(&r->module->names, name);
}

static struct py_value *find_value(const struct py_scope *scope,
				   const char *name)
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

/* The innermost block that nobody knows to run, or NULL. */
static const struct py_block *find_guard(const struct py_reader *r)
{
	for (size_t i = r->block_count; i-- > 0;)
		if (r->blocks[i].kind == PY_BLOCK_GUARDED)
			return &r->blocks[i];
	return NULL;
}

/* Whether an earlier branch of an if around has set b. */
static const struct py_block *find_rival(const struct py_reader *r,
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
	struct py_binding *b = find_binding(r, name);
	const struct py_block *guard = find_guard(r), *rival, *skipped;

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
	rival = find_rival(r, b);
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

/* An expression to the end of the statement, or why it is none. */
static struct py_value *read_value(struct py_reader *r)
{
	struct py_parser *p = &r->parser;
	struct py_value *v = py_expressions(p);

	if (!p->error && p->token.kind != PY_NEWLINE &&
	    p->token.kind != PY_END && !py_token_is(&p->token, ";"))
		v = py_fail(p, "not understood");
	if (p->error)
		v = py_unknown(&r->module->arena, "%s", p->error);
	return v;
}

#define TARGETS_MAX 8

/* a = b = ... = value: the first name and its = are taken. */
static void read_assignment(struct py_reader *r, const char *name,
			    unsigned line)
{
	const char *names[TARGETS_MAX] = { name };
	struct py_value *v;
	size_t count = 1;

	for (;;) {
		struct py_parser saved = r->parser;
		const char *next = py_reader_word(r);

		if (!next || !py_token_is(&r->parser.token, "=") ||
		    count == TARGETS_MAX) {
			r->parser = saved;
			break;
		}
		py_advance(&r->parser);
		names[count++] = next;
	}
	v = read_value(r);
	for (size_t i = 0; i < count; i++)
		py_reader_bind(r, names[i], v, line);
}

/* a, b = 1, 2: the first name is taken. */
static void read_tuple_assignment(struct py_reader *r, const char *name,
				  unsigned line)
{
	const char *names[TARGETS_MAX] = { name };
	struct py_value *v, *item;
	size_t count = 1;

	while (py_accept(&r->parser, ",") && count < TARGETS_MAX) {
		names[count] = py_reader_word(r);
		if (!names[count])
			break;
		count++;
	}
	if (!py_accept(&r->parser, "="))
		return;
	v = read_value(r);
	for (size_t i = 0; i < count; i++) {
		bool fits = (v->kind == PY_TUPLE || v->kind == PY_LIST) &&
			    v->count == count;

		item = fits ? v->items[i] :
			      py_unknown(&r->module->arena, "a part of %s",
					 v->kind == PY_UNKNOWN ? v->text :
								 "a value");
		py_reader_bind(r, names[i], item, line);
	}
}

/* Lists change where they are, for all their names; the rest does not. */
static struct py_value *augment(struct py_reader *r, const char *op,
				struct py_value *old, struct py_value *v)
{
	bool is_list = old->kind == PY_LIST && strcmp(op, "+") == 0 &&
		       (v->kind == PY_LIST || v->kind == PY_TUPLE);
	size_t count = v->count;

	if (!is_list || py_reader_mode(r) != PY_BLOCK_TAKEN)
		return py_binary(&r->module->arena, op, old, v);
	for (size_t i = 0; i < count; i++)
		py_add(&r->module->arena, old, v->items[i]);
	return old;
}

/* NAME op= value; the operator is in hand. */
static void read_augmented(struct py_reader *r, const char *name, unsigned line)
{
	const struct py_token *token = &r->parser.token;
	char *op = py_copy(&r->module->arena, token->text, token->len - 1);
	struct py_value *old = find_value(&r->scope, name), *v;

	py_advance(&r->parser);
	v = read_value(r);
	if (!op || py_reader_mode(r) >= PY_BLOCK_SKIPPED) {
		py_reader_bind(r, name, v, line);
		return;
	}
	if (!old)
		v = py_unknown(&r->module->arena, "adds to what is not there");
	else
		v = augment(r, op, old, v);
	py_reader_bind(r, name, v, line);
}

static bool is_augmented(const struct py_token *token)
{
	return token->kind == PY_OPERATOR && token->len >= 2 &&
	       token->text[token->len - 1] == '=' &&
	       !strchr("=!<>:", token->text[0]);
}

/* A dict that statements may change: NULL outside of plain lines. */
static struct py_value *open_dict(struct py_reader *r, struct py_value *v)
{
	enum py_block_kind mode = py_reader_mode(r);

	if (!v || v->kind != PY_DICT ||
	    (mode != PY_BLOCK_TAKEN && mode != PY_BLOCK_GUARDED))
		return NULL;
	return v;
}

/* It was changed by what only Python can tell. */
static void spoil(struct py_reader *r, const char *name, unsigned line,
		  const char *reason)
{
	if (py_reader_mode(r) < PY_BLOCK_SKIPPED && find_binding(r, name))
		py_reader_bind(r, name,
			       py_unknown(&r->module->arena, "%s", reason),
			       line);
}

/* NAME[key]... = value; the first bracket is in hand. */
static void read_item_assignment(struct py_reader *r, const char *name,
				 unsigned line)
{
	struct py_value *dict = find_value(&r->scope, name), *key = NULL, *v;
	struct py_value *last;

	while (py_accept(&r->parser, "[")) {
		if (key && dict)
			dict = py_subscript(&r->module->arena, dict, key);
		key = py_expression(&r->parser);
		key->line = line;
		if (!py_accept(&r->parser, "]"))
			return;
	}
	if (!py_accept(&r->parser, "="))
		return;
	v = read_value(r);
	last = open_dict(r, dict);
	if (last && py_truth(key) >= 0)
		py_put(&r->module->arena, last, key, v);
	else
		spoil(r, name, line, "an item of it is set");
}

static void update(struct py_reader *r, struct py_value *dict,
		   const struct py_value *call)
{
	struct py_arena *arena = &r->module->arena;

	for (size_t i = 0; i < call->count; i++) {
		const struct py_value *other = call->items[i];

		if (call->keys[i])
			py_put(arena, dict, call->keys[i], call->items[i]);
		if (call->keys[i] || other->kind != PY_DICT)
			continue;
		for (size_t j = 0; j < other->count; j++)
			py_put(arena, dict, other->keys[j], other->items[j]);
	}
}

/* NAME.method(...) as a statement; the dot is taken. */
static void read_method(struct py_reader *r, const char *name, unsigned line)
{
	struct py_value *self = find_value(&r->scope, name), *v;
	const char *method = py_reader_word(r);
	struct py_value *call, *key;

	if (!method || !py_accept(&r->parser, "(") || !self)
		return;
	call = py_new(&r->module->arena, PY_CALL);
	while (!r->parser.error && !py_token_is(&r->parser.token, ")")) {
		struct py_parser saved = r->parser;
		char *word = py_reader_word(r);

		key = NULL;
		if (word && py_accept(&r->parser, "=")) {
			key = py_text(&r->module->arena, PY_TEXT, word,
				      strlen(word));
			key->line = line;
		} else {
			r->parser = saved;
		}
		v = py_expression(&r->parser);
		py_add_argument(&r->module->arena, call, key, v);
		if (!py_accept(&r->parser, ","))
			break;
	}
	v = call->count ? call->items[0] : call;
	if (strcmp(method, "update") == 0 && open_dict(r, self) &&
	    !r->parser.error && call->count &&
	    (v->kind == PY_DICT || call->keys[0]))
		update(r, self, call);
	else if (strcmp(method, "append") == 0 && self->kind == PY_LIST &&
		 call->count == 1 && py_reader_mode(r) == PY_BLOCK_TAKEN)
		py_add(&r->module->arena, self, v);
	else if (strcmp(method, "extend") == 0 && self->kind == PY_LIST &&
		 call->count == 1 && py_reader_mode(r) == PY_BLOCK_TAKEN)
		(void)augment(r, "+", self, v);
	else if (self->kind == PY_LIST || self->kind == PY_DICT ||
		 self->kind == PY_SET)
		spoil(r, name, line, "a method changes it");
}

/* A line that begins with a name which is no keyword. */
static void read_name_statement(struct py_reader *r)
{
	unsigned line = r->parser.token.line;
	struct py_token *token = &r->parser.token;
	const char *name = py_reader_word(r);

	if (!name)
		return;
	if (py_accept(&r->parser, ":")) {
		(void)py_expression(&r->parser);
		if (py_accept(&r->parser, "="))
			read_assignment(r, name, line);
	} else if (py_accept(&r->parser, "=")) {
		read_assignment(r, name, line);
	} else if (py_token_is(token, ",")) {
		read_tuple_assignment(r, name, line);
	} else if (py_token_is(token, "[")) {
		read_item_assignment(r, name, line);
	} else if (py_accept(&r->parser, ".")) {
		read_method(r, name, line);
	} else if (is_augmented(token)) {
		read_augmented(r, name, line);
	}
}

/* SETTINGS are written so. */
static bool is_constant(const char *name)
{
	bool has_letter = false;

	for (; *name; name++) {
		if (islower((unsigned char)*name))
			return false;
		has_letter |= isupper((unsigned char)*name) != 0;
	}
	return has_letter;
}

/* One NAME [as ALIAS] of an import from where. */
static void import_name(struct py_reader *r, const char *where, unsigned line)
{
	struct py_arena *arena = &r->module->arena;
	const char *name = py_reader_word(r), *alias = NULL;

	if (name && py_accept(&r->parser, "as"))
		alias = py_reader_word(r);
	if (!name)
		return;
	if (is_constant(name) && !find_value(&r->scope, alias ? alias : name))
		py_reader_bind(r, alias ? alias : name,
			       py_unknown(arena, "imported from %.60s", where),
			       line);
	else if (alias && !is_constant(name))
		py_reader_bind(r, alias,
			       py_text(arena, PY_NAME, name, strlen(name)),
			       line);
}

/* from WHERE import NAMES; from is taken. */
static void read_from(struct py_reader *r, unsigned line)
{
	const char *start = r->parser.token.text;
	char *where;

	while (!r->parser.error && !py_token_is(&r->parser.token, "import") &&
	       r->parser.token.kind != PY_NEWLINE &&
	       r->parser.token.kind != PY_END)
		py_advance(&r->parser);
	where = py_copy(&r->module->arena, start,
			(size_t)(r->parser.token.text - start));
	if (!where || !py_accept(&r->parser, "import"))
		return;
	for (size_t n = strlen(where); n && where[n - 1] == ' ';)
		where[--n] = '\0';
	if (py_token_is(&r->parser.token, "*")) {
		if (py_reader_mode(r) < PY_BLOCK_SKIPPED)
			py_reader_note(r, NULL, line,
				       "imports all of %.60s, which is not "
				       "read: give its file as well, before "
				       "or behind this one as Python reads it",
				       where);
		return;
	}
	(void)py_accept(&r->parser, "(");
	do
		import_name(r, where, line);
	while (py_accept(&r->parser, ","));
}

/* import NAME as ALIAS; import is taken. */
static void read_import(struct py_reader *r, unsigned line)
{
	do
		import_name(r, "a module", line);
	while (py_accept(&r->parser, ","));
}

static void read_statement(struct py_reader *r)
{
	unsigned line = r->parser.token.line;

	if (py_accept(&r->parser, "from"))
		read_from(r, line);
	else if (py_accept(&r->parser, "import"))
		read_import(r, line);
	else if (r->parser.token.kind == PY_WORD)
		read_name_statement(r);
}

/* To the end of the line, whatever is on it, and over it. */
static void skip_line(struct py_reader *r)
{
	struct py_parser *p = &r->parser;
	enum py_token_kind kind = p->error ? p->stopped_at : p->token.kind;

	p->error = NULL;
	p->depth = 0;
	while (kind != PY_NEWLINE && kind != PY_END) {
		py_lex_next(&p->lexer, &p->token);
		kind = p->token.kind;
	}
	py_lex_next(&p->lexer, &p->token);
}

static void read_line(struct py_reader *r)
{
	unsigned line = r->parser.token.line;
	bool is_open;

	py_reader_leave(r, r->parser.token.indent);
	if (py_reader_mode(r) == PY_BLOCK_HIDDEN) {
		skip_line(r);
		return;
	}
	(void)py_reader_enter(r);
	do
		read_statement(r);
	while (!r->parser.error && py_accept(&r->parser, ";"));
	is_open = r->parser.token.kind == PY_BAD &&
		  r->parser.stopped_at == PY_BAD;
	skip_line(r);
	/* An open bracket or quote takes all the rest of the file along. */
	if (r->parser.token.kind == PY_END &&
	    (r->parser.lexer.depth || (is_open && line < r->parser.lexer.line)))
		py_reader_note(r, NULL, line,
			       "begins brackets or quotes that do not end");
}

/* A copy with Python's line ends, without a byte order mark. */
static char *normalize(struct py_module *module, const char *text, size_t *len)
{
	char *copy = py_copy(&module->arena, text, *len), *to = copy;
	const char *at = copy, *end = copy + *len;

	if (!copy)
		return NULL;
	if (*len >= 3 && memcmp(copy, "\xef\xbb\xbf", 3) == 0)
		at += 3;
	for (; at < end; at++) {
		if (*at == '\r' && at + 1 < end && at[1] == '\n')
			continue;
		*to++ = *at == '\r' ? '\n' : *at;
	}
	*to = '\0';
	*len = (size_t)(to - copy);
	return copy;
}

int py_module_read(struct py_module *module, const char *file, const char *text,
		   size_t len, struct errinfo *err)
{
	struct py_reader r = { .scope = { &module->arena, find_value },
			       .module = module };
	char *copy;

	if (len > PY_FILE_MAX)
		return errinfo_set(err, -E2BIG, "%s: longer than 1 MiB", file);
	if (!text_is_utf8(text, len))
		return errinfo_set(err, -EINVAL, "%s: not UTF-8", file);
	copy = normalize(module, text, &len);
	r.file = py_copy(&module->arena, file, strlen(file));
	if (!copy || !r.file)
		return errinfo_set(err, module->arena.error, "%s: too large",
				   file);
	r.parser.scope = &r.scope;
	py_lex_start(&r.parser.lexer, copy, len, 1, false);
	py_advance(&r.parser);
	while (r.parser.token.kind != PY_END && !module->arena.error)
		read_line(&r);
	if (module->arena.error)
		return errinfo_set(err, module->arena.error, "%s: %s", file,
				   module->arena.error == -E2BIG ?
					   "its values are too large" :
					   "out of memory");
	return 0;
}
