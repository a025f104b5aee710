/* SPDX-License-Identifier: MIT */
/* The query of a request, encoded; see query.h. */
#include "wire/query.h"

#include <string.h>

#include "text.h"

/* A param as it stands, encoded, in the text of all of them. */
struct encoded {
	const char *name;
	const char *value;
};

void query_add(struct query *q, const char *name, const char *value)
{
	if (q->count == QUERY_MAX) {
		q->error = -E2BIG;
		return;
	}
	q->params[q->count].name = name;
	q->params[q->count++].value = value;
}

static void query_encode(struct buf *out, const char *s)
{
	text_percent_encode(out, s, strlen(s), false);
}

void query_write(const struct query *q, struct buf *out)
{
	for (size_t i = 0; i < q->count; i++) {
		const struct query_param *p = &q->params[i];

		buf_add_char(out, i == 0 ? '?' : '&');
		query_encode(out, p->name);
		if (!p->value)
			continue;
		buf_add_char(out, '=');
		query_encode(out, p->value);
	}
	if (q->error && !out->error)
		out->error = q->error;
}

static int query_compare(const void *a, const void *b)
{
	const struct encoded *x = a, *y = b;
	int order = strcmp(x->name, y->name);

	return order ? order : strcmp(x->value, y->value);
}

void query_write_canonical(const struct query *q, struct buf *out)
{
	struct buf AUTO_BUF texts = BUF_INIT(out->max);
	struct encoded params[QUERY_MAX];
	const char *at;

	for (size_t i = 0; i < q->count; i++) {
		const struct query_param *p = &q->params[i];

		query_encode(&texts, p->name);
		buf_add_char(&texts, '\0');
		query_encode(&texts, p->value ? p->value : "");
		buf_add_char(&texts, '\0');
	}
	if (!out->error)
		out->error = q->error ? q->error : texts.error;
	if (out->error)
		return;
	at = buf_str(&texts);
	for (size_t i = 0; i < q->count; i++) {
		params[i].name = at;
		at += strlen(at) + 1;
		params[i].value = at;
		at += strlen(at) + 1;
	}
	if (q->count)
		qsort(params, q->count, sizeof(params[0]), query_compare);
	for (size_t i = 0; i < q->count; i++) {
		buf_add_fmt(out, "%s%s=%s", i == 0 ? "" : "&", params[i].name,
			    params[i].value);
	}
}
