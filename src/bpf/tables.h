/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * tables.h - the maps of the exact source and how an address is found in them.
 *
 * A lock-free open-addressing table: a slot is claimed by compare-and-swap on its key and given
 * back the same way, so that two processors, or a program and the interrupt above it, never both
 * take one entry. See event/table.h for the layout.
 */
#ifndef FORKTALLY_TABLES_H
#define FORKTALLY_TABLES_H

#include "kernel.h"
#include "event/table.h"

/* Set by user space before loading: the verifier folds them into constants. */
const volatile __u32 far_mask, task_mask, account_mask, take_mask; /* size - 1 */
const volatile __u32 cpu_count;
const volatile __u32 gfp_account, gfp_zero, gfp_reclaimable, slab_account, slab_reclaim;
const volatile __u32 page_bytes, kmalloc_slab_max, stack_bytes;
const volatile __u32 payer_bytes; /* charged for each slab object beside its size */
const volatile __u64 page_base; /* page = page_base + (address >> page_shift) * page_struct_bytes */
const volatile __u32 page_shift, page_struct_bytes;
const volatile __u64 fork_site; /* the call that allocates a new task_struct */
const volatile __u64 lock_site, key_site; /* of a file lock, of a key; 0: not known */
const volatile __u64 percpu_offset[256];
const volatile __u32 judge_forks;	/* a holder with fewer forks is not judged */
const volatile bool programs_preempted; /* another task may run on top of a program */
const volatile bool
    objects_loadable; /* the verifier lets programs load a `const void *` argument */

struct tree_state tree;

/*
 * A bit for each hash of an address that was ever charged, never cleared. Nearly every free of a
 * program that has nothing to do with the tree ends here, in a few lines that stay in the cache.
 */
#define FILTER_BITS 18
__u64 filter[1 << (FILTER_BITS - 6)];
struct tag_slot tags[TAG_MAX];

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct object_bucket);
} objects SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct task_bucket);
} tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct account_slot);
} accounts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct take_slot);
} takes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tag_counts);
} counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1 << GROWN_BITS_MAX);
	__type(key, __u32);
	__type(value, struct grown_page);
} grown SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} records SEC(".maps");

static __always_inline __u32 hash_of(__u64 key)
{
	return TABLE_HASH(key);
}

static __always_inline void add(__u64 *counter, __u64 n)
{
	__sync_fetch_and_add(counter, n);
}

/* Its own address, noted by number_learn(): by the distance from it, others are known. */
__u64 anchor = 1;

static __always_inline void number_learn(void)
{
	*(const void *volatile *)&anchor = &anchor;
}

/* As number_of(), without a call. */
static __always_inline __u64 number_here(const void *p)
{
	return distance(p, &anchor) + anchor;
}

/*
 * What kernels' BPF differs in: here with all that these programs need, in old.h with less.
 * CLAIM(word, value, at): gives a word that is 0 a value; at: its place in its table.
 * CHANGE(word, from, to): of a claimed word, for what happens to it once.
 * ADD_FETCH(word, n):     the sum.
 */
#ifdef OLD_KERNEL
#include "old.h"
#else
static __always_inline struct task_struct *current_task(void)
{
	return bpf_get_current_task_btf();
}

/* The registers of its user code. */
static __always_inline struct pt_regs *user_regs(struct task_struct *task)
{
	return (struct pt_regs *)bpf_task_pt_regs(task);
}

#define CLAIM(word, value, at) (!__sync_val_compare_and_swap(word, 0, value))
#define CHANGE(word, from, to) (__sync_val_compare_and_swap(word, from, to) == (from))
#define ADD_FETCH(word, n)     (__sync_fetch_and_add(word, n) + (n))

static __always_inline bool ever_charged(__u64 key)
{
	__u32 bit = hash_of(key) >> (32 - FILTER_BITS);

	return filter[bit >> 6] >> (bit & 63) & 1;
}

static __always_inline void note_charged(__u64 key)
{
	__u32 bit = hash_of(key) >> (32 - FILTER_BITS);

	__sync_fetch_and_or(&filter[bit >> 6], 1ull << (bit & 63));
}
#endif

/* Counts on this processor, for a task: an interrupt never counts here, another task only might. */
static __always_inline void count_charged(__u64 *counter)
{
	if (programs_preempted)
		add(counter, 1);
	else
		*counter += 1;
}

static __always_inline struct account_slot *account_at(__u32 slot)
{
	slot &= account_mask;
	return bpf_map_lookup_elem(&accounts, &slot);
}

