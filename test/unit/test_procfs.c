/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * test_procfs.c - the readers of /proc on literal files in test/fixture/proc, run from the root of
 * the tree, and on damaged text. What is not covered: links that only stat(2) can tell.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <cmocka.h>
#include "source/proc/account.h"
#include "source/proc/cost.h"
#include "source/proc/fd.h"
#include "source/proc/procfs.h"
#include "source/proc/sysvipc.h"

static struct procfs_text text;

static int fixture(const char *name)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), "test/fixture/proc/%s", name);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail_msg("%s: %s (run from the root of the tree)", path, strerror(errno));
	return fd;
}

static void test_stat(void **state)
{
	struct procfs_stat st;
	int fd = fixture("plain");

	assert_int_equal(procfs_read(fd, "stat", &text), 0);
	assert_int_equal(procfs_stat_parse(text.data, 100, &st), 0);
	assert_string_equal(st.comm, "server");
	assert_int_equal(st.state, 'S');
	assert_int_equal(st.ppid, 17);
	assert_int_equal(st.start_ns, 867530000000);
	assert_false(st.kernel_thread);
	assert_int_equal(procfs_stat_parse("2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 "
					   "1 0 3 0 0",
					   100, &st),
			 0);
	assert_true(st.kernel_thread);
	close(fd);
}

/* A process may call itself anything: ") Z 1", a newline. */
static void test_stat_of_a_liar(void **state)
{
	struct procfs_stat st;
	int fd = fixture("odd");

	assert_int_equal(procfs_read(fd, "stat", &text), 0);
	assert_int_equal(procfs_stat_parse(text.data, 100, &st), 0);
	assert_string_equal(st.comm, "a) R 1 ) (x\n");
	assert_int_equal(st.state, 'Z');
	assert_int_equal(st.ppid, 5);
	assert_int_equal(st.start_ns, 10000000);
	close(fd);
}

static void test_stat_damaged(void **state)
{
	struct procfs_stat st = {.ppid = -7};
	char cut[512];
	int fd = fixture("plain");

	assert_int_equal(procfs_read(fd, "stat", &text), 0);
	close(fd);
	/* Cut anywhere before the start time's first digit: an error, never a wrong number. */
	for (size_t n = 0; n < (size_t)(strstr(text.data, "86753") - text.data); n++) {
		memcpy(cut, text.data, n);
		cut[n] = '\0';
		assert_int_equal(procfs_stat_parse(cut, 100, &st), -EINVAL);
	}
	assert_int_equal(st.ppid, -7);
	assert_int_equal(procfs_stat_parse(text.data, 0, &st), -EINVAL);
	assert_int_equal(procfs_stat_parse("1 (x) S 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 "
					   "99999999999999999999 1",
					   100, &st),
			 -EINVAL);
}

static void test_status(void **state)
{
	struct procfs_status status;
	int fd = fixture("plain");

	assert_int_equal(procfs_status_read(fd, &text, &status), 0);
	assert_string_equal(status.comm, "server");
	assert_int_equal(status.tgid, 4242);
	assert_int_equal(status.ppid, 17);
	assert_int_equal(status.tracer, 1);
	assert_int_equal(status.threads, 3);
	assert_int_equal(status.private_bytes, (4099 + 23) * 1024);
	assert_int_equal(status.commit_bytes, (6001 + 132) * 1024);
	assert_int_equal(status.page_table_bytes, 84 * 1024);
	close(fd);
}

/* A zombie has no memory lines: unknown, and not 0. */
static void test_status_of_a_zombie(void **state)
{
	struct procfs_status status;
	int fd = fixture("odd");

	assert_int_equal(procfs_status_read(fd, &text, &status), 0);
	assert_string_equal(status.comm, "a) R 1 ) (x\n");
	assert_int_equal(status.tgid, 99);
	assert_int_equal(status.ppid, 5);
	assert_true(status.private_bytes == EVENT_UNKNOWN_BYTES);
	assert_true(status.commit_bytes == EVENT_UNKNOWN_BYTES);
	assert_true(status.page_table_bytes == EVENT_UNKNOWN_BYTES);
	close(fd);
}

