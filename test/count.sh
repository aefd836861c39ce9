# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# count.sh - what /proc itself says of how many things of a kind there are: the proof that a workload
# leaks what test/corpus.tab says. Knows nothing of forktally. Sourced, bash; needs root.
# shellcheck shell=bash

# links PID PATTERN: its descriptors, by where they lead.
links() { find "/proc/$1/fd" -type l -printf '%l\n' 2>/dev/null | grep -c -- "$2"; }

# inodes PID PATTERN: the same, each object once.
inodes() { find "/proc/$1/fd" -type l -printf '%l\n' 2>/dev/null | grep -- "$2" | sort -u | wc -l; }

# inside PID COMMAND..: in its mount and IPC namespaces.
inside() { nsenter -t "$1" --mount --ipc --net -- "${@:2}" 2>/dev/null; }

# children PID STATE: its children in that state, of any comm.
children() { ps -o stat= --ppid "$1" | grep -c "^$2"; }

# sockets PID OPTION..: those of its sockets that ss lists so.
sockets() { inside "$1" ss -H -a -n -p "${@:2}" | grep -c "pid=$1,"; }

# connections_over PID: its TCP sockets that wait for it to close, and those that were reset: ss lists
# these no more.
connections_over()
{
	echo $(($(sockets "$1" -t state close-wait) + $(inodes "$1" '^socket:') - $(sockets "$1" -t)))
}

# unread PID: reports of 1,000 bytes in the queues of its unix sockets.
unread()
{
	inside "$1" ss -H -x -n -p | awk -v p="pid=$1," 'index($0, p) { s += $3 } END { print s / 1000 }'
}

# things SLUG PID: how many PID, a workload that holds, has of them.
things()
{
	local pid=$2
	case $1 in
	zombie) children "$pid" Z ;;
	orphan) wc -l <"$oracle_dir/cgroup.procs" ;; # and the program itself
	child.stopped) children "$pid" T ;;
	child.running) children "$pid" S ;;
	thread.running) find "/proc/$pid/task" -mindepth 1 -maxdepth 1 | wc -l ;;
	thread.unjoined) grep -c -- ' ---p 00000000 00:00 0' "/proc/$pid/maps" ;; # the guards of their stacks
	fd.pipe) inodes "$pid" '^pipe:' ;;
	fd.socket.*) inodes "$pid" '^socket:' ;;
	fd.eventfd) links "$pid" 'anon_inode:\[eventfd\]' ;;
	fd.epoll) links "$pid" 'anon_inode:\[eventpoll\]' ;;
	fd.timerfd) links "$pid" 'anon_inode:\[timerfd\]' ;;
	fd.signalfd) links "$pid" 'anon_inode:\[signalfd\]' ;;
	fd.pidfd) links "$pid" 'anon_inode:\[pidfd\]' ;;
	fd.inotify) links "$pid" 'anon_inode:.*inotify' ;;
	fd.memfd) links "$pid" '^/memfd:' ;;
	fd.pty) links "$pid" '^/dev/.*ptmx' ;;
	fd.dir) links "$pid" '^/$' ;;
	fd.file) links "$pid" '/leak_file$' ;;
	fd.file.deleted) links "$pid" ' (deleted)$' ;;
	fd.bpf) links "$pid" 'anon_inode:bpf-map' ;;
	fd.io_uring) links "$pid" 'anon_inode:\[io_uring\]' ;;
	fd.namespace) links "$pid" '^uts:' ;;
	fd.other) links "$pid" 'anon_inode:\[userfaultfd\]' ;;
	socket.unread) unread "$pid" ;;
	socket.inflight) cat "/proc/$pid/fdinfo/"* 2>/dev/null | awk '/^scm_fds:/ { s += $2 } END { print s + 0 }' ;;
	socket.closewait) connections_over "$pid" ;;
	socket.backlog) inside "$pid" ss -H -x -l -n -p | awk -v p="pid=$pid," 'index($0, p) { s += $3 } END { print s + 0 }' ;;
	ipc.shm) inside "$pid" tail -n +2 /proc/sysvipc/shm | wc -l ;;
	ipc.sem) inside "$pid" tail -n +2 /proc/sysvipc/sem | wc -l ;;
	ipc.msg) inside "$pid" tail -n +2 /proc/sysvipc/msg | wc -l ;;
	mqueue) inside "$pid" sh -c 'mount -t mqueue mqueue /mnt && ls /mnt | wc -l && umount /mnt' ;;
	shm.file) inside "$pid" find /dev/shm -name 'forktally.*' | wc -l ;;
	sem.file) inside "$pid" find /dev/shm -name 'sem.forktally.*' | wc -l ;;
	tmpfs.file | bpf.object) inside "$pid" find /mnt -type f | wc -l ;;
	mlock) awk '/^VmLck:/ { print $2 / 8 }' "/proc/$pid/status" ;;
	vma) wc -l <"/proc/$pid/maps" ;;
	aio) grep -c '/\[aio\]' "/proc/$pid/maps" ;;
	timer) grep -c '^ID:' "/proc/$pid/timers" ;;
	signal.pending) awk -F '[:/]' '/^SigQ:/ { print $2 + 0 }' "/proc/$pid/status" ;;
	lock) awk -v p="$pid" '$5 == p' /proc/locks | wc -l ;;
	key) grep -c "forktally:$pid:" /proc/keys ;;
	mount) grep -c ' /mnt/job ' "/proc/$pid/mountinfo" ;;
	namespace) grep -c ' - nsfs ' "/proc/$pid/mountinfo" ;;
	cgroup) find /sys/fs/cgroup -maxdepth 2 -name "forktally-leak.$pid.*" | wc -l ;;
	*) echo 0 ;; # heap: bytes tell
	esac
}
