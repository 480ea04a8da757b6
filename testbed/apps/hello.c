/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The smallest application: the C library works, a variable of the thread is
 * zero, and memory comes back as it was left.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static __thread volatile long untouched;	/* there is no other */

int main(int argc, char **argv)
{
	char *copy = malloc(100000);
	time_t now = time(NULL);

	if (untouched) {
		puts("a variable of the thread is not zero");
		return 1;
	}
	if (!copy) {
		puts("no memory");
		return 1;
	}
	memset(copy, 'x', 99999);
	copy[99999] = '\0';
	printf("hello from %s, %d arguments, %.3f, year %d, %zu bytes\n",
	       argv[0], argc - 1, 1.0 / 3, gmtime(&now)->tm_year + 1900,
	       strlen(copy));
	free(copy);
	puts("SUCCESS");
	return 0;
}
