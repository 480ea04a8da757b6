/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forks while other threads allocate.
 *
 * Threads exchange blocks through a table: each takes what lies in a slot,
 * checks and frees it, and puts a block of its own there. The main thread
 * forks meanwhile. Each child has a copy of memory from the midst of that
 * work: it allocates, takes all blocks of the table (those of threads that it
 * does not have), checks and frees them, lets a thread of its own do the same
 * work for a while, and exits with 0. An allocator that leaves a lock taken or
 * a list half linked in the child hangs or fails there.
 *
 *   fork [CHILDREN]
 *
 * Prints the number of children that exited with 0, and forks no more once
 * one did not. A watchdog ends parent and children that hang.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	THREADS = 4,
	SLOTS = 1024,
	CHILDREN_DEFAULT = 200,
	CHILDREN_AT_ONCE = 4,
	CHILD_ALLOCATIONS = 2000,
	CHILD_SECONDS = 20,
	PARENT_SECONDS = 100,
	LARGE_ONE_IN = 64,
	SIZE_MAX_SMALL = 1500,
	SIZE_MAX_LARGE = 200000,
};

struct block {
	size_t size_bytes;
	unsigned char fill;
	unsigned char data[];
};

static _Atomic(struct block *) table[SLOTS];
static atomic_bool stop;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "fork: process %ld: %s\n", (long)getpid(), what);
	_exit(1);
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static struct block *block_new(uint32_t *state)
{
	uint32_t r = random_next(state);
	size_t limit = r % LARGE_ONE_IN ? SIZE_MAX_SMALL : SIZE_MAX_LARGE;
	size_t size_bytes = random_next(state) % limit + 1;
	struct block *block = malloc(sizeof(*block) + size_bytes);

	if (!block)
		die("out of memory");
	block->size_bytes = size_bytes;
	block->fill = (unsigned char)r;
	memset(block->data, block->fill, size_bytes);
	return block;
}

static void block_free(struct block *block)
{
	if (!block)
		return;
	for (size_t i = 0; i < block->size_bytes; i++)
		if (block->data[i] != block->fill)
			die("a block lost its contents");
	free(block);
}

/* Takes what is in a random slot and leaves a new block there. */
static void exchange_one(uint32_t *state)
{
	struct block *mine = block_new(state);
	unsigned int slot = random_next(state) % SLOTS;

	block_free(atomic_exchange(&table[slot], mine));
}

static void *exchange_until_stopped(void *seed)
{
	uint32_t state = (uint32_t)(uintptr_t)seed;

	while (!atomic_load(&stop))
		exchange_one(&state);
	return NULL;
}

static void *exchange_a_while(void *seed)
{
	uint32_t state = (uint32_t)(uintptr_t)seed;

	for (int i = 0; i < CHILD_ALLOCATIONS; i++)
		exchange_one(&state);
	return NULL;
}

static void *thread_seed(uint32_t number)
{
	return (void *)(uintptr_t)(number * 2654435761u + 1);
}

static unsigned int free_table(void)
{
	unsigned int freed = 0;

	for (int slot = 0; slot < SLOTS; slot++) {
		struct block *block = atomic_exchange(&table[slot], NULL);

		freed += block != NULL;
		block_free(block);
	}
	return freed;
}

static void child_work(uint32_t number)
{
	uint32_t state = number * 40503u + 7;
	pthread_t thread;

	alarm(CHILD_SECONDS);
	for (int i = 0; i < CHILD_ALLOCATIONS; i++)
		block_free(block_new(&state));
	if (free_table() == 0)
		die("the table was empty");
	if (pthread_create(&thread, NULL, exchange_a_while,
			   thread_seed(number + 1000)))
		die("no thread in the child");
	exchange_a_while(thread_seed(number + 2000));
	if (pthread_join(thread, NULL))
		die("no end of the child's thread");
	free_table();
	exit(0);
}

static int wait_for_one(void)
{
	int status;

	if (wait(&status) < 0)
		die(strerror(errno));
	if (WIFSIGNALED(status))
		fprintf(stderr, "fork: a child ended by signal %d\n",
			WTERMSIG(status));
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

int main(int argc, char **argv)
{
	int children = argc > 1 ? atoi(argv[1]) : CHILDREN_DEFAULT;
	int running = 0, good = 0;
	pthread_t threads[THREADS];
	uint32_t state = 1;

	alarm(PARENT_SECONDS);
	for (int i = 0; i < SLOTS; i++)
		exchange_one(&state);
	for (uint32_t i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, exchange_until_stopped,
				   thread_seed(i)))
			die("no thread");
	for (int i = 0; i < children && good + running == i; i++) {
		pid_t child = fork();

		if (child < 0)
			die(strerror(errno));
		if (child == 0)
			child_work((uint32_t)i);
		if (++running == CHILDREN_AT_ONCE) {
			good += wait_for_one();
			running--;
		}
		exchange_one(&state);
	}
	while (running-- > 0)
		good += wait_for_one();
	atomic_store(&stop, true);
	for (int i = 0; i < THREADS; i++)
		if (pthread_join(threads[i], NULL))
			die("no end of a thread");
	free_table();
	printf("%d of %d children exited with 0\n", good, children);
	return good == children ? 0 : 1;
}
