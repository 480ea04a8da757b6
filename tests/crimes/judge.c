/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The judge of the crimes. The program starts itself anew for each, once under
 * the default policy and once under MIMALLOC_ABORT_ON_ERROR=0, and judges it on
 * its report and on its end:
 *
 *	abort		one report that names the crime and the address that
 *			the crime told, what lies there, the thread, and the
 *			crime's function; then SIGABRT
 *	go on		the same report, then SURVIVED and exit status 0
 *
 * A crime that the documentation answers with NULL and errno has no report and
 * survives under both. MI_TEST_DIVIDE=n judges each n-th run only. With a name
 * the program commits that crime; a second argument is what the crime gets.
 */
#include "crime.h"

#include <ctype.h>
#include <dlfcn.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum verdict {
	DOUBLE,			/* "double free" */
	INVALID,		/* "invalid free", "invalid pointer" */
	EITHER,			/* the block's page may be gone */
	WRITTEN,		/* "was written to" */
	ANSWERED,		/* no report: NULL and errno */
};

struct crime {
	crime_function *commit;
	const char *name;
	const char *size;	/* the argument, or NULL */
	enum verdict verdict;
};

#define CASE(name, size, verdict) { name, #name, size, verdict }

#define CRIMES_OF_WRITING(name)						\
	CASE(name, "48", WRITTEN), CASE(name, "96", WRITTEN),		\
	CASE(name, "1024", WRITTEN), CASE(name, "10240", WRITTEN)

#define CRIMES_OF_SIZES(name, verdict)					\
	CASE(name, "1", verdict), CASE(name, "32", verdict),		\
	CASE(name, "48", verdict), CASE(name, "100", verdict),		\
	CASE(name, "1000", verdict), CASE(name, "1024", verdict),	\
	CASE(name, "5000", verdict), CASE(name, "10240", verdict),	\
	CASE(name, "100000", (verdict) == DOUBLE ? EITHER : (verdict)),	\
	CASE(name, "5000000", (verdict) == DOUBLE ? EITHER : (verdict))

#define CRIMES_INSIDE(name)						\
	CASE(name, "32", INVALID), CASE(name, "48", INVALID),		\
	CASE(name, "100", INVALID), CASE(name, "1000", INVALID),	\
	CASE(name, "5000", INVALID), CASE(name, "100000", INVALID),	\
	CASE(name, "5000000", INVALID)

/* What is found at this level of hardening, see docs/hardening.md */
static const struct crime crimes[] = {
#if MI_HARDENING >= 2
	CRIMES_OF_WRITING(write_link),
	CRIMES_OF_WRITING(write_middle),
	CRIMES_OF_WRITING(write_last),
#endif
#if MI_HARDENING >= 1
	CRIMES_OF_WRITING(write_tag),
	CASE(write_hole, "4096", WRITTEN), CASE(write_hole, "8000", WRITTEN),
	CASE(double_free_hole, "4096", EITHER),
	CASE(double_free_hole, "8000", EITHER),
	CASE(double_free_hole, "8000 other", EITHER),
	CASE(double_free_hole, "30000", EITHER),
	CRIMES_OF_SIZES(double_free, DOUBLE),
	CRIMES_OF_SIZES(double_free_between, DOUBLE),
	CRIMES_OF_SIZES(double_free_recycled, DOUBLE),
	CRIMES_OF_SIZES(double_free_remote, DOUBLE),
	CRIMES_OF_SIZES(double_free_remote_twice, DOUBLE),
	CRIMES_OF_SIZES(double_free_by_remote, DOUBLE),
	CRIMES_OF_SIZES(double_free_calloc, DOUBLE),
	CRIMES_OF_SIZES(double_free_alone, EITHER),
	CRIMES_OF_SIZES(double_free_collected, EITHER),
	CRIMES_OF_SIZES(double_free_aligned, EITHER),
	CASE(double_free_purged, "64 other", EITHER),
	CASE(double_free_purged, "1000 other", EITHER),
	CASE(double_free_purged, "5000 other", EITHER),
	CASE(double_free_purged, "64 owner", EITHER),
	CASE(double_free_purged, "5000 owner", EITHER),
	CASE(double_free_purged, "64 collected", EITHER),
	CASE(double_free_purged, "5000 collected", EITHER),
	CRIMES_OF_SIZES(free_after_destroy, EITHER),
	CRIMES_OF_SIZES(realloc_freed, EITHER),
#endif
	CRIMES_INSIDE(interior_1),
	CRIMES_INSIDE(interior_8),
	CRIMES_INSIDE(interior_16),
	CRIMES_INSIDE(interior_middle),
	CRIMES_INSIDE(interior_aligned),
	CRIMES_INSIDE(interior_remote),
	CASE(interior_of_freed, "100", EITHER),
	CASE(interior_of_freed, "5000", EITHER),
	CASE(interior_of_freed, "100000", EITHER),
	CASE(foreign_stack, NULL, INVALID),
	CASE(foreign_static, NULL, INVALID),
	CASE(foreign_code, NULL, INVALID),
	CASE(foreign_mapped, NULL, INVALID),
	CASE(foreign_unmapped, NULL, INVALID),
	CASE(foreign_low, NULL, INVALID),
	CASE(foreign_high, NULL, INVALID),
	CASE(foreign_non_canonical, NULL, INVALID),
	CASE(foreign_sized, NULL, INVALID),
	CASE(foreign_fifth, NULL, INVALID),
	CRIMES_INSIDE(realloc_interior),
	CASE(realloc_foreign, NULL, INVALID),
	CASE(reallocf_foreign, NULL, INVALID),
	CRIMES_INSIDE(usable_size_interior),
	CASE(usable_size_foreign, NULL, INVALID),
	CASE(expand_foreign, NULL, INVALID),
	CASE(bad_alignment, NULL, ANSWERED),
	CASE(huge_alignment, NULL, ANSWERED),
	CASE(size_overflow, NULL, ANSWERED),
};

