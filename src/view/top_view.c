/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view/top_view.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct asked {
	const struct top_query *query;
	const struct top_history *history;
};

static bool keep(void *ctx, const struct census_row *row)
{
	const struct asked *asked = ctx;
	const char *filter = asked->query->filter;
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%u", row->process->tgid);
	return !strncmp(pid, filter, strlen(filter)) || strcasestr(row->user, filter) ||
	       strcasestr(row->process->comm, filter) || strcasestr(row->command, filter) ||
	       strcasestr(row->cgroup, filter);
}

static int order(void *ctx, const struct census_row *a, const struct census_row *b)
{
	const struct asked *asked = ctx;

	return top_column_compare(asked->query->sort, asked->query->reverse, asked->query->tree,
				  asked->history, a, b);
}

int top_view_make(const struct census *c, const struct top_query *query,
		  const struct top_history *h, const struct census_names *names,
		  struct census_view *ret_view)
{
	struct asked asked = {query, h};
	struct census_query base = query->base;
	struct census_columns columns = {.count = 0};

	for (unsigned i = 0; i < query->columns.count; i++) {
		if (query->columns.at[i] < CENSUS_FIELDS)
			columns.at[columns.count++] = query->columns.at[i];
	}
	if (query->sort < CENSUS_FIELDS)
		columns.at[columns.count++] = query->sort; /* it needs its names too */
	base.sort = CF_PID;
	base.reverse = false;
	base.tree = query->tree;
	base.keep = *query->filter ? keep : NULL;
	base.order = order;
	base.ctx = &asked;
	return census_view_make(c, &base, &columns, names, ret_view);
}

static enum census_depth depth_of(unsigned id)
{
	return id < CENSUS_FIELDS ? census_field_get(id)->depth : CENSUS_KINDS_ALL;
}

enum census_depth top_query_depth(const struct top_query *query)
{
	enum census_depth depth = depth_of(query->sort);

	for (unsigned i = 0; i < query->columns.count; i++) {
		if (depth_of(query->columns.at[i]) > depth)
			depth = depth_of(query->columns.at[i]);
	}
	return depth;
}

void top_query_sort_move(struct top_query *query, int by)
{
	const struct top_columns *columns = &query->columns;
	unsigned i = 0;

	while (i < columns->count && columns->at[i] != query->sort)
		i++;
	if (i == columns->count) /* by one that is not shown */
		i = by > 0 ? columns->count - 1 : 0;
	i = (i + columns->count + (unsigned)by) % columns->count;
	query->sort = columns->at[i];
	query->reverse = false;
}

void top_query_sort_by(struct top_query *query, unsigned column)
{
	query->reverse = query->sort == column && !query->reverse;
	query->sort = column;
}

static void take_hold(struct top_cursor *cursor, const struct census_view *view)
{
	cursor->follows = cursor->row > 0 && cursor->row < view->count;
	if (cursor->row < view->count) {
		cursor->tgid = view->row[cursor->row].process->tgid;
		cursor->start_ns = view->row[cursor->row].process->start_ns;
	}
}

void top_cursor_move(struct top_cursor *cursor, const struct census_view *view, int64_t by)
{
	int64_t row = (int64_t)cursor->row + by;

	if (row >= (int64_t)view->count)
		row = (int64_t)view->count - 1;
	cursor->row = row < 0 ? 0 : (uint32_t)row;
	take_hold(cursor, view);
}

void top_cursor_settle(struct top_cursor *cursor, const struct census_view *view, uint32_t height)
{
	uint32_t last = view->count ? view->count - 1 : 0;

	if (cursor->follows) {
		uint32_t i = 0;

		while (i < view->count && (view->row[i].process->tgid != cursor->tgid ||
					   view->row[i].process->start_ns != cursor->start_ns))
			i++;
		if (i < view->count)
			cursor->row = i;
	}
	if (cursor->row > last)
		cursor->row = last;
	take_hold(cursor, view);
	if (!height)
		height = 1;
	if (cursor->first > cursor->row)
		cursor->first = cursor->row;
	if (cursor->row - cursor->first >= height)
		cursor->first = cursor->row - height + 1;
	/* No empty space below while there are rows above. */
	if (cursor->first + height > view->count)
		cursor->first = view->count > height ? view->count - height : 0;
}
