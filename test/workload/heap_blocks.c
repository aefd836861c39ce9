/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * heap_blocks.c - what the allocator hook of --heap is to see, and what not.
 *
 * usage: heap_blocks MODE [FORKS]
 * Each mode says in its comment what is to be found: blocks and bytes of which function, or that
 * it is clean. 211 forks unless told otherwise.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include "workload.h"

#define KEPT_MAX 100000

extern char **environ;
static char *kept[KEPT_MAX];
static long kept_count, forks;
static const char *self;

#define KEEP(p) (kept[kept_count++ % KEPT_MAX] = (char *)(p))
#define LEAKER	__attribute__((noinline)) static void

/* A compiler may not know that nobody frees it. */
static void *used(void *p)
{
	if (!p)
		workload_fail("malloc");
	__asm__ volatile("" : : "r"(p) : "memory");
	return p;
}

/* 1 block of 1,000 bytes each, by take_malloc. */
LEAKER take_malloc(long i)
{
	(void)i;
	KEEP(used(malloc(1000)));
	free(used(malloc(3000)));
}

/* 1 block of 320 bytes in 10 forks, by take_calloc. */
LEAKER take_calloc(long i)
{
	char *p = used(calloc(10, 32));

	if (i % 10)
		free(p);
	else
		KEEP(p);
}

/* A list that gets 48 bytes longer for each: 1 piece of 48 bytes, by take_realloc. */
LEAKER take_realloc(long i)
{
	static char *list;

	list = used(realloc(list, (size_t)(i + 1) * 48));
}

/* The same, doubled when it is full, and all of it in use: clean. */
LEAKER take_doubling(long i)
{
	static char *list;
	static long room;

	if (i == room) {
		room = room ? 2 * room : 8;
		list = used(realloc(list, (size_t)room * 48));
	}
}

/* 1 block of 21 bytes each, by strdup in take_string. */
LEAKER take_string(long i)
{
	(void)i;
	KEEP(used(strdup("a request of 20 bytes")));
}

/* 2,048 and 64 bytes by two lines of it, the second one in 5 forks. */
LEAKER take_two(long i)
{
	KEEP(used(malloc(2048)));
	if (i % 5 == 0)
		KEEP(used(malloc(64)));
}

/* 1 block of 256 bytes each by every function that aligns: 3. */
LEAKER take_aligned(long i)
{
	void *p;

	(void)i;

	if (posix_memalign(&p, 64, 256))
		workload_fail("posix_memalign");
	KEEP(used(p));
	KEEP(used(aligned_alloc(128, 256)));
	KEEP(used(memalign(256, 256)));
}

/* A pool of 20 buffers, filled as they are needed: clean. */
LEAKER take_pool(long i)
{
	if (i < 20)
		KEEP(used(malloc(5000)));
}

/* The last 30 requests: clean. */
LEAKER take_ring(long i)
{
	free(kept[i % 30]);
	kept[i % 30] = used(malloc(700));
}

/* All is freed each 40 forks: clean. */
LEAKER take_sawtooth(long i)
{
	KEEP(used(malloc(900)));
	if (i % 40 == 39)
		while (kept_count)
			free(kept[--kept_count]);
}

static void *free_it(void *p)
{
	free(p);
	return NULL;
}

/* Another thread frees it: clean. */
LEAKER take_for_thread(long i)
{
	pthread_t thread;

	(void)i;

	if (pthread_create(&thread, NULL, free_it, used(malloc(2000))))
		workload_fail("pthread_create");
	pthread_join(thread, NULL);
}

typedef void taker(long i);

static void fork_and_wait(taker *in_child, long i)
{
	pid_t pid = workload_fork();

	if (pid == 0) {
		if (in_child)
			in_child(i);
		_exit(0);
	}
	workload_wait(pid);
}

static void loop(taker *take)
{
	for (long i = 0; i < forks; i++) {
		take(i);
		fork_and_wait(NULL, i);
	}
}

/* Each child keeps 1,000 bytes, and ends: clean. */
static void mode_child(void)
{
	for (long i = 0; i < forks; i++)
		fork_and_wait(take_malloc, i);
}

/* A worker that forks keeps what take_malloc takes; its maker keeps nothing. */
static void mode_worker(void)
{
	pid_t pid = workload_fork();

	if (pid == 0) {
		loop(take_malloc);
		exit(0);
	}
	workload_wait(pid);
}

