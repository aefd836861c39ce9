/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The census from /proc, for who may not load kernel programs. Private memory is as exact as from
 * the kernel's own structures; kernel memory is counted objects times a table of costs.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "source/census.h"
#include "source/names.h"
#include "source/proc/census.h"

struct proc_source {
	struct census_source head;
	struct proc_census census; /* reused from take to take */
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* Lines of /proc/PID/status in kB, each to its place. */
static const struct {
	const char *name;
	size_t at;
} memory_lines[] = {
    {"RssAnon:", offsetof(struct census_record, anon_bytes)},
    {"RssFile:", offsetof(struct census_record, file_bytes)},
    {"RssShmem:", offsetof(struct census_record, shmem_bytes)},
    {"VmSwap:", offsetof(struct census_record, swap_bytes)},
    {"VmSize:", offsetof(struct census_record, virtual_bytes)},
    {"VmLck:", offsetof(struct census_record, locked_bytes)},
    {"VmData:", offsetof(struct census_record, commit_bytes)},
};

static void read_status_line(const char *line, struct census_record *r, int64_t *stack,
			     int64_t *page_table)
{
	for (size_t i = 0; i < sizeof(memory_lines) / sizeof(memory_lines[0]); i++) {
		size_t n = strlen(memory_lines[i].name);
		int64_t bytes;

		if (strncmp(line, memory_lines[i].name, n) != 0)
			continue;
		bytes = strtoll(line + n, NULL, 10) * 1024;
		memcpy((char *)r + memory_lines[i].at, &bytes, sizeof(bytes));
		return;
	}
	if (!strncmp(line, "VmStk:", 6))
		*stack = strtoll(line + 6, NULL, 10) * 1024;
	else if (!strncmp(line, "VmPTE:", 6))
		*page_table = strtoll(line + 6, NULL, 10) * 1024;
	else if (!strncmp(line, "Threads:", 8))
		r->threads = (uint32_t)strtoul(line + 8, NULL, 10);
	else if (!strncmp(line, "Uid:", 4)) {
		const char *effective = strchr(line + 5, '\t');

		if (effective)
			r->uid = (uint32_t)strtoul(effective, NULL, 10);
	}
}

/* A kernel thread or a zombie has no memory: that is 0. Of all others what is not told is unknown.
 */
static void read_status(const char *text, bool memory, const struct cost_table *cost,
			struct census_record *r)
{
	int64_t none = memory ? EVENT_UNKNOWN_BYTES : 0, stack = none, page_table = none;

	r->anon_bytes = r->file_bytes = r->shmem_bytes = r->swap_bytes = none;
	r->virtual_bytes = r->commit_bytes = r->locked_bytes = none;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		read_status_line(line, r, &stack, &page_table);
	}
	if (stack == EVENT_UNKNOWN_BYTES || r->commit_bytes == EVENT_UNKNOWN_BYTES)
		r->commit_bytes = EVENT_UNKNOWN_BYTES;
	else
		r->commit_bytes += stack;
	if (!memory)
		return;
	if (page_table == EVENT_UNKNOWN_BYTES) {
		page_table = 0;
		r->flags |= CENSUS_CUT;
	}
	r->cell[KIND_MM] =
	    (struct census_cell){.count = 1, .bytes = (uint64_t)cost->bytes[COST_MM]};
	r->cell[KIND_PAGE_TABLE] =
	    (struct census_cell){.count = (uint64_t)page_table / (uint64_t)sysconf(_SC_PAGESIZE),
				 .bytes = (uint64_t)page_table};
	r->mm_bytes = cost->bytes[COST_MM] + page_table;
}

/* The n-th field of a stat file, as proc(5) counts; NULL: it has not so many. */
static const char *stat_field(const char *text, int n)
{
	const char *p = strrchr(text, ')');

	for (int field = 2; p && field < n; field++) {
		p = strchr(p, ' ');
		p = p && p[1] ? p + 1 : NULL;
	}
	return p;
}

