/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_memory.h - what an address space costs, and how much memory is in it.
 */
#ifndef FORKTALLY_CENSUS_MEMORY_H
#define FORKTALLY_CENSUS_MEMORY_H

#include "census_files.h"

#define CPUS_MAX 256
const volatile __u32 cpus;
const volatile __u64 percpu_offset[CPUS_MAX];

#define COUNTERS 4 /* file pages, anonymous ones, swapped ones, shared ones: since 4.5 */
__s64 counter[COUNTERS];

static __always_inline __u64 counters_at(__u64 mm)
{
	return mm + bpf_core_field_offset(struct mm_struct, rss_stat);
}

/* The memory counters of an address space, with what each processor has not yet added. */
static __always_inline void read_counters(__u64 mm)
{
	__u32 step = bpf_core_type_size(struct percpu_counter);
	__u64 at = counters_at(mm), own = 0;
	__s32 part[COUNTERS];

	if (!bpf_core_type_exists(struct percpu_counter) ||
	    bpf_core_type_exists(struct mm_rss_stat)) {
		/* Each thread keeps up to 64 events of its own, which nobody else can add up. */
		now.flags |= CENSUS_UNSURE;
		for (int i = 0; i < COUNTERS; i++)
			counter[i] = read_u64(
			    mm + bpf_core_field_offset(struct mm_struct___old, rss_stat) + i * 8);
		return;
	}
	for (int i = 0; i < COUNTERS; i++)
		counter[i] =
		    read_u64(at + i * step + bpf_core_field_offset(struct percpu_counter, count));
	own = read_u64(at + bpf_core_field_offset(struct percpu_counter, counters));
	if (read_u64(at + 3 * step + bpf_core_field_offset(struct percpu_counter, counters)) !=
	    own + 3 * sizeof(__s32)) {
		now.flags |= CENSUS_UNSURE; /* before 6.6 they did not lie side by side */
		return;
	}
	for (__u32 cpu = 0; cpu < CPUS_MAX && cpu < cpus; cpu++) {
		__u64 offset = percpu_offset[cpu];

		if (!offset || bpf_probe_read_kernel(part, sizeof(part), (void *)(own + offset)))
			continue;
		for (int i = 0; i < COUNTERS; i++)
			counter[i] += part[i];
	}
}

static __always_inline __s64 counted(int i)
{
	return counter[i] > 0 ? counter[i] << page_shift : 0;
}

/* What counters tell of an address space. */
__noinline int census_counters(__u64 address)
{
	struct mm_struct___c *c = (struct mm_struct___c *)address;
	struct mm_struct *mm = (struct mm_struct *)address;

	read_counters(address);
	now.file_bytes = counted(0);
	now.anon_bytes = counted(1);
	now.swap_bytes = counted(2);
	now.shmem_bytes = counted(3);
	now.maps = BPF_CORE_READ(c, map_count);
	now.virtual_bytes = (__s64)BPF_CORE_READ(c, total_vm) << page_shift;
	now.commit_bytes = (__s64)(BPF_CORE_READ(mm, data_vm) + BPF_CORE_READ(mm, stack_vm))
			   << page_shift;
	now.locked_bytes = (__s64)BPF_CORE_READ(mm, locked_vm) << page_shift;
	return 0;
}

/* What the kernel sets aside for page tables: the top level is not in its own counter. */
static __always_inline __u64 page_table_bytes(__u64 mm)
{
	return BPF_CORE_READ((struct mm_struct *)mm, pgtables_bytes.counter) + page_bytes;
}

#define CHAINS_MAX 4096

struct chain_walk {
	__u64 head, at, own;
};

/*
 * One link of a mapping to an anon_vma. What it links to is its own, or one of a process that it
 * was forked from.
 */
static long next_chain(__u32 i, struct chain_walk *w)
{
	struct anon_vma_chain *chain;
	__u64 other;

	if (!w->at || w->at == w->head)
		return 1;
	chain = (void *)(w->at - bpf_core_field_offset(struct anon_vma_chain, same_vma));
	put((__u64)chain, KIND_ANON_VMA, 0, 0);
	other = (__u64)BPF_CORE_READ(chain, anon_vma);
	if (other != w->own)
		put_common(other, KIND_ANON_VMA, 1);
	w->at = read_u64(w->at);
	return 0;
}

__u64 last_anon, last_file, vma_size;

/* Is nobody else linked to it, as far as its own counters tell? */
static __always_inline bool anon_is_alone(__u64 anon)
{
	struct anon_vma___c *a = (struct anon_vma___c *)anon;
	__u64 parent = (__u64)BPF_CORE_READ(a, parent);

	return bpf_core_field_exists(a->num_children) &&
	       BPF_CORE_READ(a, num_children) == (parent == anon) &&
	       BPF_CORE_READ(a, refcount.counter) == 1;
}

__noinline int census_vma(__u64 address, __u64 mm)
{
	struct vm_area_struct *vma = (struct vm_area_struct *)address;
	struct chain_walk w = {
	    .head = address + bpf_core_field_offset(struct vm_area_struct, anon_vma_chain)};
	__u64 file;

	/* The tree is read without a lock: it may be something else by now. */
	if ((__u64)BPF_CORE_READ(vma, vm_mm) != mm)
		return 0;
	put(address, KIND_VMA, 1, 0);
	w.own = (__u64)BPF_CORE_READ(vma, anon_vma);
	if (w.own && w.own != last_anon) {
		last_anon = w.own;
		if (anon_is_alone(w.own))
			put(w.own, KIND_ANON_VMA, 1, 0);
		else
			put_common(w.own, KIND_ANON_VMA, 1);
	}
	w.at = read_u64(w.head);
	if (w.at != w.head)
		bpf_loop(CHAINS_MAX, next_chain, &w, 0);
	file = (__u64)BPF_CORE_READ(vma, vm_file);
	if (file && file != last_file) {
		last_file = file;
		census_file(file, MARK_NO_FD, 0);
	}
	return 0;
}

