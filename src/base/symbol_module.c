/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/symbol_module.h"

/* The standard search asks servers where this variable names some; it has no other switch. */
static int find_debuginfo(Dwfl_Module *mod, void **userdata, const char *modname, Dwarf_Addr base,
			  const char *file_name, const char *link_file, GElf_Word link_crc,
			  char **ret_file)
{
	static const char variable[] = "DEBUGINFOD_URLS";
	const char *set = getenv(variable);
	char *urls = NULL;
	int fd;

	if (set) {
		urls = strdup(set);
		if (!urls)
			return -1;
		unsetenv(variable);
	}
	fd = dwfl_standard_find_debuginfo(mod, userdata, modname, base, file_name, link_file,
					  link_crc, ret_file);
	if (urls) {
		setenv(variable, urls, 1);
		free(urls);
	}
	return fd;
}

static int find_no_elf(Dwfl_Module *mod, void **userdata, const char *modname, Dwarf_Addr base,
		       char **ret_file, Elf **ret_elf)
{
	return -1;
}

static const Dwfl_Callbacks callbacks = {
    .find_elf = find_no_elf,
    .find_debuginfo = find_debuginfo,
    .section_address = dwfl_offline_section_address,
};

static void module_done(struct symbol_module *m)
{
	if (m->dwfl)
		dwfl_end(m->dwfl);
	free(m->path);
}

/* Takes fd over. A file that is no ELF leaves the module without dwfl. */
static void module_load(struct symbol_module *m, int fd)
{
	m->dwfl = dwfl_begin(&callbacks);
	if (m->dwfl) {
		dwfl_report_begin(m->dwfl);
		m->mod = dwfl_report_elf(m->dwfl, m->path, m->path, fd, 0, true);
		if (m->mod)
			fd = -1; /* libdwfl's now */
		dwfl_report_end(m->dwfl, NULL, NULL);
	}
	if (fd >= 0)
		close(fd);
	if (!m->mod && m->dwfl) {
		dwfl_end(m->dwfl);
		m->dwfl = NULL;
	}
}

/*
 * Every process of this kernel and word size has the same vdso, so ours stands for theirs.
 * A mapping below 4 GiB may be that of a process of the other word size.
 */
static int open_vdso(const struct symbol_mapping *theirs)
{
	const struct symbol_mapping *ours = NULL;
	struct symbol_maps *maps;
	int fd = -1;

	if (sizeof(void *) == 8 && theirs->end <= UINT32_MAX)
		return -1;
	if (symbol_maps_read_pid(getpid(), &maps))
		return -1;
	for (size_t i = 0; i < maps->count; i++)
		if (!strcmp(maps->mappings[i].path, "[vdso]"))
			ours = &maps->mappings[i];
	if (ours && ours->end - ours->start == theirs->end - theirs->start)
		fd = memfd_create("vdso", MFD_CLOEXEC);
	if (fd >= 0) {
		size_t bytes = ours->end - ours->start;

		if (write(fd, (void *)(uintptr_t)ours->start, bytes) != (ssize_t)bytes) {
			close(fd);
			fd = -1;
		}
	}
	symbol_maps_free(maps);
	return fd;
}

/* Opens what was mapped, or nothing: a path that leads to another file by now is not read. */
static int open_mapped(const struct symbol_mapping *mapping)
{
	struct stat st;
	int fd;

	if (mapping->fd >= 0)
		return fcntl(mapping->fd, F_DUPFD_CLOEXEC, 3);
	if (!mapping->inode || mapping->path[0] != '/' || stat(mapping->path, &st) ||
	    !S_ISREG(st.st_mode) || st.st_ino != mapping->inode)
		return -1;
	fd = open(mapping->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	return fd;
}

static struct symbol_module *find_module(struct symbol_modules *set, const char *path,
					 const struct stat *st)
{
	for (size_t i = 0; i < set->count; i++) {
		struct symbol_module *m = &set->entries[i];

		if (m->inode == st->st_ino && m->device == st->st_dev &&
		    m->changed.tv_sec == st->st_mtim.tv_sec &&
		    m->changed.tv_nsec == st->st_mtim.tv_nsec && !strcmp(m->path, path))
			return m;
	}
	return NULL;
}

/* The one not used for longest makes room. */
static struct symbol_module *new_module(struct symbol_modules *set)
{
	struct symbol_module *oldest = &set->entries[0];

	if (set->count < SYMBOL_MODULES_MAX)
		return &set->entries[set->count++];
	for (size_t i = 1; i < set->count; i++)
		if (set->entries[i].used < oldest->used)
			oldest = &set->entries[i];
	module_done(oldest);
	return oldest;
}

int symbol_modules_get(struct symbol_modules *set, const struct symbol_mapping *mapping,
		       struct symbol_module **ret_module)
{
	bool vdso = !strcmp(mapping->path, "[vdso]");
	struct stat st = {0};
	struct symbol_module *m;
	char *path;
	int fd = -1;

	set->lookups++;
	*ret_module = NULL;
	if (!vdso) {
		fd = open_mapped(mapping);
		if (fd < 0)
			return 0;
		if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_ino != mapping->inode) {
			close(fd);
			return 0;
		}
	}
	m = find_module(set, mapping->path, &st);
	if (m) {
		if (fd >= 0)
			close(fd);
	} else {
		path = strdup(mapping->path);
		if (!path) {
			if (fd >= 0)
				close(fd);
			return -ENOMEM;
		}
		m = new_module(set);
		*m = (struct symbol_module){
		    .path = path,
		    .device = st.st_dev,
		    .inode = st.st_ino,
		    .changed = st.st_mtim,
		};
		if (vdso)
			fd = open_vdso(mapping);
		if (fd >= 0)
			module_load(m, fd);
	}
	m->used = set->lookups;
	*ret_module = m;
	return 0;
}

/*
 * The address in the file's own numbering. Segments may share a page of the file; the one that
 * is executable is meant. Mappings begin on pages, segments need not.
 */
bool symbol_module_address(const struct symbol_module *m, uint64_t offset, GElf_Addr *ret_address,
			   GElf_Addr *ret_bias)
{
	const uint64_t page = sysconf(_SC_PAGESIZE);
	Elf *elf = m->mod ? dwfl_module_getelf(m->mod, ret_bias) : NULL;
	bool found = false;
	size_t count;
	GElf_Phdr ph;

	if (!elf || elf_getphdrnum(elf, &count))
		return false;
	for (size_t i = 0; i < count; i++) {
		if (!gelf_getphdr(elf, i, &ph) || ph.p_type != PT_LOAD)
			continue;
		if (offset < (ph.p_offset & -page) || offset >= ph.p_offset + ph.p_filesz)
			continue;
		if (found && !(ph.p_flags & PF_X))
			continue;
		*ret_address = ph.p_vaddr + offset - ph.p_offset;
		found = true;
		if (ph.p_flags & PF_X)
			break;
	}
	return found;
}

void symbol_modules_done(struct symbol_modules *set)
{
	for (size_t i = 0; i < set->count; i++)
		module_done(&set->entries[i]);
}
