/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every call to the port fails once, and every tail of the calls fails: each
 * mi_* call succeeds or gives NULL with ENOMEM, blocks stay what they are,
 * and afterwards there is full service. Each run is a process of its own,
 * for the first calls come before main().
 *
 *	MI_TEST_FAIL=k		the k-th call fails
 *	MI_TEST_FAIL=-k		it fails, and all after it until the end
 *
 * LDFLAGS: -Wl,--wrap=port_reserve,--wrap=port_extend,--wrap=port_move
 * LDFLAGS: -Wl,--wrap=port_renew
 * LDFLAGS: -Wl,--wrap=run_cut,--wrap=run_grow,--wrap=port_purge
 */
#include "unit.h"

static long calls;
static bool failing_is_over;

static bool fails(void)
{
	const char *text = getenv("MI_TEST_FAIL");
	long at = text ? atol(text) : 0;

	calls++;
	if (failing_is_over || at == 0)
		return false;
	return at > 0 ? calls == at : calls >= -at;
}

void *__real_port_reserve(enum port_area area, size_t least, size_t *bytes,
			  bool *is_zero);
void *__wrap_port_reserve(enum port_area area, size_t least, size_t *bytes,
			  bool *is_zero);
size_t __real_port_extend(enum port_area area, void *end, size_t least,
			  size_t bytes);
size_t __wrap_port_extend(enum port_area area, void *end, size_t least,
			  size_t bytes);
enum port_moved __real_port_renew(void *start, size_t bytes);
enum port_moved __wrap_port_renew(void *start, size_t bytes);
enum port_moved __real_port_move(void *to, void *from, size_t bytes);
enum port_moved __wrap_port_move(void *to, void *from, size_t bytes);
struct run *__real_run_cut(struct arena *arena,
			   const struct run_request *request);
struct run *__wrap_run_cut(struct arena *arena,
			   const struct run_request *request);
bool __real_run_grow(struct arena *arena, struct run *run, size_t units);
bool __wrap_run_grow(struct arena *arena, struct run *run, size_t units);
bool __real_port_purge(void *start, size_t bytes);
bool __wrap_port_purge(void *start, size_t bytes);

void *__wrap_port_reserve(enum port_area area, size_t least, size_t *bytes,
			  bool *is_zero)
{
	return fails() ? NULL :
	       __real_port_reserve(area, least, bytes, is_zero);
}

size_t __wrap_port_extend(enum port_area area, void *end, size_t least,
			  size_t bytes)
{
	return fails() ? 0 : __real_port_extend(area, end, least, bytes);
}

enum port_moved __wrap_port_renew(void *start, size_t bytes)
{
	return fails() ? PORT_NOT_MOVED : __real_port_renew(start, bytes);
}

enum port_moved __wrap_port_move(void *to, void *from, size_t bytes)
{
	return fails() ? PORT_NOT_MOVED : __real_port_move(to, from, bytes);
}

struct run *__wrap_run_cut(struct arena *arena,
			   const struct run_request *request)
{
	return fails() ? NULL : __real_run_cut(arena, request);
}

bool __wrap_run_grow(struct arena *arena, struct run *run, size_t units)
{
	return !fails() && __real_run_grow(arena, run, units);
}

bool __wrap_port_purge(void *start, size_t bytes)
{
	return !fails() && __real_port_purge(start, bytes);
}

/* -------- the script -------- */

#define SLOTS	160

static struct {
	char *block;
	size_t size;
	uint64_t tag;
} slots[SLOTS];

static uint64_t tags;
static unsigned int refused;

/* What a call gave, to be the slot's. `kept` bytes are the old contents */
static bool take(size_t i, void *block, size_t size, size_t kept, bool zero)
{
	if (!block) {
		refused++;
		must(errno == ENOMEM);
		/* what was there is there */
		return false;
	}
	must(is_aligned(block, BLOCK_ALIGN));
	must(mi_usable_size(block) >= size);
	if (kept)
		must(pattern_holds(block, kept, slots[i].tag));
	if (zero)
		must(all_zero((char *)block + kept, size - kept));
	slots[i].block = block;
	slots[i].size = size;
	slots[i].tag = tags++;
	pattern_write(block, size, slots[i].tag);
	return true;
}

static bool holds(size_t i)
{
	return !slots[i].block || pattern_holds(slots[i].block, slots[i].size,
						slots[i].tag);
}

static void drop(size_t i)
{
	must(holds(i));
	mi_free(slots[i].block);
	slots[i].block = NULL;
}

