/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How much free memory may stay dirty: the budget, and what it learns. A
 * program whose memory breathes frees some and soon asks for as much again;
 * what was given back meanwhile is missed then, and costs a call, a fault and
 * clearing. Reached is all below an arena's high-water mark. See
 * docs/design.md, "Giving memory back", for the bounds.
 *
 *	cut clean, though reached	missed: twice as much is learned
 *	given back			a part of it is unlearned
 *	resting for a whole epoch	spare: as much is unlearned
 */
#include "runs/budget.h"
#include "runs/promise.h"

/* Units in use, but for those that others have emptied */
static size_t units_in_use(const struct instance *instance)
{
	/*
	 * Each is counted a moment before or after another, and may be -1.
	 * Relaxed: a sum of old values is a budget of a moment ago.
	 */
	size_t used = atomic_read(&instance->units_used) -
		      atomic_read(&instance->waiting_units);

	if (!PORT_CEDES)	/* else they are not used */
		used -= atomic_read(&instance->remote_purged_units);

	return (ptrdiff_t)used > 0 ? used : 0;
}

/*
 * What is configured, or a share of what is in use where that is more, as a
 * large program frees and allocates more at a time.
 */
static size_t units_allowed(const struct instance_config *config, size_t used)
{
	size_t budget = config->budget_bytes >> UNIT_SHIFT;
	size_t share = config->budget_share ? used / config->budget_share : 0;

	return share > budget ? share : budget;
}

/*
 * How much may be learned at most, as nobody asks again for what the last
 * breath leaves. A program that had to ask many times over has paid for more.
 */
static size_t units_learned_most(const struct instance *instance, size_t used)
{
	size_t most = instance->config.learn_bytes >> UNIT_SHIFT;
	size_t paid = instance->budget.missed_ever / LEARN_PRICE;

	if (!most || !instance->config.budget_bytes)
		return 0;
	if (most < used)
		most = used;
	return most < paid ? paid : most;
}

/*
 * How much of what was learned may stay now: others who need frames find as
 * many as that at least. But frames are of use to nobody while many are free,
 * so a part of these may stay as if it had been learned.
 */
static size_t units_learned_now(const struct instance *instance, size_t most)
{
	size_t learned = instance->budget.learned;
#if PORT_FRAMES_RUN_OUT
	size_t others = units_for_others(instance), idle = others / IDLE_SHARE;

	if (idle > most)
		idle = most;
	if (learned < idle)
		learned = idle;
	if (learned > others)
		learned = others;
#else
	(void)most;
#endif
	return learned;
}

/* An epoch is over when so much has been cut that a breath is a part of it */
static void epoch_end(struct instance *instance, size_t allowed)
{
	struct budget *budget = &instance->budget;
	size_t spare = budget->spare > allowed ? budget->spare - allowed : 0;

	budget->learned -= spare < budget->learned ? spare : budget->learned;
	spare *= LEARN_PRICE;
	budget->missed_ever -= spare < budget->missed_ever ? spare :
			       budget->missed_ever;
#if PORT_KEPT_LEARN_MAX
	atomic_write(&instance->kept_learned,
		     atomic_read(&instance->kept_learned) / 2);
#endif
	budget->cut = 0;
	budget->spare = units_resting(instance);
}

size_t budget_units(struct instance *instance)
{
	struct budget *budget = &instance->budget;
	size_t used = units_in_use(instance);
	size_t allowed = units_allowed(&instance->config, used);
	size_t most = units_learned_most(instance, used);

	budget->learned += 2 * budget->missed;
	budget->missed_ever += budget->missed;
	budget->missed = 0;
	if (budget->learned > most)
		budget->learned = most;
	if (budget->cut > EPOCH_BREATHS * (allowed + budget->learned))
		epoch_end(instance, allowed);
	return allowed + units_learned_now(instance, most);
}

void budget_give_back(struct instance *instance, size_t units)
{
	struct budget *budget = &instance->budget;
	size_t dirty = units_resting(instance) + units, less;

	/*
	 * As large a part as dirty memory is of all. Where little is in use
	 * beside it, the breath is deeper than what may be learned, and nothing
	 * is to stay; where much is, the working set changes all the time, and
	 * what was learned holds.
	 */
	less = (size_t)((uint64_t)units * dirty /
			(dirty + units_in_use(instance)));
	budget->learned -= less < budget->learned ? less : budget->learned;
}

void budget_taken(struct instance *instance, size_t units)
{
	struct budget *budget = &instance->budget;

	budget->cut += units;
	if (budget->spare > units_resting(instance))
		budget->spare = units_resting(instance);
}

void budget_cut(const struct arena *arena, uintptr_t start, uintptr_t end,
		size_t dirty)
{
	struct instance *instance = arena->instance;
	struct budget *budget = &instance->budget;

	budget_taken(instance, (end - start) >> UNIT_SHIFT);
	if (unlikely(end > arena->high_water))
		end = arena->high_water;
	if (likely(start < end && !arena->fixed))
		budget->missed += ((end - start) >> UNIT_SHIFT) -
				  (dirty - instance->units_dirty);
}
