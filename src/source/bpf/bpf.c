// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * bpf.c - source "bpf": the operations of source.h over the kernel programs.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "source/bpf/exact.h"

/* So many accounts that cannot be closed: some returns were not seen. Ask now and then. */
#define WAITING_MANY	1024
#define ASK_NS		8000000000ull
#define TICK_MS		40
#define FRESH_NS	400000000ull
#define OBJECTS_DEFAULT 262144u

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return getenv("FORKTALLY_LIBBPF") ? vfprintf(stderr, format, args) : 0;
}

void exact_sample(struct exact *x)
{
	int64_t before, after, kernel;

	if (!x->cgroup.exists)
		return;
	before = tables_open_bytes(&x->tables);
	kernel = run_cgroup_kernel_bytes(&x->cgroup);
	after = tables_open_bytes(&x->tables);
	/* The kernel may tell a sum that is 2 s old: while ours stands still, the later one counts.
	 */
	if (before != after || after < x->peak.ledger || !after)
		return;
	x->peak.ledger = after;
	x->peak.kernel = kernel;
	x->peak.processes = x->tables.tree->alive;
}

/* A zombie that its parent left: what it still holds, before it is let go. */
static void tell_zombie(struct exact *x, uint32_t slot)
{
	const struct account_slot *a = &x->tables.accounts[slot];
	struct event ev = {
	    .type = EVENT_GAUGE,
	    .account = {.start_ns = a->start_ns, .tgid = a->tgid},
	    .u.gauge = {.pool = POOL_KERNEL,
			.tag = TAG_ZOMBIE,
			.ordinal = x->tables.tree->ordinal,
			.count = 1,
			.bytes = (int64_t)(a->charged[BOOK_KERNEL] - a->returned[BOOK_KERNEL])},
	};

	collector_tag(&x->collector, TAG_ZOMBIE);
	collector_forked_at(&x->collector, slot);
	collector_emit(&x->collector, &ev);
}

void exact_reap(struct exact *x)
{
	for (;;) {
		siginfo_t info = {};
		int64_t slot;
		int status;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
			return;
		/* Its parent's exit is in the records by now: that must come before its own end. */
		collector_records(&x->collector);
		slot = collector_slot(&x->collector, (uint32_t)info.si_pid);
		if (info.si_pid != x->source.root && slot >= 0 &&
		    x->tables.accounts[slot].state == ACCOUNT_EXITED) {
			if (collector_now_ns() - x->tables.accounts[slot].exit_ns < FRESH_NS)
				return; /* some of its memory is still on its way back */
			tell_zombie(x, (uint32_t)slot);
		}
		if (waitpid(info.si_pid, &status, 0) != info.si_pid)
			return;
		if (info.si_pid == x->source.root) {
			x->source.status = status;
			x->ended = true;
		}
	}
}

int exact_tick(struct exact *x)
{
	struct timespec ts;
	uint64_t now;

	exact_reap(x);
	if (x->launch->attached && x->collector.root_exited) {
		x->source.status = x->collector.root_status;
		x->ended = true;
	}
	exact_sample(x);
	if (x->launch->attached && !x->oracle)
		exact_prove_oracle(x); /* on what it takes, as soon as it takes something */
	if (x->collector.waiting_count > WAITING_MANY) {
		clock_gettime(CLOCK_BOOTTIME, &ts);
		now = (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
		if (now - x->asked_ns > ASK_NS) {
			x->asked_ns = now;
			exact_ask(x, now - ASK_NS, false);
		}
	}
	return collector_tick(&x->collector);
}

struct kill_job {
	int sig, count;
};

static void kill_one(void *ctx, pid_t pid)
{
	struct kill_job *job = ctx;

	if (!kill(pid, job->sig))
		job->count++;
}

int exact_kill(struct exact *x, int sig)
{
	struct kill_job job = {.sig = sig};

	if (x->launch->attached)
		return 0;
	if (x->cgroup.exists) {
		run_cgroup_each(&x->cgroup, kill_one, &job);
		return job.count;
	}
	for (uint32_t slot = 0; slot < TABLE_ACCOUNTS; slot++) {
		const struct account_slot *a = &x->tables.accounts[slot];

		if (a->state == ACCOUNT_LIVE && a->tgid)
			kill_one(&job, (pid_t)a->tgid);
	}
	return job.count;
}

static int exact_source_kill(struct source *src, int sig)
{
	return exact_kill((struct exact *)src, sig);
}

static void watch(int poll_fd, int fd)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.fd = fd};

	if (fd >= 0)
		(void)epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &ev); /* the tick finds it later */
}

