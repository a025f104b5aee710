/* SPDX-License-Identifier: MIT */
/* What the files of a py_module share while they are read; see py_read.h. */
#ifndef PY_MODULE_H
#define PY_MODULE_H

#include "py_expr.h"
#include "py_read.h"
#include "strmap.h"

struct py_module {
	struct py_arena arena;
	struct strmap names; /* to bindings */
	struct py_binding *bindings, **last_binding;
	struct py_class *classes, **last_class;
	struct py_note *notes, **last_note;
};

enum py_block_kind {
	PY_BLOCK_TAKEN,
	PY_BLOCK_GUARDED, /* nobody knows whether it runs */
	PY_BLOCK_LOOP,    /* what it assigns is not known */
	PY_BLOCK_SKIPPED, /* it does not run */
	PY_BLOCK_HIDDEN,  /* a function: its names are its own */
	PY_BLOCK_CLASS
};

/* How far an if with its elifs has come. */
enum py_chain {
	PY_CHAIN_NO,    /* no branch has run so far */
	PY_CHAIN_MAYBE, /* one may have */
	PY_CHAIN_YES    /* one has */
};

struct py_block {
	enum py_block_kind kind;
	enum py_chain chain;
	bool is_try;
	bool is_alternative; /* to a branch that was taken before */
	unsigned indent;     /* of its header */
	unsigned line;       /* of its header */
	unsigned chain_line; /* of the if or try it belongs to */
	const char *text;    /* its header, for people */
	const char *if_text; /* that of the if it belongs to */
	struct py_class *of; /* of a class */
};

#define PY_BLOCKS_MAX 40

/* One file being read. */
struct py_reader {
	struct py_scope scope; /* first: the scope's function finds the rest */
	struct py_module *module;
	const char *file;
	struct py_parser parser;
	struct py_block blocks[PY_BLOCKS_MAX];
	size_t block_count;
	struct py_block ended; /* the last that was left; line 0: none */
};

/* What the blocks around the statement in hand make of it. */
enum py_block_kind py_reader_mode(const struct py_reader *r);

/* The class whose body the statement in hand stands in, or NULL. */
struct py_class *py_reader_class(const struct py_reader *r);

/* Leaves the blocks that a line with so many blanks before it ends. */
void py_reader_leave(struct py_reader *r, unsigned indent);

/*
 * The header whose first word is in hand, if it is one: enters its block,
 * with what stands behind the colon in hand. Returns whether it was.
 */
bool py_reader_enter(struct py_reader *r);

/* Name = value, as the blocks around allow it. */
void py_reader_bind(struct py_reader *r, const char *name,
		    struct py_value *value, unsigned line);

/* What name is in the scope in hand, or NULL: the scope's function. */
struct py_value *py_reader_value(const struct py_scope *scope,
				 const char *name);

/* Its binding in the class or, outside of classes, the module. */
struct py_binding *py_reader_find(const struct py_reader *r, const char *name);

/* The innermost block that nobody knows to run, or NULL. */
const struct py_block *py_reader_guard(const struct py_reader *r);

/* The block around that is an alternative to where b was set, or NULL. */
const struct py_block *py_reader_rival(const struct py_reader *r,
				       const struct py_binding *b);

/* The statement that begins with the name in hand, if it assigns. */
void py_reader_assign(struct py_reader *r);

/* The word in hand as a text in the arena; NULL if it is no word. */
char *py_reader_word(struct py_reader *r);

/* name may be NULL. */
void py_reader_note(struct py_reader *r, const char *name, unsigned line,
		    const char *fmt, ...) PRINTF_LIKE(4, 5);

#endif
