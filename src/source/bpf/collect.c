// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/collect.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/symbol.h"

#define MOVE_NS	     1000000000ull
#define PINNED_NS    2000000000ull
#define SWEEP_NS     200000000ull
#define TAKE_COPY_AT offsetof(struct event, text) /* in its record */

static uint64_t now_ns(void)
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
	ev->time_ns = now_ns();
	if (!ev->text)
		ev->text = "";
	tell(c, ev);
}

static uint32_t pool_of(uint32_t book)
{
	return book == BOOK_CACHE ? POOL_CACHE : POOL_KERNEL;
}

void collector_tag(struct collector *c, uint32_t tag)
{
	const struct tag_slot *s = tag < TAG_MAX ? &c->t->tags[tag] : NULL;
	struct event ev = {.type = EVENT_TAG, .u.tag = {.tag = tag, .pool = POOL_KERNEL}};
	char name[64] = "";

	if (c->tag_told[tag])
		return;
	c->tag_told[tag] = true;
	ev.text = name;
	if (!s) {
		snprintf(name, sizeof(name), "zombie");
		ev.u.tag.object_bytes = EVENT_UNKNOWN_BYTES;
		collector_emit(c, &ev);
		return;
	}
	ev.u.tag.pool = pool_of(s->book);
	ev.u.tag.object_bytes = s->bytes;
	switch (s->kind) {
	case TAG_SLAB:
		snprintf(name, sizeof(name), "%.*s", TAG_NAME_BYTES, s->name);
		break;
	case TAG_KMALLOC:
		snprintf(name, sizeof(name), "kmalloc-%u", s->bytes);
		break;
	case TAG_PAGE:
		snprintf(name, sizeof(name), s->bytes > 4096 ? "pages-%u" : "page", s->bytes);
		break;
	case TAG_PAGE_TABLE:
		snprintf(name, sizeof(name), "page table");
		break;
	case TAG_STACK:
		snprintf(name, sizeof(name), "kernel stack");
		break;
	case TAG_PERCPU:
		snprintf(name, sizeof(name), "percpu-%u", s->bytes);
		break;
	default:
		snprintf(name, sizeof(name), "other");
	}
	collector_emit(c, &ev);
}

static void wait_to_close(struct collector *c, uint32_t slot)
{
	if (c->shadow[slot].waits)
		return;
	c->shadow[slot].waits = true;
	c->waiting[c->waiting_count++] = slot;
}

static int on_record(void *ctx, void *data, size_t size)
{
	struct collector *c = ctx;
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
		break;
	case EVENT_THREAD:
		c->shadow[c->t->accounts[slot].alias & (TABLE_ACCOUNTS - 1)].aliases++;
		wait_to_close(c, slot);
		break;
	case EVENT_REAP:
		wait_to_close(c, slot);
		break;
	default:
		break;
	}
	if (!c->run_is_over)
		tell(c, &ev);
	return 0;
}

int64_t collector_slot(const struct collector *c, uint32_t tgid)
{
	if (tgid >= c->pid_max || !c->slot_of[tgid])
		return -1;
	if (c->t->accounts[c->slot_of[tgid] - 1].tgid != tgid)
		return -1;
	return c->slot_of[tgid] - 1;
}

static void tell_sums(struct collector *c, const struct account_id *id, uint32_t book,
		      int64_t charged, int64_t returned, int64_t peak)
{
	struct event ev = {
	    .type = EVENT_CHARGE,
	    .account = *id,
	    .u.amount = {.pool = pool_of(book), .bytes = charged, .peak_bytes = peak}};

	if (!charged && !returned)
		return;
	collector_emit(c, &ev);
	ev.type = EVENT_RETURN;
	ev.u.amount.bytes = returned;
	ev.u.amount.peak_bytes = EVENT_UNKNOWN_BYTES;
	if (returned)
		collector_emit(c, &ev);
}

static void slot_free(struct collector *c, uint32_t slot)
{
	struct account_slot *a = &c->t->accounts[slot];

	c->shadow[slot] = (struct account_shadow){};
	memset(a, 0, offsetof(struct account_slot, tgid));
	memset((char *)a + offsetof(struct account_slot, alias), 0,
	       sizeof(*a) - offsetof(struct account_slot, alias));
	a->tgid = 0;
	__atomic_store_n(&a->state, ACCOUNT_FREE, __ATOMIC_RELEASE);
}

