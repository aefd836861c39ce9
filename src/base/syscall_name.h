/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * syscall_name.h - names of system calls on the architecture this is compiled for: all that the
 * kernel's headers knew there (base/syscall_names.h is made from them by the Makefile).
 */
#ifndef FORKTALLY_SYSCALL_NAME_H
#define FORKTALLY_SYSCALL_NAME_H

/* "" for a number that they did not know. */
const char *syscall_name(int nr);

#endif
