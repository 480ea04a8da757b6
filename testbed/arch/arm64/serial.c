/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The serial line, a PL011: output polled, input by interrupt.
 */
#include "arch.h"

#define DATA (SERIAL + 0x00)
#define FLAGS (SERIAL + 0x18)
#define LINE (SERIAL + 0x2c)
#define CONTROL (SERIAL + 0x30)
#define INTERRUPTS (SERIAL + 0x38)

#define FLAG_NOTHING_RECEIVED 0x10
#define FLAG_CANNOT_SEND 0x20

void serial_init(void)
{
	device_write(CONTROL, 0);
	device_write(LINE, 0x70);	/* 8 bits, no parity, with the FIFO */
	device_write(INTERRUPTS, 0x50);	/* received: much, or a while ago */
	device_write(CONTROL, 0x301);	/* on, in both directions */
}

void serial_put(char byte)
{
	while (device_read(FLAGS) & FLAG_CANNOT_SEND)
		;
	device_write(DATA, (uint8_t)byte);
}

int serial_take(void)
{
	if (device_read(FLAGS) & FLAG_NOTHING_RECEIVED)
		return -1;
	return (uint8_t)device_read(DATA);
}
