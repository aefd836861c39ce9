/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * census_kernel.h - the kernel types that only the census reads, and what differs between kernels
 * of them. As kernel.h; ___c is for types that it has too, with other fields.
 */
#ifndef FORKTALLY_CENSUS_KERNEL_H
#define FORKTALLY_CENSUS_KERNEL_H

#include "kernel.h"

struct upid {
	int nr;
	void *ns;
} CORE;
struct pid {
	unsigned int level;
	struct upid numbers[1];
	void *attr; /* before 6.15 in place */
} CORE;
struct kuid {
	unsigned int val;
};
struct user_namespace;
struct cred___c {
	atomic_long_t usage;
	struct kuid euid;
	void *security;
	struct user_namespace *user_ns;
	void *group_info;
} CORE;
struct seccomp {
	void *filter;
} CORE;
struct bpf_prog {
	unsigned short pages;
} CORE;
struct seccomp_filter {
	struct seccomp_filter *prev;
	struct bpf_prog *prog;
} CORE;
struct sysv_sem {
	void *undo_list;
} CORE;
struct sem_undo_list {
	struct list_head list_proc;
} CORE;
struct sem_undo {
	struct list_head list_proc;
} CORE;
struct sysv_shm {
	struct list_head shm_clist; /* of segments that this thread made */
} CORE;
struct shmid_kernel {
	struct list_head shm_clist;
} CORE;
struct shm_file_data { /* of an attached segment; its file stands behind the one that is mapped */
	struct file *file;
} CORE;
struct xarray {
	void *xa_head;
} CORE;
struct address_space___c {
	struct xarray i_pages;
} CORE;
struct sched_entity {
	__u64 sum_exec_runtime;
} CORE;
struct ns_common {
	unsigned int inum;
} CORE;
struct pid_namespace {
	struct ns_common ns;
} CORE;
struct mnt_namespace {
	unsigned int nr_mounts;
} CORE;
struct mnt_namespace___old { /* before 6.8 */
	unsigned int mounts;
} CORE;
struct nsproxy {
	void *uts_ns, *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	void *net_ns, *time_ns, *cgroup_ns;
} CORE;
struct page;
struct vm_struct___c {
	struct page **pages;
} CORE;
struct signal_struct___c {
	int nr_threads;
	struct list_head thread_head;
	unsigned long long sum_sched_runtime;
	unsigned int flags;
} CORE;
#define SIGNAL_STOP_STOPPED 1u
struct task_struct___c {
	unsigned int flags;
	struct list_head thread_node;
	struct sched_entity se;
	struct pid *thread_pid;
	struct seccomp seccomp;
	struct sysv_sem sysvsem;
	struct sysv_shm sysvshm;
	void *delays, *security, *io_uring;
} CORE;
#define PF_KTHREAD 0x00200000u

struct cgroup_root;
struct kernfs_node___c {
	__u64 id;
} CORE;
struct cgroup___c {
	struct kernfs_node___c *kn;
	struct cgroup_root *root;
} CORE;
struct cgroup_subsys_state___c {
	struct cgroup___c *cgroup;
} CORE;
struct css_set___c {
	struct cgroup_subsys_state___c *subsys[16];
	struct cgroup___c *dfl_cgrp;
} CORE;

struct maple_metadata {
	unsigned char end;
} CORE;
struct maple_range_64 {
	unsigned long pivot[15];
	void *slot[16];
	struct maple_metadata meta;
} CORE;
struct maple_arange_64 {
	unsigned long pivot[9];
	void *slot[10];
	struct maple_metadata meta;
} CORE;
struct maple_tree {
	void *ma_root;
} CORE;
#define MAPLE_NODE_MASK	 255ull
#define MAPLE_LEAF_64	 1
#define MAPLE_RANGE_64	 2
#define MAPLE_ARANGE_64	 3
#define MAPLE_NODE_BYTES 256
struct mm_struct___c {
	struct maple_tree mm_mt;     /* since 6.1 */
	struct vm_area_struct *mmap; /* before */
	atomic_t mm_users;
	int map_count;
	unsigned long total_vm;
	void *pgd, *pcpu_cid, *futex_phash, *futex_ref;
	struct file *exe_file;
} CORE;
struct mm_cid {
	__u64 time;
} CORE;
struct vm_area_struct___c {
	struct vm_area_struct *vm_next;
	void *vm_lock; /* an object of its own before 6.15 */
} CORE;
struct anon_vma___c {
	atomic_t refcount;
	unsigned long num_children; /* since 5.19 */
	struct anon_vma *parent;
} CORE;

struct files_struct___c {
	atomic_t count;
	struct fdtable fdtab;
} CORE;
typedef struct {
	atomic_long_t refcnt;
} CORE file_ref_t;
struct file___c {
	file_ref_t f_ref; /* since 6.13: one less than there are */
	atomic_long_t f_count;
	void *f_security, *f_owner;
} CORE;
struct inode___c {
	atomic_t i_count;
} CORE;
struct pipe_inode_info___c {
	unsigned int files;
} CORE;
struct sock___c {
	int sk_wmem_queued;
	struct refcount_struct sk_wmem_alloc;
	void *sk_security;
	struct {
		atomic_t rmem_alloc;
	} CORE sk_backlog;
} CORE;
struct io_mapped_region {
	unsigned int nr_pages;
} CORE;
struct io_ring_ctx {
	struct io_mapped_region sq_region, ring_region; /* since 6.14 */
} CORE;

enum pagetype { PGTY_slab = 0xff };
enum pageflags { PG_slab = 63 };
struct page___flags {
	unsigned long flags;
} CORE;

/* Does this page, the first of its slab, hold slab objects? */
static __always_inline bool is_slab(__u64 page)
{
	__u32 type = 0;

	if (bpf_core_enum_value_exists(enum pagetype, PGTY_slab)) {
		bpf_probe_read_kernel(
		    &type, sizeof(type),
		    (void *)(page + bpf_core_field_offset(struct page, page_type)));
		return type >> 24 == bpf_core_enum_value(enum pagetype, PGTY_slab);
	}
	if (bpf_core_enum_value_exists(enum pageflags, PG_slab))
		return read_u64(page + bpf_core_field_offset(struct page___flags, flags)) >>
			   bpf_core_enum_value(enum pageflags, PG_slab) &
		       1;
	return true;
}

/* Is it held in more than one place? */
static __always_inline bool file_is_shared(__u64 file)
{
	struct file___c *f = (struct file___c *)file;

	if (bpf_core_field_exists(f->f_ref))
		return (__s64)BPF_CORE_READ(f, f_ref.refcnt.counter) > 0;
	return BPF_CORE_READ(f, f_count.counter) > 1;
}

#endif
