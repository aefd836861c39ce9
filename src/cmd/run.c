/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * run.c - "forktally run": launch the command, let a source watch it, keep the books, report.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/words.h"
#include "cmd/cmd.h"
#include "cmd/observation.h"

#define KILL_AFTER_NS 2000000000ULL /* from a timeout's SIGTERM to its SIGKILL */
#define GIVE_UP_NS    5000000000ULL /* from SIGKILL to no longer waiting for the command */

struct run {
	struct observation observation; /* first: what keep_on() gets is ours */
	bool terminated, killed;	/* SIGTERM, SIGKILL went to the tree */
	uint64_t kill_ns, give_up_ns;
};

/* Ctrl-Z: when the command has stopped, we stop too, so that the shell sees its job stopped. */
static void suspend(struct observation *o)
{
	int held = 0;

	o->signals.suspend = false;
	for (int i = 0; i < 50; i++) {
		if (o->source->ops->poll(o->source, 10) != 1)
			return;
		held = signals_is_stopped(o->launch.pid) ? held + 1 : 0;
		if (held < 3) /* a tracer's stops are short */
			continue;
		signals_stop_self();
		return; /* SIGCONT came to us, and to the command with it or through us */
	}
}

static void kill_tree(struct run *run, uint64_t now)
{
	run->killed = true;
	run->give_up_ns = now + GIVE_UP_NS;
	run->observation.source->ops->kill(run->observation.source, SIGKILL);
}

/* Deadlines and second Ctrl-Cs. False: the command is not waited for any longer. */
static bool keep_waiting(struct observation *o, uint64_t now)
{
	struct run *run = (struct run *)o;

	if (o->signals.suspend)
		suspend(o);
	if (o->deadline_ns && now >= o->deadline_ns) {
		o->deadline_ns = 0;
		run->terminated = true;
		run->kill_ns = now + KILL_AFTER_NS;
		if (!o->signals.ended_by)
			o->signals.ended_by = SIGALRM; /* which is what a timeout is called */
		o->source->ops->kill(o->source, SIGTERM);
	}
	if (!run->killed &&
	    ((run->terminated && now >= run->kill_ns) || o->signals.interrupts >= 2))
		kill_tree(run, now);
	return !run->killed || now < run->give_up_ns;
}

static int report_not_run(const char *name, int err)
{
	struct stat st;

	if (err == -ENOENT && !strchr(name, '/'))
		cmd_error("cannot run '%s': there is no such command in PATH", name);
	else if (err == -ENOENT && !stat(name, &st))
		cmd_error("cannot run '%s': the interpreter that it names does not exist", name);
	else
		cmd_error("cannot run '%s': %s", name, strerror(-err));
	return err == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

/* From the open source to its END. Returns an exit status. */
static int observe(struct run *run)
{
	struct observation *o = &run->observation;
	int err, exec_err = 0;

	if (o->options->timeout_ns)
		o->deadline_ns = observation_now_ns() + o->options->timeout_ns;
	err = observation_until(o, keep_waiting);
	err = err < 0 ? err : 0;
	/* A source may stop because of it; not known, and not to be waited for, if that came first.
	 */
	if (!err || o->launch.result != LAUNCH_PENDING)
		exec_err = launch_result(&o->launch);
	if (exec_err)
		return report_not_run(o->options->command[0], exec_err);
	if (!err)
		err = signals_command_ended(&o->signals);
	return observation_settle(o, o->signals.ended_by, err);
}

static int run_command(struct run *run)
{
	int status = observation_prepare(&run->observation);

	if (!status)
		status = observation_open(&run->observation);
	if (status)
		return status;
	status = observe(run);
	/* Before the report: when that stands there, nothing of the run is left. */
	observation_close(&run->observation);
	return status ? status : observation_report(&run->observation);
}

static void print_help(FILE *f)
{
	fprintf(f,
		"Usage: forktally run [OPTIONS] [--] CMD [ARG...]\n"
		"Runs CMD and keeps the books on every process that it forks. The report goes to\n"
		"stderr: does everything that a fork took come back, and if not, how much stays\n"
		"per fork, what it is and who holds it.\n\n"
		"Options:\n");
	options_help(run_option_specs, f);
	fprintf(
	    f, "\nTIME is a number and one of ns us ms s m h d; no unit means seconds.\n"
	       "\nExit status: the command's own when the verdict is clean (128+N when signal N\n"
	       "ended it); 23 a leak, even if the command failed; 24 inconclusive; 125 forktally\n"
	       "failed; 126 the command cannot be run; 127 there is no such command.\n"
	       "\nCtrl-C ends the run and still reports; a second one kills all of its processes,\n"
	       "a third one shortens settling. Signals sent to forktally go on to CMD.\n"
	       "\nExamples:\n"
	       "  forktally run -- make -j2\n"
	       "  forktally run --timeout=5m --json -o report.json -- ./server --port 8080\n"
	       "  forktally run --record=night.ndjson.zst -q -- ./nightly.sh\n"
	       "  forktally replay night.ndjson.zst\n");
}

int cmd_run(int argc, char *const argv[])
{
	struct run_options options;
	char error[OPTIONS_ERROR_BYTES];
	struct run run;
	int status;

	if (run_options_parse(argc, argv, &options, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (options.help) {
		print_help(stdout);
		return 0;
	}
	run = (struct run){.observation = OBSERVATION_OF(&options, words_join(options.command))};
	status = run_command(&run);
	observation_done(&run.observation);
	return status;
}
