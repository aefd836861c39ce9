/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * top_view.h - which rows `forktally top` shows, in which order, and where the cursor stands.
 * Pure.
 */
#ifndef FORKTALLY_TOP_VIEW_H
#define FORKTALLY_TOP_VIEW_H

#include "view/top_column.h"

#define TOP_FILTER_BYTES 64

/* What the user asked to see. */
struct top_query {
	struct census_query base; /* sort, reverse and tree of it are not read: */
	struct top_columns columns;
	unsigned sort; /* enum top_column_id */
	bool reverse, tree;
	char filter[TOP_FILTER_BYTES]; /* "": all */
};

/**
 * top_view_make() - choose, name and sort, as census_view_make().
 *
 * A filter lets a row pass when its pid begins with it, or its user, name, command or control
 * group, as far as these are in a column, contains it; case does not matter.
 */
int top_view_make(const struct census *c, const struct top_query *query,
		  const struct top_history *h, const struct census_names *names,
		  struct census_view *ret_view);

/* The depth that the columns and the order need. */
enum census_depth top_query_depth(const struct top_query *query);

/* Sorts by the column that many to the right (left: < 0) of the one it sorts by now. */
void top_query_sort_move(struct top_query *query, int by);

/* Sorts by a column; by the one it sorts by already: the other way round. */
void top_query_sort_by(struct top_query *query, unsigned column);

/* Which row the cursor is on, and which is the first that is shown. */
struct top_cursor {
	uint32_t row, first;
	bool follows; /* it was moved: it stays with this process */
	uint32_t tgid;
	uint64_t start_ns;
};

/* Moves it by that many rows; it follows the process then, but not on the first row. */
void top_cursor_move(struct top_cursor *cursor, const struct census_view *view, int64_t by);

/* After each look, and when the window has another height: rows that are shown. */
void top_cursor_settle(struct top_cursor *cursor, const struct census_view *view, uint32_t height);

#endif
