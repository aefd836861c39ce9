/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "source/proc/calibrate.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "source/bpf/cgroup.h"
#include "source/proc/procfs.h"

#define OBJECTS_MAX  1000
#define STACK_BYTES  16384
#define LAG_V1_US    250000  /* RCU gives back what a warm-up used */
#define LAG_V2_US    2300000 /* memory.stat is brought up to date every 2 s */
#define LAG_EXIT_US  400000  /* more, for what exits give back late */
#define MEASURED_MM  COSTS   /* not a kind of the table: a forked child as a whole */
#define WHY_NO_GROUP "no memory cgroup of its own can be made (needs root or a delegated group)"

/* Shared with the worker. */
struct board {
	int made, err;
	int id[OBJECTS_MAX + 1]; /* of System V objects */
	int ids;
	pid_t sample; /* one of the children that were made */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int sig)
{
	interrupted = 1;
}

static int pause_forever(void *arg)
{
	for (;;)
		pause();
	return 0;
}

static void *pause_thread(void *arg)
{
	pause_forever(NULL);
	return NULL;
}

/* Memory for stacks, there before the measuring begins; for mappings it stays untouched. */
static char *reserve(size_t bytes, bool touch)
{
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	if (touch)
		memset(p, 1, bytes);
	return p;
}

static int make_deleted_file(void)
{
	char path[] = "/tmp/forktally.XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd >= 0)
		(void)unlink(path);
	return fd;
}

static int make_bpf_map(void)
{
	union bpf_attr attr = {.map_type = BPF_MAP_TYPE_ARRAY, .key_size = 4, .value_size = 8};

	attr.max_entries = 1;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

static int make_thread(char *stack)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err = pthread_attr_init(&attr);

	if (!err)
		err = pthread_attr_setstack(&attr, stack, STACK_BYTES);
	if (!err)
		err = pthread_create(&thread, &attr, pause_thread, NULL);
	if (err)
		errno = err;
	return err ? -1 : 0;
}

static int make_child(struct board *board)
{
	pid_t pid = fork();

	if (pid == 0)
		pause_forever(NULL);
	board->sample = pid;
	return pid;
}

static int make_zombie(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return pid;
}

/* Makes one object. @stack: memory for its stack, where it needs one. -1 with errno. */
static int make_one(int kind, struct board *board, char *stack)
{
	sigset_t set;
	int pipes[2], id;
	struct io_uring_params params = {0};
	aio_context_t context = 0;
	timer_t timer;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	switch (kind) {
	case COST_TASK:
		return make_zombie();
	case COST_PROCESS:
		return clone(pause_forever, stack + STACK_BYTES, CLONE_VM | SIGCHLD, NULL);
	case MEASURED_MM:
		return make_child(board);
	case COST_THREADS:
		return make_thread(stack);
	case COST_VMA:
		/* One page in each piece becomes different: two mappings more. */
		return mprotect(stack + 4096, 4096, PROT_READ);
	case COST_FD_PIPE:
		return pipe(pipes);
	case COST_FD_SOCKET_UNIX:
		return socket(AF_UNIX, SOCK_STREAM, 0);
	case COST_FD_SOCKET_INET:
		return socket(AF_INET, SOCK_STREAM, 0);
	case COST_FD_SOCKET_OTHER:
		return socket(AF_NETLINK, SOCK_RAW, 0);
	case COST_FD_EVENTFD:
		return eventfd(0, 0);
	case COST_FD_EPOLL:
		return epoll_create1(0);
	case COST_FD_TIMERFD:
		return timerfd_create(CLOCK_MONOTONIC, 0);
	case COST_FD_SIGNALFD:
		return signalfd(-1, &set, 0);
	case COST_FD_PIDFD:
		return (int)syscall(SYS_pidfd_open, getpid(), 0);
	case COST_FD_INOTIFY:
		return inotify_init();
	case COST_FD_MEMFD:
		return memfd_create("forktally", 0);
	case COST_FD_PTY:
		return open("/dev/ptmx", O_RDWR | O_NOCTTY);
	case COST_FD_DIR:
		return open("/", O_RDONLY | O_DIRECTORY);
	case COST_FD_FILE:
		return open("/proc/self/exe", O_RDONLY);
	case COST_FD_FILE_DELETED:
		return make_deleted_file();
	case COST_FD_BPF:
		return make_bpf_map();
	case COST_FD_IO_URING:
		return (int)syscall(SYS_io_uring_setup, 8, &params);
	case COST_FD_NAMESPACE:
		return open("/proc/self/ns/uts", O_RDONLY);
	case COST_FD_OTHER:
		return open("/dev/null", O_RDONLY);
	case COST_AIO:
		return (int)syscall(SYS_io_setup, 1, &context);
	case COST_TIMER:
		return timer_create(CLOCK_MONOTONIC, NULL, &timer);
	case COST_IPC_SHM:
		id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
		break;
	case COST_IPC_SEM:
		id = semget(IPC_PRIVATE, 1, IPC_CREAT | 0600);
		break;
	case COST_IPC_MSG:
		id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
		break;
	default:
		errno = EINVAL;
		return -1;
	}
	if (id >= 0)
		board->id[board->ids++] = id;
	return id;
}

