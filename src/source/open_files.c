/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/open_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "source/census.h"
#include "source/proc/census.h"
#include "source/proc/fd.h"
#include "source/proc/sysvipc.h"
#include "source/socket_look.h"

/* Pipes by their own number, unix sockets by that of their peer. */
struct wanted {
	uint64_t inode;
	uint32_t file; /* index */
	bool socket;
};

struct reader {
	struct census_files *files;
	uint64_t *inode; /* of each file, 0 none */
	uint32_t *last;	 /* of each file, who was last met at its other end */
	struct wanted *wanted;
	size_t wanted_count;
	size_t room;
	uint32_t pid;
	struct cost_table cost;
	struct procfs_text text;
	bool failed; /* no memory */
};

static void text_of(struct reader *r, const char **place, const char *text)
{
	*place = strdup(text);
	if (!*place) {
		*place = "";
		r->failed = true;
	}
}

static void read_memory_file(struct census_file *f, int fds_fd, const char *name)
{
	struct statfs fs;
	struct stat st;
	char path[320];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", fds_fd, name);
	if (fstatat(fds_fd, name, &st, 0) || !S_ISREG(st.st_mode))
		return;
	if (f->kind == KIND_FD_MEMFD || (!statfs(path, &fs) && (uint32_t)fs.f_type == TMPFS_MAGIC))
		f->memory_bytes = (int64_t)st.st_blocks * 512;
}

static void add_file(struct reader *r, int fds_fd, const char *name)
{
	struct census_files *files = r->files;
	struct census_file *f;
	struct fd_object object;
	struct stat st;

	if (fd_look(fds_fd, name, &object))
		return; /* closed in between */
	if (files->count == r->room) {
		size_t room = r->room ? r->room * 2 : 64;
		void *grown = reallocarray(files->file, room, sizeof(*files->file));

		if (grown)
			files->file = grown;
		else
			r->failed = true;
		grown = reallocarray(r->inode, room, sizeof(*r->inode));
		if (grown)
			r->inode = grown;
		else
			r->failed = true;
		if (r->failed)
			return;
		r->room = room;
	}
	f = &files->file[files->count];
	*f = (struct census_file){.fd = (uint32_t)strtoul(name, NULL, 10),
				  .kind = proc_census_kind_of_fd(object.kind),
				  .kernel_bytes = r->cost.bytes[object.kind],
				  .socket = ""};
	/* The link's own mode says how it was opened. */
	if (!fstatat(fds_fd, name, &st, AT_SYMLINK_NOFOLLOW)) {
		f->reads = st.st_mode & S_IRUSR;
		f->writes = st.st_mode & S_IWUSR;
	}
	read_memory_file(f, fds_fd, name);
	text_of(r, &f->target, object.target);
	r->inode[files->count++] = object.inode;
}

static void want(struct reader *r, uint64_t inode, uint32_t file, bool socket)
{
	struct wanted *w = reallocarray(r->wanted, r->wanted_count + 1, sizeof(*w));

	if (!w) {
		r->failed = true;
		return;
	}
	r->wanted = w;
	w[r->wanted_count++] = (struct wanted){inode, file, socket};
}

static void take_socket(void *ctx, const struct socket_fact *fact)
{
	struct reader *r = ctx;

	for (size_t i = 0; i < r->files->count; i++) {
		struct census_file *f = &r->files->file[i];

		/* 0: nobody has it open any more. */
		if (!fact->inode || r->inode[i] != fact->inode || *f->socket)
			continue;
		f->queued_bytes = fact->queued_bytes;
		text_of(r, &f->socket, fact->words);
		if (fact->peer)
			want(r, fact->peer, (uint32_t)i, true);
	}
}

/* What waits in a pipe only a descriptor of it can tell. */
static int64_t pipe_bytes(uint32_t pid, uint32_t fd)
{
	_cleanup_close_ int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	_cleanup_close_ int ours = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);
	int bytes;

	if (ours < 0 || ioctl(ours, FIONREAD, &bytes))
		return EVENT_UNKNOWN_BYTES;
	return bytes;
}

static void meet(struct reader *r, const struct wanted *w, uint32_t pid, bool reads, bool writes)
{
	struct census_file *f = &r->files->file[w->file];

	if (!w->socket && !(f->reads && writes) && !(f->writes && reads))
		return; /* the same end */
	if (pid == r->pid) {
		f->both_ends = !(f->reads && f->writes);
		return;
	}
	if (r->last[w->file] == pid)
		return;
	r->last[w->file] = pid;
	if (f->others < CENSUS_FILE_OTHERS)
		f->other[f->others] = pid;
	f->others++;
}

static int by_inode(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	return x->inode < y->inode ? -1 : x->inode > y->inode;
}

