/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * arena.h - memory that is given back all at once. An immutable snapshot is made of many
 * small strings that live and die together; so its errors are asked for once, at the end.
 */
#ifndef FORKTALLY_VIEW_ARENA_H
#define FORKTALLY_VIEW_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct view_arena;

struct view_arena *view_arena_new(void);
void view_arena_free(struct view_arena *a);

/* True once any of the calls below could not get memory. */
bool view_arena_failed(const struct view_arena *a);

/* Zeroed room for count things, aligned for any of them; NULL when out of memory or count is 0. */
void *view_arena_array(struct view_arena *a, size_t count, size_t size);

/* Copies; NULL is copied as "". Never NULL: "" when out of memory. */
const char *view_arena_text(struct view_arena *a, const char *text);
const char *view_arena_text_n(struct view_arena *a, const char *text, size_t len_max);
/* Copies and frees; NULL counts as out of memory. */
const char *view_arena_adopt(struct view_arena *a, char *text);
const char *view_arena_format(struct view_arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
