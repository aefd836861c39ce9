/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * machine.h - what the exact source must know of the running kernel before its programs are loaded:
 * shapes of tracepoints and values of flags from the kernel's type information (BTF), addresses
 * and call sites learnt from acts of our own (calibrate.bpf.c). Never from a version number.
 */
#ifndef FORKTALLY_MACHINE_H
#define FORKTALLY_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#define MACHINE_CPUS 256

struct machine {
	uint32_t cpus;	  /* possible ones */
	uint32_t learner; /* our process id, as the first pid namespace counts */
	uint32_t page_bytes, page_shift;
	uint32_t gfp_account, gfp_zero, gfp_reclaimable, slab_account, slab_reclaim;
	uint32_t payer_bytes;		   /* a memory cgroup pays for beside each slab object */
	bool slab_alloc, slab_alloc_sized; /* which shape of kmem_cache_alloc */
	bool slab_alloc_at;		   /* the one that does not tell the cache */
	bool kmalloc_cache, kmalloc_node;  /* likewise */
	bool percpu_alloc, prepare_exec;   /* the tracepoint is there, in a shape we read */
	bool exit_with_memory;		   /* an exit is told while its memory is there */
	bool programs_preempted;	   /* a program on a tracepoint may be */
	bool old_bpf;			   /* exact_old.bpf.c and walk_old.bpf.c are for it */
	bool walks_maps;       /* it can show the memory maps of processes to a program */
	bool objects_loadable; /* programs may load a `const void *` argument of a tracepoint */
	bool cgroup_mkdir;     /* the tracepoint is there */
	uint64_t fork_site;
	uint64_t lock_site, key_site; /* 0: not learnt, then none of them is counted */
	uint64_t page_base; /* 0: not learnt, then the kernel cannot be asked about slab objects */
	uint32_t page_struct_bytes;
	uint32_t stack_bytes;
	uint32_t pgd_bytes; /* of a top level page table: some kernels make it two pages */
	uint64_t percpu_offset[MACHINE_CPUS];
};

/**
 * machine_learn() - find all of the above. Forks one child, for a moment.
 * Errors: -errno; *ret_why: what is missing, one sentence (static).
 */
int machine_learn(struct machine *ret_machine, const char **ret_why);

#endif
