/* SPDX-License-Identifier: BSD-3-Clause */
/* What atomic operations may read, and where their writes stand: see order.h */
#include <string.h>

#include "order.h"

#define LOCATIONS_MAX	4096	/* a power of two */
#define MESSAGES_MAX	96
#define ACCESSES_MAX	256

struct message {
	uint64_t value;
	uint16_t place;			/* among those of its location */
	bool updates;			/* stands right behind what it read */
	struct clock carries;		/* for who acquires it */
	struct clock dependence;	/* the steps that made it */
};

/* A read or a write, and which message it knows from then on */
struct access {
	uint16_t event, message;
	uint8_t thread;
};

struct location {
	uintptr_t address;
	uint32_t run;
	bool written_plain;	/* since: a first message is to be made */
	uint16_t floor;		/* the first that may be read at all */
	uint16_t count, access_count;
	uint16_t order[MESSAGES_MAX];	/* by place */
	struct message messages[MESSAGES_MAX];
	struct access accesses[ACCESSES_MAX];
};

static struct location locations[LOCATIONS_MAX];
static uint32_t run;

void messages_begin(void)
{
	run++;
}

static uint64_t memory_read(uintptr_t address, unsigned int bytes)
{
	switch (bytes) {
	case 1: return *(uint8_t *)address;
	case 2: return *(uint16_t *)address;
	case 4: return *(uint32_t *)address;
	default: return *(uint64_t *)address;
	}
}

static void memory_write(uintptr_t address, unsigned int bytes, uint64_t value)
{
	switch (bytes) {
	case 1: *(uint8_t *)address = (uint8_t)value; break;
	case 2: *(uint16_t *)address = (uint16_t)value; break;
	case 4: *(uint32_t *)address = (uint32_t)value; break;
	default: *(uint64_t *)address = value;
	}
}

/* The message goes behind the place `after`, or first of all */
static struct message *message_add(struct location *location, int after)
{
	uint16_t number = location->count, place;
	struct message *message = &location->messages[number];

	if (number == MESSAGES_MAX)
		explore_failed("more writes to one place than %d",
			       MESSAGES_MAX);
	memset(message, 0, sizeof(*message));
	location->count++;
	for (place = number; place > after + 1; place--) {
		location->order[place] = location->order[place - 1];
		location->messages[location->order[place]].place = place;
	}
	location->order[place] = number;
	message->place = place;
	return message;
}

/* What stands there now, for all to read: nobody may read what was before */
static void message_of_memory(struct location *location, unsigned int bytes)
{
	struct message *message = message_add(location, location->count - 1);

	message->value = memory_read(location->address, bytes);
	location->floor = message->place;
	location->written_plain = false;
}

static struct location *location_at(uintptr_t address, unsigned int bytes)
{
	size_t slot = (address * UINT64_C(0x9e3779b97f4a7c15)) >> 52;
	struct location *location;

	for (;; slot = (slot + 1) % LOCATIONS_MAX) {
		location = &locations[slot];
		if (location->run == run && location->address != address)
			continue;
		if (location->run != run) {
			location->run = run;
			location->address = address;
			location->count = location->access_count = 0;
			message_of_memory(location, bytes);
			races_set_location(address, (uint16_t)(slot + 1));
		} else if (location->written_plain) {
			message_of_memory(location, bytes);
		}
		return location;
	}
}

void messages_plain_write(uint16_t location)
{
	locations[location - 1].written_plain = true;
}

static struct message *message_at(struct location *location, unsigned int place)
{
	return &location->messages[location->order[place]];
}

/* The first place that the thread may read: what it knows stands there */
static unsigned int place_known(const struct location *location,
				unsigned int thread)
{
	const struct clock *known = &happened[thread];
	unsigned int i, place = location->floor, other;
	const struct access *access;

	for (i = 0; i < location->access_count; i++) {
		access = &location->accesses[i];
		other = location->messages[access->message].place;
		if (access->event <= known->of[access->thread] &&
		    place < other)
			place = other;
	}
	return place;
}

/* Whether nothing stands right behind the place that has to stand there */
static bool has_room(struct location *location, unsigned int place)
{
	return place + 1u == location->count ||
	       !message_at(location, place + 1)->updates;
}

static bool operation_writes(const struct operation *operation,
			     const struct message *message)
{
	switch (operation->kind) {
	case KIND_READ: return false;
	case KIND_COMPARE: return message->value == operation->expected;
	default: return true;
	}
}

unsigned int messages_ways(unsigned int thread,
			   const struct operation *operation,
			   uint16_t *way, bool *writes, unsigned int max)
{
	struct location *location = location_at(operation->address,
						operation->bytes);
	unsigned int least = place_known(location, thread);
	unsigned int place = location->count, count = 0;
	bool write;

	while (place-- > least) {
		write = operation_writes(operation,
					 message_at(location, place));
		if (write && !has_room(location, place))
			continue;
		if (count == max)
			explore_failed("more than %u ways to go on", max);
		way[count] = location->order[place];
		writes[count++] = write;
	}
	return count;
}

static void access_add(struct location *location, unsigned int thread,
		       uint16_t message)
{
	struct access *access = &location->accesses[location->access_count];

	if (location->access_count++ == ACCESSES_MAX)
		explore_failed("more accesses to one place than %d",
			       ACCESSES_MAX);
	access->thread = (uint8_t)thread;
	access->event = happened[thread].of[thread];
	access->message = message;
}

static void write_behind(struct location *location, unsigned int thread,
			 const struct operation *operation,
			 const struct message *before,
			 struct clock *dependence)
{
	bool updates = operation->kind != KIND_WRITE;
	struct message *message = message_add(location, before->place);

	message->updates = updates;
	message->value = operation->adds ? before->value + operation->value :
			 operation->value;
	if (updates)
		message->carries = before->carries;
	if (operation->release)
		clock_join(&message->carries, &happened[thread]);
	message->dependence = *dependence;
	access_add(location, thread, location->order[message->place]);
	if (message->place + 1u == location->count)
		memory_write(location->address, operation->bytes,
			     message->value);
}

uint64_t messages_do(unsigned int thread, const struct operation *operation,
		     uint16_t way, struct clock *dependence)
{
	struct location *location = location_at(operation->address,
						operation->bytes);
	struct message *message = &location->messages[way];
	bool writes = operation_writes(operation, message), acquire;
	uint64_t value = message->value;

	acquire = operation->kind == KIND_COMPARE && !writes ?
		  operation->acquire_on_failure : operation->acquire;
	if (operation->kind != KIND_WRITE && acquire)
		clock_join(&happened[thread], &message->carries);
	clock_join(dependence, &message->dependence);
	if (operation->kind != KIND_WRITE)
		access_add(location, thread, way);
	if (writes)
		write_behind(location, thread, operation, message, dependence);
	return value;
}
