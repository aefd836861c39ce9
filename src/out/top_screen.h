/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * top_screen.h - the terminal of `forktally top`, by ncurses: lines in styles, keys and the mouse.
 * There is one terminal, and so one screen at a time.
 *
 * Colours are those that the terminal's owner chose, on its own background, light or dark; no
 * text is in yellow, white or black. Without colours there is bold and reverse.
 */
#ifndef FORKTALLY_TOP_SCREEN_H
#define FORKTALLY_TOP_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include "out/top_line.h"

/* What the user wants. */
enum top_action {
	TOP_NOTHING,
	TOP_QUIT,
	TOP_ESCAPE,
	TOP_UP,
	TOP_DOWN,
	TOP_PAGE_UP,
	TOP_PAGE_DOWN,
	TOP_HOME,
	TOP_END,
	TOP_LEFT,
	TOP_RIGHT,
	TOP_SORT_LEFT,
	TOP_SORT_RIGHT,
	TOP_SORT_PID,
	TOP_SORT_PRIVATE,
	TOP_SORT_GROWTH,
	TOP_SORT_RATE,
	TOP_REVERSE,
	TOP_TREE,
	TOP_FILTER,
	TOP_DETAIL,
	TOP_FREEZE,
	TOP_KERNEL_THREADS,
	TOP_LOOK_NOW,
	TOP_HELP,
	TOP_CLICK,
	TOP_RESIZE,
};

struct top_event {
	enum top_action action;
	unsigned x, y;	    /* of TOP_CLICK */
	bool twice;	    /* a double click */
	char text[8];	    /* the character that was typed; "" none */
	bool rub, finished; /* Backspace; Enter */
};

/**
 * top_screen_open() - take the terminal over.
 * Errors: -ENOTTY stdin or stdout is none; -ENOTSUP it cannot move its cursor (TERM=dumb), or
 *         nothing is known of it.
 */
int top_screen_open(bool colour);

/* The terminal as it was. Twice does no harm. */
void top_screen_close(void);

/* The same where nothing can be written: only the settings come back. From a handler, too. */
void top_screen_abandon(void);

/* The same where nothing may be allocated or locked: from a handler of SIGSEGV. */
void top_screen_crash(void);

void top_screen_size(unsigned *ret_width, unsigned *ret_height);

/**
 * top_screen_line() - put a line on the screen.
 * @skip: columns of it that are scrolled out on the left.
 * @marked: in reverse over the whole width: the cursor.
 */
void top_screen_line(unsigned y, const struct top_line *line, size_t skip, bool marked);

/* What was put shows. @again: all of it, whatever the terminal shows now. */
void top_screen_show(bool again);

/* The cursor of the terminal, at an input; column -1: it is not seen. */
void top_screen_cursor(unsigned y, int x);

/* The next thing that the user did; false: nothing more. Never waits. */
bool top_screen_event(struct top_event *ret_event);

#endif
