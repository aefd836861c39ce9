/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * kernel.h - the few kernel types and constants the kernel programs read, by hand.
 *
 * Every struct carries preserve_access_index: the loader moves each access to where the running
 * kernel has the field, so only names matter here, not order or size. A type with ___suffix is an
 * older shape of the same kernel type. What differs between kernels is hidden behind the
 * accessors here and in their users, by presence of a field or type, never by version.
 */
#ifndef FORKTALLY_KERNEL_H
#define FORKTALLY_KERNEL_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16, __le16;
typedef __u32 __be32, __wsum, __le32;
typedef __u64 __be64, __le64;
typedef _Bool bool;
#define true  1
#define false 0
#define NULL  ((void *)0)

/* Stable values of the kernel's user interface (linux/bpf.h, linux/sched.h). */
enum {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
};
#define BPF_F_USER_STACK    (1ULL << 8)
#define BPF_F_MMAPABLE	    (1U << 10)
#define BPF_RB_NO_WAKEUP    1
#define BPF_RB_FORCE_WAKEUP 2
#define BPF_RB_AVAIL_DATA   0
#define BPF_RB_RING_SIZE    1
#define GFP_HIGHMEM	    0x2u
#define CLONE_VM	    0x100
#define CLONE_NAMESPACES    0x7e020080 /* each CLONE_NEW* */
#define CLONE_SIGHAND	    0x800
#define CLONE_THREAD	    0x10000

/* The number of a helper tells whether a kernel has it. */
enum bpf_func_id { BPF_FUNC_loop = 181 };

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#define CORE __attribute__((preserve_access_index))

typedef struct {
	int counter;
} CORE atomic_t;

typedef struct {
	__s64 counter;
} CORE atomic_long_t;

struct percpu_counter {
	__s64 count;
	__s32 *counters;
} CORE;

/* Before 6.2 the resident counters were plain longs in a struct of their own. */
struct mm_rss_stat {
	atomic_long_t count[4];
} CORE;
struct mm_struct___old {
	struct mm_rss_stat rss_stat;
} CORE;

struct mm_struct {
	unsigned long start_stack, data_vm, stack_vm, locked_vm, start_brk, brk;
	atomic_long_t pgtables_bytes;
	struct percpu_counter rss_stat[4];
} CORE;

struct page {
	unsigned long compound_head;
	void *mapping;
	unsigned int page_type;
	atomic_t _refcount;
	unsigned long memcg_data;
} CORE;
struct page___unmarked { /* before 5.11 */
	void *obj_cgroups, *mem_cgroup;
} CORE;
#define PAGE_TYPE_BASE	 0xf0000000u /* of a page that has a type: the type's own bit is clear */
#define PAGE_TYPE_KMEMCG 0x200u

struct folio {
	void *mapping;
	unsigned long index;
} CORE;
#define MAPPING_KIND 3ul
#define MAPPING_ANON 1ul

struct page___info { /* in place of compound_head after 6.18 */
	unsigned long compound_info;
} CORE;

struct vm_struct {
	unsigned int nr_pages;
} CORE;

struct list_head {
	struct list_head *next;
} CORE;
struct hlist_node {
	struct hlist_node *next;
} CORE;
struct hlist_head {
	struct hlist_node *first;
} CORE;
struct sigpending {
	struct list_head list;
} CORE;
struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct sigpending shared_pending;
	struct hlist_head posix_timers; /* a struct list_head before 6.12 */
} CORE;
struct k_itimer {
	struct hlist_node list;
} CORE;

struct css_set {
	void *subsys[16];
} CORE;
enum cgroup_subsys_id { memory_cgrp_id = 1000 };

struct cgroup_subsys_state {
	unsigned int flags;
	int nr_populated_csets;
} CORE;
#define CSS_ONLINE 2
struct kernfs_node {
	const char *name;
} CORE;
struct cgroup {
	struct cgroup_subsys_state self;
	int nr_populated_domain_children, nr_populated_threaded_children;
	struct kernfs_node *kn;
} CORE;
struct cgroup___csets {
	int nr_populated_csets;
} CORE;

struct keyring_index_key {
	const char *description;
} CORE;
struct refcount_struct {
	atomic_t refs;
} CORE;
struct key {
	struct refcount_struct usage;
	int serial;
	unsigned long flags;
	struct keyring_index_key index_key;
} CORE;
#define KEY_FLAGS_ENDED (1u << 0 | 1u << 1 | 1u << 5) /* dead, revoked, invalidated */
struct cred {
	struct key *session_keyring, *process_keyring, *thread_keyring;
} CORE;

struct task_struct {
	void *stack;
	int pid, tgid, exit_code;
	struct task_struct *real_parent, *group_leader;
	struct mm_struct *mm;
	__u64 start_boottime;
	char comm[16];
	struct signal_struct *signal;
	void *sighand;
	struct vm_struct *stack_vm_area;
	struct css_set *cgroups;
	unsigned short migration_disabled;
	struct files_struct *files;
	int exit_state;
	struct cred *cred, *real_cred;
	void *thread_pid, *fs, *nsproxy, *io_context;
	struct sigpending pending;
	struct list_head children, sibling;
} CORE;

