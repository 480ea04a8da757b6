/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A write beyond a block's end, or below its start, of any length, either ends
 * at memory that is not there or reaches the program's memory only: never
 * descriptors, heaps or the map. All that is mapped around the blocks and is
 * none of them is overwritten here, and right calls go on to be served.
 */
#include "check.h"

#define BLOCKS		400
#define BLOCK_BYTES	(64 * KIB)
#define HEAPS		12
#define REACH		(64 * MIB)	/* no write goes on for ever */
#define JUNK		0x41
#define UNIT		((size_t)4 * KIB)	/* pages begin at such */

static unsigned char *blocks[BLOCKS];
static unsigned char *by_address[BLOCKS];

/*
 * The writable memory without a gap around an address, at most REACH to
 * either side; memory of a file, the stack and brk's end it. All of it is
 * the allocator's, or what it was given.
 */
static bool range_around(uintptr_t address, uintptr_t *low, uintptr_t *high)
{
	static char text[1 << 20];
	uintptr_t start, end, from = 0, to = 0;
	size_t used = 0;
	ssize_t got;
	char *line, *next, flags[8], name[8];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);

	while ((got = read(fd, text + used, sizeof(text) - 1 - used)) > 0)
		used += (size_t)got;
	close(fd);
	text[used] = '\0';
	for (line = text; *line; line = next) {
		next = strchr(line, '\n') + 1;
		next[-1] = '\0';
		name[0] = '\0';
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR
			   " %7s %*s %*s %*s %7s", &start, &end, flags,
			   name) < 3)
			return false;
		if (strncmp(flags, "rw", 2) != 0 ||
		    (name[0] && strncmp(name, "[anon", 5) != 0))
			start = end = 0;
		if (start != to || start == 0)
			from = start;
		to = end;
		if (from <= address && address < to) {
			*low = from;
			*high = to;
		}
	}
	if (*low > address || address >= *high)
		return false;
	if (address - *low > REACH)
		*low = address - REACH;
	if (*high - address > REACH)
		*high = address + REACH;
	return true;
}

static int compare(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)*(unsigned char *const *)a;
	uintptr_t y = (uintptr_t)*(unsigned char *const *)b;

	return (x > y) - (x < y);
}

/*
 * Large blocks only: lists of free blocks stand in pages, and what is written
 * to those is found by other means. The heaps and the threads' ends are there
 * for the engine's own structures between the blocks.
 */
static bool blocks_make(void)
{
	mi_heap_t *heaps[HEAPS];

	for (size_t i = 0; i < HEAPS; i++)
		heaps[i] = mi_heap_new();
	for (size_t i = 0; i < BLOCKS; i++) {
		blocks[i] = i % 4 ? mi_malloc(BLOCK_BYTES) :
			    mi_heap_malloc(heaps[i / 4 % HEAPS], BLOCK_BYTES);
		if (!blocks[i])
			return false;
		pattern_write(blocks[i], BLOCK_BYTES, i);
		by_address[i] = blocks[i];
	}
	qsort(by_address, BLOCKS, sizeof(by_address[0]), compare);
	return true;
}

static int blocks_work_on(void)
{
	size_t i;

	for (i = 0; i < BLOCKS; i++)
		need(pattern_holds(blocks[i], BLOCK_BYTES, i));
	for (i = 0; i < BLOCKS; i++) {
		need(mi_usable_size(blocks[i]) >= BLOCK_BYTES);
		mi_free(blocks[i]);
	}
	for (i = 0; i < BLOCKS; i++) {
		blocks[i] = mi_malloc(BLOCK_BYTES + i % 3 * 4 * KIB);
		need(blocks[i]);
		pattern_write(blocks[i], BLOCK_BYTES, i);
	}
	for (i = 0; i < BLOCKS; i++)
		need(pattern_holds(blocks[i], BLOCK_BYTES, i));
	for (i = 0; i < BLOCKS; i++)
		mi_free(blocks[i]);
	mi_collect(true);
	return 0;
}

static int upwards(void)
{
	uintptr_t low, high, at, next, written = 0;

	need(blocks_make());
	low = high = 0;
	for (size_t i = 0; i < BLOCKS; i++) {
		at = (uintptr_t)by_address[i] + BLOCK_BYTES;
		/* behind another gap, or the last one of its mapping */
		if (at > high || high == 0) {
			low = high = 0;
			need(range_around((uintptr_t)by_address[i], &low,
					  &high));
		}
		next = i + 1 < BLOCKS ? (uintptr_t)by_address[i + 1] : high;
		if (next > high)
			next = high;
		if (at < next) {
			memset((void *)at, JUNK, next - at);
			written += next - at;
		}
	}
	fprintf(stderr, "%zu KiB between and above the blocks overwritten\n",
		(size_t)written / KIB);
	return blocks_work_on();
}

/*
 * The C library may have asked for small blocks before main(), and their page
 * lies lowest: its lists are found out by other means, see above. Sets where
 * the highest such page below the blocks ends.
 */
static bool see_page_below(const mi_heap_t *heap, const mi_heap_area_t *area,
			   void *block, size_t block_size, void *arg)
{
	uintptr_t *end = arg, last;

	(void)heap;
	(void)block;
	(void)block_size;
	last = ((uintptr_t)area->blocks + area->reserved + UNIT - 1) &
	       ~(uintptr_t)(UNIT - 1);
	if (last <= (uintptr_t)by_address[0] && last > *end)
		*end = last;
	return true;
}

static int downwards(void)
{
	uintptr_t low = 0, high = 0, pages_end = 0;

	mi_collect(true);	/* empty pages are not shown */
	need(blocks_make());
	need(range_around((uintptr_t)by_address[0], &low, &high));
	need(mi_heap_visit_blocks(mi_heap_get_default(), false,
				  see_page_below, &pages_end));
	if (pages_end > low)
		low = pages_end;
	memset((void *)low, JUNK, (uintptr_t)by_address[0] - low);
	fprintf(stderr, "%zu KiB below the blocks overwritten\n",
		((size_t)(uintptr_t)by_address[0] - low) / KIB);
	return blocks_work_on();
}

static void run(const char *mode)
{
	struct check_run run;

	if (CHECK_SANITIZED) {
		printf("# a sanitizer would report each of the writes\n");
		skip();
	}
	check_run_self(&run, mode, NULL);
	printf("# %s", run.err);
	check(WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0,
	      "%s: status %x, %s", mode, run.status, run.err);
}

static void writes_beyond_an_end(void **state)
{
	(void)state;
	run("upwards");
}

static void writes_below_a_start(void **state)
{
	(void)state;
	run("downwards");
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_beyond_an_end),
		cmocka_unit_test(writes_below_a_start),
	};

	if (argc > 1 && strcmp(argv[1], "upwards") == 0)
		return upwards();
	if (argc > 1 && strcmp(argv[1], "downwards") == 0)
		return downwards();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