/*
 * DEFINE_TABLE(kind): kind_find() and kind_claim() over a map of struct kind_bucket. HOME(key): the
 * bucket where a key is looked for first; FAR(key, p): the p-th of those where it may live instead.
 * find:  the entry of key, the address of its key, and of its home bucket's spill count (NULL
 *        when it lives at home).
 * claim: a new entry for key, NULL when there is no room.
 * claim_new: the same in one look, NULL as well when key is there already or may be.
 * Nearly all keys live at home: only that part is inlined. The rest is global functions, which the
 * kernel verifies once, not for each of their callers.
 */
#define DEFINE_TABLE(kind, map, HOME, FAR)                                                         \
	struct kind##_place {                                                                      \
		struct kind##_entry *entry;                                                        \
		__u64 *key, *spilled;                                                              \
	};                                                                                         \
	/* Where beyond its home the key lives: bucket * 8 + slot + 1, 0: nowhere. */              \
	__noinline __u32 kind##_find_far(__u64 key)                                                \
	{                                                                                          \
		for (__u32 p = 0; p < BUCKET_PROBES; p++) {                                        \
			__u32 at = FAR(key, p);                                                    \
			struct kind##_bucket *b = bpf_map_lookup_elem(&map, &at);                  \
                                                                                                   \
			for (__u32 i = 0; b && i < BUCKET_SLOTS; i++) {                            \
				if (b->key[i] == key)                                              \
					return at << 3 | (i + 1);                                  \
			}                                                                          \
		}                                                                                  \
		return 0;                                                                          \
	}                                                                                          \
	__noinline __u32 kind##_claim_far(__u64 key)                                               \
	{                                                                                          \
		for (__u32 p = 0; p < BUCKET_PROBES; p++) {                                        \
			__u32 at = FAR(key, p);                                                    \
			struct kind##_bucket *b = bpf_map_lookup_elem(&map, &at);                  \
                                                                                                   \
			for (__u32 i = 0; b && i < BUCKET_SLOTS; i++) {                            \
				if (!b->key[i] && CLAIM(&b->key[i], key, at))                      \
					return at << 3 | (i + 1);                                  \
			}                                                                          \
		}                                                                                  \
		return 0;                                                                          \
	}                                                                                          \
	static __always_inline bool kind##_far(__u32 far, struct kind##_place *ret)                \
	{                                                                                          \
		__u32 at = far >> 3, i = (far & 7) - 1;                                            \
		struct kind##_bucket *b;                                                           \
                                                                                                   \
		if (!far || i >= BUCKET_SLOTS)                                                     \
			return false;                                                              \
		b = bpf_map_lookup_elem(&map, &at);                                                \
		if (!b)                                                                            \
			return false;                                                              \
		ret->entry = &b->entry[i];                                                         \
		ret->key = &b->key[i];                                                             \
		return true;                                                                       \
	}                                                                                          \
	static __always_inline bool kind##_find(__u64 key, struct kind##_place *ret)               \
	{                                                                                          \
		__u32 home = HOME(key);                                                            \
		struct kind##_bucket *b = bpf_map_lookup_elem(&map, &home);                        \
                                                                                                   \
		if (!b)                                                                            \
			return false;                                                              \
		_Pragma("unroll") for (int i = 0; i < BUCKET_SLOTS; i++)                           \
		{                                                                                  \
			if (b->key[i] == key) {                                                    \
				ret->entry = &b->entry[i];                                         \
				ret->key = &b->key[i];                                             \
				ret->spilled = NULL;                                               \
				return true;                                                       \
			}                                                                          \
		}                                                                                  \
		if (!b->spilled || !kind##_far(kind##_find_far(key), ret))                         \
			return false;                                                              \
		ret->spilled = &b->spilled;                                                        \
		return true;                                                                       \
	}                                                                                          \
	static __always_inline struct kind##_entry *kind##_claim_new(__u64 key)                    \
	{                                                                                          \
		__u32 home = HOME(key);                                                            \
		struct kind##_bucket *b = bpf_map_lookup_elem(&map, &home);                        \
		__u32 free = BUCKET_SLOTS;                                                         \
                                                                                                   \
		if (!b || b->spilled)                                                              \
			return NULL;                                                               \
		_Pragma("unroll") for (int i = 0; i < BUCKET_SLOTS; i++)                           \
		{                                                                                  \
			if (b->key[i] == key)                                                      \
				return NULL;                                                       \
			if (!b->key[i] && free == BUCKET_SLOTS)                                    \
				free = i;                                                          \
		}                                                                                  \
		if (free >= BUCKET_SLOTS || !CLAIM(&b->key[free], key, home))                      \
			return NULL;                                                               \
		return &b->entry[free];                                                            \
	}                                                                                          \
	static __always_inline struct kind##_entry *kind##_claim(__u64 key)                        \
	{                                                                                          \
		__u32 home = HOME(key);                                                            \
		struct kind##_bucket *b = bpf_map_lookup_elem(&map, &home);                        \
		struct kind##_place far;                                                           \
                                                                                                   \
		if (!b)                                                                            \
			return NULL;                                                               \
		_Pragma("unroll") for (int i = 0; i < BUCKET_SLOTS; i++)                           \
		{                                                                                  \
			if (!b->key[i] && CLAIM(&b->key[i], key, home))                            \
				return &b->entry[i];                                               \
		}                                                                                  \
		add(&b->spilled, 1); /* first, so that nobody looks for it at home only */         \
		if (kind##_far(kind##_claim_far(key), &far))                                       \
			return far.entry;                                                          \
		add(&b->spilled, -1);                                                              \
		return NULL;                                                                       \
	}

#define OBJECT_FAR_HERE(key, p) OBJECT_FAR(key, p, far_mask)
DEFINE_TABLE(object, objects, OBJECT_HOME, OBJECT_FAR_HERE)

#define TASK_HOME(key)	 (hash_of(key) & task_mask)
#define TASK_FAR(key, p) ((hash_of(key) + 1 + (p)) & task_mask)
DEFINE_TABLE(task, tasks, TASK_HOME, TASK_FAR)

__noinline __u32 tag_far(__u64 key, __u64 kind_book, __u32 bytes)
{
	__u32 at = hash_of(key);
	__u64 name = 0;

	for (int i = 0; i < 8; i++, at++) {
		struct tag_slot *t;

		at &= TAG_MAX - 1;
		if (!at)
			continue;
		t = &tags[at];
		if (!t->key)
			(void)CLAIM(&t->key, key, at);
		if (t->key != key)
			continue;
		/* Two processors may meet here: both write the same. */
		t->kind = kind_book >> 32;
		t->book = kind_book;
		if (t->kind == TAG_SLAB) {
			/* The key of such a tag is the address of its cache. */
			bpf_probe_read_kernel(
			    &name, sizeof(name),
			    (void *)(key + bpf_core_field_offset(struct kmem_cache, name)));
			bpf_probe_read_kernel_str(t->name, sizeof(t->name), (void *)name);
		}
		if (TAG_IS_UNCHARGED(t->kind))
			t->own_bytes = bytes;
		else
			t->bytes = bytes;
		return at;
	}
	return 0;
}

/* The tag's slot, made at its first use. Slot 0 stands for "table full". */
static __always_inline __u32 tag_of(__u64 key, __u32 kind, __u32 bytes, __u32 book)
{
	__u32 at = hash_of(key) & (TAG_MAX - 1);

	if (tags[at].key == key && tags[at].bytes && at)
		return at;
	if (kind == TAG_SLAB || kind == TAG_KMALLOC)
		bytes += payer_bytes;
	return tag_far(key, (__u64)kind << 32 | book, bytes);
}

static __always_inline struct tag_counts *counts_here(void)
{
	__u32 cpu = bpf_get_smp_processor_id();

	return bpf_map_lookup_elem(&counts, &cpu);
}

static __always_inline void record_fill(struct event *ev, __u32 type, const struct account_slot *a)
{
	__builtin_memset(ev, 0, sizeof(*ev));
	ev->time_ns = bpf_ktime_get_boot_ns();
	ev->type = type;
	ev->pad = a->alias; /* the slot: user space clears it */
	ev->account.tgid = a->tgid;
	ev->account.start_ns = a->start_ns;
}

/* Puts one record into the ring; user space looks every few ms, a full ring wakes it. */
static __always_inline struct event *record_new(__u32 type, struct account_slot *a)
{
	struct event *ev = bpf_ringbuf_reserve(&records, sizeof(*ev), 0);

	if (!ev) {
		add(&tree.lost_records, 1);
		return NULL;
	}
	record_fill(ev, type, a);
	return ev;
}

static __always_inline void record_submit(struct event *ev)
{
	bool far = bpf_ringbuf_query(&records, BPF_RB_AVAIL_DATA) > (1 << 20);

	bpf_ringbuf_submit(ev, far ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP);
}

#endif
