/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a process may do while it is recorded: process MODE. Each mode makes a
 * number of blocks of a size that nobody else asks for, which the test counts
 * in the traces: before, and where it goes on, after.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define BEFORE	77001
#define AFTER	77002
#define MANY	300000

static const char *self;

static void fail(const char *what)
{
	perror(what);
	exit(9);
}

/* The recorder writes now and then, which may fail, and leaves errno alone */
static void make(size_t size, int count)
{
	int error = errno;

	errno = 77;
	while (count-- > 0) {
		void *volatile block = malloc(size);

		free(block);
	}
	if (errno != 77)
		fail("errno was changed");
	errno = error;
}

static void join(pid_t child)
{
	int status;

	if (waitpid(child, &status, 0) != child || status != 0)
		fail("a child");
}

static void fork_plain(void)
{
	pid_t child = fork();

	if (child == 0) {
		make(AFTER, 100);
		exit(0);
	}
	join(child);
	make(BEFORE, 5);
}

/* Another fork, of which no handler knows; with a child of its own */
static void fork_bare(void)
{
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, 0);

	if (child == 0) {
		make(AFTER, 60);
		child = fork();
		if (child == 0) {
			make(AFTER, 40);
			_exit(0);
		}
		join(child);
		_exit(0);
	}
	join(child);
}

static void *busy(void *stop)
{
	while (!__atomic_load_n((int *)stop, __ATOMIC_RELAXED))
		make(500, 1000);
	return NULL;
}

