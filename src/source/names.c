/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/names.h"

#include <errno.h>
#include <fcntl.h>
#include <mntent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "source/proc/procfs.h"

#define COMMAND_MAX	 4096
#define BLOCK_BYTES	 (64 * 1024)
#define GROUP_PATH_BYTES 4096

/* Strings never move: blocks are chained. */
struct block {
	struct block *next;
	size_t used, room;
	char data[];
};

struct user {
	uint32_t uid;
	const char *name;
};

struct names {
	int proc_fd;
	struct block *block;
	struct user *user;
	size_t users;
	struct procfs_text text;
};

int names_open(struct names **ret_names)
{
	struct names *names = calloc(1, sizeof(*names));

	if (!names)
		return -ENOMEM;
	names->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (names->proc_fd < 0) {
		int err = -errno;

		free(names);
		return err;
	}
	*ret_names = names;
	return 0;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	while (names->block) {
		struct block *next = names->block->next;

		free(names->block);
		names->block = next;
	}
	free(names->user);
	procfs_text_done(&names->text);
	close(names->proc_fd);
	free(names);
}

/* Out of memory a name is unknown: "". */
static const char *keep(struct names *names, const char *text, size_t length)
{
	struct block *b = names->block;
	char *at;

	if (!length)
		return "";
	if (!b || b->room - b->used < length + 1) {
		size_t room = length + 1 > BLOCK_BYTES ? length + 1 : BLOCK_BYTES;

		b = malloc(sizeof(*b) + room);
		if (!b)
			return "";
		*b = (struct block){.next = names->block, .room = room};
		names->block = b;
	}
	at = b->data + b->used;
	memcpy(at, text, length);
	at[length] = '\0';
	b->used += length + 1;
	return at;
}

const char *names_user(struct names *names, uint32_t uid)
{
	char number[16], *buf;
	struct passwd entry, *found = NULL;
	struct user *user;
	const char *name;

	for (size_t i = 0; i < names->users; i++) {
		if (names->user[i].uid == uid)
			return names->user[i].name;
	}
	buf = malloc(16384);
	if (buf)
		(void)getpwuid_r(uid, &entry, buf, 16384, &found);
	if (found) {
		name = keep(names, found->pw_name, strlen(found->pw_name));
	} else {
		(void)snprintf(number, sizeof(number), "%u", uid);
		name = keep(names, number, strlen(number));
	}
	free(buf);
	user = realloc(names->user, (names->users + 1) * sizeof(*user));
	if (user) {
		names->user = user;
		user[names->users++] = (struct user){uid, name};
	}
	return name;
}

/* The process's directory, where it is still the same process. -errno. */
static int open_process(struct names *names, const struct census_process *p)
{
	int fd = procfs_open(names->proc_fd, (pid_t)p->tgid, (pid_t)p->tgid);
	struct procfs_stat st;

	if (fd < 0)
		return fd;
	/* /proc counts in ticks, a census may be finer. */
	if (procfs_stat_read(fd, &names->text, &st) ||
	    (p->start_ns && st.start_ns / 1000000000 + 1 < p->start_ns / 1000000000) ||
	    (p->start_ns && st.start_ns / 1000000000 > p->start_ns / 1000000000 + 1)) {
		close(fd);
		return -ESRCH;
	}
	return fd;
}

static const char *in_brackets(struct names *names, const char *comm)
{
	char text[EVENT_COMM_BYTES + 3];

	(void)snprintf(text, sizeof(text), "[%s]", comm);
	return keep(names, text, strlen(text));
}

const char *names_command(struct names *names, const struct census_process *p)
{
	_cleanup_close_ int fd = -1;
	size_t length;
	char *text;

	if (p->flags & (CENSUS_ZOMBIE | CENSUS_KERNEL_THREAD))
		return in_brackets(names, p->comm);
	fd = open_process(names, p);
	if (fd < 0 || procfs_read(fd, "cmdline", &names->text))
		return in_brackets(names, p->comm);
	text = names->text.data;
	length = names->text.length < COMMAND_MAX ? names->text.length : COMMAND_MAX;
	/* Words end with NUL; a program that wrote over them may leave many behind. */
	while (length && (!text[length - 1] || text[length - 1] == ' '))
		length--;
	for (size_t i = 0; i < length; i++) {
		if (!text[i])
			text[i] = ' ';
	}
	return length ? keep(names, text, length) : in_brackets(names, p->comm);
}

/* Does one of the comma-separated names in text[0..length-1] say "memory"? */
static bool names_memory(const char *text, size_t length)
{
	for (size_t at = 0; at < length;) {
		size_t n = strcspn(text + at, ",:");

		if (n == strlen("memory") && !memcmp(text + at, "memory", n))
			return true;
		at += n + 1;
	}
	return false;
}

void names_cgroup_parse(const char *text, char *ret, size_t size)
{
	bool memory = false;

	*ret = '\0';
	while (*text && !memory) {
		size_t line = strcspn(text, "\n");
		const char *controllers = strchr(text, ':'), *path = NULL;

		if (controllers && controllers < text + line)
			path = strchr(controllers + 1, ':');
		if (path && path < text + line) {
			size_t length = (size_t)(text + line - ++path);

			memory = names_memory(controllers + 1, (size_t)(path - controllers - 2));
			if ((memory || path - controllers == 2) && length < size) {
				memcpy(ret, path, length);
				ret[length] = '\0';
			}
		}
		text += line + (text[line] == '\n');
	}
}

const char *names_cgroup(struct names *names, const struct census_process *p)
{
	_cleanup_close_ int fd = open_process(names, p);
	char path[GROUP_PATH_BYTES];

	if (fd < 0 || procfs_read(fd, "cgroup", &names->text))
		return "";
	names_cgroup_parse(names->text.data, path, sizeof(path));
	return keep(names, path, strlen(path));
}

void names_find_cgroup_mount(char *ret, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *m;
	bool memory = false;

	*ret = '\0';
	while (mounts && !memory && (m = getmntent(mounts))) {
		memory = !strcmp(m->mnt_type, "cgroup") && hasmntopt(m, "memory");
		if (memory || !strcmp(m->mnt_type, "cgroup2"))
			(void)snprintf(ret, size, "%s", m->mnt_dir);
	}
	if (mounts)
		endmntent(mounts);
}

const char *names_cgroup_mount(struct names *names)
{
	char mount[GROUP_PATH_BYTES];

	names_find_cgroup_mount(mount, sizeof(mount));
	return keep(names, mount, strlen(mount));
}

void names_cgroup_directory(const char *path, char *ret, size_t size)
{
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	size_t best = 0;
	struct mntent *m;

	while (mounts && (m = getmntent(mounts))) {
		size_t n = strlen(m->mnt_dir);

		if (strcmp(m->mnt_type, "cgroup") != 0 && strcmp(m->mnt_type, "cgroup2") != 0)
			continue;
		if (n > best && !strncmp(path, m->mnt_dir, n) && (!path[n] || path[n] == '/'))
			best = n;
	}
	if (mounts)
		endmntent(mounts);
	(void)snprintf(ret, size, "%s%s", path[best] == '/' ? "" : "/", path + best);
}
