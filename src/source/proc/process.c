/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <signal.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "source/proc/proc.h"

static bool shares_memory(struct proc_source *src, pid_t maker, pid_t child, int event)
{
	if (src->kcmp_works) {
		long same = syscall(SYS_kcmp, maker, child, KCMP_VM, 0, 0);

		if (same >= 0)
			return same == 0;
		if (errno != ESRCH)
			src->kcmp_works = false;
	}
	return event == PTRACE_EVENT_VFORK;
}

static int charge_process(struct proc_source *src, const struct account *a)
{
	int err = emit_charge(src, a, COST_TASK);

	if (!err)
		err = emit_charge(src, a, COST_PROCESS);
	if (!err && !a->shares_mm)
		err = emit_charge(src, a, COST_MM);
	return err;
}

/* The zombie, or what was one, is in no table and no list afterwards. */
int process_reaped(struct proc_source *src, struct account *a)
{
	int err = emit_plain(src, EVENT_REAP, a);

	account_unlist(a);
	if (!err)
		err = emit_return(src, a, COST_TASK);
	if (pid_table_get(&src->accounts, (pid_t)a->id.tgid) == a)
		(void)pid_table_take(&src->accounts, (pid_t)a->id.tgid);
	src->account_count--;
	if (src->root == a)
		src->root = NULL;
	account_free(a);
	return err;
}

/* Reads who must reap it now. False: it was reaped. */
static bool is_zombie(struct proc_source *src, struct account *a)
{
	struct procfs_stat st;
	pid_t pid = (pid_t)a->id.tgid;
	bool is = false;
	int fd;

	if (kill(pid, 0) && errno == ESRCH)
		return false;
	fd = procfs_open(src->proc_fd, pid, pid);
	if (fd < 0)
		return false;
	/* 'X' is being reaped at this very moment: it has no parent any more. */
	if (!procfs_stat_read(fd, &src->text, &st) && st.start_ns == a->id.start_ns &&
	    st.state != 'X' && st.ppid > 0) {
		is = true;
		a->ppid = st.ppid;
	}
	close(fd);
	return is;
}

int process_sweep(struct proc_source *src, struct account *parent)
{
	struct account *next;
	int err = 0;

	for (struct account *z = parent->zombies; z && !err; z = next) {
		next = z->zombie_next;
		if (!is_zombie(src, z))
			err = process_reaped(src, z);
	}
	parent->zombie_kept = parent->zombie_count;
	return err;
}

/* Puts an ended process on the list of the one that must reap it, or books it as reaped. */
static int list_zombie(struct proc_source *src, struct account *a)
{
	struct account *parent;

	if (!is_zombie(src, a))
		return process_reaped(src, a);
	parent = pid_table_get(&src->accounts, a->ppid);
	if (!parent || parent->gone)
		parent = &src->ours;
	account_add_zombie(parent, a);
	/* Each sweep costs as much as there are zombies: so wait until they have doubled. */
	if (parent->zombie_count >= 2 * parent->zombie_kept + STRIDE_SAMPLES)
		return process_sweep(src, parent);
	return 0;
}

/*
 * Makes the account of a process that exists and is traced by us, so its pid is its own.
 * *ret_account NULL: no room, counted.
 */
static int begin_account(struct proc_source *src, pid_t pid, struct account **ret_account)
{
	struct account *a = pid_table_get(&src->accounts, pid);
	struct procfs_stat st;
	int fd, err;

	*ret_account = NULL;
	if (a) {
		/* The pid is used again: the one that had it was reaped. */
		err = process_reaped(src, a);
		if (err)
			return err;
	}
	if (src->account_count >= ACCOUNTS_MAX) {
		src->lost_accounts++;
		return 0;
	}
	fd = procfs_open(src->proc_fd, pid, pid);
	err = fd < 0 ? fd : procfs_stat_read(fd, &src->text, &st);
	if (fd >= 0)
		close(fd);
	if (err == -ENOMEM)
		return err;
	if (err) {
		src->lost_tree++;
		return 0;
	}
	a = account_new((struct account_id){.tgid = (uint32_t)pid, .start_ns = st.start_ns});
	if (!a)
		return -ENOMEM;
	memcpy(a->comm, st.comm, sizeof(a->comm));
	a->ppid = st.ppid;
	a->birth_ordinal = src->forks;
	err = pid_table_set(&src->accounts, pid, a);
	if (err) {
		account_free(a);
		return err;
	}
	src->account_count++;
	if (src->births && (uint32_t)pid < src->pid_max)
		src->births[pid] =
		    (struct birth){.start_ns = st.start_ns, .ordinal = src->forks, .known = true};
	*ret_account = a;
	return 0;
}

