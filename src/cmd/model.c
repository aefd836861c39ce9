/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * model.c - "forktally model": a simulated kernel with its bugs switched on and off, through the
 * same books and reports as a real one. What Performance Monitor would show goes to stdout, the
 * report where that of "run" goes.
 */
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "cmd/model_counters.h"
#include "cmd/model_options.h"
#include "cmd/report.h"
#include "cmd/session.h"
#include "event/log_reader.h"
#include "event/log_writer.h"
#include "ledger/ledger.h"
#include "verdict/verdict.h"

#define SCRIPT_BYTES_MAX (1 << 20)
#define LIMIT_ROWS	 4 /* "how much later with each limit": twice as much each */

struct job {
	const struct model_cmd_options *options;
	struct scenario *scenario; /* NULL: from a session */
	const char *name;
};

/* Returns 0 or the exit status. */
static int read_script(const char *path, char **ret_text, size_t *ret_length)
{
	_cleanup_free_ char *text = malloc(SCRIPT_BYTES_MAX + 1);
	FILE *f = strcmp(path, "-") ? fopen(path, "re") : stdin;
	int err = f ? 0 : errno;

	if (text && f) {
		*ret_length = fread(text, 1, SCRIPT_BYTES_MAX + 1, f);
		err = ferror(f) ? errno : *ret_length > SCRIPT_BYTES_MAX ? EFBIG : 0;
	}
	if (f && f != stdin)
		(void)fclose(f); /* it was only read */
	if (!text || err) {
		cmd_error("cannot read the scenario '%s': %s%s", path,
			  text ? strerror(err) : "out of memory",
			  err == ENOENT
			      ? "; those that come with the program: forktally model --list"
			      : "");
		return STATUS_FAILED;
	}
	*ret_text = no_cleanup_ptr(text);
	return 0;
}

