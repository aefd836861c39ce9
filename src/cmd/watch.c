/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * watch.c - "forktally watch": look at running processes again and again, and say who grows with
 * its forks.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/observation.h"
#include "cmd/watch_filter.h"
#include "cmd/watch_options.h"
#include "source/watch/watch.h"
#include "view/quantity.h"

#define SECOND_NS 1000000000ULL
#define TEXT_MAX  256

/* In words, for the report. */
static void describe(const struct watch_cmd_options *o, char what[static TEXT_MAX])
{
	int at = 0;

	if (!o->pids) {
		(void)snprintf(what, TEXT_MAX, "%s%s%.60s%s%.150s",
			       o->user || o->cgroup ? "processes" : "every process",
			       o->user ? " of user " : "", o->user ? o->user : "",
			       o->cgroup ? " in control group " : "", o->cgroup ? o->cgroup : "");
		return;
	}
	at = snprintf(what, TEXT_MAX, "process%s", o->pid_count == 1 ? "" : "es");
	for (size_t i = 0; i < o->pid_count && at < TEXT_MAX - 40; i++)
		at +=
		    snprintf(what + at, (size_t)(TEXT_MAX - at), "%s %u", i ? "," : "", o->pids[i]);
	(void)snprintf(what + at, (size_t)(TEXT_MAX - at), " and what it forks");
	if (o->pid_count > 1)
		(void)snprintf(what + at, (size_t)(TEXT_MAX - at), " and what they fork");
}

static void show_progress(const struct watch *w, uint64_t seconds)
{
	struct sampler_counts n = watch_counts(w);
	char forks[QUANTITY_BYTES], processes[QUANTITY_BYTES], looks[QUANTITY_BYTES];

	fprintf(stderr,
		"\r\033[Kforktally: %llu:%02llu:%02llu, %s processes, %s forks, %s looks "
		"(Ctrl-C: report)",
		(unsigned long long)(seconds / 3600), (unsigned long long)(seconds / 60 % 60),
		(unsigned long long)(seconds % 60), quantity_count(processes, n.processes),
		quantity_count(forks, n.forks), quantity_count(looks, n.looks));
	fflush(stderr);
}

