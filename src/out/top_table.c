/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include "out/columns.h"
#include "out/escape.h"
#include "out/top.h"

void top_table_reset(struct top_table *table)
{
	memset(table, 0, sizeof(*table));
}

static bool is_last(const struct top_show *show, unsigned i)
{
	return i + 1 == show->query->columns.count;
}

void top_table_fit(struct top_table *table, const struct top_show *show, uint32_t first,
		   uint32_t count)
{
	const struct top_columns *columns = &show->query->columns;
	char buf[CENSUS_CELL_BYTES];

	for (unsigned i = 0; i < columns->count; i++) {
		struct top_column column = top_column_get(columns->at[i]);
		unsigned wide = (unsigned)strlen(column.head);

		if (column.width > wide)
			wide = column.width;
		for (uint32_t r = first; r < first + count && r < show->view->count; r++) {
			const char *cell;
			size_t n;

			if (is_last(show, i) && column.text)
				break;
			cell = top_cell(columns->at[i], &show->view->row[r], show->history,
					show->utf8, buf);
			if (column.text && columns->at[i] < CENSUS_FIELDS) {
				char *safe = escape_text(cell, show->utf8);

				n = safe ? columns_of(safe) : 0;
				free(safe);
			} else {
				n = columns_of(cell);
			}
			if (n > wide)
				wide = (unsigned)n;
		}
		if (column.most && wide > column.most)
			wide = column.most;
		if (wide > table->wide[i])
			table->wide[i] = wide;
	}
}

void top_table_heads(const struct top_table *table, const struct top_show *show,
		     struct top_line *line)
{
	const struct top_query *query = show->query;

	for (unsigned i = 0; i < query->columns.count; i++) {
		struct top_column column = top_column_get(query->columns.at[i]);
		bool sorted = query->columns.at[i] == query->sort;
		enum top_style style = sorted ? TOP_HEAD_SORT : TOP_HEAD;
		size_t n = strlen(column.head), fill = table->wide[i] > n ? table->wide[i] - n : 0;

		if (i)
			top_line_put(line, TOP_HEAD, " ");
		if (!column.text)
			top_line_fill(line, style, ' ', fill);
		top_line_put(line, style, column.head);
		if (column.text && !is_last(show, i))
			top_line_fill(line, style, ' ', fill);
	}
}

/* What a reader looks for first: zombies, and what grows. */
static enum top_style style_of(unsigned id, const struct census_row *row,
			       const struct top_history *h)
{
	const struct census_process *p = row->process;

	if (p->flags & CENSUS_ZOMBIE)
		return id == CF_COMMAND || id == CF_COMM || id == CF_STATE ? TOP_RED : TOP_DIM;
	if (id == CF_ZOMBIES && p->zombies)
		return TOP_WARN;
	if (id == TOP_GROWTH || id == TOP_RATE) {
		const struct top_past *past = top_history_find(h, p->tgid, p->start_ns);
		struct amount a =
		    id == TOP_GROWTH ? top_history_growth(h, past) : top_history_rate(h, past);

		return a.known != KNOWN_NOT && a.bytes > 0   ? TOP_WARN
		       : a.known != KNOWN_NOT && a.bytes < 0 ? TOP_FINE
							     : TOP_DIM;
	}
	if (id == TOP_TREND)
		return TOP_FINE;
	return p->flags & CENSUS_KERNEL_THREAD ? TOP_DIM : TOP_PLAIN;
}

void top_table_row(const struct top_table *table, const struct top_show *show, uint32_t r,
		   struct top_line *line)
{
	const struct top_columns *columns = &show->query->columns;
	const struct census_row *row = &show->view->row[r];
	char buf[CENSUS_CELL_BYTES];

	for (unsigned i = 0; i < columns->count; i++) {
		unsigned id = columns->at[i];
		struct top_column column = top_column_get(id);
		const char *cell = top_cell(id, row, show->history, show->utf8, buf);
		enum top_style style = style_of(id, row, show->history);
		size_t wide = table->wide[i], n;

		if (i)
			top_line_put(line, TOP_PLAIN, " ");
		if (!column.text) {
			n = columns_of(cell);
			top_line_fill(line, style, ' ', wide > n ? wide - n : 0);
			top_line_put(line, style, cell);
			continue;
		}
		n = 0;
		if (show->query->tree && (id == CF_COMMAND || id == CF_COMM)) {
			char *branch = census_branch(show->view, r, show->utf8, &n);

			if (branch)
				top_line_put(line, TOP_DIM, branch);
			else
				line->failed = true;
			free(branch);
		}
		if (id == TOP_TREND) {
			n = columns_of(cell);
			top_line_put(line, style, cell);
		} else if (is_last(show, i)) {
			top_line_escaped(line, style, cell, 0);
			continue;
		} else {
			n += top_line_escaped(line, style, cell, wide > n + 3 ? wide - n : 3);
		}
		top_line_fill(line, style, ' ', wide > n ? wide - n : 0);
	}
}

int top_table_column_at(const struct top_table *table, const struct top_show *show, unsigned x)
{
	unsigned at = 0;

	for (unsigned i = 0; i < show->query->columns.count; i++) {
		at += table->wide[i] + 1;
		if (x < at || is_last(show, i))
			return (int)i;
	}
	return -1;
}