static size_t script_size(size_t i)
{
	static const size_t sizes[] = {
		1, 16, 100, 500, 1024, 1500, 4096, 9000, 32768, 40000, 50000,
	};

	/* a few that are moved by their mappings */
	if (i % 60 == 31)
		return MIB;
	return sizes[i % ARRAY_LENGTH(sizes)] + i / 24;
}

static void resize(size_t i, size_t size)
{
	size_t kept = slots[i].size < size ? slots[i].size : size;
	void *p;

	if (!slots[i].block)
		return;
	errno = 0;
	p = mi_realloc(slots[i].block, size);
	if (!take(i, p, size, kept, false))
		must(holds(i));
}

static void script(void)
{
	mi_heap_t *heap;
	size_t i, n;

	for (i = 0; i < SLOTS; i++) {
		n = script_size(i);
		errno = 0;
		if (i % 3 == 0)
			(void)take(i, mi_malloc(n), n, 0, false);
		else if (i % 3 == 1)
			(void)take(i, mi_zalloc(n), n, 0, true);
		else
			(void)take(i, mi_malloc_aligned(n, (size_t)64 << i % 9),
				   n, 0, false);
	}
	for (i = 0; i < SLOTS; i += 2)
		drop(i);
	for (i = 1; i < SLOTS; i += 2)
		resize(i, slots[i].size * 2 + 1);
	for (i = 1; i < SLOTS; i += 4)
		resize(i, slots[i].size / 3 + 1);
	mi_collect(true);
	errno = 0;
	heap = mi_heap_new();
	must(heap || errno == ENOMEM);
	for (i = 0; heap && i < SLOTS; i += 2) {
		n = script_size(i + 1);
		errno = 0;
		(void)take(i, mi_heap_calloc(heap, n, 1), n, 0, true);
	}
	if (heap)
		mi_heap_delete(heap);
	/* large blocks grow, in place or not */
	for (n = MIB; n < 4 * MIB; n += n / 2) {
		if (!slots[0].block) {
			errno = 0;
			(void)take(0, mi_malloc(n), n, 0, false);
		}
		resize(0, n);
		errno = 0;
		if (!slots[2].block)
			(void)take(2, mi_malloc(n / 2), n / 2, 0, false);
		else
			drop(2);
	}
	for (i = 0; i < SLOTS; i++)
		must(holds(i));
}

static int run_script(void)
{
	long counted;
	size_t i;

	script();
	counted = calls;
	must(heap_is_valid(heap_current()));
	must(all_is_valid(&default_instance));
	/* whoever was refused is served now */
	failing_is_over = true;
	for (i = 0; i < SLOTS; i++)
		drop(i);
	refused = 0;
	script();
	must(refused == 0);
	for (i = 0; i < SLOTS; i++)
		drop(i);
	mi_collect(true);
	must(heap_is_valid(heap_current()));
	must(all_is_valid(&default_instance));
	must(runs_of_kind(&default_instance, RUN_PAGE) == 0);
	must(runs_of_kind(&default_instance, RUN_LARGE) == 0);
	printf("%ld", counted);
	return 0;
}

static long run_with(long at)
{
	char text[64];
	const char *const settings[] = { text, NULL };
	struct check_run run;

	snprintf(text, sizeof(text), "MI_TEST_FAIL=%ld", at);
	check_run_self(&run, "script", settings);
	check(run.status == 0, "%s: status %#x: %s", text,
	      (unsigned int)run.status, run.err);
	return atol(run.out);
}

/* Where MI_TEST_DIVIDE asks for a part of the test: each step-th, from any */
static struct check_random where;
static size_t step;

static void each_call_fails_once(void **state)
{
	long count = run_with(0), k;

	(void)state;
	printf("# %ld calls to the port\n", count);
	assert_true(count > 50);
	for (k = 1 + (long)check_below(&where, step); k <= count;
	     k += (long)step)
		(void)run_with(k);
}

static void every_tail_of_calls_fails(void **state)
{
	long count = run_with(0), k;

	(void)state;
	for (k = 1 + (long)check_below(&where, step); k <= count;
	     k += (long)step)
		(void)run_with(-k);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_call_fails_once),
		cmocka_unit_test(every_tail_of_calls_fails),
	};

	(void)argv;
	if (argc > 1)
		return run_script();
	where.state = check_seed("calls that fail");
	step = (size_t)check_number("MI_TEST_DIVIDE", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
