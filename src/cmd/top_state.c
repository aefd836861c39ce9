/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/top_state.h"

#include <string.h>
#include "cmd/cmd.h"

#define SIDEWAYS 8

/* Header, heads, and the line of keys. */
static unsigned rows_of(void)
{
	unsigned width, height;

	top_screen_size(&width, &height);
	return height > TOP_HEADER_LINES + 3 ? height - TOP_HEADER_LINES - 2 : 1;
}

void top_state_done(struct top_state *s)
{
	top_pane_done(&s->pane);
}

static struct top_show show_of(const struct top *t, const struct top_state *s)
{
	unsigned width, height;

	top_screen_size(&width, &height);
	return top_show(t, width, s->utf8, s->frozen);
}

void top_state_refit(struct top *t, struct top_state *s)
{
	struct top_show show = show_of(t, s);
	struct top_columns usual = top_columns_usual(show.width, t->query.tree);

	if (!t->options->fields && s->usual_of != show.width) {
		if (memcmp(&usual, &t->query.columns, sizeof(usual)) != 0)
			top_table_reset(&s->table);
		t->query.columns = usual;
		s->usual_of = show.width;
		(void)top_arrange(t); /* without memory the old rows stay */
	}
	top_cursor_settle(&s->cursor, &t->view, rows_of());
	top_name_rows(t, s->cursor.first, rows_of());
	top_table_fit(&s->table, &show, s->cursor.first, rows_of());
	if (s->shows == TOP_PANE_HELP) {
		top_pane_clear(&s->pane);
		top_help(show.width, s->utf8, top_pane_add, &s->pane);
	}
}

static void draw_keys(const struct top_state *s, const struct top *t, unsigned y)
{
	static const char *const table[] = {"F1",    "Help",	"/", "Filter", "t", "Tree",
					    "<>",    "Sort",	"I", "Invert", "f", "Freeze",
					    "Enter", "Explain", "q", "Quit",   NULL};
	static const char *const pane[] = {"Up Down PgUp PgDn", "Scroll", "q Esc", "Back", NULL};
	const char *const *key = s->shows ? pane : table;
	struct top_line line;

	top_line_init(&line, s->utf8);
	if (s->typing) {
		top_line_put(&line, TOP_KEY, "Filter: ");
		top_line_escaped(&line, TOP_PLAIN, t->query.filter, 0);
	}
	for (; !s->typing && *key; key += 2) {
		top_line_put(&line, TOP_KEY, key[0]);
		top_line_put(&line, TOP_DOES, key[1]);
		top_line_put(&line, TOP_PLAIN, " ");
	}
	top_screen_line(y, &line, 0, false);
	top_screen_cursor(y, s->typing ? (int)line.columns : -1);
	top_line_done(&line);
}

static void draw_pane(const struct top_state *s, unsigned height)
{
	struct top_line none;

	top_line_init(&none, s->utf8);
	for (unsigned y = 0; y + 1 < height; y++) {
		size_t i = s->pane.first + y;

		top_screen_line(y, i < s->pane.count ? &s->pane.line[i] : &none, 0, false);
	}
}

static void draw_table(const struct top_state *s, const struct top_show *show, unsigned height)
{
	struct top_line line;
	unsigned y = 0;

	top_line_init(&line, s->utf8);
	for (unsigned i = 0; i < TOP_HEADER_LINES; i++) {
		top_header_line(show, i, &line);
		top_screen_line(y++, &line, 0, false);
		top_line_clear(&line);
	}
	top_table_heads(&s->table, show, &line);
	top_screen_line(y++, &line, s->skip, false);
	for (uint32_t row = s->cursor.first; y + 1 < height; row++) {
		top_line_clear(&line);
		if (row < show->view->count)
			top_table_row(&s->table, show, row, &line);
		top_screen_line(y++, &line, s->skip,
				row == s->cursor.row && row < show->view->count);
	}
	top_line_done(&line);
}

void top_state_draw(const struct top *t, struct top_state *s, bool again)
{
	struct top_show show = show_of(t, s);
	unsigned width, height;

	top_screen_size(&width, &height);
	if (s->shows)
		draw_pane(s, height);
	else
		draw_table(s, &show, height);
	draw_keys(s, t, height - 1);
	top_screen_show(again);
}

/* Other rows or another order. */
static int rearrange(struct top *t, struct top_state *s)
{
	int status = top_arrange(t);

	if (!status)
		top_state_refit(t, s);
	return status;
}

static int type_filter(struct top *t, struct top_state *s, const struct top_event *event)
{
	char *filter = t->query.filter;
	size_t n = strlen(filter);

	if (event->action == TOP_ESCAPE) {
		*filter = '\0';
		s->typing = false;
	} else if (event->finished) {
		s->typing = false;
		return 0;
	} else if (event->rub) {
		while (n && ((unsigned char)filter[n - 1] & 0xc0) == 0x80)
			n--;
		if (n)
			n--;
		filter[n] = '\0';
	} else if (*event->text && n + strlen(event->text) < TOP_FILTER_BYTES) {
		strcpy(filter + n, event->text);
	}
	return rearrange(t, s);
}

static void close_pane(struct top_state *s)
{
	s->shows = TOP_NO_PANE;
	s->pane.first = 0;
	top_pane_clear(&s->pane);
}

