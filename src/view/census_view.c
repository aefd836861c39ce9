/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view/census_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool census_cgroup_below(const char *cgroup, const char *of)
{
	size_t n = strlen(of);

	while (n && of[n - 1] == '/')
		n--;
	return !strncmp(cgroup, of, n) && (!cgroup[n] || cgroup[n] == '/');
}

static bool is_listed(const struct census_query *q, uint32_t pid)
{
	for (size_t i = 0; i < q->pid_count; i++) {
		if (q->pids[i] == pid)
			return true;
	}
	return false;
}

static bool passes(const struct census_query *q, const struct census_process *p,
		   const struct census_names *names)
{
	if (q->pids && !is_listed(q, p->tgid))
		return false;
	if (q->by_user && p->uid != q->uid)
		return false;
	if (q->cgroup) {
		const char *cgroup = names->cgroup(names->ctx, p);

		return *cgroup && census_cgroup_below(cgroup, q->cgroup);
	}
	return true;
}

struct order {
	enum census_field_id field;
	bool falling;
	const struct census_query *query;
};

/* What is not known stands behind, in either direction; equals by pid. */
static int by_field(const void *a, const void *b, void *ctx)
{
	const struct census_row *x = a, *y = b;
	const struct order *order = ctx;
	struct census_value v = census_field_value(order->field, x),
			    w = census_field_value(order->field, y);
	int n;

	if (order->query->order) {
		n = order->query->order(order->query->ctx, x, y);
		if (n)
			return n;
	} else if (v.known != w.known) {
		return v.known ? -1 : 1;
	}
	n = v.known && w.known ? census_value_compare(&v, &w) : 0;
	if (n)
		return order->falling ? -n : n;
	return x->process->tgid < y->process->tgid ? -1 : x->process->tgid > y->process->tgid;
}

static bool has_column(const struct census_columns *columns, const struct census_query *q,
		       enum census_field_id id)
{
	for (unsigned i = 0; i < columns->count; i++) {
		if (columns->at[i] == id)
			return true;
	}
	return q->sort == id;
}

static int choose(struct census_view *view, const struct census_query *q,
		  const struct census_columns *columns, const struct census_names *names)
{
	bool user = has_column(columns, q, CF_USER), command = has_column(columns, q, CF_COMMAND),
	     cgroup = has_column(columns, q, CF_CGROUP);
	const struct census *c = view->census;

	view->row = calloc(c->count + 1, sizeof(*view->row));
	if (!view->row)
		return -ENOMEM;
	if (c->missing && !q->pids)
		census_sum_missing(&view->sum);
	for (uint32_t i = 0; i < c->count; i++) {
		const struct census_process *p = &c->process[i];

		if (!passes(q, p, names))
			continue;
		if (p->flags & CENSUS_KERNEL_THREAD && !q->kernel_threads && !q->pids) {
			view->kernel_threads++;
			continue;
		}
		view->row[view->count] = (struct census_row){
		    .census = c,
		    .process = p,
		    .user = user ? names->user(names->ctx, p->uid) : "",
		    .command = command ? names->command(names->ctx, p) : "",
		    .cgroup = cgroup ? names->cgroup(names->ctx, p) : "",
		    .up = CENSUS_NONE,
		};
		if (q->keep && !q->keep(q->ctx, &view->row[view->count]))
			continue;
		census_sum_add(&view->sum, p);
		view->count++;
	}
	return 0;
}

/*
 * Rows in the order of a walk down from the roots. They are sorted already: children keep that
 * order. A process whose parent is not shown begins a tree.
 */
static int make_tree(struct census_view *view)
{
	const struct census *c = view->census;
	size_t n = view->count, processes = c->count;
	uint32_t *row_of = malloc((processes + 1) * sizeof(*row_of));
	uint32_t *first = malloc((n + 1) * sizeof(*first)), *next = malloc((n + 1) * sizeof(*next));
	uint32_t *stack = malloc((n + 1) * sizeof(*stack)), *up = malloc((n + 1) * sizeof(*up));
	struct census_row *walked = malloc((n + 1) * sizeof(*walked));
	uint32_t depth = 0, done = 0;
	int err = -ENOMEM;

	if (!row_of || !first || !next || !stack || !up || !walked)
		goto out;
	for (size_t i = 0; i < processes; i++)
		row_of[i] = CENSUS_NONE;
	for (size_t i = 0; i <= n; i++) /* first[n]: of those that begin a tree */
		first[i] = CENSUS_NONE;
	for (uint32_t i = 0; i < n; i++)
		row_of[view->row[i].process - c->process] = i;
	for (uint32_t i = (uint32_t)n; i-- > 0;) {
		uint32_t parent = view->row[i].process->parent;
		uint32_t above = parent == CENSUS_NONE ? CENSUS_NONE : row_of[parent];

		up[i] = above == CENSUS_NONE ? (uint32_t)n : above;
		next[i] = first[up[i]];
		first[up[i]] = i;
	}
	/* where[] of a row that was placed: row_of is free for it, by index of its process. */
	for (uint32_t i = first[n]; i != CENSUS_NONE || depth;) {
		struct census_row *row;

		if (i == CENSUS_NONE) {
			i = next[stack[--depth]];
			continue;
		}
		row = &walked[done];
		*row = view->row[i];
		row->level = depth;
		row->last = next[i] == CENSUS_NONE;
		row->up =
		    depth ? row_of[view->row[stack[depth - 1]].process - c->process] : CENSUS_NONE;
		row_of[row->process - c->process] = done++;
		stack[depth++] = i;
		i = first[i];
	}
	memcpy(view->row, walked, done * sizeof(*walked));
	err = 0;
out:
	free(row_of);
	free(first);
	free(next);
	free(stack);
	free(up);
	free(walked);
	return err;
}

int census_view_make(const struct census *c, const struct census_query *query,
		     const struct census_columns *columns, const struct census_names *names,
		     struct census_view *ret_view)
{
	struct census_view view = {.census = c};
	enum census_field_id sort = query->tree ? census_field_get(query->sort)->sums : query->sort;
	struct order order = {sort, census_field_get(sort)->rising == query->reverse, query};
	int err = choose(&view, query, columns, names);

	if (!err)
		qsort_r(view.row, view.count, sizeof(*view.row), by_field, &order);
	if (!err && query->tree)
		err = make_tree(&view);
	if (err) {
		census_view_done(&view);
		return err;
	}
	if (query->top && view.count > query->top) {
		view.beyond_top = view.count - query->top;
		view.count = query->top;
	}
	*ret_view = view;
	return 0;
}

void census_view_done(struct census_view *view)
{
	free(view->row);
	*view = (struct census_view){.row = NULL};
}

enum census_depth census_view_depth(const struct census_columns *columns,
				    const struct census_query *query)
{
	enum census_depth depth = census_field_get(query->sort)->depth;

	if (query->tree && census_field_get(census_field_get(query->sort)->sums)->depth > depth)
		depth = census_field_get(census_field_get(query->sort)->sums)->depth;
	for (unsigned i = 0; i < columns->count; i++) {
		if (census_field_get(columns->at[i])->depth > depth)
			depth = census_field_get(columns->at[i])->depth;
	}
	return depth;
}
