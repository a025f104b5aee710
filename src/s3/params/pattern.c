/* SPDX-License-Identifier: MIT */
/*
 * Patterns of paths; see pattern.h. Where a star cannot go on, the last one
 * takes a character more: "*" up to a slash, then the last "**" one. Two
 * places to go back to are enough, as earlier stars gain nothing by it.
 */
#include "params/pattern.h"

#include <string.h>

struct glob {
	const char *pattern;
	const char *end;
	const char *p, *s;             /* what is still to be matched */
	const char *star_p, *star_s;   /* behind the last "*" */
	const char *stars_p, *stars_s; /* behind the last "**" */
	bool by_folder;                /* that one was followed by a slash */
};

/* Behind one character of UTF-8, or one byte of something else. */
static const char *glob_skip_char(const char *s, const char *end)
{
	const char *first = s++;

	while (s < end && s - first < 4 && ((unsigned char)*s & 0xc0) == 0x80)
		s++;
	return s;
}

/* "[a-z]" or "[!a-z]" at *p; moves behind it. Bytes, not characters. */
static bool glob_in_set(const char **p, unsigned char c)
{
	const char *set = *p + 1;
	bool is_inverse = *set == '!' || *set == '^';
	bool found = false;

	set += is_inverse ? 1 : 0;
	do {
		unsigned char low = (unsigned char)*set++, high = low;

		if (set[0] == '-' && set[1] && set[1] != ']') {
			high = (unsigned char)set[1];
			set += 2;
		}
		found = found || (c >= low && c <= high);
	} while (*set != ']');
	*p = set + 1;
	return found != is_inverse;
}

/* A "[" without its "]" is just that; a "]" may come first in a set. */
static bool glob_is_set(const char *p)
{
	if (*p++ != '[')
		return false;
	if (*p == '!' || *p == '^')
		p++;
	return *p && strchr(p + 1, ']');
}

/* One character of the path by one item of the pattern. */
static bool glob_step(struct glob *g)
{
	if (*g->p == '?' && *g->s != '/') {
		g->p++;
		g->s = glob_skip_char(g->s, g->end);
		return true;
	}
	if (glob_is_set(g->p) && *g->s != '/')
		return glob_in_set(&g->p, (unsigned char)*g->s++);
	return *g->p && *g->p++ == *g->s++;
}

/* Notes a star; whether there was one. */
static bool glob_take_star(struct glob *g)
{
	bool is_whole = g->p == g->pattern || g->p[-1] == '/';

	if (*g->p != '*')
		return false;
	if (g->p[1] != '*') {
		g->star_p = ++g->p;
		g->star_s = g->s;
		return true;
	}
	g->p += strspn(g->p, "*");
	g->by_folder = is_whole && *g->p == '/';
	if (g->by_folder)
		g->p++;
	g->stars_p = g->p;
	g->stars_s = g->s;
	g->star_p = NULL;
	return true;
}

/* The last star takes more; false if none can. */
static bool glob_go_back(struct glob *g)
{
	if (g->star_p && g->star_s < g->end && *g->star_s != '/') {
		g->s = ++g->star_s;
		g->p = g->star_p;
		return true;
	}
	if (!g->stars_p || g->stars_s == g->end)
		return false;
	if (g->by_folder) {
		g->stars_s =
			memchr(g->stars_s, '/', (size_t)(g->end - g->stars_s));
		if (!g->stars_s)
			return false;
	}
	g->s = ++g->stars_s;
	g->p = g->stars_p;
	g->star_p = NULL;
	return true;
}

/* A pattern that ends in a slash stands for all that begins so. */
static bool glob_match(const char *pattern, const char *s, const char *end)
{
	struct glob g = { .pattern = pattern, .end = end, .p = pattern, .s = s };

	for (;;) {
		if (glob_take_star(&g))
			continue;
		if (!*g.p && (g.s == end || (g.p > pattern && g.p[-1] == '/')))
			return true;
		if (g.s < end && glob_step(&g))
			continue;
		if (!glob_go_back(&g))
			return false;
	}
}

bool pattern_matches(const char *pattern, const char *path)
{
	const char *end = path + strlen(path), *plain = end, *base;

	while (plain > path && plain[-1] == '/')
		plain--;
	if (strchr(pattern, '/')) {
		pattern += pattern[0] == '/' ? 1 : 0;
		return !*pattern || glob_match(pattern, path, plain) ||
		       glob_match(pattern, path, end);
	}
	base = plain;
	while (base > path && base[-1] != '/')
		base--;
	return glob_match(pattern, base, plain);
}
