/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* libFuzzer harness: whatever /proc/kallsyms says, a table is refused or can be asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/kallsyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kallsyms *table = NULL;
	const char *name, *module;
	int fd = memfd_create("fuzz", 0);
	uint64_t address = 0, offset;
	char path[64];

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (!kallsyms_open(path, &table)) {
		memcpy(&address, data, size < sizeof(address) ? size : sizeof(address));
		for (int i = 0; i < 8; i++, address >>= 8) {
			if (!kallsyms_find(table, address, &name, &module, &offset) &&
			    (!*name || !*module || offset > address))
				abort();
		}
		kallsyms_close(table);
	}
	close(fd);
	return 0;
}
