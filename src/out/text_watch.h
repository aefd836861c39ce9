/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* text_watch.h - what the text report says of processes that were looked at now and then. */
#ifndef FORKTALLY_TEXT_WATCH_H
#define FORKTALLY_TEXT_WATCH_H

#include "out/page.h"
#include "view/view.h"

/* Who was watched, for how long, and what came and went: in place of how a command ended. */
void text_watch_print(struct page *p, const struct view *v);
/* Of one finding: what it comes to in a minute, and how often it was looked at. */
void text_watched_print(struct page *p, const struct view_finding *f);

#endif
