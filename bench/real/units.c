/* SPDX-License-Identifier: BSD-3-Clause */
/* Functions and tables: 10 for a COUNT of 1, 20, 40, or 80 from 5 on. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define JOIN(a, b)	a##b
#define NAME(a, b)	JOIN(a, b)

#define UNIT(id)							\
	static const struct {						\
		const char *name;					\
		uint32_t value[4];					\
	} NAME(table_, id)[] = {					\
		{ "first " #id, { 1, id & 3, 3, 4 } },			\
		{ "second " #id, { 5, 6, id & 7, 8 } },			\
	};								\
	uint32_t NAME(unit_, id)(const char *text, uint32_t n)		\
	{								\
		uint32_t sum = n ^ (uint32_t)(id);			\
		for (uint32_t i = 0; text[i] && i < n; i++) {		\
			const char *name = NAME(table_, id)[i & 1].name; \
			switch (text[i] % 5) {				\
			case 0:						\
				sum += NAME(table_, id)[i & 1].value[i & 3]; \
				break;					\
			case 1:						\
				sum = sum << 3 | sum >> 29;		\
				break;					\
			case 2:						\
				sum ^= (uint32_t)strlen(name);		\
				break;					\
			case 3:						\
				for (uint32_t j = 0; j < (i & 15); j++)	\
					sum += j * sum;			\
				break;					\
			default:					\
				printf("%u %s\n", sum, text + i);	\
			}						\
		}							\
		return sum;						\
	}

#define TEN(id)	UNIT(NAME(id, 0)) UNIT(NAME(id, 1)) UNIT(NAME(id, 2)) \
	UNIT(NAME(id, 3)) UNIT(NAME(id, 4)) UNIT(NAME(id, 5)) \
	UNIT(NAME(id, 6)) UNIT(NAME(id, 7)) UNIT(NAME(id, 8)) \
	UNIT(NAME(id, 9))

#if COUNT > 0
TEN(10)
#endif
#if COUNT > 1
TEN(11)
#endif
#if COUNT > 2
TEN(12) TEN(13)
#endif
#if COUNT > 4
TEN(14) TEN(15) TEN(16) TEN(17)
#endif
