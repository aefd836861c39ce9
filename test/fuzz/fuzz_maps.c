/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * libFuzzer harness: whatever text is given, the maps parser refuses it or returns mappings
 * that hold what base/symbol.h promises.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/symbol.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct symbol_maps *maps = NULL;
	int err = symbol_maps_parse((const char *)data, size, &maps);

	if (err) {
		if (err != -EBADMSG || maps)
			abort();
		return 0;
	}
	for (size_t i = 0; i < maps->count; i++) {
		const struct symbol_mapping *m = &maps->mappings[i], *found;

		if (m->start >= m->end || m->fd != -1 || strlen(m->path) > size)
			abort();
		if (i && m[-1].start > m->start)
			abort();
		/* Another one only where two overlap. */
		found = symbol_maps_find(maps, m->start);
		if (found != m && !(found && found->start == m->start))
			abort();
	}
	symbol_maps_free(maps);
	return 0;
}