#define CRIMES (sizeof(crimes) / sizeof(crimes[0]))

struct run {
	int status;
	char out[4096];
	char err[4096];
};

static void slurp(int fd, char *text, size_t room)
{
	ssize_t got = pread(fd, text, room - 1, 0);

	text[got > 0 ? got : 0] = '\0';
	close(fd);
}

static void commit(struct run *run, const struct crime *crime, bool goes_on)
{
	static const struct rlimit no_core = { 0, 0 };
	int out = memfd_create("out", MFD_CLOEXEC);
	int err = memfd_create("err", MFD_CLOEXEC);
	pid_t child;

	assert_true(out >= 0 && err >= 0);
	fflush(NULL);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (goes_on)
			setenv("MIMALLOC_ABORT_ON_ERROR", "0", 1);
		else
			unsetenv("MIMALLOC_ABORT_ON_ERROR");
		setrlimit(RLIMIT_CORE, &no_core);
		dup2(out, STDOUT_FILENO);
		dup2(err, STDERR_FILENO);
		alarm(120);
		execl("/proc/self/exe", "judge", crime->name, crime->size,
		      (char *)NULL);
		_exit(126);
	}
	assert_int_equal(waitpid(child, &run->status, 0), child);
	slurp(out, run->out, sizeof(run->out));
	slurp(err, run->err, sizeof(run->err));
}

/* Does the line name the address, to its last digit? */
static bool names(const char *line, const char *address)
{
	const char *at = strstr(line, address);

	return at != NULL && !isxdigit((unsigned char)at[strlen(address)]);
}

/*
 * The first line of a report of this crime at this address, and what follows
 * it; NULL: there is none.
 */
static char *find_report(char *text, const char *address, enum verdict verdict,
			 char **rest)
{
	char *line;

	*rest = text;
	while ((line = strsep(rest, "\n")) != NULL) {
		bool is_double = strstr(line, "double free") != NULL;
		bool is_invalid = strstr(line, "invalid") != NULL;

		if (strstr(line, "mimalloc: error: ") == NULL ||
		    !names(line, address))
			continue;
		if (verdict == WRITTEN && strstr(line, "was written to"))
			return line;
		if (verdict == WRITTEN)
			continue;
		if ((is_double && verdict != INVALID) ||
		    (is_invalid && verdict != DOUBLE))
			return line;
	}
	return NULL;
}

/* A further line of the report; "": it has ended */
static const char *next_detail(char **rest)
{
	static const char mark[] = "mimalloc: error:   ";
	char *line = strsep(rest, "\n");
	char *detail = line ? strstr(line, mark) : NULL;

	return detail ? detail + sizeof(mark) - 1 : "";
}

/* Does what is told of the address agree with it, and with the verdict? */
static bool is_placed(const char *detail, const char *address,
		      enum verdict verdict)
{
	size_t start, bytes, offset;
	char what[64], state[128];

