/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <string.h>
#include "view/cause.h"

/* A slug that ends in a dot stands for all that begin so; those follow the exact ones. */
static const struct cause_words causes[] = {
    {"zombie", "Children that ended were never waited for", "child", "children"},
    {"orphan", "Processes went on after the one that forked them had ended", "process",
     "processes"},
    {"child.stopped", "Children were stopped and never continued", "child", "children"},
    {"child.running", "More and more children run", "child", "children"},
    {"thread.running", "Threads go on for ever", "thread", "threads"},
    {"thread.unjoined", "Threads that ended were never joined", "thread", "threads"},
    {"fd.pipe", "Pipes stay open", "pipe", "pipes"},
    {"fd.socket.unix", "Unix sockets stay open", "socket", "sockets"},
    {"fd.socket.inet", "Network sockets stay open", "socket", "sockets"},
    {"fd.socket.other", "Sockets stay open", "socket", "sockets"},
    {"fd.file", "Files stay open", "file", "files"},
    {"fd.file.deleted", "Removed files stay open", "file", "files"},
    {"fd.dir", "Directories stay open", "directory", "directories"},
    {"fd.eventfd", "Eventfds stay open", "eventfd", "eventfds"},
    {"fd.epoll", "Epoll sets stay open", "epoll set", "epoll sets"},
    {"fd.timerfd", "Timerfds stay open", "timerfd", "timerfds"},
    {"fd.signalfd", "Signalfds stay open", "signalfd", "signalfds"},
    {"fd.pidfd", "Pidfds stay open", "pidfd", "pidfds"},
    {"fd.inotify", "Inotify descriptors stay open", "descriptor", "descriptors"},
    {"fd.memfd", "Memfds stay open", "memfd", "memfds"},
    {"fd.pty", "Pseudo terminals stay open", "terminal", "terminals"},
    {"fd.bpf", "BPF objects stay open", "descriptor", "descriptors"},
    {"fd.io_uring", "Io_urings stay open", "io_uring", "io_urings"},
    {"fd.namespace", "Namespaces stay open", "descriptor", "descriptors"},
    {"fd.", "File descriptors stay open", "descriptor", "descriptors"},
    {"socket.unread", "Messages are never read", "message", "messages"},
    {"socket.inflight", "Descriptors wait in messages that nobody reads", "descriptor",
     "descriptors"},
    {"socket.closewait", "Sockets stay open that the other side has closed", "socket", "sockets"},
    {"socket.backlog", "Connections are never accepted", "connection", "connections"},
    {"ipc.shm", "Shared memory segments are left in the system", "segment", "segments"},
    {"ipc.sem", "Semaphore sets are left in the system", "set", "sets"},
    {"ipc.msg", "Message queues are left in the system", "queue", "queues"},
    {"ipc.", "IPC objects are left in the system", "object", "objects"},
    {"mqueue", "POSIX message queues are left in the system", "queue", "queues"},
    {"shm.file", "POSIX shared memory is left in the system", "object", "objects"},
    {"sem.file", "POSIX semaphores are left in the system", "semaphore", "semaphores"},
    {"tmpfs.file", "Files are left in a file system in memory", "file", "files"},
    {"heap", "Private memory grows with every fork", "", ""},
    {"heap block", "Allocated memory is never freed", "block", "blocks"},
    {"mlock", "Locked memory grows with every fork", "lock", "locks"},
    {"vma", "Memory mappings pile up", "mapping", "mappings"},
    {"aio", "Contexts of asynchronous I/O pile up", "context", "contexts"},
    {"timer", "POSIX timers pile up", "timer", "timers"},
    {"signal.pending", "Signals queue up and are never delivered", "signal", "signals"},
    {"lock", "File locks pile up", "lock", "locks"},
    {"key", "Keys are left in a keyring", "key", "keys"},
    {"mount", "Mounts are left in the system", "mount", "mounts"},
    {"cgroup", "Control groups are left in the system", "group", "groups"},
    {"namespace", "Namespaces stay", "namespace", "namespaces"},
    {"bpf.object", "BPF objects are left in the system", "object", "objects"},
    {"kernel.fork", "Kernel records of children stay", "child", "children"},
    {"kernel.lost", "Kernel memory is lost: no process reaches it", "object", "objects"},
    {"kernel.overreturn", "The kernel gave back more than it had charged", "object", "objects"},
    {"kernel.peak", "The kernel's peak is lower than what was charged", "", ""},
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
