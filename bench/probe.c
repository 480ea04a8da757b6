/* SPDX-License-Identifier: BSD-3-Clause */
/* probe: prints the file that malloc comes from. */
#include "bench.h"

#include <dlfcn.h>

int main(void)
{
	void *(*function)(size_t) = malloc;
	Dl_info info;
	void *address;

	memcpy(&address, &function, sizeof(address));
	free(touch(function(1), 1));
	if (!dladdr(address, &info))
		die("malloc is in no file");
	puts(info.dli_fname);
	return 0;
}
