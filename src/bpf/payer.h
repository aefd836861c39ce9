/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * payer.h - who pays for a slab object: the kernel keeps that beside each accounted one, and clears
 * it at the moment of the free. The includer has page_base, page_shift, page_struct_bytes.
 */
#ifndef FORKTALLY_PAYER_H
#define FORKTALLY_PAYER_H

#include "kernel.h"

#define PAYER_MASK (~7ULL)

/* Where the payers of a slab's objects stand, one after the other. */
static __always_inline __u64 payers_of(__u64 slab)
{
	if (!bpf_core_type_exists(struct slab)) {
		if (bpf_core_field_exists(((struct page___unmarked *)0)->obj_cgroups))
			return read_u64(slab +
					bpf_core_field_offset(struct page___unmarked, obj_cgroups));
		return read_u64(slab + bpf_core_field_offset(struct page, memcg_data));
	}
	if (bpf_core_field_exists(((struct slab *)0)->obj_exts))
		return read_u64(slab + bpf_core_field_offset(struct slab, obj_exts));
	return read_u64(slab + bpf_core_field_offset(struct slab___old, memcg_data));
}

/* The obj_cgroup that pays for the object at address, in the slab of this page. 0: none. */
static __always_inline __u64 payer_in(__u64 vector, __u64 page, __u64 address, __u32 size)
{
	__u64 first = (page - page_base) / page_struct_bytes << page_shift;
	__u32 step = 8, index = (address - first) / size;

	if (bpf_core_field_exists(((struct slab___stride *)0)->stride))
		bpf_probe_read_kernel(
		    &step, sizeof(step),
		    (void *)(page + bpf_core_field_offset(struct slab___stride, stride)));
	else if (bpf_core_type_exists(struct slabobj_ext))
		step = bpf_core_type_size(struct slabobj_ext);
	return read_u64(vector + (__u64)index * step);
}

#endif
