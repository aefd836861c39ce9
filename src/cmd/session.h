/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * session.h - where the events of one run go: into the books, and into the recording.
 */
#ifndef FORKTALLY_SESSION_H
#define FORKTALLY_SESSION_H

#include "event/event.h"

struct session {
	int status; /* of the command */
};

/* An event_fn; ctx is the session. */
int session_emit(void *ctx, const struct event *ev);

#endif
