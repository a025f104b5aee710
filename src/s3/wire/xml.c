/* SPDX-License-Identifier: MIT */
/* XML by libxml2's SAX2 push parser; see xml.h. */
#include "wire/xml.h"

#include <libxml/parser.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct xml {
	const struct xml_reader *reader;
	void *arg;
	xmlParserCtxtPtr parser;
	struct buf text;
	unsigned depth;
	bool is_leaf; /* no child was seen since the last start */
	int error;
};

static void xml_stop(struct xml *x, int error)
{
	if (!x->error)
		x->error = error;
	xmlStopParser(x->parser);
}

/* libxml2 wants them all. NOLINTNEXTLINE(readability-function-size) */
static void xml_on_start(void *arg, const xmlChar *name, const xmlChar *prefix,
			 const xmlChar *uri, int namespace_count,
			 const xmlChar **namespaces, int attribute_count,
			 int default_count, const xmlChar **attributes)
{
	struct xml *x = arg;
	int rc = 0;

	if (x->error)
		return;
	if (++x->depth > XML_DEPTH_MAX) {
		xml_stop(x, -EBADMSG);
		return;
	}
	x->is_leaf = true;
	buf_clear(&x->text);
	if (x->reader->open)
		rc = x->reader->open(x->arg, x->depth, (const char *)name);
	if (rc < 0)
		xml_stop(x, rc);
}

static void xml_on_end(void *arg, const xmlChar *name, const xmlChar *prefix,
		       const xmlChar *uri)
{
	struct xml *x = arg;
	int rc;

	if (x->error)
		return;
	if (!x->is_leaf)
		buf_clear(&x->text);
	rc = x->reader->close(x->arg, x->depth, (const char *)name,
			      buf_str(&x->text), x->text.len);
	if (rc < 0)
		xml_stop(x, rc);
	x->depth--;
	x->is_leaf = false;
}

static void xml_on_text(void *arg, const xmlChar *text, int len)
{
	struct xml *x = arg;

	if (x->error || !x->is_leaf)
		return;
	buf_add(&x->text, text, (size_t)len);
	if (x->text.error)
		xml_stop(x,
			 x->text.error == -EMSGSIZE ? -EBADMSG : x->text.error);
}

static void xml_on_doctype(void *arg, const xmlChar *name,
			   const xmlChar *public_id, const xmlChar *system_id)
{
	xml_stop(arg, -EBADMSG);
}

static int xml_feed(struct xml *x, const char *data, size_t len)
{
	int rc;

	xmlCtxtUseOptions(x->parser, XML_PARSE_NONET | XML_PARSE_NOERROR |
					     XML_PARSE_NOWARNING);
	rc = xmlParseChunk(x->parser, data, (int)len, 1);
	if (x->error)
		return x->error;
	if (rc == XML_ERR_NO_MEMORY)
		return -ENOMEM;
	return rc == XML_ERR_OK && x->parser->wellFormed ? 0 : -EBADMSG;
}

static bool xml_is_allowed(unsigned long c)
{
	return c >= 0x20 || c == '\t' || c == '\n' || c == '\r';
}

/* "&#1;" or "&#x1F;" at p: its length if it means what XML forbids, or 0. */
static size_t xml_bad_reference(const char *p)
{
	const char *digits = p + (p[0] && p[1] && p[2] == 'x' ? 3 : 2);
	char *end;
	unsigned long c;

	if (p[0] != '&' || p[1] != '#' ||
	    !strchr("0123456789abcdefABCDEF", *digits))
		return 0;
	c = strtoul(digits, &end, p[2] == 'x' ? 16 : 10);
	return *end == ';' && !xml_is_allowed(c) ? (size_t)(end + 1 - p) : 0;
}

