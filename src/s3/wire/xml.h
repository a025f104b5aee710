/* SPDX-License-Identifier: MIT */
/*
 * Reads an XML answer by events, with limits: libxml2's SAX2 push parser,
 * no network, no DTD (any DOCTYPE ends the parse, which settles entity bombs
 * and external entities), bounded depth and text. Any thread.
 */
#ifndef S3_XML_H
#define S3_XML_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "macros.h"

#define XML_DEPTH_MAX 16   /* S3's answers have 4 levels */
#define XML_TEXT_MAX  4096 /* a key of 1,024 bytes in url form is 3,072 */

/*
 * depth is 1 for the root. Names come without their namespace prefix. text
 * ends in a NUL that len does not count, and is "" for an element that has
 * children. A negative errno ends the parse with it.
 */
struct xml_reader {
	int (*open)(void *arg, unsigned depth, const char *name); /* or NULL */
	int (*close)(void *arg, unsigned depth, const char *name,
		     const char *text, size_t len);
	size_t text_max; /* 0: XML_TEXT_MAX */
	/*
	 * Control characters are read as "?". Servers repeat the key in many
	 * an answer, and XML 1.0 has no way to write all keys. Not where the
	 * key matters.
	 */
	bool is_lenient;
};

/*
 * Returns 0, -EBADMSG (not well-formed, cut off, a DOCTYPE, a limit),
 * -ENOMEM, or what a callback gave.
 */
MUST_USE int xml_parse(const void *data, size_t len,
		       const struct xml_reader *reader, void *arg);

/* One text to be found right below the root. */
struct xml_field {
	const char *name;
	char *to; /* gets "" if there is none */
	size_t room;
	bool may_cut; /* a longer text is cut; else it is -EBADMSG */
};

/* As xml_parse, for flat answers. Another root than root is -EBADMSG. */
MUST_USE int xml_read_fields(const struct buf *body, const char *root,
			     const struct xml_field *fields, size_t count);

/*
 * Appends text escaped for element content. Returns 0, or -EILSEQ (and out
 * is as before) if XML 1.0 cannot carry it: not UTF-8, control characters
 * but tab, line feed and return, U+FFFE and U+FFFF.
 */
MUST_USE int xml_escape(struct buf *out, const char *text);

/* Whether xml_escape can. */
bool xml_can_carry(const char *text);

#endif
