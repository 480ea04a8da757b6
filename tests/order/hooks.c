/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the compiler calls for each access where it is told -fsanitize=thread,
 * in place of ThreadSanitizer's own library; and where atomic operations stand.
 */
#include <stdio.h>
#include <string.h>

#include "order.h"

struct site *sites;

static struct site *site_here;
static const char *weak_lines;

/* ---- sites ---- */

const char *hooks_half(unsigned int flag)
{
	return flag == SITE_ACQUIRE ? "acquire" :
	       flag == SITE_RELEASE ? "release" : "failure";
}

void hooks_read_weak(const char *lines)
{
	weak_lines = lines;
}

/* Whether `WEAK` has a line for it */
static bool half_is_weak(const struct site *site, unsigned int half)
{
	const char *line = weak_lines;
	char own[200];
	size_t bytes;

	bytes = (size_t)snprintf(own, sizeof(own), "%s %s %s", site->function,
				 site->operand, hooks_half(half));
	for (; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, own, bytes) == 0 &&
		    (line[bytes] == '\n' || !line[bytes]))
			return true;
	}
	return false;
}

void order_at(struct site *site)
{
	unsigned int half;

	if (!site->known) {
		site->known = true;
		for (half = SITE_ACQUIRE; half <= SITE_FAILURE; half <<= 1)
			if (half_is_weak(site, half))
				site->weak |= (unsigned char)half;
		site->next = sites;
		sites = site;
	}
	/* that of the caller of atomic.h's function is there already */
	if (strcmp(site->function, "atomic_compare_swap") != 0)
		site_here = site;
}

/* ---- plain accesses ---- */

#define PC	((uintptr_t)__builtin_return_address(0))

#define ACCESS(bytes)							\
	void __tsan_read##bytes(void *p);				\
	void __tsan_read##bytes(void *p)				\
	{								\
		races_access((uintptr_t)p, (bytes), false, PC);		\
	}								\
	void __tsan_write##bytes(void *p);				\
	void __tsan_write##bytes(void *p)				\
	{								\
		races_access((uintptr_t)p, (bytes), true, PC);		\
	}								\
	void __tsan_unaligned_read##bytes(void *p);			\
	void __tsan_unaligned_read##bytes(void *p)			\
	{								\
		races_access((uintptr_t)p, (bytes), false, PC);		\
	}								\
	void __tsan_unaligned_write##bytes(void *p);			\
	void __tsan_unaligned_write##bytes(void *p)			\
	{								\
		races_access((uintptr_t)p, (bytes), true, PC);		\
	}

ACCESS(1)
ACCESS(2)
ACCESS(4)
ACCESS(8)
ACCESS(16)

void __tsan_init(void);
void __tsan_init(void)
{
}

void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void);
void __tsan_func_exit(void)
{
}

void __tsan_read_range(void *p, size_t bytes);
void __tsan_read_range(void *p, size_t bytes)
{
	races_access((uintptr_t)p, bytes, false, PC);
}

void __tsan_write_range(void *p, size_t bytes);
void __tsan_write_range(void *p, size_t bytes)
{
	races_access((uintptr_t)p, bytes, true, PC);
}

void *order_set(void *to, int byte, size_t bytes);
void *order_set(void *to, int byte, size_t bytes)
{
	races_access((uintptr_t)to, bytes, true, PC);
	return memset(to, byte, bytes);
}

void *order_copy(void *to, const void *from, size_t bytes);
void *order_copy(void *to, const void *from, size_t bytes)
{
	races_access((uintptr_t)from, bytes, false, PC);
	races_access((uintptr_t)to, bytes, true, PC);
	return memcpy(to, from, bytes);
}

/* ---- atomic operations ---- */

static bool acquires(int order)
{
	return order == __ATOMIC_ACQUIRE || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST || order == __ATOMIC_CONSUME;
}

static bool releases(int order)
{
	return order == __ATOMIC_RELEASE || order == __ATOMIC_ACQ_REL ||
	       order == __ATOMIC_SEQ_CST;
}

static uint64_t perform(struct operation *operation, int order, int failure)
{
	static struct site unknown = { .function = "?", .operand = "?" };
	struct site *site = site_here ? site_here : &unknown;
	unsigned int weak = site->weak;
	bool reads = operation->kind != KIND_WRITE;
	bool writes = operation->kind != KIND_READ;

	site_here = NULL;
	operation->site = site;
	operation->acquire = reads && acquires(order);
	operation->release = writes && releases(order);
	operation->acquire_on_failure = operation->kind == KIND_COMPARE &&
					acquires(failure);
	site->has |= (unsigned char)
		((operation->acquire ? SITE_ACQUIRE : 0) |
		 (operation->release ? SITE_RELEASE : 0) |
		 (operation->acquire_on_failure ? SITE_FAILURE : 0));
	operation->acquire &= !(weak & SITE_ACQUIRE);
	operation->release &= !(weak & SITE_RELEASE);
	operation->acquire_on_failure &= !(weak & SITE_FAILURE);
	return explore_operation(operation);
}

