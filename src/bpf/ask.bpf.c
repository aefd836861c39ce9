// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * ask.bpf.c - asks the kernel's own objects whether a charge is still open.
 *
 * The kernel keeps, beside each accounted slab object and in each accounted page, who pays for it,
 * and clears that at the moment of the free. So an entry whose object has no payer, or another
 * one, was returned although no program saw it (RCU batches, a free inside a running program).
 */
#include "kernel.h"
#include "event/table.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u64 page_base;
const volatile __u32 page_shift, page_struct_bytes;

#include "payer.h"

/* Question and answer; user space runs ask() for one address at a time. */
__u64 address, memcg;
__u32 kind, bytes;
__u64 cache; /* of a TAG_SLAB object */
enum { ANSWER_UNKNOWN, ANSWER_LIVE, ANSWER_DEAD };
__u32 answer;

static __always_inline __u32 judge_payer(__u64 objcg)
{
	__u64 payer = 0;

	if (!objcg)
		return ANSWER_DEAD;
	if (memcg <= TREE_MEMCGS)
		return ANSWER_LIVE;
	bpf_probe_read_kernel(&payer, sizeof(payer),
			      (void *)(objcg + bpf_core_field_offset(struct obj_cgroup, memcg)));
	return payer == memcg ? ANSWER_LIVE : ANSWER_DEAD;
}

static __always_inline __u32 ask_slab(void)
{
	__u64 page, s, vector;
	__u32 size = 0;

	if (!page_base)
		return ANSWER_UNKNOWN;
	page = head_of(page_base + (address >> page_shift) * page_struct_bytes);
	s = cache_of(page);
	if (kind == TAG_SLAB && s != cache)
		return ANSWER_DEAD;
	bpf_probe_read_kernel(&size, sizeof(size),
			      (void *)(s + bpf_core_field_offset(struct kmem_cache, size)));
	if (size != bytes)
		return ANSWER_DEAD; /* these pages serve something else by now */
	vector = payers_of(page) & PAYER_MASK;
	if (!vector)
		return ANSWER_DEAD;
	return judge_payer(payer_in(vector, page, address, size));
}

static __always_inline __u32 ask_page(void)
{
	struct page *page = (void *)address;
	struct page___unmarked *unmarked = (void *)address;
	__u64 payer;

	if (!bpf_core_field_exists(page->memcg_data) &&
	    !bpf_core_field_exists(unmarked->mem_cgroup))
		return ANSWER_UNKNOWN;
	if (!BPF_CORE_READ(page, _refcount.counter))
		return ANSWER_DEAD;
	if (!bpf_core_field_exists(page->memcg_data)) {
		if ((BPF_CORE_READ(page, page_type) & (PAGE_TYPE_BASE | PAGE_TYPE_KMEMCG)) !=
		    PAGE_TYPE_BASE)
			return ANSWER_DEAD;
		payer = (__u64)BPF_CORE_READ(unmarked, mem_cgroup);
		return payer && (!memcg || payer == memcg) ? ANSWER_LIVE : ANSWER_DEAD;
	}
	payer = BPF_CORE_READ(page, memcg_data);
	/* Bit 0 marks a slab's vector; without bit 1 the page is user memory, charged otherwise. */
	if ((payer & 1) || !(payer & 2))
		return ANSWER_DEAD;
	return judge_payer(payer & PAYER_MASK);
}

SEC("raw_tp/sched_process_exit")
int ask(struct bpf_raw_tracepoint_args *ctx)
{
	switch (kind) {
	case TAG_SLAB:
	case TAG_KMALLOC:
		answer = ask_slab();
		break;
	case TAG_PAGE:
	case TAG_PAGE_TABLE:
		answer = ask_page();
		break;
	default:
		answer = ANSWER_UNKNOWN;
	}
	return 0;
}
