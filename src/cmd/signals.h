/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * signals.h - what happens to us is for the command: signals that a process sends to forktally
 * are sent on to it. What the terminal sends goes to the whole foreground group, the command
 * has it already. forktally itself does not die of them, so that it can still report.
 */
#ifndef FORKTALLY_SIGNALS_H
#define FORKTALLY_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct signals {
	int fd; /* signalfd: readable when there is something for signals_handle() */
	pid_t command;	     /* 0: none, or gone */
	int ended_by;	     /* the first signal that asked for the end of the run; 0: none */
	unsigned interrupts; /* how many times SIGINT came */
	bool suspend;	     /* we are asked to stop (Ctrl-Z); the caller clears it */
	bool ignored_pipe;   /* SIGPIPE was ignored before us */
	sigset_t mask;	     /* as it was before us */
};

/**
 * signals_open() - from now on nothing interrupts us.
 * @command: the process that signals are sent on to. It must have been forked before, for it
 *           would inherit our mask. 0: nobody, and Ctrl-Z does nothing at all.
 * Errors:  -errno.
 */
int signals_open(pid_t command, struct signals *ret_signals);

/* Reads all that is pending, sends on what must be. */
void signals_handle(struct signals *s);

/*
 * The command is gone: nothing is sent on any more, fd is readable only for requests to end that
 * come from now on, and Ctrl-Z stops us without more ado (not where there was no command).
 * Errors: -errno.
 */
int signals_command_ended(struct signals *s);

/*
 * Stops us as Ctrl-Z does, until SIGCONT. Where nobody could continue us (the process group is
 * orphaned) nothing happens.
 */
void signals_stop_self(void);

/* Does this process stand still (stopped, or held by a tracer)? False when it is gone. */
bool signals_is_stopped(pid_t pid);

/* The mask stays: what comes late must not kill us while we report. */
void signals_close(struct signals *s);

/* As if signals_open() had not been: for another command that inherits what we have. */
void signals_undo(struct signals *s);

#endif
