/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/proc/cost.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define COST_FILE_VERSION 1
#define COST_FILE_BYTES	  (64 * 1024)

/*
 * Printed by "forktally doctor --calibrate" under Linux 6.18 on x86-64 with 2 CPUs. A task's size
 * depends on the CPU too, since it holds the registers: 4288 bytes of slab here, 6016 under the
 * same kernel on another CPU.
 */
static const struct {
	const char *name, *help;
	int64_t bytes;
} kinds[COSTS] = {
    [COST_TASK] = {"task", "what a zombie keeps", 8008},
    [COST_PROCESS] = {"process", "kernel stack, files and more of a process", 19394},
    [COST_MM] = {"mm", "an address space without mappings and page tables", 16136},
    [COST_THREADS] = {"threads", "one more thread", 20890},
    [COST_VMA] = {"vma", "one mapping", 198},
    [COST_FD_PIPE] = {"fd.pipe", "empty pipe, both ends", 2462},
    [COST_FD_SOCKET_UNIX] = {"fd.socket.unix", "unix socket", 2400},
    [COST_FD_SOCKET_INET] = {"fd.socket.inet", "TCP socket, not connected", 3617},
    [COST_FD_SOCKET_OTHER] = {"fd.socket.other", "netlink socket", 1241},
    [COST_FD_EVENTFD] = {"fd.eventfd", "eventfd", 401},
    [COST_FD_EPOLL] = {"fd.epoll", "epoll set, empty", 401},
    [COST_FD_TIMERFD] = {"fd.timerfd", "timerfd", 401},
    [COST_FD_SIGNALFD] = {"fd.signalfd", "signalfd", 401},
    [COST_FD_PIDFD] = {"fd.pidfd", "pidfd", 201},
    [COST_FD_INOTIFY] = {"fd.inotify", "inotify, no watches", 960},
    [COST_FD_MEMFD] = {"fd.memfd", "memfd, empty", 1163},
    [COST_FD_PTY] = {"fd.pty", "pseudo terminal, master end", 3136},
    [COST_FD_DIR] = {"fd.dir", "open directory", 201},
    [COST_FD_FILE] = {"fd.file", "open file", 197},
    [COST_FD_FILE_DELETED] = {"fd.file.deleted", "open file whose name is gone", 1546},
    [COST_FD_BPF] = {"fd.bpf", "BPF map, an array of one", 936},
    [COST_FD_IO_URING] = {"fd.io_uring", "io_uring of 8 entries", 9392},
    [COST_FD_NAMESPACE] = {"fd.namespace", "open namespace", 201},
    [COST_FD_OTHER] = {"fd.other", "open character device", 201},
    [COST_AIO] = {"aio", "context of asynchronous I/O, with its mapping", 1235},
    [COST_TIMER] = {"timer", "POSIX timer", 390},
    [COST_IPC_SHM] = {"ipc.shm", "SysV shared memory segment, untouched", 1423},
    [COST_IPC_SEM] = {"ipc.sem", "SysV semaphore set of one", 512},
    [COST_IPC_MSG] = {"ipc.msg", "SysV message queue, empty", 256},
};

const char *cost_name(enum cost kind)
{
	return kinds[kind].name;
}

const char *cost_help(enum cost kind)
{
	return kinds[kind].help;
}

void cost_table_default(struct cost_table *ret_table)
{
	*ret_table = (struct cost_table){.measured = false};
	for (size_t i = 0; i < COSTS; i++)
		ret_table->bytes[i] = kinds[i].bytes;
}

int cost_path(char *ret_path, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int n;

	if (geteuid() == 0)
		n = snprintf(ret_path, size, "/var/lib/forktally/cost.json");
	else if (state && state[0] == '/')
		n = snprintf(ret_path, size, "%s/forktally/cost.json", state);
	else if (home && home[0] == '/')
		n = snprintf(ret_path, size, "%s/.local/state/forktally/cost.json", home);
	else
		return -ENOENT;
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

int cost_table_parse(const char *text, const char *release, struct cost_table *ret_table)
{
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *bytes;
	struct cost_table table;
	const char *kernel;
	int err = -EINVAL;

	if (json_integer_value(json_object_get(root, "version")) != COST_FILE_VERSION)
		goto out;
	kernel = json_string_value(json_object_get(root, "kernel"));
	bytes = json_object_get(root, "bytes");
	if (!kernel || !json_is_object(bytes))
		goto out;
	if (strcmp(kernel, release)) {
		err = -ESTALE;
		goto out;
	}
	/* A kind that could not be measured is not in the file and keeps its shipped figure. */
	cost_table_default(&table);
	for (size_t i = 0; i < COSTS; i++) {
		json_t *value = json_object_get(bytes, kinds[i].name);

		if (!value)
			continue;
		if (!json_is_integer(value) || json_integer_value(value) < 0)
			goto out;
		table.bytes[i] = json_integer_value(value);
	}
	table.measured = true;
	(void)snprintf(table.kernel, sizeof(table.kernel), "%s", kernel);
	*ret_table = table;
	err = 0;
out:
	json_decref(root);
	return err;
}

void cost_table_load(struct cost_table *ret_table)
{
	char path[4096], text[COST_FILE_BYTES];
	struct utsname uts;
	ssize_t n;
	int fd;

	cost_table_default(ret_table);
	if (uname(&uts) || cost_path(path, sizeof(path)))
		return;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	(void)cost_table_parse(text, uts.release, ret_table); /* the shipped table stays */
}

/* Creates the directories above path. */
static int make_parents(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		int failed;

		*slash = '\0';
		failed = mkdir(path, 0755) && errno != EEXIST ? errno : 0;
		*slash = '/';
		if (failed)
			return -failed;
	}
	return 0;
}

int cost_table_store(const struct cost_table *table, char *ret_path, size_t size)
{
	char path[4096], temporary[sizeof(path) + 8];
	json_t *root = NULL, *bytes = NULL;
	int err = cost_path(path, sizeof(path)), fd;

	if (ret_path)
		(void)snprintf(ret_path, size, "%s", err ? "" : path);
	if (err)
		return err;
	err = make_parents(path);
	if (err)
		return err;
	bytes = json_object();
	for (size_t i = 0; i < COSTS; i++)
		json_object_set_new(bytes, kinds[i].name, json_integer(table->bytes[i]));
	root = json_pack("{s:i, s:s, s:o}", "version", COST_FILE_VERSION, "kernel", table->kernel,
			 "bytes", bytes);
	if (!root) {
		json_decref(bytes);
		return -ENOMEM;
	}
	(void)snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path);
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0) {
		err = -errno;
		json_decref(root);
		return err;
	}
	errno = 0;
	if (json_dumpfd(root, fd, JSON_INDENT(2)) || write(fd, "\n", 1) != 1 || fchmod(fd, 0644))
		err = errno ? -errno : -EIO;
	if (close(fd) && !err)
		err = -errno;
	if (!err && rename(temporary, path))
		err = -errno;
	if (err)
		(void)unlink(temporary); /* the first error is the one to tell */
	json_decref(root);
	return err;
}