static int emit_fork(struct proc_source *src, const struct account *a, const struct account *maker,
		     int64_t maker_private_bytes, int64_t inherited_bytes)
{
	struct event ev = {
	    .type = EVENT_FORK,
	    .account = a->id,
	    .u.fork = {.parent = maker ? maker->id : (struct account_id){0},
		       .parent_private_bytes = maker_private_bytes,
		       .inherited_bytes = inherited_bytes,
		       .flags = (a->shares_mm ? FORK_SHARES_MM : 0) | (a->before ? FORK_BEFORE : 0),
		       .ordinal = a->birth_ordinal},
	};
	int err;

	memcpy(ev.u.fork.comm, a->comm, sizeof(ev.u.fork.comm));
	err = emit_event(src, &ev);
	return err ? err : charge_process(src, a);
}

int process_root(struct proc_source *src, pid_t pid)
{
	struct procfs_status status;
	struct account *a;
	int err = begin_account(src, pid, &a);

	if (err || !a)
		return err ? err : -ESRCH;
	src->root = a;
	sample_status(src, pid, pid, &status);
	return emit_fork(src, a, NULL, EVENT_UNKNOWN_BYTES, status.private_bytes);
}

int process_adopted(struct proc_source *src, struct account *parent, pid_t pid,
		    struct account **ret_account)
{
	struct sample sample;
	struct account *a;
	int err = begin_account(src, pid, &a);

	*ret_account = a;
	if (err || !a)
		return err;
	a->before = true;
	a->shares_mm = parent && shares_memory(src, (pid_t)parent->id.tgid, pid, 0);
	if (!parent) {
		src->root = a;
		src->ran = true;
	}
	sample_read(src, a, pid, &sample);
	err = emit_fork(src, a, parent, EVENT_UNKNOWN_BYTES,
			a->shares_mm ? 0 : sample.status.private_bytes);
	if (err)
		return err;
	sample.status.private_bytes = EVENT_UNKNOWN_BYTES; /* told */
	src->adopting = true;
	err = sample_emit(src, a, &sample);
	src->adopting = false;
	return err;
}

int process_forked(struct proc_source *src, struct account *maker, pid_t maker_tid, pid_t pid,
		   int event, struct account **ret_account)
{
	struct procfs_status child = {.private_bytes = EVENT_UNKNOWN_BYTES};
	struct sample sample = {.status.private_bytes = EVENT_UNKNOWN_BYTES};
	struct account *a;
	bool due;
	int err;

	src->forks += !src->silent;
	maker->forks++;
	err = begin_account(src, pid, &a);
	*ret_account = a;
	if (err || !a)
		return err;
	a->shares_mm = shares_memory(src, maker_tid, pid, event);
	due = !src->silent && stride_due(&maker->stride, maker->forks, sample_is_busy(src));
	if (due) {
		sample_read(src, maker, maker_tid, &sample);
		if (!a->shares_mm)
			sample_status(src, pid, pid, &child);
	} else if (!src->silent) {
		/* Its level at each fork tells lost blocks from a record it keeps. */
		sample_status(src, (pid_t)maker->id.tgid, maker_tid, &sample.status);
	}
	err = emit_fork(src, a, maker, sample.status.private_bytes,
			a->shares_mm ? 0 : child.private_bytes);
	if (err || !due)
		return err;
	err = sample_emit(src, maker, &sample);
	return err ? err : ipc_look(src);
}

/* Under a tracer without CAP_SYS_PTRACE the kernel ignores set-user-id: say so once. */
static int tell_setuid(struct proc_source *src, const char *path, int dir_fd)
{
	struct stat st;

	if (src->setuid_told || geteuid() == 0 || fstatat(dir_fd, "exe", &st, 0) ||
	    !(st.st_mode & (S_ISUID | S_ISGID)) ||
	    ((st.st_mode & S_ISUID) && st.st_uid == geteuid()))
		return 0;
	src->setuid_told = true;
	return emit_blind(src,
			  "%s is a set-user-id or set-group-id program; while it is traced it runs "
			  "without that privilege and may behave differently.",
			  path);
}

