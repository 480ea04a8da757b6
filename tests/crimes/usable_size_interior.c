/* SPDX-License-Identifier: BSD-3-Clause */
/* The usable size of an inner pointer is asked. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 100);
	struct witnesses w = witnesses_call(n);
	char *p = mi_malloc(n);

	demand(mi_usable_size(accuse(p + 16)) == 0, "a size");
	mi_free(p);
	witnesses_dismiss(&w);
	return survive();
}
