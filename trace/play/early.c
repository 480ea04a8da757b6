/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the allocator has taken before main(): some take megabytes when they are
 * loaded. That is not the player's own, so it does not belong to the baseline.
 *
 * Counted is anonymous memory that is resident while the player has no tables
 * yet: [heap] and mappings without a name, but for what follows a file's
 * mapping at once, which is zeroed data of that file; this counts where the
 * file is the allocator's.
 */
#include "play.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a line of /proc/self/maps has at most: a path, escaped, and its head */
#define LINE_BYTES	20000

static struct {
	uintptr_t base;			/* where the allocator is loaded */
	char path[LINE_BYTES];		/* of its file, as Linux has it */
	char file[LINE_BYTES];		/* of the last mapping of a file */
	uintptr_t file_end;
	bool counts;			/* the mapping that is read now */
	uint64_t bytes;
} early;

void lines_read(const char *path, void (*take)(char *line))
{
	static char text[LINE_BYTES + 1];
	int file = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	char *line, *end;
	ssize_t got;

	while ((got = read(file, text + have, LINE_BYTES - have)) > 0) {
		have += (size_t)got;
		text[have] = '\0';
		for (line = text; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			take(line);
		}
		have = strlen(line);
		memmove(text, line, have);
	}
	(void)close(file);
}

bool mapping_parse(char *line, struct mapping *mapping)
{
	char *end;

	mapping->from = (uintptr_t)strtoull(line, &end, 16);
	if (end == line || *end != '-')
		return false;
	mapping->to = (uintptr_t)strtoull(end + 1, &end, 16);
	mapping->is_read = *end == ' ' && end[1] == 'r';
	/* Behind permissions, offset, device and inode, and blanks */
	for (int i = 0; i < 4; i++) {
		end += strspn(end, " ");
		end += strcspn(end, " ");
	}
	mapping->name = end + strspn(end, " ");
	return true;
}

/* A name is shorter than the line that it stands in */
static void name_copy(char *to, const char *name)
{
	size_t length = strnlen(name, LINE_BYTES - 1);

	memcpy(to, name, length);
	to[length] = '\0';
}

static void allocator_find(char *line)
{
	struct mapping mapping;

	if (mapping_parse(line, &mapping) && mapping.from == early.base)
		name_copy(early.path, mapping.name);
}

static void mapping_judge(const struct mapping *mapping)
{
	if (mapping->name[0] == '/') {
		name_copy(early.file, mapping->name);
		early.file_end = mapping->to;
		early.counts = false;
	} else if (mapping->name[0] == '\0') {
		early.counts = mapping->from != early.file_end ||
			       strcmp(early.file, early.path) == 0;
	} else {
		early.counts = strcmp(mapping->name, "[heap]") == 0;
	}
}

static void line_count(char *line)
{
	static const char field[] = "Anonymous:";
	struct mapping mapping;

	if (mapping_parse(line, &mapping))
		mapping_judge(&mapping);
	else if (early.counts && strncmp(line, field, strlen(field)) == 0)
		early.bytes += strtoull(line + strlen(field), NULL, 10) << 10;
}

uint64_t memory_early(void)
{
	void *(*allocate)(size_t) = malloc;
	Dl_info about;
	void *address;

	memcpy(&address, &allocate, sizeof(address));
	if (dladdr(address, &about))
		early.base = (uintptr_t)about.dli_fbase;
	lines_read("/proc/self/maps", allocator_find);
	lines_read("/proc/self/smaps", line_count);
	return early.bytes;
}
