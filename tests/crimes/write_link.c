/* SPDX-License-Identifier: BSD-3-Clause */
/* The first word of a free block, its link, is written to. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 48);

	return write_after_free(n, 3);
}
