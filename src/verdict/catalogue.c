/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The catalogue: one row for each cause. rule.h says what the columns mean. */
#include "verdict/rule.h"

#define CAUSE(name, in) .cause = name, .pool = in

/* clang-format off: a line for each column */
static const struct rule rules[] = {
    {CAUSE("zombie", POOL_KERNEL), .thing = THING_ZOMBIE, .tags = {"zombie"},
     .counts = {"zombie", "task_struct"},
     .parts = "task_struct, signal_cache, sighand_cache, pid, cred_jar",
     .hint = "Children that ended were never waited for; each keeps its process number and its "
	     "kernel records. Call waitpid() for each child, or set SIGCHLD to SIG_IGN."},
    {CAUSE("orphan", POOL_KERNEL), .tags = {"orphan"}, .counts = {"orphan"},
     .parts = "a process and all that it has",
     .hint = "Processes still run although the one that forked them has ended. End them or wait "
	     "for them before it exits; if they are meant to stay, this is no leak."},
    {CAUSE("child.stopped", POOL_KERNEL), .tags = {"child.stopped"}, .counts = {"child.stopped"},
     .parts = "a process and all that it has",
     .hint = "Children were stopped by a signal and never continued. Send them SIGCONT or end "
	     "them, and wait for them."},
    {CAUSE("child.running", POOL_KERNEL), .tags = {"child.running"}, .counts = {"child.running"},
     .parts = "a process and all that it has",
     .hint = "More and more children run beside the one that forked them. Find what each waits "
	     "for, or limit how many there are at once."},
    {CAUSE("thread.running", POOL_KERNEL), .tags = {"threads"}, .counts = {"threads"},
     .parts = "task_struct, kernel stack, the user stack's memory",
     .hint = "The process that forks has more and more threads. Let them end, and join or detach "
	     "them."},
    {CAUSE("thread.unjoined", POOL_KERNEL), .syscalls = {"pthread_create", "allocate_stack"},
     .counts = {"vm_area_struct"}, .divide = 2, /* a stack and its guard */
     .parts = "vm_area_struct, the user stack's memory",
     .hint = "Threads that ended were neither joined nor detached, so each keeps its stack. Call "
	     "pthread_join() for each thread, or create it detached."},
    {CAUSE("fd.pipe", POOL_KERNEL), .thing = THING_FD_PIPE, .syscalls = {"pipe", "pipe2"},
     .tags = {"fd.pipe"}, .counts = {"fd.pipe", "inode_cache", "pipe_inode_info"}, .divide = 2,
     .parts = "pipe_inode_info, its ring, inode_cache, dentry, two of filp, pages with data",
     .hint = "A pipe made for each fork is kept open. Close both ends in the parent when the child "
	     "is done; open them with O_CLOEXEC."},
    {CAUSE("fd.socket.unix", POOL_KERNEL), .thing = THING_FD_SOCKET_UNIX,
     .syscalls = {"socketpair"}, .tags = {"fd.socket.unix", "UNIX", "UNIX-STREAM"},
     .counts = {"fd.socket.unix", "filp", "sock_inode_cache"},
     .parts = "filp, sock_inode_cache, dentry, UNIX, messages in its queue",
     .hint = "Unix sockets stay open in the process that forks. Close the accepted or created "
	     "socket in the parent after the fork, and the other end of each pair."},
    {CAUSE("fd.socket.inet", POOL_KERNEL), .thing = THING_FD_SOCKET_INET,
     .tags = {"fd.socket.inet", "TCP", "TCPv6", "UDP", "UDPv6"},
     .counts = {"fd.socket.inet", "filp", "sock_inode_cache"},
     .parts = "filp, sock_inode_cache, dentry, TCP or UDP",
     .hint = "Network sockets stay open in the process that forks. Close the accepted or created "
	     "socket in the parent after the fork."},
    {CAUSE("fd.socket.other", POOL_KERNEL), .thing = THING_FD_SOCKET_OTHER,
     .syscalls = {"socket", "accept", "accept4"}, .tags = {"fd.socket.other", "sock_inode_cache"},
     .counts = {"fd.socket.other", "filp", "sock_inode_cache"},
     .parts = "filp, sock_inode_cache, dentry",
     .hint = "Sockets stay open in the process that forks. Close each in the parent when the child "
	     "is done."},
    {CAUSE("fd.eventfd", POOL_KERNEL), .thing = THING_FD_EVENTFD,
     .syscalls = {"eventfd", "eventfd2"}, .tags = {"fd.eventfd"}, .counts = {"fd.eventfd", "filp"},
     .parts = "filp, dentry",
     .hint = "An eventfd made for each fork is kept open. Close it in the parent."},
    {CAUSE("fd.epoll", POOL_KERNEL), .thing = THING_FD_EPOLL,
     .syscalls = {"epoll_create", "epoll_create1", "epoll_ctl"},
     .tags = {"fd.epoll", "eventpoll_epi", "eventpoll_pwq"}, .counts = {"fd.epoll", "filp"},
     .parts = "filp, dentry; eventpoll_epi and eventpoll_pwq for each descriptor in it",
     .hint = "An epoll set made for each fork is kept open. Close it."},
    {CAUSE("fd.timerfd", POOL_KERNEL), .thing = THING_FD_TIMERFD, .syscalls = {"timerfd_create"},
     .tags = {"fd.timerfd"}, .counts = {"fd.timerfd", "filp"}, .parts = "filp, dentry",
     .hint = "A timerfd made for each fork is kept open. Close it."},
    {CAUSE("fd.signalfd", POOL_KERNEL), .thing = THING_FD_SIGNALFD,
     .syscalls = {"signalfd", "signalfd4"}, .tags = {"fd.signalfd"},
     .counts = {"fd.signalfd", "filp"}, .parts = "filp, dentry",
     .hint = "A signalfd made for each fork is kept open. Close it."},
    {CAUSE("fd.pidfd", POOL_KERNEL), .thing = THING_FD_PIDFD, .syscalls = {"pidfd_open"},
     .tags = {"fd.pidfd"}, .counts = {"fd.pidfd", "filp"},
     .parts = "filp, the pid it stands for; inode_cache and dentry since 6.9",
     .hint = "A pidfd is kept open for each child. Close it after waiting for the child."},
    {CAUSE("fd.inotify", POOL_KERNEL), .thing = THING_FD_INOTIFY,
     .syscalls = {"inotify_init", "inotify_init1", "inotify_add_watch"},
     .tags = {"fd.inotify", "inotify_inode_mark"}, .counts = {"fd.inotify", "filp"},
     .parts = "filp, dentry, the group, inotify_inode_mark for each watch",
     .hint = "An inotify descriptor or watch made for each fork is kept. Close it, or remove the "
	     "watch."},
    {CAUSE("fd.memfd", POOL_KERNEL), .thing = THING_FD_MEMFD,
     .syscalls = {"memfd_create", "memfd_secret"}, .tags = {"fd.memfd"},
     .counts = {"fd.memfd", "filp", "shmem_inode_cache"},
     .parts = "filp, shmem_inode_cache, dentry, the memory in it",
     .hint = "A memfd made for each fork is kept open, with the memory in it. Close and unmap "
	     "it."},
    {CAUSE("fd.pty", POOL_KERNEL), .thing = THING_FD_PTY, .tags = {"fd.pty"},
     .counts = {"fd.pty", "filp"},
     .parts = "filp, both tty_struct with their buffers, the inode and dentry of the slave",
     .hint = "A pseudo terminal opened for each fork is kept open. Close master and slave in the "
	     "parent when the child is done."},
    {CAUSE("fd.dir", POOL_KERNEL), .thing = THING_FD_DIR, .tags = {"fd.dir"},
     .counts = {"fd.dir", "filp"}, .parts = "filp, the directory's inode and dentry",
     .hint = "A directory opened for each fork is kept open. Call closedir(), or close() where it "
	     "was opened by openat()."},
    {CAUSE("fd.file", POOL_KERNEL), .thing = THING_FD_FILE,
     .syscalls = {"openat", "open", "openat2", "creat"}, .tags = {"fd.file"},
     .counts = {"fd.file", "filp"}, .parts = "filp, the file's inode and dentry",
     .hint = "A file opened for each fork is kept open. Close it in the parent, or open it with "
	     "O_CLOEXEC in the child."},
    {CAUSE("fd.file.deleted", POOL_KERNEL), .thing = THING_FD_FILE_DELETED,
     .tags = {"fd.file.deleted"}, .counts = {"fd.file.deleted", "filp"},
     .parts = "filp, the file's inode and dentry, its data on the disk or in memory",
     .hint = "A file that was removed is kept open, so its data stays too. Close it when the child "
	     "is done."},
    {CAUSE("fd.bpf", POOL_KERNEL), .thing = THING_FD_BPF, .tags = {"fd.bpf"},
     .counts = {"fd.bpf", "filp"}, .parts = "filp, dentry, the map or program",
     .hint = "A BPF map, program or link is kept open for each fork. Close its descriptor."},
    {CAUSE("fd.io_uring", POOL_KERNEL), .thing = THING_FD_IO_URING,
     .syscalls = {"io_uring_setup", "io_uring_enter", "io_uring_register"}, .tags = {"fd.io_uring"},
     .counts = {"fd.io_uring", "filp"}, .parts = "filp, dentry, the context and its rings",
     .hint = "An io_uring made for each fork is kept. Close and unmap it: "
	     "io_uring_queue_exit()."},
    {CAUSE("fd.namespace", POOL_KERNEL), .thing = THING_FD_NAMESPACE, .tags = {"fd.namespace"},
     .counts = {"fd.namespace", "filp"},
     .parts = "filp, inode_cache, dentry; it keeps the namespace with all in it",
     .hint = "A descriptor of a namespace is kept open for each fork, and keeps the namespace. "
	     "Close it."},
    {CAUSE("fd.other", POOL_KERNEL), .thing = THING_FD_OTHER,
     .syscalls = {"userfaultfd", "fanotify_init", "perf_event_open"}, .tags = {"fd.", "filp"},
     .counts = {"fd.", "filp"}, .parts = "filp, and what is behind it",
     .hint = "File descriptors stay open in the process that forks. Close them when the child is "
	     "done."},
    {CAUSE("socket.unread", POOL_KERNEL), .thing = THING_SOCKET_UNREAD, .within = "fd.socket.",
     .tags = {"skbuff_head_cache", "skbuff_small_head", "skbuff_fclone_cache"},
     .counts = {"skbuff_head_cache"}, .parts = "skbuff_head_cache, the message's data",
     .hint = "Messages wait in a socket and nobody reads them. Read them, or close the socket."},
    {CAUSE("socket.inflight", POOL_KERNEL), .thing = THING_SOCKET_INFLIGHT, .within = "fd.socket.",
     .counts = {"filp"}, .parts = "filp and what is behind it, scm_fp_list",
     .hint = "Descriptors were sent to a unix socket and nobody receives them, so they stay open "
	     "inside the message. Receive and close them, or close the socket."},
    {CAUSE("socket.closewait", POOL_KERNEL), .thing = THING_SOCKET_CLOSEWAIT,
     .counts = {"filp", "sock_inode_cache"}, .parts = "filp, sock_inode_cache, dentry, TCP",
     .hint = "The other side has closed these connections, this side has not. Close a socket when "
	     "a read from it returns 0."},
    {CAUSE("ipc.shm", POOL_SHARED), .thing = THING_IPC_SHM, .where = WHERE_LEFT,
     .syscalls = {"shmget", "shmat"}, .tags = {"ipc.shm"}, .counts = {"ipc.shm"},
     .parts = "the segment, its file, inode and dentry, the memory in it",
     .hint = "SysV shared memory outlives its processes. Mark each segment with shmctl(IPC_RMID) "
	     "as soon as it is attached; ipcs -m lists what is there."},
    {CAUSE("ipc.sem", POOL_KERNEL), .thing = THING_IPC_SEM, .where = WHERE_LEFT,
     .syscalls = {"semget"}, .tags = {"ipc.sem"}, .counts = {"ipc.sem"}, .parts = "the set",
     .hint = "SysV semaphores outlive their processes. Remove each set with semctl(IPC_RMID); "
	     "ipcs -s lists what is there."},
    {CAUSE("ipc.msg", POOL_KERNEL), .thing = THING_IPC_MSG, .where = WHERE_LEFT,
     .syscalls = {"msgget", "msgsnd"}, .tags = {"ipc.msg"}, .counts = {"ipc.msg"},
     .parts = "the queue, messages in it",
     .hint = "SysV message queues outlive their processes. Remove each with msgctl(IPC_RMID); "
	     "ipcs -q lists what is there."},
    {CAUSE("mqueue", POOL_KERNEL), .thing = THING_MQUEUE, .where = WHERE_LEFT,
     .syscalls = {"mq_open", "mq_timedsend"}, .tags = {"mqueue", "mqueue_inode_cache"},
     .counts = {"mqueue", "mqueue_inode_cache"},
     .parts = "mqueue_inode_cache, dentry, messages in it",
     .hint = "POSIX message queues outlive their processes. Remove each with mq_unlink()."},
    {CAUSE("shm.file", POOL_SHARED), .thing = THING_SHM_FILE, .where = WHERE_LEFT,
     .tags = {"shm.file"}, .counts = {"shm.file", "shmem_inode_cache"},
     .parts = "shmem_inode_cache, dentry, the memory in it",
     .hint = "POSIX shared memory outlives its processes. Remove each object with shm_unlink(); ls "
	     "/dev/shm lists what is there."},
    {CAUSE("sem.file", POOL_SHARED), .thing = THING_SEM_FILE, .where = WHERE_LEFT,
     .tags = {"sem.file"}, .counts = {"sem.file", "shmem_inode_cache"},
     .parts = "shmem_inode_cache, dentry, a page",
     .hint = "POSIX semaphores outlive their processes. Remove each with sem_unlink(); ls "
	     "/dev/shm/sem.* lists what is there."},
    {CAUSE("tmpfs.file", POOL_SHARED), .thing = THING_TMPFS_FILE, .where = WHERE_LEFT,
     .tags = {"tmpfs.file"}, .counts = {"tmpfs.file", "shmem_inode_cache"},
     .parts = "shmem_inode_cache, dentry, the memory in it",
     .hint = "Files in a file system that lives in memory were left. Remove them when the child is "
	     "done."},
    {CAUSE("heap", POOL_PRIVATE), .tags = {"private"}, .counts = {"private"},
     .parts = "private memory: pages of the heap and of private mappings",
     .hint = "The process that forks keeps more private memory after each fork, and every child "
	     "inherits it. Free what was allocated for a child when that child is done."},
    {CAUSE("mlock", POOL_KERNEL), .syscalls = {"mlock", "mlock2", "munlock", "mlockall"},
     .tags = {"mlock"}, .counts = {"mlock", "vm_area_struct"},
     .parts = "locked memory, vm_area_struct",
     .hint = "More and more memory is locked. Call munlock() or munmap() for what was locked for a "
	     "child."},
    {CAUSE("vma", POOL_KERNEL), .thing = THING_VMA, .role = RULE_MEMORY,
     .syscalls = {"mmap", "brk", "mremap", "mprotect", "page fault"},
     .tags = {"vma", "vm_area_struct", "page table", "anon_vma", "anon_vma_chain", "maple_node"},
     .counts = {"vma", "vm_area_struct", "page table"},
     .parts = "vm_area_struct, anon_vma, anon_vma_chain, page table",
     .hint = "The process that forks has more and more mappings. Unmap what was mapped for a "
	     "child."},
    {CAUSE("aio", POOL_KERNEL), .thing = THING_AIO, .syscalls = {"io_setup", "io_submit"},
     .tags = {"aio"}, .counts = {"aio", "filp"},
     .parts = "filp, inode_cache, dentry, vm_area_struct: the ring",
     .hint = "Contexts of asynchronous I/O pile up. Call io_destroy() for each."},
    {CAUSE("timer", POOL_KERNEL), .thing = THING_TIMER, .syscalls = {"timer_create"},
     .tags = {"timer", "posix_timers_cache"}, .counts = {"timer", "posix_timers_cache"},
     .parts = "posix_timers_cache; sigqueue until 6.12",
     .hint = "POSIX timers made for a child stay. Call timer_delete() for each."},
    {CAUSE("signal.pending", POOL_KERNEL), .thing = THING_SIGNAL_PENDING,
     .syscalls = {"kill", "tkill", "tgkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo",
		  "pidfd_send_signal"},
     .tags = {"signal.pending", "sigqueue"}, .counts = {"signal.pending", "sigqueue"},
     .parts = "sigqueue",
     .hint = "Signals are blocked and queue up. Unblock them, or take them with sigtimedwait() or "
	     "a signalfd."},
    {CAUSE("lock", POOL_KERNEL), .thing = THING_LOCK, .syscalls = {"flock", "fcntl"},
     .tags = {"lock", "file_lock_cache", "file_lock_ctx", "file_lease_cache"},
     .counts = {"lock", "file_lock_cache"}, .parts = "file_lock_cache",
     .hint = "File locks pile up. Unlock what was locked for a child, or close the file."},
    {CAUSE("key", POOL_KERNEL), .thing = THING_KEY, .where = WHERE_LEFT,
     .syscalls = {"add_key", "request_key", "keyctl"}, .tags = {"key", "key_jar"},
     .counts = {"key", "key_jar"}, .parts = "key_jar, its payload",
     .hint = "Keys stay in a keyring that outlives the processes. Unlink or revoke them, or give "
	     "them a timeout; keyctl show lists them."},
    {CAUSE("mount", POOL_KERNEL), .thing = THING_MOUNT, .where = WHERE_LEFT,
     .syscalls = {"mount", "fsmount", "move_mount", "open_tree"}, .tags = {"mount", "mnt_cache"},
     .counts = {"mount", "mnt_cache"}, .parts = "mnt_cache, the file system behind it",
     .hint = "Mounts were left. Unmount what was mounted for a child, or mount it in a namespace "
	     "that ends with it."},
    {CAUSE("cgroup", POOL_KERNEL), .thing = THING_CGROUP, .where = WHERE_LEFT,
     .tags = {"cgroup", "kernfs_node_cache"}, .counts = {"cgroup"},
     .parts = "the group's controllers, kernfs_node_cache for each of its files",
     .hint = "Control groups were left. Remove the directory of each when its last process has "
	     "ended."},
    {CAUSE("namespace", POOL_KERNEL), .thing = THING_NAMESPACE, .where = WHERE_LEFT,
     .syscalls = {"unshare", "setns"},
     .tags = {"namespace", "nsproxy", "net_namespace", "user_namespace", "pid_namespace",
	      "uts_namespace"},
     .counts = {"namespace", "net_namespace", "user_namespace", "pid_namespace", "uts_namespace"},
     .parts = "the namespace and what is in it",
     .hint = "Namespaces stay: a process, a descriptor or a mount keeps each. Close or unmount "
	     "what refers to them."},
    {CAUSE("bpf.object", POOL_KERNEL), .thing = THING_BPF_OBJECT, .where = WHERE_LEFT,
     .syscalls = {"bpf"}, .tags = {"bpf.object"}, .counts = {"bpf.object"},
     .parts = "maps, programs, links",
     .hint = "BPF objects stay because they are pinned or attached. Remove the pin or detach "
	     "them."},
    {CAUSE("kernel.fork", POOL_KERNEL), .thing = THING_PROCESS, .role = RULE_FORK,
     .syscalls = {"fork", "vfork", "clone", "clone3"},
     .tags = {"task_struct", "signal_cache", "sighand_cache", "pid"}, .counts = {"task_struct"},
     .parts = "task_struct, signal_cache, sighand_cache, pid",
     .hint = "Kernel records of children stay with the process that forked them."},
    {CAUSE("kernel.lost", POOL_KERNEL), .where = WHERE_LOST, .parts = "any kernel object",
     .hint = "The kernel still counts this memory as in use, but nothing is left that could reach "
	     "it. It comes back only at the next boot: report it to those who maintain this "
	     "kernel."},
    {CAUSE("kernel.left", POOL_KERNEL), .where = WHERE_LEFT, .parts = "any kernel object",
     .hint = "Objects that outlive processes were left behind. Remove them when their last user "
	     "ends."},
    {CAUSE("kernel.held", POOL_KERNEL), .role = RULE_REST, .parts = "any kernel object",
     .hint = "The process that forks holds more kernel memory after each fork. The system call "
	     "that took it says what to give back."},
};
/* clang-format on */

#define RULES (sizeof(rules) / sizeof(*rules))

const struct rule *rule_at(size_t i)
{
	return i < RULES ? &rules[i] : NULL;
}
