/* SPDX-License-Identifier: MIT */
/* Assignments, and what changes lists and dicts; see py_module.h. */
#include <string.h>

#include "py_module.h"

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
	struct py_value *old = py_reader_value(&r->scope, name), *v;

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
	if (py_reader_mode(r) < PY_BLOCK_SKIPPED && py_reader_find(r, name))
		py_reader_bind(r, name,
			       py_unknown(&r->module->arena, "%s", reason),
			       line);
}

/* A change that only some branch makes is told of. */
static void tell_guard(struct py_reader *r, const char *name, unsigned line)
{
	const struct py_block *guard = py_reader_guard(r);

	if (guard)
		py_reader_note(r, name, line,
			       "an item of it is set under \"%s\" of line %u",
			       guard->text, guard->line);
}

/* Whether an earlier branch of an if around has set the item. */
static bool has_rival(const struct py_reader *r, const struct py_value *dict,
		      const struct py_value *key)
{
	for (size_t i = 0; i < dict->count; i++) {
		struct py_binding b = { .line = dict->keys[i]->line,
					.file = r->file };

		if (py_equal(dict->keys[i], key) == 1)
			return py_reader_rival(r, &b) != NULL;
	}
	return false;
}

/* NAME[key]... = value; the first bracket is in hand. */
static void read_item_assignment(struct py_reader *r, const char *name,
				 unsigned line)
{
	struct py_value *dict = py_reader_value(&r->scope, name), *key = NULL,
			*v;
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
	if (last && has_rival(r, last, key)) {
		py_reader_note(r, name, line,
			       "an item of it is left out: another branch has "
			       "set it");
	} else if (last && py_truth(key) >= 0) {
		py_put(&r->module->arena, last, key, v);
		tell_guard(r, name, line);
	} else {
		spoil(r, name, line, "an item of it is set");
	}
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
	struct py_value *self = py_reader_value(&r->scope, name), *v;
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
	    (v->kind == PY_DICT || call->keys[0])) {
		update(r, self, call);
		tell_guard(r, name, line);
	} else if (strcmp(method, "append") == 0 && self->kind == PY_LIST &&
		   call->count == 1 && py_reader_mode(r) == PY_BLOCK_TAKEN)
		py_add(&r->module->arena, self, v);
	else if (strcmp(method, "extend") == 0 && self->kind == PY_LIST &&
		 call->count == 1 && py_reader_mode(r) == PY_BLOCK_TAKEN)
		(void)augment(r, "+", self, v);
	else if (self->kind == PY_LIST || self->kind == PY_DICT ||
		 self->kind == PY_SET)
		spoil(r, name, line, "a method changes it");
}

void py_reader_assign(struct py_reader *r)
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
