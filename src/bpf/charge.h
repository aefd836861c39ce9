/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * charge.h - books one allocation to a process, and its return to the same.
 *
 * Only what the kernel itself charges (__GFP_ACCOUNT, SLAB_ACCOUNT) is booked; why is said in
 * doc/decision/. A return is found by address alone, from whatever context it comes.
 */
#ifndef FORKTALLY_CHARGE_H
#define FORKTALLY_CHARGE_H

#include "tables.h"

static __always_inline __u32 stack_page(__u64 address)
{
	return address >> 12;
}

/* The running task of the tree, if an allocation made here is made for it; else NULL. */
static __always_inline struct task_entry *taker_here(void *ctx)
{
	struct task_place me;

	if (!task_find(bpf_get_current_task(), &me) || tree.closed)
		return NULL;
	/* An interrupt runs on a stack of its own: what it takes is not for this task. */
	if (stack_page(number_here(ctx)) - me.entry->stack_page >= stack_bytes >> 12) {
		add(&tree.irq_skipped, 1);
		return NULL;
	}
	return me.entry;
}

/* The slab cache that an object lies in, found by its address; 0: not known. */
static __always_inline __u64 cache_at(__u64 object)
{
	if (!page_base)
		return 0;
	return cache_of(head_of(page_base + (object >> page_shift) * page_struct_bytes));
}

/* Its flags; 0: not known. */
static __always_inline __u32 cache_flags(__u64 object)
{
	__u64 cache = cache_at(object);
	__u32 flags = 0;

	bpf_probe_read_kernel(&flags, sizeof(flags),
			      (void *)(cache + bpf_core_field_offset(struct kmem_cache, flags)));
	return flags;
}

struct take_record {
	struct event event;
	struct take_copy copy;
};

/*
 * Tells that a take is new, with the registers and as much of the stack as there is: its lowest
 * pages up to where the process began, or to what cannot be read. A copy never fills the ring:
 * without one, the take has what a walk by frame pointers finds.
 * Wakes user space at once: the maps of a process can be read only while it lives.
 * A global function: it is verified once for each program, not once for each way to get here.
 */
__noinline int take_record(__u32 account, __u32 slot)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_regs(task);
	struct account_slot *a = account_at(account);
	__u64 end = READ(task, mm) ? READ(task, mm, start_stack) : 0, sp = REGS_SP(regs);
	struct take_record *r = NULL;
	struct event *ev;

	if (!a)
		return 0;
	if (bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) <
	    bpf_ringbuf_query(&records, BPF_RB_RING_SIZE) / 2)
		r = bpf_ringbuf_reserve(&records, sizeof(*r), 0);
	if (!r) {
		ev = record_new(EVENT_TAKE, a);
		if (!ev)
			return 0;
		ev->u.take.take = slot + 1;
		bpf_ringbuf_submit(ev, BPF_RB_FORCE_WAKEUP);
		return 0;
	}
	record_fill(&r->event, EVENT_TAKE, a);
	r->event.u.take.take = slot + 1;
	__builtin_memset(r->copy.reg, 0, sizeof(r->copy.reg));
	r->copy.pc = REGS_IP(regs);
	r->copy.known = REGS_KNOWN;
	REGS_SAVE(regs, r->copy.reg);
	r->copy.stack = sp & -(__u64)TAKE_STACK_CHUNK;
	r->copy.bytes = 0;
	r->copy.pad = 0;
	if (sp >= end) /* a stack of its own, or none known: read what can be read */
		end = -1ull;
	for (int i = 0; i < TAKE_STACK_BYTES / TAKE_STACK_CHUNK; i++) {
		__u64 from = r->copy.stack + i * TAKE_STACK_CHUNK;

		if (from >= end || bpf_probe_read_user(&r->copy.data[i * TAKE_STACK_CHUNK],
						       TAKE_STACK_CHUNK, (void *)from))
			break;
		r->copy.bytes += TAKE_STACK_CHUNK;
	}
	bpf_ringbuf_submit(r, BPF_RB_FORCE_WAKEUP);
	return 0;
}

/* A take's slot, made at its first use with the stacks of kernel and user. Returns slot + 1. */
static __noinline __u32 take_far(void *ctx, __u64 key, __s32 nr, __u32 account, __u64 sp)
{
	__u32 at = key >> 40;

	for (int i = 0; i < 8; i++) {
		__u32 slot = (at + i) & take_mask;
		struct take_slot *take = bpf_map_lookup_elem(&takes, &slot);
		struct account_slot *a;

		if (!take)
			return 0;
		if (take->key == key)
			return slot + 1;
		if (!take->key && nr < 0) {
			if (tree.fault_takes > take_mask / 4)
				break;
			add(&tree.fault_takes, 1);
		}
		if (take->key || !CLAIM(&take->key, key, slot))
			continue;
		take->syscall_nr = nr;
		take->account = account;
		take->kernel_bytes = bpf_get_stack(ctx, take->kernel, sizeof(take->kernel), 0);
		take->user_bytes =
		    bpf_get_stack(ctx, take->user, sizeof(take->user), BPF_F_USER_STACK);
		bpf_probe_read_user(&take->user_top, sizeof(take->user_top), (void *)sp);
		a = account_at(account);
		if (a) {
			take->start_ns = a->start_ns;
			take_record(account, slot);
		}
		return slot + 1;
	}
	add(&tree.lost_takes, 1);
	return 0;
}

