// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * objects.c - the entries of the object table as events: what went only with its holder's exit (a
 * tombstone), and what is open at the end. Which of these stay by design is known here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/symbol.h"
#include "source/bpf/collect.h"

/*
 * Taken by a system call that makes System V IPC, or fills it. What semop() takes is the process's
 * own: its exit gives that back, some seconds later.
 */
static bool taken_for_ipc(const struct collector *c, const struct object_entry *e)
{
	int nr;

	if (!e->take)
		return false;
	nr = c->t->takes[(e->take - 1) & (TABLE_TAKES - 1)].syscall_nr;
	return nr == SYS_shmget || nr == SYS_semget || nr == SYS_msgget || nr == SYS_msgsnd;
}

static bool is_pid(const struct collector *c, const struct object_entry *e)
{
	return !e->take && !strcmp(c->t->tags[e->tag & (TAG_MAX - 1)].name, "pid");
}

/* Objects of System V IPC stay by design, and what they refer to with them: their makers' pids. */
static bool left_by_ipc(const struct collector *c, const struct object_entry *e)
{
	return c->ipc_left && (taken_for_ipc(c, e) || is_pid(c, e));
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
	       !taken_for_ipc(c, e) && !is_pid(c, e) && !held_by_time_wait(c, e);
}

static void tell_object(struct collector *c, const struct object_entry *e, uint64_t returned_ns,
			enum hold hold)
{
	uint32_t slot = e->account & (TABLE_ACCOUNTS - 1), tag = e->tag & (TAG_MAX - 1);
	struct account_slot *a = &c->t->accounts[slot];
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
						     : collector_pool(c->t->tags[tag].book),
	    .tag = tag,
	    .take = e->take,
	    .hold = hold,
	    .birth_ordinal = e->birth,
	    .count = 1,
	    .bytes = e->bytes,
	    .returned_ns = returned_ns,
	    .site = e->site ? c->text_half | e->site : 0,
	};
	if (hold == HOLD_PROCESS)
		ev.u.object.holder = ev.account;
	collector_emit(c, &ev);
}

static uint32_t moment_of(uint32_t what, uint32_t birth)
{
	return (uint32_t)((what * 0x9E3779B97F4A7C15ull ^ birth * 0xC2B2AE3D27D4EB4Full) >> 40) &
	       (MOMENTS - 1);
}

static void moment_set(uint8_t *moments, uint32_t moment)
{
	moments[moment / 8] |= (uint8_t)(1 << moment % 8);
}

static bool moment_is(const uint8_t *moments, uint32_t moment)
{
	return moments[moment / 8] >> moment % 8 & 1;
}

static bool taken_for_epoll(const struct collector *c, const struct object_entry *e)
{
	return e->take &&
	       c->t->takes[(e->take - 1) & (TABLE_TAKES - 1)].syscall_nr == SYS_epoll_ctl;
}

/* What may come back long after it was let go, and is never held without a file. */
static bool needs_file(const struct collector *c, const struct object_entry *e)
{
	return (e->flags & OBJECT_IS_CACHE) || taken_for_epoll(c, e);
}

/*
 * Did the holder keep the file that it belongs to? An inode or dentry has its file's place and
 * moment; what an epoll set remembers of a file, the same holder and moment, or one fork later.
 */
static bool kept_with_file(const struct collector *c, const struct object_entry *e, uint32_t holder)
{
	if (e->flags & OBJECT_IS_CACHE)
		return moment_is(c->moments, moment_of(e->take, e->birth));
	return moment_is(c->kept, moment_of(holder, e->birth)) ||
	       (e->birth && moment_is(c->kept, moment_of(holder, e->birth - 1)));
}

/*
 * One pass over the tombstones up to c->seen_ns: those that need a file, or the others. One that
 * needs a file and has none was let go before its holder's exit, and RCU was late.
 */
static void sweep_some(struct collector *c, bool with_file)
{
	for (uint32_t b = 0; b < c->t->object_buckets; b++) {
		struct object_bucket *bucket = &c->t->objects[b];

		for (int i = 0; i < BUCKET_SLOTS; i++) {
			uint64_t key = __atomic_load_n(&bucket->key[i], __ATOMIC_ACQUIRE);
			struct object_entry *e = &bucket->entry[i];
			struct account_slot *a;

			if (!KEY_IS_TOMBSTONE(key) || TOMBSTONE_NS(key) > c->seen_ns ||
			    needs_file(c, e) != with_file)
				continue;
			a = &c->t->accounts[e->account & (TABLE_ACCOUNTS - 1)];
			if (a->state == ACCOUNT_ALIAS)
				a = &c->t->accounts[a->alias & (TABLE_ACCOUNTS - 1)];
			if (!with_file) {
				moment_set(c->moments, moment_of(e->take, e->birth));
				moment_set(c->kept, moment_of(a->tgid, e->birth));
			}
			if (!with_file || kept_with_file(c, e, a->tgid))
				tell_object(c, e, TOMBSTONE_NS(key), HOLD_PROCESS);
			__atomic_store_n(&bucket->key[i], 0, __ATOMIC_RELEASE);
			__atomic_sub_fetch(&a->tombstones, 1, __ATOMIC_RELAXED);
			c->swept++;
		}
	}
}

void collector_sweep(struct collector *c)
{
	c->swept_ns = collector_now_ns();
	sweep_some(c, false);
	sweep_some(c, true);
}

static void tell_undecided(struct collector *c, uint32_t tag, uint64_t count)
{
	char what[160], name[64];

	collector_tag_name(c, tag, name, sizeof(name));
	snprintf(what, sizeof(what),
		 "charges of \"%s\" are open, and the kernel could not be asked whether they live",
		 name);
	collector_loss(c, LOSS_UNDECIDED, count, what);
}

void collector_objects_finish(struct collector *c, bool oracle)
{
	uint64_t undecided[TAG_MAX] = {0};

	c->time_wait = time_wait_sockets();
	collector_sweep(c);
	for (uint32_t b = 0; b < c->t->object_buckets; b++) {
		struct object_bucket *bucket = &c->t->objects[b];

		for (int i = 0; i < BUCKET_SLOTS; i++) {
			struct object_entry *e = &bucket->entry[i];
			uint32_t kind = c->t->tags[e->tag & (TAG_MAX - 1)].kind;
			bool can_ask = oracle && kind != TAG_PERCPU && kind != TAG_STACK;

			if (!bucket->key[i])
				continue;
			if (c->t->tags[e->tag & (TAG_MAX - 1)].book == BOOK_KERNEL && !can_ask)
				undecided[e->tag & (TAG_MAX - 1)]++;
			tell_object(c, e, 0,
				    left_by_ipc(c, e) ? HOLD_LEFT
				    : can_ask	      ? HOLD_NONE
						      : HOLD_UNKNOWN);
		}
	}
	for (uint32_t tag = 0; tag < TAG_MAX; tag++)
		tell_undecided(c, tag, undecided[tag]);
}