/* A tree of mappings, walked down by hand: no lock of the process is waited for. */
#define LEVELS 8
struct level {
	__u64 slots, max;
	__u32 at, end, leaf, pad;
};
static struct level levels[LEVELS];
__u32 top;

/* Is the root a node, or the only mapping there is? */
static __always_inline bool is_node(__u64 entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

static __always_inline void enter(__u64 entry, __u64 max)
{
	__u64 node = entry & ~MAPLE_NODE_MASK, pivots, last;
	struct level *l = &levels[top & (LEVELS - 1)];
	__u32 type = entry >> 3 & 15, count;
	__u8 end = 0;

	put(node, KIND_VMA_TREE, 1, 0);
	if (type == MAPLE_ARANGE_64) {
		l->slots = node + bpf_core_field_offset(struct maple_arange_64, slot);
		bpf_probe_read_kernel(
		    &end, 1, (void *)(node + bpf_core_field_offset(struct maple_arange_64, meta)));
		l->end = end & 15;
	} else {
		l->slots = node + bpf_core_field_offset(struct maple_range_64, slot);
		pivots = node + bpf_core_field_offset(struct maple_range_64, pivot);
		count = bpf_core_field_size(((struct maple_range_64 *)0)->pivot) / 8;
		last = read_u64(pivots + (count - 1) * 8);
		if (!last) {
			bpf_probe_read_kernel(
			    &end, 1,
			    (void *)(node + bpf_core_field_offset(struct maple_range_64, meta)));
			l->end = end & 15;
		} else {
			l->end = last == max ? count - 1 : count;
		}
	}
	l->leaf = type == MAPLE_LEAF_64;
	l->max = max;
	l->at = 0;
}

static long next_mapping(__u32 i, __u64 *mm)
{
	struct level *l = &levels[top & (LEVELS - 1)];
	__u64 entry, max, pivots;
	__u32 at = l->at;

	if (at > l->end) {
		if (!top)
			return 1;
		top--;
		return 0;
	}
	l->at = at + 1;
	entry = read_u64(l->slots + (__u64)at * 8);
	if (!entry)
		return 0;
	if (l->leaf) {
		census_vma(entry, *mm);
		return 0;
	}
	if (top + 1 >= LEVELS)
		return 0;
	/* Pivots lie right before the slots in both kinds of inner nodes. */
	pivots = l->slots - (bpf_core_field_offset(struct maple_range_64, slot) -
			     bpf_core_field_offset(struct maple_range_64, pivot));
	if (l->end < 10 && bpf_core_field_exists(((struct maple_arange_64 *)0)->pivot))
		pivots = l->slots - (bpf_core_field_offset(struct maple_arange_64, slot) -
				     bpf_core_field_offset(struct maple_arange_64, pivot));
	max = at == l->end ? l->max : read_u64(pivots + (__u64)at * 8);
	top++;
	enter(entry, max);
	return 0;
}

static long next_in_list(__u32 i, __u64 *w)
{
	if (!w[1])
		return 1;
	census_vma(w[1], w[0]);
	w[1] = (__u64)BPF_CORE_READ((struct vm_area_struct___c *)w[1], vm_next);
	return 0;
}

#define MAPPINGS_MAX (1u << 20)

/* An address space, and what is in it. */
static __always_inline int census_mm(__u64 mm)
{
	struct mm_struct___c *c = (struct mm_struct___c *)mm;
	__u64 root, w[2] = {mm};

	put(mm, KIND_MM, 1, 0);
	put_bytes(KIND_PAGE_TABLE, 1, page_table_bytes(mm));
	if (bpf_core_type_exists(struct percpu_counter) &&
	    !bpf_core_type_exists(struct mm_rss_stat))
		put_bytes(KIND_MM, 0, 4 * COUNTERS * cpus + COUNTERS * payer_bytes);
	if (bpf_core_field_exists(c->pcpu_cid) && bpf_core_type_exists(struct mm_cid))
		put_bytes(KIND_MM, 0,
			  bpf_core_type_size(struct mm_cid) * cpus +
			      bpf_core_type_size(struct mm_cid) / 4 * payer_bytes);
	if (bpf_core_field_exists(c->futex_phash)) {
		put((__u64)BPF_CORE_READ(c, futex_phash), KIND_MM, 0, 0);
		if (BPF_CORE_READ(c, futex_ref))
			put_bytes(KIND_MM, 0, 4 * cpus + payer_bytes);
	}
	census_file((__u64)BPF_CORE_READ(c, exe_file), MARK_NO_FD, 0);
	last_anon = last_file = 0;
	if (!bpf_core_field_exists(c->mm_mt)) {
		w[1] = (__u64)BPF_CORE_READ(c, mmap);
		bpf_loop(MAPPINGS_MAX, next_in_list, w, 0);
		return 0;
	}
	root = (__u64)BPF_CORE_READ(c, mm_mt.ma_root);
	if (!is_node(root))
		return root ? census_vma(root, mm) : 0;
	top = 0;
	enter(root, ~0ull);
	bpf_loop(MAPPINGS_MAX, next_mapping, w, 0);
	return 0;
}

#endif
