/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/proc/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/cleanup.h"

#define TEXT_FIRST_BYTES   4096
#define TEXT_MAX_BYTES	   (16 * 1024 * 1024)
#define FLAG_KERNEL_THREAD 0x00200000 /* PF_KTHREAD */

void procfs_text_done(struct procfs_text *t)
{
	free(t->data);
	*t = (struct procfs_text){0};
}

int procfs_open(int proc_fd, pid_t tgid, pid_t tid)
{
	char path[64];
	int fd;

	if (tid == tgid)
		(void)snprintf(path, sizeof(path), "%d", (int)tgid);
	else
		(void)snprintf(path, sizeof(path), "%d/task/%d", (int)tgid, (int)tid);
	fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int procfs_read(int dir_fd, const char *name, struct procfs_text *text)
{
	_cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	text->length = 0;
	for (;;) {
		ssize_t n;

		if (text->length + 1 >= text->room) {
			size_t room = text->room ? text->room * 2 : TEXT_FIRST_BYTES;
			char *data;

			if (room > TEXT_MAX_BYTES)
				return -EFBIG;
			data = realloc(text->data, room);
			if (!data)
				return -ENOMEM;
			text->data = data;
			text->room = room;
		}
		n = read(fd, text->data + text->length, text->room - text->length - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		text->length += (size_t)n;
	}
	text->data[text->length] = '\0';
	return 0;
}

/* Moves to the next blank-separated field. NULL: there is none. */
static const char *next_field(const char *p)
{
	p = strchr(p, ' ');
	return p && p[1] ? p + 1 : NULL;
}

int procfs_stat_parse(const char *text, uint64_t ticks_per_second, struct procfs_stat *ret_stat)
{
	/* The name may hold anything, parentheses and newlines too: it ends at the last one. */
	const char *open = strchr(text, '('), *close = strrchr(text, ')'), *p;
	struct procfs_stat st = {0};
	size_t length;
	uint64_t ticks;
	char *end;

	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return -EINVAL;
	length = (size_t)(close - open - 1);
	if (length > sizeof(st.comm) - 1)
		length = sizeof(st.comm) - 1;
	memcpy(st.comm, open + 1, length);
	p = close + 2;
	st.state = *p;
	for (int field = 3; field < 22; field++) {
		p = next_field(p);
		if (!p)
			return -EINVAL;
		if (field == 3)
			st.ppid = (pid_t)strtol(p, NULL, 10);
		if (field == 8)
			st.kernel_thread = strtoul(p, NULL, 10) & FLAG_KERNEL_THREAD;
	}
	errno = 0;
	ticks = strtoull(p, &end, 10);
	if (end == p || errno || !ticks_per_second || *p == '-' ||
	    __builtin_mul_overflow(ticks, 1000000000ULL / ticks_per_second, &st.start_ns))
		return -EINVAL;
	*ret_stat = st;
	return 0;
}

int procfs_stat_read(int dir_fd, struct procfs_text *scratch, struct procfs_stat *ret_stat)
{
	static uint64_t ticks_per_second;
	int err = procfs_read(dir_fd, "stat", scratch);

	if (err)
		return err;
	if (!ticks_per_second)
		ticks_per_second = (uint64_t)sysconf(_SC_CLK_TCK);
	return procfs_stat_parse(scratch->data, ticks_per_second, ret_stat);
}

/* The number behind "name:" at the start of a line. False: not this line, or no number. */
static bool line_number(const char *line, const char *name, int64_t *ret_number)
{
	size_t length = strlen(name);
	long long number;
	char *end;

	if (strncmp(line, name, length) || line[length] != ':')
		return false;
	errno = 0;
	number = strtoll(line + length + 1, &end, 10);
	if (end == line + length + 1 || errno || number < 0)
		return false;
	*ret_number = number;
	return true;
}

static bool line_kb(const char *line, const char *name, int64_t *ret_bytes)
{
	int64_t kb, bytes;

	if (!line_number(line, name, &kb) || __builtin_mul_overflow(kb, 1024, &bytes))
		return false;
	*ret_bytes = bytes;
	return true;
}

static int64_t sum_if_known(int64_t a, int64_t b)
{
	int64_t sum;

	if (a == EVENT_UNKNOWN_BYTES || b == EVENT_UNKNOWN_BYTES ||
	    __builtin_add_overflow(a, b, &sum))
		return EVENT_UNKNOWN_BYTES;
	return sum;
}

/* The name, of which a newline and a backslash are written as two characters. */
static void line_comm(const char *line, char *comm)
{
	size_t length = 0;

	if (strncmp(line, "Name:\t", 6))
		return;
	for (line += 6; *line && *line != '\n' && length < EVENT_COMM_BYTES - 1; line++) {
		bool written_as_two = *line == '\\' && (line[1] == 'n' || line[1] == '\\');

		line += written_as_two;
		comm[length++] = written_as_two && *line == 'n' ? '\n' : *line;
	}
	comm[length] = '\0';
}

int procfs_status_parse(const char *text, struct procfs_status *ret_status)
{
	char comm[EVENT_COMM_BYTES] = "";
	int64_t tgid = -1, ppid = -1, threads = -1, tracer = -1, table = EVENT_UNKNOWN_BYTES;
	int64_t anon = EVENT_UNKNOWN_BYTES, swap = EVENT_UNKNOWN_BYTES;
	int64_t data = EVENT_UNKNOWN_BYTES, stack = EVENT_UNKNOWN_BYTES;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		if (*line == '\n')
			line++;
		switch (*line) {
		case 'T':
			(void)(line_number(line, "Tgid", &tgid) ||
			       line_number(line, "Threads", &threads) ||
			       line_number(line, "TracerPid", &tracer));
			break;
		case 'N':
			line_comm(line, comm);
			break;
		case 'P':
			(void)line_number(line, "PPid", &ppid);
			break;
		case 'R':
			(void)line_kb(line, "RssAnon", &anon);
			break;
		case 'V':
			(void)(line_kb(line, "VmData", &data) || line_kb(line, "VmStk", &stack) ||
			       line_kb(line, "VmPTE", &table) || line_kb(line, "VmSwap", &swap));
			break;
		}
	}
	if (tgid < 0 && ppid < 0)
		return -EINVAL;
	*ret_status = (struct procfs_status){
	    .tgid = (pid_t)tgid,
	    .ppid = (pid_t)ppid,
	    .tracer = (pid_t)tracer,
	    .threads = (int)threads,
	    .private_bytes = sum_if_known(anon, swap),
	    .commit_bytes = sum_if_known(data, stack),
	    .page_table_bytes = table,
	};
	memcpy(ret_status->comm, comm, sizeof(comm));
	return 0;
}

int procfs_status_read(int dir_fd, struct procfs_text *scratch, struct procfs_status *ret_status)
{
	int err = procfs_read(dir_fd, "status", scratch);

	return err ? err : procfs_status_parse(scratch->data, ret_status);
}

static int64_t count_in(const char *text, const char *what)
{
	int64_t count = 0;

	for (const char *p = text; (p = strstr(p, what)); p++)
		count++;
	return count;
}

int procfs_maps_count(int dir_fd, struct procfs_text *scratch, int64_t *ret_count, int64_t *ret_aio)
{
	int err = procfs_read(dir_fd, "maps", scratch);

	if (err)
		return err;
	*ret_count = count_in(scratch->data, "\n");
	*ret_aio = count_in(scratch->data, " /[aio] (deleted)\n");
	return 0;
}

int procfs_timers_count(int dir_fd, struct procfs_text *scratch, int64_t *ret_count)
{
	int err = procfs_read(dir_fd, "timers", scratch);

	if (err)
		return err;
	*ret_count = count_in(scratch->data, "notify: "); /* a line of each */
	return 0;
}

int procfs_each(int proc_fd, int (*fn)(void *ctx, pid_t pid, const struct procfs_stat *st),
		void *ctx, uint32_t *ret_refused)
{
	struct procfs_text text = {0};
	uint32_t refused = 0;
	struct dirent *entry;
	DIR *dir;
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), result = 0;

	if (fd < 0)
		return -errno;
	dir = fdopendir(fd);
	if (!dir) {
		result = -errno;
		close(fd);
		return result;
	}
	while (!result && (entry = readdir(dir))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		struct procfs_stat st;
		int pid_fd, err;

		if (pid <= 0 || *end)
			continue;
		pid_fd = err = procfs_open(proc_fd, (pid_t)pid, (pid_t)pid);
		if (pid_fd >= 0)
			err = procfs_stat_read(pid_fd, &text, &st);
		if (!err)
			result = fn(ctx, (pid_t)pid, &st);
		else /* else it ended in between */
			refused += err == -EPERM || err == -EACCES;
		if (pid_fd >= 0)
			close(pid_fd);
	}
	closedir(dir);
	procfs_text_done(&text);
	if (ret_refused)
		*ret_refused = refused;
	return result;
}