static int64_t cpu_of(const char *stat)
{
	const char *user = stat_field(stat, 14), *system = stat_field(stat, 15);
	long ticks = sysconf(_SC_CLK_TCK);

	if (!user || !system || ticks <= 0)
		return -1;
	return (int64_t)(strtoull(user, NULL, 10) + strtoull(system, NULL, 10)) *
	       (1000000000 / ticks);
}

/* The directory of a thread that lives, where the first one has ended. -errno. */
static int open_living_thread(struct proc_census *c, int dir_fd, uint32_t tgid)
{
	int fd = openat(dir_fd, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC), found = -ESRCH;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return -ESRCH;
	}
	while (found < 0 && (entry = readdir(dir))) {
		long tid = strtol(entry->d_name, NULL, 10);

		if (tid > 0 && (uint32_t)tid != tgid)
			found = procfs_open(c->proc_fd, (pid_t)tgid, (pid_t)tid);
	}
	closedir(dir);
	return found;
}

/* Since Linux 6.2 the size of the directory, for everybody; before, a walk for who may look. */
static uint32_t count_fds(int dir_fd)
{
	struct dirent *entry;
	struct stat st;
	uint32_t n = 0;
	DIR *dir;
	int fd;

	if (!fstatat(dir_fd, "fd", &st, 0) && st.st_size)
		return (uint32_t)st.st_size;
	fd = openat(dir_fd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		if (fd >= 0)
			close(fd);
		return CENSUS_NOT_COUNTED;
	}
	while ((entry = readdir(dir)))
		n += entry->d_name[0] != '.';
	closedir(dir);
	return n;
}

/* Many processes in a row are of one group. */
static uint64_t group_of(struct proc_census *c, int dir_fd)
{
	char path[sizeof(c->group_path)], whole[sizeof(c->group_root) + sizeof(path)];
	struct stat st;

	if (!*c->group_root || procfs_read(dir_fd, "cgroup", &c->text))
		return 0;
	names_cgroup_parse(c->text.data, path, sizeof(path));
	if (!*path)
		return 0;
	if (strcmp(path, c->group_path) != 0) {
		(void)snprintf(whole, sizeof(whole), "%s%s", c->group_root, path);
		c->group = stat(whole, &st) ? 0 : st.st_ino;
		memcpy(c->group_path, path, sizeof(path));
	}
	return c->group;
}

static void set_tasks(struct proc_census *c, bool zombie, struct census_record *r)
{
	int64_t bytes = c->cost.bytes[COST_TASK];

	if (!zombie)
		bytes += c->cost.bytes[COST_PROCESS];
	if (r->threads > 1)
		bytes += (int64_t)(r->threads - 1) * c->cost.bytes[COST_THREADS];
	r->task_bytes = bytes;
	r->cell[KIND_TASK] =
	    (struct census_cell){.count = zombie ? 1 : r->threads, .bytes = (uint64_t)bytes};
}

static int add_process(void *ctx, pid_t pid, const struct procfs_stat *st)
{
	struct proc_census *c = ctx;
	_cleanup_close_ int dir_fd = procfs_open(c->proc_fd, pid, pid), thread_fd = -1;
	struct census_record r = {.tgid = (uint32_t)pid,
				  .parent = (uint32_t)st->ppid,
				  .start_ns = st->start_ns,
				  .uid = UINT32_MAX,
				  .fds = CENSUS_NOT_COUNTED,
				  .maps = CENSUS_NOT_COUNTED,
				  .uncharged_bytes = EVENT_UNKNOWN_BYTES,
				  .cpu_ns = -1};
	struct procfs_stat now;
	int look_fd = dir_fd;
	const char *code;
	bool zombie, memory;

	if (dir_fd < 0 || procfs_stat_read(dir_fd, &c->text, &now) || now.start_ns != st->start_ns)
		return 0; /* it ended meanwhile */
	memcpy(r.comm, now.comm, sizeof(r.comm));
	r.cpu_ns = cpu_of(c->text.data);
	code = stat_field(c->text.data, 52);
	zombie = now.state == 'Z' || now.state == 'X';
	if (zombie && code)
		r.exit_status = (uint32_t)strtoul(code, NULL, 10);
	if (procfs_read(dir_fd, "status", &c->text))
		return 0;
	memory = !zombie && !now.kernel_thread;
	read_status(c->text.data, memory, &c->cost, &r);
	if (zombie && r.threads > 1) {
		r.threads--; /* the one that has ended */
		r.exit_status = 0;
		r.flags |= CENSUS_LEADER_GONE;
		thread_fd = open_living_thread(c, dir_fd, r.tgid);
		zombie = false;
		if (thread_fd >= 0 && !procfs_read(thread_fd, "status", &c->text)) {
			uint32_t threads = r.threads;

			read_status(c->text.data, memory = true, &c->cost, &r);
			r.threads = threads;
			look_fd = thread_fd;
		}
	}
	if (zombie) {
		r.threads = 0;
		r.fds = r.maps = 0;
		r.flags |= CENSUS_ZOMBIE;
	}
	if (now.kernel_thread) {
		r.flags |= CENSUS_KERNEL_THREAD;
		r.fds = r.maps = 0;
	}
	if (now.state == 'T' || now.state == 't')
		r.flags |= CENSUS_STOPPED;
	set_tasks(c, zombie, &r);
	if (memory) {
		int err = 0;

		r.fds = count_fds(look_fd);
		if (c->depth != CENSUS_SUMMARY)
			err = proc_census_kinds(c, look_fd, &r);
		if (err)
			return err;
	}
	r.cgroup = group_of(c, look_fd);
	return build_process(c->build, &r);
}

