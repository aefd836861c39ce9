/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cause.h - the words for each cause: what happens, and what is counted. The causes
 * themselves are the verdict's.
 */
#ifndef FORKTALLY_VIEW_CAUSE_H
#define FORKTALLY_VIEW_CAUSE_H

#include <stddef.h>

struct cause_words {
	const char *slug;   /* "fd.pipe"; "fd." stands for all others that begin so */
	const char *title;  /* one line, no full stop */
	const char *thing;  /* one of what is counted; "": nothing that a person would count */
	const char *things; /* several of them */
};

/* Never NULL: a cause without words of its own gets general ones. */
const struct cause_words *cause_words(const char *slug);

/* Walks the table, i from 0; NULL at the end. */
const struct cause_words *cause_words_at(size_t i);

#endif
