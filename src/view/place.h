/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* place.h - of a call stack, the one frame that a person would look at. */
#ifndef FORKTALLY_VIEW_PLACE_H
#define FORKTALLY_VIEW_PLACE_H

#include "view/view.h"

/*
 * The innermost frame of the program outside of the C library that has a source line; else the
 * innermost outside of the C library; else the innermost with a line, or at all. NULL: no stack.
 */
const struct view_frame *place_of(const struct view_finding *f);

/* The module without its folders. */
const char *place_module(const struct view_frame *frame);

#endif
