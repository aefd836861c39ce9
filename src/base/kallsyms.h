/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kallsyms.h - the kernel's functions by address, from the text of /proc/kallsyms.
 */
#ifndef FORKTALLY_KALLSYMS_H
#define FORKTALLY_KALLSYMS_H

#include <stdint.h>

struct kallsyms;

/**
 * kallsyms_open() - read a table.
 * Errors: -errno of open and read; -EPERM it can be read but hides the addresses (zeros);
 *         -EBADMSG; -ENOMEM.
 */
int kallsyms_open(const char *path, struct kallsyms **ret_table);
void kallsyms_close(struct kallsyms *table);

/**
 * kallsyms_find() - the function that holds an address.
 * The table has no sizes: a function ends where the next symbol begins. What lies behind the
 * last symbol of a section is told by a bound on the length of a function.
 * @ret_module: "kernel", or the name of a kernel module. Both borrowed from @table.
 * Errors: -ENOENT.
 */
int kallsyms_find(const struct kallsyms *table, uint64_t address, const char **ret_name,
		  const char **ret_module, uint64_t *ret_offset);

#endif
