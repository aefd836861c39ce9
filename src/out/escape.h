/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * escape.h - names come from the programs that are watched and may hold any byte but NUL.
 * A report must not carry them to a terminal as they are, nor into JSON.
 */
#ifndef FORKTALLY_ESCAPE_H
#define FORKTALLY_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the well-formed UTF-8 character that text begins with; 0: it is none. */
size_t escape_utf8_len(const char *text);

/**
 * escape_text() - fit for a terminal or a log file.
 * Control characters, and all that is not ASCII (@utf8: not UTF-8, or an invisible control of
 * text direction), become \n, \t or \xNN.
 * Returns a string to free(), or NULL when out of memory.
 */
char *escape_text(const char *text, bool utf8);

/**
 * escape_json() - well-formed UTF-8: every byte that is not part of it becomes \xNN.
 * Quotes and control characters are left to the JSON library.
 * Returns a string to free(), or NULL when out of memory.
 */
char *escape_json(const char *text);

#endif
