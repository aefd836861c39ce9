/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The region is a file without a name: it is gone with us, however we end, and nobody can cut it
 * short under those who have it mapped. All of its pages are taken here, so that none of them is
 * charged to the tree.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "source/heap/inside.h"

#define PRELOAD "LD_PRELOAD"

/* Beside the program in the folder where it was built, else where it is installed. */
static int find_library(char *ret_path, size_t size, const char **ret_why)
{
	static const char *const places[] = {"%.*s/" HEAP_LIBRARY,
					     "%.*s/../lib/forktally/" HEAP_LIBRARY};
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return n ? -errno : -ENOENT;
	self[n] = 0;
	slash = strrchr(self, '/');
	for (size_t i = 0; slash && i < sizeof(places) / sizeof(*places); i++) {
		int length = snprintf(ret_path, size, places[i], (int)(slash - self), self);

		if (length < 0 || (size_t)length >= size || access(ret_path, R_OK))
			continue;
		if (!strpbrk(ret_path, " :"))
			return 0;
		*ret_why = "the path of " HEAP_LIBRARY
			   " has a blank or a colon, which LD_PRELOAD cannot hold";
		return -EINVAL;
	}
	*ret_why = HEAP_LIBRARY " is neither beside forktally nor in ../lib/forktally";
	return -ENOENT;
}

static int make_region(struct preload *p)
{
	_cleanup_close_ int fd = memfd_create("forktally-heap", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	void *at;

	if (fd < 0 || fallocate(fd, 0, 0, HEAP_REGION_BYTES) ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))
		return -errno;
	at = mmap(NULL, HEAP_REGION_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return -errno;
	p->region = at;
	p->region->magic = HEAP_MAGIC;
	p->fd = no_cleanup_fd(fd);
	return 0;
}

static int set_environment(struct preload *p, const char *library)
{
	const char *was = getenv(PRELOAD);
	_cleanup_free_ char *list = NULL;
	char path[64];

	if (was) {
		p->preload_was = strdup(was);
		if (!p->preload_was)
			return -ENOMEM;
	}
	if (asprintf(&list, "%s%s%s", library, was && *was ? ":" : "", was ? was : "") < 0) {
		list = NULL;
		return -ENOMEM;
	}
	snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(), p->fd);
	if (setenv(PRELOAD, list, 1) || setenv(HEAP_ENVIRONMENT, path, 1))
		return -errno;
	return 0;
}

int preload_open(struct preload *p, const char **ret_why)
{
	char library[PATH_MAX];
	int err = find_library(library, sizeof(library), ret_why);

	p->fd = -1;
	if (!err)
		err = make_region(p);
	if (!err)
		err = set_environment(p, library);
	if (err)
		preload_close(p);
	return err;
}

void preload_close(struct preload *p)
{
	if (!p->region)
		return;
	(void)unsetenv(HEAP_ENVIRONMENT);
	if (!p->preload_was)
		(void)unsetenv(PRELOAD);
	else
		(void)setenv(PRELOAD, p->preload_was, 1); /* at worst our own is there for long */
	free(p->preload_was);
	munmap(p->region, HEAP_REGION_BYTES);
	close(p->fd);
	*p = (struct preload){.fd = -1};
}
