/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * words.h - the words of a command as one line.
 */
#ifndef FORKTALLY_WORDS_H
#define FORKTALLY_WORDS_H

/**
 * words_join() - quote each word for a shell where it needs it, with a blank between them.
 * @words: NULL-terminated; any bytes.
 * Returns a new string, to be freed; NULL: no memory.
 */
char *words_join(char *const words[]);

#endif
