/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ends in the ways that the runner must tell from success.
 *
 *   arguments: fail | null | abort | hang | stack | full
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uk/assert.h>

/* 1000 bytes of stack for each level. */
static int stack_use(unsigned int levels)
{
	volatile char here[1000];

	here[0] = (char)levels;
	return levels ? stack_use(levels - 1) + here[0] : 0;
}

/* Takes and touches memory until there is none, or until a fault ends it. */
static int heap_fill(void)
{
	unsigned long count = 0;
	char *block;

	while ((block = malloc(4000))) {
		memset(block, 1, 4000);
		count++;
	}
	printf("NULL after %lu blocks\n", count);
	return 0;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "fail";
	char *volatile nowhere = NULL;

	printf("about to: %s\n", how);
	fflush(stdout);
	if (!strcmp(how, "null"))
		*nowhere = 1;
	if (!strcmp(how, "abort"))
		UK_CRASH("as it was told to\n");
	if (!strcmp(how, "hang"))
		for (;;)
			;
	if (!strcmp(how, "stack"))
		return stack_use(1000000);
	if (!strcmp(how, "full"))
		return heap_fill();
	return 1;
}
