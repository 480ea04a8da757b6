/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The first serial line: output polled, input by interrupt.
 */
#include "arch.h"

#define PORT_DATA 0x3f8
#define PORT_INTERRUPTS (PORT_DATA + 1)
#define PORT_FIFO (PORT_DATA + 2)
#define PORT_LINE (PORT_DATA + 3)
#define PORT_MODEM (PORT_DATA + 4)
#define PORT_STATUS (PORT_DATA + 5)

#define STATUS_RECEIVED 0x01
#define STATUS_CAN_SEND 0x20
#define STATUS_ALL_SENT 0x40

/* Lets the firmware's last bytes out first. */
void serial_init(void)
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

void serial_put(char byte)
{
	while (!(cpu_in8(PORT_STATUS) & STATUS_CAN_SEND))
		;
	cpu_out8(PORT_DATA, (uint8_t)byte);
}

int serial_take(void)
{
	return cpu_in8(PORT_STATUS) & STATUS_RECEIVED ? cpu_in8(PORT_DATA) : -1;
}
