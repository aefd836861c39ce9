/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>
#include "source/proc/proc.h"

/* No TRACESYSGOOD and no filter: without them no other system call stops. */
#define TRACE_OPTIONS                                                                              \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |     \
	 PTRACE_O_TRACEEXIT)
#define UNCLAIMED_POLL_MS 10

/* Takes what wait has for us, one at a time. Returns 1 something, 0 nothing now, -errno. */
static int take_one(struct proc_source *src)
{
	int status, err;
	pid_t pid = waitpid(-1, &status, __WALL | WNOHANG);

	if (pid <= 0)
		return 0; /* ECHILD: nobody is left, which the caller sees by itself */
	if (WIFSTOPPED(status))
		err = tree_stop(src, pid, status);
	else
		err = tree_gone(src, pid, status);
	return err ? err : 1;
}

/* Sleeps until a child changes, the caller is to be woken, or the time is over. */
static bool sleep_for_child(struct proc_source *src, int timeout_ms)
{
	struct pollfd pfd[2] = {
	    {.fd = src->signal_fd, .events = POLLIN},
	    {.fd = src->options.wake_fd, .events = POLLIN},
	};
	struct signalfd_siginfo info;

	if (src->unclaimed_count && timeout_ms > UNCLAIMED_POLL_MS)
		timeout_ms = UNCLAIMED_POLL_MS;
	if (poll(pfd, 2, timeout_ms) < 0)
		return false;
	if (pfd[0].revents) /* how many signals became one does not matter: wait is asked for all */
		(void)!read(src->signal_fd, &info, sizeof(info));
	return pfd[1].revents;
}

int proc_pump(struct proc_source *src, int timeout_ms)
{
	uint64_t end_ns = proc_now_ns() + (uint64_t)timeout_ms * 1000000ULL;
	bool root_was_done = src->root_done;

	for (;;) {
		uint64_t now_ns;
		int took = take_one(src);

		if (took < 0)
			return took;
		if (src->root_done && !root_was_done)
			return 0;
		now_ns = proc_now_ns();
		if (took) {
			if (now_ns >= end_ns && timeout_ms)
				return 0;
			continue;
		}
		if (src->unclaimed_count) {
			int err = tree_claim_late(src);

			if (err)
				return err;
		}
		if (now_ns >= end_ns || (!src->threads.used && src->root_done))
			return 0;
		if (sleep_for_child(src, (int)((end_ns - now_ns + 999999) / 1000000)))
			return 0;
	}
}

static int proc_poll(struct source *base, int timeout_ms)
{
	struct proc_source *src = (struct proc_source *)base;
	int err;

	if (!src->released) {
		err = launch_release(src->launch);
		if (err)
			return err;
		src->released = true;
	}
	if (src->root_done)
		return 0;
	err = proc_pump(src, timeout_ms);
	return err ? err : !src->root_done;
}

static int proc_kill(struct source *base, int sig)
{
	return (int)tree_kill((struct proc_source *)base, sig);
}

static int proc_settle(struct source *base, int interrupted)
{
	return settle_run((struct proc_source *)base, interrupted);
}

static void proc_close(struct source *base)
{
	struct proc_source *src = (struct proc_source *)base;

	if (!src)
		return;
	settle_kill(src);
	tree_done(src);
	ipc_done(src);
	procfs_text_done(&src->text);
	if (src->signal_fd >= 0)
		close(src->signal_fd);
	if (src->proc_fd >= 0)
		close(src->proc_fd);
	(void)prctl(PR_SET_CHILD_SUBREAPER, src->old_subreaper, 0, 0, 0);
	(void)sigprocmask(SIG_SETMASK, &src->old_mask, NULL);
	free(src);
}

/* Is the /proc that is mounted here the one of our own pid namespace? */
static bool is_our_proc(int proc_fd)
{
	char text[32], own[32];
	ssize_t n = readlinkat(proc_fd, "self", text, sizeof(text) - 1);

	if (n < 0)
		return false;
	text[n] = '\0';
	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	return !strcmp(text, own);
}

