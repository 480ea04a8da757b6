/* SPDX-License-Identifier: BSD-3-Clause */
/* What the cases share: an instance, blocks of threads, and the last judge. */
#ifndef TESTS_ORDER_CASES_H
#define TESTS_ORDER_CASES_H

#include "order.h"
#include "blocks/blocks.h"

/* The world begins with the instance; then come arenas of the cases */
#define INSTANCE	((struct instance *)WORLD_START)
#define ARENA_START	(WORLD_START + ((size_t)64 << 10))
#define ARENA_BYTES	((size_t)256 << 10)
#define SECOND_START	(WORLD_START + ((size_t)512 << 10))
#define WORLD_RESERVED	((size_t)1 << 20)	/* for these */

/* So many bytes that the page below is one unit */
extern size_t block_size;

/* What threads have: whoever frees one leaves NULL */
extern void *blocks[8];
extern struct page *page;	/* of the first block */

/* An instance; and with an arena, and nothing of it in use */
void case_begin_empty(void);
void case_begin(void);
/* The thread's first heap, with a page of so many blocks, all in `blocks` */
void case_heap(unsigned int thread, size_t count);
/* The same for the running thread, in a second heap */
struct heap *case_second_heap(size_t count);
/* The thread's page has no block left; it has seen that, and has no other */
void case_full(unsigned int thread);
void case_purges(void);	/* frees by others give memory back at once */

/* How many cases begin: the first thread has a page of two blocks, and so on */
void begin_active(void);
void begin_full(void);
void begin_full_purges(void);

/* What a program does with a block, which nobody else may touch meanwhile */
void block_use(void *block);
/* Its use, and its end. Of the running thread */
void free_block(unsigned int number);
/* Puts a new block there, and uses it */
void take_block(unsigned int number);

/* All blocks come back, all owners look: nothing is left, and all is valid */
void judge(void);

#endif /* TESTS_ORDER_CASES_H */
