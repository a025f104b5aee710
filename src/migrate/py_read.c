/* SPDX-License-Identifier: MIT */
/* The lines of a settings file; see py_read.h. */
#include "py_read.h"

#include <ctype.h>
#include <string.h>

#include "py_module.h"
#include "text.h"

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
	if (is_constant(name) &&
	    !py_reader_value(&r->scope, alias ? alias : name))
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
		py_reader_assign(r);
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
	struct py_reader r = { .scope = { &module->arena, py_reader_value },
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
