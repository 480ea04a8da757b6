/* SPDX-License-Identifier: BSD-3-Clause */
/* The second free of a block comes when its page was given back. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 32);
	void *p = mi_malloc(n);

	mi_free(p);
	mi_collect(true);
	mi_free(accuse(p));
	return survive();
}
