/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How a row looks: its cells and its branch of the tree. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "view/census_view.h"
#include "view/quantity.h"

#define SECOND_NS 1000000000LL

/* 0.05, 59.9, 12:03, 3:04:05, 3d04h */
static void format_time(char buf[CENSUS_CELL_BYTES], int64_t ns)
{
	long long s = ns / SECOND_NS;

	if (s < 60)
		(void)snprintf(buf, CENSUS_CELL_BYTES, "%lld.%02lld", s,
			       (long long)(ns % SECOND_NS / 10000000));
	else if (s < 3600)
		(void)snprintf(buf, CENSUS_CELL_BYTES, "%lld:%02lld", s / 60, s % 60);
	else if (s < 86400)
		(void)snprintf(buf, CENSUS_CELL_BYTES, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60,
			       s % 60);
	else
		(void)snprintf(buf, CENSUS_CELL_BYTES, "%lldd%02lldh", s / 86400, s / 3600 % 24);
}

const char *census_cell(enum census_field_id id, const struct census_row *row, bool exact,
			char buf[CENSUS_CELL_BYTES])
{
	const struct census_field *field = census_field_get(id);
	struct census_value v = census_field_value(id, row);

	/* "At least nothing" says nothing. */
	if (!v.known ||
	    (v.type == CENSUS_BYTES && v.bytes.known == KNOWN_AT_LEAST && !v.bytes.bytes))
		return "?";
	switch (v.type) {
	case CENSUS_TEXT:
		return v.text;
	case CENSUS_COUNT:
		/* A name of a thing, not how many: no commas. */
		if (field->rising)
			(void)snprintf(buf, CENSUS_CELL_BYTES, "%llu", (unsigned long long)v.count);
		else
			quantity_count(buf, v.count);
		break;
	case CENSUS_BYTES:
		if (exact)
			quantity_digits(buf, v.bytes);
		else
			quantity_short(buf, v.bytes);
		break;
	case CENSUS_TIME:
		format_time(buf, v.ns);
		break;
	}
	return buf;
}

char *census_branch(const struct census_view *view, uint32_t row, bool utf8, size_t *ret_columns)
{
	const struct census_row *r = &view->row[row];
	const char *through = utf8 ? " │ " : " | ", *fork = utf8 ? " ├─ " : " |- ",
		   *corner = utf8 ? " └─ " : " `- ";
	size_t levels = r->level, room = levels * 8 + 1;
	char *text = malloc(room), *at;
	const char **part = calloc(levels + 1, sizeof(*part));

	*ret_columns = levels ? levels * 3 + 1 : 0;
	if (!text || !part) {
		free(text);
		free(part);
		return NULL;
	}
	for (size_t level = levels; level > 0; level--) {
		if (level == levels)
			part[level - 1] = r->last ? corner : fork;
		else
			part[level - 1] = r->last ? "   " : through;
		r = &view->row[r->up];
	}
	at = text;
	for (size_t level = 0; level < levels; level++)
		at = stpcpy(at, part[level]);
	*at = '\0';
	free(part);
	return text;
}