static bool book_closed(const struct account_slot *a, int book)
{
	return __atomic_load_n(&a->charged[book], __ATOMIC_ACQUIRE) ==
	       __atomic_load_n(&a->returned[book], __ATOMIC_ACQUIRE);
}

/* A thread's charges are its process's. Only when all came back, so that none is booked later. */
static void fold_thread(struct collector *c, uint32_t slot, bool even_open)
{
	struct account_slot *a = &c->t->accounts[slot];
	struct account_slot *process = &c->t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];

	if (!even_open && (!book_closed(a, BOOK_KERNEL) || !book_closed(a, BOOK_CACHE)))
		return;
	for (int b = 0; b < BOOKS; b++) {
		__atomic_add_fetch(&process->charged[b], a->charged[b], __ATOMIC_RELAXED);
		__atomic_add_fetch(&process->returned[b], a->returned[b], __ATOMIC_RELAXED);
	}
	c->shadow[a->alias & (TABLE_ACCOUNTS - 1)].aliases--;
	if (!even_open)
		slot_free(c, slot);
}

static void close_account(struct collector *c, uint32_t slot)
{
	struct account_slot *a = &c->t->accounts[slot];
	struct account_id id = {.start_ns = a->start_ns, .tgid = a->tgid};

	tell_sums(c, &id, BOOK_KERNEL, (int64_t)a->charged[BOOK_KERNEL],
		  (int64_t)a->returned[BOOK_KERNEL], (int64_t)a->peak);
	tell_sums(c, &id, BOOK_CACHE, (int64_t)a->charged[BOOK_CACHE],
		  (int64_t)a->returned[BOOK_CACHE], EVENT_UNKNOWN_BYTES);
}

static bool can_close(const struct collector *c, uint32_t slot)
{
	const struct account_slot *a = &c->t->accounts[slot];

	return a->state == ACCOUNT_REAPED && !c->shadow[slot].aliases && !a->tombstones &&
	       book_closed(a, BOOK_KERNEL);
}

/*
 * Moves open cache charges of accounts that could be closed to the shelf, in one pass over the
 * table. A return that races with the move is booked to the old account: what the account then
 * still lacks, or has too much, is what the shelf is charged.
 */
static void move_to_shelf(struct collector *c)
{
	struct account_slot *shelf = &c->t->accounts[SHELF_SLOT];

	for (uint32_t b = 0; b < c->t->object_buckets; b++) {
		struct object_bucket *bucket = &c->t->objects[b];

		for (int i = 0; i < BUCKET_SLOTS; i++) {
			struct object_entry *e = &bucket->entry[i];

			if (bucket->key[i] && !KEY_IS_TOMBSTONE(bucket->key[i]) &&
			    c->shadow[e->account & (TABLE_ACCOUNTS - 1)].moves)
				e->account = SHELF_SLOT;
		}
	}
	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		struct account_slot *a = &c->t->accounts[slot];
		uint64_t open;

		if (!c->shadow[slot].moves)
			continue;
		open = a->charged[BOOK_CACHE] - a->returned[BOOK_CACHE];
		a->charged[BOOK_CACHE] -= open;
		__atomic_add_fetch(&shelf->charged[BOOK_CACHE], open, __ATOMIC_RELAXED);
		c->shadow[slot].moves = false;
	}
}

