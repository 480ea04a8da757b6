/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An indirect function whose resolver allocates, in three parts: a library
 * that defines it, one that uses it, so that the resolver runs before a
 * preloaded library is relocated, and a program that uses it as well, so that
 * it runs before the thread's storage is set up.
 */
#include <stdlib.h>

int chosen(void);
int use(void);
int keep(void);

#if defined(PART_DEFINES)

static char *grown[2], *small[2];
static int runs, bad;

/* Loops, as functions of strings may be indirect themselves */
static int holds(const char *p, size_t n, char what)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i] != what)
			return 0;
	return 1;
}

static int one(void)
{
	return 1;
}

static int (*resolve(void))(void)
{
	char *p = malloc(100), *q = calloc(30, 5);
	size_t i;

	free(NULL);
	free(p);
	if (!q || !holds(q, 150, 0) || ((size_t)q & 15) || runs == 2) {
		bad = 1;
		return one;
	}
	for (i = 0; i < 150; i++)
		q[i] = 'x';
	small[runs] = malloc(20);
	grown[runs] = realloc(q, 500);
	if (!grown[runs] || !small[runs] || !holds(grown[runs], 150, 'x'))
		bad = 1;
	runs++;
	/* more than there may be: NULL, and nothing worse */
	free(malloc(1 << 20));
	return one;
}

__attribute__((ifunc("resolve"))) int chosen(void);

/* What was served is used on, grows and is freed */
int keep(void)
{
	int i;

	for (i = 0; i < runs; i++) {
		grown[i] = realloc(grown[i], 100000);
		if (!grown[i] || !holds(grown[i], 150, 'x'))
			bad = 1;
		free(grown[i]);
		free(small[i]);
	}
	return bad || runs != 1 + (getenv("TWICE") != NULL);
}

#elif defined(PART_USES)

int use(void)
{
	return chosen();
}

#else

int main(void)
{
#ifdef TWICE
	if (chosen() != 1)
		return 2;
#endif
	free(malloc(1000));
	return use() != 1 || keep() != 0;
}

#endif
