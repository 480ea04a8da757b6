/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forks in a signal handler that interrupts malloc and free between any two of
 * their instructions: the processor stops after each one (the trap flag of
 * x86), and the handler of SIGTRAP forks. In the child the handler returns, so
 * that the interrupted call goes on there, and then much is allocated and
 * freed, by several threads.
 *
 *   fork-signal alone|threads STRIDE
 *
 * "threads": another thread lives, with blocks of its own. With a STRIDE above
 * 1 only each so many instructions there is a fork. Says "served" where malloc
 * is the allocator under test, and "fine" at the end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

enum {
	SKIPPED = 77,
	SECONDS = 300,
	CHILD_SECONDS = 60,
	BLOCKS = 100,
	TRAP_FLAG = 0x100,
	MIB = 1 << 20,
};

__attribute__((weak)) bool mi_is_in_heap_region(const void *p);

#ifdef __x86_64__

static volatile bool in_child;
static volatile unsigned long steps, forks, stride = 1;
static volatile int bad_status;
static void *volatile of_others[BLOCKS];

static void on_step(int signal, siginfo_t *info, void *context)
{
	int status;
	pid_t pid;

	(void)signal;
	(void)info;
	if (++steps % stride)
		return;
	forks++;
	pid = fork();
	if (pid == 0) {
		in_child = true;
		((ucontext_t *)context)->uc_mcontext.gregs[REG_EFL] &=
			~(greg_t)TRAP_FLAG;
		alarm(CHILD_SECONDS);
		return;
	}
	status = 1;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		bad_status = status ? status : 1;
}

/* Compiled without a red zone, so there is room to push to */
#define STEP_BY_STEP() \
	__asm__ volatile("pushfq\n\torq $0x100, (%%rsp)\n\tpopfq" ::: "cc", \
			 "memory")
#define AT_ONCE() \
	__asm__ volatile("pushfq\n\tandq $~0x100, (%%rsp)\n\tpopfq" ::: "cc", \
			 "memory")

static void *allocate_much(void *unused)
{
	static const size_t sizes[] = { 24, 1500, 20000, 70000 };
	unsigned char *blocks[8];
	unsigned int i, n = sizeof(blocks) / sizeof(blocks[0]);
	size_t bytes;

	for (i = 0; i < n; i++) {
		bytes = sizes[i % 4];
		blocks[i] = malloc(bytes);
		if (!blocks[i])
			abort();
		memset(blocks[i], (int)i, bytes);
	}
	for (i = 0; i < n; i++) {
		bytes = sizes[i % 4];
		if (blocks[i][0] != i || blocks[i][bytes - 1] != i)
			abort();
		free(blocks[i]);
	}
	return unused;
}

static void child_goes_on(void)
{
	pthread_t thread;
	int i;

	if (!in_child)
		return;
	allocate_much(NULL);
	for (i = 0; i < BLOCKS; i++)
		free(of_others[i]);
	if (pthread_create(&thread, NULL, allocate_much, NULL) ||
	    pthread_join(thread, NULL))
		abort();
	_exit(0);
}

static void *volatile block;

static void large_malloc(void)
{
	block = malloc(3 * MIB);
}

static void large_free(void)
{
	free(block);
}

static void small_malloc(void)
{
	block = malloc(20000);
}

static void small_free(void)
{
	free(block);
}

/* Is touched, so that the free after it has much to give back */
static void touch(void)
{
	block = malloc(9 * MIB);
	memset(block, 1, 9 * MIB);
}

static void touched_free(void)
{
	free(block);
}

static bool interrupt(const char *what, void (*call)(void))
{
	unsigned long before = forks;

	STEP_BY_STEP();
	call();
	AT_ONCE();
	child_goes_on();
	printf("%s: %lu forks\n", what, forks - before);
	fflush(stdout);
	return forks > before && !bad_status;
}

static pthread_barrier_t have_blocks;

static void *hold_blocks(void *unused)
{
	int i;

	for (i = 0; i < BLOCKS; i++)
		of_others[i] = malloc(100 + 100 * (size_t)(i % 30));
	free(malloc(200000));
	pthread_barrier_wait(&have_blocks);
	for (;;)
		pause();
	return unused;
}

int main(int count, char **arguments)
{
	struct sigaction action = { .sa_sigaction = on_step,
				    .sa_flags = SA_SIGINFO };
	bool good = true;
	pthread_t thread;

	alarm(SECONDS);
	block = malloc(100);
	if (mi_is_in_heap_region && mi_is_in_heap_region(block))
		puts("served");
	fflush(stdout);
	if (count > 2)
		stride = strtoul(arguments[2], NULL, 0);
	if (count > 1 && !strcmp(arguments[1], "threads") &&
	    (pthread_barrier_init(&have_blocks, NULL, 2) ||
	     pthread_create(&thread, NULL, hold_blocks, NULL) ||
	     pthread_barrier_wait(&have_blocks) > 0))
		return 1;
	sigaction(SIGTRAP, &action, NULL);
	good &= interrupt("malloc of a large block", large_malloc);
	good &= interrupt("free of a large block", large_free);
	good &= interrupt("malloc that makes a page", small_malloc);
	good &= interrupt("free of a page's only block", small_free);
	touch();
	good &= interrupt("free of much memory", touched_free);
	if (!good) {
		printf("a child ended with status %d\n", bad_status);
		return 1;
	}
	printf("fine\n");
	return 0;
}

#else

int main(void)
{
	puts("no trap flag on this machine");
	return SKIPPED;
}

#endif
