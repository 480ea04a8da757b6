/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For the tests of the validators: one thing at a time is broken in structures
 * that are whole. The validators have to say so, and that all is well when it
 * has been undone. What else would be seen to disagree is changed along with it
 * where that can be done.
 */
#ifndef TESTS_UNIT_VALID_H
#define TESTS_UNIT_VALID_H

#include "unit.h"

#define ARENA_BYTES	(4 * MIB)

static struct instance instance;
static struct heap heap;
static char *memory;

/* What was changed, in the order in which it was */
static struct {
	void *at;
	size_t bytes;
	unsigned char was[sizeof(uint64_t)];
} changes[8];

static size_t change_count;

static inline void remember(void *at, size_t bytes)
{
	assert_true(change_count < ARRAY_LENGTH(changes));
	assert_true(bytes <= sizeof(changes->was));
	changes[change_count].at = at;
	changes[change_count].bytes = bytes;
	memcpy(changes[change_count++].was, at, bytes);
}

/* Until undo(): a field of any type, and its value is converted to that */
#define change(field, value)						\
	do {								\
		remember(&(field), sizeof(field));			\
		(field) = (__typeof__(field))(value);			\
	} while (0)

static inline void undo(void)
{
	while (change_count > 0) {
		change_count--;
		memcpy(changes[change_count].at, changes[change_count].was,
		       changes[change_count].bytes);
	}
}

/* The changes made since the last call are noticed, and undone */
static inline void instance_notices(const char *what)
{
	bool valid = instance_is_valid(&instance);

	undo();
	check(!valid, "%s is not noticed", what);
	check(instance_is_valid(&instance), "%s is not undone", what);
}

static inline void heap_notices(const char *what)
{
	bool valid = heap_is_valid(&heap);

	undo();
	check(!valid, "%s is not noticed", what);
	check(heap_is_valid(&heap), "%s is not undone", what);
}

static inline void valid_begin(void)
{
	change_count = 0;
	instance_renew(&instance);
	instance.config.purge_enabled = false;
	memory = arena_begin(&instance, &heap, ARENA_BYTES);
}

static inline int end(void **state)
{
	(void)state;
	undo();
	heap_finish();
	munmap(memory, ARENA_BYTES);
	return 0;
}

#define T(test)	cmocka_unit_test_setup_teardown(test, begin, end)

#endif /* TESTS_UNIT_VALID_H */
