/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Mistakes in each place where a report could go wrong. The first argument
 * names the mistake; each is made by the function culprit_NAME().
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CULPRIT(name)	__attribute__((noinline)) void culprit_##name(void)

static void *volatile sink;
static volatile int done;

/* Hides from the compiler that it is a mistake */
static void *wrong(const volatile void *p, size_t offset)
{
	volatile uintptr_t hidden = (uintptr_t)p;

	return (void *)(hidden + offset);
}

/* Something behind the call, so that the function is still the caller */
static void accuse(const volatile void *p)
{
	printf("BLOCK 0x%lx\n", (unsigned long)(uintptr_t)p);
	fflush(stdout);
}

CULPRIT(free)
{
	char *p = malloc(48);

	accuse(p);
	free(wrong(p, 16));
	done++;
}

CULPRIT(double)
{
	char *p = malloc(48);
	void *again = wrong(p, 0);

	accuse(p);
	free(p);
	free(again);
	done++;
}

CULPRIT(realloc)
{
	char *p = malloc(48);

	accuse(p);
	sink = realloc(wrong(p, 16), 1000);
	done++;
}

CULPRIT(reallocarray)
{
	char *p = malloc(48);

	accuse(p);
	sink = reallocarray(wrong(p, 16), 100, 10);
	done++;
}

CULPRIT(usable_size)
{
	char *p = malloc(48);

	accuse(p);
	sink = (void *)malloc_usable_size(wrong(p, 16));
	done++;
}

CULPRIT(deep)
{
	char *p = malloc(500000);

	accuse(p);
	free(wrong(p, 400000));
	done++;
}

CULPRIT(foreign)
{
	accuse(&done);
	free(wrong(&done, 0));
	done++;
}

/* Found by malloc, of which nobody knows who made the mistake */
CULPRIT(written)
{
	char *p = malloc(3000), *hidden = wrong(p, 0);

	accuse(p);
	free(p);
	memset(hidden, 1, 100);
	for (int i = 0; i < 100; i++)
		sink = malloc(3000);
	done++;
}

static void *named_thread(void *unused)
{
	prctl(PR_SET_NAME, "worker\n1");
	printf("THREAD %ld\n", syscall(SYS_gettid));
	culprit_free();
	return unused;
}

static void in_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, named_thread, NULL) == 0)
		pthread_join(thread, NULL);
}

static void on_signal(int number)
{
	(void)number;
	culprit_free();
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = { .sa_handler = handler };

	sigaction(number, &action, NULL);
}

static void in_handler(void)
{
	handle(SIGUSR1, on_signal);
	raise(SIGUSR1);
}

/* Whoever wants the messages, if the library is there */
static void register_output(void (*output)(const char *text, void *arg))
{
	void (*call)(void (*)(const char *, void *), void *);

	call = (void (*)(void (*)(const char *, void *), void *))
		dlsym(RTLD_DEFAULT, "mi_register_output");
	if (call)
		call(output, NULL);
}

static void put(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(1);
}

static void output_allocates(const char *text, void *unused)
{
	static int allocated;

	(void)unused;
	put(text);
	if (allocated++)
		return;
	for (size_t bytes = 16; bytes <= 2048; bytes += 16)
		sink = malloc(bytes);
}

/* Free blocks are damaged first, so who allocates finds another mistake */
static void nested(void)
{
	static uintptr_t block[128 * 100];
	size_t i;

	for (i = 0; i < 128 * 100; i++)
		block[i] = (uintptr_t)malloc(16 * (i / 100 + 1));
	for (i = 0; i < 128 * 100; i++)
		free((void *)block[i]);
	for (i = 0; i < 128 * 100; i++)
		memset(wrong((void *)block[i], 8), 1, 8);
	register_output(output_allocates);
	culprit_foreign();
}

static sigjmp_buf before;

