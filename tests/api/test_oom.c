/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory exhausted is an answer: NULL, all blocks valid, service again. */
#include "check.h"

#include <pthread.h>
#include <sys/resource.h>

#define LIMIT		(512 * MIB)
#define BLOCKS_MAX	((size_t)1000000)

/* -------- requests that no machine meets -------- */

static void huge_requests(void **state)
{
	static const size_t huge[] = {
		(size_t)1 << 47, (size_t)1 << 50, (size_t)1 << 62,
		PTRDIFF_MAX - 4096, PTRDIFF_MAX - 16, PTRDIFF_MAX - 1,
		PTRDIFF_MAX, (size_t)PTRDIFF_MAX + 1, SIZE_MAX - 1, SIZE_MAX,
	};
	char *p = mi_malloc(1000);

	(void)state;
	pattern_write(p, 1000, 1);
	for (size_t i = 0; i < ARRAY_LENGTH(huge); i++) {
		size_t n = launder_size(huge[i]);
		void *answers[] = {
			mi_malloc(n), mi_zalloc(n), mi_calloc(n, 1),
			mi_realloc(p, n), mi_rezalloc(p, n),
			mi_malloc_aligned(n, 4096), mi_malloc_aligned(n, MIB),
			mi_malloc_aligned_at(n, 64, 8), mi_memalign(32, n),
			mi_new_nothrow(n), mi_valloc(n), mi_pvalloc(n),
			mi_heap_malloc(mi_heap_get_default(), n),
		};

		for (size_t k = 0; k < ARRAY_LENGTH(answers); k++)
			check(answers[k] == NULL, "size %zu answer %zu", n, k);
		errno = 0;
		assert_null(mi_malloc(n));
		assert_int_equal(errno, ENOMEM);
		assert_null(mi_expand(p, n));
		assert_true(mi_good_size(n) >= n);
		assert_true(pattern_holds(p, 1000, 1));
	}
	p = mi_realloc(p, 100000);
	assert_true(pattern_holds(p, 1000, 1));
	mi_free(p);
}

/* A process without handler and without exceptions ends here. */
static int new_that_fails(void *arg)
{
	(void)arg;
	return mi_new(launder_size(SIZE_MAX / 2)) == NULL ? 1 : 2;
}

static int new_n_that_overflows(void *arg)
{
	(void)arg;
	return mi_new_n(launder_size(SIZE_MAX / 2), 8) == NULL ? 1 : 2;
}

static void new_aborts(void **state)
{
	int status = check_child(new_that_fails, NULL);

	(void)state;
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	status = check_child(new_n_that_overflows, NULL);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

/* -------- children with little address space -------- */

static int service(void)
{
	void *blocks[1000];

	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		blocks[i] = mi_malloc(i * 20);
		need(blocks[i] != NULL);
		pattern_write(blocks[i], i * 20, i);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
		need(pattern_holds(blocks[i], i * 20, i));
		mi_free(blocks[i]);
	}
	return 0;
}

/* Fill up with blocks of n bytes, free them; three times the same amount. */
static int exhaust(void **blocks, size_t n)
{
	size_t first = 0;

	for (int round = 0; round < 3; round++) {
		size_t count = 0;

		while (count < BLOCKS_MAX) {
			errno = 0;
			blocks[count] = mi_malloc(n);
			if (blocks[count] == NULL)
				break;
			pattern_write(blocks[count], 64, count);
			count++;
		}
		need(count < BLOCKS_MAX);
		need(errno == ENOMEM);
		need(count * n > LIMIT / 2);
		need(mi_realloc(blocks[0], LIMIT) == NULL);
		first = round == 0 ? count : first;
		need(count + first / 20 >= first);
		while (count > 0) {
			count--;
			need(pattern_holds(blocks[count], 64, count));
			mi_free(blocks[count]);
		}
		need(service() == 0);
	}
	return 0;
}

static int child_exhausts(void)
{
	void **blocks = system_memory(BLOCKS_MAX * sizeof(*blocks));

	/* the smallest take most of the time: not where it is to be short */
	for (size_t n = check_rounds(4) >= 2 ? 1000 : 10000; n <= 100 * MIB;
	     n *= 10)
		need(exhaust(blocks, n) == 0);
	return 0;
}

/* Hold half of the blocks when memory is out: the rest comes and goes. */
static int child_in_need(void)
{
	void **blocks = system_memory(BLOCKS_MAX * sizeof(*blocks));
	struct check_random r = { check_seed("oom") };
	size_t count = 0;

	while (count < BLOCKS_MAX) {
		size_t n = check_log_size(&r, 4 * MIB) + 16;

		blocks[count] = mi_malloc(n);
		if (blocks[count] == NULL)
			break;
		pattern_write(blocks[count], 16, count);
		count++;
	}
	need(count > 0 && count < BLOCKS_MAX);
	for (size_t i = 0; i < count; i += 2) {
		need(pattern_holds(blocks[i], 16, i));
		mi_free(blocks[i]);
	}
	for (size_t round = 0; round < check_rounds(20000); round++) {
		size_t i = check_below(&r, (count + 1) / 2) * 2;
		size_t n = check_log_size(&r, 16 * MIB);
		void *p = mi_malloc(n);

		if (p == NULL) {
			need(errno == ENOMEM);
			continue;
		}
		pattern_write(p, n < 4096 ? n : 4096, i);
		need(pattern_holds(p, n < 4096 ? n : 4096, i));
		mi_free(p);
	}
	for (size_t i = 1; i < count; i += 2) {
		need(pattern_holds(blocks[i], 16, i));
		mi_free(blocks[i]);
	}
	return service();
}

