/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_put.h - books objects: how large they are, who pays for them, and whether the process
 * that is being looked at holds them alone.
 *
 * A group is what several processes may hold as one: an open file with all that only it has. Its
 * bytes are summed first, and told as one hold. Only when payers are asked for is each object told
 * by itself.
 */
#ifndef FORKTALLY_CENSUS_PUT_H
#define FORKTALLY_CENSUS_PUT_H

#include "census_kernel.h"
#include "event/census.h"

const volatile __u64 page_base;
const volatile __u32 page_shift, page_struct_bytes, page_bytes, stack_bytes, payer_bytes, pgd_bytes;
const volatile __u32 hold_room;

#include "payer.h"

/* What is asked, and the process that is being looked at. */
__u32 depth, take; /* take: counts up, so that what was told before is known to be old */
__u32 each;	   /* CENSUS_OBJECTS; depth is CENSUS_PAYERS then */
struct census_record now;

/* User space empties it between two reads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct census_hold);
} holds SEC(".maps");
__u32 hold_count;
__u64 lost; /* holds that found no room */

/* The group. */
struct census_cell group_cell[CENSUS_KINDS];
__u64 of_group; /* its address, 0: what is put is held alone */
__u64 group_kinds;
__u32 group_what;

/*
 * Groups that were told in full, by hash: the next holder needs no more than the address. An
 * address that was freed and is another thing now is told anew.
 */
#define TOLD 4096
struct told {
	__u64 address, kinds;
	__u32 take, what;
};
static struct told told[TOLD];

static __always_inline int hold(__u64 address, __u64 bytes, __u64 charged, __u64 payer,
				__u64 kind_count)
{
	__u32 at = hold_count;
	struct census_hold *h;

	if (at >= hold_room) {
		lost++;
		return 0;
	}
	h = bpf_map_lookup_elem(&holds, &at);
	if (!h)
		return 0;
	h->address = address;
	h->bytes = bytes;
	h->charged = charged;
	h->payer = payer;
	h->count = (__u32)kind_count;
	h->kind = kind_count >> 32;
	h->tgid = now.tgid;
	hold_count = at + 1;
	return 0;
}
#define KIND_COUNT(kind, count) ((__u64)(kind) << 32 | (__u32)(count))

static __always_inline struct told *told_at(__u64 address)
{
	return &told[(address * 0x9E3779B97F4A7C15ull) >> 52 & (TOLD - 1)];
}

/* Begins one. True: all that is in it was told before. @address: 0: held alone. @what: only
 * compared. */
__noinline int group_begin(__u64 address, __u32 what)
{
	struct told *t = told_at(address);

	of_group = address;
	group_kinds = 0;
	group_what = what;
	if (!address || depth == CENSUS_PAYERS || t->address != address || t->take != take ||
	    t->what != what)
		return false;
	for (__u32 k = 0; k < CENSUS_KINDS; k++) {
		if (t->kinds >> k & 1)
			hold(address, 0, 0, 0, KIND_COUNT(k, 0));
	}
	of_group = 0;
	return true;
}

__noinline int group_end(void)
{
	struct told *t = told_at(of_group);

	if (!of_group)
		return 0;
	for (__u32 k = 0; k < CENSUS_KINDS; k++) {
		if (!(group_kinds >> k & 1))
			continue;
		hold(of_group, group_cell[k].bytes, 0, 0, KIND_COUNT(k, group_cell[k].count));
		group_cell[k].bytes = group_cell[k].count = 0;
	}
	t->address = of_group;
	t->kinds = group_kinds;
	t->what = group_what;
	t->take = take;
	of_group = 0;
	return 0;
}

#define OBJECT_MAX 8192 /* the largest slab object */

/* Of a slab object: its size and, in payers_vector_, where its payer stands. 0: it is none. */
static __always_inline __u32 slab_bytes(__u64 address, __u64 *ret_page)
{
	__u64 page = head_of(page_base + (address >> page_shift) * page_struct_bytes);
	__u32 size = 0;

	*ret_page = page;
	if (!page_base || !is_slab(page))
		return 0;
	bpf_probe_read_kernel(
	    &size, sizeof(size),
	    (void *)(cache_of(page) + bpf_core_field_offset(struct kmem_cache, size)));
	return size > OBJECT_MAX ? 0 : size;
}

static __always_inline __u64 memcg_of(__u64 objcg)
{
	return objcg ? read_u64(objcg + bpf_core_field_offset(struct obj_cgroup, memcg)) : 0;
}

