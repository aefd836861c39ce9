// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/collect.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/symbol.h"

#define SWEEP_NS     200000000ull
#define TAKE_COPY_AT offsetof(struct event, text) /* in its record */

uint64_t collector_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

static void tell(struct collector *c, const struct event *ev)
{
	int err;

	if (c->err)
		return;
	err = c->emit(c->emit_ctx, ev);
	if (err)
		c->err = err;
}

void collector_emit(struct collector *c, struct event *ev)
{
	ev->time_ns = collector_now_ns();
	if (!ev->text)
		ev->text = "";
	tell(c, ev);
}

void collector_tag_name(const struct collector *c, uint32_t tag, char *name, size_t size)
{
	const struct tag_slot *s = &c->t->tags[tag & (TAG_MAX - 1)];

	switch (tag < TAG_MAX ? s->kind : 0) {
	case TAG_SLAB:
		snprintf(name, size, "%.*s", TAG_NAME_BYTES, s->name);
		break;
	case TAG_KMALLOC:
		snprintf(name, size, "kmalloc-%s%u", s->book == BOOK_CACHE ? "rcl-" : "",
			 tables_object_size(c->t, s));
		break;
	case TAG_PAGE:
		snprintf(name, size, s->bytes > 4096 ? "pages-%u" : "page", s->bytes);
		break;
	case TAG_PAGE_TABLE:
		snprintf(name, size, "page table");
		break;
	case TAG_STACK:
		snprintf(name, size, "kernel stack");
		break;
	case TAG_LOCK:
		snprintf(name, size, "file_lock_cache");
		break;
	case TAG_KEY:
		snprintf(name, size, "key_jar");
		break;
	case TAG_CGROUP:
		snprintf(name, size, "cgroup");
		break;
	case TAG_PERCPU:
		snprintf(name, size, "percpu-%u", s->bytes);
		break;
	default:
		snprintf(name, size, "%s",
			 tag < TAG_MAX			  ? "other"
			 : tag == TAG_MAX + LEVEL_LOCKED  ? "mlock"
			 : tag == TAG_MAX + LEVEL_TIMERS  ? "timer"
			 : tag == TAG_MAX + LEVEL_THREADS ? "threads"
			 : tag == TAG_BRK		  ? "brk"
			 : tag == TAG_MMAP		  ? "mmap"
							  : "zombie");
	}
}

void collector_tag(struct collector *c, uint32_t tag)
{
	struct event ev = {.type = EVENT_TAG, .u.tag = {.tag = tag, .pool = POOL_KERNEL}};
	char name[64];

	if (c->tag_told[tag])
		return;
	c->tag_told[tag] = true;
	collector_tag_name(c, tag, name, sizeof(name));
	ev.text = name;
	if (tag == TAG_MAX + LEVEL_LOCKED || tag == TAG_BRK || tag == TAG_MMAP)
		ev.u.tag.pool = POOL_PRIVATE;
	ev.u.tag.object_bytes = EVENT_UNKNOWN_BYTES;
	if (tag < TAG_MAX) {
		ev.u.tag.pool = collector_pool(c->t->tags[tag].book);
		ev.u.tag.object_bytes = tables_told_bytes(&c->t->tags[tag]);
		ev.u.tag.flags = TAG_IS_UNCHARGED(c->t->tags[tag].kind) ? TAG_UNACCOUNTED : 0;
	}
	collector_emit(c, &ev);
}

void collector_forked_at(struct collector *c, uint32_t slot)
{
	if (c->shadow[slot].forked_at)
		collector_take(c, c->shadow[slot].forked_at);
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct collector *c = ctx;
	struct account_shadow *process;
	struct event ev = {};
	uint32_t slot;

	memcpy(&ev, data,
	       size < offsetof(struct event, text) ? size : offsetof(struct event, text));
	ev.text = "";
	slot = ev.pad & (TABLE_ACCOUNTS - 1);
	ev.pad = 0;
	switch (ev.type) {
	case EVENT_TAKE:
		collector_take_seen(c, ev.u.take.take, &ev.account,
				    size >= TAKE_COPY_AT + sizeof(struct take_copy)
					? (const void *)((const char *)data + TAKE_COPY_AT)
					: NULL);
		return 0;
	case EVENT_FORK:
		if (ev.account.tgid < c->pid_max)
			c->slot_of[ev.account.tgid] = slot + 1;
		c->shadow[slot].forked_at = ev.u.fork.take;
		break;
	case EVENT_THREAD:
		process = &c->shadow[c->t->accounts[slot].alias & (TABLE_ACCOUNTS - 1)];
		process->aliases++;
		process->thread_bytes = c->t->accounts[slot].charged[BOOK_KERNEL];
		collector_account_waits(c, slot);
		break;
	case EVENT_EXIT:
		if (slot == 0) {
			c->root_exited = true;
			c->root_status = ev.u.exit.status;
		}
		if (ev.u.exit.outlived)
			collector_forked_at(c, slot);
		break;
	case EVENT_REAP:
		collector_account_waits(c, slot);
		break;
	case EVENT_GAUGE:
		collector_tag(c, ev.u.gauge.tag);
		if (ev.u.gauge.tag == TAG_MAX + LEVEL_THREADS)
			ev.u.gauge.bytes = ev.u.gauge.count * (int64_t)c->shadow[slot].thread_bytes;
		break;
	default:
		break;
	}
	if (!c->run_is_over)
		tell(c, &ev);
	if (!c->run_is_over && ev.type == EVENT_EXIT)
		collector_grown(c, slot, ev.time_ns);
	return 0;
}

