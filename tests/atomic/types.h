/* SPDX-License-Identifier: BSD-3-Clause */
/* 7.17.6: each atomic type and its direct type, as the C library has it */
#ifndef TYPES_H
#define TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <uchar.h>
#include <wchar.h>

#include <stdatomic.h>

#ifndef _MI_STDATOMIC_H
#error "this is another <stdatomic.h> than the one to be tested"
#endif

#define TYPES_BUT_BOOL(X) \
	X(atomic_char, char) \
	X(atomic_schar, signed char) \
	X(atomic_uchar, unsigned char) \
	X(atomic_short, short) \
	X(atomic_ushort, unsigned short) \
	X(atomic_int, int) \
	X(atomic_uint, unsigned int) \
	X(atomic_long, long) \
	X(atomic_ulong, unsigned long) \
	X(atomic_llong, long long) \
	X(atomic_ullong, unsigned long long) \
	X(atomic_char16_t, char16_t) \
	X(atomic_char32_t, char32_t) \
	X(atomic_wchar_t, wchar_t) \
	X(atomic_int_least8_t, int_least8_t) \
	X(atomic_uint_least8_t, uint_least8_t) \
	X(atomic_int_least16_t, int_least16_t) \
	X(atomic_uint_least16_t, uint_least16_t) \
	X(atomic_int_least32_t, int_least32_t) \
	X(atomic_uint_least32_t, uint_least32_t) \
	X(atomic_int_least64_t, int_least64_t) \
	X(atomic_uint_least64_t, uint_least64_t) \
	X(atomic_int_fast8_t, int_fast8_t) \
	X(atomic_uint_fast8_t, uint_fast8_t) \
	X(atomic_int_fast16_t, int_fast16_t) \
	X(atomic_uint_fast16_t, uint_fast16_t) \
	X(atomic_int_fast32_t, int_fast32_t) \
	X(atomic_uint_fast32_t, uint_fast32_t) \
	X(atomic_int_fast64_t, int_fast64_t) \
	X(atomic_uint_fast64_t, uint_fast64_t) \
	X(atomic_intptr_t, intptr_t) \
	X(atomic_uintptr_t, uintptr_t) \
	X(atomic_size_t, size_t) \
	X(atomic_ptrdiff_t, ptrdiff_t) \
	X(atomic_intmax_t, intmax_t) \
	X(atomic_uintmax_t, uintmax_t)

#define TYPES(X) \
	X(atomic_bool, _Bool) \
	TYPES_BUT_BOOL(X)

#define TYPES_COUNT	37

#endif
