/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* top_state.h - what stands on the screen of "forktally top", and what keys do to it. */
#ifndef FORKTALLY_CMD_TOP_STATE_H
#define FORKTALLY_CMD_TOP_STATE_H

#include "cmd/top.h"
#include "out/top_pane.h"
#include "out/top_screen.h"

enum top_pane_kind { TOP_NO_PANE, TOP_PANE_HELP, TOP_PANE_DETAIL };

struct top_state {
	struct top_table table;
	struct top_cursor cursor;
	struct top_pane pane;
	enum top_pane_kind shows;
	uint32_t detail_tgid;
	uint64_t detail_start_ns;
	size_t skip;	   /* columns scrolled out on the left */
	unsigned usual_of; /* the width that the usual columns were chosen for; 0: not yet */
	bool utf8, frozen, typing; /* typing: a filter */
	bool quit, last, look_now;
};

void top_state_done(struct top_state *s);

/* After a look, a resize, or when other rows are shown. */
void top_state_refit(struct top *t, struct top_state *s);

/* Makes the pane of one process anew, where it is open. */
int top_state_detail(struct top *t, struct top_state *s);

void top_state_draw(const struct top *t, struct top_state *s, bool again);

/* 0, or an exit status. */
int top_state_handle(struct top *t, struct top_state *s, const struct top_event *event);

#endif
