/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * folded.h - where the bytes of the findings were taken, a line for each stack, as flamegraph.pl
 * and speedscope read it: frames with ';' between them, outermost first, a blank, bytes.
 */
#ifndef FORKTALLY_FOLDED_H
#define FORKTALLY_FOLDED_H

#include <stdio.h>
#include "view/view.h"

/**
 * folded_write() - print the stacks and flush. Nothing is written where nothing was found.
 * The holder's name is the outermost frame; kernel functions end in "_[k]". A stack that is not
 * known is the cause in brackets. What is suppressed is left out.
 * Errors: 0; -ENOMEM; -errno of the write; -EIO where the C library does not say why.
 */
int folded_write(FILE *f, const struct view *view);

#endif
