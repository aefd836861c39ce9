/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * events.h - short ways to write events in tests of the ledger and the verdict.
 * An account is its tgid; its start time is 1000 times that.
 */
#ifndef TEST_EVENTS_H
#define TEST_EVENTS_H

#include <string.h>
#include "event/event.h"
#include "ledger/ledger.h"

#define UNKNOWN EVENT_UNKNOWN_BYTES
#define ROOT	10

static uint64_t events_now;

static inline struct account_id id(uint32_t tgid)
{
	return (struct account_id){.tgid = tgid, .start_ns = tgid ? tgid * 1000ULL : 0};
}

static inline int put(struct ledger *led, enum event_type type, uint32_t tgid, struct event ev)
{
	ev.type = type;
	ev.account = id(tgid);
	ev.time_ns = ++events_now;
	return ledger_apply(led, &ev);
}

static inline int put_session(struct ledger *led, enum event_source source)
{
	return put(led, EVENT_SESSION, 0,
		   (struct event){.u.session = {.source = source,
						.cpu_count = 2,
						.page_bytes = 4096,
						.version = EVENT_VERSION},
				  .text = "a command"});
}

static inline int put_tag(struct ledger *led, uint32_t tag, enum pool pool, const char *name)
{
	return put(led, EVENT_TAG, 0,
		   (struct event){.u.tag = {.tag = tag, .pool = pool, .object_bytes = UNKNOWN},
				  .text = name});
}

static inline int put_take(struct ledger *led, uint32_t take, const char *syscall)
{
	return put(led, EVENT_TAKE, 0,
		   (struct event){.u.take = {.take = take, .syscall_nr = 22}, .text = syscall});
}

static inline int put_fork(struct ledger *led, uint32_t parent, uint32_t child, uint32_t ordinal,
			   int64_t parent_private, int64_t inherited)
{
	struct event ev = {.u.fork = {.parent = id(parent),
				      .parent_private_bytes = parent_private,
				      .inherited_bytes = inherited,
				      .ordinal = ordinal}};

	memcpy(ev.u.fork.comm, "test", 5);
	return put(led, EVENT_FORK, child, ev);
}

static inline int put_exec(struct ledger *led, uint32_t tgid, int64_t dropped)
{
	return put(led, EVENT_EXEC, tgid, (struct event){.u.exec = {.dropped_bytes = dropped}});
}

static inline int put_exit(struct ledger *led, uint32_t tgid, int64_t private_bytes)
{
	return put(led, EVENT_EXIT, tgid,
		   (struct event){.u.exit = {.private_bytes = private_bytes,
					     .private_peak_bytes = private_bytes,
					     .commit_bytes = UNKNOWN,
					     .page_table_bytes = UNKNOWN,
					     .kernel_live_bytes = UNKNOWN}});
}

static inline int put_reap(struct ledger *led, uint32_t tgid)
{
	return put(led, EVENT_REAP, tgid, (struct event){.text = NULL});
}

static inline int put_amount(struct ledger *led, enum event_type type, uint32_t tgid,
			     enum pool pool, uint32_t tag, uint64_t count, int64_t bytes)
{
	return put(led, type, tgid,
		   (struct event){.u.amount = {.pool = pool,
					       .tag = tag,
					       .count = count,
					       .bytes = bytes,
					       .peak_bytes = UNKNOWN}});
}

static inline int put_gauge(struct ledger *led, uint32_t tgid, enum pool pool, uint32_t tag,
			    int64_t count, int64_t bytes)
{
	return put(
	    led, EVENT_GAUGE, tgid,
	    (struct event){.u.gauge = {.pool = pool, .tag = tag, .count = count, .bytes = bytes}});
}

/* @holder 0: no process holds it. @returned 0: open at the end. */
static inline int put_object(struct ledger *led, uint32_t tgid, enum hold hold, uint32_t holder,
			     uint32_t tag, uint32_t take, uint32_t birth, uint64_t count,
			     int64_t bytes, uint64_t returned)
{
	return put(led, EVENT_OBJECT, tgid,
		   (struct event){.u.object = {.pool = POOL_KERNEL,
					       .tag = tag,
					       .take = take,
					       .hold = hold,
					       .birth_ordinal = birth,
					       .count = count,
					       .bytes = bytes,
					       .returned_ns = returned,
					       .holder = id(holder)}});
}

static inline int put_total(struct ledger *led, enum pool pool, uint32_t tag, int64_t charged,
			    int64_t returned)
{
	return put(led, EVENT_TOTAL, 0,
		   (struct event){.u.total = {.pool = pool,
					      .tag = tag,
					      .charged_bytes = charged,
					      .returned_bytes = returned}});
}

static inline int put_alive(struct ledger *led, uint32_t tgid, bool zombie, int64_t private_bytes,
			    int64_t kernel_bytes)
{
	return put(led, EVENT_ALIVE, tgid,
		   (struct event){.u.alive = {.zombie = zombie,
					      .private_bytes = private_bytes,
					      .kernel_bytes = kernel_bytes}});
}

static inline int put_loss(struct ledger *led, enum loss kind, uint64_t count, const char *what)
{
	return put(led, EVENT_LOSS, 0,
		   (struct event){.u.loss = {.kind = kind, .count = count}, .text = what});
}

static inline int put_end(struct ledger *led)
{
	return put(led, EVENT_END, 0, (struct event){.u.end = {.status = 0}});
}

/* SESSION and the root's FORK and exec. */
static inline struct ledger *begin(enum event_source source)
{
	struct ledger *led = ledger_new();

	if (put_session(led, source) || put_fork(led, 0, ROOT, 0, 0, 0) || put_exec(led, ROOT, 0)) {
		ledger_free(led);
		return NULL;
	}
	return led;
}

/* The root forks child number @ordinal, which ends and is waited for. */
static inline int put_child(struct ledger *led, uint32_t parent, uint32_t ordinal,
			    int64_t parent_private)
{
	uint32_t child = 1000 + ordinal;

	return put_fork(led, parent, child, ordinal, parent_private, 0) ||
	       put_exit(led, child, 0) || put_reap(led, child);
}

#endif
