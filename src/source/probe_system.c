/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* probe_system.c - abilities that have nothing to do with BPF. */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/kcmp.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "source/bpf/cgroup.h"
#include "source/probe.h"

#define LOCK_BYTES (64u << 20)

/* A child that sleeps until it is killed. */
static pid_t make_child(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end_child(pid_t pid)
{
	int status;

	(void)kill(pid, SIGKILL);
	/* Traced, it stops once more at the beginning of its exit. */
	while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status))
		(void)ptrace(PTRACE_CONT, pid, NULL, NULL);
}

int probe_memory_cgroup(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	struct run_cgroup group;
	const char *why = "";
	int err = run_cgroup_open(&group, &why);

	if (err) {
		(void)snprintf(detail, PROBE_DETAIL_BYTES, "%s", why);
		return err;
	}
	(void)snprintf(detail, PROBE_DETAIL_BYTES, "cgroup v%d", group.v2 ? 2 : 1);
	if (run_cgroup_kernel_bytes(&group) < 0) {
		(void)snprintf(detail, PROBE_DETAIL_BYTES,
			       "cgroup v%d does not tell its kernel memory", group.v2 ? 2 : 1);
		err = -ENODATA;
	}
	(void)run_cgroup_close(&group);
	return err;
}

int probe_file(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	_cleanup_close_ int fd = open(spec->argument, O_RDONLY | O_CLOEXEC);
	char text[256];
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text));
	if (n < 0)
		return -errno;
	return n ? 0 : -ENODATA;
}

int probe_kallsyms(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	_cleanup_fclose_ FILE *f = fopen("/proc/kallsyms", "re");
	char line[512];

	if (!f)
		return -errno;
	/* Without permission the file is there, and all addresses in it are 0. */
	for (int i = 0; i < 1000 && fgets(line, sizeof(line), f); i++)
		if (strtoull(line, NULL, 16))
			return 0;
	(void)snprintf(detail, PROBE_DETAIL_BYTES, "all addresses are shown as 0");
	return -EPERM;
}

int probe_memlock(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	struct rlimit limit;
	void *p = mmap(NULL, LOCK_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int err = 0;

	if (!getrlimit(RLIMIT_MEMLOCK, &limit)) {
		if (limit.rlim_cur == RLIM_INFINITY)
			(void)snprintf(detail, PROBE_DETAIL_BYTES, "no limit");
		else
			(void)snprintf(detail, PROBE_DETAIL_BYTES, "the limit is %llu bytes",
				       (unsigned long long)limit.rlim_cur);
	}
	if (p == MAP_FAILED)
		return -errno;
	/* MLOCK_ONFAULT: only the permission is asked for, no page is taken. */
	if (mlock2(p, LOCK_BYTES, MLOCK_ONFAULT))
		err = -errno;
	(void)munmap(p, LOCK_BYTES);
	return err;
}

int probe_ptrace(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	_cleanup_fclose_ FILE *f = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	pid_t pid = make_child();
	int scope, err = 0;

	if (pid < 0)
		return -errno;
	if (ptrace(PTRACE_SEIZE, pid, NULL, (void *)(long)PTRACE_O_TRACEEXIT))
		err = -errno;
	end_child(pid);
	if (f && fscanf(f, "%d", &scope) == 1)
		(void)snprintf(detail, PROBE_DETAIL_BYTES, "yama ptrace_scope is %d", scope);
	else
		(void)snprintf(detail, PROBE_DETAIL_BYTES, "yama is not active");
	return err;
}

int probe_procfs(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	char text[32], own[32];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n < 0)
		return -errno;
	text[n] = '\0';
	(void)snprintf(own, sizeof(own), "%d", (int)getpid());
	if (!strcmp(text, own))
		return 0;
	(void)snprintf(detail, PROBE_DETAIL_BYTES, "it is mounted for another pid namespace");
	return -EXDEV;
}

int probe_kcmp(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	pid_t pid = make_child();
	long same;
	int err = 0;

	if (pid < 0)
		return -errno;
	same = syscall(SYS_kcmp, getpid(), pid, KCMP_VM, 0, 0);
	if (same < 0)
		err = -errno;
	else if (same == 0)
		err = -EPROTO; /* a forked child has memory of its own */
	end_child(pid);
	return err;
}

int probe_seccomp(const struct ability_spec *spec, char detail[PROBE_DETAIL_BYTES])
{
	struct sock_filter allow[] = {BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
	struct sock_fprog program = {.len = 1, .filter = allow};
	int status, mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0))
			_exit(errno & 0x7f);
		_exit(0);
	}
	if (mode == SECCOMP_MODE_FILTER)
		(void)snprintf(detail, PROBE_DETAIL_BYTES,
			       "a filter is active here already, it may be why other things fail");
	if (waitpid(pid, &status, 0) != pid)
		return -errno;
	if (WIFSIGNALED(status))
		return -EPERM; /* the filter that is active kills for it */
	return -WEXITSTATUS(status);
}