/*
 * The user code that runs, as a number + 1 (0: none). Its stack is walked only once: afterwards the
 * same system call from the same instruction at the same stack depth is the same take.
 * nr: the system call, -1 for a page fault.
 */
static __always_inline __u32 take_at(void *ctx, struct task_entry *te, struct task_struct *task,
				     struct pt_regs *regs, __s32 nr)
{
	struct mm_struct *mm = READ(task, mm);
	__u64 key, sp;

	/* Inside exec the new memory meets the old registers: no two runs of it would be alike. */
	if (!mm || nr == NR_EXECVE || nr == NR_EXECVEAT)
		return 0;
	sp = REGS_SP(regs);
	key = ((READ(mm, start_stack) - sp) << 12) ^ (REGS_IP(regs) & 0xfff) ^ COMM_WORD(task) ^
	      ((__u64)nr << 48);
	key = (key * 0x9E3779B97F4A7C15ull) | 1;
	if (key != te->take_key) {
		te->take = take_far(ctx, key, nr, te->account, sp);
		te->take_key = key;
	}
	return te->take;
}

/* Of a system call: what a page fault takes for the kernel's own use has no place. */
static __always_inline __u32 take_here(void *ctx, struct task_entry *te)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = user_regs(task);
	__s32 nr = REGS_SYSCALL(regs);

	return nr < 0 ? 0 : take_at(ctx, te, task, regs, nr);
}

__noinline int evict(__u64 key);

/* Books one object of tag at address key to slot. NULL: no room. */
static __always_inline struct object_entry *charge(__u32 slot, __u64 key, __u32 tag, __u32 take,
						   __u64 site)
{
	struct account_slot *a = account_at(slot);
	struct tag_slot *t = &tags[tag & (TAG_MAX - 1)];
	struct tag_counts *c = counts_here();
	struct object_entry *e;
	__u32 book = t->book & 1;
	__u64 open;

	if (!a || !c)
		return NULL;
	if (!ever_charged(key))
		note_charged(key);
	e = object_claim_new(key);
	if (!e) {
		struct object_place old;

		if (object_find(key, &old))
			evict(key);
		e = object_claim(key);
	}
	if (!e) {
		add(&tree.lost_objects, 1);
		return NULL;
	}
	e->account = slot;
	e->take = take;
	e->site = site;
	e->birth = tree.ordinal;
	e->bytes = t->bytes;
	e->tag = tag;
	e->flags = book ? OBJECT_IS_CACHE : 0;
	count_charged(&c->charged[tag & (TAG_MAX - 1)]);
	open = ADD_FETCH(&a->charged[book], t->bytes) - a->returned[book];
	if (book == BOOK_KERNEL && open > a->peak)
		a->peak = open;
	return e;
}

/* The slot that pays for what te takes now: its own, or of the child it is just making. */
static __always_inline __u32 payer(struct task_entry *te)
{
	struct account_slot *child;

	if (te->pending) {
		child = account_at(te->pending - 1);
		if (child && child->state == ACCOUNT_PENDING)
			return te->pending - 1;
		te->pending = 0;
	}
	return te->account;
}

static __always_inline struct object_entry *charge_to_taker(void *ctx, struct task_entry *te,
							    __u64 key, __u32 tag, __u64 site)
{
	__u32 slot = payer(te);
	struct object_entry *e = charge(slot, key, tag, te->pending ? 0 : take_here(ctx, te), site);

	if (e && te->pending)
		e->flags |= OBJECT_IS_FORKED;
	return e;
}

/* The kind of an object that the kernel charges to nobody; 0: it is not counted. */
static __always_inline __u32 uncharged_kind(__u64 site)
{
	return site == lock_site ? TAG_LOCK : site == key_site ? TAG_KEY : 0;
}

/* Counts such an object for the process: a thread may be gone while it stays. */
static __always_inline int count_uncharged(void *ctx, struct task_entry *te, __u64 key, __u32 kind,
					   __u32 bytes, __u64 site)
{
	struct account_slot *a = account_at(te->account);
	struct object_entry *e;
	__u32 slot;

	if (!a)
		return 0;
	slot = a->alias;
	a = account_at(slot);
	e = charge(slot, key, tag_of((__u64)kind << 32, kind, bytes, BOOK_KERNEL),
		   take_here(ctx, te), site);
	if (!a || !e)
		return 0;
	e->flags |= OBJECT_IS_UNCHARGED | (kind == TAG_LOCK ? 0 : OBJECT_IS_NAMED);
	__sync_fetch_and_add(&a->uncharged, 1);
	return 0;
}

