/* SPDX-License-Identifier: BSD-3-Clause */
/* What is mapped for execution, by /proc/self/maps. */
#include <string.h>

#include "report.h"

static uintptr_t read_hex(const char **text)
{
	uintptr_t value = 0;

	for (;; (*text)++) {
		char c = **text;

		if (c >= '0' && c <= '9')
			value = value << 4 | (uintptr_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			value = value << 4 | (uintptr_t)(c - 'a' + 10);
		else
			return value;
	}
}

/* "55d0c0000000-55d0c0001000 r-xp 00001000 08:01 1234    /bin/cat" */
static bool read_line(const char *line, struct mapping *mapping)
{
	mapping->start = read_hex(&line);
	if (*line++ != '-')
		return false;
	mapping->limit = read_hex(&line);
	if (strlen(line) < 6 || line[3] != 'x')
		return false;
	line += 6;
	mapping->offset = read_hex(&line);
	mapping->path = strpbrk(line, "/[");
	return mapping->path != NULL;
}

void maps_read(struct snapshot *snapshot)
{
	struct mapping mapping = { .start = 0 };
	char *line, *end, *at;
	size_t lines = 1;

	if (!out_file(&snapshot->maps, "/proc/self/maps"))
		return;
	for (at = snapshot->maps.bytes; *at; at++)
		lines += *at == '\n';
	snapshot->mapping_room = lines * sizeof(mapping);
	snapshot->mappings = memory_map(snapshot->mapping_room);
	if (!snapshot->mappings)
		return;
	for (line = snapshot->maps.bytes; *line; line = end + 1) {
		end = strchr(line, '\n');
		if (!end)
			break;
		*end = 0;
		if (read_line(line, &mapping))
			snapshot->mappings[snapshot->mapping_count++] = mapping;
	}
}
