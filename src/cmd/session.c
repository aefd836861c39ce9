/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/session.h"

int session_emit(void *ctx, const struct event *ev)
{
	struct session *session = ctx;

	if (ev->type == EVENT_END)
		session->status = ev->u.end.status;
	return 0;
}
