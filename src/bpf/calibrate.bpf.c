// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * calibrate.bpf.c - loaded for a moment before the real programs, to learn from acts of our own
 * what no kernel interface tells:
 *   fork_site        the call that allocates a task_struct (from one fork of ours)
 *   lock_site, key_site  those of a file lock and of a key (from two of ours)
 *   page_base        page = page_base + (address / page size) * page_size (from one large buffer)
 *   percpu_offset    where each processor keeps its copy of a percpu address
 *   stack_bytes      of a kernel stack
 *   pgd              a top level page table, whose page see_page() has seen the size of
 *   programs_preempted  the kernel keeps a program on its processor, but not from being preempted
 */
#include "kernel.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u32 page_shift;
__u32 learner; /* the process that learns, as the first pid namespace counts */

struct mm_struct___top {
	void *pgd;
} CORE;

/* Objects of ours, and the order of pages, by address: a fork of a large process makes thousands.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, __u64);
	__type(value, __u64);
} sites SEC(".maps");

__u64 fork_site, lock_site, key_site, page_base, big_page, pgd;
__u32 big_order, page_struct_bytes, stack_pages, forks;
__u64 percpu_offset[256];
bool programs_preempted;

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} here SEC(".maps");

static __always_inline bool mine(void)
{
	return bpf_get_current_pid_tgid() >> 32 == learner;
}

static __always_inline int see_slab(__u64 site, __u64 object)
{
	if (mine())
		bpf_map_update_elem(&sites, &object, &site, 0);
	return 0;
}

SEC("raw_tp/kmem_cache_alloc")
int see_alloc(struct bpf_raw_tracepoint_args *ctx)
{
	return see_slab(ctx->args[0], ctx->args[1]);
}

SEC("?raw_tp/kmem_cache_alloc_node")
int see_alloc_node(struct bpf_raw_tracepoint_args *ctx)
{
	return see_slab(ctx->args[0], ctx->args[1]);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(see_fork, struct task_struct *child, __u64 clone_flags)
{
	struct task_struct *me = (void *)bpf_get_current_task();
	struct mm_struct___top *mm;
	__u64 address, *site;

	if (!mine())
		return 0;
	address = number_of(child);
	forks++;
	if (bpf_core_field_exists(me->migration_disabled) && BPF_CORE_READ(me, migration_disabled))
		programs_preempted = true;
	site = bpf_map_lookup_elem(&sites, &address);
	if (site)
		fork_site = *site;
	if (bpf_core_field_exists(child->stack_vm_area) && child->stack_vm_area)
		stack_pages = child->stack_vm_area->nr_pages;
	mm = (void *)BPF_CORE_READ(child, mm);
	pgd = (__u64)BPF_CORE_READ(mm, pgd);
	return 0;
}

SEC("raw_tp/mm_page_alloc")
int see_page(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 page = ctx->args[0], order = ctx->args[1] & 15;

	if (!mine() || !page)
		return 0;
	bpf_map_update_elem(&sites, &page, &order, 0);
	if (order < 2)
		return 0;
	big_page = page;
	big_order = order;
	page_struct_bytes = bpf_core_type_size(struct page);
	return 0;
}

static __always_inline int see_large(__u64 object)
{
	if (!mine() || !big_page || !object)
		return 0;
	/* The first object on fresh pages, at their start: both addresses of one place. */
	if (!(object & ((1ULL << (big_order + page_shift)) - 1)))
		page_base = big_page - (object >> page_shift) * page_struct_bytes;
	big_page = 0;
	return 0;
}

SEC("raw_tp/kmalloc")
int see_kmalloc(struct bpf_raw_tracepoint_args *ctx)
{
	return see_large(ctx->args[1]);
}

SEC("?raw_tp/kmalloc_node")
int see_kmalloc_node(struct bpf_raw_tracepoint_args *ctx)
{
	return see_large(ctx->args[1]);
}

static __always_inline __u64 site_of(__u64 object)
{
	__u64 *site = bpf_map_lookup_elem(&sites, &object);

	return site ? *site : 0;
}

/* Run by user space first: in a pid namespace of its own it does not know this number. */
SEC("raw_tp/sched_process_exit")
int see_learner(struct bpf_raw_tracepoint_args *ctx)
{
	learner = bpf_get_current_pid_tgid() >> 32;
	return 0;
}

/* Run by user space when it has locked a byte of this file, and has a keyring of its own. */
__u32 lock_fd;

SEC("raw_tp/sched_process_exit")
int see_uncharged(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *me = (void *)bpf_get_current_task();
	struct file *file =
	    (void *)read_u64((__u64)BPF_CORE_READ(me, files, fdt, fd) + lock_fd * 8);
	struct file_lock_context *locks;
	__u64 lock;

	if (bpf_core_field_exists(((struct inode *)0)->i_flctx)) {
		locks = BPF_CORE_READ(file, f_inode, i_flctx);
		lock = (__u64)BPF_CORE_READ(locks, flc_posix.next);
		if (bpf_core_type_exists(struct file_lock_core))
			lock -= bpf_core_field_offset(struct file_lock_core, flc_list);
		else
			lock -= bpf_core_field_offset(struct file_lock, fl_list);
		lock_site = site_of(lock);
	}
	if (bpf_core_field_exists(((struct cred *)0)->thread_keyring))
		key_site = site_of((__u64)BPF_CORE_READ(me, cred, thread_keyring));
	return 0;
}

/* Run by user space once on each processor. */
SEC("raw_tp/sched_process_exit")
int see_cpu(struct bpf_raw_tracepoint_args *ctx)
{
	__u64 *value, pointer = 0, map = number_of(&here);
	__u32 zero = 0, cpu = bpf_get_smp_processor_id();

	value = bpf_map_lookup_elem(&here, &zero);
	if (!value)
		return 0;
	bpf_probe_read_kernel(&pointer, sizeof(pointer),
			      (void *)(map + bpf_core_field_offset(struct bpf_array, pptrs)));
	if (cpu < 256)
		percpu_offset[cpu] = number_of(value) - pointer;
	return 0;
}
