/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * old.h - what tables.h has from the kernel's BPF, for kernels where that has less. A program can
 * add to memory atomically there, but not learn what was there. Why this holds is in
 * doc/decision/0082.
 *
 * A claim is made under a lock that is a count: add 1, look; only who finds 1 is alone. Who meets
 * another gets nothing, and tries the next place. It cannot be interrupted by a claim on the same
 * processor: only tasks claim, and a program on these kernels is not preempted.
 */
#ifndef FORKTALLY_OLD_H
#define FORKTALLY_OLD_H

#define OLD_LOCKS 1024
struct old_shared {
	__u32 lock[OLD_LOCKS];
	/* Bytes: a plain store to one spoils none of its neighbours. */
	__u8 ever_charged[1 << FILTER_BITS];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct old_shared);
} shared SEC(".maps");

static __always_inline struct task_struct *current_task(void)
{
	return (void *)bpf_get_current_task();
}

static __always_inline struct pt_regs *user_regs(struct task_struct *task)
{
	return (void *)(FIELD_NUMBER(task, stack) + stack_bytes -
			bpf_core_type_size(struct pt_regs));
}

static __always_inline struct old_shared *old_shared(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shared, &zero);
}

__noinline int old_lock(__u32 at)
{
	struct old_shared *s = old_shared();

	at &= OLD_LOCKS - 1;
	if (!s)
		return 0;
	__sync_fetch_and_add(&s->lock[at], 1);
	if (*(volatile __u32 *)&s->lock[at] == 1)
		return 1;
	__sync_fetch_and_add(&s->lock[at], -1);
	return 0;
}

__noinline int old_unlock(__u32 at)
{
	struct old_shared *s = old_shared();

	if (s)
		__sync_fetch_and_add(&s->lock[at & (OLD_LOCKS - 1)], -1);
	return 0;
}

#define CLAIM(word, value, at)                                                                     \
	({                                                                                         \
		volatile __typeof__(*(word)) *word_ = (word);                                      \
		bool got_ = old_lock(at);                                                          \
                                                                                                   \
		if (got_) {                                                                        \
			got_ = !*word_;                                                            \
			if (got_)                                                                  \
				*word_ = (value);                                                  \
			old_unlock(at);                                                            \
		}                                                                                  \
		got_;                                                                              \
	})

/* An object is freed once, by one processor: nobody else changes its word meanwhile. */
#define CHANGE(word, from, to)                                                                     \
	({                                                                                         \
		volatile __typeof__(*(word)) *word_ = (word);                                      \
		bool is_ = *word_ == (from);                                                       \
                                                                                                   \
		if (is_)                                                                           \
			*word_ = (to);                                                             \
		is_;                                                                               \
	})

/* Two processors that add at once may both see the sum of both. */
#define ADD_FETCH(word, n) (__sync_fetch_and_add(word, n), *(volatile __typeof__(*(word)) *)(word))

static __always_inline bool ever_charged(__u64 key)
{
	struct old_shared *s = old_shared();

	return s && s->ever_charged[hash_of(key) >> (32 - FILTER_BITS)];
}

static __always_inline void note_charged(__u64 key)
{
	struct old_shared *s = old_shared();

	if (s)
		s->ever_charged[hash_of(key) >> (32 - FILTER_BITS)] = 1;
}

#endif
