/* SPDX-License-Identifier: BSD-3-Clause */
/*
 *	order hold [CASE..]	explores those cases, or all
 *	order long		also those that take long
 *	order sites		also lists the halves of atomic operations
 *	order found		the first case that fails
 *
 * WEAK has lines "function operand half", as `order sites` prints them: what
 * becomes relaxed of these operations.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "order.h"

#define NAMES_MAX	64

static struct {
	uintptr_t address;
	const char *name;	/* NULL: it is ignored */
} names[NAMES_MAX];
static unsigned int name_count;

static void name_add(uintptr_t address, const char *name)
{
	if (name_count == NAMES_MAX)
		explore_failed("more names than %d", NAMES_MAX);
	names[name_count].address = address;
	names[name_count++].name = name;
}

void order_name(const void *address, const char *name)
{
	name_add((uintptr_t)address, name);
}

void order_ignore(const void *address)
{
	name_add((uintptr_t)address, NULL);
}

void order_begin(void)
{
	name_count = 0;
}

bool order_is_ignored(uintptr_t address)
{
	unsigned int i;

	for (i = 0; i < name_count; i++)
		if (names[i].address == address)
			return !names[i].name;
	return false;
}

const char *order_name_of(uintptr_t address, char *buffer, size_t bytes)
{
	unsigned int i;

	for (i = 0; i < name_count; i++)
		if (names[i].address == address && names[i].name)
			return names[i].name;
	(void)snprintf(buffer, bytes, "%#lx", (unsigned long)address);
	return buffer;
}

static double seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static const struct exploration *const lists[] = {
	cases_litmus, cases_memory, cases_pages, cases_heaps, NULL
};

static bool is_wanted(const struct exploration *one, char **only, bool longer)
{
	if (!*only)
		return longer || !one->is_long;
	for (; *only; only++)
		if (strcmp(*only, one->name) == 0)
			return true;
	return false;
}

static bool hold_one(const struct exploration *one)
{
	double start = seconds();
	/* what is wrong with one that has to fail is of no interest */
	struct result result = explore(one, one->fails);

	printf("%s - %s: %lu executions, %lu pruned, %lu steps, %.1f s",
	       result.good ? "ok" : "not ok", one->name, result.complete,
	       result.pruned, result.steps, seconds() - start);
	if (one->fails)
		printf(", %s", result.failed ? "and fails as it has to" :
		       "and does not fail");
	if (one->outcomes && result.outcomes != one->outcomes)
		printf(", outcomes %#lx and not %#lx",
		       (unsigned long)result.outcomes,
		       (unsigned long)one->outcomes);
	printf("\n");
	(void)fflush(stdout);
	return result.good;
}

static bool hold(char **only, bool longer)
{
	const struct exploration *const *list, *one;
	bool all = true, some = false;

	for (list = lists; *list; list++) {
		for (one = *list; one->name; one++) {
			if (!is_wanted(one, only, longer))
				continue;
			some = true;
			all &= hold_one(one);
		}
	}
	if (!some)
		printf("no case has such a name\n");
	return all && some;
}

/* The first case of the engine's that fails; false: none does */
static bool found(void)
{
	const struct exploration *const *list, *one;

	for (list = lists + 1; *list; list++) {
		for (one = *list; one->name; one++) {
			if (one->is_long || !explore(one, true).failed)
				continue;
			printf("%s\n", one->name);
			return true;
		}
	}
	return false;
}

static bool is_of_engine(const struct site *site)
{
	return strncmp(site->file, "src/", 4) == 0;
}

static void show_sites(void)
{
	const struct site *site;
	unsigned int half;

	for (site = sites; site; site = site->next)
		for (half = SITE_ACQUIRE; half <= SITE_FAILURE; half <<= 1)
			if ((site->has & half) && is_of_engine(site))
				printf("site %s %s %s\n", site->function,
				       site->operand, hooks_half(half));
}

int main(int count, char **arguments)
{
	const char *command = count > 1 ? arguments[1] : "";
	static char *none[] = { NULL };
	char *weak = getenv("WEAK");
	bool good;

	races_open();
	port_open();
	if (weak)
		hooks_read_weak(weak);
	if (strcmp(command, "found") == 0 && weak)
		return !found();
	search_whole = strcmp(command, "whole") == 0;
	if (strcmp(command, "hold") == 0 || search_whole)
		return !hold(arguments + 2, false);
	if (strcmp(command, "long") == 0)
		return !hold(arguments + 2, true);
	if (strcmp(command, "sites") == 0) {
		good = hold(none, false);
		show_sites();
		return !good;
	}
	printf("see the head of tests/order/main.c\n");
	return 2;
}
