/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * symbol.h - turns addresses into names: user frames by elfutils, kernel addresses by kallsyms.
 *
 * Terms
 *   mapping     one executable line of /proc/PID/maps; nothing else can hold a call.
 *   maps        the mappings of one process at one moment; usable after its death.
 *   symbolizer  what was learnt about files and the kernel, shared by all maps.
 *
 * A name is given only where it is certain: a file that is not the one that was mapped, an
 * address outside of a sized symbol, a kernel that hides its addresses give "" and an offset.
 * Nothing is looked up over the network.
 *
 * One thread at a time may use a symbolizer. Maps are not changed by lookups and may be shared.
 */
#ifndef FORKTALLY_SYMBOL_H
#define FORKTALLY_SYMBOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SYMBOL_MAPS_MAX	   65536 /* executable mappings of one process; more are counted, not kept */
#define SYMBOL_MODULES_MAX 128	 /* files open at once; the one not used for longest goes first */
#define SYMBOL_INLINES_MAX 32	 /* names for one address, inlined functions and their caller */

struct symbol_mapping {
	uint64_t start, end; /* bytes, end exclusive */
	uint64_t offset;     /* of start in the file, bytes */
	uint64_t inode;	     /* 0: no file behind it */
	int fd;		     /* the mapped file itself, where its path leads elsewhere; -1: none */
	char *path; /* as the kernel names it: with " (deleted)", "[vdso]", "" if anonymous */
};

struct symbol_maps {
	struct symbol_mapping *mappings; /* by address */
	size_t count;
	size_t dropped; /* beyond SYMBOL_MAPS_MAX */
};

/**
 * symbol_maps_parse() - read the text of a /proc/PID/maps.
 * @text: @bytes long, need not end with 0; a last line without newline is a line.
 * Errors: 0 (no mapping is no error); -EBADMSG a line is not of that format; -ENOMEM.
 */
int symbol_maps_parse(const char *text, size_t bytes, struct symbol_maps **ret_maps);

/**
 * symbol_maps_read() - the mappings of a live process.
 * @pid_dirfd: an open /proc/PID. Borrowed for the call.
 * Where a path is gone or now names another file (an upgrade, another mount namespace), the
 * mapped file is opened by /proc/PID/map_files, if we may.
 * Errors: 0; -ESRCH the process has no memory map (any more); -errno of open and read.
 */
int symbol_maps_read(int pid_dirfd, struct symbol_maps **ret_maps);

/* The same by pid, for callers that know that it cannot have been used again. */
int symbol_maps_read_pid(pid_t pid, struct symbol_maps **ret_maps);

/* NULL: no executable mapping there. */
const struct symbol_mapping *symbol_maps_find(const struct symbol_maps *maps, uint64_t address);

void symbol_maps_free(struct symbol_maps *maps);

struct symbol {
	const char *function; /* demangled where libstdc++ is there to do it; "": unknown */
	const char *file;     /* source file as the debug information has it; "": unknown */
	const char
	    *module;   /* the mapping's path, "[anon]", "kernel" or a kernel module; "": none */
	uint32_t line; /* 0: unknown */
	bool inlined;  /* into the next symbol of the result */
	/*
	 * Of the address in its module: as objdump and addr2line count where the file could be
	 * read, else in the file or region. The address itself where there is no module.
	 */
	uint64_t offset;
};

struct symbolizer;

/**
 * symbolizer_new() - knows nothing yet; files and kallsyms are read when first needed.
 * @kallsyms: path of the kernel's symbol table, NULL: /proc/kallsyms.
 * Errors: 0 or -ENOMEM.
 */
int symbolizer_new(const char *kallsyms, struct symbolizer **ret_sym);
void symbolizer_free(struct symbolizer *sym);

/**
 * symbolizer_user() - the names of one user address, innermost inlined function first.
 * @maps:      NULL: only the address can be said.
 * @is_return: @address is where a call returns to; the call before it is meant.
 * @ret:       room for @max (at least 1); strings are good until the next call on @sym.
 * Returns how many, at least 1; -ENOMEM.
 */
int symbolizer_user(struct symbolizer *sym, const struct symbol_maps *maps, uint64_t address,
		    bool is_return, struct symbol *ret, size_t max);

/**
 * symbolizer_kernel() - the kernel function at an address; as symbolizer_user(), 1 name at most.
 * Unknown: where kallsyms cannot be read or shows zeros (kptr_restrict), function is "" and
 * offset the address; else offset counts from the function's start.
 */
int symbolizer_kernel(struct symbolizer *sym, uint64_t address, bool is_return, struct symbol *ret);

/* Can kernel addresses be named at all? Reads kallsyms if it was not. */
bool symbolizer_kernel_known(struct symbolizer *sym);

#endif
