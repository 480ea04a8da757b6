/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counts the executed instructions of a function by single steps of a child.
 *
 * Exit status 3: the system does not permit ptrace.
 */
#ifndef TESTS_FIGURES_STEPS_H
#define TESTS_FIGURES_STEPS_H

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <elf.h>

#define STEPS_MAX	1000000
#define EXIT_NO_PTRACE	3

/* Where a child is */
struct place {
	uintptr_t next;		/* its next instruction */
	uintptr_t stack;
	uintptr_t back;		/* in the register for that; 0: on the stack */
};

static struct place place_of(const struct user_regs_struct *registers)
{
#ifdef __aarch64__
	return (struct place){ registers->pc, registers->sp,
			       registers->regs[30] };
#else
	return (struct place){ registers->rip, registers->rsp, 0 };
#endif
}

/* Whether a call has returned that was at `begin` at its first instruction */
static int has_returned(struct place now, struct place begin)
{
	if (begin.back)
		return now.next == begin.back && now.stack == begin.stack;
	return now.stack > begin.stack;
}

/* Where the child is; ends the program when it is not stopped any more */
static struct place child_wait(pid_t child)
{
	struct user_regs_struct registers = { 0 };
	struct iovec all = { &registers, sizeof(registers) };
	int status;

	if (waitpid(child, &status, 0) != child)
		exit(2);
	if (WIFEXITED(status)) {
		fprintf(stderr, "steps: the child ended with %d\n",
			WEXITSTATUS(status));
		exit(WEXITSTATUS(status) ? WEXITSTATUS(status) : 2);
	}
	if (!WIFSTOPPED(status)) {
		fprintf(stderr, "steps: the child was killed by %d\n",
			WTERMSIG(status));
		exit(2);
	}
	if (ptrace(PTRACE_GETREGSET, child, (void *)NT_PRSTATUS, &all) != 0) {
		perror("steps: PTRACE_GETREGSET");
		exit(EXIT_NO_PTRACE);
	}
	return place_of(&registers);
}

static struct place child_step(pid_t child)
{
	if (ptrace(PTRACE_SINGLESTEP, child, NULL, NULL) != 0) {
		perror("steps: PTRACE_SINGLESTEP");
		exit(EXIT_NO_PTRACE);
	}
	return child_wait(child);
}

/* From wherever the child is, through its next call, in instructions */
static long child_call(pid_t child, uintptr_t entry)
{
	struct place at, begin;
	long steps = 0, count = 0;

	do {
		begin = child_step(child);
	} while (begin.next != entry && ++steps < STEPS_MAX);
	do {
		at = child_step(child);
		count++;
	} while (!has_returned(at, begin) && ++steps < STEPS_MAX);
	if (steps >= STEPS_MAX) {
		fprintf(stderr, "steps: no end of the call\n");
		exit(2);
	}
	return count;
}

#endif /* TESTS_FIGURES_STEPS_H */