static int load_scenario(const char *name, struct scenario **ret_scenario)
{
	const struct builtin *builtin = builtin_find(name);
	_cleanup_free_ char *text = NULL;
	char error[MODEL_ERROR_BYTES];
	size_t length = 0;
	int status;

	if (!builtin) {
		status = read_script(name, &text, &length);
		if (status)
			return status;
	}
	if (scenario_parse(name, builtin ? builtin->text : text,
			   builtin ? strlen(builtin->text) : length, ret_scenario, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	return 0;
}

/* ---- one run ----------------------------------------------------------------------------------
 */

static int run_session(const struct job *job, const struct model_options *opts,
		       struct model_result *result)
{
	_cleanup_(log_reader_freep) struct log_reader *reader = NULL;
	_cleanup_(model_rerun_freep) struct model_rerun *rerun = NULL;
	const char *path = job->options->from_path;
	struct event ev;
	int state = 1, err;
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
				   : fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);

	err = fd < 0 ? -errno : log_reader_new(fd, &reader);
	if (err) {
		cmd_error("cannot open the session '%s': %s", path, strerror(-err));
		return STATUS_FAILED;
	}
	err = model_rerun_new(opts, &rerun);
	while (!err && (state = log_reader_next(reader, &ev)) == 1)
		err = model_rerun_apply(rerun, &ev);
	if (state < 0) {
		cmd_error("%s:%llu: %s", path, (unsigned long long)log_reader_line(reader),
			  log_reader_error(reader));
		return STATUS_FAILED;
	}
	if (!err)
		err = model_rerun_end(rerun, result);
	if (err)
		cmd_error("cannot run '%s' through the model: %s", path, strerror(-err));
	return err ? STATUS_FAILED : 0;
}

/* @session NULL: only the result is wanted. Returns 0 or the exit status. */
static int run_once(const struct job *job, bool fixed, struct session *session,
		    struct counters *counters, const uint64_t limit[MODEL_POOLS],
		    struct model_result *result)
{
	const struct model_cmd_options *o = job->options;
	struct model_options opts = {.seed = o->seed,
				     .cpus = (unsigned)o->cpus,
				     .defects = o->defects,
				     .fixed = fixed,
				     .command = job->name,
				     .emit = session ? session_emit : NULL,
				     .emit_ctx = session,
				     .sample = counters ? counters_add : NULL,
				     .sample_ctx = counters};
	int err;

	memcpy(opts.limit, limit, sizeof(opts.limit));
	if (!job->scenario)
		return run_session(job, &opts, result);
	err = model_run(job->scenario, &opts, result);
	if (err == -ERANGE)
		cmd_error("%s: the limits leave no room for one process", job->name);
	else if (err)
		cmd_error("cannot run '%s': %s", job->name, strerror(-err));
	return err ? STATUS_FAILED : 0;
}

/* ---- what it says on stdout -------------------------------------------------------------------
 */

static void print_end(const struct model_result *r)
{
	if (r->stopped)
		printf("Nothing could go on: the first process was killed.\n");
	if (r->failed_pool >= 0)
		printf("fork failed after %llu forks: the %s quota of %llu bytes was full.\n",
		       (unsigned long long)r->forks_at_failure, model_pool_names[r->failed_pool],
		       (unsigned long long)r->limit[r->failed_pool]);
	else
		printf("No fork failed in %llu.\n", (unsigned long long)r->forks);
	printf("Still charged to the quota block at the end: %llu pagefile, %llu nonpaged, %llu "
	       "paged.\n",
	       (unsigned long long)r->end[0], (unsigned long long)r->end[1],
	       (unsigned long long)r->end[2]);
}

/* How much later does fork fail with more? Each is a run of its own. */
static int print_limits(const struct job *job, const struct model_result *first)
{
	uint64_t limit[MODEL_POOLS];
	int pool = first->failed_pool;

	if (pool < 0)
		return 0;
	memcpy(limit, job->options->limit, sizeof(limit));
	printf("\n%20s  %s\n", model_pool_names[pool], "forks until fork fails");
	for (int i = 0; i < LIMIT_ROWS; i++) {
		struct model_result r = *first;
		int status;

		limit[pool] = first->limit[pool] << i;
		status = i ? run_once(job, job->options->fixed, NULL, NULL, limit, &r) : 0;
		if (status)
			return status;
		if (r.failed_pool < 0)
			printf("%20llu  none failed in %llu\n", (unsigned long long)limit[pool],
			       (unsigned long long)r.forks);
		else
			printf("%20llu  %llu%s%s\n", (unsigned long long)limit[pool],
			       (unsigned long long)r.forks_at_failure,
			       r.failed_pool == pool ? "" : ", for want of ",
			       r.failed_pool == pool ? "" : model_pool_names[r.failed_pool]);
	}
	return 0;
}

static void print_head(const struct job *job)
{
	printf("%s on %llu simulated processor%s, seed %llu\n", job->name,
	       (unsigned long long)job->options->cpus, job->options->cpus == 1 ? "" : "s",
	       (unsigned long long)job->options->seed);
}

static struct counters_look look_of(const struct report_options *o)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct counters_look look = {.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8"),
				     .colour = o->color == COLOR_ALWAYS};
	struct winsize size;

	if (o->color == COLOR_AUTO)
		look.colour = isatty(STDOUT_FILENO) && (!no_color || !*no_color) && term &&
			      strcmp(term, "dumb");
	if (!ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		look.width = size.ws_col;
	return look;
}

static int print_judgement(const char *which, const struct ledger *ledger)
{
	struct verdict *v;

	if (verdict_new(ledger, &v)) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	printf("%s: %s", which, judgement_name(v->judgement));
	for (size_t i = 0; i < v->finding_count; i++)
		printf("%s %s (%s), %.0f bytes per fork", i ? "," : ":", v->findings[i].cause,
		       where_name(v->findings[i].where), v->findings[i].bytes_per_fork);
	printf("\n");
	verdict_free(v);
	return 0;
}

static int compare(const struct job *job, struct session *session)
{
	_cleanup_(session_done) struct session fixed = {0};
	struct counters bad = {.count = 0}, good = {.count = 0};
	struct model_result r, r_fixed;
	struct counters_look look = look_of(&job->options->report);
	int status;

	if (session_init(&fixed, NULL, NULL)) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	status = run_once(job, false, session, &bad, job->options->limit, &r);
	if (!status)
		status = run_once(job, true, &fixed, &good, job->options->limit, &r_fixed);
	if (status || job->options->report.json || job->options->report.quiet)
		return status;
	print_head(job);
	counters_print_both(stdout, &bad, &good);
	counters_plot(stdout, &bad, &good, &look);
	printf("\nWith the defect: ");
	print_end(&r);
	printf("Fixed: ");
	print_end(&r_fixed);
	status = print_judgement("\nwith the defect", session->ledger);
	return status ? status : print_judgement("fixed", fixed.ledger);
}

static int run_one(const struct job *job, struct session *session)
{
	struct counters counters = {.count = 0};
	struct model_result r;
	int status =
	    run_once(job, job->options->fixed, session, &counters, job->options->limit, &r);

	if (status || job->options->report.json || job->options->report.quiet)
		return status;
	print_head(job);
	counters_print(stdout, &counters);
	print_end(&r);
	return print_limits(job, &r);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static int model(const struct model_cmd_options *options)
{
	_cleanup_(scenario_freep) struct scenario *scenario = NULL;
	_cleanup_(session_done) struct session session = {0};
	_cleanup_(report_close) struct report report = {.fd = -1};
	struct job job = {.options = options,
			  .name = options->scenario ? options->scenario : options->from_path};
	struct log_writer *log = NULL;
	int log_fd = -1, status = 0;

	if (options->scenario)
		status = load_scenario(options->scenario, &scenario);
	job.scenario = scenario;
	if (!status && options->record_path)
		status = recording_open(options->record_path, &log_fd, &log);
	if (!status)
		status = report_open(&options->report, log_fd, &report);
	if (status) {
		(void)log_writer_close(log); /* nothing worth keeping */
		return status;
	}
	if (session_init(&session, log, options->record_path)) {
		cmd_error("out of memory");
		return STATUS_FAILED;
	}
	status = options->compare ? compare(&job, &session) : run_one(&job, &session);
	if (!status && fflush(stdout))
		return cmd_stdout_failed(-errno);
	return status ? status : report_write(&report, session.ledger);
}

static int print_list(void)
{
	printf("Scenarios (each switches on the defect of its name):\n");
	for (size_t i = 0; builtin_at(i); i++)
		printf("  %-18s %s\n", builtin_at(i)->name, builtin_at(i)->summary);
	printf("\nDefects:\n");
	for (int i = 0; i < DEFECT_COUNT; i++)
		printf("  %-18s %s\n", defect_name((enum defect)i), defect_text((enum defect)i));
	return 0;
}

static void print_help(FILE *f)
{
	fprintf(f,
		"Usage: forktally model [OPTIONS] [SCENARIO]\n"
		"Runs processes that fork on a simulated kernel whose quota bugs can be switched\n"
		"on and off, and checks its books as those of a real one. SCENARIO is a script\n"
		"(forktally-model(1) has its language) or one of --list; without it q252193: the\n"
		"bug of Microsoft's article Q252193. What Performance Monitor would show goes to\n"
		"stdout, the report to stderr.\n\n"
		"Options:\n");
	options_help(model_option_specs, f);
	fprintf(f, "\nExit status: 23 a leak, 24 inconclusive, else that of the scenario's first\n"
		   "process; 125 when SCENARIO or FILE cannot be read.\n"
		   "\nExamples:\n"
		   "  forktally model q252193\n"
		   "  forktally model q252193 --compare\n"
		   "  forktally model q252193 --fixed --cpus=4\n"
		   "  forktally model exit-race --cpus=2 --seed=7\n"
		   "  forktally model --defect=failed-fork --limit=nonpaged=1M my.scenario\n"
		   "  forktally model --from=night.ndjson.zst\n");
}

int cmd_model(int argc, char *const argv[])
{
	struct model_cmd_options options;
	char error[OPTIONS_ERROR_BYTES];

	if (model_options_parse(argc, argv, &options, error)) {
		cmd_error("%s", error);
		return STATUS_FAILED;
	}
	if (options.help) {
		print_help(stdout);
		return 0;
	}
	return options.list ? print_list() : model(&options);
}
