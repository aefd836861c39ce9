/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "fault.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "program.h"

const char *fault_text(enum fault f)
{
#define FAULT_ROW(name, text) [name] = text,
	static const char *const texts[] = {FAULTS(FAULT_ROW)};

	return texts[f];
}

int stream_add(void *ctx, const struct event *ev)
{
	struct stream *s = ctx;

	if (s->count == s->room) {
		s->room = s->room ? s->room * 2 : 4096;
		s->at = reallocarray(s->at, s->room, sizeof(*s->at));
		if (!s->at)
			abort();
	}
	s->at[s->count] = *ev;
	if (ev->text)
		s->at[s->count].text = strdup(ev->text);
	s->count++;
	return 0;
}

void stream_clear(struct stream *s)
{
	for (size_t i = 0; i < s->count; i++)
		free((char *)s->at[i].text);
	s->count = 0;
}

void stream_free(struct stream *s)
{
	stream_clear(s);
	free(s->at);
	*s = (struct stream){.count = 0};
}

/* What a session begins with comes before anything can be lost; its end is the source's own word.
 */
static bool may_go(const struct event *ev)
{
	return ev->type != EVENT_SESSION && ev->type != EVENT_TAG && ev->type != EVENT_TAKE &&
	       ev->type != EVENT_FRAME && ev->type != EVENT_END && ev->type != EVENT_LOSS &&
	       !(ev->type == EVENT_FORK && !ev->u.fork.parent.tgid);
}

static bool of_table(const struct event *ev)
{
	return ev->type == EVENT_CHARGE || ev->type == EVENT_RETURN || ev->type == EVENT_OBJECT;
}

static void add_loss(struct stream *to, const struct event *end, enum loss kind, uint64_t count)
{
	struct event ev = {.type = EVENT_LOSS, .time_ns = end->time_ns};

	ev.u.loss.kind = kind;
	ev.u.loss.count = count;
	(void)stream_add(to, &ev);
}

/* Events at random places, or one row of them. */
static void drop(const struct stream *from, enum fault f, uint64_t *dice, struct stream *to)
{
	size_t row = f == FAULT_BURST ? 1 + roll(dice, from->count / 3) : 0;
	size_t begin = roll(dice, from->count), few = 1 + roll(dice, 4);
	uint64_t lost = 0;

	for (size_t i = 0; i < from->count; i++) {
		const struct event *ev = &from->at[i];
		bool gone = row ? i >= begin && i < begin + row
				: roll(dice, from->count) < few + (f == FAULT_TABLE ? 20 : 0);

		if (gone && may_go(ev) && (f != FAULT_TABLE || of_table(ev))) {
			lost++;
			continue;
		}
		if (ev->type == EVENT_END && lost && f != FAULT_SILENT)
			add_loss(to, ev, f == FAULT_TABLE ? LOSS_OBJECTS : LOSS_RECORDS, lost);
		(void)stream_add(to, ev);
	}
}

static bool same_kind(const struct event *a, const struct event *b)
{
	bool amounts = a->type == EVENT_CHARGE || a->type == EVENT_RETURN;

	return a->type == b->type &&
	       (!amounts ||
		(a->u.amount.tag == b->u.amount.tag && a->u.amount.pool == b->u.amount.pool)) &&
	       (a->type != EVENT_OBJECT || a->u.object.tag == b->u.object.tag);
}

/* All events of one kind and tag, or a half of them, a third ...: as if from a defect. */
static void steady(const struct stream *from, uint64_t *dice, struct stream *to)
{
	uint64_t share = 1 + roll(dice, 4), lost = 0;
	struct event kind = {.type = EVENT_END};

	for (int tries = 0; tries < 100 && !may_go(&kind); tries++)
		kind = from->at[roll(dice, from->count)];
	for (size_t i = 0; i < from->count; i++) {
		const struct event *ev = &from->at[i];

		if (may_go(ev) && same_kind(ev, &kind) && !roll(dice, share)) {
			lost++;
			continue;
		}
		if (ev->type == EVENT_END && lost)
			add_loss(to, ev, LOSS_RECORDS, lost);
		(void)stream_add(to, ev);
	}
}

