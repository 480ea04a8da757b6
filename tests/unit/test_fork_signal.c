/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forks by a thread that has the lock, as the handler of a signal does that
 * interrupted malloc; forks within forks; what a thread was giving back when
 * a signal made it fork. Each test has a process of its own.
 *
 * LDFLAGS: -Wl,--wrap=port_purge
 */
#include "in_purge.h"
#include "thread.h"

#include <sys/wait.h>

#include "fork.h"

#if MI_THREADS

enum { CHILD_SECONDS = 60 };

static struct port_lock *const lock = &default_instance.lock;

/* True in the child, which is to end with child_ends() */
static bool forked(void)
{
	pid_t pid = fork();
	int status = 1;

	must(pid >= 0);
	if (pid == 0) {
		alarm(CHILD_SECONDS);
		return true;
	}
	must(waitpid(pid, &status, 0) == pid);
	must(status == 0);
	return false;
}

static void allocate(void)
{
	void *large = mi_malloc(3 * MIB), *small = mi_malloc(SIZE);

	must(large && small);
	mi_free(large);
	mi_free(small);
	mi_collect(true);
}

__attribute__((noreturn)) static void child_ends(void)
{
	must(lock->word == 0 && init_lock.word == 0);
	in_thread(allocate);
	allocate();
	must(is_valid());
	_exit(0);
}

static pthread_barrier_t begun, may_end;
static pthread_t other;

static void stay_for_a_while(void)
{
	pthread_barrier_wait(&begun);
	pthread_barrier_wait(&may_end);
}

static void *give_back_slowly(void *unused)
{
	mi_free(memset(mi_malloc(MIB), 1, MIB));
	in_purge = stay_for_a_while;
	mi_collect(true);
	return unused;
}

static void start_other(void)
{
	pthread_barrier_init(&begun, NULL, 2);
	pthread_barrier_init(&may_end, NULL, 2);
	must(pthread_create(&other, NULL, give_back_slowly, NULL) == 0);
	pthread_barrier_wait(&begun);
	must(runs_of_kind(&default_instance, RUN_PURGING) == 1);
}

static void end_other(void)
{
	pthread_barrier_wait(&may_end);
	must(pthread_join(other, NULL) == 0);
}

static int lock_of_an_interrupted_call(void *arg)
{
	(void)arg;
	start_other();
	port_lock(lock);
	if (forked()) {
		/* what it guards may be half done: nothing is touched yet */
		must(port_lock_is_interrupted(lock));
		must(runs_of_kind(&default_instance, RUN_PURGING) == 1);
		port_unlock(lock);
		must(runs_of_kind(&default_instance, RUN_PURGING) == 0);
		child_ends();
	}
	must(lock->word == port_thread_id());
	port_unlock(lock);
	must(lock->word == 0);
	end_other();
	allocate();
	must(is_valid());
	return 0;
}

static void *wait_for_lock(void *unused)
{
	port_lock(lock);
	port_unlock(lock);
	return unused;
}

/* Who waits is not in the child, and is woken in the parent */
static int lock_that_others_wait_for(void *arg)
{
	pthread_t thread;

	(void)arg;
	port_lock(lock);
	must(pthread_create(&thread, NULL, wait_for_lock, NULL) == 0);
	while (!(__atomic_load_n(&lock->word, __ATOMIC_RELAXED) & LOCK_WAITED))
		sched_yield();
	if (forked()) {
		must(!(lock->word & LOCK_WAITED));
		port_unlock(lock);
		child_ends();
	}
	must(lock->word & LOCK_WAITED);
	port_unlock(lock);
	must(pthread_join(thread, NULL) == 0);
	must(lock->word == 0);
	return 0;
}

static int init_lock_of_an_interrupted_call(void *arg)
{
	(void)arg;
	port_lock(&init_lock);
	initialised = false;
	if (forked()) {
		must(lock->word == 0 && port_lock_is_interrupted(&init_lock));
		initialised = true;
		port_unlock(&init_lock);
		child_ends();
	}
	must(lock->word == 0 && port_lock_is_interrupted(&init_lock));
	initialised = true;
	port_unlock(&init_lock);
	allocate();
	return 0;
}

/* Handlers of others may run while the lock is held for the fork */
static int handlers_in_between_allocate(void *arg)
{
	(void)arg;
	fork_prepare();
	allocate();
	must(lock->word);
	fork_parent();
	must(lock->word == 0);
	allocate();
	must(is_valid());
	return 0;
}

/* The handler of a signal forks, and it interrupted fork() itself */
static int fork_in_a_fork(void *arg)
{
	(void)arg;
	fork_prepare();
	if (forked()) {
		must(lock->word);
		if (forked()) {
			fork_child();
			child_ends();
		}
		allocate();
		fork_parent();
		child_ends();
	}
	must(lock->word);
	allocate();
	fork_parent();
	must(lock->word == 0);
	in_thread(allocate);
	must(is_valid());
	return 0;
}

static bool is_child;

static void fork_now(void)
{
	is_child = forked();
}

/* The child goes on with it, so it is not another thread's to put right */
static int fork_in_a_purge_of_its_own(void *arg)
{
	(void)arg;
	mi_free(memset(mi_malloc(MIB), 1, MIB));
	in_purge = fork_now;
	mi_collect(true);
	must(!in_purge);
	must(runs_of_kind(&default_instance, RUN_PURGING) == 0);
	must(is_valid());
	if (is_child)
		child_ends();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST_IN_CHILD(lock_of_an_interrupted_call),
		TEST_IN_CHILD(lock_that_others_wait_for),
		TEST_IN_CHILD(init_lock_of_an_interrupted_call),
		TEST_IN_CHILD(handlers_in_between_allocate),
		TEST_IN_CHILD(fork_in_a_fork),
		TEST_IN_CHILD(fork_in_a_purge_of_its_own),
	};

	mi_thread_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
	return 0;
}

#endif
