/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/report.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <string.h>
#include <sys/ioctl.h>
#include "base/cleanup.h"
#include "cmd/cmd.h"
#include "cmd/output.h"
#include "cmd/suppress_file.h"
#include "out/json.h"
#include "out/text.h"
#include "verdict/suppress.h"
#include "verdict/verdict.h"
#include "view/view.h"

static void suppressions_freep(struct suppressions **list)
{
	suppressions_free(*list);
}

/* What must not be overwritten: the session and what was read already. */
struct taken {
	int fds[OUTPUT_TAKEN_MAX];
	size_t count, read; /* fds[0] to fds[read - 1] are ours to close */
};

static void taken_done(struct taken *taken)
{
	for (size_t i = 0; i < taken->read; i++)
		cleanup_close(&taken->fds[i]);
}

static void taken_init(struct taken *taken, const struct option_texts *read, int other_fd)
{
	for (size_t i = 0; i < read->count; i++)
		taken->fds[i] = open(read->at[i], O_PATH | O_CLOEXEC);
	taken->read = taken->count = read->count;
	taken->fds[taken->count++] = other_fd;
}

int report_open(const struct report_options *options, int other_fd, struct report *ret_report)
{
	_cleanup_(suppressions_freep) struct suppressions *suppressions = NULL;
	_cleanup_(taken_done) struct taken taken = {.count = 0};
	_cleanup_close_ int fd = -1;
	struct faces faces;
	int status;

	status = suppress_files_read(&options->suppress, &suppressions);
	if (status)
		return status;
	taken_init(&taken, &options->suppress, other_fd);
	if (options->path)
		status = output_open(options->path, "report", taken.fds, taken.count, &fd);
	if (!status) {
		taken.fds[taken.count++] = fd;
		status = faces_open(options, taken.fds, taken.count, &faces);
	}
	if (status)
		return status;
	*ret_report = (struct report){.options = options,
				      .fd = no_cleanup_fd(fd),
				      .faces = faces,
				      .suppressions = no_cleanup_ptr(suppressions)};
	return 0;
}

void report_close(struct report *report)
{
	if (report->fd >= 0)
		close(report->fd);
	report->fd = -1;
	faces_close(&report->faces);
	suppressions_free(report->suppressions);
	report->suppressions = NULL;
}

/* What the terminal or the file that gets the text can show. A file is the same everywhere. */
static struct text_options look(const struct report *report, int fd)
{
	struct text_options options = {.utf8 = true,
				       .suppressions = report->options->gen_suppressions};
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	options.colour = report->options->color == COLOR_ALWAYS;
	if (!isatty(fd)) {
		if (fd == STDERR_FILENO)
			options.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
		return options;
	}
	options.utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (report->options->color == COLOR_AUTO)
		options.colour = (!no_color || !*no_color) && term && strcmp(term, "dumb");
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		options.width = size.ws_col;
	return options;
}

struct print_job {
	const struct view *view;
	struct text_options options;
	bool json;
};

static int make_report(FILE *f, void *ctx)
{
	const struct print_job *job = ctx;

	return job->json ? json_write(f, job->view) : text_write(f, job->view, &job->options);
}

static int print(const struct report *report, const struct view *view, int fd)
{
	struct print_job job = {view, look(report, fd), report->options->json};

	return output_write(fd, make_report, &job);
}

static int print_to_file(struct report *report, const struct view *view)
{
	int err = print(report, view, report->fd), fd = no_cleanup_fd(report->fd);

	if (close(fd) && !err)
		err = -errno;
	if (!err)
		return 0;
	cmd_error("cannot write the report to '%s': %s; here it is:", report->options->path,
		  strerror(-err));
	(void)print(report, view, STDERR_FILENO); /* the status is that of a failure already */
	return err;
}

static int print_to_stderr(const struct report *report, const struct view *view)
{
	int err;

	if (report->options->quiet && !report->options->json && view->judgement == JUDGEMENT_CLEAN)
		return 0;
	err = print(report, view, STDERR_FILENO);
	if (err)
		cmd_error("cannot write the report to stderr: %s", strerror(-err));
	return err;
}

static int status_of(const struct report_options *options, const struct view *view)
{
	/* What was attached to is not ours to answer for: it lives on, or ends as it likes. */
	int own = view->before.processes ? 0 : view->exit_status;

	if (!options->error_exitcode && own >= 0)
		return own;
	if (view->judgement == JUDGEMENT_LEAK)
		return options->error_exitcode ? (int)options->error_exitcode : STATUS_LEAK;
	if (view->judgement == JUDGEMENT_INCONCLUSIVE || own < 0)
		return STATUS_INCONCLUSIVE;
	return own;
}

int report_write(struct report *report, const struct ledger *ledger)
{
	struct verdict *verdict = NULL;
	struct view *view = NULL;
	int err, status;

	err = verdict_new(ledger, &verdict);
	if (!err && report->suppressions)
		err = verdict_suppress(verdict, ledger, report->suppressions);
	if (!err)
		err = view_new(ledger, verdict, &view);
	verdict_free(verdict);
	if (err) {
		cmd_error("cannot make the report: %s", strerror(-err));
		report_close(report);
		return STATUS_FAILED;
	}
	status = status_of(report->options, view);
	err = report->fd >= 0 ? print_to_file(report, view) : print_to_stderr(report, view);
	if (faces_write(&report->faces, view) || err)
		status = STATUS_FAILED;
	view_free(view);
	report_close(report);
	return status;
}
