/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define NCURSES_WIDECHAR 1
#include "out/columns.h"
#include "out/top_screen.h"

#include <errno.h>
#include <ncurses.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include "out/top_screen_inside.h"

static SCREEN *screen;
static struct termios before;
static char restore[256]; /* what makes the terminal as it was */
static attr_t look[TOP_STYLES];

/*
 * The terminal's own colours, and red and magenta on them: they can be read on dark and on light,
 * as green, yellow, blue and cyan cannot. Nothing is told by colour alone.
 */
static void choose_looks(bool colour)
{
	enum { RED = 1, MAGENTA, HEAD };

	for (int i = 0; i < TOP_STYLES; i++)
		look[i] = A_NORMAL;
	look[TOP_BOLD] = look[TOP_RED] = look[TOP_WARN] = A_BOLD;
	look[TOP_DIM] = A_DIM;
	look[TOP_PRIVATE] = look[TOP_KERNEL] = look[TOP_SHARED] = A_BOLD;
	look[TOP_HEAD] = look[TOP_DOES] = A_REVERSE;
	look[TOP_HEAD_SORT] = A_REVERSE | A_BOLD | A_UNDERLINE;
	look[TOP_KEY] = A_BOLD;
	if (!colour || !has_colors() || start_color() == ERR || use_default_colors() == ERR)
		return;
	init_pair(RED, COLOR_RED, -1);
	init_pair(MAGENTA, COLOR_MAGENTA, -1);
	init_pair(HEAD, COLOR_BLACK, COLOR_GREEN);
	look[TOP_RED] |= COLOR_PAIR(RED);
	look[TOP_WARN] |= COLOR_PAIR(MAGENTA);
	look[TOP_KERNEL] |= COLOR_PAIR(RED);
	look[TOP_SHARED] |= COLOR_PAIR(MAGENTA);
	look[TOP_HEAD_SORT] = COLOR_PAIR(HEAD);
}

static void append(char *to, size_t size, const char *text)
{
	if (text && text != (char *)-1 && strlen(to) + strlen(text) < size)
		strcat(to, text);
}

/* No padding in these: a terminal that needs it has no such strings. */
static void keep_restore(void)
{
	*restore = '\0';
	append(restore, sizeof(restore), "\033[?1006l\033[?1002l\033[?1000l"); /* no mouse */
	append(restore, sizeof(restore), tigetstr("sgr0"));
	append(restore, sizeof(restore), tigetstr("cnorm"));
	append(restore, sizeof(restore), tigetstr("rmkx"));
	append(restore, sizeof(restore), tigetstr("rmcup"));
}

/* Ctrl-S would stop us in the middle of a write, for as long as nobody types Ctrl-Q. */
static void keep_flowing(void)
{
	struct termios now;

	if (tcgetattr(STDIN_FILENO, &now))
		return;
	now.c_iflag &= ~(tcflag_t)IXON;
	(void)tcsetattr(STDIN_FILENO, TCSANOW, &now);
	(void)def_prog_mode(); /* so it is set again after ours was suspended */
}

int top_screen_open(bool colour)
{
	const char *term = getenv("TERM");
	int status;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &before))
		return -ENOTTY;
	/* newterm() would ask for such a terminal on stderr. */
	if (!term || !*term || setupterm(term, STDOUT_FILENO, &status) == ERR)
		return -ENOTSUP;
	if (!tigetstr("cup") || tigetstr("cup") == (char *)-1)
		return -ENOTSUP;
	keep_restore();
	screen = newterm(NULL, stdout, stdin);
	if (!screen)
		return -ENOTSUP;
	cbreak();
	keep_flowing();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(50);
	curs_set(0);
	leaveok(stdscr, TRUE);
	mousemask(BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED | BUTTON4_PRESSED |
		      BUTTON5_PRESSED,
		  NULL);
	mouseinterval(200);
	choose_looks(colour);
	return 0;
}

void top_screen_close(void)
{
	if (!screen)
		return;
	endwin();
	delscreen(screen);
	screen = NULL;
}

void top_screen_abandon(void)
{
	if (screen)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &before);
	screen = NULL;
}

void top_screen_crash(void)
{
	ssize_t n;

	if (!screen)
		return;
	n = write(STDOUT_FILENO, restore, strlen(restore));
	(void)n; /* there is nobody left to tell */
	(void)tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
}

void top_screen_size(unsigned *ret_width, unsigned *ret_height)
{
	*ret_width = COLS > 0 ? (unsigned)COLS : 1;
	*ret_height = LINES > 0 ? (unsigned)LINES : 1;
}

static bool is_head(const struct top_line *line)
{
	return line->spans &&
	       (line->span[0].style == TOP_HEAD || line->span[0].style == TOP_HEAD_SORT);
}

void top_screen_line(unsigned y, const struct top_line *line, size_t skip, bool marked)
{
	const char *text = line->length ? line->text : "";
	size_t first = columns_bytes_before(text, skip), room = (size_t)COLS;

	if (move((int)y, 0) == ERR)
		return;
	attrset(marked ? A_REVERSE : A_NORMAL);
	for (unsigned i = 0; i < line->spans && room; i++) {
		size_t at = line->span[i].at,
		       end = i + 1 < line->spans ? line->span[i + 1].at : line->length;
		char *part;
		size_t bytes;

		if (end <= first)
			continue;
		if (at < first)
			at = first;
		part = strndup(text + at, end - at);
		if (!part)
			break;
		bytes = columns_bytes_before(part, room);
		part[bytes] = '\0';
		room -= columns_of(part);
		attrset(marked ? A_REVERSE : look[line->span[i].style]);
		addstr(part);
		free(part);
	}
	/* The cursor's line, the heads and the keys reach to the edge. */
	attrset(marked ? A_REVERSE : is_head(line) ? look[TOP_HEAD] : A_NORMAL);
	if (room && (marked || is_head(line)))
		printw("%*s", (int)room, "");
	else if (room)
		clrtoeol();
	attrset(A_NORMAL);
}

void top_screen_show(bool again)
{
	if (again)
		clearok(curscr, TRUE);
	refresh();
}

void top_screen_cursor(unsigned y, int x)
{
	leaveok(stdscr, x < 0);
	curs_set(x >= 0);
	if (x >= 0)
		move((int)y, x);
}

bool top_screen_event(struct top_event *ret_event)
{
	wint_t c;
	int kind;

	errno = 0;
	kind = get_wch(&c);
	if (kind == ERR && errno != EIO)
		return false;
	if (kind == ERR) { /* we are in the background, and nobody can bring us to the fore */
		*ret_event = (struct top_event){.action = TOP_QUIT};
		return true;
	}
	top_input_event(kind == KEY_CODE_YES, c, ret_event);
	return true;
}
