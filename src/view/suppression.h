/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* suppression.h - the block for --suppress that matches one finding, ready to be pasted. */
#ifndef FORKTALLY_VIEW_SUPPRESSION_H
#define FORKTALLY_VIEW_SUPPRESSION_H

#include "view/arena.h"
#include "view/view.h"

/*
 * @f: filled but for its suppression; of several places only the frames that are the same in all
 * of them, innermost first. Lines of printable ASCII with a newline behind each: other
 * bytes of names, and what the reader of the block would take away, become '?', which matches
 * them. Belongs to the arena; never NULL.
 */
const char *suppression_make(struct view_arena *arena, const struct view_finding *f);

#endif
