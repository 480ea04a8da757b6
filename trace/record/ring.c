/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Threads and their rings. An event leaves the ring as bytes of the format.
 */
#include <string.h>

#include "record.h"

__thread struct thread *recorder_thread
	__attribute__((tls_model("initial-exec")));

/* Each event of any thread adds to it; alone in its line of the cache */
uint64_t recorder_order __attribute__((aligned(128)));

static struct {
	struct lock lock;
	struct thread *list;
	uint32_t count;		/* threads so far */
} threads __attribute__((aligned(128)));

static unsigned char *put_number(unsigned char *at, uint64_t number)
{
	while (number >= 0x80) {
		*at++ = (unsigned char)(number | 0x80);
		number >>= 7;
	}
	*at++ = (unsigned char)number;
	return at;
}

static unsigned char *put_address(struct thread *thread, unsigned char *at,
				  unsigned int *tag, uint64_t address)
{
	int64_t difference;

	if (!address) {
		*tag |= MI_TRACE_FAILED;
		return at;
	}
	difference = (int64_t)(address - thread->address);
	thread->address = address;
	if (difference % 16 == 0) {
		*tag |= MI_TRACE_BY_16;
		difference /= 16;
	}
	return put_number(at, mi_trace_fold((uint64_t)difference));
}

/* Adds an event to what the thread has in `plain` */
static void put_event(struct thread *thread, const struct event *event,
		      uint64_t stamp)
{
	unsigned char *first = thread->plain + thread->chunk.plain_bytes;
	unsigned char *at = first + 1;
	unsigned int tag = (unsigned int)stamp & 0xff;
	unsigned int kind = tag, align = (unsigned int)(stamp >> 8) & 0xff;

	if (thread->chunk.events == 0) {
		thread->chunk.first_order = event->order;
		thread->order = event->order - 1;
		thread->address = 0;
	}
	if (event->order == thread->order + 1)
		tag |= MI_TRACE_NEXT;
	else
		at = put_number(at, mi_trace_fold(event->order -
						  (thread->order + 1)));
	thread->order = event->order;
	if (align) {
		tag |= MI_TRACE_ALIGN;
		*at++ = (unsigned char)align;
	}
	at = put_address(thread, at, &tag, event->address);
	if (mi_trace_has_size(kind))
		at = put_number(at, event->size);
	*first = (unsigned char)tag;
	thread->chunk.events++;
	thread->chunk.plain_bytes = (uint32_t)(at - thread->plain);
}

/* Whether another second has begun: a process that is killed loses no more than
 * a ring and a second of each thread */
static bool is_time(struct thread *thread)
{
	int64_t now = system_seconds();

	if (thread->chunk.events == 0 || now == thread->second)
		return false;
	thread->second = now;
	return true;
}

/*
 * Empties the ring up to event `end`, with the thread's lock held. An event
 * without its stamp is one that a handler left behind, or has interrupted; but
 * for another thread it is one that is being written, and the end.
 */
static void empty(struct thread *thread, uint64_t end)
{
	uint64_t number = thread->flushed, stamp;
	const struct event *event;

	for (; number < end; number++) {
		event = &thread->ring[number % RING_EVENTS];
		stamp = __atomic_load_n(&event->stamp, __ATOMIC_ACQUIRE);
		if (stamp >> 16 == number && stamp & 0xff)
			put_event(thread, event, stamp);
		else if (thread == recorder_thread)
			recorder_lose(1);
		else
			break;
	}
	__atomic_store_n(&thread->flushed, number, __ATOMIC_RELAXED);
	if (thread->chunk.plain_bytes > PLAIN_BYTES - RING_BYTES ||
	    is_time(thread))
		pack(thread);
}

/* What belongs to the thread that has it now */
static void thread_renew(struct thread *thread)
{
	recorder_thread = thread;
	thread->number = threads.count++;
	thread->id = system_thread();
	thread->ending = false;
	thread->limit = RING_EVENTS;
	thread->deletes = NULL;
	thread->news = 0;
}

/* Another thread's, or what its end has left: all of it is in the file then */
static void thread_flush(struct thread *thread)
{
	lock_take(&thread->lock);
	empty(thread, __atomic_load_n(&thread->claimed, __ATOMIC_RELAXED));
	if (thread->chunk.events > 0)
		pack(thread);
	lock_give(&thread->lock);
}

/* One whose thread is gone, and has no call to make any more, or NULL */
static struct thread *thread_left(void)
{
	struct thread *thread = threads.list;

	while (thread && !(thread->ending && !system_has_thread(thread->id)))
		thread = thread->next;
	if (!thread)
		return NULL;
	recorder_thread = thread;
	thread_flush(thread);
	return thread;
}

/* The calling thread's ring, at its first call; NULL where there is no memory,
 * and what it would have recorded is lost. */
struct thread *recorder_thread_begin(void)
{
	struct system_state state;
	struct thread *thread;

	system_enter(&state);
	if (process_is_new())
		process_restart(NULL, 0);
	lock_take(&threads.lock);
	thread = thread_left();
	if (!thread) {
		thread = system_memory(sizeof(*thread));
		if (thread) {
			thread->next = threads.list;
			threads.list = thread;
		}
	}
	if (thread)
		thread_renew(thread);
	else
		recorder_lose(1);
	lock_give(&threads.lock);
	system_leave(&state);
	if (thread)
		process_key(thread);
	return thread;
}

/* The ring has no room for event `number`. Makes room; after a fork it begins
 * anew. Whether the event may be written now. */
bool recorder_full(struct thread *thread, uint64_t number)
{
	struct system_state state;

	system_enter(&state);
	if (process_is_new()) {
		process_restart(thread, number);
	} else {
		lock_take(&thread->lock);
		empty(thread, number);
		lock_give(&thread->lock);
	}
	system_leave(&state);
	/* In a handler that has interrupted such a call the number may be one
	 * that is in the file as a lost one already. */
	return number >= thread->flushed;
}

/* Of the thread's key: it ends, and may make some calls more */
void recorder_thread_end(void *value)
{
	struct thread *thread = value;
	struct system_state state;

	system_enter(&state);
	if (!process_is_new() && thread == recorder_thread) {
		thread_flush(thread);
		lock_take(&threads.lock);
		thread->ending = true;
		lock_give(&threads.lock);
	}
	system_leave(&state);
}

/* All that was recorded is in the file */
void recorder_flush(void)
{
	lock_take(&threads.lock);
	for (struct thread *thread = threads.list; thread;
	     thread = thread->next)
		thread_flush(thread);
	lock_give(&threads.lock);
}

/* In a child: the only thread is `thread`, if it has a ring, and its event
 * `number` the first. Rings of others are left alone: they are empty pages. */
void recorder_restart(struct thread *thread, uint64_t number)
{
	memset(&threads, 0, sizeof(threads));
	__atomic_store_n(&recorder_order, 0, __ATOMIC_RELAXED);
	if (!thread)
		return;
	thread->lock.state = 0;
	thread->flushed = number;
	thread->chunk.events = 0;
	thread->chunk.plain_bytes = 0;
	thread->next = NULL;
	threads.list = thread;
	thread_renew(thread);
}
