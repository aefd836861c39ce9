/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * top_column.h - the columns of `forktally top`: every field of the census (view/census_field.h),
 * and behind them those that need more than one look.
 */
#ifndef FORKTALLY_TOP_COLUMN_H
#define FORKTALLY_TOP_COLUMN_H

#include <stdbool.h>
#include "view/census_view.h"
#include "view/top_history.h"

enum top_column_id {
	TOP_GROWTH = CENSUS_FIELDS, /* enum census_field_id comes before */
	TOP_RATE,
	TOP_TREND,
	TOP_COLUMNS
};

#define TOP_TREND_WIDTH 8

struct top_column {
	const char *name, *head, *help, *caveat;
	bool text;	      /* stands on the left */
	bool rising;	      /* sorts from small to large unless asked otherwise */
	unsigned width, most; /* columns at first, at most (0: as many as it needs) */
};

struct top_columns {
	unsigned at[TOP_COLUMNS];
	unsigned count;
};

struct top_column top_column_get(unsigned id);

/* TOP_COLUMNS: there is none of that name. */
unsigned top_column_find(const char *name, size_t length);

/* What fits a terminal of that many columns. */
struct top_columns top_columns_usual(unsigned width, bool tree);

/* As census_columns_parse(). */
int top_columns_parse(const char *text, struct top_columns *columns, const char **ret_bad,
		      size_t *ret_length);

/* As strcmp(3), in the column's own direction; what is not known comes last either way. */
int top_column_compare(unsigned id, bool reverse, bool tree, const struct top_history *h,
		       const struct census_row *a, const struct census_row *b);

/* As census_cell(). */
const char *top_cell(unsigned id, const struct census_row *row, const struct top_history *h,
		     bool utf8, char buf[CENSUS_CELL_BYTES]);

#endif
