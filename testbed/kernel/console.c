/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first serial line: output polled, input by interrupt into a ring.
 */
#include <uk/console.h>

#include "cpu.h"
#include "machine.h"

#define PORT_DATA 0x3f8
#define PORT_INTERRUPTS (PORT_DATA + 1)
#define PORT_FIFO (PORT_DATA + 2)
#define PORT_LINE (PORT_DATA + 3)
#define PORT_MODEM (PORT_DATA + 4)
#define PORT_STATUS (PORT_DATA + 5)

#define STATUS_RECEIVED 0x01
#define STATUS_CAN_SEND 0x20
#define STATUS_ALL_SENT 0x40

#define RING_BYTES 1024U

static uint8_t ring[RING_BYTES];
static volatile uint32_t ring_in, ring_out;

/* Lets the firmware's last bytes out first. */
void console_init(void)
{
	for (unsigned int i = 0; i < 1000000; i++)
		if (cpu_in8(PORT_STATUS) & STATUS_ALL_SENT)
			break;
	cpu_out8(PORT_LINE, 0x80);	/* divisor: 1, that is 115200 baud */
	cpu_out8(PORT_DATA, 1);
	cpu_out8(PORT_INTERRUPTS, 0);
	cpu_out8(PORT_LINE, 0x03);	/* 8 bits, no parity */
	cpu_out8(PORT_FIFO, 0x07);
	cpu_out8(PORT_MODEM, 0x0b);	/* with the interrupt line */
	cpu_out8(PORT_INTERRUPTS, 0x01);
}

static void console_put(char byte)
{
	while (!(cpu_in8(PORT_STATUS) & STATUS_CAN_SEND))
		;
	cpu_out8(PORT_DATA, (uint8_t)byte);
}

void console_write(const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		console_put(text[i]);
}

__ssz uk_console_out(const char *bytes, __sz length)
{
	console_write(bytes, length);
	return (__ssz)length;
}

/* Bounded by the FIFO of the device; a full ring drops the newest bytes. */
void console_receive(void)
{
	while (cpu_in8(PORT_STATUS) & STATUS_RECEIVED) {
		uint8_t byte = cpu_in8(PORT_DATA);

		if (ring_in - ring_out < RING_BYTES) {
			ring[ring_in % RING_BYTES] = byte;
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
