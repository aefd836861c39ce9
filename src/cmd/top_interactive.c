/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* "forktally top" on a terminal: looks, keys, signals. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd/cmd.h"
#include "cmd/top_state.h"
#include "out/top_screen.h"

#define STUCK_SECONDS 1

static volatile sig_atomic_t ended_by, continued;

static void on_end(int signal_number)
{
	ended_by = signal_number;
	(void)alarm(STUCK_SECONDS);
}

/* What we write to takes nothing more, and nobody waits for us any longer. */
static void on_stuck(int signal_number)
{
	sigset_t none;

	(void)signal_number;
	top_screen_abandon();
	(void)signal(ended_by, SIG_DFL);
	(void)raise(ended_by);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static void on_continue(int signal_number)
{
	(void)signal_number;
	continued = 1;
}

/* SA_RESETHAND: the second time it kills us as it would have. */
static void on_crash(int signal_number)
{
	top_screen_crash();
	(void)raise(signal_number);
}

static const int endings[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

/* They come only while we wait or write: nothing is interrupted. */
static void take_signals(sigset_t *ret_waiting)
{
	struct sigaction end = {.sa_handler = on_end, .sa_flags = SA_RESTART};
	struct sigaction cont = {.sa_handler = on_continue}, stuck = {.sa_handler = on_stuck};
	struct sigaction crash = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND};
	sigset_t block;

	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		sigaction(endings[i], &end, NULL);
		sigaddset(&block, endings[i]);
	}
	for (size_t i = 0; i < sizeof(crashes) / sizeof(crashes[0]); i++)
		sigaction(crashes[i], &crash, NULL);
	sigaction(SIGCONT, &cont, NULL);
	sigaction(SIGALRM, &stuck, NULL);
	sigaddset(&block, SIGCONT);
	sigaddset(&block, SIGWINCH);
	sigaddset(&block, SIGTSTP);
	sigprocmask(SIG_BLOCK, &block, ret_waiting);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		sigdelset(ret_waiting, endings[i]);
}

/* We end as what ended us wants it, the terminal restored. */
static void end_as(int signal_number, const sigset_t *waiting)
{
	(void)signal(signal_number, SIG_DFL);
	(void)raise(signal_number);
	sigprocmask(SIG_SETMASK, waiting, NULL);
}

/*
 * Until something happens or it is time; 0 never. ppoll(2) lets signals in only while it waits, and
 * it does not wait where something stands ready: they get their turn behind it.
 * False: the terminal is gone.
 */
static bool wait_for_something(uint64_t until_ns, const sigset_t *waiting)
{
	uint64_t now = top_clock_ns(), left = until_ns > now ? until_ns - now : 0;
	struct timespec t = {(time_t)(left / 1000000000), (long)(left % 1000000000)};
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	int ready = ppoll(&in, 1, until_ns ? &t : NULL, waiting), err = errno;
	sigset_t ours;

	sigprocmask(SIG_SETMASK, waiting, &ours);
	sigprocmask(SIG_SETMASK, &ours, NULL);
	if (ready < 0)
		return err == EINTR;
	return !(in.revents & (POLLHUP | POLLERR | POLLNVAL));
}

/* What we write to may stand still: then what ends us is let in, to end us after a second. */
static void draw(struct top *t, struct top_state *s)
{
	sigset_t let_in, ours;

	sigemptyset(&let_in);
	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++)
		sigaddset(&let_in, endings[i]);
	sigprocmask(SIG_UNBLOCK, &let_in, &ours);
	top_state_draw(t, s, continued);
	sigprocmask(SIG_SETMASK, &ours, NULL);
	continued = 0;
}

static int look(struct top *t, struct top_state *s, bool all_kinds)
{
	int status = top_look(t, all_kinds);

	if (status)
		return status;
	top_state_refit(t, s);
	return top_state_detail(t, s);
}

static int run(struct top *t, struct top_state *s, const sigset_t *waiting)
{
	uint64_t next = top_clock_ns() + t->options->interval_ns;
	int status = look(t, s, false);

	while (!status && !s->quit && !ended_by) {
		struct top_event event;
		uint64_t now;

		draw(t, s);
		if (t->looks == t->options->count)
			s->last = true; /* it is shown until it would be looked at again */
		if (!wait_for_something(s->frozen ? 0 : next, waiting)) {
			ended_by = SIGHUP;
			break;
		}
		while (!status && !s->quit && !ended_by && top_screen_event(&event)) {
			status = top_state_handle(t, s, &event);
			if (s->look_now) {
				s->look_now = false;
				status = look(t, s, true);
			}
		}
		now = top_clock_ns();
		if (status || s->quit || s->frozen || now < next)
			continue;
		if (s->last)
			break;
		next += t->options->interval_ns;
		if (next < now) /* we stood still, or a look takes longer */
			next = now + t->options->interval_ns;
		status = look(t, s, false);
	}
	return status;
}

int top_interactive(struct top *t)
{
	struct census_screen screen = census_screen_look((enum color)t->options->color);
	struct top_state state = {.utf8 = screen.utf8};
	sigset_t waiting;
	int err = top_screen_open(screen.colour), status;

	if (err == -ENOTTY)
		cmd_error("top needs a terminal on stdin and stdout; use -b for plain text");
	else if (err)
		cmd_error("the terminal '%.40s' cannot show a screen, or nothing is known of it; "
			  "use -b for plain text",
			  getenv("TERM") ? getenv("TERM") : "");
	if (err)
		return STATUS_FAILED;
	take_signals(&waiting);
	status = run(t, &state, &waiting);
	top_screen_close();
	top_state_done(&state);
	if (status) /* what was said is gone with the screen: once more */
		status = top_look(t, true) ? STATUS_FAILED : status;
	if (ended_by)
		end_as(ended_by, &waiting);
	return status;
}
