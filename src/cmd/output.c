/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/cleanup.h"
#include "cmd/cmd.h"

static bool is_same_file(int a, int b)
{
	struct stat sa, sb;

	return a >= 0 && b >= 0 && !fstat(a, &sa) && !fstat(b, &sb) && S_ISREG(sa.st_mode) &&
	       sa.st_dev == sb.st_dev && sa.st_ino == sb.st_ino;
}

int output_open(const char *path, const char *what, const int *taken, size_t count, int *ret_fd)
{
	/* Not emptied yet: it may be the session that is to be read. */
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
	struct stat st;

	if (fd < 0 || fstat(fd, &st)) {
		cmd_error("cannot write the %s to '%s': %s", what, path, strerror(errno));
		return STATUS_FAILED;
	}
	for (size_t i = 0; i < count; i++) {
		if (!is_same_file(fd, taken[i]))
			continue;
		cmd_error("the %s would overwrite the session, another report or the suppressions: "
			  "they are the same file '%s'",
			  what, path);
		return STATUS_FAILED;
	}
	if (S_ISREG(st.st_mode) && ftruncate(fd, 0)) {
		cmd_error("cannot empty '%s' for the %s: %s", path, what, strerror(errno));
		return STATUS_FAILED;
	}
	*ret_fd = no_cleanup_fd(fd);
	return 0;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int output_write(int fd, int (*make)(FILE *f, void *ctx), void *ctx)
{
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	int err;

	if (!f)
		return -ENOMEM;
	err = make(f, ctx);
	if (fclose(f) && !err)
		err = -ENOMEM;
	return err ? err : write_all(fd, text, size);
}
