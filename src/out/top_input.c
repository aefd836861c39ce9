/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Keys and clicks, and what they mean. */
#define NCURSES_WIDECHAR 1
#include <limits.h>
#include <ncurses.h>
#include <string.h>
#include "out/top_screen_inside.h"

#define ESCAPE 27
#define RUBOUT 127

static const struct {
	int key;
	enum top_action action;
} codes[] = {
    {KEY_UP, TOP_UP},		{KEY_DOWN, TOP_DOWN},	  {KEY_PPAGE, TOP_PAGE_UP},
    {KEY_NPAGE, TOP_PAGE_DOWN}, {KEY_HOME, TOP_HOME},	  {KEY_END, TOP_END},
    {KEY_LEFT, TOP_LEFT},	{KEY_RIGHT, TOP_RIGHT},	  {KEY_F(1), TOP_HELP},
    {KEY_F(4), TOP_FILTER},	{KEY_F(5), TOP_TREE},	  {KEY_F(10), TOP_QUIT},
    {KEY_ENTER, TOP_DETAIL},	{KEY_RESIZE, TOP_RESIZE},
};

static const struct {
	wchar_t character;
	enum top_action action;
} characters[] = {
    {'q', TOP_QUIT},	    {ESCAPE, TOP_ESCAPE},      {'k', TOP_UP},	    {'j', TOP_DOWN},
    {'<', TOP_SORT_LEFT},   {'>', TOP_SORT_RIGHT},     {'P', TOP_SORT_PID}, {'M', TOP_SORT_PRIVATE},
    {'G', TOP_SORT_GROWTH}, {'T', TOP_SORT_RATE},      {'I', TOP_REVERSE},  {'t', TOP_TREE},
    {'/', TOP_FILTER},	    {'\r', TOP_DETAIL},	       {'\n', TOP_DETAIL},  {'f', TOP_FREEZE},
    {' ', TOP_FREEZE},	    {'K', TOP_KERNEL_THREADS}, {'r', TOP_LOOK_NOW}, {'?', TOP_HELP},
    {'h', TOP_HELP},
};

static void mouse(struct top_event *ev)
{
	MEVENT m;

	if (getmouse(&m) == ERR)
		return;
	ev->x = m.x > 0 ? (unsigned)m.x : 0;
	ev->y = m.y > 0 ? (unsigned)m.y : 0;
	if (m.bstate & BUTTON4_PRESSED) {
		ev->action = TOP_UP;
	} else if (m.bstate & BUTTON5_PRESSED) {
		ev->action = TOP_DOWN;
	} else if (m.bstate & (BUTTON1_PRESSED | BUTTON1_CLICKED | BUTTON1_DOUBLE_CLICKED)) {
		ev->action = TOP_CLICK;
		ev->twice = m.bstate & BUTTON1_DOUBLE_CLICKED;
	}
}

void top_input_event(bool code, wint_t c, struct top_event *ret_event)
{
	struct top_event ev = {.action = TOP_NOTHING};
	char bytes[MB_LEN_MAX];
	mbstate_t state = {0};
	size_t n;

	ev.rub = code ? c == KEY_BACKSPACE : c == RUBOUT || c == '\b';
	ev.finished = code ? c == KEY_ENTER : c == '\r' || c == '\n';
	if (code && c == KEY_MOUSE) {
		mouse(&ev);
	} else if (code) {
		for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
			if ((wint_t)codes[i].key == c)
				ev.action = codes[i].action;
		}
	} else {
		for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++) {
			if ((wint_t)characters[i].character == c)
				ev.action = characters[i].action;
		}
		n = c >= ' ' && c != RUBOUT ? wcrtomb(bytes, (wchar_t)c, &state) : 0;
		if (n < sizeof(ev.text)) /* also not (size_t)-1 */
			memcpy(ev.text, bytes, n);
	}
	*ret_event = ev;
}
