/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A process that holds 70,000 bytes and does what its first argument says. It
 * is C, and knows nothing of C++.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <mimalloc-profile.h>

static void *volatile held[16];

__attribute__((noinline)) static void hold(unsigned int i)
{
	held[i] = malloc(70000);
	if (!held[i])
		abort();
	__asm__ volatile("" : : : "memory");
}

__attribute__((noinline)) static void hold_in_child(void)
{
	hold(1);
	__asm__ volatile("" : : : "memory");
}

static int wait_for(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) ?
	       WEXITSTATUS(status) : 99;
}

/* Prints the number of the child, which holds a block more */
static int forks(void (*end)(int))
{
	pid_t child = fork();

	if (!child) {
		hold_in_child();
		end(0);
	}
	printf("%d\n", (int)child);
	return wait_for(child);
}

static int signals(int number)
{
	raise(number);
	free(held[0]);
	raise(number);
	return 0;
}

static int writes(const char *file)
{
	int status;

	if (!mi_profile_write) {
		puts("no profiler");
		return 0;
	}
	errno = 0;
	status = mi_profile_write(file);
	if (errno)
		return 98;
	printf("%s\n", status ? strerror(status) : "written");
	return 0;
}

static int closes(void)
{
	int fd;

	for (fd = 0; fd < 1024; fd++)
		close(fd);
	return 0;
}

static void *allocate(void *arg)
{
	volatile int *stop = arg;
	unsigned int i;

	while (!*stop)
		for (i = 1; i < 100; i++)
			free(malloc(i));
	return NULL;
}

/* As a library may have one: whoever has it allocates, and a fork waits */
static pthread_mutex_t in_use = PTHREAD_MUTEX_INITIALIZER;

static void use(void)
{
	pthread_mutex_lock(&in_use);
}

static void leave(void)
{
	pthread_mutex_unlock(&in_use);
}

static void leave_in_child(void)
{
	leave();
	free(malloc(100));
}

static void register_handlers(void)
{
	pthread_atfork(use, leave, leave_in_child);
}

/* Before any library registers its handlers */
__attribute__((section(".preinit_array"), used))
static void (*const before_constructors)(void) = register_handlers;

static void *allocate_in_use(void *arg)
{
	volatile int *stop = arg;

	while (!*stop) {
		use();
		free(malloc(100));
		leave();
	}
	return NULL;
}

/* Forks while others allocate: each child allocates, some write a profile */
static int forks_amid(void)
{
	static volatile int stop;
	pthread_t threads[2];
	unsigned int i;
	int bad = 0;

	for (i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, i ? allocate_in_use :
			       allocate, (void *)&stop);
	for (i = 0; i < 300; i++) {
		pid_t child = fork();

		if (!child) {
			hold_in_child();
			if (i < 20)
				exit(0);
			_exit(0);
		}
		bad |= wait_for(child);
	}
	stop = 1;
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return bad;
}

static volatile int is_child;

/*
 * Each time it may have interrupted malloc or free. Each third time it forks,
 * and the child goes on where its parent was.
 */
static void on_alarm(int number)
{
	static volatile int count;
	pid_t child;

	(void)number;
	if (mi_profile_write)
		mi_profile_write(NULL);
	if (++count % 3)
		return;
	child = fork();
	if (!child)
		is_child = 1;
	else if (child < 0 || wait_for(child))
		abort();
}

static int interrupted(void)
{
	static volatile int stop;
	struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = on_alarm,
				    .sa_flags = SA_RESTART };
	pthread_t other;
	sigset_t set;
	unsigned int i;

	sigemptyset(&set);
	sigaddset(&set, SIGPROF);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pthread_create(&other, NULL, allocate, (void *)&stop);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	sigaction(SIGPROF, &action, NULL);
	setitimer(ITIMER_PROF, &often, NULL);
	for (i = 0; i < 30000; i++) {
		free(malloc(i % 1000 + 1));
		if (is_child)
			_exit(0);
	}
	setitimer(ITIMER_PROF, &never, NULL);
	stop = 1;
	pthread_join(other, NULL);
	return 0;
}

/* A plugin in C++, which brings the library of that language */
static int opens(const char *plugin)
{
	void *object = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
	int (*call)(void);

	if (!object) {
		puts(dlerror());
		return 1;
	}
	*(void **)&call = dlsym(object, "plugin_call");
	return call ? call() : 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const char *with = argc > 2 ? argv[2] : NULL;

	hold(0);
	if (!strcmp(what, "fork"))
		return forks(exit);
	if (!strcmp(what, "fork-_exit"))
		return forks(_exit);
	if (!strcmp(what, "_exit"))
		_exit(3);
	if (!strcmp(what, "signal") && with)
		return signals(atoi(with));
	if (!strcmp(what, "write"))
		return writes(with);
	if (!strcmp(what, "close"))
		return closes();
	if (!strcmp(what, "chdir"))
		return chdir("/");
	if (!strcmp(what, "forks-amid"))
		return forks_amid();
	if (!strcmp(what, "interrupted"))
		return interrupted();
	if (!strcmp(what, "open") && with)
		return opens(with);
	return argc > 1;
}
