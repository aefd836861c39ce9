/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/proc/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

/* Character devices, from the kernel's list of device numbers. */
#define MAJOR_TTYAUX	  5 /* /dev/tty, /dev/console, /dev/ptmx */
#define MAJOR_PTS_MASTER  128
#define MAJOR_PTS_SLAVE	  136
#define MAJOR_PTS_PER_END 8

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool ends(const char *text, const char *with)
{
	size_t a = strlen(text), b = strlen(with);

	return a >= b && !strcmp(text + a - b, with);
}

enum cost fd_kind_of_link(const char *link, uint64_t *ret_inode)
{
	static const struct {
		const char *name;
		enum cost kind;
	} anonymous[] = {
	    {"[eventfd]", COST_FD_EVENTFD},   {"[eventpoll]", COST_FD_EPOLL},
	    {"[timerfd]", COST_FD_TIMERFD},   {"[signalfd]", COST_FD_SIGNALFD},
	    {"[pidfd]", COST_FD_PIDFD},	      {"inotify", COST_FD_INOTIFY},
	    {"[inotify]", COST_FD_INOTIFY},   {"bpf-map", COST_FD_BPF},
	    {"bpf-prog", COST_FD_BPF},	      {"bpf_link", COST_FD_BPF},
	    {"[io_uring]", COST_FD_IO_URING},
	};
	static const char *const namespaces[] = {"cgroup:[", "ipc:[",  "mnt:[",	 "net:[",
						 "pid:[",    "time:[", "user:[", "uts:["};

	*ret_inode = 0;
	if (starts(link, "pipe:[")) {
		*ret_inode = strtoull(link + strlen("pipe:["), NULL, 10);
		return COST_FD_PIPE;
	}
	if (starts(link, "socket:[")) {
		*ret_inode = strtoull(link + strlen("socket:["), NULL, 10);
		return COST_FD_SOCKET_OTHER;
	}
	/* Before 6.9 "anon_inode:[pidfd]"; the number that newer kernels give is the
	 * process's, not the descriptor's. */
	if (starts(link, "pidfd:["))
		return COST_FD_PIDFD;
	if (starts(link, "anon_inode:")) {
		for (size_t i = 0; i < sizeof(anonymous) / sizeof(anonymous[0]); i++)
			if (!strcmp(link + strlen("anon_inode:"), anonymous[i].name))
				return anonymous[i].kind;
		return COST_FD_OTHER;
	}
	for (size_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		if (starts(link, namespaces[i]))
			return COST_FD_NAMESPACE;
	if (starts(link, "/memfd:"))
		return COST_FD_MEMFD;
	return link[0] == '/' ? COSTS : COST_FD_OTHER;
}

enum cost fd_kind_of_path(const char *link, uint32_t mode, uint32_t device_major)
{
	if (S_ISDIR(mode))
		return COST_FD_DIR;
	if (S_ISREG(mode))
		return ends(link, " (deleted)") ? COST_FD_FILE_DELETED : COST_FD_FILE;
	if (S_ISFIFO(mode))
		return COST_FD_PIPE;
	if (S_ISCHR(mode) && ((device_major >= MAJOR_PTS_MASTER &&
			       device_major < MAJOR_PTS_SLAVE + MAJOR_PTS_PER_END) ||
			      (device_major == MAJOR_TTYAUX && ends(link, "ptmx"))))
		return COST_FD_PTY;
	return COST_FD_OTHER;
}

enum cost fd_kind_of_protocol(const char *protocol)
{
	static const char *const inet[] = {"TCP", "UDP", "RAW", "PING", "MPTCP", "SCTP", "DCCP"};

