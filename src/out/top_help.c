/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The help of `forktally top`: its keys, and every field from its table. */
#include <stdio.h>
#include <string.h>
#include "out/top.h"

#define HELP_COLUMN 18

static const struct {
	const char *key, *does;
} keys[] = {
    {"Up Down PgUp PgDn", "move; the cursor stays with the process it was moved to"},
    {"Home End", "first and last row; on the first the cursor follows nobody"},
    {"Left Right", "scroll sideways"},
    {"< >", "sort by the column to the left, to the right; or click on its head"},
    {"I", "sort the other way round"},
    {"P M G T", "sort by pid, private memory, growth, growth per minute"},
    {"/ F4", "show only rows that contain a text; Esc shows all again"},
    {"t F5", "children below their parents"},
    {"Enter", "all that this process holds, and what is unusual about it"},
    {"f Space", "freeze: no new looks until the next f"},
    {"K", "kernel threads too"},
    {"r", "look now"},
    {"? F1 h", "this help"},
    {"q F10 Ctrl-C", "quit; q and Esc leave a pane first"},
};

bool top_help_key(unsigned i, const char **ret_key, const char **ret_does)
{
	if (i >= sizeof(keys) / sizeof(keys[0]))
		return false;
	*ret_key = keys[i].key;
	*ret_does = keys[i].does;
	return true;
}

struct sink {
	struct top_line line;
	unsigned width;
	void (*fn)(void *ctx, const struct top_line *line);
	void *ctx;
};

static void end_line(struct sink *s)
{
	s->fn(s->ctx, &s->line);
	top_line_clear(&s->line);
}

/* A name, and words behind it that are broken at the width. */
static void entry(struct sink *s, const char *name, enum top_style style, const char *text)
{
	size_t width = s->width > HELP_COLUMN + 20 ? s->width : HELP_COLUMN + 20;
	bool first = true;

	if (strlen(name) >= HELP_COLUMN) {
		top_line_put(&s->line, style, name);
		end_line(s);
		name = "";
	}
	top_line_format(&s->line, style, "%-*s", HELP_COLUMN, name);
	while (*text) {
		size_t n = strcspn(text, " ");

		if (!first && s->line.columns + 1 + n > width) {
			end_line(s);
			top_line_fill(&s->line, TOP_PLAIN, ' ', HELP_COLUMN);
			first = true;
		}
		top_line_format(&s->line, TOP_PLAIN, "%s%.*s", first ? "" : " ", (int)n, text);
		first = false;
		text += n;
		text += strspn(text, " ");
	}
	end_line(s);
}

static void head(struct sink *s, const char *text)
{
	if (text != NULL)
		top_line_put(&s->line, TOP_BOLD, text);
	end_line(s);
}

static void field(struct sink *s, unsigned id)
{
	struct top_column column = top_column_get(id);
	char name[64], text[512];

	(void)snprintf(name, sizeof(name), "%s", column.name);
	(void)snprintf(text, sizeof(text), "%s%s%s", column.help, *column.caveat ? " " : "",
		       column.caveat);
	entry(s, name, TOP_FINE, text);
}

void top_help(unsigned width, bool utf8, void (*fn)(void *ctx, const struct top_line *line),
	      void *ctx)
{
	struct sink s = {.width = width, .fn = fn, .ctx = ctx};

	top_line_init(&s.line, utf8);
	head(&s, "Keys");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		entry(&s, keys[i].key, TOP_FINE, keys[i].does);
	head(&s, NULL);
	head(&s, "Marks");
	entry(&s, "~ >= ?", TOP_FINE, "an estimate; at least; not known");
	head(&s, NULL);
	head(&s, "Columns that need more than one look");
	for (unsigned id = TOP_GROWTH; id < TOP_COLUMNS; id++)
		field(&s, id);
	head(&s, NULL);
	head(&s, "Columns (-o FIELDS chooses)");
	for (unsigned id = 0; id < CENSUS_OWN_FIELDS; id++)
		field(&s, id);
	head(&s, NULL);
	head(&s, "Kinds of kernel and shared memory: bytes; with .count behind it: objects");
	for (unsigned k = 0; k < CENSUS_KINDS; k++)
		field(&s, CF_KIND_BYTES + k);
	top_line_done(&s.line);
}
