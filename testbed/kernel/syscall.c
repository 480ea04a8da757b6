/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The system calls a single program on the console needs. There are no files:
 * descriptors 0 to 2 are the serial line, and open finds nothing. Memory comes
 * from malloc, so brk and mmap refuse.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <uk/plat/time.h>
#include <uk/plat/tls.h>
#include <uk/print.h>
#include <uk/sched.h>

#include "arch.h"
#include "console_file.h"
#include "machine.h"

#define ARCH_SET_FS 0x1002
#define ARCH_GET_FS 0x1003

static bool is_console(long descriptor)
{
	return descriptor >= 0 && descriptor <= 2;
}

static long call_writev(long descriptor, const struct iovec *parts, long count)
{
	long sum = 0;

	if (!is_console(descriptor))
		return -EBADF;
	for (long i = 0; i < count; i++)
		sum += console_file_write(parts[i].iov_base, parts[i].iov_len);
	return sum;
}

static long call_readv(long descriptor, const struct iovec *parts, long count)
{
	for (long i = 0; i < count && is_console(descriptor); i++)
		if (parts[i].iov_len)
			return console_file_read(parts[i].iov_base,
						 parts[i].iov_len);
	return is_console(descriptor) ? 0 : -EBADF;
}

static long call_clock(long clock, struct timespec *out)
{
	__nsec now = clock == CLOCK_REALTIME ? ukplat_wall_clock()
		: ukplat_monotonic_clock();

	out->tv_sec = (time_t)(now / 1000000000UL);
	out->tv_nsec = (long)(now % 1000000000UL);
	return 0;
}

static long call_sleep(const struct timespec *time)
{
	if (time->tv_sec < 0 || time->tv_nsec < 0)
		return -EINVAL;
	if (uk_thread_current())
		uk_sched_thread_sleep((__nsec)time->tv_sec * 1000000000UL
				      + (__nsec)time->tv_nsec);
	return 0;
}

static long call_fstat(long descriptor, struct stat *out)
{
	if (!is_console(descriptor))
		return -EBADF;
	memset(out, 0, sizeof(*out));
	out->st_mode = S_IFCHR | 0600;
	out->st_blksize = 1024;
	return 0;
}

static long call_ioctl(long descriptor, long request, struct winsize *out)
{
	if (!is_console(descriptor))
		return -EBADF;
	if (request != TIOCGWINSZ)
		return -ENOTTY;
	*out = (struct winsize){ .ws_row = 25, .ws_col = 80 };
	return 0;
}

static long call_uname(struct utsname *out)
{
	memset(out, 0, sizeof(*out));
	strcpy(out->sysname, "testbed");
	strcpy(out->machine, ARCH_NAME);
	return 0;
}

#ifdef SYS_arch_prctl
static long call_arch_prctl(long code, long value)
{
	if (code == ARCH_GET_FS) {
		*(__uptr *)value = ukplat_tlsp_get();
		return 0;
	}
	if (code != ARCH_SET_FS)
		return -EINVAL;
	ukplat_tlsp_set((__uptr)value);
	return 0;
}
#endif

/* Each number is named once; more would only hide what a program misses. */
static long call_unknown(long number)
{
	static uint64_t warned[8];

	if (number >= 0 && number < 512
	    && !(warned[number / 64] >> number % 64 & 1)) {
		warned[number / 64] |= 1UL << number % 64;
		uk_pr_warn("system call %ld is not served: ENOSYS\n", number);
	}
	return -ENOSYS;
}

static long call_file(long number, long a, long b, long c)
{
	switch (number) {
	case SYS_read:
		return is_console(a) ? console_file_read((char *)b, (size_t)c)
			: -EBADF;
	case SYS_write:
		return is_console(a)
			? console_file_write((const char *)b, (size_t)c)
			: -EBADF;
	case SYS_readv:
		return call_readv(a, (const struct iovec *)b, c);
	case SYS_writev:
		return call_writev(a, (const struct iovec *)b, c);
#ifdef SYS_open				/* where Linux is older than openat */
	case SYS_open:
	case SYS_access:
	case SYS_stat:
	case SYS_lstat:
	case SYS_readlink:
	case SYS_unlink:
#else
	case SYS_faccessat:
	case SYS_newfstatat:
	case SYS_readlinkat:
	case SYS_unlinkat:
#endif
	case SYS_openat:
		return -ENOENT;
	case SYS_close:
		return is_console(a) ? 0 : -EBADF;
	case SYS_fstat:
		return call_fstat(a, (struct stat *)b);
	case SYS_lseek:
		return is_console(a) ? -ESPIPE : -EBADF;
	case SYS_ioctl:
		return call_ioctl(a, b, (struct winsize *)c);
	case SYS_fcntl:
		return is_console(a) ? 0 : -EBADF;
	default:
		return call_unknown(number);
	}
}

long system_call(long number, long a, long b, long c, long d __unused,
		 long e __unused, long f __unused)
{
	switch (number) {
	case SYS_exit:
	case SYS_exit_group:
		console_file_end((int)a);
	case SYS_clock_gettime:
		return call_clock(a, (struct timespec *)b);
	case SYS_gettimeofday:
		call_clock(CLOCK_REALTIME, (struct timespec *)a);
		((struct timespec *)a)->tv_nsec /= 1000;
		return 0;
	case SYS_nanosleep:
		return call_sleep((const struct timespec *)a);
	case SYS_clock_nanosleep:
		return b ? -EINVAL : call_sleep((const struct timespec *)c);
	case SYS_sched_yield:
		if (uk_thread_current())
			uk_sched_yield();
		return 0;
#ifdef SYS_arch_prctl
	case SYS_arch_prctl:
		return call_arch_prctl(a, b);
#endif
	case SYS_set_tid_address:
	case SYS_getpid:
	case SYS_gettid:
		return 1;
	case SYS_getuid:
	case SYS_geteuid:
	case SYS_getgid:
	case SYS_getegid:
	case SYS_rt_sigaction:
	case SYS_rt_sigprocmask:
	case SYS_futex:
		return 0;
	case SYS_uname:
		return call_uname((struct utsname *)a);
	case SYS_brk:
		return 0;
	case SYS_mmap:
	case SYS_mremap:
		return -ENOMEM;
	case SYS_munmap:
	case SYS_mprotect:
	case SYS_madvise:
		return -EINVAL;
	default:
		return call_file(number, a, b, c);
	}
}
