/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/symbol.h"
#include "source/heap/inside.h"

int blocks_blind(struct blocks *b, const struct event *at, const char *format, ...)
{
	char text[512];
	struct event ev = {.type = EVENT_BLIND, .time_ns = at->time_ns, .text = text};
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a cut note is still a note */
	va_end(args);
	return b->emit(b->emit_ctx, &ev);
}

static struct holder *holder_of(struct blocks *b, const struct account_id *id)
{
	struct holder *h = pid_table_get(&b->holders, (pid_t)id->tgid);

	return h && h->id.start_ns == id->start_ns ? h : NULL;
}

static int see_fork(struct blocks *b, const struct event *ev)
{
	const struct account_id *id = &ev->u.fork.parent;
	struct holder *h = holder_of(b, id);
	int err;

	if (!id->tgid)
		return 0;
	if (!h) {
		/* One of the same number that was not seen to end has ended. */
		free(pid_table_take(&b->holders, (pid_t)id->tgid));
		h = calloc(1, sizeof(*h));
		err = h ? pid_table_set(&b->holders, (pid_t)id->tgid, h) : -ENOMEM;
		if (err) {
			free(h);
			return err;
		}
		h->id = *id;
	}
	h->forks++;
	return 0;
}

/* The record that this process has made since its exec; -1: none. */
static int record_of(struct blocks *b, const struct holder *h, uint64_t before_ns)
{
	int newest = -1;

	for (int i = 0; i < HEAP_RECORDS; i++) {
		const struct heap_record *r = &b->preload.region->record[i];

		if (__atomic_load_n(&r->state, __ATOMIC_ACQUIRE) == HEAP_READY &&
		    r->pid == h->id.tgid && r->begun_ns >= h->exec_ns && r->begun_ns < before_ns &&
		    (newest < 0 || r->begun_ns > b->preload.region->record[newest].begun_ns))
			newest = i;
	}
	return newest;
}

static void release_of(struct blocks *b, uint32_t pid, uint64_t before_ns)
{
	for (uint32_t i = 0; i < HEAP_RECORDS; i++) {
		const struct heap_record *r = &b->preload.region->record[i];

		if (r->state == HEAP_READY && r->pid == pid && r->begun_ns < before_ns)
			sites_release(b->preload.region, i);
	}
}

static int tell_holder(struct blocks *b, const struct holder *h, const struct event *at)
{
	int record = record_of(b, h, at->time_ns);

	if (h->forks < HEAP_FORKS_MIN)
		return 0;
	if (record >= 0)
		return sites_tell(b, h, (uint32_t)record, at);
	if (b->unseen_count < BLOCKS_NAMES_MAX) {
		struct unseen *u = &b->unseen[b->unseen_count];

		u->pid = h->id.tgid;
		u->forks = h->forks;
		memcpy(u->comm, h->comm, sizeof(u->comm));
	}
	b->unseen_count++;
	return 0;
}

static void see_exec(struct blocks *b, const struct event *ev)
{
	struct holder *h = holder_of(b, &ev->account);

	if (!h)
		return;
	/* What the old program had is gone with it. */
	h->forks = 0;
	h->exec_ns = ev->time_ns;
	release_of(b, h->id.tgid, ev->time_ns);
}

static int see_exit(struct blocks *b, const struct event *ev)
{
	struct holder *h = holder_of(b, &ev->account);
	int err;

	if (!h)
		return 0;
	memcpy(h->comm, ev->u.exit.comm, sizeof(h->comm));
	err = tell_holder(b, h, ev);
	release_of(b, h->id.tgid, ev->time_ns);
	free(pid_table_take(&b->holders, (pid_t)h->id.tgid));
	return err;
}

static int tell_unseen(struct blocks *b, const struct event *at)
{
	char names[BLOCKS_NAMES_MAX * 64] = "";
	size_t used = 0;
	uint32_t i;
	int err = 0;

	for (i = 0; i < b->unseen_count && i < BLOCKS_NAMES_MAX; i++) {
		const struct unseen *u = &b->unseen[i];

		used += (size_t)snprintf(
		    names + used, sizeof(names) - used, "%s%.*s (pid %u, %u forks)", i ? ", " : "",
		    EVENT_COMM_BYTES, *u->comm ? u->comm : "?", u->pid, u->forks);
	}
	if (i < b->unseen_count)
		snprintf(names + used, sizeof(names) - used, " and %u more", b->unseen_count - i);
	if (b->unseen_count)
		err = blocks_blind(
		    b, at,
		    "Blocks were not seen by --heap in %s: the hook was not loaded "
		    "or could not report. A static or set-user-ID program, one that runs as "
		    "another user, a cleared environment, or forks not made by libc.",
		    names);
	if (!err && b->missed)
		err = blocks_blind(b, at, "%llu blocks found no room in the tables of --heap.",
				   (unsigned long long)b->missed);
	return err;
}

/* Those that live on, and what was not seen. */
static int see_end(struct blocks *b, const struct event *ev)
{
	struct holder *h;
	size_t place = 0;
	int err = 0;

	while (!err && (h = pid_table_next(&b->holders, &place)))
		err = tell_holder(b, h, ev);
	return err ? err : tell_unseen(b, ev);
}

static void see_alive(struct blocks *b, const struct event *ev)
{
	struct holder *h = holder_of(b, &ev->account);

	if (h)
		memcpy(h->comm, ev->u.alive.comm, sizeof(h->comm));
}

int blocks_emit(void *ctx, const struct event *ev)
{
	struct blocks *b = ctx;
	int err = ev->type == EVENT_END ? see_end(b, ev) : 0;

	if (!err)
		err = b->emit(b->emit_ctx, ev);
	if (err)
		return err;
	if (ev->type == EVENT_FORK)
		return see_fork(b, ev);
	if (ev->type == EVENT_EXIT)
		return see_exit(b, ev);
	if (ev->type == EVENT_EXEC)
		see_exec(b, ev);
	else if (ev->type == EVENT_ALIVE)
		see_alive(b, ev);
	return 0;
}

int blocks_new(event_fn emit, void *emit_ctx, struct blocks **ret_blocks, const char **ret_why)
{
	struct blocks *b = calloc(1, sizeof(*b));
	int err;

	*ret_why = "";
	if (!b)
		return -ENOMEM;
	b->emit = emit;
	b->emit_ctx = emit_ctx;
	err = symbolizer_new(NULL, &b->symbolizer);
	if (!err)
		err = preload_open(&b->preload, ret_why);
	if (err) {
		blocks_free(b);
		return err;
	}
	*ret_blocks = b;
	return 0;
}

void blocks_free(struct blocks *b)
{
	struct holder *h;
	size_t place = 0;

	if (!b)
		return;
	while ((h = pid_table_next(&b->holders, &place)))
		free(h);
	pid_table_done(&b->holders);
	symbolizer_free(b->symbolizer);
	preload_close(&b->preload);
	free(b);
}
