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
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_MAX	1000000
#define EXIT_NO_PTRACE	3

/* Where the child is; ends the program when it is not stopped any more */
static struct user_regs_struct child_wait(pid_t child)
{
	struct user_regs_struct registers = { 0 };
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
	if (ptrace(PTRACE_GETREGS, child, NULL, &registers) != 0) {
		perror("steps: PTRACE_GETREGS");
		exit(EXIT_NO_PTRACE);
	}
	return registers;
}

static struct user_regs_struct child_step(pid_t child)
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
	struct user_regs_struct at;
	uintptr_t stack;
	long steps = 0, count = 0;

	do {
		at = child_step(child);
	} while (at.rip != entry && ++steps < STEPS_MAX);
	stack = at.rsp;
	do {
		at = child_step(child);
		count++;
	} while (at.rsp <= stack && ++steps < STEPS_MAX);
	if (steps >= STEPS_MAX) {
		fprintf(stderr, "steps: no end of the call\n");
		exit(2);
	}
	return count;
}

#endif /* TESTS_FIGURES_STEPS_H */
