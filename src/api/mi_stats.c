/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Statistics. Nothing is counted on fast paths: pages are counted when they
 * are made and given back, and blocks when somebody asks.
 */
#include "api/api.h"
#include "api/options.h"
#include "blocks/census.h"

static void row(struct text *text, const char *name, size_t bytes)
{
	text_string(text, "  ");
	text_string(text, name);
	text_pad(text, 28);
	text_bytes(text, bytes, 12);
	text_string(text, "\n");
	text_print(text);
}

void mi_stats_print_out(mi_output_fun *out, void *arg)
{
	struct text text = { .out = out, .arg = arg };
	struct census census;
	size_t numbers[4];

	instance_census(instance_here(), &census);
	numbers[0] = census.heaps;
	numbers[1] = census.heaps_peak;
	numbers[2] = census.purges;
	numbers[3] = census.abandoned;
	text_begin(&text, "mimalloc statistics\n");
	text_print(&text);
	row(&text, "address space reserved",
	    census.units_reserved << UNIT_SHIFT);
	row(&text, "in use", census.units_used << UNIT_SHIFT);
	row(&text, "in use, peak", census.units_used_peak << UNIT_SHIFT);
	row(&text, "free, not given back",
	    (census.units_held - census.units_used) << UNIT_SHIFT);
	row(&text, "given back, in all", census.bytes_purged);
	row(&text, "heaps", census_units_of_engine(&census) << UNIT_SHIFT);
	row(&text, "blocks in pages", census.live_bytes);
	text_fill(&text, "  threads (heaps) now #, peak #; times given back #; "
		  "abandoned pages #\n", numbers);
	census_print(&census, &text);
	mi_process_info_print_out(out, arg);
}

void mi_stats_print(void *out)
{
	(void)out;
	mi_stats_print_out(NULL, NULL);
}

/*
 * The system counts what is resident and the most of that in two ways that
 * differ by some pages. The most is no less than what is there, or was seen
 */
static void process_read(struct port_process *process)
{
	static size_t peak_seen;
	size_t peak = atomic_read(&peak_seen);

	port_process(process);
	if (peak < process->resident)
		peak = process->resident;
	if (peak < process->resident_peak)
		peak = process->resident_peak;
	atomic_write(&peak_seen, peak);
	process->resident_peak = peak;
}

void stats_print_json(text_out_fun *out, void *arg)
{
	struct text text = { .out = out, .arg = arg };
	struct port_process process;
	struct census census;

	instance_census(instance_here(), &census);
	process_read(&process);
	census_print_json(&census, &process, &text);
}

/* A text that grows in memory, as far as there is some; else it is measured */
struct buffer {
	char *start;
	size_t bytes, length;
};

static void buffer_add(const char *message, void *arg)
{
	struct buffer *buffer = arg;

	for (; *message; message++, buffer->length++)
		if (buffer->length < buffer->bytes)
			buffer->start[buffer->length] = *message;
}

/*
 * Where the buffer is to be made, one is made that is larger than what was
 * measured, as that block itself is in the figures.
 */
#define JSON_ROOM	1024

char *mi_stats_get_json(size_t buf_size, char *buf)
{
	struct buffer buffer = { .start = buf, .bytes = buf ? buf_size : 0 };

	if (!buf) {
		stats_print_json(buffer_add, &buffer);
		buffer.bytes = buffer.length + JSON_ROOM;
		buffer.start = mi_malloc(buffer.bytes);
		if (!buffer.start)
			return NULL;
		buffer.length = 0;
	}
	stats_print_json(buffer_add, &buffer);
	if (buffer.length < buffer.bytes) {
		buffer.start[buffer.length] = 0;
		return buffer.start;
	}
	if (!buf)
		mi_free(buffer.start);
	else if (buf_size)
		*buf = 0;
	return NULL;
}

static bool count_page(struct page *page, void *arg)
{
	size_t *live = arg;
	struct page_use use;

	page_use(page, run_start(&page->run), &use);
	live[page->class] += use.live;
	return true;
}

/* Who owns all pages that are looked at needs no lock for that */
void mi_thread_stats_print_out(mi_output_fun *out, void *arg)
{
	struct text text = { .out = out, .arg = arg };
	size_t live[CLASS_COUNT];
	struct heap *heap = heap_here();
	unsigned int class;

	memory_zero(live, sizeof(live));
	if (heap != &empty_heap)
		for (heap = heap->backing; heap; heap = heap->thread_next)
			(void)heap_visit_pages(heap, count_page, live);
	text_begin(&text, "mimalloc statistics of this thread\n"
		   "    block  blocks here\n");
	text_print(&text);
	for (class = 0; class < CLASS_COUNT; class++) {
		if (!live[class])
			continue;
		text_number(&text, class ? size_class_bytes(class) : 0, 9);
		text_number(&text, live[class], 13);
		text_string(&text, "\n");
		text_print(&text);
	}
}

#if MI_CLASS_STATS

static void reset_classes(struct instance *instance)
{
	unsigned int class;

	instance->units_held_peak = instance_held(instance);
	for (class = 0; class <= CLASS_NONE; class++) {
		struct class_stats *stats = &instance->stats[class];

		stats->pages_peak = stats->pages;
		stats->pages_total = stats->pages;
		stats->units_peak = stats->units;
	}
	for (class = 0; class < CLASS_COUNT; class++)
		atomic_write(&instance->made_ended[class], 0);
}

#else

static void reset_classes(struct instance *instance)
{
	(void)instance;
}

#endif /* MI_CLASS_STATS */

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
	struct instance *instance = instance_here();
	struct port_process process;

	process_read(&process);
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
	port_lock(&instance->lock);
	if (current_commit)
		*current_commit = instance_held(instance) << UNIT_SHIFT;
	if (peak_commit)
		*peak_commit = instance_held_peak(instance) << UNIT_SHIFT;
	port_unlock(&instance->lock);
	if (page_faults)
		*page_faults = process.page_faults;
}

void mi_process_info_print_out(mi_output_fun *out, void *arg)
{
	struct text text = { .out = out, .arg = arg };
	struct port_process process;

	process_read(&process);
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
	text_print(&text);
}

void mi_process_info_print(void)
{
	mi_process_info_print_out(NULL, NULL);
}
