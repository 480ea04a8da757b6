/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which executions there are. They are a tree: a node is a state, and a branch
 * is a step of one thread in one way. The tree is visited depth first, and
 * each time from the root, as states cannot be kept.
 *
 * From a node one thread goes on, in all its ways. Another one has to go on
 * from there as well only where a later step of it could have changed what
 * was read: it writes where an earlier step read, and that step did not happen
 * before it (`later`, a source set). That a step which reads comes earlier or
 * later than a write makes no difference: later it has one message more to
 * choose from. And where writes stand among each other is chosen, too.
 *
 * When all that begins with a step was visited, the step sleeps in the nodes
 * beside it, up to a step on which it depends: what would differ in the order
 * of both alone is not visited again. An execution where all threads sleep is
 * pruned.
 */
#include <stdio.h>
#include <string.h>

#include "search.h"

#define DEPTH_MAX	600
#define SLEEP_MAX	96

struct node {
	/* The step taken from here, and what it was */
	struct step step;
	uintptr_t address;
	enum kind kind;
	struct site *site;
	uint64_t value;			/* for a trace */
	uint16_t number;		/* among its thread's, from 1 */
	struct clock depends;		/* on so many steps of each thread */
	/* The others */
	bool is_open;			/* the way is yet to be chosen */
	bool is_done;			/* there is none left */
	uint8_t enabled, wanted, tried;	/* threads, a bit for each */
	uint16_t ways, sleeping;
	struct step way[WAYS_MAX];	/* of the step's thread */
	struct {
		struct step step;
		uintptr_t address;
	} sleep[SLEEP_MAX];
};

bool search_whole;

static struct node nodes[DEPTH_MAX];
static unsigned int depth;	/* steps of this execution so far */
static unsigned int length;	/* nodes that there are already */
static unsigned long steps;

#define BIT(thread)	((uint8_t)(1u << (thread)))

void search_begin(void)
{
	length = 0;
	depth = 0;
	steps = 0;
}

unsigned long search_steps(void)
{
	return steps;
}

/* ---- who sleeps ---- */

static bool is_asleep(const struct node *node, unsigned int thread,
		      uint16_t way)
{
	unsigned int i;

	for (i = 0; i < node->sleeping; i++)
		if (node->sleep[i].step.thread == thread &&
		    node->sleep[i].step.way == way)
			return true;
	return false;
}

static void put_to_sleep(struct node *node, const struct step *step,
			 uintptr_t address)
{
	if (node->sleeping == SLEEP_MAX)
		explore_failed("more steps sleep than %d", SLEEP_MAX);
	node->sleep[node->sleeping].step = *step;
	node->sleep[node->sleeping++].address = address;
}

/* What sleeps on behind a node's step: what does not depend on it */
static void sleep_on(struct node *node, const struct node *before)
{
	const struct step *step;
	unsigned int i;

	for (i = 0; i < before->sleeping; i++) {
		step = &before->sleep[i].step;
		if (step->thread == before->step.thread)
			continue;
		/* but a read of one message is the same before and behind */
		if (before->address && step->writes && before->step.writes &&
		    before->sleep[i].address == before->address)
			continue;
		put_to_sleep(node, step, before->sleep[i].address);
	}
}

/* ---- what to do in a node ---- */

/* The first of the known ways of the step's thread that does not sleep */
static bool next_way(struct node *node)
{
	unsigned int i;

	for (i = 0; i < node->ways; i++) {
		if (is_asleep(node, node->way[i].thread, node->way[i].way))
			continue;
		node->step = node->way[i];
		return true;
	}
	return false;
}

static bool choose_way(struct node *node, unsigned int thread)
{
	uint16_t way[WAYS_MAX];
	bool writes[WAYS_MAX];
	unsigned int i;

	node->tried |= BIT(thread);
	node->ways = (uint16_t)thread_ways(thread, way, writes);
	for (i = 0; i < node->ways; i++) {
		node->way[i].thread = (uint8_t)thread;
		node->way[i].way = way[i];
		node->way[i].writes = writes[i];
	}
	return next_way(node);
}

/* A thread that has to go on from here, too */
static bool choose_wanted(struct node *node)
{
	unsigned int t;

	for (t = 1; t < THREADS; t++)
		if ((node->wanted & ~node->tried & BIT(t)) &&
		    choose_way(node, t))
			return true;
	return false;
}

/* Of all, first who runs: that is the cheapest */
static bool choose_thread(struct node *node)
{
	unsigned int i, t;

	for (i = 0; i < THREADS; i++) {
		t = (self + i) % THREADS;
		if ((node->enabled & BIT(t)) && choose_way(node, t)) {
			node->wanted = search_whole ? node->enabled : BIT(t);
			return true;
		}
	}
	return false;
}

static enum ending new_node(struct node *node)
{
	unsigned int t;
	bool wait = false;

