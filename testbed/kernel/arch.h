/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What an architecture provides, all of it. arch/NAME/ has it, and nothing else
 * in the testbed knows on which one it runs:
 *
 *   arch.mk        the tools, their flags, where the image lies
 *   arch_layout.h  the memory map, for the assembler, too
 *   arch_cpu.h     what is one or a few instructions, as inline functions
 *   *.S, *.c       the functions named below
 *
 * The entry maps physical memory one to one up to IDENTITY_END, with page 0 not
 * mapped or still to be taken away, sets a stack of BOOT_STACK_BYTES and calls
 * boot_main(). arch_cpu.h defines
 *
 *   ARCH_NAME                 as uname tells it
 *   cpu_counter()             advances by one with each instruction
 *   cpu_interrupts()          not 0 where interrupts are let through
 *   cpu_interrupts_off(), cpu_interrupts_on()
 *   cpu_interrupts_on_and_wait()    none can slip in between the two
 *   cpu_thread_pointer(), cpu_set_thread_pointer()
 *   cpu_fill()                8 bytes at a time, with no vector register
 *   cpu_leave()               ends QEMU with the status 2 * value + 1
 *   cpu_stop()                this CPU alone, for good
 *   thread_frame()            lays out the stack of a new thread
 *   tls_*()                   the parts of an area of thread local storage
 *   entry_*()                 what an entry of a page table says
 *   cpu_entries_written()     after an entry that was 0 has been set
 *   cpu_forget_page()         after an entry has been set to 0
 *   fault_of_permission()     the error of a fault: the page was there
 *
 * A page table has 512 entries, on each of four levels; an entry that is 0 maps
 * nothing.
 */
#ifndef TESTBED_ARCH_H
#define TESTBED_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arch_cpu.h"
#include "arch_layout.h"

/* main.c: where the entry goes; "info" is what the loader has left */
void boot_main(const void *info);

/* The topmost page table. */
extern uint64_t boot_page_table[];

/*
 * Calls memory_range_add() for all of the usable memory, by rising address.
 * Gives the command line, or "": it is read before memory is used.
 */
const char *bootinfo_read(const void *info);

/* How many CPUs the machine has; lcpu.h has what starts them */
unsigned int lcpu_arch_count(void);

/* Exceptions and system calls work from here on. On each CPU */
void traps_init(void);

/*
 * The timer may interrupt from here on, and on the first CPU the serial line.
 * On each CPU
 */
void interrupts_init(void);

/* This CPU's interrupt after that time, or earlier: the caller looks again. */
void clock_set_alarm(uint64_t nanoseconds);

/* Seconds since 1970, from the clock that runs when the machine does not. */
uint64_t calendar_seconds(void);

/* The serial line; serial_take() gives the next byte received, or -1. */
void serial_init(void);
void serial_put(char byte);
int serial_take(void);

/*
 * Keeps what a call has to preserve on the stack, stores the stack pointer to
 * *save_sp and goes on with the stack at sp. thread_entry is the first code of
 * a thread, which thread_frame() names.
 */
void thread_switch(uintptr_t *save_sp, uintptr_t sp);
void thread_entry(void);

/*
 * Called by the architecture: console_receive() when the serial line has
 * interrupted; clock_interrupted() when the alarm has, and nothing else is left
 * to do; page_fault_resolve() when an access found no page, or one that
 * does not permit it: it gives true when the access can be tried again, and
 * otherwise says why not; system_call() with Linux's arguments.
 */
void console_receive(void);
bool page_fault_resolve(uintptr_t address, uint64_t error, const char **why);
long system_call(long number, long a, long b, long c, long d, long e, long f);

/*
 * With several CPUs, clock.c: turns that end early. clock_alarm() is
 * clock_set_alarm(), but not for later than the turn's end.
 */
#ifdef CONFIG_HAVE_SMP
void clock_turns_begin(void);
void clock_alarm(uint64_t nanoseconds);
void clock_interrupted(uintptr_t where);
#else
#define clock_alarm(nanoseconds) clock_set_alarm(nanoseconds)

static inline void clock_turns_begin(void)
{
}

static inline void clock_interrupted(uintptr_t where __unused)
{
}
#endif

#endif /* TESTBED_ARCH_H */