static int tell_blind(struct proc_source *src)
{
	static const char *const notes[] = {
	    "Call stacks: where something was taken is not known.",
	    "Kernel objects: what no process holds any more (lost memory) cannot be found.",
	    "Kernel memory that is not a process, a mapping, a page table, a timer or an open "
	    "file: "
	    "data waiting in pipes and sockets, queued signals, locks, watches.",
	    "An object that several processes hold is counted for each of them that forks.",
	    "Private memory of a process that neither forks nor ends: it is read at forks and at "
	    "exits only, so short peaks are not seen.",
	    "What outlives the run and is not System V IPC: POSIX message queues, files in "
	    "/dev/shm, keys, mounts, control groups.",
	    "A command that traces others itself (a debugger, strace, LeakSanitizer) cannot do so "
	    "here: a "
	    "process has one tracer only.",
	};
	int err;

	if (src->cost.measured)
		err = emit_blind(src,
				 "Kernel bytes are estimates: counts times a cost table that was "
				 "measured on this machine under Linux %s.",
				 src->cost.kernel);
	else
		err =
		    emit_blind(src, "Kernel bytes are estimates: counts times the cost table that "
				    "comes with forktally (forktally doctor --calibrate measures "
				    "this machine's).");
	for (size_t i = 0; !err && i < sizeof(notes) / sizeof(notes[0]); i++)
		err = emit_blind(src, "%s", notes[i]);
	return err;
}

/* Why PTRACE_SEIZE of our own child can fail. */
static const char *why_no_trace(int err)
{
	if (err == -EPERM)
		return "tracing a child by ptrace(2) is refused here (seccomp filter of a "
		       "container, "
		       "yama ptrace_scope 3, or another tracer)";
	if (err == -ENOSYS)
		return "this kernel has no ptrace(2)";
	if (err == -ESRCH)
		return "the command's process is gone";
	return "tracing a child by ptrace(2) does not work here";
}

static int prepare(struct proc_source *src, const char **ret_why)
{
	sigset_t chld;

	src->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (src->proc_fd < 0 || !is_our_proc(src->proc_fd)) {
		*ret_why = "there is no /proc of this pid namespace";
		return -ENOENT;
	}
	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, it would take exit statuses from us */
	if (sigprocmask(SIG_BLOCK, &chld, NULL))
		return -errno;
	src->signal_fd = signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
	if (src->signal_fd < 0)
		return -errno;
	if (!src->launch->attached && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0))
		return -errno;
	cost_table_load(&src->cost);
	return 0;
}

static int proc_open(const struct source_options *opts, struct launch *launch,
		     struct source **ret_source, const char **ret_why)
{
	struct proc_source *src = calloc(1, sizeof(*src));
	int err;

	*ret_why = "";
	if (!src)
		return -ENOMEM;
	src->base = (struct source){.ops = &source_proc, .root = launch->pid};
	src->options = *opts;
	src->launch = launch;
	src->proc_fd = src->signal_fd = -1;
	src->kcmp_works = true;
	src->begin_ns = proc_now_ns();
	(void)sigprocmask(SIG_SETMASK, NULL, &src->old_mask);
	(void)prctl(PR_GET_CHILD_SUBREAPER, &src->old_subreaper, 0, 0, 0);
	err = prepare(src, ret_why);
	if (!err && !launch->attached &&
	    ptrace(PTRACE_SEIZE, launch->pid, NULL,
		   (void *)(long)(TRACE_OPTIONS | PTRACE_O_EXITKILL))) {
		err = -errno;
		*ret_why = why_no_trace(err);
	}
	if (!err)
		err = emit_session(src);
	if (!err)
		err = tell_blind(src);
	if (!err)
		err = ipc_open(src);
	if (!err)
		err = launch->attached ? adopt_tree(src, launch->pid, TRACE_OPTIONS, ret_why)
				       : tree_open(src, launch->pid);
	if (err) {
		src->released = false;
		proc_close(&src->base);
		return err;
	}
	*ret_source = &src->base;
	return 0;
}

const struct source_ops source_proc = {
    .name = "proc",
    .open = proc_open,
    .poll = proc_poll,
    .kill = proc_kill,
    .settle = proc_settle,
    .close = proc_close,
};
