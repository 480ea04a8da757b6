/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A script is mapped, checked as a whole, and then gone through.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "read_script.h"

bool script_is(const char *path)
{
	char magic[sizeof(MI_SCRIPT_MAGIC) - 1];
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool is = file >= 0 &&
		  read(file, magic, sizeof(magic)) == sizeof(magic) &&
		  memcmp(magic, MI_SCRIPT_MAGIC, sizeof(magic)) == 0;

	if (file >= 0)
		(void)close(file);
	return is;
}

static const char *check(const struct mi_script_header *header, uint64_t bytes)
{
	const char *fault = mi_script_header_fault(header, bytes);
	unsigned char *full;
	uint64_t at;

	if (fault)
		return fault;
	full = calloc(1, (size_t)mi_script_state_bytes(header->slots) + 1);
	if (!full)
		return strerror(errno);
	fault = mi_script_ops_fault(header, full, &at);
	free(full);
	return fault;
}

const char *script_open(struct script *script, const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	const char *fault;
	void *data;

	if (file < 0 || fstat(file, &status) != 0)
		return strerror(errno);
	data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, file,
		    0);
	fault = data == MAP_FAILED ? strerror(errno) :
				     check(data, (uint64_t)status.st_size);
	if (fault) {
		if (data != MAP_FAILED)
			(void)munmap(data, (size_t)status.st_size);
		(void)close(file);
		return fault;
	}
	script->descriptor = file;
	script->header = data;
	script->at = 0;
	script->resizing = false;
	return NULL;
}

static const unsigned int kinds[] = {
	[MI_SCRIPT_MALLOC] = MI_TRACE_MALLOC,
	[MI_SCRIPT_CALLOC] = MI_TRACE_CALLOC,
	[MI_SCRIPT_REALLOC] = MI_TRACE_RESIZED,
	[MI_SCRIPT_ALIGNED] = MI_TRACE_ALIGNED,
	[MI_SCRIPT_FREE] = MI_TRACE_FREE,
};

bool script_next(struct script *script, struct trace_call *call)
{
	const struct mi_script_op *op;

	if (script->at == script->header->operations)
		return false;
	op = &mi_script_ops(script->header)[script->at];
	memset(call, 0, sizeof(*call));
	call->kind = kinds[op->kind];
	call->align_log2 = op->align_log2;
	call->thread = op->thread;
	call->order = script->at;
	call->address = ((uint64_t)op->slot + 1) * 16;
	call->size = op->size;
	/* A trace has the beginning of a realloc, and then its end */
	script->resizing = op->kind == MI_SCRIPT_REALLOC && !script->resizing;
	if (script->resizing) {
		call->kind = MI_TRACE_RESIZE;
		call->size = 0;
	} else {
		script->at++;
	}
	return true;
}

void script_close(struct script *script)
{
	uint64_t bytes = mi_script_bytes(script->header->operations);

	(void)munmap((void *)script->header, (size_t)bytes);
	(void)close(script->descriptor);
}
