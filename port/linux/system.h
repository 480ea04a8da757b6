/* SPDX-License-Identifier: BSD-3-Clause */
/* What the Linux port knows of the system, beside what port.h asks for. */
#ifndef MI_SYSTEM_H
#define MI_SYSTEM_H

/* The process starts now: port_process() counts from here */
void system_start(void);

#endif /* MI_SYSTEM_H */
