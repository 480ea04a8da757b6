/* SPDX-License-Identifier: BSD-3-Clause */
/* A census as text. */
#include "blocks/census.h"

#if MI_CLASS_STATS

static void print_peaks(struct text *text, const struct census *census,
			unsigned int class, size_t bytes)
{
	const struct class_stats *stats = &census->stats[class];

	text_number(text, stats->pages_peak, 9);
	text_number(text, stats->pages_total, 11);
	text_bytes(text, bytes, 13);
	text_bytes(text, (size_t)stats->units_peak << UNIT_SHIFT, 13);
}

#define PEAKS_HEAD	"     peak      total       memory         peak"

#else

static void print_peaks(struct text *text, const struct census *census,
			unsigned int class, size_t bytes)
{
	(void)census;
	(void)class;
	text_bytes(text, bytes, 13);
}

#define PEAKS_HEAD	"       memory"

#endif /* MI_CLASS_STATS */

static void print_class(struct text *text, const struct census *census,
			unsigned int class)
{
	const struct class_use *use = &census->classes[class];

	if (!census_has_class(census, class))
		return;
	if (class == CLASS_NONE)
		text_string(text, "    large");
	else
		text_number(text, class ? size_class_bytes(class) : 0, 9);
	text_number(text, use->pages, 9);
	print_peaks(text, census, class, use->units << UNIT_SHIFT);
	text_number(text, use->live, 12);
	text_string(text, "\n");
	text_print(text);
}

void census_print(const struct census *census, struct text *text)
{
	size_t waste = census_waste(census), scatter = census_scatter(census);
	const size_t numbers[] = {
		census->all.live, census->classes[CLASS_NONE].live,
		census->whole_runs, waste / 10, waste % 10, scatter / 10,
		scatter % 10, census->free_runs,
	};
	unsigned int class;

	text_fill(text, "  blocks in pages #, large blocks #, "
		  "runs of whole units #\n  fragmentation inside pages #.# %, "
		  "between runs #.# %; free runs #\n", numbers);
	text_print(text);
	text_string(text, "    block    pages" PEAKS_HEAD "      blocks\n");
	text_print(text);
	for (class = 0; class <= CLASS_NONE; class++)
		print_class(text, census, class);
}
