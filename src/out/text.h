/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * text.h - the report that a person reads: verdict first, one block for each finding,
 * the books, what was not seen. Prints a view and nothing else: no time, no environment,
 * so a replayed session gives the same bytes.
 */
#ifndef FORKTALLY_TEXT_H
#define FORKTALLY_TEXT_H

#include <stdbool.h>
#include <stdio.h>
#include "view/view.h"

struct text_options {
	unsigned width;	   /* columns; 0: 80. Less than 60 counts as 60 */
	bool colour;	   /* ANSI colours; the caller looks at the terminal and at NO_COLOR */
	bool utf8;	   /* names may be printed as UTF-8; else every byte above 126 is escaped */
	bool suppressions; /* at the end a block for --suppress for each finding */
};

/**
 * text_write() - print the whole report and flush.
 * @opts: NULL: 80 columns, no colour, ASCII.
 * Errors: 0; -errno of the write or the flush (a full disk is noticed); -EIO where the
 *         C library does not say why.
 */
int text_write(FILE *f, const struct view *view, const struct text_options *opts);

/* The same for the block of one finding, which has @number. Prints to @f, does not flush. */
int text_finding_write(FILE *f, const struct view_finding *finding, size_t number,
		       const struct text_options *opts);

#endif