static int proc_open(struct census_source **ret_source, const char **ret_why)
{
	struct proc_source *s = calloc(1, sizeof(*s));
	int err;

	if (!s) {
		*ret_why = "there is no memory for it";
		return -ENOMEM;
	}
	s->head.ops = &census_proc;
	s->census.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->census.proc_fd < 0 || faccessat(s->census.proc_fd, "self/stat", R_OK, 0)) {
		err = -errno;
		*ret_why = "/proc is not mounted or cannot be read";
		census_proc.close(&s->head);
		return err;
	}
	cost_table_load(&s->census.cost);
	names_find_cgroup_mount(s->census.group_root, sizeof(s->census.group_root));
	*ret_source = &s->head;
	return 0;
}

static void proc_close(struct census_source *source)
{
	struct proc_source *s = (struct proc_source *)source;

	if (s->census.proc_fd >= 0)
		close(s->census.proc_fd);
	procfs_text_done(&s->census.text);
	sysvipc_done(&s->census.sysvipc);
	free(s);
}

static int proc_take(struct census_source *source, enum census_depth depth,
		     struct census **ret_census, const char **ret_why)
{
	struct proc_census *c = &((struct proc_source *)source)->census;
	uint64_t begun = now_ns();
	struct census_machine machine;
	struct census *census = NULL;
	uint32_t refused = 0;
	uint64_t hidden = 0;
	int err;

	if (depth > CENSUS_KINDS_ALL) {
		*ret_why = "/proc does not tell which cgroup an object is charged to";
		return -ENOTSUP;
	}
	*ret_why = "/proc could not be read";
	err = build_open(depth, SOURCE_PROC, &c->build);
	if (err)
		return err;
	c->depth = depth;
	*c->group_path = '\0';
	if (depth != CENSUS_SUMMARY && sysvipc_read(c->proc_fd, &c->sysvipc))
		c->sysvipc.count = 0;
	err = procfs_each(c->proc_fd, add_process, c, &refused);
	if (!err) {
		hidden = census_proc_hides() == PROC_HIDES_ALL ? CENSUS_UNKNOWN_COUNT : refused;
		if (hidden)
			build_missing(c->build);
		if (census_has_outside())
			build_outside(c->build);
		proc_census_machine(c->proc_fd, &c->text, &machine);
		err = build_finish(c->build, &machine, &census);
	}
	build_close(c->build);
	c->build = NULL;
	if (err)
		return err;
	census->time_ns = begun;
	census->took_ns = now_ns() - begun;
	census->hidden = hidden;
	*ret_census = census;
	return 0;
}

const struct census_source_ops census_proc = {
    .name = "proc",
    .depth_max = CENSUS_KINDS_ALL,
    .open = proc_open,
    .take = proc_take,
    .close = proc_close,
};
