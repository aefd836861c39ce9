/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include "source/proc/census.h"

/* The number behind `name` at the beginning of a line, times scale. */
static struct amount number_of(const char *text, const char *name, int64_t scale)
{
	size_t n = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, n))
			return amount_exact(strtoll(line + n, NULL, 10) * scale);
	}
	return (struct amount){.known = KNOWN_NOT};
}

static uint64_t forks_of(const char *text)
{
	struct amount forks = number_of(text, "processes ", 1);

	return forks.known == KNOWN_NOT ? CENSUS_UNKNOWN_COUNT : (uint64_t)forks.bytes;
}

void proc_census_machine(int proc_fd, struct procfs_text *text, struct census_machine *ret_machine)
{
	const char *t = procfs_read(proc_fd, "meminfo", text) ? "" : text->data;
	struct amount none = {.known = KNOWN_NOT};

	*ret_machine = (struct census_machine){
	    .total = number_of(t, "MemTotal:", 1024),
	    .free = number_of(t, "MemFree:", 1024),
	    .available = number_of(t, "MemAvailable:", 1024),
	    .anon = number_of(t, "AnonPages:", 1024),
	    .cached = number_of(t, "Cached:", 1024),
	    .shmem = number_of(t, "Shmem:", 1024),
	    .swap_used =
		amount_sub(number_of(t, "SwapTotal:", 1024), number_of(t, "SwapFree:", 1024)),
	    .slab_reclaimable = number_of(t, "SReclaimable:", 1024),
	    .slab_unreclaimable = number_of(t, "SUnreclaim:", 1024),
	    .kernel_stack = number_of(t, "KernelStack:", 1024),
	    .page_table = number_of(t, "PageTables:", 1024),
	    .percpu = number_of(t, "Percpu:", 1024),
	    .vmalloc = number_of(t, "VmallocUsed:", 1024),
	    .socket = none,
	    .slab_unused = none,
	    .forks = CENSUS_UNKNOWN_COUNT,
	};
	t = procfs_read(proc_fd, "stat", text) ? "" : text->data;
	ret_machine->forks = forks_of(t);
}