int collector_records(struct collector *c)
{
	uint64_t now = collector_now_ns();
	int n = ring_buffer__consume(c->ring);

	c->seen_ns = now;
	if (n < 0 && n != -EINTR && !c->err)
		c->err = n;
	return c->err;
}

int collector_tick(struct collector *c)
{
	collector_records(c);
	if (c->t->tree->tombstones != c->swept && collector_now_ns() - c->swept_ns > SWEEP_NS)
		collector_sweep(c);
	collector_accounts_close(c);
	return c->err;
}

static void tell_totals(struct collector *c)
{
	for (uint32_t tag = 0; tag < TAG_MAX; tag++) {
		const struct tag_slot *s = &c->t->tags[tag];
		struct event ev = {.type = EVENT_TOTAL};
		uint64_t charged = 0, returned = 0;

		if (!s->key || TAG_IS_UNCHARGED(s->kind))
			continue;
		for (uint32_t cpu = 0; cpu < c->t->cpus; cpu++) {
			charged += c->t->counts[cpu].charged[tag];
			returned += c->t->counts[cpu].returned[tag];
		}
		collector_tag(c, tag);
		ev.u.total = (struct event_total){
		    .pool = collector_pool(s->book),
		    .tag = tag,
		    .charged_count = charged,
		    .returned_count = returned,
		    .charged_bytes = (int64_t)(charged * s->bytes),
		    .returned_bytes = (int64_t)(returned * s->bytes),
		    .asked_count = c->asked[tag],
		};
		collector_emit(c, &ev);
	}
}

void collector_loss(struct collector *c, enum loss kind, uint64_t count, const char *what)
{
	struct event ev = {
	    .type = EVENT_LOSS, .u.loss = {.kind = kind, .count = count}, .text = what};

	if (count)
		collector_emit(c, &ev);
}

int collector_finish(struct collector *c, bool oracle)
{
	uint64_t missed_tasks, missed_charges;
	struct tree_state *tree = c->t->tree;

	collector_records(c);
	collector_objects_finish(c, oracle);
	collector_grown_finish(c);
	collector_accounts_finish(c);
	tell_totals(c);
	collector_loss(c, LOSS_RECORDS, tree->lost_records,
		       "records found no room on their way out of the kernel");
	collector_loss(c, LOSS_OBJECTS, tree->lost_objects,
		       "charges found no room in the object table (--objects makes it larger)");
	collector_loss(c, LOSS_ACCOUNTS, tree->lost_accounts,
		       "processes found no room in the account table");
	collector_loss(c, LOSS_TREE, tree->lost_tasks, "tasks found no room in the task table");
	tables_missed(c->t, &missed_tasks, &missed_charges);
	collector_loss(c, LOSS_TREE, missed_tasks,
		       "forks or exits were not seen: the program that follows them was preempted");
	collector_loss(c, LOSS_OBJECTS, missed_charges,
		       "charges were not seen: the program that books them was preempted");
	return c->err;
}

static uint32_t read_pid_max(void)
{
	uint32_t max = 4194304;
	FILE *f = fopen("/proc/sys/kernel/pid_max", "re");

	if (f && fscanf(f, "%" SCNu32, &max) != 1)
		max = 4194304;
	if (f)
		fclose(f);
	return max + 1;
}

int collector_open(struct collector *c, struct tables *t, event_fn emit, void *ctx)
{
	int err;

	*c = (struct collector){.t = t, .emit = emit, .emit_ctx = ctx};
	c->pid_max = read_pid_max();
	c->shadow = calloc(TABLE_ACCOUNTS, sizeof(*c->shadow));
	c->waiting = calloc(TABLE_ACCOUNTS, sizeof(*c->waiting));
	c->slot_of = calloc(c->pid_max, sizeof(*c->slot_of));
	c->ring = ring_buffer__new(t->records_fd, on_record, c, NULL);
	err = symbolizer_new(NULL, &c->symbolizer);
	if (err || !c->shadow || !c->waiting || !c->slot_of || !c->ring) {
		collector_close(c);
		return err ? err : -ENOMEM;
	}
	t->accounts[SHELF_SLOT].state = ACCOUNT_LIVE;
	return 0;
}

void collector_close(struct collector *c)
{
	collector_takes_close(c);
	ring_buffer__free(c->ring);
	symbolizer_free(c->symbolizer);
	free(c->shadow);
	free(c->waiting);
	free(c->slot_of);
	free(c->handed);
	free(c->things);
	*c = (struct collector){};
}
