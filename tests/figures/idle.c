/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * idle ORDER MIN MAX [THREADS]: allocates 200 MiB in blocks of MIN to MAX
 * bytes (the logarithm evenly spread), frees all, and sits idle. Prints how
 * much more is resident than at the beginning, in KiB.
 *
 * ORDER	fifo, lifo, random or holes (first every other block)
 * THREADS	none	the main thread alone
 *		end	4 threads share the work, and end
 *		stay	4 threads share the work, and wait
 *		swap	4 threads, each frees what its neighbour allocated;
 *			all wait
 *		hand	4 threads allocate and wait; the main thread frees
 */
#include <pthread.h>

#include "memory.h"

#define TOTAL		(200 * MIB)
#define THREADS_MAX	4

struct load {
	unsigned int number;
	size_t count, room;
	void **blocks;
};

static const char *order, *mode = "none";
static size_t least, most;
static struct load loads[THREADS_MAX];
static pthread_barrier_t step, never;

static bool mode_is(const char *name)
{
	return strcmp(mode, name) == 0;
}

static void load_fill(struct load *load, size_t total)
{
	uint64_t random = load->number + 1;
	size_t octaves = 0, n, sum = 0;

	while (least << octaves < most)
		octaves++;
	for (; sum < total && load->count < load->room; sum += n) {
		n = least << (octaves ? random_below(&random, octaves) : 0);
		n += octaves ? random_below(&random, n) : 0;
		load->blocks[load->count] = must(malloc(n));
		memset(load->blocks[load->count++], 1, n);
	}
}

static void load_shuffle(struct load *load)
{
	uint64_t random = 7;

	for (size_t i = load->count; i > 1; i--) {
		size_t j = random_below(&random, i);
		void *block = load->blocks[j];

		load->blocks[j] = load->blocks[i - 1];
		load->blocks[i - 1] = block;
	}
}

static void load_free(struct load *load)
{
	size_t n = load->count;

	if (strcmp(order, "random") == 0)
		load_shuffle(load);
	if (strcmp(order, "holes") == 0) {
		for (size_t i = 0; i < n; i += 2)
			free(load->blocks[i]);
		for (size_t i = 1; i < n; i += 2)
			free(load->blocks[i]);
	} else if (strcmp(order, "lifo") == 0) {
		while (n)
			free(load->blocks[--n]);
	} else {
		for (size_t i = 0; i < n; i++)
			free(load->blocks[i]);
	}
}

static void *work(void *argument)
{
	struct load *load = argument;

	load_fill(load, TOTAL / THREADS_MAX);
	(void)pthread_barrier_wait(&step);
	if (mode_is("swap"))
		load = &loads[(load->number + 1) % THREADS_MAX];
	if (!mode_is("hand"))
		load_free(load);
	if (mode_is("end"))
		return NULL;
	(void)pthread_barrier_wait(&step);
	(void)pthread_barrier_wait(&never);
	return NULL;
}

static void work_in_threads(void)
{
	pthread_t threads[THREADS_MAX];

	for (unsigned int i = 0; i < THREADS_MAX; i++)
		if (pthread_create(&threads[i], NULL, work, &loads[i]))
			_exit(2);
	(void)pthread_barrier_wait(&step);
	if (mode_is("end")) {
		for (unsigned int i = 0; i < THREADS_MAX; i++)
			(void)pthread_join(threads[i], NULL);
		return;
	}
	(void)pthread_barrier_wait(&step);
	for (unsigned int i = 0; mode_is("hand") && i < THREADS_MAX; i++)
		load_free(&loads[i]);
}

int main(int argc, char **argv)
{
	size_t room;
	long resident;

	if (argc < 4)
		return 2;
	order = argv[1];
	least = (size_t)atol(argv[2]);
	most = (size_t)atol(argv[3]);
	if (argc > 4)
		mode = argv[4];
	if (least == 0 || most < least)
		return 2;
	(void)pthread_barrier_init(&step, NULL, THREADS_MAX + 1);
	(void)pthread_barrier_init(&never, NULL, THREADS_MAX + 1);
	room = TOTAL / least / THREADS_MAX + 1;
	for (unsigned int i = 0; i < THREADS_MAX; i++) {
		loads[i].number = i;
		loads[i].room = mode_is("none") ? room * THREADS_MAX : room;
		if (i == 0 || !mode_is("none"))
			loads[i].blocks = table_new(loads[i].room *
						    sizeof(void *));
	}
	*(char *)must(malloc(8)) = 1;
	resident = resident_kib();
	if (mode_is("none")) {
		load_fill(&loads[0], TOTAL);
		load_free(&loads[0]);
	} else {
		work_in_threads();
	}
	resident = resident_kib() - resident;
	printf("%ld\n", resident);
	(void)fflush(stdout);
	_exit(0);
}
