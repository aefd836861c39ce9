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

/*
 * One read for many fields: each costs as much as all of them. COPY_OF(copy, struct, field) is a
 * field in it.
 */
#define COPY_OF(copy, type, field)                                                                 \
	(*(typeof(((type *)0)->field) *)((copy) + bpf_core_field_offset(type, field)))
#define COPY(copy, type, from)                                                                     \
	bpf_probe_read_kernel(copy,                                                                \
			      bpf_core_type_size(type) < sizeof(copy) ? bpf_core_type_size(type)   \
								      : sizeof(copy),              \
			      (const void *)(from))
static char mm_copy[2048];
#define MM(type, field) COPY_OF(mm_copy, type, field)

#define COUNTERS	4 /* file pages, anonymous ones, swapped ones, shared ones: since 4.5 */
__s64 counter[COUNTERS];

/* The memory counters of an address space, with what each processor has not yet added. */
static __always_inline void read_counters(void)
{
	__u32 step = bpf_core_type_size(struct percpu_counter);
	char *at = mm_copy + bpf_core_field_offset(struct mm_struct, rss_stat);
	__u64 own;
	__s32 part[COUNTERS];

	if (!bpf_core_type_exists(struct percpu_counter) ||
	    bpf_core_type_exists(struct mm_rss_stat)) {
		/* Each thread keeps up to 64 events of its own, which nobody else can add up. */
		now.flags |= CENSUS_UNSURE;
		for (int i = 0; i < COUNTERS; i++)
			counter[i] = MM(struct mm_struct___old, rss_stat).count[i].counter;
		return;
	}
	for (int i = 0; i < COUNTERS; i++)
		counter[i] = COPY_OF(at + i * step, struct percpu_counter, count);
	own = (__u64)COPY_OF(at, struct percpu_counter, counters);
	if ((__u64)COPY_OF(at + 3 * step, struct percpu_counter, counters) !=
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
	COPY(mm_copy, struct mm_struct, address);
	read_counters();
	now.file_bytes = counted(0);
	now.anon_bytes = counted(1);
	now.swap_bytes = counted(2);
	now.shmem_bytes = counted(3);
	now.maps = MM(struct mm_struct___c, map_count);
	now.virtual_bytes = (__s64)MM(struct mm_struct___c, total_vm) << page_shift;
	now.commit_bytes = (__s64)(MM(struct mm_struct, data_vm) + MM(struct mm_struct, stack_vm))
			   << page_shift;
	now.locked_bytes = (__s64)MM(struct mm_struct, locked_vm) << page_shift;
	return 0;
}

/* What the kernel sets aside for page tables, after census_counters(): the top level is not in its
 * own counter. */
static __always_inline __u64 page_table_bytes(void)
{
	return MM(struct mm_struct, pgtables_bytes).counter + pgd_bytes;
}

#define CHAINS_MAX 4096

/* One that other processes may be linked to as well. */
static __always_inline void put_anon(__u64 anon)
{
	if (depth == CENSUS_PAYERS)
		put_common(anon, KIND_ANON_VMA, 1);
	else
		hold(anon, learnt(SIZE_ANON, anon), 0, 0, KIND_COUNT(KIND_ANON_VMA, 1));
}

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
	put_like((__u64)chain, SIZE_CHAIN, KIND_ANON_VMA, 0);
	other = (__u64)BPF_CORE_READ(chain, anon_vma);
	if (other != w->own)
		put_anon(other);
	w->at = read_u64(w->at);
	return 0;
}

__u64 last_anon, last_file;

static char anon_copy[256], vma_copy[512];

/* Is nobody else linked to it, as far as its own counters tell? */
static __always_inline bool anon_is_alone(__u64 anon)
{
	if (!bpf_core_field_exists(((struct anon_vma___c *)0)->num_children) ||
	    COPY(anon_copy, struct anon_vma, anon))
		return false;
	return COPY_OF(anon_copy, struct anon_vma___c, num_children) ==
		   ((__u64)COPY_OF(anon_copy, struct anon_vma___c, parent) == anon) &&
	       COPY_OF(anon_copy, struct anon_vma___c, refcount).counter == 1;
}

