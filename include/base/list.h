/* SPDX-License-Identifier: MIT */
/*
 * Intrusive doubly linked list: the link stands in the member itself, so a
 * member joins and leaves without memory. A list head is a link too.
 *
 *   struct list_link queue;
 *   list_init(&queue);
 *   list_push(&queue, &item->link);
 *   list_for_each (link, &queue)
 *           use(container_of(link, struct item, link));
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include <stdbool.h>

#include "macros.h"

struct list_link {
	struct list_link *next;
	struct list_link *prev;
};

static inline void list_init(struct list_link *link)
{
	link->next = link;
	link->prev = link;
}

static inline bool list_is_empty(const struct list_link *head)
{
	return head->next == head;
}

/* Puts link before head: at the end of the list that head heads. */
static inline void list_push(struct list_link *head, struct list_link *link)
{
	link->prev = head->prev;
	link->next = head;
	head->prev->next = link;
	head->prev = link;
}

/* Takes link out; removing a link that is in no list does nothing. */
static inline void list_remove(struct list_link *link)
{
	link->prev->next = link->next;
	link->next->prev = link->prev;
	list_init(link);
}

/* Takes the first link out, or returns NULL. */
static inline struct list_link *list_pop(struct list_link *head)
{
	struct list_link *link = head->next;

	if (link == head)
		return NULL;
	list_remove(link);
	return link;
}

/* Moves all of from to the end of to. */
static inline void list_splice(struct list_link *to, struct list_link *from)
{
	if (list_is_empty(from))
		return;
	from->next->prev = to->prev;
	to->prev->next = from->next;
	from->prev->next = to;
	to->prev = from->prev;
	list_init(from);
}

#define list_for_each(link, head)                                   \
	for (struct list_link *link = (head)->next; link != (head); \
	     link = link->next)

/* As list_for_each; link may be removed in the body. */
#define list_for_each_safe(link, head)                                   \
	for (struct list_link *link = (head)->next, *next_ = link->next; \
	     link != (head); link = next_, next_ = link->next)

#endif