	memset(node, 0, __builtin_offsetof(struct node, way));
	if (depth)
		sleep_on(node, node - 1);
	for (t = 1; t < THREADS; t++) {
		wait |= threads[t].waits;
		if (thread_is_ready(t))
			node->enabled |= BIT(t);
	}
	if (!wait)
		return ENDING_COMPLETE;
	if (!node->enabled)
		explore_failed("all threads wait for a lock");
	return choose_thread(node) ? ENDING_NONE : ENDING_PRUNED;
}

/* ---- who else has to go on, and from where ---- */

static bool depends_on(const struct clock *clock, const struct node *node)
{
	return clock->of[node->step.thread] >= node->number;
}

/*
 * The threads whose next step from the node `at` may come first, of all those
 * steps behind it that do not depend on it, and of `thread`'s, which is next
 */
static uint8_t may_be_first(unsigned int at, unsigned int thread)
{
	uint8_t first = 0, seen = BIT(nodes[at].step.thread);
	unsigned int i, j;

	for (i = at + 1; i <= depth; i++) {
		const struct clock *clock = i < depth ? &nodes[i].depends :
					    &dependence[thread];
		unsigned int t = i < depth ? nodes[i].step.thread : thread;

		if (i < depth && depends_on(clock, &nodes[at]))
			continue;
		if (seen & BIT(t))
			continue;
		seen |= BIT(t);
		for (j = at + 1; j < i; j++)
			if (!depends_on(&nodes[j].depends, &nodes[at]) &&
			    depends_on(clock, &nodes[j]))
				break;
		if (j == i)
			first |= BIT(t);
	}
	return first;
}

/* The operation may write where earlier steps read: it may also come before */
static void want_earlier(unsigned int thread)
{
	const struct operation *operation = &threads[thread].operation;
	unsigned int i;
	uint8_t first;

	if (operation->kind == KIND_READ || operation->kind == KIND_START)
		return;
	for (i = 0; i < depth; i++) {
		struct node *node = &nodes[i];

		if (node->address != operation->address ||
		    node->kind == KIND_WRITE || node->step.thread == thread ||
		    depends_on(&dependence[thread], node))
			continue;
		first = may_be_first(i, thread) & node->enabled;
		if (node->wanted & first)
			continue;
		if (first & BIT(thread))
			node->wanted |= BIT(thread);
		else if (first)
			node->wanted |= (uint8_t)(first & -first);
		else
			node->wanted |= node->enabled;
	}
}

/* ---- steps ---- */

static void step_is_done(void)
{
	struct node *node = &nodes[depth - 1];

	node->depends = dependence[node->step.thread];
	node->value = threads[node->step.thread].result;
}

static enum ending node_step(struct node *node)
{
	enum ending ending;

	if (depth == length) {
		ending = new_node(node);
		length += ending == ENDING_NONE;
		return ending;
	}
	if (!node->is_open)
		return ENDING_NONE;
	node->is_open = false;
	if (choose_wanted(node))
		return ENDING_NONE;
	node->is_done = true;
	return ENDING_PRUNED;
}

enum ending search_next(struct step *step)
{
	struct node *node = &nodes[depth];
	enum ending ending;
	unsigned int thread;

	if (depth)
		step_is_done();
	if (depth == DEPTH_MAX - 1)
		explore_failed("more steps than %d", DEPTH_MAX);
	ending = node_step(node);
	if (ending != ENDING_NONE)
		return ending;
	thread = node->step.thread;
	node->address = threads[thread].operation.address;
	node->kind = threads[thread].operation.kind;
	node->site = threads[thread].operation.site;
	if (depth + 1 == length)
		want_earlier(thread);
	node->number = ++dependence[thread].of[thread];
	*step = node->step;
	depth++;
	steps++;
	return ENDING_NONE;
}

bool search_back(void)
{
	struct node *node;

	for (depth = 0; length; length--) {
		node = &nodes[length - 1];
		if (node->is_done)
			continue;
		put_to_sleep(node, &node->step, node->address);
		if (next_way(node))
			return true;
		if (node->wanted & ~node->tried) {
			node->is_open = true;
			return true;
		}
	}
	return false;
}

static const char *const kinds[] = {
	[KIND_START] = "starts", [KIND_READ] = "reads", [KIND_WRITE] = "writes",
	[KIND_UPDATE] = "updates", [KIND_COMPARE] = "fails to swap",
	[KIND_LOCK] = "locks",
};

void search_show(void)
{
	char buffer[80];
	unsigned int i;

	if (depth)
		step_is_done();
	for (i = 0; i < depth; i++) {
		const struct node *node = &nodes[i];
		const char *kind = kinds[node->kind];

		if (node->kind == KIND_COMPARE && node->step.writes)
			kind = "swaps";
		printf("# %*s%u %s %s", 2 * node->step.thread - 2, "",
		       node->step.thread, kind, node->kind == KIND_START ? "" :
		       order_name_of(node->address, buffer, sizeof(buffer)));
		if (node->kind != KIND_START && node->kind != KIND_LOCK)
			printf(" (%#lx) in %s", (unsigned long)node->value,
			       node->site ? node->site->function : "?");
		printf("\n");
	}
}
