// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * clean_temporary_file.c - each child writes three pages to a temporary file, to a memfd and to
 * /dev/shm, and removes what has a name.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include "workload.h"

static int write_pages(int fd)
{
	static const char pages[3 * 4096];

	return fd < 0 || write(fd, pages, sizeof(pages)) != sizeof(pages);
}

static int use_files(void)
{
	char file[] = "/tmp/forktally.XXXXXX", shm[] = "/dev/shm/forktally.XXXXXX";
	int failed = write_pages(mkstemp(file)) | write_pages(mkstemp(shm)) |
		     write_pages(memfd_create("job", 0));

	return failed | unlink(file) | unlink(shm);
}

int main(int argc, char **argv)
{
	struct workload w = workload_begin(argc, argv);

	for (long i = 0; i < w.forks; i++) {
		pid_t pid = workload_fork();

		if (pid == 0)
			_exit(use_files());
		workload_wait(pid);
	}
	return workload_end(&w);
}
