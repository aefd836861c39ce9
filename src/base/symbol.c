/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dlfcn.h>
#include <dwarf.h>
#include <elfutils/libdw.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/kallsyms.h"
#include "base/symbol.h"
#include "base/symbol_module.h"

/* Nested blocks and inlined functions at one address; what lies deeper is left out. */
#define SCOPES_MAX 64

struct symbolizer {
	struct symbol_modules modules;
	char *demangled[SYMBOL_INLINES_MAX]; /* of the last lookup */
	size_t demangled_count;
	void *cxx;
	char *(*demangle)(const char *, char *, size_t *, int *);
	char *kallsyms_path;
	struct kallsyms *kallsyms;
	bool kallsyms_tried;
};

/*
 * libstdc++ has the only demangler that is nearly everywhere. It is not worth a hard dependency:
 * C programs do not need it, and the mangled name is true as well.
 */
static const char *readable(struct symbolizer *sym, const char *name)
{
	char *better;
	int status;

	if (!name)
		return "";
	if (strncmp(name, "_Z", 2) || sym->demangled_count == SYMBOL_INLINES_MAX)
		return name;
	if (!sym->cxx) {
		sym->cxx = dlopen("libstdc++.so.6", RTLD_NOW | RTLD_LOCAL);
		if (!sym->cxx)
			return name;
		*(void **)&sym->demangle = dlsym(sym->cxx, "__cxa_demangle");
	}
	better = sym->demangle ? sym->demangle(name, NULL, NULL, &status) : NULL;
	if (!better)
		return name;
	sym->demangled[sym->demangled_count++] = better;
	return better;
}

static const char *die_name(Dwarf_Die *die)
{
	Dwarf_Attribute attr;
	const char *name = NULL;

	if (dwarf_attr_integrate(die, DW_AT_linkage_name, &attr) ||
	    dwarf_attr_integrate(die, DW_AT_MIPS_linkage_name, &attr))
		name = dwarf_formstring(&attr);
	if (!name && dwarf_attr_integrate(die, DW_AT_name, &attr))
		name = dwarf_formstring(&attr);
	return name;
}

static uint64_t die_number(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attr;
	Dwarf_Word value;

	if (!dwarf_attr(die, name, &attr) || dwarf_formudata(&attr, &value))
		return 0;
	return value;
}

/*
 * From a unit down to the innermost scope that has the address, outermost first; dwarf_getscopes()
 * loses its way where link-time optimization has put an inlined function into another unit.
 * Returns how many scopes.
 */
static size_t find_scopes(Dwarf_Die *parent, Dwarf_Addr address, Dwarf_Die *ret, size_t max)
{
	Dwarf_Die die;
	size_t count;

	if (!max || dwarf_child(parent, &die))
		return 0;
	do {
		switch (dwarf_tag(&die)) {
		case DW_TAG_subprogram:
		case DW_TAG_inlined_subroutine:
		case DW_TAG_lexical_block:
		case DW_TAG_try_block:
		case DW_TAG_catch_block:
			if (dwarf_haspc(&die, address) <= 0)
				break;
			ret[0] = die;
			return 1 + find_scopes(&die, address, ret + 1, max - 1);
		/* These have no addresses, but functions. */
		case DW_TAG_namespace:
		case DW_TAG_module:
		case DW_TAG_class_type:
		case DW_TAG_structure_type:
			count = find_scopes(&die, address, ret, max - 1);
			if (count)
				return count;
			break;
		}
	} while (!dwarf_siblingof(&die, &die));
	return 0;
}

/*
 * Walks from the innermost scope outwards. ret[0] comes with file and line; each function that
 * was inlined hands on the place of its call. Returns how many of ret are done, the last of
 * which has no name yet if the debug information ends without a function.
 */
static size_t walk_scopes(struct symbolizer *sym, Dwarf_Die *cu, Dwarf_Die *scopes, size_t count,
			  struct symbol *ret, size_t max)
{
	Dwarf_Files *files = NULL;
	size_t done = 0;

	/* Without files the calls have lines only, which mean nothing. */
	(void)dwarf_getsrcfiles(cu, &files, NULL);
	while (count--) {
		Dwarf_Die *die = &scopes[count];
		int tag = dwarf_tag(die);
		const char *file;

		if (tag == DW_TAG_subprogram) {
			ret[done].function = readable(sym, die_name(die));
			break;
		}
		if (tag != DW_TAG_inlined_subroutine || done + 1 >= max)
			continue;
		ret[done].function = readable(sym, die_name(die));
		ret[done].inlined = true;
		ret[done + 1] = ret[done];
		done++;
		file = files ? dwarf_filesrc(files, die_number(die, DW_AT_call_file), NULL, NULL)
			     : NULL;
		ret[done].function = "";
		ret[done].inlined = false;
		ret[done].file = file ? file : "";
		ret[done].line = file ? die_number(die, DW_AT_call_line) : 0;
	}
	return done + 1;
}

/*
 * Libdwfl finds units by .debug_aranges only, which clang does not write: then the units
 * themselves are asked. *ret_bias comes off the address for Dwarf's sake.
 */
