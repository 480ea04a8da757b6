/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Atomic operations on words, on compiler builtins (no <stdatomic.h> under
 * Unikraft's musl). With MI_CONCURRENT 0 they are plain reads and
 * writes.
 *
 * Orders are those of C11, and beside each operation stands why its order is
 * enough on a machine that reorders. Relaxed is what decides nothing by itself,
 * or is decided again by a swap of the same word. All swaps are both acquire
 * and release: on x86-64 each is, and one kind is easier to argue with. Which
 * halves are needed tests/order/check.sh lists, and shows for each that the
 * protocol breaks without it.
 */
#ifndef MI_ATOMIC_H
#define MI_ATOMIC_H

#include "ground/config.h"

#if defined(__SANITIZE_THREAD__)
#define MI_TSAN		1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define MI_TSAN		1
#endif
#endif
#ifndef MI_TSAN
#define MI_TSAN		0
#endif

#if MI_CONCURRENT

/*
 * A volatile read of an aligned word is a single load, too, and gcc gives it
 * an offset: of an atomic read it computes the address before on aarch64.
 */
#if defined(__aarch64__) && !MI_TSAN
#define atomic_read(p)		(*(const volatile __typeof__(*(p)) *)(p))
#else
#define atomic_read(p)		__atomic_load_n((p), __ATOMIC_RELAXED)
#endif
#define atomic_read_acquire(p)	__atomic_load_n((p), __ATOMIC_ACQUIRE)
#define atomic_write(p, v)	__atomic_store_n((p), (v), __ATOMIC_RELAXED)
#define atomic_write_release(p, v) \
	__atomic_store_n((p), (v), __ATOMIC_RELEASE)
#define atomic_swap(p, v)	__atomic_exchange_n((p), (v), __ATOMIC_ACQ_REL)
#define atomic_add(p, v)	__atomic_fetch_add((p), (v), __ATOMIC_RELAXED)

/* On failure `*expected` is what was found */
static inline bool atomic_compare_swap(uintptr_t *word, uintptr_t *expected,
				       uintptr_t desired)
{
	return __atomic_compare_exchange_n(word, expected, desired, true,
					   __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

#else /* !MI_CONCURRENT */

#define atomic_read(p)			(*(p))
#define atomic_read_acquire(p)		(*(p))
#define atomic_write(p, v)		((void)(*(p) = (v)))
#define atomic_write_release(p, v)	((void)(*(p) = (v)))
#define atomic_add(p, v)		((*(p) += (v)) - (v))

static inline uintptr_t atomic_swap(uintptr_t *word, uintptr_t desired)
{
	uintptr_t before = *word;

	*word = desired;
	return before;
}

static inline bool atomic_compare_swap(uintptr_t *word, uintptr_t *expected,
				       uintptr_t desired)
{
	(void)expected;
	*word = desired;
	return true;
}

#endif /* MI_CONCURRENT */

#endif /* MI_ATOMIC_H */
