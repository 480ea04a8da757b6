/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial line: what it receives waits in a ring.
 */
#include <uk/console.h>

#include "arch.h"
#include "machine.h"

#define RING_BYTES 1024U

static uint8_t ring[RING_BYTES];
static volatile uint32_t ring_in, ring_out;

void console_write(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		serial_put(text[i]);
}

__ssz uk_console_out(const char *bytes, __sz length)
{
	console_write(bytes, length);
	return (__ssz)length;
}

/* Bounded by the FIFO of the device; a full ring drops the newest bytes. */
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
