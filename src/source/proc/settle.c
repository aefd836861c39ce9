/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * settle.c - after the command has ended. Nothing has to settle in /proc itself; what is waited
 * for are processes that the command left running and that end by themselves.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "source/proc/proc.h"

#define PUMP_MS	       50
#define PROGRESS_NS    500000000ULL
#define TREE_LOST_TEXT "processes of the tree were not followed"
#define FULL_TEXT      "processes did not fit into the table"

static bool wakes(const struct proc_source *src)
{
	struct pollfd pfd = {.fd = src->options.wake_fd, .events = POLLIN};

	return pfd.fd >= 0 && poll(&pfd, 1, 0) > 0;
}

static int wait_for_stragglers(struct proc_source *src)
{
	uint32_t max_ms =
	    src->options.settle_max_ms ? src->options.settle_max_ms : SETTLE_DEFAULT_MS;
	uint64_t begin_ns = proc_now_ns(), told_ns = begin_ns;
	uint64_t end_ns = begin_ns + max_ms * 1000000ULL;

	for (;;) {
		uint64_t now_ns;
		int err = proc_pump(src, tree_live(src) ? PUMP_MS : 0);

		if (err)
			return err;
		now_ns = proc_now_ns();
		if (!tree_live(src) || now_ns >= end_ns || wakes(src))
			return 0;
		if (src->options.progress && now_ns - told_ns >= PROGRESS_NS) {
			told_ns = now_ns;
			src->options.progress(src->options.progress_ctx,
					      "waiting for processes that still run", 0,
					      (double)(end_ns - now_ns) / 1e9);
		}
	}
}

static int tell_alive(struct proc_source *src, struct account *a)
{
	struct event ev = {.type = EVENT_ALIVE, .account = a->id};
	struct sample sample = {.status.private_bytes = EVENT_UNKNOWN_BYTES};
	struct procfs_stat st = {.ppid = a->ppid};
	pid_t pid = (pid_t)a->id.tgid;
	int fd = procfs_open(src->proc_fd, pid, pid), err = 0;
	int64_t kernel_bytes = src->cost.bytes[COST_TASK];

	if (fd >= 0) {
		(void)procfs_stat_read(fd, &src->text, &st); /* what is not read stays as it was */
		close(fd);
	}
	if (!a->gone) {
		/* Its last level, with its own exit still to come. */
		sample_read(src, a, pid, &sample);
		err = a->forks ? sample_emit(src, a, &sample) : 0;
		if (err)
			return err;
		kernel_bytes += src->cost.bytes[COST_PROCESS];
		if (!a->shares_mm)
			kernel_bytes += src->cost.bytes[COST_MM];
	}
	ev.u.alive.parent_tgid = (uint32_t)(st.ppid > 0 ? st.ppid : 0);
	ev.u.alive.zombie = a->gone;
	ev.u.alive.private_bytes = a->gone ? 0 : sample.status.private_bytes;
	ev.u.alive.kernel_bytes = kernel_bytes;
	ev.u.alive.stopped = st.state == 'T';
	ev.u.alive.birth_ordinal = a->birth_ordinal;
	memcpy(ev.u.alive.comm, st.comm[0] ? st.comm : a->comm, sizeof(ev.u.alive.comm));
	return emit_event(src, &ev);
}

/* Everything that is left of the tree: running ones, and zombies of running ones. */
static int tell_all_alive(struct proc_source *src, uint32_t *ret_count)
{
	struct account *a;
	size_t place = 0;
	uint32_t count = 0;
	int err = 0;

	while (!err && (a = pid_table_next(&src->accounts, &place)))
		err = process_sweep(src, a);
	if (!err)
		err = process_sweep(src, &src->ours);
	for (place = 0; !err && (a = pid_table_next(&src->accounts, &place));) {
		/* Whom it is for to wait for that one, we do not watch. */
		if (src->launch->attached && a == src->root && a->gone)
			continue;
		err = tell_alive(src, a);
		count++;
	}
	*ret_count = count;
	return err;
}

static int kill_child(void *ctx, pid_t pid, const struct procfs_stat *st)
{
	struct proc_source *src = ctx;

	/* A child of ours that nobody announced: made with CLONE_UNTRACED, say. */
	if (st->ppid == getpid() && !pid_table_get(&src->threads, pid) &&
	    !pid_table_get(&src->accounts, pid) && !kill(pid, SIGKILL))
		src->lost_tree++;
	return 0;
}

/* True: nothing is left. */
static bool wait_until_empty(struct proc_source *src, int max_ms)
{
	uint64_t end_ns = proc_now_ns() + (uint64_t)max_ms * 1000000ULL;

	while (src->threads.used && proc_now_ns() < end_ns)
		if (proc_pump(src, PUMP_MS))
			break;
	return !src->threads.used;
}

void settle_kill(struct proc_source *src)
{
	if (src->launch->attached)
		return; /* not ours: let go when the thread that traces ends */
	src->silent = true;
	if (src->threads.used) {
		src->killed += (uint32_t)tree_kill(src, SIGTERM);
		(void)tree_kill(src, SIGCONT);
		if (!wait_until_empty(src, TERM_TO_KILL_MS)) {
			src->lethal = true;
			for (int ms = 0; ms < KILL_GIVE_UP_MS; ms += 2 * PUMP_MS) {
				(void)tree_kill(src, SIGKILL);
				if (wait_until_empty(src, 2 * PUMP_MS))
					break;
			}
		}
	}
	(void)procfs_each(src->proc_fd, kill_child, src, NULL);
	/* What is no tracee: zombies that came to us, and what was just killed. */
	for (int tries = 0; tries < KILL_GIVE_UP_MS / PUMP_MS; tries++) {
		pid_t pid = waitpid(-1, NULL, __WALL | WNOHANG);

		if (pid < 0)
			break;
		if (pid == 0)
			(void)poll(NULL, 0, PUMP_MS);
		else
			tries = -1;
	}
}

int settle_run(struct proc_source *src, int interrupted)
{
	uint64_t begin_ns = proc_now_ns();
	struct event ev = {.type = EVENT_END};
	uint32_t alive = 0;
	int err = src->released && !src->launch->attached ? wait_for_stragglers(src) : 0;

	if (!err)
		err = tell_all_alive(src, &alive);
	settle_kill(src);
	if (!err)
		err = ipc_tell(src);
	if (!err && src->lost_tree)
		err = emit_loss(src, LOSS_TREE, src->lost_tree, TREE_LOST_TEXT);
	if (!err && src->lost_accounts)
		err = emit_loss(src, LOSS_ACCOUNTS, src->lost_accounts, FULL_TEXT);
	if (err)
		return err;
	ev.u.end.status =
	    src->ran && (src->root_done || !src->launch->attached) ? src->base.status : -1;
	ev.u.end.interrupted = (uint32_t)interrupted;
	ev.u.end.forks = src->forks;
	ev.u.end.exits = src->exits;
	ev.u.end.alive = alive;
	ev.u.end.killed = src->killed;
	ev.u.end.settle_ns = proc_now_ns() - begin_ns;
	return emit_event(src, &ev);
}