struct kmem_cache {
	unsigned int flags;
	unsigned int size;
	const char *name;
} CORE;

struct slab { /* obj_exts since 6.10, memcg_data from 5.17 on */
	struct kmem_cache *slab_cache;
	unsigned long obj_exts;
} CORE;
struct slab___stride { /* after 6.18: from one object's payer to the next one's */
	unsigned int stride;
} CORE;
struct slab___old {
	unsigned long memcg_data;
} CORE;
struct page___slab { /* before 5.17 */
	struct kmem_cache *slab_cache;
} CORE;

struct obj_cgroup {
	void *memcg;
} CORE;
struct slabobj_ext {
	struct obj_cgroup *objcg;
} CORE;

/* Files and what is behind them. */
struct qstr {
	const unsigned char *name;
} CORE;
struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
} CORE;
struct address_space {
	unsigned long nrpages;
} CORE;
struct file_lock_context {
	struct list_head flc_flock, flc_posix, flc_lease;
} CORE;
struct file_lock_core { /* what a lock begins with, since 6.9 */
	struct list_head flc_list;
	void *flc_owner; /* a table of files; of flock() and leases, an open file */
} CORE;
struct file_lock {
	struct list_head fl_list;
	void *fl_owner;
} CORE;
struct inode {
	unsigned short i_mode;
	unsigned int i_nlink;
	unsigned int i_rdev;
	unsigned long i_ino;
	struct super_block *i_sb;
	struct address_space *i_mapping;
	struct file_lock_context *i_flctx;
	void *i_private;
} CORE;
struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
} CORE;
struct path {
	struct dentry *dentry;
} CORE;
struct file {
	struct path f_path;
	struct inode *f_inode;
	void *private_data;
	void *f_cred;
	struct hlist_head *f_ep; /* since 5.11 */
} CORE;
struct fdtable {
	unsigned int max_fds;
	struct file **fd;
	unsigned long *open_fds;
} CORE;
struct files_struct {
	struct fdtable *fdt;
} CORE;
struct pipe_buffer {
	struct page *page;
} CORE;
struct pipe_inode_info {
	unsigned int head, tail, ring_size; /* since 5.5 */
	struct pipe_buffer *bufs;
	struct page *tmp_page[2];
} CORE;
struct pipe_inode_info___one { /* before 6.14 */
	struct page *tmp_page;
} CORE;
struct epitem {
	struct hlist_node fllink;
	void *pwqlist; /* its first field leads to the next one */
} CORE;
struct sk_buff {
	struct sk_buff *next;
	struct sock *sk; /* in the queue of a unix socket that listens: the connection */
	char cb[48];
	unsigned char *head;
	unsigned int end, data_len;
} CORE;
struct skb_frag { /* a page comes first, under this name or that */
	unsigned int len;
} CORE;
struct skb_shared_info {
	unsigned char nr_frags;
	struct skb_frag frags[1]; /* of 16 bytes each */
} CORE;
struct sk_buff_head {
	struct sk_buff *next;
	unsigned int qlen;
} CORE;
enum { TCP_CLOSE = 7, TCP_CLOSE_WAIT = 8, TCP_LISTEN = 10 };
struct sock_common {
	unsigned short skc_family;
	unsigned char skc_state;
} CORE;
struct sock {
	struct sock_common __sk_common;
	struct sk_buff_head sk_receive_queue, sk_write_queue;
	unsigned short sk_protocol;
	void *sk_peer_pid, *sk_peer_cred;
} CORE;
struct inet_connection_sock {
	void *icsk_bind_hash, *icsk_bind2_hash; /* the second since 6.1 */
} CORE;
struct unix_sock {
	void *addr;
	struct sock *peer;
} CORE;
struct socket {
	enum { SS_CONNECTED = 3 } state; /* stays so when the other side resets the connection */
	struct sock *sk;
} CORE;
struct scm_fp_list {
	short count;
	struct file *fp[253];
} CORE;
struct unix_skb_parms {
	void *pid;
	struct scm_fp_list *fp;
} CORE;
struct fsnotify_mark {
	struct list_head g_list;
} CORE;
struct fsnotify_group {
	struct list_head marks_list;
} CORE;
struct tty_struct {
	struct tty_struct *link;
	void *disc_data, *port, *ldisc;
} CORE;
struct tty_file_private {
	struct tty_struct *tty;
} CORE;

struct rb_node {
	struct rb_node *rb_right, *rb_left;
} CORE;
struct rb_root {
	struct rb_node *rb_node;
} CORE;
struct rb_root_cached {
	struct rb_root rb_root;
} CORE;
struct anon_vma {
	struct rb_root_cached rb_root; /* of those who may map its pages */
} CORE;
struct anon_vma_chain {
	struct vm_area_struct *vma;
	void *anon_vma;
	struct list_head same_vma;
	struct rb_node rb;
} CORE;
struct vm_area_struct {
	struct mm_struct *vm_mm;
	struct list_head anon_vma_chain;
	void *anon_vma;
	struct file *vm_file;
} CORE;
struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
} CORE;
struct mount {
	struct vfsmount mnt;
	void *mnt_ns, *mnt_mp, *mnt_pcp;
	struct dentry *mnt_mountpoint;
	const char *mnt_devname;
} CORE;

