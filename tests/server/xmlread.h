/* SPDX-License-Identifier: MIT */
/* The XML that requests carry, as a tree of libxml2 without namespaces. */
#ifndef SERVER_XMLREAD_H
#define SERVER_XMLREAD_H

#include <libxml/tree.h>

struct request;

/*
 * The request's body; its root must be called name. NULL if it is not XML,
 * too long or something else. Free with xmlFreeDoc.
 */
xmlDocPtr xml_read(struct request *req, const char *name);

/* The first or the next child element of that name, or NULL. */
xmlNodePtr xml_child(xmlNodePtr parent, const char *name);
xmlNodePtr xml_next(xmlNodePtr node, const char *name);

/* Text of parent's child of that name in malloc'ed memory, or NULL. */
char *xml_text(xmlNodePtr parent, const char *name);

#endif