/* A new slot for the child of a fork that has just begun. Returns slot + 1, 0: no room. */
__noinline __u32 account_new(void)
{
	for (int i = 0; i < 16; i++) {
		__u32 slot = (ADD_FETCH(&tree.next_account, 1) - 1) & account_mask;
		struct account_slot *a = account_at(slot);

		if (!a || a->state != ACCOUNT_FREE || !CLAIM(&a->state, ACCOUNT_PENDING, slot))
			continue;
		a->alias = slot;
		return slot + 1;
	}
	add(&tree.lost_accounts, 1);
	return 0;
}

__noinline int account_reaped(__u32 slot)
{
	struct account_slot *a = account_at(slot);
	struct event *ev;

	if (!a || !CHANGE(&a->state, ACCOUNT_EXITED, ACCOUNT_REAPED))
		return 0;
	__sync_fetch_and_add(&tree.alive, -1);
	if (a->forks >= judge_forks)
		__sync_fetch_and_add(&tree.holders_exiting, -1);
	ev = record_new(EVENT_REAP, a);
	if (ev) {
		a->reap_ns = ev->time_ns;
		record_submit(ev);
	}
	return 0;
}

/*
 * A holder that forked and now exits gives back what it held: that is not the answer to whether
 * the children's charges came back, so these objects are kept as tombstones for user space.
 */
static __always_inline bool returned_late(const struct account_slot *a)
{
	return a->state >= ACCOUNT_EXITED && a->state <= ACCOUNT_REAPED && a->forks >= judge_forks;
}

/*
 * What a child took may be held by its parent (data in a pipe): when the parent gives it back in
 * its exit, it was the holder. Returns its slot + 1, 0: nobody exits here, or an interrupt runs
 * above.
 */
static __noinline __u32 heir_here(void *ctx)
{
	struct task_entry *te = taker_here(ctx);
	struct account_slot *a;

	if (!te)
		return 0;
	a = account_at(te->account);
	return a && returned_late(a) ? te->account + 1 : 0;
}

static __always_inline void give_back(void *ctx, __u64 key, bool second)
{
	struct object_place p;
	struct account_slot *slot, *a, *keeper;
	struct tag_counts *c;
	__u64 left_behind = 0;
	__u16 flags, tag;
	__u32 bytes, heir, own;

	if (!ever_charged(key) || !key || !object_find(key, &p))
		return;
	own = p.entry->account;
	a = slot = account_at(own);
	c = counts_here();
	if (!a || !c)
		return;
	bytes = p.entry->bytes; /* before the flags, which say whether they are bytes */
	tag = p.entry->tag & (TAG_MAX - 1);
	flags = p.entry->flags;
	if (flags & OBJECT_IS_MARKED)
		bytes = tags[tag].bytes;
	if (a->state == ACCOUNT_ALIAS) {
		a = account_at(a->alias);
		if (!a)
			return;
	}
	if (flags & OBJECT_IS_NAMED) {
		/* who took it does not hold it */
	} else if (returned_late(a) || flags & OBJECT_IS_HELD) {
		left_behind = TOMBSTONE(bpf_ktime_get_boot_ns());
	} else if (tree.holders_exiting && ctx && a->state != ACCOUNT_LIVE) {
		heir = heir_here(ctx);
		if (heir) {
			a = account_at(heir - 1);
			if (!a)
				return;
			p.entry->account = heir - 1;
			left_behind = TOMBSTONE(bpf_ktime_get_boot_ns());
		}
	}
	if (!CHANGE(p.key, key, left_behind))
		return;
	if (left_behind) {
		add(&tree.tombstones, 1);
		__sync_fetch_and_add(&a->tombstones, 1);
		keeper = flags & OBJECT_IS_KEPT ? account_at(p.entry->site) : NULL;
		if (keeper)
			__sync_fetch_and_add(&keeper->tombstones, 1);
	}
	if (p.spilled)
		add(p.spilled, -1);
	add(&c->returned[tag], 1);
	add(&slot->returned[flags & OBJECT_IS_CACHE ? BOOK_CACHE : BOOK_KERNEL], bytes);
	if (flags & OBJECT_IS_UNCHARGED)
		__sync_fetch_and_add(&slot->uncharged, -1);
	if (second)
		add(&tree.second, 1);
	if (flags & OBJECT_IS_SIGHAND)
		account_reaped(slot->state == ACCOUNT_ALIAS ? slot->alias : own);
	if ((flags & OBJECT_IS_TASK) && slot->state == ACCOUNT_PENDING) {
		slot->state = ACCOUNT_ABORTED;
		add(&tree.aborted, 1);
	}
}

/* An address is handed out again: its return was not seen, and happened. */
__noinline int evict(__u64 key)
{
	add(&tree.evicted, 1);
	give_back(NULL, key, false);
	return 0;
}

#endif
