/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "event/event.h"

#define TEXT(name, text) [name] = text,
static const char *const names[] = {THINGS(TEXT)};

const char *thing_name(enum thing thing)
{
	return thing < THING_KINDS ? names[thing] : names[THING_NONE];
}
