/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * strings COUNT: 10,000 strings grow by realloc, 20 bytes at a time and one
 * after the other, up to 4000 bytes; then all are freed, COUNT times.
 */
#include "bench.h"

#define STRINGS	10000
#define PIECE	20
#define END	4000

static char *strings[STRINGS];

int main(int argc, char **argv)
{
	size_t count = argument(argc, argv, 1);
	uint64_t sum = 0;

	for (size_t round = 0; round < count; round++) {
		for (size_t at = 0; at < END; at += PIECE)
			for (size_t i = 0; i < STRINGS; i++) {
				strings[i] = realloc(strings[i], at + PIECE);
				if (!strings[i])
					die("no memory");
				memset(strings[i] + at, (int)(i % 100), PIECE);
			}
		for (size_t i = 0; i < STRINGS; i++) {
			sum += drop(strings[i]);
			strings[i] = NULL;
		}
	}
	return print_sum(sum);
}