static void close_accounts(struct collector *c)
{
	uint64_t now = now_ns();
	bool move = now - c->moved_ns > MOVE_NS, any = false;
	size_t kept = 0;

	for (size_t i = 0; i < c->waiting_count; i++) {
		uint32_t slot = c->waiting[i];
		struct account_slot *a = &c->t->accounts[slot];

		if (a->state == ACCOUNT_ALIAS) {
			fold_thread(c, slot, false);
			if (a->state == ACCOUNT_FREE)
				continue;
		} else if (can_close(c, slot) && !book_closed(a, BOOK_CACHE)) {
			/* What it pinned may still be on its way: that is told as its own. */
			if (a->forks < JUDGE_FORKS || now - a->reap_ns > PINNED_NS)
				any |= c->shadow[slot].moves = move;
		} else if (can_close(c, slot)) {
			close_account(c, slot);
			slot_free(c, slot);
			continue;
		}
		c->waiting[kept++] = slot;
	}
	c->waiting_count = kept;
	if (any)
		move_to_shelf(c);
	if (move)
		c->moved_ns = now;
	if (c->t->tree->aborted != c->aborted_seen) {
		c->aborted_seen = c->t->tree->aborted;
		for (uint32_t slot = 2; slot < TABLE_ACCOUNTS; slot++) {
			struct account_slot *a = &c->t->accounts[slot];

			if (a->state != ACCOUNT_ABORTED)
				continue;
			if (!book_closed(a, BOOK_KERNEL) || !book_closed(a, BOOK_CACHE)) {
				c->aborted_seen--; /* look again */
				continue;
			}
			for (int b = 0; b < BOOKS; b++) {
				c->other_charged[b] += (int64_t)a->charged[b];
				c->other_returned[b] += (int64_t)a->returned[b];
			}
			slot_free(c, slot);
		}
	}
}

/* Taken by a system call that makes or uses System V IPC. */
static bool taken_for_ipc(const struct collector *c, const struct object_entry *e)
{
	int nr;

	if (!e->take)
		return false;
	nr = c->t->takes[(e->take - 1) & (TABLE_TAKES - 1)].syscall_nr;
	return nr == SYS_shmget || nr == SYS_semget || nr == SYS_msgget || nr == SYS_msgsnd ||
	       nr == SYS_semop || nr == SYS_semtimedop;
}

/* Objects of System V IPC stay by design, and what they refer to with them: their makers' pids. */
static bool left_by_ipc(const struct collector *c, const struct object_entry *e)
{
	return c->ipc_left &&
	       (taken_for_ipc(c, e) ||
		(!e->take && !strcmp(c->t->tags[e->tag & (TAG_MAX - 1)].name, "pid")));
}

/* Sockets in TIME_WAIT: how many has this network namespace? */
static uint64_t time_wait_sockets(void)
{
	char line[256], *tw;
	uint64_t n = 0;
	FILE *f = fopen("/proc/net/sockstat", "re");

	while (f && fgets(line, sizeof(line), f)) {
		tw = strstr(line, " tw ");
		if (!strncmp(line, "TCP:", 4) && tw)
			n = strtoull(tw + 4, NULL, 10);
	}
	if (f)
		fclose(f);
	return n;
}

/* A port stays taken while sockets that used it are in TIME_WAIT, for a minute: the kernel's clock
 * holds it, and gives it back. */
static bool held_by_time_wait(struct collector *c, const struct object_entry *e)
{
	struct symbol s;

	if (c->time_wait && !strncmp(c->t->tags[e->tag & (TAG_MAX - 1)].name, "tw_sock", 7))
		return true;
	return c->time_wait && e->site &&
	       symbolizer_kernel(c->symbolizer, c->text_half | e->site, true, &s) == 1 &&
	       (!strncmp(s.function, "inet_bind", 9) ||
		!strncmp(s.function, "__inet_hash_connect", 19));
}

bool collector_may_return(struct collector *c, const struct object_entry *e)
{
	uint32_t kind = c->t->tags[e->tag & (TAG_MAX - 1)].kind;

	if (!c->time_wait)
		c->time_wait = time_wait_sockets();
	return (kind == TAG_SLAB || kind == TAG_KMALLOC) && !(e->flags & OBJECT_IS_CACHE) &&
	       !taken_for_ipc(c, e) && !held_by_time_wait(c, e);
}

static void tell_object(struct collector *c, const struct object_entry *e, uint64_t returned_ns,
			enum hold hold)
{
	uint32_t slot = e->account & (TABLE_ACCOUNTS - 1), tag = e->tag & (TAG_MAX - 1);
	struct account_slot *a = &c->t->accounts[slot];
	uint32_t mark = e->flags & OBJECT_IS_MARKED ? e->mark : 0;
	struct event ev = {.type = EVENT_OBJECT};