/* A thread's stack wants address space, too: all start before any takes it */
static pthread_barrier_t all_there;

/* Threads run into the limit together: each gets NULL or a valid block. */
static void *greedy(void *arg)
{
	struct check_random r = { (uint64_t)(uintptr_t)arg };
	void *blocks[400];
	size_t sizes[ARRAY_LENGTH(blocks)];
	uintptr_t wrong = 0;

	pthread_barrier_wait(&all_there);
	for (size_t round = check_rounds(10); round > 0; round--) {
		for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
			sizes[i] = check_log_size(&r, 16 * MIB);
			blocks[i] = mi_malloc(sizes[i]);
			if (blocks[i] == NULL)
				wrong += errno != ENOMEM;
			else if (sizes[i] >= 64)
				pattern_write(blocks[i], 64, i);
		}
		for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
			if (blocks[i] != NULL && sizes[i] >= 64)
				wrong += !pattern_holds(blocks[i], 64, i);
			mi_free(blocks[i]);
		}
	}
	return (void *)wrong;
}

static int child_threads(void)
{
	pthread_t threads[4];
	void *wrong;

	need(pthread_barrier_init(&all_there, NULL,
				  ARRAY_LENGTH(threads)) == 0);
	for (size_t i = 0; i < ARRAY_LENGTH(threads); i++)
		need(pthread_create(&threads[i], NULL, greedy,
				    (void *)(uintptr_t)i) == 0);
	for (size_t i = 0; i < ARRAY_LENGTH(threads); i++) {
		need(pthread_join(threads[i], &wrong) == 0);
		need(wrong == NULL);
	}
	return service();
}

/*
 * An arena of some units, full and drained over and over, with a purge budget
 * of next to nothing: a chunk of descriptors can be all that is too much.
 */
static int child_tight(void)
{
	static void *blocks[600];
	struct check_random r = { check_seed("tight") };

	alarm(60);	/* it went on for ever */
	for (size_t round = 0; round < check_rounds(300); round++) {
		size_t keep = check_below(&r, 10), refused = 0;

		for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
			size_t most = (size_t)20000 << round % 3;
			size_t n = 1 + check_below(&r, most);

			if (blocks[i] || refused > 3)
				continue;
			blocks[i] = mi_malloc(n);
			if (blocks[i])
				memset(blocks[i], 1, n);
			else
				refused++;
		}
		for (size_t i = 0; i < ARRAY_LENGTH(blocks); i++) {
			size_t at = i * 433 % ARRAY_LENGTH(blocks);

			if (check_below(&r, 100) < keep)
				continue;
			mi_free(blocks[at]);
			blocks[at] = NULL;
		}
		if (round % 2)
			mi_collect(true);
	}
	return 0;
}

/*
 * The limit holds before the allocator takes its first memory, and no longer
 * when all is judged: what counts coverage wants memory at the end.
 */
static int child(const char *mode)
{
	struct rlimit limit;
	int status;

	if (!strcmp(mode, "tight"))
		return child_tight();
	need(getrlimit(RLIMIT_AS, &limit) == 0);
	if (getenv("MI_TEST_LIMITED") == NULL) {
		limit.rlim_cur = LIMIT;
		need(setenv("MI_TEST_LIMITED", "1", 1) == 0);
		need(setrlimit(RLIMIT_AS, &limit) == 0);
		execl("/proc/self/exe", "self", mode, (char *)NULL);
		return 126;
	}
	need(mi_malloc(LIMIT) == NULL);
	need(errno == ENOMEM);
	switch (*mode) {
	case 'e':
		status = child_exhausts();
		break;
	case 'i':
		status = child_in_need();
		break;
	default:
		status = child_threads();
	}
	limit.rlim_cur = limit.rlim_max;
	need(setrlimit(RLIMIT_AS, &limit) == 0);
	return status;
}

static void under_a_limit(void **state)
{
	static struct check_run run;

	if (CHECK_SANITIZED) {
		print_message("a sanitizer's shadow memory is far "
			      "above any limit\n");
		skip();
	}
	check_run_self(&run, *state, NULL);
	check(run.status == 0, "wait status %d\n%s%s", run.status, run.out,
	      run.err);
}

static void tight_budget(void **state)
{
	static const char *const budgets[] = {
		"MIMALLOC_PURGE_BUDGET=0", "MIMALLOC_PURGE_BUDGET=4K",
		"MIMALLOC_PURGE_BUDGET=16K",
	};
	static const char *const sizes[] = {
		"MIMALLOC_RESERVE_OS_MEMORY=160K",
		"MIMALLOC_RESERVE_OS_MEMORY=400K",
	};
	static struct check_run run;
	size_t i;

	(void)state;
	for (i = 0; i < 6; i++) {
		const char *const settings[] = {
			"MIMALLOC_DISALLOW_OS_ALLOC=1", budgets[i % 3],
			sizes[i % 2], NULL,
		};

		check_run_self(&run, "tight", settings);
		check(run.status == 0, "%s, %s: wait status %d\n%s%s",
		      budgets[i % 3], sizes[i % 2], run.status, run.out,
		      run.err);
	}
}

int main(int argc, char **argv)
{
	static char exhausts[] = "exhausts";
	static char in_need[] = "in need";
	static char threads[] = "threads";
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(huge_requests),
		cmocka_unit_test(new_aborts),
		cmocka_unit_test(tight_budget),
		{ exhausts, under_a_limit, NULL, NULL, exhausts },
		{ in_need, under_a_limit, NULL, NULL, in_need },
		{ threads, under_a_limit, NULL, NULL, threads },
	};

	if (argc > 1)
		return child(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
