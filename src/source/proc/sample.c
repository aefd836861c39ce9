/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <unistd.h>
#include "source/proc/proc.h"

static const struct procfs_status status_unknown = {
    .tgid = -1,
    .ppid = -1,
    .tracer = -1,
    .threads = -1,
    .private_bytes = EVENT_UNKNOWN_BYTES,
    .commit_bytes = EVENT_UNKNOWN_BYTES,
    .page_table_bytes = EVENT_UNKNOWN_BYTES,
};

bool sample_is_busy(const struct proc_source *src)
{
	return src->sampling_ns > (proc_now_ns() - src->begin_ns) / SAMPLE_SHARE;
}

void sample_status(struct proc_source *src, pid_t tgid, pid_t tid, struct procfs_status *ret_status)
{
	int fd = procfs_open(src->proc_fd, tgid, tid);

	*ret_status = status_unknown;
	if (fd < 0)
		return;
	if (procfs_status_read(fd, &src->text, ret_status))
		*ret_status = status_unknown;
	close(fd);
}

/* A program that is not dumpable hides its descriptors, even from its own user. */
static int tell_unread(struct proc_source *src, const struct account *a)
{
	if (src->unread_told)
		return 0;
	src->unread_told = true;
	return emit_blind(
	    src,
	    "What %s (pid %u) holds open cannot be read: its file descriptors are not "
	    "counted.",
	    a->comm, a->id.tgid);
}

void sample_read(struct proc_source *src, const struct account *a, pid_t tid,
		 struct sample *ret_sample)
{
	uint64_t begin_ns = proc_now_ns();
	int fd = procfs_open(src->proc_fd, (pid_t)a->id.tgid, tid);

	*ret_sample =
	    (struct sample){.status = status_unknown, .maps = -1, .aio = -1, .timers = -1};
	if (fd >= 0) {
		if (procfs_status_read(fd, &src->text, &ret_sample->status))
			ret_sample->status = status_unknown;
		if (!procfs_maps_count(fd, &src->text, &ret_sample->maps, &ret_sample->aio))
			ret_sample->maps -= ret_sample->aio;
		if (procfs_timers_count(fd, &src->text, &ret_sample->timers))
			ret_sample->timers = -1;
		ret_sample->fds_known = !fd_count(fd, &ret_sample->fds);
		close(fd);
	}
	src->sampling_ns += proc_now_ns() - begin_ns;
}

int sample_emit(struct proc_source *src, struct account *a, const struct sample *sample)
{
	const struct procfs_status *status = &sample->status;
	int err = 0;

	/* A borrowed memory is its maker's; it is counted there. */
	if (!a->shares_mm) {
		if (status->private_bytes != EVENT_UNKNOWN_BYTES)
			err = emit_gauge(src, a, PROC_TAG_PRIVATE, EVENT_UNKNOWN_BYTES,
					 status->private_bytes);
		if (!err && status->page_table_bytes != EVENT_UNKNOWN_BYTES)
			err = emit_gauge(src, a, PROC_TAG_PAGE_TABLE, EVENT_UNKNOWN_BYTES,
					 status->page_table_bytes);
		if (!err && sample->maps >= 0)
			err = emit_gauge(src, a, COST_VMA, sample->maps, EVENT_UNKNOWN_BYTES);
		if (!err && sample->aio >= 0)
			err = emit_gauge(src, a, COST_AIO, sample->aio, EVENT_UNKNOWN_BYTES);
	}
	/* The first thread is in the cost of a process. */
	if (!err && status->threads > 0)
		err = emit_gauge(src, a, COST_THREADS, status->threads - 1, EVENT_UNKNOWN_BYTES);
	if (!err && sample->timers >= 0)
		err = emit_gauge(src, a, COST_TIMER, sample->timers, EVENT_UNKNOWN_BYTES);
	if (!err && !sample->fds_known)
		err = tell_unread(src, a);
	for (int i = 0; !err && sample->fds_known && i < FD_KINDS; i++)
		err = emit_gauge(src, a, COST_FD_FIRST + i, sample->fds.count[i],
				 EVENT_UNKNOWN_BYTES);
	return err;
}