int process_exec(struct proc_source *src, struct account *a, pid_t tid)
{
	struct event ev = {.type = EVENT_EXEC};
	struct procfs_stat st;
	char path[4096];
	ssize_t n;
	int fd, err;

	a->threads_live = 1;
	a->leader_exited = false;
	if (a == src->root)
		src->ran = true;
	fd = procfs_open(src->proc_fd, tid, tid);
	if (fd < 0)
		return 0; /* killed */
	if (!procfs_stat_read(fd, &src->text, &st))
		memcpy(a->comm, st.comm, sizeof(a->comm));
	n = readlinkat(fd, "exe", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	/* What the old image held cannot be read any more; borrowed memory was not its own. */
	ev.account = a->id;
	ev.u.exec.dropped_bytes = a->shares_mm ? 0 : EVENT_UNKNOWN_BYTES;
	ev.text = path;
	memcpy(ev.u.exec.comm, a->comm, sizeof(ev.u.exec.comm));
	err = emit_event(src, &ev);
	if (!err && a->shares_mm) {
		a->shares_mm = false;
		err = emit_charge(src, a, COST_MM);
	}
	if (!err && a->held) {
		struct sample sample;

		sample_read(src, a, tid, &sample);
		err = sample_emit(src, a, &sample);
	}
	if (!err)
		err = tell_setuid(src, path, fd);
	close(fd);
	return err;
}

/* Children that still live when a holder begins to exit: its end may be theirs as well. */
static void note_children(struct proc_source *src, const struct account *parent)
{
	struct account *a;
	size_t place = 0;

	while ((a = pid_table_next(&src->accounts, &place))) {
		if (!a->gone && !a->exited && a->ppid == (pid_t)parent->id.tgid &&
		    a->id.start_ns >= parent->id.start_ns)
			a->outlived = a->stopped || tree_stop_waits((pid_t)a->id.tgid)
					  ? OUTLIVED_STOPPED
					  : OUTLIVED_RUNNING;
	}
}

int process_exit(struct proc_source *src, struct account *a, pid_t tid, int32_t status)
{
	struct sample sample = {.status = {.ppid = a->ppid,
					   .private_bytes = EVENT_UNKNOWN_BYTES,
					   .commit_bytes = EVENT_UNKNOWN_BYTES,
					   .page_table_bytes = EVENT_UNKNOWN_BYTES}};
	struct event ev = {.type = EVENT_EXIT, .account = a->id};
	int err = 0;

	a->exited = true;
	src->exits += !src->silent;
	if (tid && !src->silent) {
		if (a->forks >= NOTED_FORKS)
			note_children(src, a);
		if (a->forks) {
			sample_read(src, a, tid, &sample);
			err = sample_emit(src, a, &sample);
			if (!err)
				err = process_sweep(src, a);
			if (!err)
				err = ipc_look(src);
		} else {
			sample_status(src, (pid_t)a->id.tgid, tid, &sample.status);
		}
		if (sample.status.ppid > 0)
			a->ppid = sample.status.ppid;
		if (tid == (pid_t)a->id.tgid && sample.status.comm[0]) /* it may have a new name */
			memcpy(a->comm, sample.status.comm, sizeof(a->comm));
	}
	if (err)
		return err;
	ev.u.exit.private_bytes = a->shares_mm ? 0 : sample.status.private_bytes;
	ev.u.exit.private_peak_bytes = EVENT_UNKNOWN_BYTES; /* VmHWM counts file pages too */
	ev.u.exit.commit_bytes = a->shares_mm ? 0 : sample.status.commit_bytes;
	ev.u.exit.page_table_bytes = a->shares_mm ? 0 : sample.status.page_table_bytes;
	ev.u.exit.kernel_live_bytes = EVENT_UNKNOWN_BYTES;
	ev.u.exit.status = status;
	ev.u.exit.parent_tgid = (uint32_t)(a->ppid > 0 ? a->ppid : 0);
	ev.u.exit.threads_peak = a->threads_peak;
	ev.u.exit.ordinal = src->forks;
	ev.u.exit.outlived = a->outlived;
	memcpy(ev.u.exit.comm, a->comm, sizeof(ev.u.exit.comm));
	err = emit_event(src, &ev);
	if (!err)
		err = emit_return(src, a, COST_PROCESS);
	if (!err && !a->shares_mm)
		err = emit_return(src, a, COST_MM);
	return err;
}

int process_gone(struct proc_source *src, struct account *a, int status)
{
	int err = 0;

	a->gone = true;
	if (!a->exited)
		err = process_exit(src, a, 0, status);
	if (a == src->root) {
		src->base.status = status;
		src->root_done = true;
	}
	/* Its zombies have a new parent: a process of the tree that asked for it, or we. */
	while (a->zombies && !err) {
		struct account *child = a->zombies;

		account_unlist(child);
		err = list_zombie(src, child);
	}
	return err ? err : list_zombie(src, a);
}
