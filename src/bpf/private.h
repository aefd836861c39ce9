/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * private.h - the private memory of an address space: anonymous pages and what of them is swapped.
 * Who includes it has cpu_count, percpu_offset and page_bytes.
 */
#ifndef FORKTALLY_PRIVATE_H
#define FORKTALLY_PRIVATE_H

#include "kernel.h"

/* The part of a percpu_counter that is still on the processors. */
static __always_inline __s64 percpu_part(__u64 part)
{
	__s64 sum = 0;

	for (__u32 cpu = 0; cpu < 256 && cpu < cpu_count; cpu++) {
		__s32 n = 0;

		bpf_probe_read_kernel(&n, sizeof(n), (void *)(part + percpu_offset[cpu]));
		sum += n;
	}
	return sum;
}

/* One resident counter of mm, in pages. The index must be a literal: the loader relocates it. */
#define MM_COUNTER(mm, which)                                                                      \
	(bpf_core_type_exists(struct mm_rss_stat)                                                  \
	     ? (__s64)BPF_CORE_READ((struct mm_struct___old *)(mm), rss_stat.count[which].counter) \
	     : (__s64)FIELD_NUMBER(mm, rss_stat[which].count) +                                    \
		   percpu_part(FIELD_NUMBER(mm, rss_stat[which].counters)))

static __always_inline __s64 mm_private_bytes(struct mm_struct *mm)
{
	__s64 pages;

	if (!mm)
		return EVENT_UNKNOWN_BYTES;
	pages = MM_COUNTER(mm, 1 /* MM_ANONPAGES */) + MM_COUNTER(mm, 2 /* MM_SWAPENTS */);
	return pages < 0 ? 0 : pages * page_bytes;
}

#endif
