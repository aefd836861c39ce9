/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "view/top_column.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "view/quantity.h"

/* clang-format off */
static const struct top_column own[] = {
	{"growth", "GROWTH",
	 "How much more it holds, private and kernel.full, than when top saw it first.",
	 "Of what is known in part only the known is compared: marked ~.",
	 .width = 7},
	{"growth.minute", "/MIN",
	 "How much more it holds per minute, over the last minute or what top saw of it.",
	 "After a few seconds a single page counts for much.",
	 .width = 7},
	{"trend", "TREND",
	 "What it held at the last looks, private and kernel.full, from the least to the most of them.",
	 "Each row has its own scale; less than a page is no change.",
	 .text = true, .width = TOP_TREND_WIDTH, .most = TOP_TREND_WIDTH},
};
/* clang-format on */

struct top_column top_column_get(unsigned id)
{
	const struct census_field *f;

	if (id >= TOP_GROWTH)
		return own[id - TOP_GROWTH];
	f = census_field_get(id);
	return (struct top_column){.name = f->name,
				   .head = f->head,
				   .help = f->help,
				   .caveat = f->caveat,
				   .text = f->type == CENSUS_TEXT,
				   .rising = f->rising,
				   .width = f->type == CENSUS_BYTES ? 6
					    : id == CF_PID	    ? 6
					    : id == CF_USER	    ? 8
								    : 0,
				   .most = f->width_max};
}

unsigned top_column_find(const char *name, size_t length)
{
	unsigned id = census_field_find(name, length);

	if (id != CENSUS_FIELDS)
		return id;
	for (id = TOP_GROWTH; id < TOP_COLUMNS; id++) {
		if (strlen(own[id - TOP_GROWTH].name) == length &&
		    !memcmp(own[id - TOP_GROWTH].name, name, length))
			break;
	}
	return id;
}

static void add(struct top_columns *columns, unsigned id)
{
	columns->at[columns->count++] = id;
}

struct top_columns top_columns_usual(unsigned width, bool tree)
{
	struct top_columns columns = {.count = 0};

	add(&columns, CF_PID);
	add(&columns, CF_USER);
	if (tree) {
		add(&columns, CF_SUM_PRIVATE);
		add(&columns, CF_SUM_KERNEL);
	}
	add(&columns, CF_PRIVATE);
	add(&columns, CF_KERNEL);
	if (!tree || width >= 100)
		add(&columns, CF_SHARED);
	add(&columns, TOP_GROWTH);
	add(&columns, TOP_RATE);
	if (width >= 100)
		add(&columns, TOP_TREND);
	if (width >= 120)
		add(&columns, CF_SWAP);
	if (!tree || width >= 100)
		add(&columns, CF_FDS);
	if (width >= 100) {
		add(&columns, CF_THREADS);
		add(&columns, CF_ZOMBIES);
	}
	if (width >= 140)
		add(&columns, CF_MAPS);
	add(&columns, CF_COMMAND);
	return columns;
}

int top_columns_parse(const char *text, struct top_columns *columns, const char **ret_bad,
		      size_t *ret_length)
{
	struct top_columns result = {.count = 0};

	if (*text == '+') {
		result = *columns;
		text++;
	}
	for (;;) {
		size_t length = strcspn(text, ",");
		unsigned id = top_column_find(text, length);

		for (unsigned i = 0; i < result.count; i++) {
			if (result.at[i] == id)
				id = TOP_COLUMNS;
		}
		if (id == TOP_COLUMNS) {
			*ret_bad = text;
			*ret_length = length;
			return -EINVAL;
		}
		add(&result, id);
		text += length;
		if (!*text++)
			break;
	}
	*columns = result;
	return 0;
}

static struct census_value value_of(unsigned id, const struct census_row *row,
				    const struct top_history *h)
{
	const struct top_past *past;
	struct census_value v = {.type = CENSUS_BYTES};

	if (id < CENSUS_FIELDS)
		return census_field_value(id, row);
	past = top_history_find(h, row->process->tgid, row->process->start_ns);
	v.bytes = id == TOP_GROWTH ? top_history_growth(h, past) : top_history_rate(h, past);
	v.known = v.bytes.known != KNOWN_NOT;
	return v;
}

int top_column_compare(unsigned id, bool reverse, bool tree, const struct top_history *h,
		       const struct census_row *a, const struct census_row *b)
{
	struct census_value v, w;
	int n;

	if (tree && id < CENSUS_FIELDS)
		id = census_field_get(id)->sums;
	v = value_of(id, a, h);
	w = value_of(id, b, h);
	if (v.known != w.known)
		return v.known ? -1 : 1;
	n = v.known ? census_value_compare(&v, &w) : 0;
	if (!n)
		n = a->process->tgid < b->process->tgid ? -1 : a->process->tgid > b->process->tgid;
	else if (top_column_get(id).rising == reverse)
		n = -n;
	return n;
}

/* The newest on the right. */
static const char *trend(const struct top_history *h, const struct top_past *past, bool utf8,
			 char buf[CENSUS_CELL_BYTES])
{
	static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char marks[] = "_.,-=+*#";
	unsigned char height[TOP_TREND_WIDTH];
	unsigned n = top_history_trend(h, past, TOP_TREND_WIDTH, height);
	char *at = buf;

	for (unsigned i = n; i < TOP_TREND_WIDTH; i++)
		*at++ = ' ';
	for (unsigned i = 0; i < n; i++) {
		if (utf8)
			at = stpcpy(at, bars[height[i]]);
		else
			*at++ = marks[height[i]];
	}
	*at = '\0';
	return buf;
}

const char *top_cell(unsigned id, const struct census_row *row, const struct top_history *h,
		     bool utf8, char buf[CENSUS_CELL_BYTES])
{
	const struct top_past *past;
	struct amount a;
	char *at = buf;

	if (id < CENSUS_FIELDS)
		return census_cell(id, row, false, buf);
	past = top_history_find(h, row->process->tgid, row->process->start_ns);
	if (id == TOP_TREND)
		return trend(h, past, utf8, buf);
	a = id == TOP_GROWTH ? top_history_growth(h, past) : top_history_rate(h, past);
	if (a.known == KNOWN_ESTIMATE)
		*at++ = '~';
	if (a.known != KNOWN_NOT && a.bytes > 0)
		*at++ = '+';
	if (a.known != KNOWN_NOT)
		a.known = KNOWN_EXACT;
	quantity_short(at, a);
	return buf;
}