static Dwarf_Die *find_unit(Dwfl_Module *mod, GElf_Addr address, Dwarf_Addr *ret_bias)
{
	Dwarf_Die *cu = dwfl_module_addrdie(mod, address, ret_bias);

	if (cu)
		return cu;
	while ((cu = dwfl_module_nextcu(mod, cu, ret_bias)))
		if (dwarf_haspc(cu, address - *ret_bias) > 0)
			return cu;
	return NULL;
}

static void find_line(Dwarf_Die *cu, Dwarf_Addr address, struct symbol *ret)
{
	Dwarf_Line *line = dwarf_getsrc_die(cu, address);
	const char *file = line ? dwarf_linesrc(line, NULL, NULL) : NULL;
	int number = 0;

	if (!file || dwarf_lineno(line, &number))
		return;
	ret->file = file;
	ret->line = number;
}

/* ret[0] is filled in but for names. Returns how many. */
static size_t name_address(struct symbolizer *sym, Dwfl_Module *mod, GElf_Addr address,
			   struct symbol *ret, size_t max)
{
	Dwarf_Die scopes[SCOPES_MAX];
	Dwarf_Addr bias;
	Dwarf_Die *cu = find_unit(mod, address, &bias);
	size_t done = 1, count;
	GElf_Off offset;
	GElf_Sym elf_sym;
	const char *name;

	if (cu) {
		find_line(cu, address - bias, ret);
		count = find_scopes(cu, address - bias, scopes, SCOPES_MAX);
		done = walk_scopes(sym, cu, scopes, count, ret, max);
	}
	if (!ret[done - 1].function[0]) {
		name = dwfl_module_addrinfo(mod, address, &offset, &elf_sym, NULL, NULL, NULL);
		/* In a stripped file the nearest symbol may be far before another function. */
		if (name && (offset < elf_sym.st_size || !offset))
			ret[done - 1].function = readable(sym, name);
	}
	return done;
}

int symbolizer_user(struct symbolizer *sym, const struct symbol_maps *maps, uint64_t address,
		    bool is_return, struct symbol *ret, size_t max)
{
	const uint64_t meant = address - (is_return && address);
	const struct symbol_mapping *mapping = maps ? symbol_maps_find(maps, meant) : NULL;
	struct symbol_module *m = NULL;
	GElf_Addr in_elf = 0, bias = 0;
	uint64_t in_file;
	int err;

	while (sym->demangled_count)
		free(sym->demangled[--sym->demangled_count]);
	ret[0] = (struct symbol){.function = "", .file = "", .module = "", .offset = address};
	if (!mapping)
		return 1;

	in_file = meant - mapping->start + mapping->offset;
	ret[0].module = mapping->path[0] ? mapping->path : "[anon]";
	ret[0].offset = in_file + (address - meant);
	err = symbol_modules_get(&sym->modules, mapping, &m);
	if (err)
		return err;
	if (!m || !symbol_module_address(m, in_file, &in_elf, &bias))
		return 1;
	ret[0].module = m->path;
	ret[0].offset = in_elf + (address - meant);
	return name_address(sym, m->mod, in_elf + bias, ret, max);
}

static void load_kallsyms(struct symbolizer *sym)
{
	if (sym->kallsyms_tried)
		return;
	sym->kallsyms_tried = true;
	/* A table that cannot be read leaves all kernel addresses unknown. */
	if (kallsyms_open(sym->kallsyms_path ? sym->kallsyms_path : "/proc/kallsyms",
			  &sym->kallsyms))
		sym->kallsyms = NULL;
}

bool symbolizer_kernel_known(struct symbolizer *sym)
{
	load_kallsyms(sym);
	return sym->kallsyms != NULL;
}

int symbolizer_kernel(struct symbolizer *sym, uint64_t address, bool is_return, struct symbol *ret)
{
	const uint64_t meant = address - (is_return && address);

	load_kallsyms(sym);
	*ret = (struct symbol){.function = "", .file = "", .module = "kernel", .offset = address};
	if (sym->kallsyms &&
	    !kallsyms_find(sym->kallsyms, meant, &ret->function, &ret->module, &ret->offset))
		ret->offset += address - meant;
	return 1;
}

struct symbol_modules *symbolizer_modules(struct symbolizer *sym)
{
	return &sym->modules;
}

int symbolizer_new(const char *kallsyms, struct symbolizer **ret_sym)
{
	struct symbolizer *sym = calloc(1, sizeof(*sym));

	if (!sym)
		return -ENOMEM;
	if (kallsyms) {
		sym->kallsyms_path = strdup(kallsyms);
		if (!sym->kallsyms_path) {
			free(sym);
			return -ENOMEM;
		}
	}
	*ret_sym = sym;
	return 0;
}

void symbolizer_free(struct symbolizer *sym)
{
	if (!sym)
		return;
	symbol_modules_done(&sym->modules);
	while (sym->demangled_count)
		free(sym->demangled[--sym->demangled_count]);
	if (sym->cxx)
		dlclose(sym->cxx);
	kallsyms_close(sym->kallsyms);
	free(sym->kallsyms_path);
	free(sym);
}
