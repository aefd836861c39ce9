/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * page.h - lays words, labels and columns on a page of given width. Knows nothing of what
 * the text report says. What is passed as `text` may hold any bytes and is escaped here;
 * `format` is ours. Errors are kept and asked for at the end.
 */
#ifndef FORKTALLY_PAGE_H
#define FORKTALLY_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "out/text.h"

#define PAGE_LABEL_COLUMN 3
#define PAGE_VALUE_COLUMN 14

enum page_style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_GREEN, STYLE_YELLOW };

struct page {
	FILE *f;
	unsigned width;
	bool colour, utf8;
	bool failed; /* out of memory on the way */
};

void page_style(struct page *p, enum page_style style);
void page_format(struct page *p, const char *format, ...) __attribute__((format(printf, 2, 3)));
void page_text(struct page *p, const char *text);

/* As page_text(), cut to `max` columns (3 or more) with "..." at the end. Returns its columns. */
size_t page_text_cut(struct page *p, const char *text, size_t max);

/* "   holder     "; NULL: the same columns empty. */
void page_label(struct page *p, const char *label);

/**
 * page_wrap() - words, broken at the width, then a newline.
 * @column: where the cursor stands, and each further line begins.
 */
void page_wrap(struct page *p, unsigned column, const char *text);

/*
 * A table: cells in rows, the first column to the left, all others to the right, each as wide
 * as its widest cell.
 */
#define PAGE_CELL_BYTES 64
struct page_table {
	unsigned columns, count, room; /* count and room: cells */
	bool failed;
	char (*cells)[PAGE_CELL_BYTES];
};

void page_table_init(struct page_table *t, unsigned columns);
void page_table_done(struct page_table *t);
/* Appends a cell, escaped to ASCII, cut with "..."; a row is full after `columns` of them. */
void page_table_add(struct page_table *t, const char *text);

enum page_table_style {
	TABLE_HEADED,  /* the first row is a heading, and stands two columns to the left */
	TABLE_HANGING, /* the cursor stands at `indent` already */
};
void page_table_print(struct page *p, const struct page_table *t, unsigned indent,
		      enum page_table_style style);

#endif
