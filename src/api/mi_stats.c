/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics. Nothing is counted on fast paths: pages are counted when they
 * are made and given back, and blocks when somebody asks.
 */
#include "api/api.h"
#include "ground/text.h"

struct use {
	size_t blocks[CLASS_COUNT];	/* handed out */
};

static bool count_page(struct page *page, void *arg)
{
	uint64_t bits[PAGE_BITMAP_WORDS];
	struct use *use = arg;
	size_t i;

	page_free_bitmap(page, bits);
	use->blocks[page->class] += page->capacity;
	for (i = 0; i < PAGE_BITMAP_WORDS; i++)
		use->blocks[page->class] -= bits_set(bits[i]);
	return true;
}

/* A parameter more than four: where it goes to is asked for by the interface */
static void row(struct text *text, mi_output_fun *out, void *arg,
		const char *name, size_t bytes)
{
	text_string(text, "  ");
	text_string(text, name);
	text_pad(text, 28);
	text_bytes(text, bytes, 12);
	text_string(text, "\n");
	text_print_to(text, out, arg);
}

#if MI_CLASS_STATS

#define CLASSES_HEAD							\
	"\n    block    pages     peak      total       memory"		\
	"         peak  blocks here\n"

/*
 * One line for each class in use: pages now and at their peak, the memory
 * they hold, and of this heap the blocks handed out and what is not used.
 */
static void print_class(struct text *text, mi_output_fun *out, void *arg,
			unsigned int class, const struct class_stats *stats,
			const struct use *use)
{
	size_t bytes = class == CLASS_NONE ? 0 : size_class_bytes(class);

	if (!stats->pages_total)
		return;
	if (class == CLASS_NONE)
		text_string(text, "    large");
	else
		text_number(text, class == 0 ? 0 : bytes, 9);
	text_number(text, stats->pages, 9);
	text_number(text, stats->pages_peak, 9);
	text_number(text, stats->pages_total, 11);
	text_bytes(text, (size_t)stats->units << UNIT_SHIFT, 13);
	text_bytes(text, (size_t)stats->units_peak << UNIT_SHIFT, 13);
	if (class != CLASS_NONE)
		text_number(text, use->blocks[class], 12);
	text_string(text, "\n");
	text_print_to(text, out, arg);
}

static void print_classes(struct text *text, mi_output_fun *out, void *arg,
			  const struct use *use)
{
	unsigned int class;

	for (class = 0; class <= CLASS_NONE; class++)
		print_class(text, out, arg, class,
			    &instance_here()->stats[class], use);
}

/* Units that hold blocks. The lock is held */
static size_t units_of_blocks(const struct instance *instance)
{
	unsigned int class;
	size_t units = 0;

	for (class = 0; class <= CLASS_NONE; class++)
		units += instance->stats[class].units;
	return units;
}

static void reset_classes(struct instance *instance)
{
	unsigned int class;

	for (class = 0; class <= CLASS_NONE; class++) {
		struct class_stats *stats = &instance->stats[class];

		stats->pages_peak = stats->pages;
		stats->pages_total = stats->pages;
		stats->units_peak = stats->units;
	}
}

#else

#define CLASSES_HEAD	"\n"

static void print_classes(struct text *text, mi_output_fun *out, void *arg,
			  const struct use *use)
{
	(void)text;
	(void)out;
	(void)arg;
	(void)use;
}

/* Not counted */
static size_t units_of_blocks(const struct instance *instance)
{
	return instance->units_used;
}

static void reset_classes(struct instance *instance)
{
	(void)instance;
}

#endif /* MI_CLASS_STATS */

static void count_here(struct use *use)
{
	struct heap *heap = heap_here();

	memory_zero(use, sizeof(*use));
	if (heap == &empty_heap)
		return;
	for (heap = heap->backing; heap; heap = heap->thread_next)
		(void)heap_visit_pages(heap, count_page, use);
}

