/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* top_screen_inside.h - between top_screen.c and top_input.c. */
#ifndef FORKTALLY_TOP_SCREEN_INSIDE_H
#define FORKTALLY_TOP_SCREEN_INSIDE_H

#include <wchar.h>
#include "out/top_screen.h"

/* What a key of get_wch(3) means. @code: one of KEY_*, else a character. */
void top_input_event(bool code, wint_t c, struct top_event *ret_event);

#endif