static int objects_of(int kind)
{
	switch (kind) {
	case COST_FD_INOTIFY: /* fs.inotify.max_user_instances is 128 */
	case COST_FD_PTY:
		return 64;
	case COST_TASK:
	case COST_PROCESS:
	case COST_THREADS:
	case MEASURED_MM:
		return 200;
	case COST_IPC_SHM:
	case COST_IPC_SEM:
	case COST_IPC_MSG:
	case COST_FD_FILE_DELETED:
		return 400;
	default:
		return OBJECTS_MAX;
	}
}

/* In the group: one object to warm up, then as many as asked for; each step on command. */
static void __attribute__((noreturn))
work(int kind, int objects, struct board *board, int go_fd, int done_fd)
{
	struct rlimit files;
	char *stacks, c;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (!getrlimit(RLIMIT_NOFILE, &files)) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	if (read(go_fd, &c, 1) != 1) /* we are in the group now */
		_exit(1);
	stacks = reserve((size_t)(objects + 1) * STACK_BYTES, kind != COST_VMA);
	/* A table of descriptors that need not grow while we measure. */
	if (kind >= COST_FD_FIRST && kind <= COST_FD_LAST) {
		int high = dup2(go_fd, 2 * objects + 64);

		if (high >= 0)
			close(high);
	}
	if (!stacks || make_one(kind, board, stacks) < 0) {
		board->err = errno;
		objects = 0;
	}
	for (bool first = true; first || board->made < objects; first = false) {
		if (first && (write(done_fd, "", 1) != 1 || read(go_fd, &c, 1) != 1))
			_exit(1);
		if (board->made >= objects)
			break;
		if (make_one(kind, board, stacks + (size_t)(board->made + 1) * STACK_BYTES) < 0) {
			board->err = errno;
			break;
		}
		board->made++;
	}
	if (write(done_fd, "", 1) != 1)
		_exit(1);
	pause_forever(NULL);
	_exit(0);
}

static void remove_ipc(int kind, const struct board *board)
{
	for (int i = 0; i < board->ids; i++) {
		if (kind == COST_IPC_SHM)
			(void)shmctl(board->id[i], IPC_RMID, NULL);
		else if (kind == COST_IPC_SEM)
			(void)semctl(board->id[i], 0, IPC_RMID);
		else
			(void)msgctl(board->id[i], IPC_RMID, NULL);
	}
}

static void kill_one(void *ctx, pid_t pid)
{
	(void)kill(pid, SIGKILL);
}

