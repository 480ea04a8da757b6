/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Address space, mappings and limits of one process, which space.sh runs with
 * the library and without:
 *
 *	space size		prints VmSize and VmData after one malloc, KiB
 *	space crash		a small process aborts: it leaves a core file
 *	space wait		the same process waits instead, to be looked at
 *	space costs PROGRAM ARGUMENT...	runs it; prints its system time, ms
 *	space limit as|data [MIB]	limits itself to 256 MiB more than it
 *				has, or to so much; prints what works, and how
 *				many MiB malloc gives then
 *	space largest		prints the largest single block, MiB
 *	space mappings COUNT	buffers that are reallocated: prints the most
 *				mappings in use, and those after all is free
 *	space full		realloc where no mapping can be made any more
 *	space lock		mlockall(), then malloc
 */
#include "memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>

static void *one_block(size_t bytes)
{
	void *p = must(malloc(bytes));

	memset(p, 1, bytes);
	return launder(p);
}

static int size(void)
{
	free(one_block(100));
	printf("%ld %ld\n", proc_kib("/proc/self/status", "VmSize:"),
	       proc_kib("/proc/self/status", "VmData:"));
	return 0;
}

static int wait_to_be_seen(void)
{
	(void)one_block(100000);
	puts("waiting");
	(void)fflush(stdout);
	(void)sleep(120);
	return 0;
}

static int costs(char **argv)
{
	struct rusage usage;
	pid_t child = fork();
	int status;

	if (child == 0) {
		(void)execvp(argv[0], argv);
		_exit(127);
	}
	if (child < 0 || wait4(child, &status, 0, &usage) != child)
		return 2;
	printf("%ld\n", usage.ru_stime.tv_sec * 1000L +
	       usage.ru_stime.tv_usec / 1000L);
	return 0;
}

static void *thread(void *argument)
{
	return argument;
}

static size_t blocks_given(size_t bytes, size_t most)
{
	size_t count = 0;

	while (count < most && launder(malloc(bytes)))
		count++;
	return count;
}

static int limit(bool of_data, size_t limit_mib)
{
	struct rlimit limit;
	char line[20] = "";
	pthread_t id;
	FILE *child;
	long kib;

	free(one_block(100));
	kib = proc_kib("/proc/self/status", of_data ? "VmData:" : "VmSize:");
	limit.rlim_cur = limit_mib ? limit_mib * MIB :
			 ((rlim_t)kib << 10) + 256 * MIB;
	limit.rlim_max = limit.rlim_cur;
	if (setrlimit(of_data ? RLIMIT_DATA : RLIMIT_AS, &limit) != 0)
		return 2;
	printf("%s ", pthread_create(&id, NULL, thread, NULL) ? "no-thread" :
	       pthread_join(id, NULL) ? "no-join" : "thread");
	printf("%s ", dlopen("libanl.so.1", RTLD_NOW) ||
	       dlopen("libresolv.so.2", RTLD_NOW) ? "dlopen" : "no-dlopen");
	(void)fflush(stdout);
	child = popen("echo ok", "r");
	printf("%s ", child && fgets(line, sizeof(line), child) &&
	       strcmp(line, "ok\n") == 0 ? "popen" : "no-popen");
	printf("%s ", launder(malloc((size_t)3 << 30)) ? "given" : "refused");
	(void)fflush(stdout);
	printf("%zu\n", blocks_given(MIB, 4096));
	return 0;
}

static int largest(void)
{
	size_t low = 0, high = (size_t)1 << 20, middle;
	void *p;

	while (high - low > 1) {
		middle = low + (high - low) / 2;
		p = launder(malloc(middle * MIB));
		free(p);
		if (p)
			low = middle;
		else
			high = middle;
	}
	printf("%zu\n", low);
	return 0;
}

static int mappings(void)
{
	static char text[1 << 16];
	int file = open("/proc/self/maps", O_RDONLY), lines = 0;
	ssize_t got, i;

	while (file >= 0 && (got = read(file, text, sizeof(text))) > 0)
		for (i = 0; i < got; i++)
			lines += text[i] == '\n';
	(void)close(file);
	return lines;
}

/* Up, down and up again, at different times, one page of each touched */
static int reallocate(size_t count)
{
	static const size_t sizes[] = { 1, 2, 1, 3, 2, 4, 1, 3 };
	char **blocks = table_new(count * sizeof(*blocks));
	int most = 0, now;
	size_t i, k;

	for (k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		for (i = 0; i < count; i++) {
			blocks[i] = must(realloc(k ? blocks[i] : NULL, i % 3 *
						 4096 + sizes[k] * MIB));
			if (k == 0)
				blocks[i][100] = (char)i;
			if (blocks[i][100] != (char)i)
				return 4;
		}
		now = mappings();
		most = now > most ? now : most;
	}
	for (i = 0; i < count; i++)
		free(blocks[i]);
	(void)malloc_trim(0);
	printf("%d %d\n", most, mappings());
	return 0;
}

/* Every mapping that the kernel allows is taken; then a block has to move */
static int full(void)
{
	char *p = one_block(MIB), *fence = one_block(40000), *range;
	size_t step = 8192, count = 0;

	range = mmap(NULL, step << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		     MAP_NORESERVE, -1, 0);
	if (range == MAP_FAILED)
		return 2;
	while (count >> 20 == 0 &&
	       mprotect(range + count * step, 4096, PROT_READ) == 0)
		count++;
	if (count >> 20) {
		puts("no-limit");
		return 0;
	}
	while (mmap(NULL, 4096, count++ & 1 ? PROT_NONE : PROT_READ,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
		;
	p = launder(realloc(p, 2 * MIB));
	/* NULL is an answer, an abort is none */
	(void)munmap(range, step << 20);
	puts(!p ? "refused" : p[0] == 1 && p[MIB - 1] == 1 && fence[0] == 1 ?
	     "moved" : "damaged");
	return 0;
}

static int lock(void)
{
	long kib;

	free(one_block(100));
	/* all of it would be taken from the machine */
	kib = proc_kib("/proc/self/status", "VmSize:");
	if (kib > 4 << 20) {
		printf("too large to be locked: %ld KiB\n", kib);
		return 0;
	}
	if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
		printf("mlockall: %s\n", strerror(errno));
		return 0;
	}
	(void)one_block(20 * MIB);
	printf("locked %ld\n", proc_kib("/proc/self/status", "VmLck:"));
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "size") == 0)
		return size();
	if (strcmp(what, "crash") == 0) {
		(void)one_block(100000);
		abort();
	}
	if (strcmp(what, "wait") == 0)
		return wait_to_be_seen();
	if (strcmp(what, "costs") == 0 && argc > 2)
		return costs(argv + 2);
	if (strcmp(what, "limit") == 0 && argc > 2)
		return limit(strcmp(argv[2], "data") == 0,
			     argc > 3 ? strtoul(argv[3], NULL, 0) : 0);
	if (strcmp(what, "largest") == 0)
		return largest();
	if (strcmp(what, "mappings") == 0 && argc > 2)
		return reallocate(strtoul(argv[2], NULL, 0));
	if (strcmp(what, "full") == 0)
		return full();
	if (strcmp(what, "lock") == 0)
		return lock();
	return 2;
}
