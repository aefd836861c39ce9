/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * grow.h - where the private memory of a process that forks was taken: by which code its pages were
 * touched first, or filled by the kernel. doc/decision/0024-where-private-memory-grew.md.
 *
 * Only pages given to a holder are noted; anybody else's end at one load. Whether a noted page is
 * still there is looked up at some forks, ever farther apart, and for those noted since at exit.
 */
#ifndef FORKTALLY_GROW_H
#define FORKTALLY_GROW_H

#include "charge.h"

/* How many holders there are with this lower part of a process id. Seldom written. */
#define GROWERS 256
__u32 growers[GROWERS] __attribute__((section(".data.growers")));

static __always_inline void grow_begin(__u32 tgid)
{
	if (HAS_LOOP)
		__sync_fetch_and_add(&growers[tgid & (GROWERS - 1)], 1);
}

static __always_inline void grow_end(__u32 tgid)
{
	if (HAS_LOOP)
		__sync_fetch_and_add(&growers[tgid & (GROWERS - 1)], -1);
}

/* Pages often come in a row, which a table's hash leaves side by side. */
static __always_inline __u32 grown_home(__u64 page)
{
	__u32 hash = hash_of(page >> 6) * 0x85EBCA6Bu;

	return hash ^ hash >> 15;
}

static __always_inline struct grown_page *grown_at(__u32 at)
{
	return bpf_map_lookup_elem(&grown, &at);
}

/* The entry of a page that is noted already: it came back, and is given out again. */
static __always_inline struct grown_page *grown_find(__u64 page)
{
	for (__u32 bits = GROWN_BITS_MIN; bits <= GROWN_BITS_MAX && bits <= tree.grown_bits;
	     bits++) {
		for (__u32 i = 0; i < GROWN_PROBES; i++) {
			__u32 at = (grown_home(page) + i) & ((1u << bits) - 1);
			struct grown_page *e = grown_at(at);

			if (e && e->page == page)
				return e;
		}
	}
	return NULL;
}

/* Where all its places are taken, twice as many entries come into use. */
static __always_inline struct grown_page *grown_claim(__u64 page)
{
	for (__u32 tries = 0; tries < 3; tries++) {
		__u64 bits = tree.grown_bits;

		if (bits < GROWN_BITS_MIN || bits > GROWN_BITS_MAX)
			return NULL;
		for (__u32 i = 0; i < GROWN_PROBES; i++) {
			__u32 at = (grown_home(page) + i) & ((1u << bits) - 1);
			struct grown_page *e = grown_at(at);

			if (e && !e->page && CLAIM(&e->page, page, at))
				return e;
		}
		if (bits < GROWN_BITS_MAX)
			tree.grown_bits = bits + 1;
	}
	return NULL;
}

__noinline int grow_note(__u64 page, __u32 account, __u32 take, __u32 bytes)
{
	struct account_slot *a = account_at(account);
	struct grown_page *e = grown_find(page);

	if (!e)
		e = grown_claim(page);
	if (!e || !a)
		return 0; /* no place is told for it */
	e->account = account;
	e->take = take;
	e->birth = tree.ordinal;
	e->bytes = bytes;
	e->where = GROWN_NEW;
	__sync_fetch_and_add(&a->grown, 1);
	return 0;
}

/*
 * User memory is given out zeroed; a copy of what was there (after a fork) is no growth. Pages for
 * files are not zeroed but for large ones, and those are found out by grow_look().
 */
static __always_inline int page_grown(void *ctx, __u64 page, __u32 bytes, __u32 gfp)
{
	struct task_struct *task;
	struct task_entry *te;
	struct account_slot *a;
	struct pt_regs *regs;
	__s32 nr;

	if (!HAS_LOOP || !(gfp & GFP_HIGHMEM) || (!(gfp & gfp_zero) && bytes == page_bytes) ||
	    !growers[(bpf_get_current_pid_tgid() >> 32) & (GROWERS - 1)] || !page)
		return 0;
	te = taker_here(ctx);
	if (!te)
		return 0;
	a = account_at(te->account);
	if (!a || a->forks < judge_forks || a->shares_mm)
		return 0;
	task = current_task();
	regs = user_regs(task);
	nr = REGS_SYSCALL(regs);
	return grow_note(page, te->account, take_at(ctx, te, task, regs, nr < 0 ? -1 : nr), bytes);
}

/* At numbers of forks of which only the highest three bits are set: 8, 10, 12, 14, 16, 20 ... */
static __always_inline bool grow_is_due(__u32 forks)
{
	__u32 below = forks | forks >> 1;

	below |= below >> 2;
	below |= below >> 4;
	below |= below >> 8;
	below |= below >> 16;
	return !(forks & below >> 3);
}

struct grow_walk {
	__u64 mm, brk_from, brk_to;
	__u32 account;
	bool drop; /* also those that were there the last time */
};

static __always_inline bool node_is_of(__u64 node, __u64 mm)
{
	struct anon_vma_chain *chain =
	    (void *)(node - bpf_core_field_offset(struct anon_vma_chain, rb));

	return node && (__u64)BPF_CORE_READ(chain, vma, vm_mm) == mm;
}

/* Is the page mapped by the process? Looks at the first three who may map it. 0: no. */
static __always_inline __u32 grown_where(__u64 page, const struct grow_walk *w)
{
	struct folio *folio = (void *)page;
	__u64 mapping = (__u64)BPF_CORE_READ(folio, mapping), address;
	struct rb_node *node;

	if ((mapping & MAPPING_KIND) != MAPPING_ANON)
		return 0;
	node = BPF_CORE_READ((struct anon_vma *)(mapping - MAPPING_ANON), rb_root.rb_root.rb_node);
	if (!node_is_of((__u64)node, w->mm) &&
	    !node_is_of((__u64)BPF_CORE_READ(node, rb_left), w->mm) &&
	    !node_is_of((__u64)BPF_CORE_READ(node, rb_right), w->mm))
		return 0;
	address = (__u64)BPF_CORE_READ(folio, index) * page_bytes;
	return address >= w->brk_from && address < w->brk_to ? GROWN_BRK : GROWN_MMAP;
}

static long grown_check(__u32 at, struct grow_walk *w)
{
	struct grown_page *e = grown_at(at);

	if (!e || !e->page || e->account != w->account || (!w->drop && e->where != GROWN_NEW))
		return 0;
	e->where = grown_where(e->page, w);
	if (!e->where)
		e->page = 0;
	return 0;
}

/*
 * Drops what the account does not have any more of its pages, and notes where the others are. What
 * a program frees at its very end it had kept while it forked: it stays noted.
 */
__noinline int grow_look(__u32 account, bool drop)
{
	struct task_struct *me = current_task();
	struct mm_struct *mm = READ(me, mm);
	struct grow_walk w = {.account = account, .drop = drop};

	if (!HAS_LOOP || !mm)
		return 0;
	w.mm = FIELD_NUMBER(me, mm);
	w.brk_from = READ(mm, start_brk);
	w.brk_to = READ(mm, brk);
	bpf_loop(1u << (tree.grown_bits > GROWN_BITS_MAX ? GROWN_BITS_MAX : tree.grown_bits),
		 grown_check, &w, 0);
	return 0;
}

#endif
