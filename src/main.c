/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "out/flush.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char *const argv[]);
	const char *summary;
} commands[] = {
    {"run", cmd_run, "run a program and check that what its forks took comes back"},
    {"attach", cmd_attach, "the same for a program that is running already"},
    {"watch", cmd_watch, "who holds more and more with its forks, in production"},
    {"replay", cmd_replay, "the same report from a session that was recorded"},
    {"ps", cmd_ps, "what every process holds now, kernel memory too"},
    {"top", cmd_top, "the same again and again on a full screen: who grows"},
    {"explain", cmd_explain, "all that one process holds, and what is unusual about it"},
    {"model", cmd_model, "a simulated kernel, its bugs switched on and off"},
    {"doctor", cmd_doctor, "what this machine allows, and what is lost without it"},
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void print_help(FILE *f)
{
	fprintf(f, "Usage: forktally COMMAND [OPTIONS] ...\n"
		   "Keeps the books on processes that fork: what a fork took must come back when\n"
		   "its process ends. Where it does not, forktally says how many bytes stay per\n"
		   "fork, what they are and who holds them.\n\n"
		   "Commands:\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(f, "  %-9s %s\n", commands[i].name, commands[i].summary);
	fprintf(f, "\n  forktally COMMAND --help    options and examples\n"
		   "  forktally --version\n\n"
		   "Try: forktally run -- sh -c 'for i in 1 2 3; do /bin/true; done'\n");
}

/*
 * Descriptors 0 to 2 that came closed must not become our report or recording. What stands in
 * for them fails on use, as a closed one does, and is closed for the command that we run.
 */
static int fill_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		int got;

		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		got = open("/dev/null", (fd ? O_RDONLY : O_WRONLY) | O_CLOEXEC);
		if (got != fd) /* cannot be another: all below it are open */
			return -1;
	}
	return 0;
}

static int run_command(int argc, char *argv[])
{
	if (argc < 2) {
		print_help(stderr);
		return STATUS_FAILED;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
		print_help(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		printf("forktally %s\n", *FORKTALLY_VERSION ? FORKTALLY_VERSION : "(unreleased)");
		return 0;
	}
	for (size_t i = 0; i < COMMANDS; i++) {
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 2, argv + 2);
	}
	if (argv[1][0] == '-')
		cmd_error("unknown option '%s'; options stand behind the command: forktally run "
			  "[OPTIONS] -- CMD",
			  argv[1]);
	else
		cmd_error("there is no command '%s'; to check a program: forktally run -- %s ...",
			  argv[1], argv[1]);
	return STATUS_FAILED;
}

int main(int argc, char *argv[])
{
	int status, err;

	if (fill_standard_fds())
		return STATUS_FAILED;
	setlocale(LC_CTYPE, "");
	status = run_command(argc, argv);
	err = flush_end(stdout);
	return err ? cmd_stdout_failed(err) : status;
}