static void exact_close(struct source *src)
{
	struct exact *x = (struct exact *)src;

	if (!x)
		return;
	if (x->tables.exact)
		tables_detach(&x->tables);
	collector_close(&x->collector);
	reach_close(&x->reach);
	tables_close(&x->tables);
	(void)run_cgroup_close(&x->cgroup); /* a group that stays is empty */
	sysvipc_done(&x->ipc_before);
	if (x->proc_fd >= 0)
		close(x->proc_fd);
	if (x->poll_fd >= 0)
		close(x->poll_fd);
	if (x->pidfd >= 0)
		close(x->pidfd);
	free(x);
}

static int exact_open(const struct source_options *opts, struct launch *launch,
		      struct source **ret_source, const char **ret_why)
{
	struct exact *x = calloc(1, sizeof(*x));
	const char *no_cgroup;
	int err;

	*ret_why = "";
	if (!x)
		return -ENOMEM;
	x->source = (struct source){.ops = &source_bpf, .root = launch->pid};
	x->opts = *opts;
	x->launch = launch;
	x->proc_fd = x->poll_fd = x->pidfd = -1;
	libbpf_set_print(quiet);
	err = machine_learn(&x->machine, ret_why);
	if (!err && x->machine.learner != (uint32_t)getpid()) {
		*ret_why = "the kernel programs tell pids of the first pid namespace, and this is "
			   "another one";
		err = -ENOTSUP;
	}
	if (err)
		goto out;
	/* Without a group of its own there is no second book; the report says so. */
	if (!launch->attached && !run_cgroup_open(&x->cgroup, &no_cgroup) &&
	    run_cgroup_add(&x->cgroup, launch->pid))
		(void)run_cgroup_close(&x->cgroup);
	err = tables_open(&x->machine, opts->object_max ? opts->object_max : OBJECTS_DEFAULT,
			  x->cgroup.exists, &x->tables, ret_why);
	if (!err)
		err = collector_open(&x->collector, &x->tables, opts->emit, opts->emit_ctx);
	if (err)
		goto out;
	reach_open(&x->reach, &x->tables, &x->machine);
	x->collector.reach = &x->reach;
	x->collector.text_half = x->machine.fork_site & ~0xffffffffull;
	if (!launch->attached && prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		*ret_why = "this process cannot become a child subreaper";
		err = -errno;
		goto out;
	}
	x->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	x->ipc_known = x->proc_fd >= 0 && !sysvipc_read(x->proc_fd, &x->ipc_before);
	x->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	x->pidfd = (int)syscall(SYS_pidfd_open, launch->pid, 0);
	if (x->pidfd >= 0)
		(void)fcntl(x->pidfd, F_SETFD, FD_CLOEXEC);
	watch(x->poll_fd, x->pidfd);
	watch(x->poll_fd, opts->wake_fd);
	watch(x->poll_fd, ring_buffer__epoll_fd(x->collector.ring));
	err = launch->attached ? exact_adopt_tree(x, ret_why) : exact_adopt_command(x, ret_why);
	if (!err && !launch->attached && !launch_touch(launch))
		exact_prove_oracle(x);
	if (err)
		goto out;
	malloc_trim(0); /* the kernel's types took tens of MiB to read */
	*ret_source = &x->source;
	return 0;
out:
	exact_close(&x->source);
	return err;
}

static int exact_poll(struct source *src, int timeout_ms)
{
	struct exact *x = (struct exact *)src;
	struct epoll_event events[4];
	struct timespec begin, now;
	int err, n;

	if (!x->released) {
		x->released = true;
		err = launch_release(x->launch);
		if (!err)
			err = launch_result(x->launch);
		if (err)
			return err;
	}
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (;;) {
		err = exact_tick(x);
		if (err || x->ended)
			return err;
		clock_gettime(CLOCK_MONOTONIC, &now);
		if ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 >=
		    timeout_ms)
			return 1;
		n = epoll_wait(x->poll_fd, events, 4, TICK_MS);
		for (int i = 0; i < n; i++) {
			if (events[i].data.fd == x->opts.wake_fd)
				return exact_tick(x) ?: !x->ended;
		}
	}
}

static int exact_source_settle(struct source *src, int interrupted)
{
	return exact_settle((struct exact *)src, interrupted);
}

const struct source_ops source_bpf = {
    .name = "bpf",
    .open = exact_open,
    .poll = exact_poll,
    .kill = exact_source_kill,
    .settle = exact_source_settle,
    .close = exact_close,
};