	if (verdict == INVALID && strcmp(detail, "not in our memory") == 0)
		return true;
	if (sscanf(detail, "%63[a-z ] %zx of %zu bytes, offset %zu: %127[^\n]",
		   what, &start, &bytes, &offset, state) != 5 ||
	    start + offset != strtoull(address, NULL, 0) || offset >= bytes)
		return false;
	if (strncmp(state, "no block is there", 17) == 0)
		return verdict == INVALID || verdict == EITHER;
	if (verdict == INVALID)
		return offset > 0 && strncmp(state, "in use", 6) == 0;
	return strncmp(state, "free", 4) == 0;
}

/* Where the program begins, in memory and as its file has it */
extern const char __ehdr_start[] __attribute__((visibility("hidden")));

/*
 * One of the callers is the crime, or where a thread of its own commits it,
 * crime_in_thread(). A report has the offset in the program, which is the same
 * in every process. The call may be a function's last instruction.
 */
static bool is_called_by(const char *detail, const char *name)
{
	const char *offset = strstr(detail, "(+0x");
	Dl_info function;

	if (strncmp(detail, "from ", 5) != 0 || offset == NULL ||
	    dladdr(__ehdr_start + strtoull(offset + 2, NULL, 16) - 1,
		   &function) == 0 || function.dli_sname == NULL)
		return false;
	return strcmp(function.dli_sname, name) == 0 ||
	       strcmp(function.dli_sname, "crime_in_thread") == 0;
}

static bool is_reported(const struct run *run, const struct crime *crime)
{
	char address[64], text[sizeof(run->err)], *rest;
	const char *detail;

	if (sscanf(run->out, "ADDRESS %63s", address) != 1)
		return false;
	memcpy(text, run->err, sizeof(text));
	if (!find_report(text, address, crime->verdict, &rest) ||
	    !is_placed(next_detail(&rest), address, crime->verdict) ||
	    strncmp(next_detail(&rest), "thread ", 7) != 0)
		return false;
	do
		detail = next_detail(&rest);
	while (*detail && !is_called_by(detail, crime->name));
	return *detail != '\0';
}

/* One of each crime's two runs. */
struct trial {
	const struct crime *crime;
	bool goes_on;
	char name[96];
};

static void judge(void **state)
{
	static struct run run;
	const struct trial *trial = *state;
	bool is_answered = trial->crime->verdict == ANSWERED;
	bool survived;

	commit(&run, trial->crime, trial->goes_on);
	survived = WIFEXITED(run.status) && WEXITSTATUS(run.status) == 0 &&
		   strstr(run.out, "SURVIVED\n") != NULL;
	if (!is_answered && !is_reported(&run, trial->crime))
		fail_msg("no report: wait status %d\n%s%s", run.status,
			 run.out, run.err);
	if (is_answered || trial->goes_on) {
		if (!survived)
			fail_msg("not survived: wait status %d\n%s%s",
				 run.status, run.out, run.err);
	} else if (!WIFSIGNALED(run.status) ||
		   WTERMSIG(run.status) != SIGABRT) {
		fail_msg("not aborted: wait status %d\n%s%s", run.status,
			 run.out, run.err);
	}
}

/* The part of a child. */
static int commit_here(const char *name, const char *argument)
{
	for (size_t i = 0; i < CRIMES; i++)
		if (strcmp(crimes[i].name, name) == 0)
			return crimes[i].commit(argument);
	fprintf(stderr, "no such crime: %s\n", name);
	return 1;
}

int main(int argc, char **argv)
{
	static struct trial trials[CRIMES * 2];
	static struct CMUnitTest tests[CRIMES * 2];
	const char *divide = getenv("MI_TEST_DIVIDE");
	size_t step = divide != NULL ? strtoul(divide, NULL, 10) : 1, count = 0;

	if (argc > 1)
		return commit_here(argv[1], argv[2]);
	for (size_t i = 0; i < CRIMES * 2; i += step ? step : 1) {
		const struct crime *crime = &crimes[i / 2];

		trials[i].crime = crime;
		trials[i].goes_on = i % 2 == 1;
		snprintf(trials[i].name, sizeof(trials[i].name), "%s %s%s%s",
			 crime->name, crime->size ? crime->size : "",
			 crime->size ? " " : "",
			 trials[i].goes_on ? "goes on" : "aborts");
		tests[count].name = trials[i].name;
		tests[count].test_func = judge;
		tests[count++].initial_state = &trials[i];
	}
	return _cmocka_run_group_tests("crimes", tests, count, NULL, NULL);
}
