/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Boot parameters. They stand before "--" on the command line; the rest is the
 * argument vector of the application.
 */
#ifndef TESTBED_OPTIONS_H
#define TESTBED_OPTIONS_H

#include <stdbool.h>

enum heap_mode {
	HEAP_STATIC,
	HEAP_PAGING,
	HEAP_VMEM
};

enum junk_mode {
	JUNK_NONE,
	JUNK_FIRST,			/* the first MiB of each range */
	JUNK_ALL
};

struct options {
	enum heap_mode mode;		/* mode=static|paging|vmem */
	const char *alloc;		/* alloc=buddy|tlsf|bump|mimalloc */
	enum junk_mode junk;		/* junk=none|first|all */
	unsigned long first_kib;	/* first=: static, first range, KiB */
	unsigned long ranges;		/* ranges=: static, parts of the rest */
	unsigned long spare_kib;	/* spare=: KiB kept out of the heap */
	unsigned long loaded_kib;	/* loaded=: KiB behind the image */
	unsigned long trace_kib;	/* trace=: KiB for a record of calls */
	unsigned char stats;		/* stats=1: heap figures at the end */
	unsigned long turn;		/* turn=: several CPUs, instructions */
};

extern struct options options;
extern int boot_argc;
extern char **boot_argv;

/* Splits the command line, sets options, leaves argc and argv. */
void options_parse(const char *command_line);

#endif /* TESTBED_OPTIONS_H */
