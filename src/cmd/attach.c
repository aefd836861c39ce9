/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * attach.c - "forktally attach": watch a program that is running already, for a time, and leave it
 * as it was.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "base/cleanup.h"
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/observation.h"
#include "source/proc/procfs.h"

#define WORDS_MAX 256 /* of a command line that is shown */

/* Returns 0 or -errno. */
static int read_stat(int proc_fd, pid_t pid, struct procfs_text *text, struct procfs_stat *ret_stat)
{
	_cleanup_close_ int fd = procfs_open(proc_fd, pid, pid);

	return fd < 0 ? fd : procfs_stat_read(fd, text, ret_stat);
}

/* Whoever is above us would be watching itself. */
static bool is_above_us(int proc_fd, pid_t pid, struct procfs_text *text)
{
	struct procfs_stat st;

	for (pid_t at = getpid(); at > 0; at = st.ppid) {
		if (at == pid)
			return true;
		if (read_stat(proc_fd, at, text, &st))
			break;
	}
	return false;
}

/* What it runs, as a command line; its name where that cannot be read. NULL: no memory. */
static char *command_line(int dir_fd, struct procfs_text *text, const struct procfs_stat *st)
{
	char *words[WORDS_MAX + 1] = {(char *)st->comm, NULL};
	size_t n = 0;

	if (!procfs_read(dir_fd, "cmdline", text)) {
		for (char *p = text->data; p < text->data + text->length && n < WORDS_MAX;
		     p += strlen(p) + 1)
			words[n++] = p;
		words[n ? n : 1] = NULL;
	}
	return words_join(words);
}

/* Can this process be watched at all? Returns an exit status after it has said why not. */
static int examine(int proc_fd, pid_t pid, struct procfs_text *text, char **ret_command_line)
{
	_cleanup_close_ int dir_fd = procfs_open(proc_fd, pid, pid);
	struct procfs_status status;
	struct procfs_stat st;
	int err = dir_fd < 0 ? dir_fd : procfs_stat_read(dir_fd, text, &st);

	if (!err)
		err = procfs_status_read(dir_fd, text, &status);
	if (err == -ENOENT || err == -ESRCH)
		cmd_error("there is no process %d", (int)pid);
	else if (err)
		cmd_error("process %d cannot be looked at: %s", (int)pid, strerror(-err));
	else if (status.tgid != pid)
		cmd_error("%d is a thread of process %d: attach to that", (int)pid,
			  (int)status.tgid);
	else if (st.kernel_thread)
		cmd_error("%d is a thread of the kernel: it forks no processes", (int)pid);
	else if (st.state == 'Z' || st.state == 'X')
		cmd_error("process %d has ended: its parent %d has not waited for it", (int)pid,
			  (int)st.ppid);
	else if (is_above_us(proc_fd, pid, text))
		cmd_error("process %d is %s: it would be watching itself", (int)pid,
			  pid == getpid() ? "forktally" : "above forktally, which it started");
	else
		*ret_command_line = command_line(dir_fd, text, &st);
	return *ret_command_line ? 0 : STATUS_FAILED;
}

static bool keep_on(struct observation *o, uint64_t now)
{
	return !o->signals.ended_by && !(o->deadline_ns && now >= o->deadline_ns);
}

/* Cut short by a signal, where a time was asked for. */
static int interrupted(const struct observation *o)
{
	return o->options->timeout_ns ? o->signals.ended_by : 0;
}

static int observe(struct observation *o)
{
	int status = observation_open(o), state;

	if (status)
		return status;
	if (o->options->timeout_ns)
		o->deadline_ns = observation_now_ns() + o->options->timeout_ns;
	state = observation_until(o, keep_on);
	if (!state)
		cmd_error("process %d ended while it was watched: the report goes up to there",
			  (int)o->options->pid);
	state = state < 0 ? state : signals_command_ended(&o->signals);
	status = observation_settle(o, interrupted(o), state);
	observation_close(o);
	return status;
}

struct job {
	struct observation *observation;
	int status;
};

static void *observer(void *ctx)
{
	struct job *job = ctx;

	job->status = observe(job->observation);
	return NULL;
}

/*
 * In a thread of its own: where that ends, the kernel lets go of all that it traced. Neither is
 * the program interrupted by that, nor does it wait until the report stands.
 */
static int observe_apart(struct observation *o)
{
	struct job job = {.observation = o};
	pthread_t thread;
	sigset_t child;
	int err = signals_open(0, &o->signals);

	/* A thread that does not block it would take it away from the one that waits for it. */
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	if (!err)
		err = -pthread_sigmask(SIG_BLOCK, &child, NULL);
	if (!err)
		err = -pthread_create(&thread, NULL, observer, &job);
	if (!err)
		err = -pthread_join(thread, NULL);
	if (!err)
		return job.status;
	cmd_error("cannot begin: %s", strerror(-err));
	return STATUS_FAILED;
}

static void print_help(FILE *f)
{
	fprintf(
	    f,
	    "Usage: forktally attach [OPTIONS] PID\n"
	    "Watches a program that is running already, with all processes below it, for a time\n"
	    "and leaves it as it was. What was there before is not counted; what its forks took\n"
	    "since must have come back. The report goes to stderr.\n\n"
	    "Options:\n");
	options_help(attach_option_specs, f);
	fprintf(f,
		"\nTIME is a number and one of ns us ms s m h d; no unit means seconds.\n"
		"\nExit status: 0 clean; 23 a leak; 24 inconclusive; 125 forktally failed, or "
		"there is\n"
		"no such process.\n"
		"\nCtrl-C ends the watching and the report comes; a second one shortens settling.\n"
		"Nothing is ever sent to the program.\n"
		"\nExamples:\n"
		"  forktally attach --for=30s $(pgrep -o nginx)\n"
		"  forktally attach --for=10m --json -o report.json 4711\n"
		"  forktally attach --record=night.ndjson.zst 4711    # until Ctrl-C\n");
}

static int attach(const struct run_options *options)
{
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct procfs_text text = {0};
	char *line = NULL;
	int status = examine(proc_fd, options->pid, &text, &line);
	struct observation o = OBSERVATION_OF(options, line);

	procfs_text_done(&text);
	if (status)
		return status;
	o.launch = launch_attached(options->pid);
	status = observation_prepare(&o);
	if (!status)
		status = observe_apart(&o);
	if (!status)
		status = observation_report(&o);
	observation_done(&o);
	return status;
}

int cmd_attach(int argc, char *const argv[])
{
	struct run_options options;
	char error[OPTIONS_ERROR_BYTES];

	if (attach_options_parse(argc, argv, &options, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (options.help) {
		print_help(stdout);
		return 0;
	}
	return attach(&options);
}
