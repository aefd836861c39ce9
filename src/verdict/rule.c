/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "verdict/rule.h"

static const struct rule rules[] = {
    {"zombie",
     RULE_CAUSE,
     POOL_KERNEL,
     {NULL},
     {"zombie"},
     {"zombie", "task_struct"},
     0,
     "Children that ended were never waited for; each keeps its process number and its kernel "
     "records. Call waitpid() for each child, or set SIGCHLD to SIG_IGN."},
    {"orphan",
     RULE_CAUSE,
     POOL_KERNEL,
     {NULL},
     {"orphan"},
     {"orphan"},
     0,
     "Processes still run although the one that forked them has ended. End them or wait for them "
     "before it exits; if they are meant to stay, this is no leak."},
    {"fd.pipe",
     RULE_CAUSE,
     POOL_KERNEL,
     {"pipe", "pipe2"},
     {"fd.pipe"},
     {"fd.pipe", "inode_cache", "pipe_inode_info"},
     2,
     "A pipe made for each fork is kept open. Close both ends in the parent when the child is "
     "done; open them with O_CLOEXEC."},
    {"fd.socket",
     RULE_CAUSE,
     POOL_KERNEL,
     {"socket", "socketpair", "accept", "accept4"},
     {"fd.socket.", "fd.socket", "sock_inode_cache"},
     {"fd.socket.", "fd.socket", "filp", "sock_inode_cache"},
     0,
     "Sockets stay open in the process that forks. Close the accepted or created socket in the "
     "parent after the fork, and the other end of each pair."},
    {"fd.eventfd",
     RULE_CAUSE,
     POOL_KERNEL,
     {"eventfd", "eventfd2"},
     {"fd.eventfd"},
     {"fd.eventfd", "filp"},
     0,
     "An eventfd made for each fork is kept open. Close it in the parent."},
    {"fd.epoll",
     RULE_CAUSE,
     POOL_KERNEL,
     {"epoll_create", "epoll_create1"},
     {"fd.epoll"},
     {"fd.epoll", "filp"},
     0,
     "An epoll set made for each fork is kept open. Close it."},
    {"fd.timerfd",
     RULE_CAUSE,
     POOL_KERNEL,
     {"timerfd_create"},
     {"fd.timerfd"},
     {"fd.timerfd", "filp"},
     0,
     "A timerfd made for each fork is kept open. Close it."},
    {"fd.signalfd",
     RULE_CAUSE,
     POOL_KERNEL,
     {"signalfd", "signalfd4"},
     {"fd.signalfd"},
     {"fd.signalfd", "filp"},
     0,
     "A signalfd made for each fork is kept open. Close it."},
    {"fd.pidfd",
     RULE_CAUSE,
     POOL_KERNEL,
     {"pidfd_open"},
     {"fd.pidfd"},
     {"fd.pidfd", "filp"},
     0,
     "A pidfd is kept open for each child. Close it after waiting for the child."},
    {"fd.inotify",
     RULE_CAUSE,
     POOL_KERNEL,
     {"inotify_init", "inotify_init1"},
     {"fd.inotify"},
     {"fd.inotify", "filp"},
     0,
     "An inotify descriptor made for each fork is kept open. Close it."},
    {"fd.memfd",
     RULE_CAUSE,
     POOL_KERNEL,
     {"memfd_create", "memfd_secret"},
     {"fd.memfd"},
     {"fd.memfd", "filp", "shmem_inode_cache"},
     0,
     "A memfd made for each fork is kept open, with the memory in it. Close and unmap it."},
    {"fd.file",
     RULE_CAUSE,
     POOL_KERNEL,
     {"openat", "open", "openat2", "creat"},
     {"fd.file", "fd.file.", "fd.dir"},
     {"fd.file", "fd.file.", "fd.dir", "filp"},
     0,
     "A file opened for each fork is kept open. Close it in the parent, or open it with "
     "O_CLOEXEC in the child."},
    {"fd.other",
     RULE_CAUSE,
     POOL_KERNEL,
     {"io_uring_setup", "userfaultfd", "fanotify_init"},
     {"fd.", "filp"},
     {"fd.", "filp"},
     0,
     "File descriptors stay open in the process that forks. Close them when the child is done."},
    {"ipc.shm",
     RULE_CAUSE,
     POOL_SHARED,
     {"shmget", "shmat"},
     {"ipc.shm"},
     {"ipc.shm"},
     0,
     "SysV shared memory outlives its processes. Mark each segment with shmctl(IPC_RMID) as soon "
     "as it is attached; ipcs -m lists what is there."},
    {"ipc.sem",
     RULE_CAUSE,
     POOL_KERNEL,
     {"semget"},
     {"ipc.sem"},
     {"ipc.sem"},
     0,
     "SysV semaphores outlive their processes. Remove each set with semctl(IPC_RMID); ipcs -s "
     "lists what is there."},
    {"ipc.msg",
     RULE_CAUSE,
     POOL_KERNEL,
     {"msgget", "msgsnd"},
     {"ipc.msg"},
     {"ipc.msg"},
     0,
     "SysV message queues outlive their processes. Remove each with msgctl(IPC_RMID); ipcs -q "
     "lists what is there."},
    {"threads",
     RULE_CAUSE,
     POOL_KERNEL,
     {NULL},
     {"threads"},
     {"threads"},
     0,
     "The process that forks has more and more threads. Let them end, and join or detach them."},
    {"heap",
     RULE_CAUSE,
     POOL_PRIVATE,
     {NULL},
     {"private"},
     {"private"},
     0,
     "The process that forks keeps more private memory after each fork, and every child inherits "
     "it. Free what was allocated for a child when that child is done."},
    {"mapping",
     RULE_MEMORY,
     POOL_KERNEL,
     {"mmap", "brk", "mremap", "mprotect", "page fault"},
     {"vma", "vm_area_struct", "page table", "anon_vma", "anon_vma_chain", "maple_node"},
     {"vma", "vm_area_struct", "page table"},
     0,
     "The process that forks has more and more mappings. Unmap what was mapped for a child."},
    {"kernel.fork",
     RULE_FORK,
     POOL_KERNEL,
     {"fork", "vfork", "clone", "clone3"},
     {"task_struct", "signal_cache", "sighand_cache", "pid"},
     {"task_struct"},
     0,
     "Kernel records of children stay with the process that forked them."},
    {"kernel.lost",
     RULE_CAUSE,
     POOL_KERNEL,
     {NULL},
     {NULL},
     {NULL},
     0,
     "The kernel still counts this memory as in use, but no process is left that could reach it. "
     "It comes back only at the next boot: report it to those who maintain this kernel."},
    {"kernel.left",
     RULE_CAUSE,
     POOL_KERNEL,
     {NULL},
     {NULL},
     {NULL},
     0,
     "Objects that outlive processes were left behind. Remove them when their last user ends."},
    {"kernel.held",
     RULE_REST,
     POOL_KERNEL,
     {NULL},
     {NULL},
     {NULL},
     0,
     "The process that forks holds more kernel memory after each fork. The system call that took "
     "it says what to give back."},
};