static bool can_show_progress(const struct watch_cmd_options *o)
{
	const char *term = getenv("TERM");

	return !o->run.report.quiet && isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

/* Looks until the time is up, a signal comes or nobody is left. 0 or -errno. */
static int look_on(const struct watch_cmd_options *o, struct observation *obs, struct watch *w)
{
	uint64_t began = observation_now_ns(), now = began, took = 0, until;
	uint64_t next = began + watch_interval(o, 0, 0);
	uint64_t end = o->run.timeout_ns ? began + o->run.timeout_ns : UINT64_MAX;
	bool show = can_show_progress(o);
	int err = 0;

	/* Of a user or a group, others may come. */
	while (!err && !obs->signals.ended_by && now < end &&
	       (!o->pids || watch_counts(w).processes)) {
		struct pollfd fd = {.fd = obs->signals.fd, .events = POLLIN};

		if (now >= next) {
			err = watch_look(w, &took);
			next = now + watch_interval(o, now - began, took);
		}
		if (show)
			show_progress(w, (now - began) / SECOND_NS);
		session_tick(&obs->session);
		/* Each second there is something to show or to write. */
		until = next < now + SECOND_NS ? next : now + SECOND_NS;
		until = until < end ? until : end;
		(void)poll(&fd, 1, (int)((until - now + 999999) / 1000000));
		signals_handle(&obs->signals);
		now = observation_now_ns();
	}
	if (show)
		fputs("\r\033[K", stderr);
	if (!err && o->pids && !watch_counts(w).processes)
		cmd_error("all that was watched has ended: the report goes up to there");
	return err;
}

/* From the first look to END. Returns an exit status. */
static int observe(const struct watch_cmd_options *o, struct watch_filter *filter,
		   struct observation *obs)
{
	struct watch_options options = {
	    .sample = {.emit = session_emit,
		       .emit_ctx = &obs->session,
		       .what = obs->command_line,
		       .pids = o->pids,
		       .pid_count = o->pid_count,
		       .wanted = o->user || o->cgroup ? watch_filter_wants : NULL,
		       .wanted_ctx = filter,
		       .self = (uint32_t)getpid()},
	    .no_bpf = o->run.source == SOURCE_CHOICE_PROC,
	    .only_bpf = o->run.source == SOURCE_CHOICE_BPF};
	struct watch *w;
	const char *why;
	int err = signals_open(0, &obs->signals);

	if (err) {
		cmd_error("signals cannot be caught: %s", strerror(-err));
		return STATUS_FAILED;
	}
	err = watch_open(&options, &w, &why);
	if (err) {
		cmd_error("processes cannot be watched: %s%s%s; 'forktally doctor' says what this "
			  "machine allows",
			  why, *why ? ": " : "", strerror(-err));
		return STATUS_FAILED;
	}
	if (*why)
		cmd_error("source bpf cannot be used: %s; forks of children that come and go "
			  "between two looks are not seen, and nothing can be called clean",
			  why);
	err = look_on(o, obs, w);
	if (!err)
		err = watch_end(w, o->run.timeout_ns ? obs->signals.ended_by : 0);
	watch_close(w);
	if (!err)
		return 0;
	cmd_error("watching failed: %s", strerror(-err));
	return STATUS_FAILED;
}

/* Those that were named must be there. */
static int find_all(const struct watch_cmd_options *o)
{
	for (size_t i = 0; i < o->pid_count; i++) {
		if (!kill((pid_t)o->pids[i], 0) || errno != ESRCH)
			continue;
		cmd_error("there is no process %u", o->pids[i]);
		return STATUS_FAILED;
	}
	return 0;
}

static int watch(const struct watch_cmd_options *o)
{
	struct watch_filter filter;
	struct observation obs;
	char what[TEXT_MAX];
	int status = find_all(o);

	if (!status)
		status = watch_filter_open(o->user, o->cgroup, &filter);
	if (status)
		return status;
	describe(o, what);
	obs = OBSERVATION_OF(&o->run, strdup(what));
	status = observation_prepare(&obs);
	if (!status)
		status = observe(o, &filter, &obs);
	if (!status)
		status = observation_report(&obs);
	observation_done(&obs);
	watch_filter_done(&filter);
	return status;
}

static void print_help(void)
{
	printf(
	    "Usage: forktally watch [OPTIONS] [PID...]\n"
	    "Looks at running processes now and then and tells who holds more and more with its\n"
	    "forks, and of what; by the rule of 'forktally run', for next to nothing. PIDs: these\n"
	    "and all processes below them; none: every process. The report goes to stderr.\n\n"
	    "Options:\n");
	options_help(watch_option_specs, stdout);
	printf("\nTIME is a number and one of ns us ms s m h d; no unit means seconds.\n"
	       "\nExit status: 0 clean; 23 something leaks; 24 inconclusive, also where nobody "
	       "forked\n"
	       "often enough to be judged; 125 forktally failed, or there is no such process.\n"
	       "\nWhat grows with time alone is a note, no leak. Ctrl-C and SIGTERM end the "
	       "watching,\n"
	       "and the report comes. Nothing is ever sent to the processes.\n"
	       "\nExamples:\n"
	       "  forktally watch --for=10m                     the whole machine\n"
	       "  forktally watch --for=1h $(pgrep -o nginx)    a server and its workers\n"
	       "  forktally watch --user=www-data --json -o report.json\n"
	       "  forktally watch --cgroup=/system.slice/cron.service --record=night.ndjson.zst\n");
}

int cmd_watch(int argc, char *const argv[])
{
	struct watch_cmd_options o;
	char error[OPTIONS_ERROR_BYTES];
	int status = 0;

	if (watch_options_parse(argc, argv, &o, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (o.run.help)
		print_help();
	else
		status = watch(&o);
	watch_options_done(&o);
	return status;
}
