/* SPDX-License-Identifier: MIT */
/* Reading the XML of requests; see xmlread.h. */
#include "xmlread.h"

#include <libxml/parser.h>
#include <string.h>

#include "request.h"

xmlDocPtr xml_read(struct request *req, const char *name)
{
	AUTO_BUF struct buf text = BUF_INIT(0);
	xmlNodePtr root;
	xmlDocPtr doc;

	if (request_body_text(req, &text) < 0 || text.len == 0)
		return NULL;
	doc = xmlReadMemory(text.data, (int)text.len, NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR |
				    XML_PARSE_NOWARNING);
	root = doc ? xmlDocGetRootElement(doc) : NULL;
	if (root && strcmp((const char *)root->name, name) == 0)
		return doc;
	xmlFreeDoc(doc);
	return NULL;
}

static xmlNodePtr first_named(xmlNodePtr node, const char *name)
{
	while (node && (node->type != XML_ELEMENT_NODE ||
			strcmp((const char *)node->name, name) != 0))
		node = node->next;
	return node;
}

xmlNodePtr xml_child(xmlNodePtr parent, const char *name)
{
	return first_named(parent->children, name);
}

xmlNodePtr xml_next(xmlNodePtr node, const char *name)
{
	return first_named(node->next, name);
}

char *xml_text(xmlNodePtr parent, const char *name)
{
	xmlNodePtr child = xml_child(parent, name);

	return child ? (char *)xmlNodeGetContent(child) : NULL;
}
