/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random operations against a model, in one thread and in several that
 * exchange blocks through a mailbox. MI_TEST_SEED takes a seed back;
 * MI_TEST_ROUNDS is the number of operations in each thread.
 */
#include "model.h"

#include <pthread.h>

#define THREADS		4
#define VERIFY_EVERY	5000

static bool run_model(struct model *model, size_t rounds)
{
	for (size_t i = 0; i < rounds; i++) {
		if (!model_step(model))
			return false;
		if (i % VERIFY_EVERY == VERIFY_EVERY - 1 &&
		    !model_verify(model))
			return false;
	}
	return model_verify(model) && model_clear(model);
}

static void one_thread(void **state)
{
	static struct model model;

	model.random.state = *(uint64_t *)*state;
	if (!run_model(&model, check_rounds(100000)))
		fail_msg("operation %zu: %s", model.operations, model.wrong);
	assert_int_equal(model.live_bytes, 0);
}

/* The same in a heap of its own, which is then destroyed with live blocks. */
static void one_heap(void **state)
{
	static struct model model;
	uint64_t seed = *(uint64_t *)*state;

	for (uint64_t i = 0; i < 10; i++) {
		mi_heap_t *heap = mi_heap_new();
		mi_heap_t *old = mi_heap_set_default(heap);

		memset(&model, 0, sizeof(model));
		model.random.state = seed + i;
		for (size_t k = 0; k < check_rounds(50000) / 10; k++)
			if (!model_step(&model))
				fail_msg("seed + %d, operation %zu: %s",
					 (int)i, model.operations,
					 model.wrong);
		if (!model_verify(&model))
			fail_msg("seed + %d: %s", (int)i, model.wrong);
		mi_heap_set_default(old);
		mi_heap_destroy(heap);
	}
}

/* -------- threads -------- */

/* Blocks on their way from one thread to another. */
static struct mailbox {
	pthread_mutex_t lock;
	struct slot letters[256];
} mailbox = { .lock = PTHREAD_MUTEX_INITIALIZER };

static struct model models[THREADS];

/* Swap what is in a slot of ours for a letter, either may be none. */
static void exchange(struct model *model)
{
	struct slot *slot = model_pick(model);
	struct slot *letter = &mailbox.letters[check_below(&model->random,
				ARRAY_LENGTH(mailbox.letters))];
	struct slot kept;

	pthread_mutex_lock(&mailbox.lock);
	kept = *letter;
	*letter = *slot;
	pthread_mutex_unlock(&mailbox.lock);
	model->live_bytes -= slot->block != NULL ? slot->size : 0;
	model->live_bytes += kept.block != NULL ? kept.size : 0;
	*slot = kept;
}

static void *work(void *arg)
{
	struct model *model = arg;
	size_t rounds = check_rounds(40000);

	for (size_t i = 0; i < rounds; i++) {
		exchange(model);
		if (!model_step(model))
			return NULL;
		if (i % VERIFY_EVERY == 0 && !model_verify(model))
			return NULL;
	}
	model_verify(model);
	return NULL;
}

/* The blocks outlive the threads; main verifies and frees all of them. */
static void several_threads(void **state)
{
	pthread_t threads[THREADS];
	uint64_t seed = *(uint64_t *)*state;

	for (size_t i = 0; i < THREADS; i++) {
		models[i].random.state = seed + i;
		models[i].next_tag = (uint64_t)i << 48;
		assert_int_equal(pthread_create(&threads[i], NULL, work,
						&models[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	for (size_t i = 0; i < THREADS; i++) {
		if (models[i].wrong != NULL)
			fail_msg("thread %zu, operation %zu: %s", i,
				 models[i].operations, models[i].wrong);
		assert_true(model_verify(&models[i]));
		assert_true(model_clear(&models[i]));
		assert_int_equal(models[i].live_bytes, 0);
	}
	for (size_t i = 0; i < ARRAY_LENGTH(mailbox.letters); i++) {
		struct slot *letter = &mailbox.letters[i];

		if (letter->block == NULL)
			continue;
		assert_true(pattern_holds(letter->block, letter->size,
					  letter->tag));
		mi_free(letter->block);
	}
}

int main(void)
{
	uint64_t seed = check_seed("property");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(one_thread, &seed),
		cmocka_unit_test_prestate(one_heap, &seed),
		cmocka_unit_test_prestate(several_threads, &seed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