/* Ends the worker and what it made. */
static void clear_group(struct run_cgroup *group, pid_t worker)
{
	(void)kill(worker, SIGKILL);
	for (int i = 0; i < 200; i++) {
		/* The worker's children come to us: we are a subreaper. */
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		if (!run_cgroup_each(group, kill_one, NULL))
			break;
		usleep(10000);
	}
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

/* What of a forked child's kernel memory has a figure of its own: mappings and page tables. */
static int64_t counted_elsewhere(pid_t child, int64_t vma_bytes)
{
	int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct procfs_text text = {0};
	struct procfs_status status;
	int64_t maps, aio, bytes = 0;

	if (proc_fd >= 0)
		fd = procfs_open(proc_fd, child, child);
	if (fd >= 0 && !procfs_status_read(fd, &text, &status) &&
	    status.page_table_bytes != EVENT_UNKNOWN_BYTES)
		bytes += status.page_table_bytes;
	if (fd >= 0 && !procfs_maps_count(fd, &text, &maps, &aio))
		bytes += maps * vma_bytes;
	procfs_text_done(&text);
	if (fd >= 0)
		close(fd);
	if (proc_fd >= 0)
		close(proc_fd);
	return bytes;
}

/* Bytes of one object; for MEASURED_MM without mappings and page tables. 0 or -errno. */
static int measure(struct run_cgroup *group, int kind, int64_t vma_bytes, int64_t *ret_bytes,
		   int *ret_objects)
{
	struct board *board =
	    mmap(NULL, sizeof(*board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int go[2] = {-1, -1}, done[2] = {-1, -1}, err = 0;
	useconds_t lag = group->v2 ? LAG_V2_US : LAG_V1_US;
	int64_t before, after;
	pid_t worker = -1;
	char c;

	if (board == MAP_FAILED)
		return -errno;
	if (pipe2(go, O_CLOEXEC) || pipe2(done, O_CLOEXEC) || (worker = fork()) < 0) {
		err = -errno;
		goto out;
	}
	if (worker == 0) {
		close(go[1]);
		close(done[0]);
		work(kind, objects_of(kind), board, go[0], done[1]);
	}
	close(done[1]);
	done[1] = -1;
	err = run_cgroup_add(group, worker);
	if (!err && (write(go[1], "", 1) != 1 || read(done[0], &c, 1) != 1))
		err = interrupted ? -EINTR : -EIO;
	if (err)
		goto out;
	usleep(lag + LAG_EXIT_US);
	before = run_cgroup_kernel_bytes(group);
	if (write(go[1], "", 1) != 1 || read(done[0], &c, 1) != 1) {
		err = interrupted ? -EINTR : -EIO;
		goto out;
	}
	usleep(lag + (kind == COST_TASK ? LAG_EXIT_US : 0));
	after = run_cgroup_kernel_bytes(group);
	if (board->err)
		err = -board->err;
	else if (before == EVENT_UNKNOWN_BYTES || after == EVENT_UNKNOWN_BYTES || after < before)
		err = -ENODATA;
	else if (interrupted)
		err = -EINTR;
	if (err)
		goto out;
	*ret_bytes = (after - before + board->made / 2) / board->made;
	*ret_objects = board->made;
	if (kind == MEASURED_MM)
		*ret_bytes -= counted_elsewhere(board->sample, vma_bytes);
out:
	if (worker > 0)
		clear_group(group, worker);
	remove_ipc(kind, board);
	(void)munmap(board, sizeof(*board));
	for (int i = 0; i < 2; i++) {
		if (go[i] >= 0)
			close(go[i]);
		if (done[i] >= 0)
			close(done[i]);
	}
	return err;
}

/* All kinds, in an order in which those come first that others are told apart from. */
static int measure_all(struct run_cgroup *group, void (*progress)(void *ctx, enum cost kind),
		       void *ctx, struct calibration *c)
{
	int64_t *bytes = c->table.bytes, shared_child = 0, forked;
	int objects;

	for (int n = 0; n < COSTS; n++) {
		/* VMA before everything: the address space needs it. */
		int kind = n == 0 ? COST_VMA : n <= COST_VMA ? n - 1 : n;

		if (progress)
			progress(ctx, (enum cost)kind);
		if (kind == COST_MM)
			c->err[kind] =
			    measure(group, MEASURED_MM, bytes[COST_VMA], &forked, &objects);
		else
			c->err[kind] = measure(group, kind, 0, &forked, &objects);
		if (interrupted || c->err[kind] == -EINTR)
			return -EINTR;
		if (c->err[kind])
			continue;
		if (kind == COST_PROCESS) {
			shared_child = forked;
			forked -= bytes[COST_TASK];
		} else if (kind == COST_MM) {
			forked -= shared_child;
		} else if (kind == COST_VMA) {
			forked /= 2; /* see make_one() */
		}
		if (forked < 0 || (kind == COST_PROCESS && c->err[COST_TASK]) ||
		    (kind == COST_MM && (c->err[COST_PROCESS] || c->err[COST_VMA]))) {
			c->err[kind] = -ENODATA;
			continue;
		}
		bytes[kind] = forked;
		c->objects[kind] = objects;
	}
	return 0;
}

int calibrate(void (*progress)(void *ctx, enum cost kind), void *ctx,
	      struct calibration *ret_calibration, const char **ret_why)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction old[3], action = {.sa_handler = on_signal};
	struct calibration *c = ret_calibration;
	struct run_cgroup group = {0};
	struct utsname uts;
	int err, subreaper = 0;

	*ret_why = WHY_NO_GROUP;
	*c = (struct calibration){0};
	cost_table_default(&c->table);
	if (uname(&uts))
		return -errno;
	(void)snprintf(c->table.kernel, sizeof(c->table.kernel), "%s", uts.release);
	interrupted = 0;
	for (size_t i = 0; i < 3; i++)
		(void)sigaction(signals[i], &action, &old[i]);
	(void)prctl(PR_GET_CHILD_SUBREAPER, &subreaper, 0, 0, 0);
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	err = run_cgroup_open(&group, ret_why);
	if (!err) {
		c->v2 = group.v2;
		if (run_cgroup_kernel_bytes(&group) == EVENT_UNKNOWN_BYTES) {
			err = -ENODATA;
			*ret_why = "the memory cgroup does not tell its kernel memory";
		}
	}
	if (!err) {
		err = measure_all(&group, progress, ctx, c);
		if (err)
			*ret_why = "interrupted";
	}
	(void)run_cgroup_close(&group); /* it is empty; a leftover directory holds nothing */
	(void)prctl(PR_SET_CHILD_SUBREAPER, subreaper, 0, 0, 0);
	for (size_t i = 0; i < 3; i++)
		(void)sigaction(signals[i], &old[i], NULL);
	c->table.measured = !err;
	return err;
}
