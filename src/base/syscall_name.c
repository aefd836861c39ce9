// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "base/syscall_name.h"

#include <stddef.h>
#include <sys/syscall.h>

static const struct {
	int nr;
	const char *name;
} names[] = {
#include "base/syscall_names.h"
};

const char *syscall_name(int nr)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].nr == nr)
			return names[i].name;
	}
	return "";
}