struct tree_list {
	struct procfs_process {
		pid_t pid, ppid;
	} * all;
	size_t count, room;
};

static int list_process(void *ctx, pid_t pid, const struct procfs_stat *st)
{
	struct tree_list *list = ctx;
	void *all;

	if (st->state == 'Z' || st->state == 'X')
		return 0;
	if (list->count == list->room) {
		list->room = list->room ? list->room * 2 : 512;
		all = realloc(list->all, list->room * sizeof(*list->all));
		if (!all)
			return -ENOMEM;
		list->all = all;
	}
	list->all[list->count++] = (struct procfs_process){.pid = pid, .ppid = st->ppid};
	return 0;
}

int procfs_tree(int proc_fd, pid_t root, int (*fn)(void *ctx, pid_t pid, pid_t parent), void *ctx)
{
	struct tree_list list = {0};
	int err = procfs_each(proc_fd, list_process, &list, NULL);
	size_t found = 0;

	/* Those of the tree move to the front, children behind their parents. */
	for (size_t i = 0; !err && i < list.count && !found; i++) {
		if (list.all[i].pid == root) {
			struct procfs_process first = list.all[i];

			list.all[i] = list.all[0];
			list.all[0] = first;
			found = 1;
		}
	}
	for (size_t at = 0; !err && at < found; at++) {
		for (size_t i = found; i < list.count; i++) {
			struct procfs_process child = list.all[i];

			if (child.ppid != list.all[at].pid)
				continue;
			list.all[i] = list.all[found];
			list.all[found++] = child;
		}
		err = fn(ctx, list.all[at].pid, list.all[at].ppid);
	}
	free(list.all);
	return err;
}