static char *xml_soften(const char *data, size_t len)
{
	char *copy = malloc(len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, data, len);
	copy[len] = '\0';
	for (size_t i = 0; i < len; i++) {
		size_t bad = xml_bad_reference(copy + i);

		if (bad > 0)
			memset(copy + i, '?', bad);
		else if (!xml_is_allowed((unsigned char)copy[i]))
			copy[i] = '?';
	}
	return copy;
}

static int xml_parse_text(const char *data, size_t len,
			  const struct xml_reader *reader, void *arg)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	xmlSAXHandler sax = {
		.initialized = XML_SAX2_MAGIC,
		.startElementNs = xml_on_start,
		.endElementNs = xml_on_end,
		.characters = xml_on_text,
		.cdataBlock = xml_on_text,
		.internalSubset = xml_on_doctype,
	};
	struct xml x = { .reader = reader, .arg = arg };
	int rc;

	pthread_once(&once, xmlInitParser);
	x.text.max = reader->text_max ? reader->text_max : XML_TEXT_MAX;
	x.parser = xmlCreatePushParserCtxt(&sax, &x, NULL, 0, NULL);
	if (!x.parser)
		return -ENOMEM;
	rc = xml_feed(&x, data, len);
	xmlFreeParserCtxt(x.parser);
	buf_release(&x.text);
	return rc;
}

int xml_parse(const void *data, size_t len, const struct xml_reader *reader,
	      void *arg)
{
	AUTO_FREE char *soft = NULL;

	if (len == 0 || len > INT_MAX)
		return -EBADMSG;
	if (reader->is_lenient) {
		soft = xml_soften(data, len);
		if (!soft)
			return -ENOMEM;
	}
	return xml_parse_text(soft ? soft : data, len, reader, arg);
}

struct field_search {
	const char *root;
	const struct xml_field *fields;
	size_t count;
};

static int field_open(void *arg, unsigned depth, const char *name)
{
	const struct field_search *s = arg;

	return depth == 1 && strcmp(name, s->root) != 0 ? -EBADMSG : 0;
}

static int field_close(void *arg, unsigned depth, const char *name,
		       const char *text, size_t len)
{
	const struct field_search *s = arg;

	for (size_t i = 0; depth == 2 && i < s->count; i++) {
		const struct xml_field *f = &s->fields[i];

		if (strcmp(name, f->name) != 0)
			continue;
		if (len >= f->room) {
			if (!f->may_cut)
				return -EBADMSG;
			len = f->room - 1;
		}
		memcpy(f->to, text, len);
		f->to[len] = '\0';
	}
	return 0;
}

int xml_read_fields(const struct buf *body, const char *root,
		    const struct xml_field *fields, size_t count)
{
	const struct xml_reader reader = {
		.open = field_open,
		.close = field_close,
		.text_max = body->len,
		.is_lenient = true,
	};
	struct field_search search = { root, fields, count };

	for (size_t i = 0; i < count; i++)
		fields[i].to[0] = '\0';
	return xml_parse(body->data, body->len, &reader, &search);
}

bool xml_can_carry(const char *text)
{
	if (!text_is_utf8(text, strlen(text)))
		return false;
	for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
		if (*p < 0x20 && *p != '\t' && *p != '\n' && *p != '\r')
			return false;
		if (p[0] == 0xef && p[1] == 0xbf && p[2] >= 0xbe)
			return false; /* U+FFFE, U+FFFF */
	}
	return true;
}

int xml_escape(struct buf *out, const char *text)
{
	if (!xml_can_carry(text))
		return -EILSEQ;
	for (const char *p = text; *p; p++) {
		switch (*p) {
		case '&':
			buf_add_str(out, "&amp;");
			break;
		case '<':
			buf_add_str(out, "&lt;");
			break;
		case '>':
			buf_add_str(out, "&gt;");
			break;
		case '\t':
		case '\n':
		case '\r':
			/* Written plainly, a reader may change them. */
			buf_add_fmt(out, "&#%d;", *p);
			break;
		default:
			buf_add_char(out, *p);
		}
	}
	return out->error;
}