/* Does this process hold the other end of something? */
static bool look_for_wanted(struct reader *r, int fds_fd, uint32_t pid)
{
	int fd = dup(fds_fd);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir)
		return false;
	while ((entry = readdir(dir))) {
		struct wanted key = {0}, *w;
		struct stat st;
		char link[64];
		ssize_t n = readlinkat(fds_fd, entry->d_name, link, sizeof(link) - 1);

		if (n <= 0)
			continue;
		link[n] = '\0';
		(void)fd_kind_of_link(link, &key.inode);
		w = key.inode ? bsearch(&key, r->wanted, r->wanted_count, sizeof(*w), by_inode)
			      : NULL;
		if (!w || fstatat(fds_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
			continue;
		while (w > r->wanted && w[-1].inode == key.inode)
			w--;
		for (; w < r->wanted + r->wanted_count && w->inode == key.inode; w++)
			meet(r, w, pid, st.st_mode & S_IRUSR, st.st_mode & S_IWUSR);
	}
	closedir(dir);
	return true;
}

static void find_others(struct reader *r)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	bool all = proc && census_proc_hides() != PROC_HIDES_ALL;

	r->last = calloc(r->files->count + 1, sizeof(*r->last));
	if (!r->last)
		r->failed = true;
	qsort(r->wanted, r->wanted_count, sizeof(*r->wanted), by_inode);
	while (proc && r->last && r->wanted_count && (entry = readdir(proc))) {
		_cleanup_close_ int fd = -1;
		unsigned long pid = strtoul(entry->d_name, NULL, 10);
		char path[300];

		if (!pid)
			continue;
		(void)snprintf(path, sizeof(path), "/proc/%lu/fd", pid);
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		/* One that ended holds nothing; one that may not be read might. */
		if (fd < 0)
			all = all && errno != EACCES && errno != EPERM;
		else
			(void)look_for_wanted(r, fd, (uint32_t)pid);
	}
	if (proc)
		closedir(proc);
	for (size_t i = 0; i < r->wanted_count; i++)
		r->files->file[r->wanted[i].file].others_known = all;
}

static int by_number(const void *a, const void *b)
{
	const struct census_file *x = a, *y = b;

	return x->fd < y->fd ? -1 : x->fd > y->fd;
}

static void read_files(struct reader *r, int dir_fd)
{
	_cleanup_close_ int fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int copy = fd < 0 ? -1 : dup(fd);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	if (!dir) {
		r->files->err = -errno;
		return;
	}
	while (!r->failed && (entry = readdir(dir))) {
		if (entry->d_name[0] != '.')
			add_file(r, fd, entry->d_name);
	}
	closedir(dir);
	for (size_t i = 0; i < r->files->count; i++) {
		struct census_file *f = &r->files->file[i];

		if (f->kind == KIND_FD_PIPE) {
			f->queued_bytes = pipe_bytes(r->pid, f->fd);
			if (r->inode[i])
				want(r, r->inode[i], (uint32_t)i, false);
		} else if (r->inode[i]) {
			f->queued_bytes = EVENT_UNKNOWN_BYTES; /* until somebody tells */
		}
	}
	socket_each_inet(dir_fd, &r->text, take_socket, r);
	(void)socket_each_unix(take_socket, r);
	if (!r->failed)
		find_others(r);
	qsort(r->files->file, r->files->count, sizeof(*r->files->file), by_number);
}

static void read_limit(struct reader *r, int dir_fd)
{
	const char *line;

	if (procfs_read(dir_fd, "limits", &r->text))
		return;
	line = strstr(r->text.data, "Max open files");
	if (line)
		r->files->limit = strtoull(line + strlen("Max open files"), NULL, 10);
}

static void read_ipc(struct reader *r)
{
	struct sysvipc_list list = {.count = 0};
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (proc_fd >= 0 && !sysvipc_read(proc_fd, &list) && list.count)
		r->files->ipc = calloc(list.count, sizeof(*r->files->ipc));
	for (size_t i = 0; r->files->ipc && i < list.count; i++) {
		const struct sysvipc_object *o = &list.object[i];
		bool created = o->creator > 0 && (uint32_t)o->creator == r->pid;

		if (!created && (o->kind != SYSVIPC_MSG || (uint32_t)o->last_user != r->pid))
			continue;
		r->files->ipc[r->files->ipc_count++] =
		    (struct census_ipc){.what = sysvipc_name(o->kind),
					.id = o->id,
					.created = created,
					.bytes = o->used_bytes,
					.parts = o->parts};
	}
	sysvipc_done(&list);
	if (proc_fd >= 0)
		close(proc_fd);
}

int open_files_read(uint32_t pid, struct census_files *ret_files)
{
	struct reader r = {.files = ret_files, .pid = pid};
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int dir_fd =
	    proc_fd < 0 ? -1 : procfs_open(proc_fd, (pid_t)pid, (pid_t)pid);

	*ret_files = (struct census_files){.err = 0};
	if (dir_fd < 0)
		return -ESRCH;
	cost_table_load(&r.cost);
	read_files(&r, dir_fd);
	read_limit(&r, dir_fd);
	read_ipc(&r);
	free(r.inode);
	free(r.last);
	free(r.wanted);
	procfs_text_done(&r.text);
	return r.failed ? -ENOMEM : 0;
}

void open_files_done(struct census_files *files)
{
	for (size_t i = 0; i < files->count; i++) {
		if (*files->file[i].target)
			free((char *)files->file[i].target);
		if (*files->file[i].socket)
			free((char *)files->file[i].socket);
	}
	free(files->file);
	free(files->ipc);
	*files = (struct census_files){.err = 0};
}
