/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <string.h>
#include "source/model/model.h"

#define DEFECT_ROW(name, word, text) [name] = {word, text},
static const struct {
	const char *name, *text;
} rows[DEFECT_COUNT] = {DEFECTS(DEFECT_ROW)};

const char *defect_name(enum defect defect)
{
	return rows[defect].name;
}

const char *defect_text(enum defect defect)
{
	return rows[defect].text;
}

int defect_find(const char *name, enum defect *ret_defect)
{
	for (int i = 0; i < DEFECT_COUNT; i++) {
		if (!strcmp(rows[i].name, name)) {
			*ret_defect = (enum defect)i;
			return 0;
		}
	}
	return -EINVAL;
}
