// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * charged.bpf.c - what the kernel charges a memory cgroup and those below it for, object by object:
 * every page of the machine is looked at, whoever holds what is in it. User space runs scan() again
 * and again, some thousand pages at a time, and empties the list in between.
 *
 * The second book opened: it takes no part in the census, so what both tell can be compared.
 */
#include "kernel.h"
#include "event/census.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

const volatile __u64 page_base;
const volatile __u32 page_shift, page_struct_bytes, page_bytes, room;

#include "census_kernel.h"
#include "payer.h"

struct mem_cgroup {
	struct cgroup_subsys_state___c css;
	void *objcg;
} CORE;
struct cgroup_subsys_state___parent {
	void *parent;
} CORE;
struct kmem_cache___users {
	int refcount; /* names that the kernel has given one cache */
} CORE;
struct slab___counts {
	unsigned int inuse : 16;
	unsigned int objects : 15;
} CORE;
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct census_charged);
} list SEC(".maps");
__u32 count;

__u64 payer;		     /* asked: the group */
__u64 first_page;	     /* of physical memory: where struct page of frame 0 would be */
__u64 next_frame, end_frame; /* asked; next_frame: as far as it came */

/* The one before: objects of one slab are often of one payer. */
__u64 last_objcg, last_page;
__u32 last_answer;

#define GROUPS_DEEP 32
#define ANSWER_OURS 1u

/* Is this payer the group or one below it; and was it handed up by one that was removed? */
static __always_inline __u32 ask(__u64 objcg)
{
	__u64 group, own;

	if (objcg == last_objcg)
		return last_answer;
	last_objcg = objcg;
	last_answer = 0;
	own = group = read_u64(objcg + bpf_core_field_offset(struct obj_cgroup, memcg));
	for (int i = 0; i < GROUPS_DEEP && group && group != payer; i++)
		group = read_u64(
		    group + bpf_core_field_offset(struct cgroup_subsys_state___parent, parent));
	if (!group || group != payer)
		return 0;
	last_answer = ANSWER_OURS;
	if (bpf_core_field_exists(((struct mem_cgroup *)0)->objcg) &&
	    read_u64(own + bpf_core_field_offset(struct mem_cgroup, objcg)) != objcg)
		last_answer |= CENSUS_CHARGED_DYING;
	return last_answer;
}

static __always_inline void tell(__u64 address, __u64 cache, __u32 bytes, __u32 flags)
{
	struct census_charged *c;
	__u32 at = count;

	if (at >= room)
		return;
	c = bpf_map_lookup_elem(&list, &at);
	if (!c)
		return;
	c->address = address;
	c->cache = cache;
	c->bytes = bytes;
	c->flags = flags & ~ANSWER_OURS;
	count = at + 1;
}

struct slab_walk {
	__u64 page, cache, vector, first;
	__u32 size;
};

static long see_object(__u32 i, struct slab_walk *w)
{
	__u64 address = w->first + (__u64)i * w->size;
	__u64 objcg = payer_in(w->vector, w->page, address, w->size);
	__u32 answer = objcg ? ask(objcg) : 0;

	if (answer)
		tell(address, w->cache, w->size, answer);
	return 0;
}

static __always_inline void see_slab(__u64 page)
{
	struct slab_walk w = {.page = page, .vector = payers_of(page) & PAYER_MASK};
	struct slab___counts *s = (void *)page;
	__u32 objects;

	if (!w.vector)
		return;
	w.cache = cache_of(page);
	bpf_probe_read_kernel(&w.size, sizeof(w.size),
			      (void *)(w.cache + bpf_core_field_offset(struct kmem_cache, size)));
	objects = BPF_CORE_READ_BITFIELD_PROBED(s, objects);
	if (!w.size || !objects)
		return;
	w.first = (page - page_base) / page_struct_bytes << page_shift;
	bpf_loop(objects, see_object, &w, 0);
}

/* A page that is charged by itself; its tail follows it. */
static __always_inline void see_page(__u64 page)
{
	__u64 data, head = head_of(page);
	struct census_charged *c;
	__u32 answer, at = count - 1;

	if (head != page) {
		if (head != last_page || !count)
			return;
		c = bpf_map_lookup_elem(&list, &at);
		if (c)
			c->bytes += page_bytes;
		return;
	}
	last_page = 0;
	if (is_slab(page)) {
		see_slab(page);
		return;
	}
	data = read_u64(page + bpf_core_field_offset(struct page, memcg_data));
	/* Bit 0 marks a slab's vector; without bit 1 it is user memory. */
	answer = (data & 3) == 2 ? ask(data & PAYER_MASK) : 0;
	if (answer) {
		tell(page, 0, page_bytes, answer);
		last_page = page;
	}
}

#define OBJECTS_MAX 32768 /* in one slab */

/* Most pages belong to nobody or to user space: one read tells that. */
static __always_inline bool may_be_charged(__u64 page)
{
	static char copy[64];
	__u64 head, data;

	/* Where there is no memory there may be no struct page. */
	if (bpf_probe_read_kernel(copy, sizeof(copy), (void *)page))
		return false;
	if (!bpf_core_field_exists(((struct page *)0)->memcg_data) ||
	    !bpf_core_field_exists(((struct page *)0)->compound_head))
		return true;
	data = *(__u64 *)(copy + bpf_core_field_offset(struct page, memcg_data));
	head = *(__u64 *)(copy + bpf_core_field_offset(struct page, compound_head));
	if (head & 1)
		return last_page;
	if (data & 3)
		return true;
	last_page = 0;
	return false;
}

static long next_page(__u32 i, void *unused)
{
	__u64 page;

	if (next_frame >= end_frame || count + OBJECTS_MAX > room)
		return 1;
	page = first_page + next_frame++ * page_struct_bytes;
	if (may_be_charged(page))
		see_page(page);
	return 0;
}

#define STEP 16384

/* Both are run by user space. */
SEC("raw_tp/sched_process_exit")
int scan(struct bpf_raw_tracepoint_args *ctx)
{
	last_objcg = 0;
	if (!count)
		last_page = 0;
	bpf_loop(STEP, next_page, NULL, 0);
	return 0;
}

/* The cache's name, and whether the kernel may drop what is in it. */
__u64 named_cache;
char cache_name[32];
__u32 cache_flags, cache_merged;

SEC("raw_tp/sched_process_exit")
int name(struct bpf_raw_tracepoint_args *ctx)
{
	struct kmem_cache *c = (struct kmem_cache *)named_cache;

	cache_flags = BPF_CORE_READ(c, flags);
	cache_merged = BPF_CORE_READ((struct kmem_cache___users *)c, refcount) > 1;
	bpf_probe_read_kernel_str(cache_name, sizeof(cache_name), BPF_CORE_READ(c, name));
	return 0;
}

/* The page that lies in a pipe of the process that asks. */
__u32 pipe_fd;
__u64 page_in_pipe;

SEC("raw_tp/sched_process_exit")
int find_page(struct bpf_raw_tracepoint_args *ctx)
{
	struct task_struct *me = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(me, files, fdt);
	struct file *file = (void *)read_u64((__u64)BPF_CORE_READ(table, fd) + (__u64)pipe_fd * 8);
	struct pipe_inode_info *pipe = BPF_CORE_READ(file, private_data);

	page_in_pipe = read_u64((__u64)BPF_CORE_READ(pipe, bufs) +
				bpf_core_field_offset(struct pipe_buffer, page));
	return 0;
}