/* While nobody else runs, and of what is not explored */
static bool is_plain(const volatile void *p, bool write)
{
	if (exploring && !order_is_ignored((uintptr_t)p))
		return false;
	site_here = NULL;
	if (write)
		races_save((uintptr_t)p);
	return true;
}

#define ATOMIC(bits, type)						\
	type __tsan_atomic##bits##_load(const volatile type *p, int order);\
	type __tsan_atomic##bits##_load(const volatile type *p, int order)\
	{								\
		struct operation operation = {				\
			.kind = KIND_READ, .address = (uintptr_t)p,	\
			.bytes = sizeof(type), .pc = PC,		\
		};							\
									\
		return is_plain(p, false) ? *p :			\
		       (type)perform(&operation, order, 0);		\
	}								\
	void __tsan_atomic##bits##_store(volatile type *p, type value,	\
					 int order);			\
	void __tsan_atomic##bits##_store(volatile type *p, type value,	\
					 int order)			\
	{								\
		struct operation operation = {				\
			.kind = KIND_WRITE, .address = (uintptr_t)p,	\
			.bytes = sizeof(type), .value = value, .pc = PC,\
		};							\
									\
		if (is_plain(p, true))					\
			*p = value;					\
		else							\
			(void)perform(&operation, order, 0);		\
	}								\
	type __tsan_atomic##bits##_exchange(volatile type *p, type value,\
					    int order);			\
	type __tsan_atomic##bits##_exchange(volatile type *p, type value,\
					    int order)			\
	{								\
		struct operation operation = {				\
			.kind = KIND_UPDATE, .address = (uintptr_t)p,	\
			.bytes = sizeof(type), .value = value, .pc = PC,\
		};							\
		type before = *p;					\
									\
		if (!is_plain(p, true))					\
			return (type)perform(&operation, order, 0);	\
		*p = value;						\
		return before;						\
	}								\
	type __tsan_atomic##bits##_fetch_add(volatile type *p, type value,\
					     int order);		\
	type __tsan_atomic##bits##_fetch_add(volatile type *p, type value,\
					     int order)			\
	{								\
		struct operation operation = {				\
			.kind = KIND_UPDATE, .address = (uintptr_t)p,	\
			.bytes = sizeof(type), .value = value, .pc = PC,\
			.adds = true,					\
		};							\
		type before = *p;					\
									\
		if (!is_plain(p, true))					\
			return (type)perform(&operation, order, 0);	\
		*p = (type)(before + value);				\
		return before;						\
	}								\
	type __tsan_atomic##bits##_compare_exchange_val(		\
		volatile type *p, type expected, type value,		\
		int order, int failure);				\
	type __tsan_atomic##bits##_compare_exchange_val(		\
		volatile type *p, type expected, type value,		\
		int order, int failure)					\
	{								\
		struct operation operation = {				\
			.kind = KIND_COMPARE, .address = (uintptr_t)p,	\
			.bytes = sizeof(type), .value = value,		\
			.expected = expected, .pc = PC,			\
		};							\
		type before = *p;					\
									\
		if (!is_plain(p, true))					\
			return (type)perform(&operation, order, failure);\
		if (before == expected)					\
			*p = value;					\
		return before;						\
	}								\
	bool __tsan_atomic##bits##_compare_exchange_strong(		\
		volatile type *p, type *expected, type value,		\
		int order, int failure);				\
	bool __tsan_atomic##bits##_compare_exchange_strong(		\
		volatile type *p, type *expected, type value,		\
		int order, int failure)					\
	{								\
		type wanted = *expected;				\
									\
		*expected = __tsan_atomic##bits##_compare_exchange_val(	\
			p, wanted, value, order, failure);		\
		return *expected == wanted;				\
	}								\
	bool __tsan_atomic##bits##_compare_exchange_weak(		\
		volatile type *p, type *expected, type value,		\
		int order, int failure);				\
	bool __tsan_atomic##bits##_compare_exchange_weak(		\
		volatile type *p, type *expected, type value,		\
		int order, int failure)					\
	{								\
		return __tsan_atomic##bits##_compare_exchange_strong(	\
			p, expected, value, order, failure);		\
	}

ATOMIC(8, uint8_t)
ATOMIC(16, uint16_t)
ATOMIC(32, uint32_t)
ATOMIC(64, uint64_t)
