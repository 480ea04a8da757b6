/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Included before every file of the engine: each atomic operation tells where
 * in the sources it stands, and is itself as it was. (A macro's own name in its
 * body is no macro.)
 */
#ifndef TESTS_ORDER_SITES_H
#define TESTS_ORDER_SITES_H

#include "order.h"

void order_at(struct site *site);
void order_caller(struct site *site);
void *order_set(void *to, int byte, size_t bytes);
void *order_copy(void *to, const void *from, size_t bytes);

/* Before what follows changes the builtins that it uses */
#include "ground/atomic.h"

#define ORDER_SITE(text)						\
	(__extension__({						\
		static struct site site_here = {			\
			.function = __func__, .operand = (text),	\
			.file = __FILE__, .line = __LINE__,		\
		};							\
		&site_here;						\
	}))

/* Used in one function of atomic.h, for all: it is its caller that matters */
#define atomic_compare_swap(word, expected, desired)			\
	(order_at(ORDER_SITE(#word)),					\
	 atomic_compare_swap(word, expected, desired))

#define __atomic_load_n(p, order)					\
	(order_at(ORDER_SITE(#p)), __atomic_load_n(p, order))
#define __atomic_store_n(p, value, order)				\
	(order_at(ORDER_SITE(#p)), __atomic_store_n(p, value, order))
#define __atomic_exchange_n(p, value, order)				\
	(order_at(ORDER_SITE(#p)), __atomic_exchange_n(p, value, order))
#define __atomic_fetch_add(p, value, order)				\
	(order_at(ORDER_SITE(#p)), __atomic_fetch_add(p, value, order))
#define __atomic_fetch_and(p, value, order)				\
	(order_at(ORDER_SITE(#p)), __atomic_fetch_and(p, value, order))
#define __atomic_fetch_or(p, value, order)				\
	(order_at(ORDER_SITE(#p)), __atomic_fetch_or(p, value, order))
#define __atomic_compare_exchange_n(p, expected, value, weak, yes, no)	\
	(order_at(ORDER_SITE(#p)),					\
	 __atomic_compare_exchange_n(p, expected, value, weak, yes, no))

/* What would be done in place, unseen. Calls are renamed in the object */
#define __builtin_memset(to, byte, bytes)	order_set(to, byte, bytes)
#define __builtin_memcpy(to, from, bytes)	order_copy(to, from, bytes)

#endif /* TESTS_ORDER_SITES_H */
