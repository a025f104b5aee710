/* SPDX-License-Identifier: MIT */
/*
 * if, try, for, with, def and class: which lines run, as far as that can be
 * told; see py_module.h.
 */
#include <string.h>

#include "py_atom.h"
#include "py_module.h"

enum py_block_kind py_reader_mode(const struct py_reader *r)
{
	enum py_block_kind mode = PY_BLOCK_TAKEN;

	for (size_t i = 0; i < r->block_count; i++)
		if (r->blocks[i].kind != PY_BLOCK_CLASS &&
		    r->blocks[i].kind > mode)
			mode = r->blocks[i].kind;
	return mode;
}

struct py_class *py_reader_class(const struct py_reader *r)
{
	for (size_t i = r->block_count; i-- > 0;)
		if (r->blocks[i].kind == PY_BLOCK_CLASS)
			return r->blocks[i].of;
	return NULL;
}

void py_reader_leave(struct py_reader *r, unsigned indent)
{
	r->ended.line = 0;
	while (r->block_count && r->blocks[r->block_count - 1].indent >= indent)
		r->ended = r->blocks[--r->block_count];
	if (r->ended.indent != indent)
		r->ended.line = 0;
}

/* Too many blocks: what is in them is not looked at. */
static void push(struct py_reader *r, const struct py_block *block)
{
	if (r->block_count < PY_BLOCKS_MAX)
		r->blocks[r->block_count++] = *block;
	else
		r->blocks[r->block_count - 1].kind = PY_BLOCK_HIDDEN;
}

/* The source from start to the token in hand, for people: 60 bytes. */
static const char *source(struct py_reader *r, const char *start)
{
	size_t len = (size_t)(r->parser.token.text - start);
	size_t line = strcspn(start, "\n");
	char *copy;

	if (len > line)
		len = line;
	if (len > 60)
		len = 60;
	while (len && ((start[len] & 0xc0) == 0x80 || start[len - 1] == ' '))
		len--;
	copy = py_copy(&r->module->arena, start, len);
	return copy ? copy : "";
}

/* Reads a condition up to its colon: 1, 0, or -1 if nobody knows. */
static int condition(struct py_reader *r, const char *start, const char **text)
{
	struct py_value *v = py_expression(&r->parser);
	int truth = v->env ? -1 : py_truth(v);

	*text = source(r, start);
	py_expect(&r->parser, ":");
	return r->parser.error ? -1 : truth;
}

static void decide(struct py_block *b, int truth)
{
	if (b->chain == PY_CHAIN_YES || truth == 0) {
		b->kind = PY_BLOCK_SKIPPED;
		return;
	}
	b->is_alternative = b->chain == PY_CHAIN_MAYBE;
	b->kind = truth == 1 && !b->is_alternative ? PY_BLOCK_TAKEN :
						     PY_BLOCK_GUARDED;
	b->chain = b->kind == PY_BLOCK_TAKEN ? PY_CHAIN_YES : PY_CHAIN_MAYBE;
}

/* if and elif; the word is taken. */
static void enter_if(struct py_reader *r, struct py_block *b, const char *start,
		     bool is_elif)
{
	int truth;

	if (is_elif) {
		b->chain = r->ended.chain;
		b->chain_line = r->ended.chain_line;
	}
	truth = condition(r, start, &b->text);
	b->if_text = is_elif ? r->ended.if_text : b->text;
	decide(b, truth);
}

/* else, except and finally; the word is taken. */
static void enter_rest(struct py_reader *r, struct py_block *b,
		       const char *start, bool is_else)
{
	while (!py_token_is(&r->parser.token, ":") &&
	       r->parser.token.kind != PY_NEWLINE &&
	       r->parser.token.kind != PY_END)
		py_advance(&r->parser);
	b->text = source(r, start);
	py_expect(&r->parser, ":");
	b->is_try = r->ended.is_try;
	b->chain_line = r->ended.chain_line;
	b->if_text = r->ended.if_text;
	if (is_else && !b->is_try) {
		b->chain = r->ended.chain;
		decide(b, 1);
	} else if (!is_else && *start == 'e') {
		b->kind = PY_BLOCK_GUARDED;
		b->is_alternative = true;
	}
}

/* To behind the colon of for, while, with, def; a colon may be in brackets. */
static void skip_header(struct py_reader *r)
{
	unsigned depth = r->parser.lexer.depth;

	while (r->parser.token.kind != PY_NEWLINE &&
	       r->parser.token.kind != PY_END &&
	       !(py_token_is(&r->parser.token, ":") &&
		 r->parser.lexer.depth == depth))
		py_advance(&r->parser);
	py_accept(&r->parser, ":");
}

/* A dotted name; NULL if there is none. */
static const char *read_dotted(struct py_reader *r)
{
	AUTO_BUF struct buf name = BUF_INIT(200);

	for (;;) {
		if (r->parser.token.kind != PY_WORD)
			return NULL;
		buf_add(&name, r->parser.token.text, r->parser.token.len);
		py_advance(&r->parser);
		if (!py_accept(&r->parser, "."))
			break;
		buf_add_char(&name, '.');
	}
	return py_copy(&r->module->arena, buf_str(&name), name.len);
}

