/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * thing.h - kinds of things that kernel objects are parts of, and through what a process reaches
 * them. Part of the contract in event.h; the names are those of the catalogue (verdict/rule.c).
 *
 * A pipe is a thing; its pipe_inode_info, inode, dentry, ring and its two files are its parts. One
 * part of each thing is its body: where those are counted, the things are.
 */
#ifndef FORKTALLY_THING_H
#define FORKTALLY_THING_H

#define THINGS(X)                                                                                  \
	X(THING_NONE, "none")	    /* not known */                                                \
	X(THING_PROCESS, "process") /* a process or thread, and what each has */                   \
	X(THING_ZOMBIE, "zombie")                                                                  \
	X(THING_FD_PIPE, "fd.pipe")                                                                \
	X(THING_FD_SOCKET_UNIX, "fd.socket.unix")                                                  \
	X(THING_FD_SOCKET_INET, "fd.socket.inet")                                                  \
	X(THING_FD_SOCKET_OTHER, "fd.socket.other")                                                \
	X(THING_FD_EVENTFD, "fd.eventfd")                                                          \
	X(THING_FD_EPOLL, "fd.epoll")                                                              \
	X(THING_FD_TIMERFD, "fd.timerfd")                                                          \
	X(THING_FD_SIGNALFD, "fd.signalfd")                                                        \
	X(THING_FD_PIDFD, "fd.pidfd")                                                              \
	X(THING_FD_INOTIFY, "fd.inotify")                                                          \
	X(THING_FD_MEMFD, "fd.memfd")                                                              \
	X(THING_FD_PTY, "fd.pty")                                                                  \
	X(THING_FD_DIR, "fd.dir")                                                                  \
	X(THING_FD_FILE, "fd.file")                                                                \
	X(THING_FD_FILE_DELETED, "fd.file.deleted")                                                \
	X(THING_FD_BPF, "fd.bpf")                                                                  \
	X(THING_FD_IO_URING, "fd.io_uring")                                                        \
	X(THING_FD_NAMESPACE, "fd.namespace")                                                      \
	X(THING_FD_OTHER, "fd.other")                                                              \
	X(THING_SOCKET_UNREAD, "socket.unread")                                                    \
	X(THING_SOCKET_INFLIGHT, "socket.inflight")                                                \
	X(THING_SOCKET_CLOSEWAIT, "socket.closewait")                                              \
	X(THING_SOCKET_BACKLOG, "socket.backlog")                                                  \
	X(THING_IPC_SHM, "ipc.shm")                                                                \
	X(THING_IPC_SEM, "ipc.sem")                                                                \
	X(THING_IPC_MSG, "ipc.msg")                                                                \
	X(THING_MQUEUE, "mqueue")                                                                  \
	X(THING_SHM_FILE, "shm.file")                                                              \
	X(THING_SEM_FILE, "sem.file")                                                              \
	X(THING_TMPFS_FILE, "tmpfs.file")                                                          \
	X(THING_VMA, "vma")                                                                        \
	X(THING_AIO, "aio")                                                                        \
	X(THING_TIMER, "timer")                                                                    \
	X(THING_SIGNAL_PENDING, "signal.pending")                                                  \
	X(THING_LOCK, "lock")                                                                      \
	X(THING_KEY, "key")                                                                        \
	X(THING_MOUNT, "mount")                                                                    \
	X(THING_CGROUP, "cgroup")                                                                  \
	X(THING_NAMESPACE, "namespace")                                                            \
	X(THING_BPF_OBJECT, "bpf.object")

/* Through what a thing is reached. `fd` of the event is the number where one is said. */
#define VIAS(X)                                                                                    \
	X(VIA_NONE, "none")	/* not known */                                                    \
	X(VIA_FD, "fd")		/* open as fd */                                                   \
	X(VIA_QUEUE, "queue")	/* waits to be read in the queue of the socket that fd is */       \
	X(VIA_FLIGHT, "flight") /* a descriptor in a message that waits there */                   \
	X(VIA_MAP, "map")	/* mapped, no descriptor needed */                                 \
	X(VIA_TASK, "task")	/* part of the process itself */                                   \
	X(VIA_NAME, "name")	/* has a name in a file system */

#define THING_ENUMERATOR(name, text) name,
enum thing { THINGS(THING_ENUMERATOR) THING_KINDS };
enum via { VIAS(THING_ENUMERATOR) VIA_KINDS };

#ifndef __bpf__
const char *thing_name(enum thing thing); /* "fd.pipe" ...; "none" for what is none */
#endif

/* Both, the number of the descriptor and "this is the body" in one word. */
#define MARK_NO_FD	     0xfffffu
#define MARK_BODY	     0x80000000u
#define MARK(thing, via, fd) ((ev_u32)(via) << 27 | (ev_u32)(thing) << 20 | ((fd)&MARK_NO_FD))
#define MARK_THING(mark)     ((mark) >> 20 & 127)
#define MARK_VIA(mark)	     ((mark) >> 27 & 15)
#define MARK_FD(mark)	     ((mark)&MARK_NO_FD)

#endif
