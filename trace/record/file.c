/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The file of a trace. The process is the program's, which may close any
 * descriptor, go to another folder or meet a full disk: the descriptor is
 * looked at before each use, and what cannot be written ends the recording,
 * never the program.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "record.h"

#define MODE		0666
#define NAMES		10000	/* of one process, with as many images */
#define DESCRIPTORS	1024	/* ours is among the last 16 of these */

static struct {
	struct lock lock;
	char base[PATH_MAX];	/* what the user named; "": nothing */
	char path[PATH_MAX + 32]; /* of this process; "": not open yet */
	int descriptor;
	bool stopped;
	uint64_t bytes;
	dev_t device;
	ino_t inode;
	struct mi_trace_header header;
} file;

/* Events that will be in no chunk */
void recorder_lose(uint64_t events)
{
	__atomic_add_fetch(&file.header.lost, events, __ATOMIC_RELAXED);
}

/* Whether the descriptor is the one that was opened: 0, or an errno */
static int descriptor_fault(void)
{
	struct stat status;

	if (syscall(SYS_fstat, file.descriptor, &status) != 0)
		return errno;
	return status.st_dev == file.device && status.st_ino == file.inode ?
	       0 : EBADF;
}

/* Away from the numbers that a program counts on */
static int descriptor_move(int descriptor)
{
	struct rlimit limit;
	long moved, from = DESCRIPTORS - 16;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur < DESCRIPTORS)
		from = (long)limit.rlim_cur - 16;
	moved = syscall(SYS_fcntl, descriptor, F_DUPFD_CLOEXEC,
			from > 3 ? from : 3);
	if (moved < 0)
		return descriptor;
	syscall(SYS_close, descriptor);
	return (int)moved;
}

static int open_path(int flags)
{
	struct stat status;
	long opened = syscall(SYS_openat, AT_FDCWD, file.path,
			      O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, MODE);

	if (opened < 0)
		return errno;
	file.descriptor = descriptor_move((int)opened);
	if (syscall(SYS_fstat, file.descriptor, &status) != 0)
		return errno;
	if (!(flags & O_CREAT))
		return descriptor_fault();
	file.device = status.st_dev;
	file.inode = status.st_ino;
	return 0;
}

/* All bytes at an offset: 0, or an errno */
static int write_all(struct iovec *part, int parts, uint64_t offset)
{
	long written;

	while (parts > 0) {
		written = syscall(SYS_pwritev, file.descriptor, part, parts,
				  offset, 0);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? errno : ENOSPC;
		offset += (uint64_t)written;
		while (parts > 0 && (size_t)written >= part->iov_len) {
			written -= (long)part->iov_len;
			part++;
			parts--;
		}
		if (parts > 0) {
			part->iov_base = (char *)part->iov_base + written;
			part->iov_len -= (size_t)written;
		}
	}
	return 0;
}

/*
 * The same, where the file may not grow any more. Then the system sends a
 * signal, which is blocked here, and would end the program after that; it is
 * taken away unless it was there before.
 */
static int write_quietly(struct iovec *part, int parts, uint64_t offset)
{
	const uint64_t limit = UINT64_C(1) << (SIGXFSZ - 1);
	const struct timespec now = { 0, 0 };
	uint64_t pending = 0;
	int fault;

	syscall(SYS_rt_sigpending, &pending, sizeof(pending));
	fault = write_all(part, parts, offset);
	if (fault == EFBIG && !(pending & limit))
		syscall(SYS_rt_sigtimedwait, &limit, NULL, &now,
			sizeof(limit));
	return fault;
}

/* The part of the header that changes; no more than a note */
static void write_state(void)
{
	const size_t from = offsetof(struct mi_trace_header, state);
	struct mi_trace_header header = file.header;
	struct iovec part = {
		(char *)&header + from, sizeof(header) - from
	};

	write_quietly(&part, 1, from);
}

/* Nothing is written after that. What there is ends with a whole chunk. */
static void stop(int fault)
{
	file.stopped = true;
	file.header.state = MI_TRACE_STOPPED;
	file.header.error = (uint32_t)fault;
	if (!file.path[0] || descriptor_fault() != 0)
		return;
	syscall(SYS_ftruncate, file.descriptor, file.bytes);
	write_state();
}

