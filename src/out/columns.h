/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * columns.h - how wide a text is on a terminal, by wcwidth(3) of the locale: characters of East
 * Asia and emoji take two columns, combining ones none. What is not UTF-8, or what the locale does
 * not know, takes one. For texts that were escaped: control characters have no width. Pure.
 */
#ifndef FORKTALLY_COLUMNS_H
#define FORKTALLY_COLUMNS_H

#include <stddef.h>

/* Columns that the text takes. */
size_t columns_of(const char *text);

/* Bytes of text that come before column `column`, or all of it; a character is never cut. */
size_t columns_bytes_before(const char *text, size_t column);

#endif
