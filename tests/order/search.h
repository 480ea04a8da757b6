/* SPDX-License-Identifier: BSD-3-Clause */
/* Between explorer.c, which runs threads, and search.c, which chooses. */
#ifndef TESTS_ORDER_SEARCH_H
#define TESTS_ORDER_SEARCH_H

#include "order.h"

#define WAYS_MAX	24

/* A thread between two steps */
struct thread {
	bool waits;	/* for its next step; else it runs, or has ended */
	struct operation operation;	/* that step */
	uint64_t result;		/* what it read */
};

/* A step: a thread does its operation in one of the ways there are */
struct step {
	uint8_t thread;
	bool writes;
	uint16_t way;	/* the message it reads, or stands right behind */
};

/* How an execution ends, if it does */
enum ending {
	ENDING_NONE,
	ENDING_COMPLETE,	/* all threads have ended */
	ENDING_PRUNED,		/* another one was the same from here on */
	ENDING_FAILED,
};

/* explorer.c */
extern struct thread threads[THREADS];
/* The steps of each thread on which its next one depends */
extern struct clock dependence[THREADS];
bool thread_is_ready(unsigned int thread);
unsigned int thread_ways(unsigned int thread, uint16_t *way, bool *writes);

/* search.c */
void search_begin(void);
/* The next step of this execution */
enum ending search_next(struct step *step);
/* Another execution; false: there is none left */
bool search_back(void);
/* The execution up to here, for a reader */
void search_show(void);
unsigned long search_steps(void);

#endif /* TESTS_ORDER_SEARCH_H */
