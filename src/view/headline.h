/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* headline.h - the verdict in one line of words. */
#ifndef FORKTALLY_VIEW_HEADLINE_H
#define FORKTALLY_VIEW_HEADLINE_H

#include "view/view.h"

/* @v: filled but for its headline. The text belongs to v's arena. */
const char *headline_make(const struct view *v);

#endif
