/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of functions and the build id, from the ELF file that is mapped. The
 * table of all symbols where it was not stripped, else the dynamic one. A file
 * that is not what it should be gives no names. It is read, not mapped: one
 * that somebody shortens meanwhile must not end the program.
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "report.h"

/* More than that is taken for a broken header */
#define MOST_BYTES	((size_t)1 << 30)

struct part {
	void *bytes;
	size_t length;
};

static bool part_read(struct part *part, int fd, uint64_t offset,
		      uint64_t length)
{
	size_t done = 0;
	ssize_t got = 1;

	part->bytes = NULL;
	part->length = length;
	if (!length || length > MOST_BYTES || offset > INT64_MAX / 2)
		return false;
	part->bytes = memory_map(length);
	if (!part->bytes)
		return false;
	while (done < length && got > 0) {
		got = pread(fd, (char *)part->bytes + done, length - done,
			    (off_t)(offset + done));
		done += got > 0 ? (size_t)got : 0;
	}
	if (done == length)
		return true;
	memory_unmap(part->bytes, length);
	part->bytes = NULL;
	return false;
}

static void part_free(struct part *part)
{
	memory_unmap(part->bytes, part->length);
}

/* A note is a header, a name and a content, both rounded up to 4 bytes */
static void find_build_id(struct mapping *mapping, const struct part *notes)
{
	size_t at = 0, name, content;

	while (at + sizeof(Elf64_Nhdr) <= notes->length) {
		Elf64_Nhdr note;

		memcpy(&note, (char *)notes->bytes + at, sizeof(note));
		name = at + sizeof(note);
		content = name + ((note.n_namesz + 3UL) & ~3UL);
		at = content + ((note.n_descsz + 3UL) & ~3UL);
		if (at > notes->length)
			return;
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != 4 ||
		    memcmp((char *)notes->bytes + name, "GNU", 4) != 0 ||
		    note.n_descsz > sizeof(mapping->build_id))
			continue;
		mapping->build_id_bytes = note.n_descsz;
		memcpy(mapping->build_id, (char *)notes->bytes + content,
		       note.n_descsz);
		return;
	}
}

/* Sets what has to be added to a symbol's value for its address */
static bool read_segments(struct mapping *mapping, int fd,
			  const Elf64_Ehdr *header, uintptr_t *bias)
{
	struct part segments, notes;
	const Elf64_Phdr *segment;
	bool found = false;
	unsigned int i;

	if (header->e_phentsize != sizeof(*segment) ||
	    !part_read(&segments, fd, header->e_phoff,
		       (uint64_t)header->e_phnum * sizeof(*segment)))
		return false;
	segment = segments.bytes;
	for (i = 0; i < header->e_phnum; i++, segment++) {
		if (segment->p_type == PT_LOAD && !found &&
		    segment->p_flags & PF_X &&
		    mapping->offset + (mapping->limit - mapping->start) >
		    segment->p_offset &&
		    mapping->offset < segment->p_offset + segment->p_filesz) {
			*bias = mapping->start - mapping->offset +
				segment->p_offset - segment->p_vaddr;
			found = true;
		} else if (segment->p_type == PT_NOTE &&
			   part_read(&notes, fd, segment->p_offset,
				     segment->p_filesz)) {
			if (!mapping->build_id_bytes)
				find_build_id(mapping, &notes);
			part_free(&notes);
		}
	}
	part_free(&segments);
	return found;
}

static size_t first_not_below(const struct place *places, size_t count,
			      uintptr_t address)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (places[middle].address < address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct naming {
	struct place *places;
	size_t count;
	uintptr_t bias;
	const char *strings;
};

static void name_by(const struct naming *naming, const Elf64_Sym *symbol)
{
	uintptr_t start = symbol->st_value + naming->bias;
	uintptr_t end = start + symbol->st_size;
	size_t i = first_not_below(naming->places, naming->count, start);

	for (; i < naming->count && naming->places[i].address < end; i++) {
		if (naming->places[i].name)
			continue;
		naming->places[i].name = (size_t)symbol->st_name + 1;
		naming->places[i].function_start = start;
	}
}

/* Names are copied, as many as are needed: their table may be long */
static void keep_names(const struct naming *naming, struct out *names)
{
	struct place *place = naming->places, *before = NULL;
	const char *name;
	size_t i, at;

	for (i = 0; i < naming->count; i++, place++) {
		if (!place->name)
			continue;
		if (before && before->function_start == place->function_start) {
			place->name = before->name;
			continue;
		}
		name = naming->strings + place->name - 1;
		at = names->length;
		out_bytes(names, name, strlen(name) + 1);
		place->name = names->failed ? 0 : at + 1;
		before = place;
	}
}

static void read_symbols(int fd, const Elf64_Shdr *table,
			 const Elf64_Shdr *strings, struct naming *naming,
			 struct out *names)
{
	struct part symbols, text;
	const Elf64_Sym *symbol;
	size_t i;

	if (!part_read(&symbols, fd, table->sh_offset, table->sh_size))
		return;
	if (part_read(&text, fd, strings->sh_offset, strings->sh_size)) {
		((char *)text.bytes)[text.length - 1] = 0;
		naming->strings = text.bytes;
		symbol = symbols.bytes;
		for (i = 0; i < symbols.length / sizeof(*symbol); i++)
			if (ELF64_ST_TYPE(symbol[i].st_info) == STT_FUNC &&
			    symbol[i].st_shndx != SHN_UNDEF &&
			    symbol[i].st_name &&
			    symbol[i].st_name < text.length)
				name_by(naming, &symbol[i]);
		keep_names(naming, names);
		part_free(&text);
	}
	part_free(&symbols);
}

static void read_sections(int fd, const Elf64_Ehdr *header,
			  struct naming *naming, struct out *names)
{
	struct part sections;
	const Elf64_Shdr *section, *table = NULL;
	unsigned int i;

	if (header->e_shentsize != sizeof(*section) ||
	    !part_read(&sections, fd, header->e_shoff,
		       (uint64_t)header->e_shnum * sizeof(*section)))
		return;
	section = sections.bytes;
	for (i = 0; i < header->e_shnum; i++)
		if (section[i].sh_type == SHT_SYMTAB ||
		    (section[i].sh_type == SHT_DYNSYM && !table))
			table = &section[i];
	if (table && table->sh_link < header->e_shnum)
		read_symbols(fd, table, &section[table->sh_link], naming,
			     names);
	part_free(&sections);
}

void symbols_find(struct mapping *mapping, struct place *places, size_t count,
		  struct out *names)
{
	struct naming naming = { .places = places, .count = count };
	Elf64_Ehdr header;
	int fd;

	if (*mapping->path != '/')
		return;
	fd = open(mapping->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return;
	if (pread(fd, &header, sizeof(header), 0) == sizeof(header) &&
	    !memcmp(header.e_ident, ELFMAG, SELFMAG) &&
	    header.e_ident[EI_CLASS] == ELFCLASS64 &&
	    read_segments(mapping, fd, &header, &naming.bias))
		read_sections(fd, &header, &naming, names);
	close(fd);
}
