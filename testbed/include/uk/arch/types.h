/* SPDX-License-Identifier: BSD-3-Clause */
/* Integer names of the Unikraft headers, for machines of 64 bits. */
#ifndef __UKARCH_TYPES_H__
#define __UKARCH_TYPES_H__

typedef signed char __s8;
typedef unsigned char __u8;
typedef signed short __s16;
typedef unsigned short __u16;
typedef signed int __s32;
typedef unsigned int __u32;
typedef signed long __s64;
typedef unsigned long __u64;

typedef __s64 __sptr;
typedef __u64 __uptr;
typedef __uptr __sz;
typedef __sptr __ssz;
typedef __uptr __vaddr_t;
typedef __u64 __paddr_t;
typedef __u64 __nsec;
typedef __s64 __snsec;

#ifndef __NULL
#define __NULL ((void *)0)
#endif

#define __PRIsz "lu"
#define __PRIssz "ld"
#define __PRIu64 "lu"
#define __PRIuptr "lx"
#define __PRIvaddr "lx"
#define __PRIpaddr "lx"

#endif /* __UKARCH_TYPES_H__ */