#define RULES (sizeof(rules) / sizeof(*rules))

const struct rule *rule_at(size_t i)
{
	return i < RULES ? &rules[i] : NULL;
}

const struct rule *rule_named(const char *cause)
{
	size_t i;

	for (i = 0; i < RULES; i++) {
		if (!strcmp(rules[i].cause, cause))
			return &rules[i];
	}
	return NULL;
}

static bool name_matches(const char *pattern, const char *name)
{
	size_t length = strlen(pattern);

	if (length && pattern[length - 1] == '.')
		return !strncmp(pattern, name, length);
	return !strcmp(pattern, name);
}

static size_t name_among(const char *const names[RULE_NAMES], const char *name)
{
	size_t i;

	for (i = 0; i < RULE_NAMES && names[i]; i++) {
		if (name_matches(names[i], name))
			return i;
	}
	return RULE_NAMES;
}

static const struct rule *by_syscall(const char *name)
{
	size_t i;

	while (*name == '_')
		name++; /* as libraries and kernels name their wrappers: __pipe2 */
	for (i = 0; *name && i < RULES; i++) {
		if (name_among(rules[i].syscalls, name) < RULE_NAMES)
			return &rules[i];
	}
	return NULL;
}

static const struct rule *by_tag(const char *name)
{
	size_t i;

	for (i = 0; i < RULES; i++) {
		if (name_among(rules[i].tags, name) < RULE_NAMES)
			return &rules[i];
	}
	return NULL;
}

static const struct rule *by_take(const struct ledger *led, uint32_t number)
{
	const struct ledger_take *take = number ? ledger_take(led, number) : NULL;
	const struct rule *rule = NULL;
	size_t i;

	if (!take)
		return NULL;
	if (take->syscall_nr == -1)
		return by_syscall("page fault");
	if (take->syscall[0])
		return by_syscall(take->syscall);
	for (i = 0; !rule && i < take->frame_count; i++)
		rule = by_syscall(take->frames[i].function);
	return rule;
}

const struct rule *rule_of(const struct ledger *led, const struct ledger_residue *r)
{
	const struct rule *rule = NULL;

	if (r->kind == RESIDUE_ZOMBIE)
		return rule_named("zombie");
	if (r->kind == RESIDUE_ORPHAN)
		return rule_named("orphan");
	if (r->hold == HOLD_NONE)
		return rule_named("kernel.lost");
	rule = by_take(led, r->take);
	if (!rule && r->tag)
		rule = by_tag(r->tag->name);
	if (r->hold == HOLD_LEFT && (!rule || strncmp(rule->cause, "ipc.", 4)))
		return rule_named("kernel.left");
	return rule ? rule : rule_named("kernel.held");
}

size_t rule_counts(const struct rule *rule, const char *tag)
{
	return name_among(rule->counts, tag);
}