static void test_status_damaged(void **state)
{
	struct procfs_status status;

	assert_int_equal(procfs_status_parse("", &status), -EINVAL);
	assert_int_equal(procfs_status_parse("hello\nworld\n", &status), -EINVAL);
	assert_int_equal(procfs_status_parse("Tgid:\t1\nRssAnon:\t-5 kB\nVmSwap:\t0 kB\n", &status),
			 0);
	assert_true(status.private_bytes == EVENT_UNKNOWN_BYTES);
	/* More than 63 bits of bytes. */
	assert_int_equal(procfs_status_parse("Tgid:\t1\nRssAnon:\t9223372036854775807 kB\n"
					     "VmSwap:\t0 kB\n",
					     &status),
			 0);
	assert_true(status.private_bytes == EVENT_UNKNOWN_BYTES);
	assert_string_equal(status.comm, "");
	assert_int_equal(procfs_status_parse("Name:\ta\\\\b\\\nTgid:\t1\n", &status), 0);
	assert_string_equal(status.comm, "a\\b\\");
	/* Swap alone is no answer. */
	assert_int_equal(procfs_status_parse("Tgid:\t1\nVmSwap:\t4 kB\n", &status), 0);
	assert_true(status.private_bytes == EVENT_UNKNOWN_BYTES);
}

static void test_maps(void **state)
{
	int plain = fixture("plain"), odd = fixture("odd"), root = fixture("root");
	int64_t count = -1, aio = -1;

	assert_int_equal(procfs_maps_count(plain, &text, &count, &aio), 0);
	assert_int_equal(count, 5);
	assert_int_equal(aio, 2);
	assert_int_equal(procfs_maps_count(odd, &text, &count, &aio), 0);
	assert_int_equal(count, 0);
	assert_int_equal(aio, 0);
	assert_int_equal(procfs_maps_count(root, &text, &count, &aio), -ENOENT);
	assert_int_equal(procfs_timers_count(plain, &text, &count), 0);
	assert_int_equal(count, 2);
	assert_int_equal(procfs_timers_count(odd, &text, &count), -ENOENT);
	close(plain);
	close(odd);
	close(root);
}

static void test_fds(void **state)
{
	static const struct {
		enum cost kind;
		uint32_t count;
	} expected[] = {
	    {COST_FD_PIPE, 2},	   {COST_FD_SOCKET_OTHER, 1}, {COST_FD_EVENTFD, 2},
	    {COST_FD_EPOLL, 1},	   {COST_FD_TIMERFD, 1},      {COST_FD_SIGNALFD, 1},
	    {COST_FD_PIDFD, 2},	   {COST_FD_INOTIFY, 1},      {COST_FD_MEMFD, 1},
	    {COST_FD_IO_URING, 1}, {COST_FD_OTHER, 1},
	};
	int fd = fixture("plain");
	struct fd_counts counts;
	uint32_t sum = 0;

	assert_int_equal(fd_count(fd, &counts), 0);
	assert_int_equal(counts.total, 16);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		assert_int_equal(counts.count[expected[i].kind - COST_FD_FIRST], expected[i].count);
		sum += expected[i].count;
	}
	for (int i = 0; i < FD_KINDS; i++)
		sum -= counts.count[i];
	assert_int_equal(sum, 0);
	close(fd);
	fd = fixture("odd");
	assert_int_equal(fd_count(fd, &counts), -ENOENT);
	close(fd);
}

static void test_fd_kinds(void **state)
{
	uint64_t inode;

	assert_int_equal(fd_kind_of_link("pipe:[18446744073709551615]", &inode), COST_FD_PIPE);
	assert_true(inode == UINT64_MAX);
	assert_int_equal(fd_kind_of_link("/tmp/x", &inode), COSTS);
	assert_int_equal(fd_kind_of_link("net:[4026531840]", &inode), COST_FD_NAMESPACE);
	assert_int_equal(fd_kind_of_link("netlink:[1]", &inode), COST_FD_OTHER);
	assert_int_equal(fd_kind_of_link("anon_inode:bpf-map", &inode), COST_FD_BPF);
	assert_int_equal(fd_kind_of_link("anon_inode:[io_uring]", &inode), COST_FD_IO_URING);
	assert_int_equal(fd_kind_of_link("", &inode), COST_FD_OTHER);
	assert_int_equal(fd_kind_of_path("/tmp", S_IFDIR | 0755, 0), COST_FD_DIR);
	assert_int_equal(fd_kind_of_path("/tmp/x", S_IFREG | 0644, 0), COST_FD_FILE);
	assert_int_equal(fd_kind_of_path("/tmp/x (deleted)", S_IFREG | 0644, 0),
			 COST_FD_FILE_DELETED);
	assert_int_equal(fd_kind_of_path("/tmp/fifo", S_IFIFO, 0), COST_FD_PIPE);
	assert_int_equal(fd_kind_of_path("/dev/pts/3", S_IFCHR, 136), COST_FD_PTY);
	assert_int_equal(fd_kind_of_path("/dev/pts/ptmx", S_IFCHR, 5), COST_FD_PTY);
	assert_int_equal(fd_kind_of_path("/dev/tty", S_IFCHR, 5), COST_FD_OTHER);
	assert_int_equal(fd_kind_of_path("/dev/null", S_IFCHR, 1), COST_FD_OTHER);
	assert_int_equal(fd_kind_of_protocol("UNIX-STREAM"), COST_FD_SOCKET_UNIX);
	assert_int_equal(fd_kind_of_protocol("UDPv6"), COST_FD_SOCKET_INET);
	assert_int_equal(fd_kind_of_protocol("NETLINK"), COST_FD_SOCKET_OTHER);
}

