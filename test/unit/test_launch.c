/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Covers: a launched command does nothing before its release, gives up when it is never
 * released, tells why its exec failed, and gets nothing from us but what it should.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "source/launch.h"

static int wait_status(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_runs_after_release(void **state)
{
	struct launch l;
	int status;

	assert_int_equal(launch_open((char *[]){"sh", "-c", "exit 17", NULL}, NULL, NULL, &l), 0);
	nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
	assert_int_equal(waitpid(l.pid, &status, WNOHANG), 0);
	assert_int_equal(launch_release(&l), 0);
	assert_int_equal(launch_release(&l), 0);
	assert_int_equal(launch_result(&l), 0);
	assert_int_equal(launch_result(&l), 0);
	status = wait_status(l.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 17);
	launch_close(&l);
}

static void test_touch(void **state)
{
	char path[64], target[64] = "";
	struct launch l;
	ssize_t n;
	int status;

	assert_int_equal(
	    launch_open((char *[]){"sh", "-c",
				   "for f in /proc/$$/fd/*; do readlink $f; done | grep eventfd",
				   NULL},
			NULL, NULL, &l),
	    0);
	assert_int_equal(launch_touch(&l), 0);
	for (int fd = 0; fd < 64 && !strstr(target, "eventfd"); fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)l.pid, fd);
		n = readlink(path, target, sizeof(target) - 1);
		target[n < 0 ? 0 : n] = 0;
	}
	assert_non_null(strstr(target, "eventfd"));
	assert_int_equal(launch_release(&l), 0);
	assert_int_equal(launch_result(&l), 0);
	status = wait_status(l.pid);
	assert_int_equal(WEXITSTATUS(status), 1); /* the command has not got it */
	launch_close(&l);
}

static void test_never_released(void **state)
{
	struct launch l;
	int status;

	assert_int_equal(launch_open((char *[]){"sh", "-c", "exit 17", NULL}, NULL, NULL, &l), 0);
	launch_close(&l);
	status = wait_status(l.pid);
	assert_true(WIFEXITED(status));
	assert_int_not_equal(WEXITSTATUS(status), 17);
}

static void test_killed_before_release(void **state)
{
	void (*before)(int) = signal(SIGPIPE, SIG_IGN);
	struct launch l;
	int status;

	assert_int_equal(launch_open((char *[]){"sh", "-c", "exit 17", NULL}, NULL, NULL, &l), 0);
	assert_int_equal(kill(l.pid, SIGKILL), 0);
	status = wait_status(l.pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(launch_release(&l), 0);
	assert_int_equal(launch_result(&l), 0);
	launch_close(&l);
	signal(SIGPIPE, before);
}

static void check_failure(const char *command, int expected_err, int expected_status)
{
	struct launch l;
	int status;

	assert_int_equal(launch_open((char *[]){(char *)command, NULL}, NULL, NULL, &l), 0);
	assert_int_equal(launch_release(&l), 0);
	assert_int_equal(launch_result(&l), expected_err);
	assert_int_equal(launch_result(&l), expected_err);
	status = wait_status(l.pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), expected_status);
	launch_close(&l);
}

static void test_cannot_run(void **state)
{
	char path[] = "/tmp/forktally-launch.XXXXXX";
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	check_failure("/nonexistent/command", -ENOENT, 127);
	check_failure("no-such-command-in-path", -ENOENT, 127);
	check_failure(path, -EACCES, 126);
	check_failure("/tmp", -EACCES, 126);
	assert_int_equal(write(fd, "#!/nonexistent/interpreter\n", 27), 27);
	assert_int_equal(fchmod(fd, 0755), 0);
	close(fd);
	check_failure(path, -ENOENT, 127);
	unlink(path);
}

static int give_up(void *ctx)
{
	return *(int *)ctx;
}

static void test_before_exec(void **state)
{
	struct launch l;
	int err = EPERM, status;

	assert_int_equal(launch_open((char *[]){"true", NULL}, give_up, &err, &l), 0);
	assert_int_equal(launch_release(&l), 0);
	assert_int_equal(launch_result(&l), -EPERM);
	status = wait_status(l.pid);
	assert_int_equal(WEXITSTATUS(status), 126);
	launch_close(&l);
}

/* What nohup(1) set stays, and no descriptor of ours gets through. */
static void test_inherits(void **state)
{
	struct launch l;
	int status;

	signal(SIGHUP, SIG_IGN);
	assert_int_equal(launch_open((char *[]){"sh", "-c",
						"kill -HUP $$; ls /proc/self/fd | wc -l "
						"| { read n; exit $n; }",
						NULL},
				     NULL, NULL, &l),
			 0);
	signal(SIGHUP, SIG_DFL);
	assert_int_equal(launch_release(&l), 0);
	status = wait_status(l.pid);
	assert_true(WIFEXITED(status));
	/* 0, 1, 2, what the runner left open, and the folder that ls reads */
	assert_int_equal(WEXITSTATUS(status), *(int *)*state + 1);
	launch_close(&l);
}

static int count_inherited(void **state)
{
	static int count;

	for (int fd = 0; fd < 1024; fd++) {
		int flags = fcntl(fd, F_GETFD);

		count += flags >= 0 && !(flags & FD_CLOEXEC);
	}
	*state = &count;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_runs_after_release), cmocka_unit_test(test_touch),
	    cmocka_unit_test(test_never_released),     cmocka_unit_test(test_killed_before_release),
	    cmocka_unit_test(test_cannot_run),	       cmocka_unit_test(test_before_exec),
	    cmocka_unit_test(test_inherits),
	};

	return cmocka_run_group_tests(tests, count_inherited, NULL);
}
