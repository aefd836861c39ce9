/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
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

/* Everything from here on is the child's: only async-signal-safe calls. */
static void __attribute__((noreturn))
child(char *const argv[], int (*before_exec)(void *ctx), void *ctx, int wait_fd, int error_fd)
{
	ssize_t n;
	char go;
	int err = 0;

	do
		n = read(wait_fd, &go, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(EXIT_NOT_EXECUTABLE); /* our maker is gone or gave up */
	if (before_exec)
		err = before_exec(ctx);
	if (!err) {
		execvp(argv[0], argv);
		err = errno;
	}
	do
		n = write(error_fd, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
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

int launch_release(struct launch *l)
{
	ssize_t n;

	if (l->release_fd < 0)
		return 0;
	do
		n = write(l->release_fd, "", 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		return n < 0 ? -errno : -EIO;
	close_fd(&l->release_fd);
	return 0;
}

int launch_result(struct launch *l)
{
	ssize_t n;
	int err = 0;

	if (l->result != LAUNCH_PENDING)
		return l->result;
	do
		n = read(l->error_fd, &err, sizeof(err));
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	l->result = n == sizeof(err) ? -err : 0;
	close_fd(&l->error_fd);
	return l->result;
}

void launch_close(struct launch *l)
{
	close_fd(&l->release_fd);
	close_fd(&l->error_fd);
}
