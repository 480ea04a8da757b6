/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * vectors COUNT: elements of 16 bytes are appended to random ones of 1000
 * vectors, as std::vector does it: a full one gets a block of twice its size,
 * is copied, and its old block is freed. At 16 to 16,384 elements a vector is
 * freed and begins anew. What is left when all are freed is printed.
 */
#include "bench.h"

#define VECTORS	1000

struct element {
	uint64_t key, value;
};

static struct vector {
	struct element *elements;
	size_t used, size, end;
} vectors[VECTORS];

static void vector_double(struct vector *vector)
{
	size_t size = vector->size ? 2 * vector->size : 1;
	size_t bytes = size * sizeof(struct element);
	struct element *elements = touch(malloc(bytes), bytes);

	if (vector->used)
		memcpy(elements, vector->elements,
		       vector->used * sizeof(*elements));
	free(vector->elements);
	vector->elements = elements;
	vector->size = size;
}

static uint64_t vector_end(struct vector *vector, uint64_t *random)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < vector->used; i += 16)
		sum += vector->elements[i].value;
	free(vector->elements);
	*vector = (struct vector){ .end = random_size(random, 16, 16 * KIB) };
	return sum;
}

int main(int argc, char **argv)
{
	size_t count = argument(argc, argv, 1);
	size_t before = resident_kib();
	uint64_t random = 1, sum = 0;

	for (size_t i = 0; i < count; i++) {
		struct vector *vector =
			&vectors[random_below(&random, VECTORS)];

		if (vector->used >= vector->end)
			sum += vector_end(vector, &random);
		if (vector->used == vector->size)
			vector_double(vector);
		vector->elements[vector->used++] =
			(struct element){ .key = i, .value = i & 255 };
	}
	for (size_t i = 0; i < VECTORS; i++)
		sum += vector_end(&vectors[i], &random);
	print_left(before, resident_kib());
	return print_sum(sum);
}
