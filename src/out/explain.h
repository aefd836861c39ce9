/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * explain.h - one process, looked at closely, as text and as JSON.
 * Errors of both: 0, -ENOMEM, -errno of the write.
 */
#ifndef FORKTALLY_OUT_EXPLAIN_H
#define FORKTALLY_OUT_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>
#include "view/explain.h"

struct explain_print {
	const struct explain *explain;
	const char *const *notes;
	size_t note_count;
	/* Of the text alone: */
	unsigned width; /* columns; 0: 100 for sentences, rows as long as they are */
	bool colour, utf8, exact;
	bool all; /* every descriptor and child, not the first ten */
};

int explain_text_write(FILE *f, const struct explain_print *print);
int explain_json_write(FILE *f, const struct explain_print *print);

/* The sentences and tables on a page that is open already; a pane may stand around it. */
struct page;
void explain_page(struct page *p, const struct explain_print *print);

#endif
