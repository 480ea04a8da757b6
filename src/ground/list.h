/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Doubly linked lists through a member of what is listed, as <sys/queue.h> has
 * them. All operations are O(1); none looks at the elements' other members.
 *
 *	struct thing { LINK(struct thing) link; ... };
 *
 *	first -> a <-> b <-> c		a list: the address of its first alone
 *	first -> a <-> b <-> c <- last	a deque: it is appended to, too
 *
 * The ends are NULL. Arguments are evaluated more than once.
 */
#ifndef MI_LIST_H
#define MI_LIST_H

#define LINK(type)	struct { type *next, *prev; }
#define DEQUE(type)	struct { type *first, *last; }

#define LIST_PUSH(list, element, link)					\
	do {								\
		(element)->link.prev = NULL;				\
		(element)->link.next = (list);				\
		if ((element)->link.next != NULL)			\
			(element)->link.next->link.prev = (element);	\
		(list) = (element);					\
	} while (0)

#define LIST_REMOVE(list, element, link)				\
	do {								\
		if ((element)->link.prev != NULL)			\
			(element)->link.prev->link.next =		\
				(element)->link.next;			\
		else							\
			(list) = (element)->link.next;			\
		if ((element)->link.next != NULL)			\
			(element)->link.next->link.prev =		\
				(element)->link.prev;			\
	} while (0)

/* What was listed has moved to `element`, its link with it */
#define LIST_RELINK(list, element, link)				\
	do {								\
		if ((element)->link.prev != NULL)			\
			(element)->link.prev->link.next = (element);	\
		else							\
			(list) = (element);				\
		if ((element)->link.next != NULL)			\
			(element)->link.next->link.prev = (element);	\
	} while (0)

#define DEQUE_PREPEND(deque, element, link)				\
	do {								\
		(element)->link.prev = NULL;				\
		(element)->link.next = (deque)->first;			\
		if ((element)->link.next != NULL)			\
			(element)->link.next->link.prev = (element);	\
		else							\
			(deque)->last = (element);			\
		(deque)->first = (element);				\
	} while (0)

#define DEQUE_APPEND(deque, element, link)				\
	do {								\
		(element)->link.next = NULL;				\
		(element)->link.prev = (deque)->last;			\
		if ((deque)->last != NULL)				\
			(deque)->last->link.next = (element);		\
		else							\
			(deque)->first = (element);			\
		(deque)->last = (element);				\
	} while (0)

/* `element` comes before `other`, which is listed */
#define DEQUE_INSERT_BEFORE(deque, other, element, link)		\
	do {								\
		(element)->link.next = (other);				\
		(element)->link.prev = (other)->link.prev;		\
		(other)->link.prev = (element);				\
		if ((element)->link.prev != NULL)			\
			(element)->link.prev->link.next = (element);	\
		else							\
			(deque)->first = (element);			\
	} while (0)

#define DEQUE_INSERT_BEHIND(deque, other, element, link)		\
	do {								\
		(element)->link.prev = (other);				\
		(element)->link.next = (other)->link.next;		\
		(other)->link.next = (element);				\
		if ((element)->link.next != NULL)			\
			(element)->link.next->link.prev = (element);	\
		else							\
			(deque)->last = (element);			\
	} while (0)

#define DEQUE_REMOVE(deque, element, link)				\
	do {								\
		if ((element)->link.prev != NULL)			\
			(element)->link.prev->link.next =		\
				(element)->link.next;			\
		else							\
			(deque)->first = (element)->link.next;		\
		if ((element)->link.next != NULL)			\
			(element)->link.next->link.prev =		\
				(element)->link.prev;			\
		else							\
			(deque)->last = (element)->link.prev;		\
	} while (0)

/* What was listed has moved to `element`, its link with it */
#define DEQUE_RELINK(deque, element, link)				\
	do {								\
		if ((element)->link.prev != NULL)			\
			(element)->link.prev->link.next = (element);	\
		else							\
			(deque)->first = (element);			\
		if ((element)->link.next != NULL)			\
			(element)->link.next->link.prev = (element);	\
		else							\
			(deque)->last = (element);			\
	} while (0)

#endif /* MI_LIST_H */
