/* SPDX-License-Identifier: BSD-3-Clause */
/* A byte in the middle of a free block is written to. */
#include "crime.h"

int main(int argc, char **argv)
{
	size_t n = crime_size(argc, argv, 48);

	return write_after_free(n, n / 2);
}