static int write_header(void)
{
	static char program[PATH_MAX];
	struct mi_trace_header *header = &file.header;
	struct utsname system = { .machine = "" };
	struct timespec now = { 0, 0 };
	long length = syscall(SYS_readlinkat, AT_FDCWD, "/proc/self/exe",
			      program, sizeof(program));
	struct iovec parts[3];

	uname(&system);
	clock_gettime(CLOCK_REALTIME, &now);
	memcpy(header->magic, MI_TRACE_MAGIC, sizeof(header->magic));
	header->version = MI_TRACE_VERSION;
	header->pid = (uint32_t)system_process();
	header->parent_pid = (uint32_t)syscall(SYS_getppid);
	header->page_bytes = (uint32_t)sysconf(_SC_PAGESIZE);
	header->program_bytes = (uint16_t)(length > 0 ? length : 0);
	header->machine_bytes = (uint16_t)strlen(system.machine);
	header->start_seconds = (uint64_t)now.tv_sec;
	header->start_nanoseconds = (uint32_t)now.tv_nsec;
	header->header_bytes = (uint32_t)sizeof(*header) +
			       header->program_bytes + header->machine_bytes;
	header->checksum = mi_trace_checksum(header, offsetof(
					struct mi_trace_header, checksum));
	parts[0] = (struct iovec){ header, sizeof(*header) };
	parts[1] = (struct iovec){ program, header->program_bytes };
	parts[2] = (struct iovec){ system.machine, header->machine_bytes };
	file.bytes = header->header_bytes;
	return write_quietly(parts, 3, 0);
}

/* The first of the names that nobody has: 0, or an errno */
static int open_new(void)
{
	int fault = EEXIST, pid = system_process();

	for (int i = 0; i < NAMES && fault == EEXIST; i++) {
		snprintf(file.path, sizeof(file.path),
			 i == 0 ? "%s.%d" : "%s.%d.%d", file.base, pid, i);
		fault = open_path(O_CREAT | O_EXCL);
	}
	if (fault)
		file.path[0] = '\0';
	return fault ? fault : write_header();
}

/* The file is open and is ours: 0, or an errno */
static int ready(void)
{
	if (!file.path[0])
		return open_new();
	return descriptor_fault() == 0 ? 0 : open_path(0);
}

void file_write(const struct mi_trace_chunk *chunk, const void *bytes)
{
	struct iovec parts[2] = {
		{ (void *)(uintptr_t)chunk, sizeof(*chunk) },
		{ (void *)(uintptr_t)bytes, chunk->stored_bytes }
	};
	int fault;

	lock_take(&file.lock);
	if (file.stopped || !file.base[0]) {
		recorder_lose(chunk->events);
		goto out;
	}
	fault = ready();
	if (!fault)
		fault = write_quietly(parts, 2, file.bytes);
	if (fault) {
		recorder_lose(chunk->events);
		stop(fault);
		goto out;
	}
	file.bytes += sizeof(*chunk) + chunk->stored_bytes;
	file.header.events += chunk->events;
	write_state();
out:
	lock_give(&file.lock);
}

/* Where the process stands; not in a file that would have nothing else */
void file_state(uint32_t state)
{
	lock_take(&file.lock);
	if (file.path[0]) {
		if (!file.stopped)
			file.header.state = state;
		if (ready() == 0)
			write_state();
	}
	lock_give(&file.lock);
}

/* The path is absolute. The first process of all has the file of that name. */
void file_begin(const char *path)
{
	size_t length = strlen(path);
	int fault;

	if (length == 0 || length >= sizeof(file.base))
		return;
	memcpy(file.base, path, length + 1);
	memcpy(file.path, path, length + 1);
	fault = open_path(O_CREAT | O_EXCL);
	if (fault == 0)
		fault = write_header();
	else
		file.path[0] = '\0';
	if (fault && fault != EEXIST)
		stop(fault);
}

/* In a child, which has a file of its own, once it has something to write */
void file_restart(void)
{
	file.lock.state = 0;
	if (file.path[0] && descriptor_fault() == 0)
		syscall(SYS_close, file.descriptor);
	file.path[0] = '\0';
	file.stopped = false;
	memset(&file.header, 0, sizeof(file.header));
}
