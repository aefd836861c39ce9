/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* pid.h - the number of a process, as whoever asks for it sees it. */
#ifndef FORKTALLY_PID_H
#define FORKTALLY_PID_H

#include "census_kernel.h"

static __always_inline __u64 upid_at(struct pid *pid, __u32 level)
{
	return (__u64)pid + bpf_core_field_offset(struct pid, numbers) +
	       (__u64)level * bpf_core_type_size(struct upid);
}

static __always_inline __u32 pid_in(struct pid *pid, __u32 level)
{
	return (__u32)read_u64(upid_at(pid, level) + bpf_core_field_offset(struct upid, nr));
}

/* Whoever reads has a pid namespace, and all pids are told as it sees them. */
static __always_inline __u32 reader_level(void)
{
	struct task_struct___c *reader = (void *)bpf_get_current_task();

	return BPF_CORE_READ(reader, thread_pid, level);
}

static __always_inline __u32 tgid_of(struct task_struct *t, __u32 level)
{
	struct task_struct___c *leader;

	if (!level)
		return BPF_CORE_READ(t, tgid);
	leader = (struct task_struct___c *)BPF_CORE_READ(t, group_leader);
	if (BPF_CORE_READ(leader, thread_pid, level) < level)
		return 0;
	return pid_in(BPF_CORE_READ(leader, thread_pid), level);
}

#endif
