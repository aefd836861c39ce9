// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#include "source/bpf/iterate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

static void page_done(void (*after_page)(void *ctx), void *ctx)
{
	if (after_page)
		after_page(ctx);
}

int iterate(const struct bpf_program *program, void (*after_page)(void *ctx), void *ctx)
{
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	char buf[256];
	ssize_t n;
	int fd, err = 0;

	if (!link)
		return -errno;
	fd = bpf_iter_create(bpf_link__fd(link));
	if (fd < 0) {
		err = -errno;
	} else {
		while ((n = read(fd, buf, sizeof(buf))) > 0 ||
		       (n < 0 && (errno == EAGAIN || errno == EINTR)))
			page_done(after_page, ctx);
		if (n < 0)
			err = -errno;
		page_done(after_page, ctx);
		close(fd);
	}
	bpf_link__destroy(link);
	return err;
}
