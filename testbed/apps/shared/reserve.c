/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdlib.h>

#include "reserve.h"

/* A buddy may round each of the many requests for a line up to a page. */
#define RESERVE_BYTES (256 * 1024)

static void *reserve;

/* Taken again where as much is left: otherwise it would be gone at once. */
void reserve_before_line(void)
{
	void *room = malloc(2 * RESERVE_BYTES);

	if (room) {
		free(room);
		if (!reserve)
			reserve = malloc(RESERVE_BYTES);
	} else {
		free(reserve);
		reserve = NULL;
	}
}
