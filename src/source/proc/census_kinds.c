/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "source/proc/census.h"
#include "source/proc/fd.h"

static const enum census_kind kind_of_fd[FD_KINDS] = {
#define FD_KIND(name) [COST_##name - COST_FD_FIRST] = KIND_##name
    FD_KIND(FD_PIPE),	      FD_KIND(FD_SOCKET_UNIX), FD_KIND(FD_SOCKET_INET),
    FD_KIND(FD_SOCKET_OTHER), FD_KIND(FD_EVENTFD),     FD_KIND(FD_EPOLL),
    FD_KIND(FD_TIMERFD),      FD_KIND(FD_SIGNALFD),    FD_KIND(FD_PIDFD),
    FD_KIND(FD_INOTIFY),      FD_KIND(FD_MEMFD),       FD_KIND(FD_PTY),
    FD_KIND(FD_DIR),	      FD_KIND(FD_FILE),	       FD_KIND(FD_FILE_DELETED),
    FD_KIND(FD_BPF),	      FD_KIND(FD_IO_URING),    FD_KIND(FD_NAMESPACE),
    FD_KIND(FD_OTHER),
};

enum census_kind proc_census_kind_of_fd(enum cost kind)
{
	return kind_of_fd[kind - COST_FD_FIRST];
}

static void add_cell(struct census_record *r, enum census_kind kind, uint64_t count, int64_t bytes)
{
	r->cell[kind].count += count;
	r->cell[kind].bytes += (uint64_t)bytes;
}

static int hold(struct proc_census *c, const struct census_record *r, enum census_kind kind,
		uint64_t identity, int64_t bytes)
{
	struct census_hold h = {.address = identity ^ (uint64_t)(kind + 1) << 56,
				.bytes = (uint64_t)bytes,
				.count = 1,
				.kind = kind,
				.tgid = r->tgid};

	return build_hold(c->build, &h);
}

/* A file whose pages are memory: of a tmpfs, or a memfd. */
static int add_memory_file(struct proc_census *c, const struct census_record *r, int fds_fd,
			   const char *name, bool memfd, const struct stat *st)
{
	struct statfs fs;
	char path[320];

	if (!st->st_blocks || major(st->st_dev))
		return 0;
	if (!memfd) {
		(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", fds_fd, name);
		if (statfs(path, &fs) || (uint32_t)fs.f_type != TMPFS_MAGIC)
			return 0;
	}
	return hold(c, r, memfd ? KIND_SHM_MEMFD : KIND_SHM_FILE,
		    st->st_ino * 0x9e3779b97f4a7c15ULL >> 8 ^ st->st_dev,
		    (int64_t)st->st_blocks * 512);
}

static int add_fd(struct proc_census *c, struct census_record *r, int fds_fd, const char *name)
{
	struct fd_object fd;
	enum census_kind kind;
	int64_t bytes;
	struct stat st;

	if (fd_look(fds_fd, name, &fd))
		return 0; /* closed in between */
	kind = proc_census_kind_of_fd(fd.kind);
	bytes = c->cost.bytes[fd.kind];
	if (fd.inode)
		return hold(c, r, kind, fd.inode, bytes);
	add_cell(r, kind, 1, bytes);
	if ((kind == KIND_FD_MEMFD || kind == KIND_FD_FILE || kind == KIND_FD_FILE_DELETED) &&
	    !fstatat(fds_fd, name, &st, 0) && S_ISREG(st.st_mode))
		return add_memory_file(c, r, fds_fd, name, kind == KIND_FD_MEMFD, &st);
	return 0;
}

static int add_fds(struct proc_census *c, int dir_fd, struct census_record *r)
{
	int fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	uint32_t n = 0;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		r->flags |= CENSUS_CUT;
		return 0;
	}
	errno = 0;
	while (!err && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		n++;
		err = add_fd(c, r, fd, entry->d_name);
		errno = 0;
	}
	if (!err && errno)
		r->flags |= CENSUS_CUT;
	else
		r->fds = n;
	closedir(dir);
	return err;
}

/* "SYSV" segments: their inode number is their id. Each counts once for a process. */
static int add_segments(struct proc_census *c, const struct census_record *r, const char *maps)
{
	for (const char *p = maps; (p = strstr(p, " /SYSV")); p++) {
		const char *digits = p;
		const struct sysvipc_object *o;
		int err;

		while (digits > maps && digits[-1] == ' ')
			digits--;
		while (digits > maps && digits[-1] >= '0' && digits[-1] <= '9')
			digits--;
		o = sysvipc_find(&c->sysvipc, SYSVIPC_SHM, (uint32_t)strtoul(digits, NULL, 10));
		if (!o || o->used_bytes == EVENT_UNKNOWN_BYTES)
			continue;
		err = hold(c, r, KIND_SHM_SYSV, o->id, o->used_bytes);
		if (err)
			return err;
	}
	return 0;
}

/* Mapped shared memory that no descriptor and no segment told of, as the kernel divides it. */
static void add_anonymous_shared(struct proc_census *c, int dir_fd, const char *maps,
				 struct census_record *r)
{
	const char *line;
	int64_t bytes;

	if (r->shmem_bytes <= 0 || !strstr(maps, "/dev/zero (deleted)"))
		return;
	if (procfs_read(dir_fd, "smaps_rollup", &c->text))
		return;
	line = strstr(c->text.data, "Pss_Shmem:");
	if (!line)
		return;
	bytes = strtoll(line + strlen("Pss_Shmem:"), NULL, 10) * 1024;
	add_cell(r, KIND_SHM_ANONYMOUS, 1, bytes);
}

static int add_maps(struct proc_census *c, int dir_fd, struct census_record *r)
{
	int64_t count = 0;
	int err = procfs_read(dir_fd, "maps", &c->text);

	if (err) {
		r->flags |= CENSUS_CUT;
		return err == -ENOMEM ? err : 0;
	}
	for (const char *p = c->text.data; (p = strchr(p, '\n')); p++)
		count++;
	r->maps = (uint32_t)count;
	add_cell(r, KIND_VMA, (uint64_t)count, count * c->cost.bytes[COST_VMA]);
	r->mm_bytes += count * c->cost.bytes[COST_VMA];
	err = add_segments(c, r, c->text.data);
	if (!err)
		add_anonymous_shared(c, dir_fd, c->text.data, r);
	return err;
}

int proc_census_kinds(struct proc_census *c, int dir_fd, struct census_record *r)
{
	int64_t timers = 0;
	char link[64];
	ssize_t n;
	int err = add_fds(c, dir_fd, r);

	if (!err)
		err = add_maps(c, dir_fd, r);
	if (err)
		return err;
	if (!procfs_timers_count(dir_fd, &c->text, &timers) && timers)
		add_cell(r, KIND_TIMER, (uint64_t)timers, timers * c->cost.bytes[COST_TIMER]);
	n = readlinkat(dir_fd, "ns/pid", link, sizeof(link) - 1);
	if (n > 0) {
		link[n] = '\0';
		r->pid_namespace = (uint32_t)strtoul(link + strcspn(link, "0123456789"), NULL, 10);
	}
	return 0;
}
