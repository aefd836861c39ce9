/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * symbol_module.h - the ELF files behind mappings, opened once and kept while there is room.
 */
#ifndef FORKTALLY_SYMBOL_MODULE_H
#define FORKTALLY_SYMBOL_MODULE_H

#include <elfutils/libdwfl.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/symbol.h"

/* One file, known by path, device, inode and time of change. Without dwfl: none that we can read.
 */
struct symbol_module {
	char *path;
	dev_t device;
	ino_t inode;
	struct timespec changed;
	Dwfl *dwfl;
	Dwfl_Module *mod;
	uint64_t used; /* the set's count of lookups at its last one */
};

struct symbol_modules {
	struct symbol_module entries[SYMBOL_MODULES_MAX];
	size_t count;
	uint64_t lookups;
};

/**
 * symbol_modules_get() - the module behind a mapping.
 * What is returned stays until the next call. *ret_module is NULL where there is no file to
 * read: an anonymous region, or a path that leads to another file by now.
 * Errors: 0 or -ENOMEM.
 */
int symbol_modules_get(struct symbol_modules *set, const struct symbol_mapping *mapping,
		       struct symbol_module **ret_module);
void symbol_modules_done(struct symbol_modules *set);

/* The set of a symbolizer, for others in this folder that read the same files. */
struct symbol_modules *symbolizer_modules(struct symbolizer *sym);

/**
 * symbol_module_address() - from an offset in the file to the file's own addresses.
 * Returns false where no loaded segment has that offset. Dwfl wants *ret_address + *ret_bias.
 */
bool symbol_module_address(const struct symbol_module *m, uint64_t offset, GElf_Addr *ret_address,
			   GElf_Addr *ret_bias);

#endif