/* The same two descriptors of one real socket, and one more of another family. */
static void test_fds_of_this_process(void **state)
{
	int proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int self = procfs_open(proc, getpid(), getpid()), pipes[2], dup_fd;
	struct fd_counts before, after;

	assert_true(self >= 0);
	assert_int_equal(fd_count(self, &before), 0);
	assert_int_equal(pipe(pipes), 0);
	dup_fd = dup(pipes[0]);
	assert_int_equal(fd_count(self, &after), 0);
	assert_int_equal(after.total - before.total, 3);
	assert_int_equal(after.count[COST_FD_PIPE - COST_FD_FIRST] -
			     before.count[COST_FD_PIPE - COST_FD_FIRST],
			 1);
	close(pipes[0]);
	close(pipes[1]);
	close(dup_fd);
	close(self);
	close(proc);
}

static void test_sysvipc(void **state)
{
	struct sysvipc_list list = {0};
	const struct sysvipc_object *object;
	int fd = fixture("root");

	assert_int_equal(sysvipc_read(fd, &list), 0);
	assert_int_equal(sysvipc_read(fd, &list), 0); /* replaces, does not add */
	assert_int_equal(list.count, 4);
	object = sysvipc_find(&list, SYSVIPC_SHM, 1);
	assert_non_null(object);
	assert_int_equal(object->creator, 103);
	assert_int_equal(object->used_bytes, 16789504 + 12288);
	assert_int_equal(object->parts, 2);
	assert_int_equal(object->key, 0xaccff002);
	object = sysvipc_find(&list, SYSVIPC_SEM, 7);
	assert_non_null(object);
	assert_int_equal(object->used_bytes, 0);
	assert_int_equal(object->parts, 23);
	assert_int_equal(object->cuid, 1000);
	object = sysvipc_find(&list, SYSVIPC_MSG, 9);
	assert_non_null(object);
	assert_int_equal(object->used_bytes, 1000);
	assert_int_equal(object->last_user, 104);
	assert_null(sysvipc_find(&list, SYSVIPC_MSG, 7));
	sysvipc_done(&list);
	close(fd);
}

static void test_sysvipc_damaged(void **state)
{
	struct sysvipc_list list = {0};

	assert_int_equal(sysvipc_parse(SYSVIPC_SHM, "", &list), -EINVAL);
	assert_int_equal(sysvipc_parse(SYSVIPC_SHM, "key perms\n1 2\n", &list), -EINVAL);
	assert_int_equal(sysvipc_parse(SYSVIPC_SEM, "semid cuid\n1\n", &list), -EINVAL);
	assert_int_equal(sysvipc_parse(SYSVIPC_SEM, "semid cuid\nx y\n", &list), -EINVAL);
	assert_int_equal(list.count, 0);
	/* An old kernel without the columns rss and swap: not known, not 0. */
	assert_int_equal(sysvipc_parse(SYSVIPC_SHM, "shmid cpid cuid\n5 101 0\n", &list), 0);
	assert_int_equal(list.count, 1);
	assert_true(list.object[0].used_bytes == EVENT_UNKNOWN_BYTES);
	sysvipc_done(&list);
}

static void test_cost_file(void **state)
{
	struct cost_table table = {.kernel = "untouched"};

	assert_int_equal(cost_table_parse("", "6.1", &table), -EINVAL);
	assert_int_equal(cost_table_parse("[]", "6.1", &table), -EINVAL);
	assert_int_equal(
	    cost_table_parse("{\"version\":2,\"kernel\":\"6.1\",\"bytes\":{}}", "6.1", &table),
	    -EINVAL);
	assert_int_equal(cost_table_parse("{\"version\":1,\"kernel\":\"6.1\",\"bytes\":"
					  "{\"fd.pipe\":-1}}",
					  "6.1", &table),
			 -EINVAL);
	assert_int_equal(
	    cost_table_parse("{\"version\":1,\"kernel\":\"6.2\",\"bytes\":{}}", "6.1", &table),
	    -ESTALE);
	assert_string_equal(table.kernel, "untouched");
	assert_int_equal(cost_table_parse("{\"version\":1,\"kernel\":\"6.1\",\"bytes\":"
					  "{\"fd.pipe\":4099}}",
					  "6.1", &table),
			 0);
	assert_int_equal(table.bytes[COST_FD_PIPE], 4099);
	assert_true(table.measured);
}