/* At the second caller, amid the report */
static void output_leaves(const char *text, void *unused)
{
	static int callers;

	(void)unused;
	put(text);
	if (strstr(text, "  from ") && ++callers == 2)
		siglongjmp(before, 1);
}

static void left(void)
{
	register_output(output_leaves);
	if (sigsetjmp(before, 1) == 0)
		culprit_free();
	put("LEFT\n");
	culprit_free();
}

static void *while_loaded(void *unused)
{
	culprit_free();
	return unused;
}

/* Called while the library that the command line names is being loaded */
void loaded(void);
void loaded(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, while_loaded, NULL) == 0)
		pthread_join(thread, NULL);
}

static const char *library;

static void loading(void)
{
	if (!dlopen(library, RTLD_NOW))
		puts(dlerror());
}

static void small_stack(void)
{
	stack_t stack = { .ss_size = 8192 };
	struct sigaction action = {
		.sa_handler = on_signal, .sa_flags = SA_ONSTACK,
	};

	/* below it nothing may be written */
	stack.ss_sp = (char *)mmap(NULL, 65536 + stack.ss_size, PROT_NONE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) + 65536;
	mprotect(stack.ss_sp, stack.ss_size, PROT_READ | PROT_WRITE);
	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	raise(SIGUSR1);
}

CULPRIT(cancelled)
{
	char *p = malloc(48);

	accuse(p);
	pthread_cancel(pthread_self());
	free(wrong(p, 16));
	done++;
}

static void *cancelled_thread(void *unused)
{
	culprit_cancelled();
	return unused;
}

static void cancelled(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, cancelled_thread, NULL) == 0)
		pthread_join(thread, NULL);
}

/* In the midst of the allocator: it asks the system while it has its lock */
static volatile sig_atomic_t interrupts;

static void on_interrupt(int number)
{
	(void)number;
	interrupts = 0;
	culprit_foreign();
}

void *mmap(void *start, size_t bytes, int protection, int flags, int file,
	   off_t offset)
{
	if (interrupts)
		raise(SIGUSR2);
	return (void *)syscall(SYS_mmap, start, bytes, protection, flags,
			       file, offset);
}

static void amid_malloc(void)
{
	handle(SIGUSR2, on_interrupt);
	interrupts = 1;
	for (int i = 0; i < 1000 && !done; i++)
		sink = malloc(1 << 20);
}

/* The handler makes no mistake, but for asking at all */
static void on_interrupt_allocate(int number)
{
	(void)number;
	interrupts = 0;
	sink = malloc(1 << 22);
	done++;
}

static void amid_malloc_again(void)
{
	handle(SIGUSR2, on_interrupt_allocate);
	interrupts = 1;
	for (int i = 0; i < 1000 && !done; i++)
		sink = malloc(1 << 20);
}

static const struct {
	const char *name;
	void (*make)(void);
} mistakes[] = {
	{ "free", culprit_free }, { "double", culprit_double },
	{ "realloc", culprit_realloc },
	{ "reallocarray", culprit_reallocarray },
	{ "usable_size", culprit_usable_size }, { "deep", culprit_deep },
	{ "foreign", culprit_foreign }, { "written", culprit_written },
	{ "in_thread", in_thread }, { "in_handler", in_handler },
	{ "nested", nested }, { "amid_malloc", amid_malloc },
	{ "amid_malloc_again", amid_malloc_again }, { "left", left },
	{ "loading", loading }, { "small_stack", small_stack },
	{ "cancelled", cancelled },
};

int main(int argc, char **argv)
{
	static char stays[16];

	alarm(60);		/* a report that hangs is one that fails */
	library = argc > 2 ? argv[2] : "";
	printf("PROCESS %d\n", getpid());
	for (size_t i = 0; i < sizeof(mistakes) / sizeof(*mistakes); i++)
		if (argc > 1 && !strcmp(mistakes[i].name, argv[1]))
			mistakes[i].make();
	sink = stays;
	printf("SURVIVED %d\n", done);
	return done ? 0 : 1;
}
