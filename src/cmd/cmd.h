/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * cmd.h - the subcommands. Each takes the words behind its name (argv[argc] is NULL) and
 * returns the exit status. Only they and main() print errors or decide how we exit.
 */
#ifndef FORKTALLY_CMD_H
#define FORKTALLY_CMD_H

#define STATUS_LEAK	      23
#define STATUS_INCONCLUSIVE   24
#define STATUS_FAILED	      125 /* forktally itself failed */
#define STATUS_NOT_EXECUTABLE 126
#define STATUS_NOT_FOUND      127

int cmd_run(int argc, char *const argv[]);
int cmd_attach(int argc, char *const argv[]);
int cmd_watch(int argc, char *const argv[]);
int cmd_replay(int argc, char *const argv[]);
int cmd_ps(int argc, char *const argv[]);
int cmd_top(int argc, char *const argv[]);
int cmd_explain(int argc, char *const argv[]);
int cmd_model(int argc, char *const argv[]);
int cmd_doctor(int argc, char *const argv[]);

/* "forktally: " and the text and a newline to stderr. */
void cmd_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Says once, however often it is called, that stdout cannot be written. @err: -errno. Returns
 * STATUS_FAILED. */
int cmd_stdout_failed(int err);

#endif
