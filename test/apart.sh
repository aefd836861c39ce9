#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# apart.sh - run a command with IPC and mount namespaces of its own: what it leaves there goes away
# with it. Its /dev/shm is empty, and there is room for 32,768 System V shared memory segments and
# POSIX message queues. Needs root.
# usage: apart.sh COMMAND [ARG..]
WORKLOAD_APART=1 exec unshare --ipc --mount sh -c 'mount -t tmpfs tmpfs /dev/shm &&
	echo 32768 >/proc/sys/kernel/shmmni &&
	echo 32768 >/proc/sys/fs/mqueue/queues_max && exec "$@"' sh "$@"