static void test_cost_store(void **state)
{
	char home[] = "/tmp/forktally-cost.XXXXXX", path[4096];
	struct cost_table table, back;
	struct utsname uts;
	bool was_root;

	/* Root's table has one place only, and it may be in use: be somebody else for a while. */
	was_root = geteuid() == 0;
	if (was_root)
		assert_int_equal(seteuid(65534), 0);
	assert_non_null(mkdtemp(home));
	assert_int_equal(setenv("XDG_STATE_HOME", home, 1), 0);
	cost_table_default(&table);
	table.bytes[COST_VMA] = 4099;
	(void)snprintf(table.kernel, sizeof(table.kernel), "another kernel");
	assert_int_equal(cost_table_store(&table, path, sizeof(path)), 0);
	cost_table_load(&back);
	assert_false(back.measured);
	assert_int_not_equal(back.bytes[COST_VMA], 4099);
	assert_int_equal(uname(&uts), 0);
	(void)snprintf(table.kernel, sizeof(table.kernel), "%s", uts.release);
	assert_int_equal(cost_table_store(&table, path, sizeof(path)), 0);
	cost_table_load(&back);
	assert_true(back.measured);
	assert_int_equal(back.bytes[COST_VMA], 4099);
	assert_int_equal(unlink(path), 0);
	*strrchr(path, '/') = '\0';
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(rmdir(home), 0);
	if (was_root)
		assert_int_equal(seteuid(0), 0);
}

static void test_pid_table(void **state)
{
	struct pid_table t = {0};
	static char value[5000];
	size_t place = 0, count = 0;

	for (pid_t pid = 1; pid < 5000; pid++)
		assert_int_equal(pid_table_set(&t, pid * 7, &value[pid]), 0);
	for (pid_t pid = 1; pid < 5000; pid += 2)
		assert_ptr_equal(pid_table_take(&t, pid * 7), &value[pid]);
	for (pid_t pid = 1; pid < 5000; pid++)
		assert_ptr_equal(pid_table_get(&t, pid * 7), pid % 2 ? NULL : &value[pid]);
	while (pid_table_next(&t, &place))
		count++;
	assert_int_equal(count, 2499);
	/* Taking and setting for ever must not fill it with removed slots. */
	for (pid_t pid = 1; pid < 200000; pid++) {
		assert_int_equal(pid_table_set(&t, 100000 + pid, &value[0]), 0);
		assert_ptr_equal(pid_table_take(&t, 100000 + pid), &value[0]);
	}
	assert_true(t.room <= 32768);
	assert_null(pid_table_get(&t, 0));
	assert_null(pid_table_take(&t, -1));
	pid_table_done(&t);
}

/* Whatever step it ends with, all its multiples since it was set are there. */
static void test_stride(void **state)
{
	struct stride s = {0};
	uint32_t taken = 0;

	for (uint32_t n = 1; n <= 10007; n++) {
		bool due = stride_due(&s, n, false);

		taken += due;
		if (n <= STRIDE_SAMPLES)
			assert_true(due);
		assert_int_equal(due, n % s.step == 0);
	}
	assert_in_range(taken, 400, 600);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_stat),
	    cmocka_unit_test(test_stat_of_a_liar),
	    cmocka_unit_test(test_stat_damaged),
	    cmocka_unit_test(test_status),
	    cmocka_unit_test(test_status_of_a_zombie),
	    cmocka_unit_test(test_status_damaged),
	    cmocka_unit_test(test_maps),
	    cmocka_unit_test(test_fds),
	    cmocka_unit_test(test_fd_kinds),
	    cmocka_unit_test(test_fds_of_this_process),
	    cmocka_unit_test(test_sysvipc),
	    cmocka_unit_test(test_sysvipc_damaged),
	    cmocka_unit_test(test_cost_file),
	    cmocka_unit_test(test_cost_store),
	    cmocka_unit_test(test_pid_table),
	    cmocka_unit_test(test_stride),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);

	procfs_text_done(&text);
	return failed;
}
