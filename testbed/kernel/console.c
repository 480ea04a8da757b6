/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial line: what it receives waits in a ring.
 */
#include <uk/arch/lcpu.h>
#include <uk/console.h>
#include <uk/plat/lcpu.h>

#include "arch.h"
#include "machine.h"

#define RING_BYTES 1024U

static uint8_t ring[RING_BYTES];
static volatile uint32_t ring_in, ring_out;

#ifdef CONFIG_HAVE_SMP

static uint32_t lock_holder;		/* its index + 1; atomic */
static unsigned int lock_depth;		/* the holder's */

void console_lock(void)
{
	uint32_t self = ukplat_lcpu_idx() + 1, free = 0;

	if (__atomic_load_n(&lock_holder, __ATOMIC_RELAXED) != self)
		while (!__atomic_compare_exchange_n(&lock_holder, &free, self,
						    false, __ATOMIC_ACQUIRE,
						    __ATOMIC_RELAXED)) {
			free = 0;
			ukarch_spinwait();
		}
	lock_depth++;
}

void console_unlock(void)
{
	if (--lock_depth == 0)
		__atomic_store_n(&lock_holder, 0, __ATOMIC_RELEASE);
}

#endif /* CONFIG_HAVE_SMP */

void console_crash(void)
{
	console_lock();
	console_print("\nCRASH: ");
	if (ukplat_lcpu_count() > 1)
		console_print("CPU %u: ", ukplat_lcpu_idx());
}

void console_write(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		serial_put(text[i]);
}

__ssz uk_console_out(const char *bytes, __sz length)
{
	console_lock();
	console_write(bytes, length);
	console_unlock();
	return (__ssz)length;
}

/*
 * On the first CPU, to which the serial line's interrupts go, and where what it
 * receives is to be read, too. Bounded by the FIFO of the device; a full ring
 * drops the newest bytes.
 */
void console_receive(void)
{
	int byte;

	while ((byte = serial_take()) >= 0) {
		if (ring_in - ring_out < RING_BYTES) {
			ring[ring_in % RING_BYTES] = (uint8_t)byte;
			ring_in = ring_in + 1;
		}
	}
}

int console_take(void)
{
	int byte;

	if (ring_in == ring_out)
		return -1;
	byte = ring[ring_out % RING_BYTES];
	ring_out = ring_out + 1;
	return byte;
}