__noinline int census_vma(__u64 address, __u64 mm)
{
	struct chain_walk w = {
	    .head = address + bpf_core_field_offset(struct vm_area_struct, anon_vma_chain)};
	__u64 file;

	/* The tree is read without a lock: it may be something else by now. */
	if (COPY(vma_copy, struct vm_area_struct, address) ||
	    (__u64)COPY_OF(vma_copy, struct vm_area_struct, vm_mm) != mm)
		return 0;
	file = (__u64)COPY_OF(vma_copy, struct vm_area_struct, vm_file);
	w.own = (__u64)COPY_OF(vma_copy, struct vm_area_struct, anon_vma);
	w.at = (__u64)COPY_OF(vma_copy, struct vm_area_struct, anon_vma_chain).next;
	put_like(address, SIZE_VMA, KIND_VMA, 1);
	if (bpf_core_field_exists(((struct vm_area_struct___c *)0)->vm_lock))
		put_like((__u64)COPY_OF(vma_copy, struct vm_area_struct___c, vm_lock),
			 SIZE_VMA_LOCK, KIND_VMA, 0);
	if (w.own && w.own != last_anon) {
		last_anon = w.own;
		if (anon_is_alone(w.own))
			put_like(w.own, SIZE_ANON, KIND_ANON_VMA, 1);
		else
			put_anon(w.own);
	}
	if (w.at != w.head)
		bpf_loop(CHAINS_MAX, next_chain, &w, 0);
	if (file && file != last_file) {
		last_file = file;
		census_file(file, MARK_NO_FD, 0);
	}
	return 0;
}

/* A tree of mappings, walked down by hand: no lock of the process is waited for. */
#define LEVELS 8
struct level {
	__u64 slots[16], pivots[16], max;
	__u32 at, end, leaf, pad;
};
static struct level levels[LEVELS];
__u32 top;

/* Bounded by an instruction of its own: 6.12 forgets what the compiler knows of a mask. */
static __always_inline struct level *this_level(void)
{
	__u64 at = top;

	asm volatile("%0 &= 7" : "+r"(at));
	return &levels[at];
}
_Static_assert(LEVELS == 8, "the mask above");

/* Is the root a node, or the only mapping there is? */
static __always_inline bool is_node(__u64 entry)
{
	return (entry & 3) == 2 && entry > 4096;
}

#define NODE_READ(to, type, field)                                                                 \
	bpf_probe_read_kernel(to,                                                                  \
			      bpf_core_field_size(((struct type *)0)->field) < sizeof(to)          \
				  ? bpf_core_field_size(((struct type *)0)->field)                 \
				  : sizeof(to),                                                    \
			      (void *)(node + bpf_core_field_offset(struct type, field)))

static __always_inline void enter(__u64 entry, __u64 max)
{
	__u64 node = entry & ~MAPLE_NODE_MASK;
	struct level *l = this_level();
	__u32 type = entry >> 3 & 15, count;
	__u8 end = 0;

	put_like(node, SIZE_NODE, KIND_VMA_TREE, 1);
	l->leaf = type == MAPLE_LEAF_64;
	l->max = max;
	l->at = l->end = 0;
	l->slots[0] = 0;
	if (type == MAPLE_ARANGE_64) {
		NODE_READ(l->slots, maple_arange_64, slot);
		NODE_READ(l->pivots, maple_arange_64, pivot);
		bpf_probe_read_kernel(
		    &end, 1, (void *)(node + bpf_core_field_offset(struct maple_arange_64, meta)));
		l->end = end & 15;
		return;
	}
	NODE_READ(l->slots, maple_range_64, slot);
	NODE_READ(l->pivots, maple_range_64, pivot);
	/* The last slot is used as one, or its place tells how many are. */
	count = bpf_core_field_size(((struct maple_range_64 *)0)->pivot) / 8;
	if (!l->pivots[(count - 1) & 15])
		l->end = l->slots[count & 15] & 15;
	else
		l->end = l->pivots[(count - 1) & 15] == max ? count - 1 : count;
}

static long next_mapping(__u32 i, __u64 *mm)
{
	struct level *l = this_level();
	__u64 entry, max;
	__u32 at = l->at;

	if (at > l->end) {
		if (!top)
			return 1;
		top--;
		return 0;
	}
	l->at = at + 1;
	entry = l->slots[at & 15];
	if (!entry)
		return 0;
	if (l->leaf) {
		census_vma(entry, *mm);
		return 0;
	}
	if (top + 1 >= LEVELS)
		return 0;
	max = at == l->end ? l->max : l->pivots[at & 15];
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
	put_bytes(KIND_PAGE_TABLE, 1, page_table_bytes());
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
