/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * adopt.c - a tree that runs already. What a thread that is seized makes is traced from its birth
 * on; what others made in the meantime is found by looking again, until a look finds nothing new.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "source/proc/proc.h"

#define LOOKS_MAX 50 /* a tree that forks without end: who was followed late is counted */

struct adoption {
	struct proc_source *src;
	pid_t root;
	long options;
	size_t found, lost; /* in this look: followed from now on, and not to be followed */
	int err;	    /* why the root cannot be traced */
};

static const char *why_no_attach(struct proc_source *src, int err)
{
	char *end;

	if (err == -ESRCH || err == -ENOENT)
		return "the process is gone";
	if (err != -EPERM)
		return "tracing it by ptrace(2) does not work here";
	if (!procfs_read(src->proc_fd, "sys/kernel/yama/ptrace_scope", &src->text) &&
	    strtol(src->text.data, &end, 10) > 0 && geteuid())
		return "this machine lets only root trace programs that run already; as root, or "
		       "after sysctl kernel.yama.ptrace_scope=0, it can be done";
	return "it belongs to another user, or another tracer has it";
}

/* The state letter of a thread that has no other to lose: it is on its way out. */
static bool is_ending(struct proc_source *src, pid_t tgid, pid_t tid)
{
	_cleanup_close_ int fd = procfs_open(src->proc_fd, tgid, tid);
	struct procfs_stat st;

	return fd < 0 || procfs_stat_read(fd, &src->text, &st) || st.state == 'Z' ||
	       st.state == 'X';
}

/* Traced by us since its birth, and not told of yet: wait(2) will. */
static bool is_ours(struct proc_source *src, pid_t tgid, pid_t tid)
{
	_cleanup_close_ int fd = procfs_open(src->proc_fd, tgid, tid);
	struct procfs_status status;

	return fd >= 0 && !procfs_status_read(fd, &src->text, &status) &&
	       status.tracer == (pid_t)syscall(SYS_gettid);
}

/* Returns 1 it is traced now, 0 it need not be or cannot be, -errno. */
static int seize_thread(struct adoption *ad, pid_t tgid, pid_t tid)
{
	struct proc_source *src = ad->src;
	int err;

	if (pid_table_get(&src->threads, tid))
		return 0;
	if (!ptrace(PTRACE_SEIZE, tid, NULL, (void *)ad->options))
		return 1;
	err = -errno;
	if (is_ending(src, tgid, tid) || is_ours(src, tgid, tid))
		return 0;
	if (tid == ad->root) {
		ad->err = err;
		return err;
	}
	ad->lost++;
	return 0;
}

/* @tid is traced: the process is told with the first of its threads. */
static int note_thread(struct adoption *ad, pid_t tgid, pid_t parent, pid_t tid)
{
	struct proc_source *src = ad->src;
	struct account *a = pid_table_get(&src->accounts, tgid);
	int err = 0;

	ad->found++;
	if (a && !a->gone) {
		a->threads_live++;
		a->threads_peak = a->threads_live;
	} else {
		err = process_adopted(
		    src, tgid == ad->root ? NULL : pid_table_get(&src->accounts, parent), tgid, &a);
	}
	return err ? err : tree_add_thread(src, tid, a) ? 0 : -ENOMEM;
}

static int adopt_process(void *ctx, pid_t pid, pid_t parent)
{
	struct adoption *ad = ctx;
	char path[32];
	struct dirent *entry;
	DIR *dir;
	int fd, took = seize_thread(ad, pid, pid), err = took < 0 ? took : 0;

	if (took == 1)
		err = note_thread(ad, pid, parent, pid);
	(void)snprintf(path, sizeof(path), "%d/task", (int)pid);
	fd = openat(ad->src->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir && fd >= 0)
		close(fd);
	while (!err && dir && (entry = readdir(dir))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0 || tid == pid)
			continue;
		took = seize_thread(ad, pid, tid);
		err = took < 0 ? took : took ? note_thread(ad, pid, parent, tid) : 0;
	}
	if (dir)
		closedir(dir);
	return err;
}

int adopt_tree(struct proc_source *src, pid_t root, long options, const char **ret_why)
{
	struct adoption ad = {.src = src, .root = root, .options = options};
	int err = 0, looks = 0;

	do {
		ad.found = ad.lost = 0;
		err = procfs_tree(src->proc_fd, root, adopt_process, &ad);
	} while (!err && ad.found && ++looks < LOOKS_MAX);
	if (!err && !src->root)
		err = ad.err = -ESRCH;
	if (ad.err)
		*ret_why = why_no_attach(src, ad.err);
	src->lost_tree += ad.lost + (ad.found != 0);
	if (src->ipc_works) /* what it made until now was there before */
		src->ipc_works = !sysvipc_read(src->proc_fd, &src->ipc_before);
	src->released = true;
	return err;
}
