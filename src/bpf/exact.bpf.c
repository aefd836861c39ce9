// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * exact.bpf.c - the programs of the exact source, one short one for each tracepoint.
 *
 * Those with a '?' exist in variants for the shapes that a tracepoint has had; user space reads the
 * running kernel's own description and switches on the one that fits. Each program that sees a free
 * is there twice: a program does not run while it is already running below an interrupt on the
 * same processor, and then its twin does.
 */
#include "follow.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

SEC("tp_btf/task_newtask")
int BPF_PROG(on_newtask, struct task_struct *child, __u64 clone_flags)
{
	return follow_fork(ctx, child, clone_flags);
}

SEC("?tp_btf/sched_prepare_exec")
int BPF_PROG(on_prepare_exec)
{
	return follow_exec_begin();
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(on_exec)
{
	return follow_exec();
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(on_exit)
{
	return follow_exit();
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(on_free, struct task_struct *p)
{
	return follow_free(number_here(p), p->pid == p->tgid);
}

/* The object that was allocated: the second argument of each of these tracepoints. */
static __always_inline __u64 object_argument(__u64 *ctx)
{
	__u64 object = 0;

	if (objects_loadable)
		asm volatile("%0 = *(u64 *)(%1 + 8)" : "=r"(object) : "r"(ctx));
	else
		bpf_probe_read_kernel(&object, sizeof(object), &ctx[1]);
	return object;
}

static __always_inline int charge_slab(__u64 *ctx, struct task_entry *te, __u64 site, __u64 object,
				       __u32 tag)
{
	struct object_entry *e;

	if (site == fork_site)
		te->pending = account_new();
	e = charge_to_taker(ctx, te, object, tag, site);
	if (e && site == fork_site)
		e->flags |= OBJECT_IS_TASK;
	return 0;
}

/* A slab object of cache s. */
static __always_inline int slab_alloc(__u64 *ctx, __u64 site, struct kmem_cache *s, __u32 gfp)
{
	struct task_entry *te;
	__u32 flags, tag, uncharged = 0;
	__u64 object;

	flags = s->flags;
	if (!(gfp & gfp_account) && !(flags & slab_account)) {
		uncharged = uncharged_kind(site);
		if (!uncharged)
			return 0;
	}
	te = taker_here(ctx);
	if (!te)
		return 0;
	object = object_argument(ctx);
	if (!object)
		return 0;
	if (uncharged)
		return count_uncharged(ctx, te, object, uncharged, s->size, site);
	tag = tag_of(number_here(s), TAG_SLAB, s->size,
		     flags & slab_reclaim ? BOOK_CACHE : BOOK_KERNEL);
	return charge_slab(ctx, te, site, object, tag);
}

/* The same where the tracepoint does not tell the cache. */
static __always_inline int slab_alloc_at(__u64 *ctx, __u64 site, __u32 gfp)
{
	struct kmem_cache *s;
	struct task_entry *te;
	__u32 flags, tag, uncharged;
	__u64 object;

	te = taker_here(ctx);
	if (!te)
		return 0;
	object = object_argument(ctx);
	if (!object)
		return 0;
	s = (void *)cache_at(object);
	flags = BPF_CORE_READ(s, flags);
	if (!(gfp & gfp_account) && !(flags & slab_account)) {
		uncharged = uncharged_kind(site);
		return uncharged ? count_uncharged(ctx, te, object, uncharged,
						   BPF_CORE_READ(s, size), site)
				 : 0;
	}
	tag = tag_of((__u64)s, TAG_SLAB, BPF_CORE_READ(s, size),
		     flags & slab_reclaim ? BOOK_CACHE : BOOK_KERNEL);
	return charge_slab(ctx, te, site, object, tag);
}

SEC("?tp_btf/kmem_cache_alloc") /* up to 5.19 */
int BPF_PROG(on_slab_alloc_at, unsigned long site, void *object, unsigned long asked,
	     unsigned long got, __u32 gfp)
{
	return slab_alloc_at(ctx, site, gfp);
}

SEC("?tp_btf/kmem_cache_alloc_node") /* up to 5.19 */
int BPF_PROG(on_slab_alloc_at_node, unsigned long site, void *object, unsigned long asked,
	     unsigned long got, __u32 gfp)
{
	return slab_alloc_at(ctx, site, gfp);
}

SEC("?tp_btf/kmem_cache_alloc") /* since 6.1 */
int BPF_PROG(on_slab_alloc, unsigned long site, void *object, struct kmem_cache *s, __u32 gfp)
{
	return slab_alloc(ctx, site, s, gfp);
}

SEC("?tp_btf/kmem_cache_alloc") /* 6.0 */
int BPF_PROG(on_slab_alloc_sized, unsigned long site, void *object, struct kmem_cache *s,
	     unsigned long asked, unsigned long got, __u32 gfp)
{
	return slab_alloc(ctx, site, s, gfp);
}

SEC("?tp_btf/kmem_cache_alloc_node") /* 6.0 */
int BPF_PROG(on_slab_alloc_node, unsigned long site, void *object, struct kmem_cache *s,
	     unsigned long asked, unsigned long got, __u32 gfp)
{
	return slab_alloc(ctx, site, s, gfp);
}

static __always_inline int kmalloc_alloc(__u64 *ctx, __u64 site, __u64 bytes, __u32 gfp)
{
	/* Long names of dentries, which go with their dentry, and the like. */
	__u32 tag, book = gfp & gfp_reclaimable ? BOOK_CACHE : BOOK_KERNEL;
	struct task_entry *te;
	__u64 object;

	/* What is larger comes as pages, and is booked there. */
	if (bytes > kmalloc_slab_max)
		return 0;
	te = taker_here(ctx);
	if (!te)
		return 0;
	object = object_argument(ctx);
	if (!object)
		return 0;
	/* Some caches behind kmalloc are charged whatever the call says, such as that of messages.
	 */
	if (!(gfp & gfp_account) && !(cache_flags(object) & slab_account))
		return 0;
	tag = tag_of((__u64)TAG_KMALLOC << 32 | book << 16 | bytes, TAG_KMALLOC, bytes, book);
	charge_to_taker(ctx, te, object, tag, site);
	return 0;
}

SEC("?tp_btf/kmalloc") /* since 6.1, and up to 5.19 */
int BPF_PROG(on_kmalloc, unsigned long site, void *object, unsigned long asked, unsigned long got,
	     __u32 gfp)
{
	return kmalloc_alloc(ctx, site, got, gfp);
}

SEC("?tp_btf/kmalloc_node") /* up to 6.0 */
int BPF_PROG(on_kmalloc_node, unsigned long site, void *object, unsigned long asked,
	     unsigned long got, __u32 gfp)
{
	return kmalloc_alloc(ctx, site, got, gfp);
}

SEC("?tp_btf/kmalloc") /* 6.0 */
int BPF_PROG(on_kmalloc_cache, unsigned long site, void *object, struct kmem_cache *s,
	     unsigned long asked, unsigned long got, __u32 gfp)
{
	return kmalloc_alloc(ctx, site, got, gfp);
}

SEC("raw_tp/mm_page_alloc")
int on_page_alloc(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 order = ctx->args[1] & 15, gfp = ctx->args[2], bytes = page_bytes << order, kind;
	struct task_entry *te;

	if (!(gfp & gfp_account))
		return page_grown(ctx, ctx->args[0], bytes, gfp);
	if (!ctx->args[0])
		return 0;
	te = taker_here(ctx);
	if (!te)
		return 0;
	kind = (gfp & gfp_zero) && !(gfp & GFP_HIGHMEM) && !order ? TAG_PAGE_TABLE : TAG_PAGE;
	charge_to_taker(ctx, te, ctx->args[0],
			tag_of((__u64)kind << 32 | bytes, kind, bytes, BOOK_KERNEL), 0);
	return 0;
}

SEC("?tp_btf/percpu_alloc_percpu") /* since 6.0 */
int BPF_PROG(on_percpu_alloc, unsigned long site, bool reserved, bool atomic, unsigned long size,
	     unsigned long align, void *base, int offset, void *area, unsigned long bytes,
	     __u32 gfp)
{
	struct task_entry *te;

	if (!area || !(gfp & gfp_account))
		return 0;
	te = taker_here(ctx);
	if (!te)
		return 0;
	charge_to_taker(ctx, te, (__u64)area,
			tag_of((__u64)TAG_PERCPU << 32 | bytes, TAG_PERCPU, bytes, BOOK_KERNEL),
			site);
	return 0;
}

#define FREE_TWICE(tracepoint, argument)                                                           \
	SEC("raw_tp/" #tracepoint)                                                                 \
	int on_##tracepoint(struct bpf_raw_tracepoint_args *ctx)                                   \
	{                                                                                          \
		give_back(ctx, ctx->args[argument], false);                                        \
		return 0;                                                                          \
	}                                                                                          \
	SEC("raw_tp/" #tracepoint)                                                                 \
	int on_##tracepoint##_again(struct bpf_raw_tracepoint_args *ctx)                           \
	{                                                                                          \
		give_back(ctx, ctx->args[argument], true);                                         \
		return 0;                                                                          \
	}

FREE_TWICE(kmem_cache_free, 1)
FREE_TWICE(kfree, 1)
FREE_TWICE(percpu_free_percpu, 2)

/*
 * Most pages that come back are anonymous user memory, which is not booked here: the lowest bit of
 * their mapping says so. Who pays for a page does not: put_page() and batches clear that first.
 */
static __always_inline int page_free(void *ctx, struct page *page, bool second)
{
	if (distance(page->mapping, page) & 1)
		return 0;
	give_back(ctx, number_here(page), second);
	return 0;
}

SEC("tp_btf/mm_page_free")
int BPF_PROG(on_page_free, struct page *page)
{
	return page_free(ctx, page, false);
}

SEC("tp_btf/mm_page_free")
int BPF_PROG(on_page_free_again, struct page *page)
{
	return page_free(ctx, page, true);
}

SEC("?raw_tp/cgroup_mkdir")
int on_cgroup(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_entry *te = taker_here(ctx);
	__u64 group = ctx->args[0];

	return te && group ? count_uncharged(ctx, te, group, TAG_CGROUP, object_bytes(group), 0)
			   : 0;
}

static __always_inline void note_memcg(struct task_struct *t)
{
	__u64 memcg = 0;
	__u32 id;

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id))
		return;
	id = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
	bpf_probe_read_kernel(&memcg, sizeof(memcg),
			      (void *)(number_of(&t->cgroups->subsys) + id * 8));
	if (!tree.memcg)
		tree.memcg = memcg;
	else if (tree.memcg != memcg)
		tree.memcg = TREE_MEMCGS;
}

/* Slot -1: a new one, which is told here. */
__u32 adopt_tgid, adopt_slot, adopt_count;

/*
 * Makes a process that already runs part of the tree: the command before its exec, or one that is
 * attached to. Only what is not followed yet: the children of those that are, are.
 */
SEC("iter/task")
int adopt(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct account_slot *a;
	struct task_place followed;
	struct task_entry *te;

	number_learn();
	if (!t || t->tgid != (int)adopt_tgid || task_find(number_of(t), &followed))
		return 0;
	/* The command may be dead before it ran: by Ctrl-C while all this was set up. */
	if (t->exit_state && (adopt_slot || t->pid != t->tgid))
		return 0;
	if (adopt_slot == (__u32)-1)
		adopt_slot = account_new() - 1;
	a = account_at(adopt_slot);
	te = adopt_slot == (__u32)-1 ? NULL : task_claim(number_of(t));
	if (!te || !a) {
		add(&tree.lost_tasks, 1);
		return 0;
	}
	adopt_count++;
	note_memcg(t);
	if (a->state != ACCOUNT_LIVE) {
		a->tgid = t->tgid;
		a->start_ns = t->group_leader->start_boottime;
		a->alias = adopt_slot;
		a->shares_mm = t->mm && t->mm == t->real_parent->mm;
		a->state = ACCOUNT_LIVE;
		__sync_fetch_and_add(&tree.alive, 1);
	}
	if (ADD_FETCH(&a->threads, 1) > a->threads_peak)
		a->threads_peak = a->threads;
	te->account = adopt_slot;
	te->pending = 0;
	te->take_key = 0;
	te->stack_page = stack_page(FIELD_NUMBER(t, stack));
	return 0;
}
