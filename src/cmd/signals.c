/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "base/cleanup.h"

static const int ending[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int other[] = {SIGUSR1, SIGUSR2, SIGWINCH, SIGTSTP, SIGCONT};

static bool is_ending(int sig)
{
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++) {
		if (sig == ending[i])
			return true;
	}
	return false;
}

/* nohup(1), and shells without job control for "&": an ignored signal stays ignored. */
static void add_unless_ignored(sigset_t *set, int sig)
{
	struct sigaction action;

	if (!sigaction(sig, NULL, &action) && action.sa_handler == SIG_IGN)
		return;
	sigaddset(set, sig);
}

static void make_sets(sigset_t *ret_all, sigset_t *ret_ending)
{
	sigemptyset(ret_ending);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		add_unless_ignored(ret_ending, ending[i]);
	*ret_all = *ret_ending;
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		add_unless_ignored(ret_all, other[i]);
}

int signals_open(pid_t command, struct signals *ret_signals)
{
	sigset_t all, end, mask;
	int fd;

	make_sets(&all, &end);
	fd = signalfd(-1, &all, SFD_NONBLOCK | SFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (sigprocmask(SIG_BLOCK, &all, &mask)) {
		int err = -errno;

		close(fd);
		return err;
	}
	*ret_signals = (struct signals){.fd = fd, .command = command, .mask = mask};
	/* Writing fails with EPIPE instead, which is reported. */
	ret_signals->ignored_pipe = signal(SIGPIPE, SIG_IGN) == SIG_IGN;
	return 0;
}

void signals_handle(struct signals *s)
{
	struct signalfd_siginfo info;

	while (read(s->fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int sig = (int)info.ssi_signo;
		/* The kernel sends what the terminal asks for to the whole foreground group. */
		bool for_group = info.ssi_code == SI_KERNEL;

		if (is_ending(sig)) {
			if (!s->ended_by)
				s->ended_by = sig;
			if (sig == SIGINT)
				s->interrupts++;
		}
		if (sig == SIGTSTP)
			s->suspend = true;
		/* The command may be gone by now, or be another user's: nothing to be done. */
		if (!for_group && s->command > 0)
			(void)kill(s->command, sig);
	}
}

int signals_command_ended(struct signals *s)
{
	sigset_t all, end, stop;

	make_sets(&all, &end);
	sigemptyset(&stop);
	if (s->command)
		sigaddset(&stop, SIGTSTP);
	s->command = 0;
	signals_handle(s); /* the Ctrl-C that ended the command */
	if (signalfd(s->fd, &end, 0) < 0 || sigprocmask(SIG_UNBLOCK, &stop, NULL))
		return -errno;
	return 0;
}

void signals_stop_self(void)
{
	sigset_t stop, before;

	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	(void)raise(SIGTSTP); /* pending now; it strikes when it is let through */
	if (!sigprocmask(SIG_UNBLOCK, &stop, &before))
		(void)sigprocmask(SIG_SETMASK, &before, NULL);
}

bool signals_is_stopped(pid_t pid)
{
	char path[64], line[512];
	_cleanup_close_ int fd = -1;
	const char *state;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	n = read(fd, line, sizeof(line) - 1);
	if (n <= 0)
		return false;
	line[n] = '\0';
	state = strrchr(line, ')'); /* the name before it may hold anything */
	return state && state[1] == ' ' && (state[2] == 'T' || state[2] == 't');
}

void signals_close(struct signals *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

void signals_undo(struct signals *s)
{
	if (s->fd < 0)
		return;
	signals_close(s);
	if (!s->ignored_pipe)
		signal(SIGPIPE, SIG_DFL);
	(void)sigprocmask(SIG_SETMASK, &s->mask, NULL); /* the values are valid */
}
