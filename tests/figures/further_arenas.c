/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Instructions of one pair of malloc and free, counted by single steps, in
 *
 *	further_arenas first		the arena that the library made itself
 *	further_arenas reserved N	one of mi_reserve_os_memory_ex(), made
 *					after N others
 *	further_arenas mapped N		one of mi_manage_os_memory_ex(), of mmap
 *	further_arenas static N		the same, of static memory
 *
 * Prints instructions of the mallocs and of the frees, for each call.
 * Exit status 3: the system does not permit ptrace.
 */
#include "memory.h"

#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <mimalloc.h>

#define CALLS		64
#define SIZE		64
#define ARENA_BYTES	((size_t)32 << 20)
#define OTHER_BYTES	((size_t)16 << 20)
#define STEPS_MAX	5000000
#define EXIT_NO_PTRACE	3

static char memory[ARENA_BYTES];
static void *volatile blocks[CALLS];

static bool manage(void *start, mi_arena_id_t *id)
{
	return start != MAP_FAILED &&
	       mi_manage_os_memory_ex(start, ARENA_BYTES, true, false, true, -1,
				      true, id);
}

/* A heap of the arena that is measured; NULL when it cannot be had */
static mi_heap_t *heap_new(const char *where, long others)
{
	mi_arena_id_t id = 0;
	bool made;
	long i;

	if (strcmp(where, "first") == 0)
		return mi_heap_get_default();
	must(mi_malloc(SIZE));
	for (i = 0; i < others; i++)
		if (mi_reserve_os_memory_ex(OTHER_BYTES, false, false, true,
					    NULL) != 0)
			return NULL;
	if (strcmp(where, "reserved") == 0)
		made = mi_reserve_os_memory_ex(ARENA_BYTES, false, false, true,
					       &id) == 0;
	else if (strcmp(where, "mapped") == 0)
		made = manage(mmap(NULL, ARENA_BYTES, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), &id);
	else
		made = manage(memory, &id);
	return made ? mi_heap_new_in_arena(id) : NULL;
}

static void child_run(const char *where, long others)
{
	mi_heap_t *heap = heap_new(where, others);
	int round, i;

	if (!heap)
		_exit(4);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(EXIT_NO_PTRACE);
	for (round = 0; round < 4; round++) {
		if (round == 3)
			(void)raise(SIGSTOP);
		for (i = 0; i < CALLS; i++)
			blocks[i] = mi_heap_malloc(heap, SIZE);
		if (round == 3)
			(void)raise(SIGSTOP);
		for (i = 0; i < CALLS; i++)
			mi_free(blocks[i]);
	}
	(void)raise(SIGSTOP);
	_exit(0);
}

/* The signal that the child was stopped by; ends with its status if it ended */
static int child_wait(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child)
		exit(2);
	if (WIFEXITED(status))
		exit(WEXITSTATUS(status) ? WEXITSTATUS(status) : 2);
	if (!WIFSTOPPED(status))
		exit(2);
	return WSTOPSIG(status);
}

/* Instructions up to the child's next SIGSTOP */
static long child_count(pid_t child)
{
	long steps = 0;

	do {
		if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0)
			exit(EXIT_NO_PTRACE);
	} while (child_wait(child) != SIGSTOP && ++steps < STEPS_MAX);
	return steps;
}

int main(int argc, char **argv)
{
	long mallocs, frees;
	pid_t child;

	if (argc < 2)
		return 2;
	child = fork();
	if (child < 0)
		return 2;
	if (child == 0)
		child_run(argv[1], argc > 2 ? atol(argv[2]) : 0);
	(void)child_wait(child);
	mallocs = child_count(child);
	frees = child_count(child);
	(void)kill(child, SIGKILL);
	if (mallocs >= STEPS_MAX || frees >= STEPS_MAX)
		return 2;
	printf("%.1f %.1f\n", (double)mallocs / CALLS, (double)frees / CALLS);
	return 0;
}
