// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "event/event.h"

static int read_text(const char *dir, const char *name, char *buf, size_t size)
{
	char path[PATH_MAX + 64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		n = -errno;
	close(fd);
	if (n < 0)
		return (int)n;
	buf[n] = 0;
	return 0;
}

static int write_text(const char *dir, const char *name, const char *text)
{
	char path[PATH_MAX + 64];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += n) {
		bool begins = p == list || strchr(" ,\n", p[-1]);
		bool ends = !p[n] || strchr(" ,\n", p[n]);

		if (begins && ends)
			return true;
	}
	return false;
}

/* Our own group below the given hierarchy: from /proc/self/cgroup. v2 has controllers "". */
static bool own_group(bool v2, char *ret, size_t size)
{
	FILE *f = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX + 128];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char *controllers = strchr(line, ':'), *path;

		if (!controllers || !(path = strchr(++controllers, ':')))
			continue;
		*path++ = 0;
		path[strcspn(path, "\n")] = 0;
		if (v2 ? *controllers : !has_word(controllers, "memory"))
			continue;
		snprintf(ret, size, "%s", path);
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

/* Where the hierarchy is mounted, and which of its groups stands at the mount point. */
static bool mount_of(bool v2, char *ret_point, char *ret_root, size_t size)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	char line[2 * PATH_MAX + 512];
	bool found = false;

	while (f && !found && fgets(line, sizeof(line), f)) {
		char root[PATH_MAX], point[PATH_MAX], type[64], options[1024];
		char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*d %*d %*s %4095s %4095s", root, point) != 2 ||
		    sscanf(dash, " - %63s %*s %1023s", type, options) != 2)
			continue;
		if (strcmp(type, v2 ? "cgroup2" : "cgroup") ||
		    (!v2 && !has_word(options, "memory")))
			continue;
		snprintf(ret_point, size, "%s", point);
		snprintf(ret_root, size, "%s", strcmp(root, "/") ? root : "");
		found = true;
	}
	if (f)
		fclose(f);
	return found;
}

/* A forktally that was killed could not remove its group. Only an empty one can be removed. */
static void remove_stale(const char *parent)
{
	DIR *dir = opendir(parent);
	struct dirent *entry;
	int pid;

	while (dir && (entry = readdir(dir))) {
		if (sscanf(entry->d_name, "forktally-%d-", &pid) == 1 && kill(pid, 0) &&
		    errno == ESRCH)
			(void)unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
	}
	if (dir)
		closedir(dir);
}

static int make_below(struct run_cgroup *cg, const char *parent)
{
	remove_stale(parent);
	for (int i = 0; i < 100; i++) {
		if ((size_t)snprintf(cg->path, sizeof(cg->path), "%s/forktally-%d-%d", parent,
				     getpid(), i) >= sizeof(cg->path))
			return -ENAMETOOLONG;
		if (!mkdir(cg->path, 0755))
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int open_hierarchy(struct run_cgroup *cg, bool v2)
{
	char point[PATH_MAX], root[PATH_MAX], own[PATH_MAX], dir[2 * PATH_MAX], text[4096];
	size_t skip;
	int err;

	if (!own_group(v2, own, sizeof(own)) || !mount_of(v2, point, root, sizeof(point)))
		return -ENODEV;
	skip = strncmp(own, root, strlen(root)) ? 0 : strlen(root);
	snprintf(dir, sizeof(dir), "%s%s", point, strcmp(own + skip, "/") ? own + skip : "");
	if (strlen(dir) >= sizeof(cg->origin))
		return -ENAMETOOLONG;
	strcpy(cg->origin, dir);
	cg->v2 = v2;
	if (!v2)
		return make_below(cg, dir);
	/* Upwards to the first group whose children have the memory controller. */
	for (;;) {
		err = read_text(dir, "cgroup.subtree_control", text, sizeof(text));
		if (err)
			return err;
		if (has_word(text, "memory"))
			return make_below(cg, dir);
		if (strlen(dir) <= strlen(point))
			return -ENODEV;
		*strrchr(dir, '/') = 0;
	}
}

int run_cgroup_open(struct run_cgroup *ret_group, const char **ret_why)
{
	struct run_cgroup cg = {};
	int err2, err1;

	err2 = open_hierarchy(&cg, true);
	if (err2) {
		err1 = open_hierarchy(&cg, false);
		if (err1) {
			*ret_why = err1 == -EACCES || err1 == -EROFS || err1 == -EPERM ||
					   err2 == -EACCES || err2 == -EROFS
				       ? "no memory cgroup can be made here (not permitted)"
				       : "no hierarchy with a memory controller that can be used";
			return err1 == -ENODEV ? err2 : err1;
		}
	}
	cg.exists = true;
	*ret_group = cg;
	return 0;
}

int run_cgroup_add(const struct run_cgroup *cg, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return write_text(cg->path, "cgroup.procs", text);
}

static int64_t stat_field(const char *stat, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = stat; p && *p; p = strchr(p, '\n'), p = p ? p + 1 : p) {
		if (!strncmp(p, name, n) && p[n] == ' ')
			return strtoll(p + n, NULL, 10);
	}
	return EVENT_UNKNOWN_BYTES;
}

int64_t run_cgroup_kernel_bytes(const struct run_cgroup *cg)
{
	char text[8192];

	if (!cg->exists)
		return EVENT_UNKNOWN_BYTES;
	if (!cg->v2) {
		if (read_text(cg->path, "memory.kmem.usage_in_bytes", text, sizeof(text)))
			return EVENT_UNKNOWN_BYTES;
		return strtoll(text, NULL, 10);
	}
	if (read_text(cg->path, "memory.stat", text, sizeof(text)))
		return EVENT_UNKNOWN_BYTES;
	/* Since 5.18. Before, its parts leave out whole pages (pipes, upper page tables): no sum.
	 */
	return stat_field(text, "kernel");
}

int run_cgroup_each(const struct run_cgroup *cg, void (*fn)(void *ctx, pid_t pid), void *ctx)
{
	char path[PATH_MAX + 64];
	FILE *f;
	int pid, n = 0;

	if (!cg->exists)
		return 0;
	snprintf(path, sizeof(path), "%s/cgroup.procs", cg->path);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &pid) == 1) {
		n++;
		if (fn)
			fn(ctx, pid);
	}
	if (f)
		fclose(f);
	return n;
}

static void send_home(void *ctx, pid_t pid)
{
	const struct run_cgroup *cg = ctx;
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	(void)write_text(cg->origin, "cgroup.procs", text); /* a process that just ended is fine */
}

int run_cgroup_close(struct run_cgroup *cg)
{
	int err = 0;

	if (!cg->exists)
		return 0;
	for (int i = 0; i < 50; i++) {
		run_cgroup_each(cg, send_home, cg);
		err = rmdir(cg->path) ? -errno : 0;
		if (err != -EBUSY)
			break;
		nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
	}
	cg->exists = false;
	return err;
}