static void fork_threads(void)
{
	static int stop;
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, busy, &stop);
	for (int i = 0; i < 50; i++) {
		pid_t child = fork();

		if (child == 0) {
			make(AFTER, 2);
			exit(0);
		}
		join(child);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void spawn(void)
{
	char *words[] = { (char *)(uintptr_t)self, "after", NULL };
	pid_t child;

	if (posix_spawn(&child, self, NULL, NULL, words, environ) != 0)
		fail("posix_spawn");
	join(child);
	child = vfork(); /* NOLINT: it is what is tested */
	if (child == 0) {
		execv("/nonexistent", words);
		execv(self, words);
		_exit(1);
	}
	join(child);
	make(AFTER, 3);
}

/* Its parent waits for nobody; the test waits for the pipe of both to close */
static void become_daemon(void)
{
	make(BEFORE, 10);
	if (daemon(1, 1) != 0)
		fail("daemon");
	make(AFTER, 10);
}

/* Killed a second after its last calls but 1,500 */
static void linger(void)
{
	make(BEFORE, 3500);
	sleep(1);
	make(BEFORE, 1500);
	kill(getpid(), SIGKILL);
}

static void close_all(void)
{
	make(BEFORE, MANY);
	closefrom(3);
	/* The recorder may not write to the files that these open then. */
	for (int i = 0; i < 1000; i++) {
		if (open("/dev/null", O_RDONLY) < 0)
			fail("open");
	}
	if (chdir("/") != 0)
		fail("chdir");
	make(AFTER, MANY);
}

static void file_limit(void)
{
	const struct rlimit limit = { 100000, 100000 };

	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		fail("setrlimit");
	srandom(1);
	for (int i = 0; i < MANY; i++)
		make((size_t)random() % 100000, 1);
}

static void drop_privileges(void)
{
	make(BEFORE, MANY);
	if (setgid(65534) != 0 || setuid(65534) != 0)
		fail("setuid");
	make(AFTER, MANY);
}

static void *reuse(void *unused)
{
	for (int i = 0; i < 100000; i++) {
		void *block = malloc(2000 + (size_t)i % 7 * 500);
		void *larger = realloc(block, 9000);

		if (!larger)
			fail("realloc");
		free(larger);
	}
	return unused;
}

/* For an allocator that gives at once to one thread what another has freed */
static void reuse_threads(void)
{
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, reuse, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void *one_thread(void *block)
{
	free(block);
	make(AFTER, 10);
	return malloc(BEFORE);
}

/* Each frees what the one before it has made */
static void many_threads(void)
{
	void *block = NULL;
	pthread_t thread;

	for (int i = 0; i < 2000; i++) {
		if (pthread_create(&thread, NULL, one_thread, block) != 0)
			fail("pthread_create");
		pthread_join(thread, &block);
	}
	free(block);
}

static void late(void *value)
{
	static __thread int times;

	(void)value;
	make(AFTER, 1);
	if (++times < 6)
		pthread_setspecific(*(pthread_key_t *)value, value);
}

static pthread_key_t late_key;

static void *late_thread(void *unused)
{
	pthread_setspecific(late_key, &late_key);
	make(BEFORE, 1);
	return unused;
}

/* Calls in destructors, up to the last round of these */
static void late_calls(void)
{
	pthread_t thread;

	pthread_key_create(&late_key, late);
	for (int i = 0; i < 100; i++) {
		pthread_create(&thread, NULL, late_thread, NULL);
		pthread_join(thread, NULL);
	}
}

static volatile int handled;
static sigjmp_buf away;

static void handler(int number)
{
	make(AFTER, 1);
	if (++handled % 4 == 0)
		siglongjmp(away, number);
}

/* A timer interrupts calls, and one time of four they are left for ever. This
 * needs an allocator that can do with that. */
static void signals(void)
{
	static const struct itimerval often = { { 0, 200 }, { 0, 200 } };
	struct sigaction action = { .sa_handler = handler };

	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	sigsetjmp(away, 1);
	while (handled < 2000)
		make(BEFORE, 1);
	action.sa_handler = SIG_IGN;
	sigaction(SIGALRM, &action, NULL);
	printf("%d\n", handled);
}

static void destructor_calls(void)
{
	make(AFTER, 7);
}

__attribute__((destructor)) static void last(void)
{
	if (getenv("AT_THE_END"))
		make(AFTER, 5);
}

static void images(const char *mode)
{
	make(BEFORE, 10);
	if (!strcmp(mode, "execl"))
		execl(self, self, "after", NULL);
	if (!strcmp(mode, "execlp"))
		execlp(self, self, "after", NULL);
	if (!strcmp(mode, "execle"))
		execle(self, self, "after", NULL, environ);
	if (!strcmp(mode, "execvp"))
		execvp(self, (char *[]){ "x", "after", NULL });
	if (!strcmp(mode, "fexecve"))
		fexecve(open(self, O_RDONLY), (char *[]){ "x", "after", NULL },
			environ);
	if (!strcmp(mode, "execfails")) {
		execl("/nonexistent", "x", NULL);
		make(AFTER, 10);
	}
}

static void ends(const char *mode)
{
	make(BEFORE, MANY);
	make(AFTER, 10);
	if (!strcmp(mode, "_exit"))
		_exit(0);
	if (!strcmp(mode, "_Exit"))
		_Exit(0);
	if (!strcmp(mode, "quick_exit"))
		quick_exit(0);
	if (!strcmp(mode, "abort"))
		abort();
	if (!strcmp(mode, "kill"))
		kill(getpid(), SIGKILL);
	if (!strcmp(mode, "crash"))
		raise(SIGSEGV);
	if (!strcmp(mode, "exit")) {
		atexit(destructor_calls);
		setenv("AT_THE_END", "1", 1);
	}
}

static const struct {
	const char *name;
	void (*run)(void);
} modes[] = {
	{ "fork", fork_plain },
	{ "clone", fork_bare },
	{ "forkthreads", fork_threads },
	{ "spawn", spawn },
	{ "daemon", become_daemon },
	{ "linger", linger },
	{ "close", close_all },
	{ "limit", file_limit },
	{ "setuid", drop_privileges },
	{ "reuse", reuse_threads },
	{ "threads", many_threads },
	{ "late", late_calls },
	{ "signals", signals },
};

int main(int argc, char **argv)
{
	self = realpath("/proc/self/exe", NULL);
	if (argc != 2)
		return 2;
	if (!strcmp(argv[1], "after")) {
		make(AFTER, 10);
		return 0;
	}
	for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		if (!strcmp(argv[1], modes[i].name)) {
			modes[i].run();
			return 0;
		}
	}
	images(argv[1]);
	ends(argv[1]);
	return 0;
}
