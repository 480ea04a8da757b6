/* SPDX-License-Identifier: BSD-3-Clause */
/* The usable size of a foreign pointer is asked. */
#include "crime.h"

static char fixed[4096];

int main(void)
{
	demand(mi_usable_size(accuse(fixed + 64)) == 0, "a size");
	return survive();
}