static void add_base(struct py_reader *r, struct py_class *class)
{
	const char *base = read_dotted(r);
	const struct py_value *alias;

	if (!base || py_accept(&r->parser, "=")) {
		(void)py_expression(&r->parser); /* metaclass=... */
		return;
	}
	alias = r->scope.find(&r->scope, base);
	if (alias && alias->kind == PY_NAME)
		base = alias->text;
	if (class->base_count < PY_BASES_MAX)
		class->bases[class->base_count++] = base;
}

/* class NAME(BASES):; the word class is taken. */
static void enter_class(struct py_reader *r, struct py_block *b)
{
	struct py_class *class = py_alloc(&r->module->arena, sizeof(*class));
	char *name = py_reader_word(r);

	b->kind = PY_BLOCK_HIDDEN;
	if (!class || !name || py_reader_class(r)) {
		skip_header(r);
		return;
	}
	class->name = name;
	class->file = r->file;
	class->line = b->line;
	if (py_accept(&r->parser, "(")) {
		while (!r->parser.error &&
		       !py_token_is(&r->parser.token, ")")) {
			add_base(r, class);
			if (!py_accept(&r->parser, ","))
				break;
		}
		py_expect(&r->parser, ")");
	}
	py_expect(&r->parser, ":");
	b->kind = PY_BLOCK_CLASS;
	b->of = class;
	*r->module->last_class = class;
	r->module->last_class = &class->next;
}

/* def NAME(...):; a method is an attribute nobody can read. */
static void enter_def(struct py_reader *r, struct py_block *b)
{
	char *name = py_reader_word(r);

	if (name && py_reader_class(r))
		py_reader_bind(r, name,
			       py_unknown(&r->module->arena, "a method"),
			       b->line);
	skip_header(r);
	b->kind = PY_BLOCK_HIDDEN;
}

enum header {
	HEADER_IF,
	HEADER_ELIF,
	HEADER_ELSE,
	HEADER_TRY,
	HEADER_EXCEPT,
	HEADER_FINALLY,
	HEADER_LOOP,
	HEADER_WITH,
	HEADER_DEF,
	HEADER_CLASS,
	HEADER_NONE
};

static enum header find_header(const struct py_reader *r)
{
	static const struct {
		const char *word;
		enum header header;
	} headers[] = {
		{ "if", HEADER_IF },         { "elif", HEADER_ELIF },
		{ "else", HEADER_ELSE },     { "try", HEADER_TRY },
		{ "except", HEADER_EXCEPT }, { "finally", HEADER_FINALLY },
		{ "for", HEADER_LOOP },      { "while", HEADER_LOOP },
		{ "with", HEADER_WITH },     { "def", HEADER_DEF },
		{ "class", HEADER_CLASS },
	};
	struct py_parser ahead = r->parser;

	for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
		if (py_token_is(&r->parser.token, headers[i].word))
			return headers[i].header;
	/* match and case are words of their own elsewhere. */
	if (!py_token_is(&ahead.token, "match") &&
	    !py_token_is(&ahead.token, "case"))
		return HEADER_NONE;
	py_advance(&ahead);
	return ahead.token.kind == PY_OPERATOR ||
			       ahead.token.kind == PY_NEWLINE ?
		       HEADER_NONE :
		       HEADER_LOOP;
}

static void enter(struct py_reader *r, struct py_block *b, enum header header,
		  const char *start)
{
	switch (header) {
	case HEADER_IF:
	case HEADER_ELIF:
		enter_if(r, b, start, header == HEADER_ELIF);
		return;
	case HEADER_ELSE:
	case HEADER_EXCEPT:
	case HEADER_FINALLY:
		enter_rest(r, b, start, header == HEADER_ELSE);
		return;
	case HEADER_TRY:
		b->is_try = true;
		b->if_text = "try";
		break;
	case HEADER_LOOP:
		b->kind = PY_BLOCK_LOOP;
		break;
	case HEADER_DEF:
		enter_def(r, b);
		return;
	case HEADER_CLASS:
		enter_class(r, b);
		return;
	case HEADER_WITH:
	case HEADER_NONE:
		break;
	}
	skip_header(r);
}

bool py_reader_enter(struct py_reader *r)
{
	const char *start = r->parser.token.text;
	struct py_block block = { .indent = r->parser.token.indent,
				  .line = r->parser.token.line,
				  .chain_line = r->parser.token.line,
				  .text = "",
				  .if_text = "" };
	enum header header;

	if (py_token_is(&r->parser.token, "async"))
		py_advance(&r->parser);
	header = find_header(r);
	if (header == HEADER_NONE)
		return false;
	py_advance(&r->parser);
	enter(r, &block, header, start);
	push(r, &block);
	return true;
}
