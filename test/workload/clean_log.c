// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_log.c - the parent writes a page to its log file for each child, and the child a line: the
 * file's pages stay in the kernel's cache (dropped on demand). The file is removed at the end.
 */
#include <fcntl.h>
#include "workload.h"

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);
	char path[] = "/var/tmp/forktally.XXXXXX";
	int fd = mkstemp(path);
	char page[4096];

	if (fd < 0)
		workload_fail(path);
	memset(page, '.', sizeof(page));
	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		if (pid == 0)
			_exit(write(fd, "child\n", 6) != 6);
		if (write(fd, page, sizeof(page)) != sizeof(page))
			workload_fail("write");
		workload_wait(pid);
	}
	workload_end(&w);
	return unlink(path);
}