	if (starts(protocol, "UNIX"))
		return COST_FD_SOCKET_UNIX;
	for (size_t i = 0; i < sizeof(inet) / sizeof(inet[0]); i++)
		if (starts(protocol, inet[i]))
			return COST_FD_SOCKET_INET;
	return COST_FD_SOCKET_OTHER;
}

/* Numbers that were met before: open addressing, grows by doubling, 0 means empty. */
struct inode_set {
	uint64_t *slot;
	size_t room, used;
};

static size_t inode_set_slot(const struct inode_set *set, uint64_t inode)
{
	size_t i = (inode * 0x9e3779b97f4a7c15ULL >> 32) & (set->room - 1);

	while (set->slot[i] && set->slot[i] != inode)
		i = (i + 1) & (set->room - 1);
	return i;
}

/* Returns 1 new, 0 met before, -ENOMEM. */
static int inode_set_add(struct inode_set *set, uint64_t inode)
{
	size_t i;

	if (set->used * 2 >= set->room) {
		struct inode_set grown = {.room = set->room ? set->room * 2 : 64};

		grown.slot = calloc(grown.room, sizeof(*grown.slot));
		if (!grown.slot)
			return -ENOMEM;
		for (i = 0; i < set->room; i++)
			if (set->slot[i])
				grown.slot[inode_set_slot(&grown, set->slot[i])] = set->slot[i];
		grown.used = set->used;
		free(set->slot);
		*set = grown;
	}
	i = inode_set_slot(set, inode);
	if (set->slot[i])
		return 0;
	set->slot[i] = inode;
	set->used++;
	return 1;
}

/* The socket's protocol: an attribute of the link, which only a path can name. */
static enum cost socket_kind(int fds_fd, const char *name)
{
	char path[320], protocol[32];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", fds_fd, name);
	n = getxattr(path, "system.sockprotoname", protocol, sizeof(protocol) - 1);
	if (n < 0)
		return COST_FD_SOCKET_OTHER;
	protocol[n] = '\0';
	return fd_kind_of_protocol(protocol);
}

int fd_look(int fds_fd, const char *name, struct fd_object *ret_object)
{
	struct fd_object *o = ret_object;
	ssize_t n = readlinkat(fds_fd, name, o->target, sizeof(o->target) - 1);

	if (n < 0)
		return -errno;
	o->target[n] = '\0';
	o->kind = fd_kind_of_link(o->target, &o->inode);
	if (o->kind == COST_FD_SOCKET_OTHER)
		o->kind = socket_kind(fds_fd, name);
	if (o->kind == COSTS) {
		struct statx stx = {0};

		/* Never asks a server: only the type and the device are needed. */
		if (statx(fds_fd, name, AT_STATX_DONT_SYNC, STATX_TYPE, &stx))
			o->kind = COST_FD_OTHER;
		else
			o->kind = fd_kind_of_path(o->target, stx.stx_mode, stx.stx_rdev_major);
	}
	return 0;
}

static int count_one(int fds_fd, const char *name, struct inode_set *seen, struct fd_counts *counts)
{
	struct fd_object o;

	if (fd_look(fds_fd, name, &o))
		return 0; /* closed in between */
	counts->total++;
	if (o.inode) {
		int fresh = inode_set_add(seen, o.inode);

		if (fresh <= 0)
			return fresh;
	}
	counts->count[o.kind - COST_FD_FIRST]++;
	return 0;
}

int fd_count(int dir_fd, struct fd_counts *ret_counts)
{
	struct fd_counts counts = {0};
	struct inode_set seen = {0};
	struct dirent *entry;
	int fds_fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir;

	if (fds_fd < 0)
		return -errno;
	dir = fdopendir(fds_fd);
	if (!dir) {
		err = -errno;
		close(fds_fd);
		return err;
	}
	for (errno = 0; !err && (entry = readdir(dir)); errno = 0)
		if (entry->d_name[0] != '.')
			err = count_one(fds_fd, entry->d_name, &seen, &counts);
	if (!err && errno)
		err = -errno;
	closedir(dir);
	free(seen.slot);
	if (!err)
		*ret_counts = counts;
	return err;
}
