/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "out/columns.h"
#include "out/escape.h"
#include "out/page.h"

#define COLUMNS_MAX 16

void page_style(struct page *p, enum page_style style)
{
	static const char *const codes[] = {
	    [STYLE_PLAIN] = "\033[0m",	[STYLE_BOLD] = "\033[1m",     [STYLE_DIM] = "\033[2m",
	    [STYLE_RED] = "\033[1;31m", [STYLE_GREEN] = "\033[1;32m", [STYLE_YELLOW] = "\033[1;33m",
	};

	if (p->colour)
		fputs(codes[style], p->f);
}

void page_format(struct page *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(p->f, format, args);
	va_end(args);
}

size_t page_text_cut(struct page *p, const char *text, size_t max)
{
	char *safe = escape_text(text, p->utf8);
	size_t wide;

	if (!safe) {
		p->failed = true;
		return 0;
	}
	wide = columns_of(safe);
	if (wide > max) {
		safe[columns_bytes_before(safe, max - 3)] = '\0';
		wide = columns_of(safe) + 3;
		page_format(p, "%s...", safe);
	} else {
		fputs(safe, p->f);
	}
	free(safe);
	return wide;
}

void page_text(struct page *p, const char *text)
{
	page_text_cut(p, text, (size_t)-1);
}

void page_label(struct page *p, const char *label)
{
	page_format(p, "%*s", PAGE_LABEL_COLUMN, "");
	page_style(p, STYLE_DIM);
	page_format(p, "%-*s", PAGE_VALUE_COLUMN - PAGE_LABEL_COLUMN, label ? label : "");
	page_style(p, STYLE_PLAIN);
}

void page_wrap(struct page *p, unsigned column, const char *text)
{
	char *safe = escape_text(text, p->utf8);
	unsigned at = column;
	const char *word;

	if (!safe) {
		p->failed = true;
		return;
	}
	for (word = safe; *word;) {
		size_t bytes = strcspn(word, " ");
		char after = word[bytes];
		size_t wide;

		safe[word - safe + bytes] = '\0';
		wide = columns_of(word);
		if (at > column && at + 1 + wide > p->width) {
			page_format(p, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', p->f);
			at++;
		}
		fputs(word, p->f);
		at += wide;
		word += bytes;
		while (after == ' ')
			after = *++word;
	}
	fputc('\n', p->f);
	free(safe);
}

void page_table_init(struct page_table *t, unsigned columns)
{
	*t = (struct page_table){.columns = columns};
}

void page_table_done(struct page_table *t)
{
	free(t->cells);
}

void page_table_add(struct page_table *t, const char *text)
{
	char *cell, *safe;

	if (t->count == t->room) {
		unsigned room = t->room ? t->room * 2 : 32;
		void *cells = reallocarray(t->cells, room, sizeof(*t->cells));

		if (!cells) {
			t->failed = true;
			return;
		}
		t->cells = cells;
		t->room = room;
	}
	safe = escape_text(text, false);
	if (!safe) {
		t->failed = true;
		return;
	}
	cell = t->cells[t->count++];
	if (strlen(safe) < PAGE_CELL_BYTES) {
		strcpy(cell, safe);
	} else {
		memcpy(cell, safe, PAGE_CELL_BYTES - 4);
		strcpy(cell + PAGE_CELL_BYTES - 4, "...");
	}
	free(safe);
}

static void print_row(struct page *p, const struct page_table *t, unsigned row, const size_t *wide,
		      unsigned gap, bool heading)
{
	/* Empty cells at the end of a row leave no blanks behind it. */
	unsigned blanks = 0;

	for (unsigned c = 0; c < t->columns; c++) {
		const char *cell = t->cells[row * t->columns + c];
		unsigned pad = (unsigned)(wide[c] - columns_of(cell));

		if (c > 0)
			blanks += gap + pad;
		if (*cell) {
			page_format(p, "%*s%s", (int)blanks, "", cell);
			blanks = 0;
		}
		if (c == 0)
			blanks += pad + (heading ? 2 : 0);
	}
	fputc('\n', p->f);
}

void page_table_print(struct page *p, const struct page_table *t, unsigned indent,
		      enum page_table_style style)
{
	unsigned rows = t->count / t->columns;
	size_t wide[COLUMNS_MAX] = {0}, total = indent;
	unsigned gap = 2; /* columns between columns; 1 where the page is narrow */

	assert(t->columns <= COLUMNS_MAX && (t->failed || t->count % t->columns == 0));
	if (t->failed)
		p->failed = true;
	for (unsigned i = 0; i < rows * t->columns; i++) {
		size_t n = columns_of(t->cells[i]);

		if (n > wide[i % t->columns])
			wide[i % t->columns] = n;
	}
	for (unsigned c = 0; c < t->columns; c++)
		total += wide[c];
	if (total + (size_t)gap * (t->columns - 1) > p->width)
		gap = 1;
	for (unsigned r = 0; r < rows; r++) {
		bool heading = style == TABLE_HEADED && r == 0;

		if (heading)
			page_style(p, STYLE_BOLD);
		if (style != TABLE_HANGING || r > 0)
			page_format(p, "%*s", (int)(heading ? indent - 2 : indent), "");
		print_row(p, t, r, wide, gap, heading);
		if (heading)
			page_style(p, STYLE_PLAIN);
	}
}
