/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* top_pane.h - lines that one scrolls through: the help, and a process explained. */
#ifndef FORKTALLY_TOP_PANE_H
#define FORKTALLY_TOP_PANE_H

#include <stdint.h>
#include "out/top_line.h"

struct top_pane {
	struct top_line *line;
	size_t count, room;
	size_t first; /* that is shown */
	bool failed;  /* out of memory */
};

void top_pane_done(struct top_pane *pane);

/* Empty; where it was scrolled to stays. */
void top_pane_clear(struct top_pane *pane);

/* Appends a copy. For top_help(): ctx is the pane. */
void top_pane_add(void *pane, const struct top_line *line);

/* Appends text that page.h made, its colours become styles. */
void top_pane_add_text(struct top_pane *pane, const char *text, bool utf8);

void top_pane_scroll(struct top_pane *pane, int64_t by, size_t height);

#endif
