/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_NOT_EXECUTABLE 126
#define EXIT_NOT_FOUND	    127

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* From here to its exec everything is the child's: only async-signal-safe calls. */
enum { GO = 'g', TOUCH = 't' };

static void tell(int fd, int err)
{
	ssize_t n;

	do
		n = write(fd, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
}

static void __attribute__((noreturn))
child(char *const argv[], int (*before_exec)(void *ctx), void *ctx, int wait_fd, int error_fd)
{
	ssize_t n;
	char what = 0;
	int err = 0;

	while (what != GO) {
		do
			n = read(wait_fd, &what, 1);
		while (n < 0 && errno == EINTR);
		if (n != 1)
			_exit(EXIT_NOT_EXECUTABLE); /* our maker is gone or gave up */
		if (what == TOUCH)
			tell(error_fd, eventfd(0, EFD_CLOEXEC) < 0 ? errno : 0);
	}
	if (before_exec)
		err = before_exec(ctx);
	if (!err) {
		execvp(argv[0], argv);
		err = errno;
	}
	tell(error_fd, err);
	_exit(err == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

int launch_open(char *const argv[], int (*before_exec)(void *ctx), void *ctx,
		struct launch *ret_launch)
{
	int go[2], result[2], err;
	pid_t pid;

	if (pipe2(go, O_CLOEXEC))
		return -errno;
	if (pipe2(result, O_CLOEXEC)) {
		err = -errno;
		goto err_go;
	}
	pid = fork();
	if (pid < 0) {
		err = -errno;
		goto err_result;
	}
	if (pid == 0) {
		close(go[1]);
		close(result[0]);
		child(argv, before_exec, ctx, go[0], result[1]);
	}
	close(go[0]);
	close(result[1]);
	*ret_launch = (struct launch){
	    .pid = pid, .release_fd = go[1], .error_fd = result[0], .result = LAUNCH_PENDING};
	return 0;

err_result:
	close(result[0]);
	close(result[1]);
err_go:
	close(go[0]);
	close(go[1]);
	return err;
}

struct launch launch_attached(pid_t pid)
{
	return (struct launch){.pid = pid, .release_fd = -1, .error_fd = -1, .attached = true};
}

static int command(const struct launch *l, char what)
{
	ssize_t n;

	do
		n = write(l->release_fd, &what, 1);
	while (n < 0 && errno == EINTR);
	return n == 1 ? 0 : n < 0 ? -errno : -EIO;
}

/* Returns 1 with an answer in *ret, 0: it can answer no more, -errno. */
static int answer(const struct launch *l, int *ret)
{
	ssize_t n;

	do
		n = read(l->error_fd, ret, sizeof(*ret));
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n == sizeof(*ret);
}

int launch_touch(struct launch *l)
{
	int result, err = command(l, TOUCH);

	if (err)
		return err;
	err = answer(l, &result);
	return err < 0 ? err : !err ? -EPIPE : -result;
}

int launch_release(struct launch *l)
{
	int err;

	if (l->release_fd < 0)
		return 0;
	err = command(l, GO);
	/* Ctrl-C may have killed it before its release: it has ended, as others do later. */
	if (err == -EPIPE)
		err = 0;
	if (!err)
		close_fd(&l->release_fd);
	return err;
}

int launch_result(struct launch *l)
{
	int result, n;

	if (l->result != LAUNCH_PENDING)
		return l->result;
	n = answer(l, &result);
	if (n < 0)
		return n;
	l->result = n ? -result : 0;
	close_fd(&l->error_fd);
	return l->result;
}

void launch_close(struct launch *l)
{
	close_fd(&l->release_fd);
	close_fd(&l->error_fd);
}

void launch_abandon(struct launch *l)
{
	launch_close(l);
	if (!l->attached)
		(void)waitpid(l->pid, NULL, 0); /* it ends by itself */
	l->pid = 0;
}
