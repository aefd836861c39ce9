/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "view/cause.h"

/* A slug that ends in a dot stands for all that begin so; those follow the exact ones. */
static const struct cause_words causes[] = {
    {"zombie", "Children that ended were never waited for", "child", "children"},
    {"orphan", "Processes went on after the one that forked them had ended", "process",
     "processes"},
    {"fd.pipe", "Pipes stay open", "pipe", "pipes"},
    {"fd.socket", "Sockets stay open", "socket", "sockets"},
    {"fd.file", "Files stay open", "file", "files"},
    {"fd.eventfd", "Eventfds stay open", "eventfd", "eventfds"},
    {"fd.epoll", "Epoll sets stay open", "epoll set", "epoll sets"},
    {"fd.timerfd", "Timerfds stay open", "timerfd", "timerfds"},
    {"fd.signalfd", "Signalfds stay open", "signalfd", "signalfds"},
    {"fd.pidfd", "Pidfds stay open", "pidfd", "pidfds"},
    {"fd.inotify", "Inotify descriptors stay open", "descriptor", "descriptors"},
    {"fd.memfd", "Memfds stay open", "memfd", "memfds"},
    {"fd.", "File descriptors stay open", "descriptor", "descriptors"},
    {"ipc.shm", "Shared memory segments are left in the system", "segment", "segments"},
    {"ipc.sem", "Semaphore sets are left in the system", "set", "sets"},
    {"ipc.msg", "Message queues are left in the system", "queue", "queues"},
    {"ipc.", "IPC objects are left in the system", "object", "objects"},
    {"threads", "Threads go on for ever", "thread", "threads"},
    {"heap", "Private memory grows with every fork", "", ""},
    {"mapping", "Memory mappings pile up", "mapping", "mappings"},
    {"kernel.fork", "Kernel records of children stay", "child", "children"},
    {"kernel.lost", "Kernel memory is lost: no process reaches it", "object", "objects"},
    {"kernel.left", "Kernel objects are left in the system", "object", "objects"},
    {"kernel.held", "Kernel memory grows with every fork", "object", "objects"},
};

static const struct cause_words general = {"", "Something stays that was taken for a fork", "thing",
					   "things"};

const struct cause_words *cause_words(const char *slug)
{
	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++) {
		const char *own = causes[i].slug;
		size_t len = strlen(own);

		if (strcmp(own, slug) == 0 || (own[len - 1] == '.' && !strncmp(own, slug, len)))
			return &causes[i];
	}
	return &general;
}

const struct cause_words *cause_words_at(size_t i)
{
	return i < sizeof(causes) / sizeof(*causes) ? &causes[i] : NULL;
}
