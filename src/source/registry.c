/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/registry.h"

#include <string.h>

/* A source that is not part of this build is no error here. */
extern const struct source_ops source_bpf __attribute__((weak));
extern const struct source_ops source_proc __attribute__((weak));

const struct source_ops *source_by_name(const char *name)
{
	const struct source_ops *const all[] = {&source_bpf, &source_proc};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i] && !strcmp(all[i]->name, name))
			return all[i];
	}
	return NULL;
}
