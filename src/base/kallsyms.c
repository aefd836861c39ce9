/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/kallsyms.h"

/* No kernel function is as long; the next section is often farther away. */
#define FUNCTION_BYTES_MAX (1u << 18)

struct entry {
	uint64_t address;
	uint32_t name;	 /* in names */
	uint32_t module; /* in names */
	/* Of several names for an address the first function that is global is the one to show. */
	uint32_t order;
	char type;
};

struct kallsyms {
	struct entry *entries;
	size_t count, room;
	char *names;
	size_t names_bytes, names_room;
};

static int add_name(struct kallsyms *table, const char *name, uint32_t *ret_at)
{
	size_t bytes = strlen(name) + 1;

	if (table->names_bytes + bytes > table->names_room) {
		size_t room = table->names_room ? table->names_room * 2 : 1 << 20;
		char *bigger = room <= UINT32_MAX ? realloc(table->names, room) : NULL;

		if (!bigger)
			return -ENOMEM;
		table->names = bigger;
		table->names_room = room;
	}
	memcpy(table->names + table->names_bytes, name, bytes);
	*ret_at = table->names_bytes;
	table->names_bytes += bytes;
	return 0;
}

static int add_entry(struct kallsyms *table, struct entry e)
{
	if (table->count == table->room) {
		size_t room = table->room ? table->room * 2 : 1 << 16;
		void *bigger = realloc(table->entries, room * sizeof(*table->entries));

		if (!bigger)
			return -ENOMEM;
		table->entries = bigger;
		table->room = room;
	}
	e.order = table->count;
	table->entries[table->count++] = e;
	return 0;
}

static bool is_function(char type)
{
	return strchr("tTwW", type) != NULL;
}

static int rank(const struct entry *e)
{
	return e->type == 'T' ? 0 : is_function(e->type) ? 1 : 2;
}

static int by_address(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (rank(x) != rank(y))
		return rank(x) - rank(y);
	return x->order < y->order ? -1 : 1;
}

/* address type name [\t[module]]. The buffers are as wide as the format says. */
static int add_line(struct kallsyms *table, const char *line)
{
	/* Symbols of a module come together: its name is stored once for each stretch. */
	const char *last =
	    table->count ? table->names + table->entries[table->count - 1].module : "";
	char name[512], module[128] = "kernel";
	unsigned long long address;
	struct entry e = {0};
	int err;

	if (sscanf(line, "%llx %c %511s [%127[^]]", &address, &e.type, name, module) < 3)
		return -EBADMSG;
	/* Absolute and per-CPU symbols near 0, and all symbols of a kernel that hides them. */
	if (!address || strchr("aA", e.type))
		return 0;
	e.address = address;
	if (table->count && !strcmp(last, module))
		e.module = table->entries[table->count - 1].module;
	else if ((err = add_name(table, module, &e.module)))
		return err;
	if ((err = add_name(table, name, &e.name)))
		return err;
	return add_entry(table, e);
}

int kallsyms_open(const char *path, struct kallsyms **ret_table)
{
	struct kallsyms *table = NULL;
	size_t room = 0;
	char *line = NULL;
	FILE *f;
	int err = 0;

	f = fopen(path, "re");
	if (!f)
		return -errno;
	table = calloc(1, sizeof(*table));
	if (!table)
		err = -ENOMEM;
	errno = 0;
	while (!err && getline(&line, &room, f) > 0)
		err = add_line(table, line);
	if (!err && ferror(f))
		err = errno ? -errno : -EIO;
	if (!err && !table->count)
		err = -EPERM;
	free(line);
	fclose(f);
	if (err) {
		kallsyms_close(table);
		return err;
	}
	qsort(table->entries, table->count, sizeof(*table->entries), by_address);
	*ret_table = table;
	return 0;
}

void kallsyms_close(struct kallsyms *table)
{
	if (!table)
		return;
	free(table->entries);
	free(table->names);
	free(table);
}

int kallsyms_find(const struct kallsyms *table, uint64_t address, const char **ret_name,
		  const char **ret_module, uint64_t *ret_offset)
{
	size_t low = 0, high = table->count;
	const struct entry *e;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entries[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return -ENOENT;
	e = &table->entries[low - 1];
	/* Back to the best of those that share the address. */
	while (e > table->entries && e[-1].address == e->address)
		e--;
	if (!is_function(e->type) || address - e->address >= FUNCTION_BYTES_MAX)
		return -ENOENT;
	*ret_name = table->names + e->name;
	*ret_module = table->names + e->module;
	*ret_offset = address - e->address;
	return 0;
}
