/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * utf8.h - is it UTF-8? Names of files and processes may hold any byte. Pure.
 */
#ifndef FORKTALLY_UTF8_H
#define FORKTALLY_UTF8_H

#include <stddef.h>

/**
 * utf8_length() - bytes of the one valid character that begins at s, of which `size` bytes are
 * there; 0: what stands there is none (overlong forms, surrogates and cut ones are not valid).
 */
size_t utf8_length(const char *s, size_t size);

#endif