void mi_stats_print_out(mi_output_fun *out, void *arg)
{
	struct instance *instance = instance_here();
	struct text text = { .length = 0 };
	size_t reserved = 0, metadata, pages, handed = 0;
	const struct arena *arena;
	struct use use;
	unsigned int class;

	count_here(&use);
	port_lock(&instance->lock);
	for (arena = instance->arenas; arena; arena = arena->next)
		reserved += arena->end - arena->start;
	pages = units_of_blocks(instance);
	port_unlock(&instance->lock);
	for (class = 0; class < CLASS_COUNT; class++)
		handed += use.blocks[class] * size_class_bytes(class);
	metadata = instance->units_used - pages;

	text_begin(&text, "mimalloc statistics\n");
	text_print_to(&text, out, arg);
	row(&text, out, arg, "address space reserved", reserved);
	row(&text, out, arg, "in use", instance->units_used << UNIT_SHIFT);
	row(&text, out, arg, "in use, peak",
	    instance->units_used_peak << UNIT_SHIFT);
	row(&text, out, arg, "free, not given back",
	    (instance->units_dirty + instance->units_shelved) << UNIT_SHIFT);
	row(&text, out, arg, "given back, in all", instance->bytes_purged);
	if (MI_CLASS_STATS)	/* else not known */
		row(&text, out, arg, "heaps", metadata << UNIT_SHIFT);
	row(&text, out, arg, "blocks of this thread", handed);
	text_string(&text, "  threads (heaps) now ");
	text_number(&text, instance->heap_count, 1);
	text_string(&text, ", peak ");
	text_number(&text, instance->heap_count_peak, 1);
	text_string(&text, "; times given back ");
	text_number(&text, instance->purges, 1);
	text_string(&text, "; abandoned pages ");
	text_number(&text, instance->abandoned_count, 1);
	text_string(&text, CLASSES_HEAD);
	text_print_to(&text, out, arg);
	print_classes(&text, out, arg, &use);
	mi_process_info_print_out(out, arg);
}

void mi_stats_print(void *out)
{
	(void)out;
	mi_stats_print_out(NULL, NULL);
}

void mi_thread_stats_print_out(mi_output_fun *out, void *arg)
{
	struct text text = { .length = 0 };
	struct use use;
	unsigned int class;

	count_here(&use);
	text_begin(&text, "mimalloc statistics of this thread\n"
		    "    block  blocks here\n");
	text_print_to(&text, out, arg);
	for (class = 0; class < CLASS_COUNT; class++) {
		if (!use.blocks[class])
			continue;
		text_number(&text, class ? size_class_bytes(class) : 0, 9);
		text_number(&text, use.blocks[class], 13);
		text_string(&text, "\n");
		text_print_to(&text, out, arg);
	}
}

/* Peaks and totals begin anew; what is in use stays what it is */
void mi_stats_reset(void)
{
	struct instance *instance = instance_here();

	port_lock(&instance->lock);
	instance->units_used_peak = instance->units_used;
	instance->heap_count_peak = instance->heap_count;
	instance->bytes_purged = 0;
	instance->purges = 0;
	reset_classes(instance);
	port_unlock(&instance->lock);
}

/* Counters are the instance's from the start: there is nothing to merge */
void mi_stats_merge(void)
{
}

void mi_process_info(size_t *elapsed_msecs, size_t *user_msecs,
		     size_t *system_msecs, size_t *current_rss,
		     size_t *peak_rss, size_t *current_commit,
		     size_t *peak_commit, size_t *page_faults)
{
	const struct instance *instance = instance_here();
	struct port_process process;

	port_process(&process);
	if (elapsed_msecs)
		*elapsed_msecs = process.elapsed_msecs;
	if (user_msecs)
		*user_msecs = process.user_msecs;
	if (system_msecs)
		*system_msecs = process.system_msecs;
	if (current_rss)
		*current_rss = process.resident;
	if (peak_rss)
		*peak_rss = process.resident_peak;
	if (current_commit)
		*current_commit = (instance->units_used +
				   instance->units_dirty +
				   instance->units_shelved) << UNIT_SHIFT;
	if (peak_commit)
		*peak_commit = instance->units_used_peak << UNIT_SHIFT;
	if (page_faults)
		*page_faults = process.page_faults;
}

void mi_process_info_print_out(mi_output_fun *out, void *arg)
{
	struct text text = { .length = 0 };
	struct port_process process;

	port_process(&process);
	text_string(&text, "  process: ");
	text_number(&text, process.elapsed_msecs, 1);
	text_string(&text, " ms, user ");
	text_number(&text, process.user_msecs, 1);
	text_string(&text, " ms, system ");
	text_number(&text, process.system_msecs, 1);
	text_string(&text, " ms, resident ");
	text_bytes(&text, process.resident, 1);
	text_string(&text, ", peak ");
	text_bytes(&text, process.resident_peak, 1);
	text_string(&text, "\n");
	text_print_to(&text, out, arg);
}

void mi_process_info_print(void)
{
	mi_process_info_print_out(NULL, NULL);
}