static void twice(const struct stream *from, uint64_t *dice, struct stream *to)
{
	size_t few = 1 + roll(dice, 6);

	for (size_t i = 0; i < from->count; i++) {
		(void)stream_add(to, &from->at[i]);
		if (may_go(&from->at[i]) && roll(dice, from->count) < few)
			(void)stream_add(to, &from->at[i]);
	}
}

/* One event comes after some that followed it; many do, by one place, with FAULT_SWAP. */
static void disorder(const struct stream *from, enum fault f, uint64_t *dice, struct stream *to)
{
	size_t far = f == FAULT_SWAP ? 1 : 1 + roll(dice, 200);
	size_t few = f == FAULT_SWAP ? from->count / 50 + 1 : 1 + roll(dice, 6);
	struct event moved;

	for (size_t i = 0; i < from->count; i++)
		(void)stream_add(to, &from->at[i]);
	for (size_t i = 0; i < to->count; i++) {
		size_t k = i;

		if (!may_go(&to->at[i]) || roll(dice, to->count) >= few)
			continue;
		moved = to->at[i];
		while (k + 1 < to->count && k < i + far && to->at[k + 1].type != EVENT_END) {
			to->at[k] = to->at[k + 1];
			k++;
		}
		to->at[k] = moved;
		i = k;
	}
}

static uint32_t small_pid(struct account_id id)
{
	return id.tgid ? 2 + (id.tgid + (uint32_t)(id.start_ns % 1000)) % 40 : 0;
}

/* Forty process numbers for all; start times tell who is who. */
static void pids(const struct stream *from, struct stream *to)
{
	for (size_t i = 0; i < from->count; i++) {
		struct event ev = from->at[i];

		if (ev.type == EVENT_FORK)
			ev.u.fork.parent.tgid = small_pid(ev.u.fork.parent);
		if (ev.type == EVENT_OBJECT)
			ev.u.object.holder.tgid = small_pid(ev.u.object.holder);
		ev.account.tgid = small_pid(ev.account);
		(void)stream_add(to, &ev);
	}
}

static void clock_steps(const struct stream *from, uint64_t *dice, struct stream *to)
{
	int64_t off = 0;

	for (size_t i = 0; i < from->count; i++) {
		struct event ev = from->at[i];

		if (!roll(dice, 200))
			off = (int64_t)roll(dice, 2000000000) - 1000000000;
		ev.time_ns = (uint64_t)((int64_t)ev.time_ns + off);
		(void)stream_add(to, &ev);
	}
}

void fault_make(const struct stream *from, enum fault f, uint64_t seed, struct stream *to)
{
	uint64_t dice = seed * UINT64_C(0xd1342543de82ef95) + 99;
	size_t keep;

	stream_clear(to);
	switch (f) {
	case FAULT_DROP:
	case FAULT_BURST:
	case FAULT_TABLE:
	case FAULT_SILENT:
		drop(from, f, &dice, to);
		break;
	case FAULT_STEADY:
		steady(from, &dice, to);
		break;
	case FAULT_TWICE:
		twice(from, &dice, to);
		break;
	case FAULT_LATE:
	case FAULT_SWAP:
		disorder(from, f, &dice, to);
		break;
	case FAULT_PID:
		pids(from, to);
		break;
	case FAULT_CLOCK:
		clock_steps(from, &dice, to);
		break;
	case FAULT_NONE:
	case FAULT_CUT:
	case FAULT_COUNT:
		keep = f == FAULT_CUT ? roll(&dice, from->count) : from->count;
		for (size_t i = 0; i < keep; i++)
			(void)stream_add(to, &from->at[i]);
		break;
	}
}
