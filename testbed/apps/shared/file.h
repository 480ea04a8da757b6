/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file of the repository that becomes part of the image, as there are none in
 * the testbed.
 */
#ifndef SHARED_FILE_H
#define SHARED_FILE_H

#include <stddef.h>

/*
 * Defines NAME, its characters, and NAME_bytes(), their number. PATH is that
 * below apps/. The assembler reads it, so make has to know what depends on it.
 */
#define SHARED_FILE(name, path)						\
	__asm__(".pushsection .rodata." #name ", \"a\"\n"		\
		#name ": .incbin \"apps/" path "\"\n"			\
		#name "_end: .byte 0\n"					\
		".popsection\n");					\
	extern const char name[], name##_end[];				\
	static inline size_t name##_bytes(void)				\
	{								\
		return (size_t)(name##_end - name);			\
	}								\
	extern const char name[]

#endif /* SHARED_FILE_H */