/* The memory cgroup that pays for a page. */
static __always_inline __u64 page_payer(__u64 page)
{
	struct page___unmarked *unmarked = (void *)page;
	__u64 payer;

	if (!bpf_core_field_exists(((struct page *)0)->memcg_data))
		return bpf_core_field_exists(unmarked->mem_cgroup)
			   ? (__u64)BPF_CORE_READ(unmarked, mem_cgroup)
			   : 0;
	payer = read_u64(page + bpf_core_field_offset(struct page, memcg_data));
	/* Bit 0 marks a slab's vector; without bit 1 it is user memory. */
	return (payer & 3) == 2 ? memcg_of(payer & PAYER_MASK) : 0;
}

/* Books bytes of whatever kind. Inlined into few: a chain of calls may only be 8 long. @payer: only
 * with CENSUS_PAYERS. */
static __always_inline int book(__u64 address, __u64 bytes, __u64 charged, __u64 payer,
				__u64 kind_count)
{
	__u32 kind = kind_count >> 32, count = (__u32)kind_count;

	if (depth == CENSUS_PAYERS &&
	    (of_group || (payer && payer != now.payer) || (each && address)))
		return hold(address, bytes, charged, payer, kind_count);
	/* Here, where it is used: old verifiers forget what is known of a number that was put by.
	 */
	asm volatile("" : "+r"(kind));
	if (kind >= CENSUS_KINDS)
		return 0;
	if (of_group) {
		group_cell[kind].bytes += bytes;
		group_cell[kind].count += count;
		group_kinds |= 1ull << kind;
		return 0;
	}
	now.cell[kind].bytes += bytes;
	now.cell[kind].count += count;
	if (depth != CENSUS_PAYERS)
		return 0;
	if (payer)
		now.cell[kind].charged += charged;
	else
		now.uncharged_bytes += bytes;
	return 0;
}

/**
 * put() - books an object of the kernel.
 * @large: its bytes where it is no slab object, 0: then it is not booked.
 */
__noinline int put(__u64 address, __u32 kind, __u32 count, __u64 large)
{
	__u64 page, payer = 0, vector;
	__u32 size;

	if (!address)
		return 0;
	size = slab_bytes(address, &page);
	if (!size) {
		large = (large + page_bytes - 1) & ~(__u64)(page_bytes - 1);
		if (!large)
			return 0;
		if (depth == CENSUS_PAYERS)
			payer = page_payer(page);
		return book(address, large, large, payer, KIND_COUNT(kind, count));
	}
	if (depth == CENSUS_PAYERS) {
		vector = payers_of(page) & PAYER_MASK;
		if (vector)
			payer = memcg_of(payer_in(vector, page, address, size));
	}
	return book(address, size, size + payer_bytes, payer, KIND_COUNT(kind, count));
}

/*
 * Sizes of objects that there are many of and that have a cache of their own, learnt from the
 * first of each. What the kernel itself does not mix needs no look at each one.
 */
enum {
	SIZE_VMA,
	SIZE_VMA_LOCK,
	SIZE_CHAIN,
	SIZE_ANON,
	SIZE_NODE,
	SIZE_TASK,
	SIZE_SIGNAL,
	SIZE_MM,
	SIZE_FILES,
	SIZES
};
__u32 sizes[SIZES];

static __always_inline __u32 learnt(__u32 which, __u64 address)
{
	__u64 page;

	if (!sizes[which] && address)
		sizes[which] = slab_bytes(address, &page);
	return sizes[which];
}

static __always_inline void put_like(__u64 address, __u32 which, __u32 kind, __u32 count)
{
	if (depth == CENSUS_PAYERS) {
		put(address, kind, count, 0);
		return;
	}
	now.cell[kind].bytes += learnt(which, address);
	now.cell[kind].count += count;
}

/* What is charged to the process by rule, not by object: page tables, per-CPU memory. */
static __always_inline void put_bytes(__u32 kind, __u32 count, __u64 bytes)
{
	book(0, bytes, bytes, now.payer, KIND_COUNT(kind, count));
}

/* A page of the kernel's own; one that is mapped or in a file is counted there. */
static __always_inline void put_page(__u64 page, __u64 bytes, __u32 kind)
{
	if (!page || read_u64(page + bpf_core_field_offset(struct page, mapping)))
		return;
	bytes = (bytes + page_bytes - 1) & ~(__u64)(page_bytes - 1);
	book(page, bytes, bytes, depth == CENSUS_PAYERS ? page_payer(page) : 0,
	     KIND_COUNT(kind, bytes / page_bytes));
}

/* What other processes may hold too, by its own address. */
static __always_inline void put_common(__u64 address, __u32 kind, __u32 count)
{
	__u64 outer = of_group;

	of_group = address;
	if (depth == CENSUS_PAYERS) {
		put(address, kind, count, 0);
	} else {
		__u64 page;
		__u32 size = address ? slab_bytes(address, &page) : 0;

		if (size)
			hold(address, size, 0, 0, KIND_COUNT(kind, count));
	}
	of_group = outer;
}

#endif
