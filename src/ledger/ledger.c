/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ledger/book.h"

struct ledger *ledger_new(void)
{
	struct ledger *led = calloc(1, sizeof(*led));

	if (!led)
		return NULL;
	memcpy(led->other.account.comm, "other", sizeof("other"));
	led->session.command = "";
	pools_show(led);
	return led;
}

void ledger_free(struct ledger *led)
{
	if (!led)
		return;
	rows_release(led);
	residues_release(led);
	names_release(led);
	free(led->command);
	free(led);
}

static int apply_session(struct ledger *led, const struct event *ev)
{
	const struct event_session *e = &ev->u.session;
	char *command;

	if (e->version != EVENT_VERSION || e->source < SOURCE_BPF || e->source > SOURCE_CENSUS)
		return -EINVAL;
	if (led->session.seen) {
		led->counts.disorder++;
		return 0;
	}
	command = strdup(ev->text ? ev->text : "");
	if (!command)
		return -ENOMEM;
	led->command = command;
	led->session.command = command;
	led->session.seen = true;
	led->session.source = e->source;
	led->session.cpu_count = e->cpu_count;
	led->session.page_bytes = e->page_bytes;
	led->session.begin_ns = ev->time_ns;
	return 0;
}

static int apply_end(struct ledger *led, const struct event *ev)
{
	const struct event_end *e = &ev->u.end;
	struct row *row;
	int err;

	for (row = led->rows; row; row = row->next) {
		if (row->account.exited)
			continue;
		err = residue_zombies(led, row);
		if (err)
			return err;
	}
	err = residue_orphans(led);
	if (!err)
		err = law_check(led);
	if (err)
		return err;
	led->session.complete = true;
	led->end = (struct ledger_end){.seen = true,
				       .status = e->status,
				       .interrupted = e->interrupted,
				       .forks = e->forks,
				       .exits = e->exits,
				       .alive = e->alive,
				       .killed = e->killed,
				       .settle_ns = e->settle_ns};
	return 0;
}

static bool bytes_valid(int64_t bytes)
{
	return bytes == EVENT_UNKNOWN_BYTES || (bytes >= 0 && bytes <= LEDGER_BYTES_MAX);
}

/* The bytes that are booked; those only shown are bounded where they are summed. */
static bool event_valid(const struct event *ev)
{
	switch (ev->type) {
	case EVENT_FORK:
		return bytes_valid(ev->u.fork.parent_private_bytes) &&
		       bytes_valid(ev->u.fork.inherited_bytes);
	case EVENT_EXEC:
		return bytes_valid(ev->u.exec.dropped_bytes);
	case EVENT_EXIT:
		return bytes_valid(ev->u.exit.private_bytes) &&
		       bytes_valid(ev->u.exit.private_peak_bytes) &&
		       bytes_valid(ev->u.exit.commit_bytes) &&
		       bytes_valid(ev->u.exit.page_table_bytes) &&
		       bytes_valid(ev->u.exit.kernel_live_bytes);
	case EVENT_CHARGE:
	case EVENT_RETURN:
		return bytes_valid(ev->u.amount.bytes) && bytes_valid(ev->u.amount.peak_bytes);
	case EVENT_GAUGE:
		return bytes_valid(ev->u.gauge.bytes);
	case EVENT_OBJECT:
		return bytes_valid(ev->u.object.bytes);
	case EVENT_TOTAL:
		return bytes_valid(ev->u.total.charged_bytes) &&
		       bytes_valid(ev->u.total.returned_bytes);
	case EVENT_BOOK:
		return bytes_valid(ev->u.book.ledger_bytes) && bytes_valid(ev->u.book.kernel_bytes);
	case EVENT_ALIVE:
		return bytes_valid(ev->u.alive.private_bytes) &&
		       bytes_valid(ev->u.alive.kernel_bytes);
	case EVENT_LOOK:
		return bytes_valid(ev->u.look.private_bytes) && ev->u.look.forks <= UINT32_MAX;
	case EVENT_LEFT:
		return bytes_valid(ev->u.left.bytes) && bytes_valid(ev->u.left.kernel_bytes);
	default:
		return true;
	}
}

static int apply(struct ledger *led, const struct event *ev)
{
	switch ((enum event_type)ev->type) {
	case EVENT_SESSION:
		return apply_session(led, ev);
	case EVENT_TAG:
		return name_tag(led, ev);
	case EVENT_TAKE:
		return name_take(led, ev);
	case EVENT_FRAME:
		return name_frame(led, ev);
	case EVENT_FORK:
		return row_begin(led, ev);
	case EVENT_THREAD:
		return row_thread(led, ev);
	case EVENT_EXEC:
		return row_exec(led, ev);
	case EVENT_EXIT:
		return row_exit(led, ev);
	case EVENT_REAP:
		return row_reap(led, ev);
	case EVENT_CHARGE:
	case EVENT_RETURN:
		return charge_amount(led, ev);
	case EVENT_GAUGE:
		return charge_gauge(led, ev);
	case EVENT_OBJECT:
		return residue_object(led, ev);
	case EVENT_TOTAL:
		return charge_total(led, ev);
	case EVENT_BOOK:
		return charge_book(led, ev);
	case EVENT_ALIVE:
		return row_alive(led, ev);
	case EVENT_LEFT:
		return residue_left(led, ev);
	case EVENT_LOOK:
		return row_look(led, ev);
	case EVENT_LOSS:
		return name_loss(led, ev);
	case EVENT_BLIND:
		return name_blind(led, ev);
	case EVENT_END:
		return apply_end(led, ev);
	case EVENT_NONE:
	case EVENT_TYPES:
		break;
	}
	return -EINVAL;
}

int ledger_apply(struct ledger *led, const struct event *ev)
{
	int err;

	if (!event_valid(ev))
		return -EINVAL;
	if (led->session.complete) {
		/* END is the last word. */
		led->counts.disorder++;
		return 0;
	}
	err = apply(led, ev);
	if (err)
		return err;
	pools_show(led);
	led->counts.events++;
	if (ev->time_ns > led->session.last_ns)
		led->session.last_ns = ev->time_ns;
	return 0;
}