struct seq_file;
struct bpf_iter_meta {
	struct seq_file *seq;
} CORE;
struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
} CORE;
struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
} CORE;
struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	unsigned int fd;
	struct file *file;
} CORE;
struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

struct bpf_array {
	void *pptrs[1];
} CORE;

/*
 * A field of the running task or its registers, as in READ(task, mm, start_stack). OLD_KERNEL: the
 * helpers that give typed pointers to these came with 5.11 and 5.15.
 */
#ifdef OLD_KERNEL
#define HAS_LOOP 0
#define READ(...)	    BPF_CORE_READ(__VA_ARGS__)
#define READ_COMM(task, to) bpf_core_read(to, sizeof((task)->comm), &(task)->comm)
#define COMM_WORD(task)	    FIELD_NUMBER(task, comm)
#else
#define HAS_LOOP bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop)
#define READ(...)	    ___arrow(__VA_ARGS__)
#define READ_COMM(task, to) __builtin_memcpy(to, (task)->comm, sizeof((task)->comm))
#define COMM_WORD(task)	    (*(__u64 *)(task)->comm)
#endif

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, di, orig_ax, ip, sp;
} CORE;
#define NR_EXECVE	59
#define NR_EXECVEAT	322
#define REGS_SYSCALL(r) ((__s32)READ(r, orig_ax))
#define REGS_IP(r)	READ(r, ip)
#define REGS_SP(r)	READ(r, sp)
#define REGS_KNOWN	0xf0c8 /* DWARF numbers of what calls preserve: rbx rbp rsp r12 to r15 */
#define REGS_SAVE(r, to)                                                                           \
	do {                                                                                       \
		(to)[3] = READ(r, bx);                                                             \
		(to)[6] = READ(r, bp);                                                             \
		(to)[7] = READ(r, sp);                                                             \
		(to)[12] = READ(r, r12);                                                           \
		(to)[13] = READ(r, r13);                                                           \
		(to)[14] = READ(r, r14);                                                           \
		(to)[15] = READ(r, r15);                                                           \
	} while (0)
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	__u64 regs[31], sp, pc;
	int syscallno;
} CORE;
#define NR_EXECVE	221
#define NR_EXECVEAT	281
#define REGS_SYSCALL(r) READ(r, syscallno)
#define REGS_IP(r)	READ(r, pc)
#define REGS_SP(r)	READ(r, sp)
#define REGS_KNOWN	0xfff80000 /* x19 to x30, sp */
#define REGS_SAVE(r, to)                                                                           \
	do {                                                                                       \
		bpf_core_read(&(to)[19], 12 * sizeof(__u64), &(r)->regs[19]);                      \
		(to)[31] = READ(r, sp);                                                            \
	} while (0)
#else
#error "kernel.h: say where this architecture keeps system call number, ip and sp of user space"
#endif

/* The value of a pointer field as a number: a plain load would yield a typed pointer. */
#define FIELD_NUMBER(object, field)                                                                \
	({                                                                                         \
		__u64 n_ = 0;                                                                      \
		bpf_core_read(&n_, sizeof(n_), &(object)->field);                                  \
		n_;                                                                                \
	})

/* A pointer's value as a number, which a typed pointer does not yield by itself. */
static __always_inline __u64 number_of(const void *p)
{
	const void *volatile v = p;
	__u64 n = 0;

	bpf_probe_read_kernel(&n, sizeof(n), (const void *)&v);
	return n;
}

/* a - b for two pointers of any type, as a number. */
static __always_inline __u64 distance(const void *a, const void *b)
{
	__u64 d;

	asm volatile("%0 = %1; %0 -= %2;" : "=&r"(d) : "r"(a), "r"(b));
	return d;
}

static __always_inline __u64 read_u64(__u64 from)
{
	__u64 v = 0;

	bpf_probe_read_kernel(&v, sizeof(v), (void *)from);
	return v;
}

/* The first page of those that were allocated together. */
static __always_inline __u64 head_of(__u64 page)
{
	__u64 head;

	if (bpf_core_field_exists(((struct page *)0)->compound_head))
		head = read_u64(page + bpf_core_field_offset(struct page, compound_head));
	else
		head = read_u64(page + bpf_core_field_offset(struct page___info, compound_info));
	if (!(head & 1))
		return page;
	/* The new field may hold a mask for the page's own address: no pointer begins like that. */
	return head >> 32 == 0xffffffff ? page & head : head - 1;
}

/* The cache that a slab's first page belongs to; of any other page, garbage. */
static __always_inline __u64 cache_of(__u64 head)
{
	if (bpf_core_type_exists(struct slab))
		return read_u64(head + bpf_core_field_offset(struct slab, slab_cache));
	if (bpf_core_field_exists(((struct page___slab *)0)->slab_cache))
		return read_u64(head + bpf_core_field_offset(struct page___slab, slab_cache));
	return 0;
}

#endif