static volatile int stop;

static void *churn(void *arg)
{
	while (!stop)
		free(used(malloc(64)));
	return arg;
}

/* As take_malloc, while two other threads allocate and free all the time. */
static void mode_threads(void)
{
	pthread_t thread[2];

	for (int i = 0; i < 2; i++)
		if (pthread_create(&thread[i], NULL, churn, NULL))
			workload_fail("pthread_create");
	loop(take_malloc);
	stop = 1;
	for (int i = 0; i < 2; i++)
		pthread_join(thread[i], NULL);
}

/* The child of vfork() has its maker's memory: what take_malloc takes in it is kept. */
static void mode_vfork(void)
{
	static long i; /* it returns twice */

	for (i = 0; i < forks; i++) {
		pid_t pid = vfork();

		if (pid == 0) {
			take_malloc(i);
			_exit(0);
		}
		if (pid < 0)
			workload_fail("vfork");
		workload_wait(pid);
	}
}

static void mode_spawn(void)
{
	char *const argv[] = {"true", NULL};

	for (long i = 0; i < forks; i++) {
		pid_t pid;

		take_malloc(i);
		if (posix_spawnp(&pid, "true", NULL, NULL, argv, environ))
			workload_fail("posix_spawnp");
		workload_wait(pid);
	}
}

static void mode_system(void)
{
	for (long i = 0; i < forks; i++) {
		FILE *f;

		take_malloc(i);
		if (i % 2 ? system(":") : !(f = popen(":", "r")) || pclose(f))
			workload_fail("system");
	}
}

static void free_all(void)
{
	while (kept_count)
		free(kept[--kept_count]);
}

/* Given back only by the end of the program: a leak as long as it ran. */
static void mode_atexit(void)
{
	atexit(free_all);
	loop(take_malloc);
}

/* Given back by the program itself before it ends: clean. */
static void mode_freed(void)
{
	loop(take_malloc);
	free_all();
}

static void mode_killed(void)
{
	loop(take_malloc);
	raise(SIGKILL);
}

/* The program that it becomes leaks; that it forked before is forgotten. */
static void mode_exec(void)
{
	char number[32];

	for (long i = 0; i < 20; i++) {
		take_string(i);
		fork_and_wait(NULL, i);
	}
	snprintf(number, sizeof(number), "%ld", forks);
	execl(self, self, "malloc", number, NULL);
	workload_fail("exec");
}

/* Without its environment the hook is not loaded: to be told. */
static void mode_bare(void)
{
	char *none[] = {NULL};
	char number[32];

	snprintf(number, sizeof(number), "%ld", forks);
	execle(self, self, "malloc", number, NULL, none);
	workload_fail("exec");
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		taker *take;
		void (*run)(void);
	} modes[] = {
	    {"malloc", take_malloc, NULL},
	    {"calloc", take_calloc, NULL},
	    {"realloc", take_realloc, NULL},
	    {"doubling", take_doubling, NULL},
	    {"string", take_string, NULL},
	    {"two", take_two, NULL},
	    {"aligned", take_aligned, NULL},
	    {"pool", take_pool, NULL},
	    {"ring", take_ring, NULL},
	    {"sawtooth", take_sawtooth, NULL},
	    {"for_thread", take_for_thread, NULL},
	    {"child", NULL, mode_child},
	    {"worker", NULL, mode_worker},
	    {"threads", NULL, mode_threads},
	    {"vfork", NULL, mode_vfork},
	    {"spawn", NULL, mode_spawn},
	    {"system", NULL, mode_system},
	    {"atexit", NULL, mode_atexit},
	    {"freed", NULL, mode_freed},
	    {"killed", NULL, mode_killed},
	    {"exec", NULL, mode_exec},
	    {"bare", NULL, mode_bare},
	};

	self = argv[0];
	forks = argc > 2 ? atol(argv[2]) : 211;
	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(*modes); i++) {
		if (strcmp(modes[i].name, argv[1]))
			continue;
		if (modes[i].take)
			loop(modes[i].take);
		else
			modes[i].run();
		return 0;
	}
	fprintf(stderr, "usage: %s MODE [FORKS]\n", argv[0]);
	return 2;
}
