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
#include "source/bpf/reach.h"

/* Its account: that of the process, not of a thread. */
static struct account_slot *account_of(const struct collector *c, const struct object_entry *e)
{
	struct account_slot *a = &c->t->accounts[e->account & (TABLE_ACCOUNTS - 1)];

	return a->state == ACCOUNT_ALIAS ? &c->t->accounts[a->alias & (TABLE_ACCOUNTS - 1)] : a;
}

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

bool collector_may_return(struct collector *c, const struct object_entry *e, uint64_t key)
{
	uint32_t kind = c->t->tags[e->tag & (TAG_MAX - 1)].kind;
	const struct walk_record *r = reach_find(c->reach, key);

	if (!c->time_wait)
		c->time_wait = time_wait_sockets();
	return (kind == TAG_SLAB || kind == TAG_KMALLOC) && !(e->flags & OBJECT_IS_CACHE) &&
	       !taken_for_ipc(c, e) && !is_pid(c, e) && !held_by_time_wait(c, e) &&
	       (!r || MARK_VIA(r->mark) == VIA_TASK);
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

/* A kind of thing for all that was taken at one place and moment, where one of it is known. */
static uint8_t *moment_thing(struct collector *c, const struct object_entry *e)
{
	if (!c->things)
		c->things = calloc(MOMENTS, 1);
	return c->things && e->take ? &c->things[moment_of(e->take, e->birth)] : NULL;
}

/* @r: how it is reached, where that is known from the walk. */
static void tell_object(struct collector *c, const struct object_entry *e, uint64_t returned_ns,
			enum hold hold, const struct walk_record *r)
{
	uint32_t slot = e->account & (TABLE_ACCOUNTS - 1), tag = e->tag & (TAG_MAX - 1);
	const struct account_slot *a = account_of(c, e);
	uint32_t mark = r ? r->mark : e->flags & OBJECT_IS_MARKED ? e->mark : 0;
	struct event ev = {.type = EVENT_OBJECT};
	char comm[EVENT_COMM_BYTES + 1];

	if (slot != SHELF_SLOT)
		ev.account = (struct account_id){.start_ns = a->start_ns, .tgid = a->tgid};
	collector_tag(c, tag);
	if (e->take)
		collector_take(c, e->take);
	else if (hold == HOLD_NONE && slot != SHELF_SLOT)
		collector_forked_at(c, slot);
	ev.u.object = (struct event_object){
	    /* What goes with its holder was pinned by it: that is no cache. */
	    .pool = hold == HOLD_PROCESS || hold == HOLD_LEFT || r ? POOL_KERNEL
		    : held_by_time_wait(c, e)			   ? POOL_CACHE
					      : collector_pool(c->t->tags[tag].book),
	    .tag = tag,
	    .take = e->take,
	    .hold = hold,
	    .birth_ordinal = e->birth,
	    .count = 1,
	    .flags = mark & MARK_BODY ? OBJECT_BODY : 0,
	    .bytes = tables_told_bytes(&c->t->tags[tag]),
	    .returned_ns = returned_ns,
	    .site = e->site ? c->text_half | e->site : 0,
	};
	if (hold == HOLD_PROCESS)
		ev.u.object.holder = ev.account;
	if (hold == HOLD_PROCESS && e->flags & OBJECT_IS_KEPT) {
		const struct account_slot *keeper = &c->t->accounts[e->site & (TABLE_ACCOUNTS - 1)];

		ev.u.object.site = 0;
		ev.u.object.holder =
		    (struct account_id){.start_ns = keeper->start_ns, .tgid = keeper->tgid};
	}
	if (hold == HOLD_PROCESS && r) {
		ev.u.object.holder = (struct account_id){.start_ns = r->start_ns, .tgid = r->tgid};
		snprintf(comm, sizeof(comm), "%.*s", EVENT_COMM_BYTES, r->comm);
		ev.text = comm;
	}
	ev.u.object.thing = MARK_THING(mark);
	ev.u.object.via = MARK_VIA(mark);
	ev.u.object.fd = mark && MARK_VIA(mark) != VIA_TASK && MARK_FD(mark) != MARK_NO_FD
			     ? (int32_t)MARK_FD(mark)
			     : -1;
	collector_emit(c, &ev);
}

bool collector_found_at_exit(const struct collector *c, const struct object_entry *e)
{
	if (!(e->flags & OBJECT_IS_MARKED) || e->flags & OBJECT_IS_NAMED)
		return false;
	/* Gone before the exit is seen: was it there at the last fork? */
	if (MARK_THING(e->mark) == THING_TIMER)
		return account_of(c, e)->state != ACCOUNT_LIVE &&
		       MARK_FD(e->mark) == (account_of(c, e)->forks & MARK_NO_FD);
	return e->flags & OBJECT_IS_KEPT ? e->flags & OBJECT_IS_HELD
					 : account_of(c, e)->forks >= JUDGE_FORKS;
}

void collector_tombstone(struct collector *c, const struct object_entry *e)
{
	struct account_slot *a = account_of(c, e);

	__atomic_add_fetch(&c->t->tree->tombstones, 1, __ATOMIC_RELAXED);
	__atomic_add_fetch(&a->tombstones, 1, __ATOMIC_RELAXED);
	if (e->flags & OBJECT_IS_KEPT)
		__atomic_add_fetch(&c->t->accounts[e->site & (TABLE_ACCOUNTS - 1)].tombstones, 1,
				   __ATOMIC_RELAXED);
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
			a = account_of(c, e);
			if (!with_file) {
				moment_set(c->moments, moment_of(e->take, e->birth));
				moment_set(c->kept, moment_of(a->tgid, e->birth));
			}
			if (!(e->flags & OBJECT_IS_REACHED) &&
			    (!with_file || e->flags & OBJECT_IS_MARKED ||
			     kept_with_file(c, e, a->tgid)))
				tell_object(c, e, TOMBSTONE_NS(key), HOLD_PROCESS, NULL);
			if (e->flags & OBJECT_IS_KEPT)
				__atomic_sub_fetch(
				    &c->t->accounts[e->site & (TABLE_ACCOUNTS - 1)].tombstones, 1,
				    __ATOMIC_RELAXED);
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

/* Charges of processes that are gone, or of others, which a living process reaches. */
static bool is_handed_on(const struct collector *c, const struct object_entry *e,
			 const struct walk_record *r)
{
	const struct account_slot *a = account_of(c, e);

	return r && r->tgid && MARK_VIA(r->mark) != VIA_TASK &&
	       (a->tgid != r->tgid || a->start_ns != r->start_ns);
}

static int by_holder(const void *a, const void *b)
{
	const struct handed *x = a, *y = b;

	return x->reached.tgid != y->reached.tgid ? x->reached.tgid < y->reached.tgid ? -1 : 1
	       : x->position != y->position	  ? x->position < y->position ? -1 : 1
						  : 0;
}

void collector_note_handed(struct collector *c)
{
	size_t room = 0;

	for (uint32_t b = 0; b < c->t->object_buckets; b++) {
		for (uint32_t i = 0; i < BUCKET_SLOTS; i++) {
			struct object_entry *e = &c->t->objects[b].entry[i];
			uint64_t key = c->t->objects[b].key[i];
			const struct walk_record *r = NULL;
			struct handed *h;

			if (key && !KEY_IS_TOMBSTONE(key))
				r = reach_find(c->reach, key);
			if (!is_handed_on(c, e, r))
				continue;
			if (c->handed_count == room) {
				room = room ? room * 2 : 256;
				h = realloc(c->handed, room * sizeof(*h));
				if (!h)
					return; /* they are told as their maker's */
				c->handed = h;
			}
			e->flags |= OBJECT_IS_REACHED;
			c->handed[c->handed_count++] =
			    (struct handed){.key = key,
					    .position = b * BUCKET_SLOTS + i,
					    .entry = *e,
					    .reached = *r};
		}
	}
	if (c->handed_count)
		qsort(c->handed, c->handed_count, sizeof(*c->handed), by_holder);
}

void collector_tell_handed(struct collector *c)
{
	uint64_t now = collector_now_ns();

	for (size_t i = 0, end; i < c->handed_count; i = end) {
		for (end = i + 1; end < c->handed_count &&
				  c->handed[end].reached.tgid == c->handed[i].reached.tgid;
		     end++)
			;
		/* What each of many holds once is theirs: they are told as processes. */
		for (size_t k = i; k < end && end - i >= REACH_FEW; k++) {
			const struct handed *h = &c->handed[k];

			if (c->t->objects[h->position / BUCKET_SLOTS]
				.key[h->position % BUCKET_SLOTS] != h->key)
				tell_object(c, &h->entry, now, HOLD_PROCESS, &h->reached);
		}
	}
	free(c->handed);
	c->handed = NULL;
	c->handed_count = 0;
}

/* What a name keeps, told as a whole: its objects are told as well and are its parts. */
static void tell_names(struct collector *c)
{
	bool told[THING_KINDS] = {};

	for (size_t i = 0; i < c->reach->name_count; i++) {
		const struct reach_name *n = &c->reach->names[i];
		const struct object_entry *e = &c->t->objects[n->bucket].entry[n->slot];
		const struct walk_record *r =
		    reach_find(c->reach, c->t->objects[n->bucket].key[n->slot]);
		bool memory = n->thing == THING_SHM_FILE || n->thing == THING_SEM_FILE ||
			      n->thing == THING_TMPFS_FILE;
		struct event tag = {.type = EVENT_TAG, .text = thing_name(n->thing)};
		struct event ev = {.type = EVENT_LEFT, .text = n->text};

		if (r && r->tgid)
			continue; /* somebody has it open */
		if (moment_thing(c, e))
			*moment_thing(c, e) = (uint8_t)n->thing;
		tag.u.tag = (struct event_tag){.tag = TAG_THINGS + n->thing,
					       .pool = memory ? POOL_SHARED : POOL_KERNEL,
					       .object_bytes = EVENT_UNKNOWN_BYTES};
		if (!told[n->thing])
			collector_emit(c, &tag);
		told[n->thing] = true;
		ev.u.left = (struct event_left){
		    .pool = tag.u.tag.pool,
		    .tag = tag.u.tag.tag,
		    .id = (uint32_t)n->id,
		    .birth_ordinal = e->birth,
		    .bytes = memory ? (int64_t)(n->pages * c->t->page_bytes) : EVENT_UNKNOWN_BYTES,
		    .kernel_bytes = e->flags & OBJECT_IS_NAMED
					? tables_told_bytes(&c->t->tags[e->tag & (TAG_MAX - 1)])
					: EVENT_UNKNOWN_BYTES,
		    .take = e->take,
		};
		if (e->take)
			collector_take(c, e->take);
		collector_emit(c, &ev);
	}
}

static enum hold hold_of(struct collector *c, const struct object_entry *e, uint64_t key,
			 const struct walk_record *r, bool can_ask, struct walk_record *beside)
{
	const uint8_t *thing = moment_thing(c, e);

	if (r && r->tgid)
		return HOLD_PROCESS;
	if (thing && *thing) {
		beside->mark = MARK(*thing, VIA_NAME, MARK_NO_FD);
		return HOLD_LEFT;
	}
	if (r || left_by_ipc(c, e))
		return HOLD_LEFT;
	if (can_ask && (reach_knows(c->reach, &c->t->tags[e->tag & (TAG_MAX - 1)]) ||
			reach_lost(c->reach, key)))
		return HOLD_NONE;
	/* Its holder let go of it in its exit, and the kernel is late. */
	return collector_found_at_exit(c, e) ? HOLD_PROCESS : HOLD_UNKNOWN;
}

static bool lives(const struct collector *c, const struct object_entry *e)
{
	return account_of(c, e)->state == ACCOUNT_LIVE;
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
	tell_names(c);
	for (uint32_t b = 0; b < c->t->object_buckets; b++) {
		struct object_bucket *bucket = &c->t->objects[b];

		for (int i = 0; i < BUCKET_SLOTS; i++) {
			struct object_entry *e = &bucket->entry[i];
			uint32_t kind = c->t->tags[e->tag & (TAG_MAX - 1)].kind;
			bool can_ask = oracle && kind != TAG_PERCPU && kind != TAG_STACK;
			const struct walk_record *r;
			struct walk_record beside = {};
			enum hold hold;

			if (!bucket->key[i])
				continue;
			/*
			 * What has a name is told by it, and is not for its maker to return.
			 * Without one it ended already; but was it looked for?
			 */
			if (e->flags & OBJECT_IS_NAMED) {
				if (c->reach->failed && e->flags & OBJECT_IS_UNCHARGED)
					undecided[e->tag & (TAG_MAX - 1)]++;
				continue;
			}
			r = reach_find(c->reach, bucket->key[i]);
			hold = hold_of(c, e, bucket->key[i], r, can_ask, &beside);
			if (c->t->tags[e->tag & (TAG_MAX - 1)].book == BOOK_KERNEL && !can_ask &&
			    !(e->flags & OBJECT_IS_UNCHARGED) && hold == HOLD_UNKNOWN &&
			    !lives(c, e))
				undecided[e->tag & (TAG_MAX - 1)]++;
			tell_object(c, e, 0, hold, beside.mark ? &beside : r);
		}
	}
	for (uint32_t tag = 0; tag < TAG_MAX; tag++)
		tell_undecided(c, tag, undecided[tag]);
}
