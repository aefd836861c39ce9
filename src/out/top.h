/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * top.h - what `forktally top` shows, line by line; the screen (top_screen.h) and batch mode show
 * the same lines. Nothing here knows a terminal.
 */
#ifndef FORKTALLY_OUT_TOP_H
#define FORKTALLY_OUT_TOP_H

#include <stdio.h>
#include "out/top_line.h"
#include "view/top_view.h"

/* Processes that came and went between two looks, and so are in no census. */
struct top_passed {
	bool known, estimate;
	uint64_t last, all; /* since the last look; since top began */
};

/* One look. Everything is borrowed. */
struct top_show {
	const struct census *census;
	const struct census_view *view;
	const struct top_history *history;
	const struct top_query *query;
	struct top_passed passed;
	const char *clock;     /* "22:15:03" */
	const char *source;    /* "bpf" */
	uint64_t interval_ns;  /* between looks */
	uint64_t all_kinds_ns; /* between looks that count all kinds, where these are fewer; 0 */
	bool frozen, utf8;
	unsigned width; /* of the terminal; 0: there is none */
};

#define TOP_HEADER_LINES 5

/* The i-th line of the header. */
void top_header_line(const struct top_show *show, unsigned i, struct top_line *line);

/* How wide each column is. It becomes wider as rows need it, so that nothing jumps. */
struct top_table {
	unsigned wide[TOP_COLUMNS];
};

/* Anew, for other columns. */
void top_table_reset(struct top_table *table);
/* So that these rows fit. */
void top_table_fit(struct top_table *table, const struct top_show *show, uint32_t first,
		   uint32_t count);
void top_table_heads(const struct top_table *table, const struct top_show *show,
		     struct top_line *line);
void top_table_row(const struct top_table *table, const struct top_show *show, uint32_t row,
		   struct top_line *line);
/* The column of the query that stands at x; -1: none. */
int top_table_column_at(const struct top_table *table, const struct top_show *show, unsigned x);

/*
 * Keys, fields and kinds, as many lines as they need at that width. Calls fn for each line. What
 * it says of fields comes from their tables.
 */
void top_help(unsigned width, bool utf8, void (*fn)(void *ctx, const struct top_line *line),
	      void *ctx);

/* The i-th of the keys and what it does, for the man page. False: there are not so many. */
bool top_help_key(unsigned i, const char **ret_key, const char **ret_does);

/* A whole look as plain text: header, table, an empty line. 0, -ENOMEM, -errno of the write. */
int top_batch_write(FILE *f, const struct top_show *show);

#endif
