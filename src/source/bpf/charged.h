/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * charged.h - all that the kernel charges a memory cgroup for, object by object (charged.bpf.c).
 *
 * A look at every page of the machine: some 50 ms for each GiB, nothing before and after.
 */
#ifndef FORKTALLY_BPF_CHARGED_H
#define FORKTALLY_BPF_CHARGED_H

#include "source/bpf/machine.h"
#include "source/census.h"

/**
 * charged_scan() - list what is charged to a group and those below it.
 * @payer: census_process.payer of those in the group.
 *
 * Errors: -ENOTSUP this kernel does not tell where its memory is; -ENOMEM; -errno of bpf(2).
 */
int charged_scan(const struct machine *m, uint64_t payer, struct census_charges *ret_charges);

#endif