	if (a->state == ACCOUNT_ALIAS)
		a = &c->t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];
	if (slot != SHELF_SLOT)
		ev.account = (struct account_id){.start_ns = a->start_ns, .tgid = a->tgid};
	collector_tag(c, tag);
	if (e->take)
		collector_take(c, e->take);
	ev.u.object = (struct event_object){
	    /* What goes with its holder was pinned by it: that is no cache. */
	    .pool = returned_ns || hold == HOLD_LEFT ? POOL_KERNEL
		    : held_by_time_wait(c, e)	     ? POOL_CACHE
						     : pool_of(c->t->tags[tag].book),
	    .tag = tag,
	    .take = e->take,
	    .hold = hold,
	    .birth_ordinal = e->birth,
	    .count = 1,
	    .flags = mark & MARK_BODY ? OBJECT_BODY : 0,
	    .bytes = c->t->tags[tag].bytes,
	    .returned_ns = returned_ns,
	    .site = e->site ? c->text_half | e->site : 0,
	};
	if (hold == HOLD_PROCESS)
		ev.u.object.holder = ev.account;
	ev.u.object.thing = MARK_THING(mark);
	ev.u.object.via = MARK_VIA(mark);
	ev.u.object.fd = mark && MARK_FD(mark) != MARK_NO_FD ? (int32_t)MARK_FD(mark) : -1;
	collector_emit(c, &ev);
}

static uint32_t moment_of(const struct object_entry *e)
{
	return (uint32_t)((e->take * 0x9E3779B97F4A7C15ull ^ e->birth * 0xC2B2AE3D27D4EB4Full) >>
			  40) &
	       (MOMENTS - 1);
}

/*
 * One pass over the tombstones of a book. An inode or dentry is told only with a file of the same
 * place and moment: without one it was let go before its holder's exit, and RCU was late.
 */
static void sweep_book(struct collector *c, bool cache)
{
	for (uint32_t b = 0; b < c->t->object_buckets; b++) {
		struct object_bucket *bucket = &c->t->objects[b];

		for (int i = 0; i < BUCKET_SLOTS; i++) {
			uint64_t key = __atomic_load_n(&bucket->key[i], __ATOMIC_ACQUIRE);
			struct object_entry *e = &bucket->entry[i];
			uint32_t moment = moment_of(e);
			struct account_slot *a;

			if (!KEY_IS_TOMBSTONE(key) || !(e->flags & OBJECT_IS_CACHE) == cache)
				continue;
			a = &c->t->accounts[e->account & (TABLE_ACCOUNTS - 1)];
			if (a->state == ACCOUNT_ALIAS)
				a = &c->t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];
			if (!cache)
				c->moments[moment / 8] |= (uint8_t)(1 << moment % 8);
			if (!cache || c->moments[moment / 8] >> moment % 8 & 1)
				tell_object(c, e, TOMBSTONE_NS(key), HOLD_PROCESS);
			__atomic_store_n(&bucket->key[i], 0, __ATOMIC_RELEASE);
			__atomic_sub_fetch(&a->tombstones, 1, __ATOMIC_RELAXED);
			c->swept++;
		}
	}
}

/* Tells and removes the tombstones: what went only with the exit of its holder. */
static void sweep(struct collector *c)
{
	c->swept_ns = now_ns();
	sweep_book(c, false);
	sweep_book(c, true);
}

int collector_records(struct collector *c)
{
	int n = ring_buffer__consume(c->ring);

	if (n < 0 && n != -EINTR && !c->err)
		c->err = n;
	return c->err;
}

int collector_tick(struct collector *c)
{
	collector_records(c);
	if (c->t->tree->tombstones != c->swept && now_ns() - c->swept_ns > SWEEP_NS)
		sweep(c);
	close_accounts(c);
	return c->err;
}

int64_t collector_open_bytes(const struct collector *c)
{
	int64_t open = 0;

	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		const struct account_slot *a = &c->t->accounts[slot];
		const struct account_slot *p = a;

		if (a->state == ACCOUNT_ALIAS)
			p = &c->t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];
		if (p->state == ACCOUNT_REAPED || p->state == ACCOUNT_EXITED ||
		    p->state == ACCOUNT_ABORTED)
			open += (int64_t)(a->charged[BOOK_KERNEL] - a->returned[BOOK_KERNEL]);
	}
	return open;
}

