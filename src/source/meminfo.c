// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/meminfo.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>

/* The whole file, cut at the buffer's end. "" where it cannot be read. */
static const char *read_whole(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t have = 0;
	ssize_t n;

	while (fd >= 0 && have < size - 1 && (n = read(fd, buf + have, size - 1 - have)) > 0)
		have += (size_t)n;
	if (fd >= 0)
		close(fd);
	buf[have] = 0;
	return buf;
}

/* The number after "\nNAME", or unknown. */
static struct amount field(const char *text, const char *name, int64_t unit)
{
	size_t n = strlen(name);

	for (const char *p = text; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : p) {
		if (!strncmp(p, name, n))
			return amount_exact(strtoll(p + n, NULL, 10) * unit);
	}
	return (struct amount){.known = KNOWN_NOT};
}

void meminfo_read(struct census_machine *ret_machine)
{
	static const struct {
		const char *name;
		size_t at;
	} fields[] = {
#define FIELD(name, member) {name ":", offsetof(struct census_machine, member)}
	    FIELD("MemTotal", total),
	    FIELD("MemFree", free),
	    FIELD("MemAvailable", available),
	    FIELD("AnonPages", anon),
	    FIELD("Cached", cached),
	    FIELD("Shmem", shmem),
	    FIELD("SReclaimable", slab_reclaimable),
	    FIELD("SUnreclaim", slab_unreclaimable),
	    FIELD("KernelStack", kernel_stack),
	    FIELD("PageTables", page_table),
	    FIELD("Percpu", percpu),
	    FIELD("VmallocUsed", vmalloc),
	};
	char text[16384];

	read_whole("/proc/meminfo", text, sizeof(text));
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		*(struct amount *)((char *)ret_machine + fields[i].at) =
		    field(text, fields[i].name, 1024);
	ret_machine->swap_used =
	    amount_sub(field(text, "SwapTotal:", 1024), field(text, "SwapFree:", 1024));
	ret_machine->slab_unused = (struct amount){.known = KNOWN_NOT};
	read_whole("/proc/net/sockstat", text, sizeof(text));
	ret_machine->socket = (struct amount){.known = KNOWN_NOT};
	for (const char *p = text; (p = strstr(p, " mem ")); p += 5)
		ret_machine->socket = amount_add(
		    ret_machine->socket.known == KNOWN_NOT ? amount_exact(0) : ret_machine->socket,
		    amount_exact(strtoll(p + 5, NULL, 10) * sysconf(_SC_PAGESIZE)));
	/* Large machines have a long list of interrupts before it. */
	ret_machine->forks = CENSUS_UNKNOWN_COUNT;
	{
		FILE *f = fopen("/proc/stat", "re");
		char *line = NULL;
		size_t room = 0;

		while (f && getline(&line, &room, f) > 0) {
			if (!strncmp(line, "processes ", 10))
				ret_machine->forks = strtoull(line + 10, NULL, 10);
		}
		free(line);
		if (f)
			fclose(f);
	}
}

struct amount meminfo_slab_unused(void)
{
	FILE *f = fopen("/proc/slabinfo", "re");
	struct amount unused = {.known = KNOWN_NOT};
	unsigned long active, all, size, per_slab, pages, slabs;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		const char *data = strstr(line, "slabdata");

		if (sscanf(line, "%*s %lu %lu %lu %lu %lu", &active, &all, &size, &per_slab,
			   &pages) != 5 ||
		    !data || sscanf(data, "slabdata %*u %lu", &slabs) != 1)
			continue;
		if (unused.known == KNOWN_NOT)
			unused = amount_exact(0);
		unused.bytes +=
		    (int64_t)(slabs * pages) * sysconf(_SC_PAGESIZE) - (int64_t)(active * size);
	}
	if (f)
		fclose(f);
	return unused;
}
