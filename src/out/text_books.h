/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* text_books.h - the second half of the text report: books, suppressions, what was not seen. */
#ifndef FORKTALLY_TEXT_BOOKS_H
#define FORKTALLY_TEXT_BOOKS_H

#include "out/page.h"
#include "view/view.h"

void text_books_print(struct page *p, const struct view *v);
void text_suppressed_print(struct page *p, const struct view *v);
void text_unseen_print(struct page *p, const struct view *v);

#endif