static void tell_totals(struct collector *c)
{
	for (uint32_t tag = 0; tag < TAG_MAX; tag++) {
		const struct tag_slot *s = &c->t->tags[tag];
		struct event ev = {.type = EVENT_TOTAL};
		uint64_t charged = 0, returned = 0;

		if (!s->key)
			continue;
		for (uint32_t cpu = 0; cpu < c->t->cpus; cpu++) {
			charged += c->t->counts[cpu].charged[tag];
			returned += c->t->counts[cpu].returned[tag];
		}
		collector_tag(c, tag);
		ev.u.total = (struct event_total){
		    .pool = pool_of(s->book),
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

static void tell_loss(struct collector *c, enum loss kind, uint64_t count, const char *what)
{
	struct event ev = {
	    .type = EVENT_LOSS, .u.loss = {.kind = kind, .count = count}, .text = what};

	if (count)
		collector_emit(c, &ev);
}

int collector_finish(struct collector *c, bool oracle)
{
	uint64_t missed_tasks, missed_charges;
	const struct account_id nobody = {};
	struct tree_state *tree = c->t->tree;
	uint64_t undecided = 0;

	c->time_wait = time_wait_sockets();

	collector_records(c);
	sweep(c);
	for (uint32_t b = 0; b < c->t->object_buckets; b++) {
		struct object_bucket *bucket = &c->t->objects[b];

		for (int i = 0; i < BUCKET_SLOTS; i++) {
			struct object_entry *e = &bucket->entry[i];
			uint32_t kind = c->t->tags[e->tag & (TAG_MAX - 1)].kind;
			bool can_ask = oracle && kind != TAG_PERCPU && kind != TAG_STACK;

			if (!bucket->key[i])
				continue;
			if (c->t->tags[e->tag & (TAG_MAX - 1)].book == BOOK_KERNEL && !can_ask)
				undecided++;
			tell_object(c, e, 0,
				    left_by_ipc(c, e) ? HOLD_LEFT
				    : can_ask	      ? HOLD_NONE
						      : HOLD_UNKNOWN);
		}
	}
	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		if (c->t->accounts[slot].state == ACCOUNT_ALIAS)
			fold_thread(c, slot, true);
	}
	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		struct account_slot *a = &c->t->accounts[slot];

		if (slot == SHELF_SLOT || a->state == ACCOUNT_PENDING ||
		    a->state == ACCOUNT_ABORTED) {
			for (int b = 0; b < BOOKS; b++) {
				c->other_charged[b] += (int64_t)a->charged[b];
				c->other_returned[b] += (int64_t)a->returned[b];
			}
		} else if (a->state != ACCOUNT_FREE && a->state != ACCOUNT_ALIAS) {
			close_account(c, slot);
		}
	}
	for (int b = 0; b < BOOKS; b++)
		tell_sums(c, &nobody, (uint32_t)b, c->other_charged[b], c->other_returned[b],
			  EVENT_UNKNOWN_BYTES);
	tell_totals(c);
	tell_loss(c, LOSS_RECORDS, tree->lost_records,
		  "records found no room on their way out of the kernel");
	tell_loss(c, LOSS_OBJECTS, tree->lost_objects,
		  "charges found no room in the object table (--objects makes it larger)");
	tell_loss(c, LOSS_ACCOUNTS, tree->lost_accounts,
		  "processes found no room in the account table");
	tell_loss(c, LOSS_TREE, tree->lost_tasks, "tasks found no room in the task table");
	tables_missed(c->t, &missed_tasks, &missed_charges);
	tell_loss(c, LOSS_TREE, missed_tasks,
		  "forks or exits were not seen: the program that follows them was preempted");
	tell_loss(c, LOSS_OBJECTS, missed_charges,
		  "charges were not seen: the program that books them was preempted");
	tell_loss(
	    c, LOSS_UNDECIDED, undecided,
	    "charges are open of which the kernel could not be asked whether they still live");
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
	*c = (struct collector){};
}