static void scroll_pane(struct top_state *s, enum top_action action)
{
	unsigned width, height;
	int64_t page, by = 0;

	top_screen_size(&width, &height);
	page = height - 1;
	switch (action) {
	case TOP_QUIT:
	case TOP_ESCAPE:
	case TOP_HELP:
	case TOP_DETAIL:
		close_pane(s);
		return;
	case TOP_UP:
		by = -1;
		break;
	case TOP_DOWN:
		by = 1;
		break;
	case TOP_PAGE_UP:
		by = -page;
		break;
	case TOP_PAGE_DOWN:
		by = page;
		break;
	case TOP_HOME:
		by = -(int64_t)s->pane.count;
		break;
	case TOP_END:
		by = (int64_t)s->pane.count;
		break;
	default:
		break;
	}
	top_pane_scroll(&s->pane, by, (size_t)page);
}

static int click(struct top *t, struct top_state *s, const struct top_event *event)
{
	struct top_show show = show_of(t, s);

	if (event->y == TOP_HEADER_LINES) {
		int i = top_table_column_at(&s->table, &show, event->x + (unsigned)s->skip);

		if (i >= 0)
			top_query_sort_by(&t->query, t->query.columns.at[i]);
		return rearrange(t, s);
	}
	if (event->y > TOP_HEADER_LINES && event->y <= TOP_HEADER_LINES + rows_of())
		top_cursor_move(&s->cursor, &t->view,
				(int64_t)s->cursor.first + event->y - TOP_HEADER_LINES - 1 -
				    s->cursor.row);
	return 0;
}

static int open_detail(struct top *t, struct top_state *s)
{
	if (s->cursor.row >= t->view.count)
		return 0;
	s->shows = TOP_PANE_DETAIL;
	s->detail_tgid = t->view.row[s->cursor.row].process->tgid;
	s->detail_start_ns = t->view.row[s->cursor.row].process->start_ns;
	return top_state_detail(t, s);
}

static bool move(struct top *t, struct top_state *s, enum top_action action)
{
	int64_t by, page = rows_of();

	switch (action) {
	case TOP_UP:
		by = -1;
		break;
	case TOP_DOWN:
		by = 1;
		break;
	case TOP_PAGE_UP:
		by = -page;
		break;
	case TOP_PAGE_DOWN:
		by = page;
		break;
	case TOP_HOME:
		by = -(int64_t)t->view.count;
		break;
	case TOP_END:
		by = (int64_t)t->view.count;
		break;
	default:
		return false;
	}
	top_cursor_move(&s->cursor, &t->view, by);
	top_state_refit(t, s);
	return true;
}

static int change(struct top *t, struct top_state *s, const struct top_event *event)
{
	switch (event->action) {
	case TOP_SORT_LEFT:
	case TOP_SORT_RIGHT:
		top_query_sort_move(&t->query, event->action == TOP_SORT_RIGHT ? 1 : -1);
		break;
	case TOP_SORT_PID:
		top_query_sort_by(&t->query, CF_PID);
		break;
	case TOP_SORT_PRIVATE:
		top_query_sort_by(&t->query, CF_PRIVATE);
		break;
	case TOP_SORT_GROWTH:
		top_query_sort_by(&t->query, TOP_GROWTH);
		break;
	case TOP_SORT_RATE:
		top_query_sort_by(&t->query, TOP_RATE);
		break;
	case TOP_REVERSE:
		t->query.reverse = !t->query.reverse;
		break;
	case TOP_TREE:
		t->query.tree = !t->query.tree;
		s->usual_of = 0;
		break;
	case TOP_KERNEL_THREADS:
		t->query.base.kernel_threads = !t->query.base.kernel_threads;
		break;
	case TOP_ESCAPE:
		*t->query.filter = '\0';
		break;
	default:
		return 0;
	}
	return rearrange(t, s);
}

int top_state_handle(struct top *t, struct top_state *s, const struct top_event *event)
{
	if (event->action == TOP_RESIZE) {
		top_state_refit(t, s);
		return top_state_detail(t, s);
	}
	if (s->typing)
		return type_filter(t, s, event);
	if (s->shows) {
		scroll_pane(s, event->action);
		return 0;
	}
	if (move(t, s, event->action))
		return 0;
	switch (event->action) {
	case TOP_QUIT:
		s->quit = true;
		return 0;
	case TOP_LEFT:
		s->skip = s->skip > SIDEWAYS ? s->skip - SIDEWAYS : 0;
		return 0;
	case TOP_RIGHT:
		s->skip += SIDEWAYS;
		return 0;
	case TOP_FILTER:
		s->typing = true;
		return 0;
	case TOP_FREEZE:
		s->frozen = !s->frozen;
		return 0;
	case TOP_LOOK_NOW:
		s->look_now = true;
		return 0;
	case TOP_HELP:
		s->shows = TOP_PANE_HELP;
		top_state_refit(t, s);
		return 0;
	case TOP_DETAIL:
		return open_detail(t, s);
	case TOP_CLICK:
		return event->twice && event->y > TOP_HEADER_LINES ? open_detail(t, s)
								   : click(t, s, event);
	default:
		return change(t, s, event);
	}
}
