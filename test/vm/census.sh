#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# census.sh - the table of test/census.sh with a version 2 memory cgroup, on other kernels, in virtual machines.
#
# usage: test/vm/census.sh [KERNEL..]    of those that kernel.sh knows, else 6.12
#   BUILD, VM_SECONDS, VM_KEEP           as for run.sh
#
# Covers the workloads that stand still; prints the table, then what is more than 1 % off. Not: real programs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. test/vm/machine.sh
virtual_machines || exit 0

still="idle pipes unix tcp epoll maps threads zombies memory shared"
{
	echo "keep plain mkdir /tmp/keep"
	echo "table plain env KEEP=/tmp/keep bash /test/census.sh $still"
	for w in $still; do echo "$w plain cat /tmp/keep/$w.json"; done
} >"$TMPDIR/runs"
make_initramfs "$TMPDIR/initramfs" "$TMPDIR/runs" || exit 1
[ $# -gt 0 ] || set -- 6.12
for kernel; do
	dir=$TMPDIR/$kernel
	image=$(kernel_fetch "$kernel") || { skip "$kernel" "$image"; continue; }
	boot "$kernel" "$image" "$TMPDIR/initramfs" "$dir" || continue
	cat "$dir/table.out" "$dir/table.err" 2>/dev/null
	for w in $still; do
		read -r census kernel_bytes private smaps < <(awk -v w="$w" '$1 == w { print $3 + $4, $5, $8, $9 }' "$dir/table.out")
		near "$kernel: $w: the kernel charges what the census reaches" "${kernel_bytes:-none}" "${census:-none}" 1
		near "$kernel: $w: private memory is that of smaps_rollup" "${smaps:-none}" "${private:-none}" 1
	done
	[ -z "${VM_KEEP:-}" ] || { mkdir -p "$VM_KEEP/$kernel" && cp "$dir"/* "$VM_KEEP/$kernel/"; }
done
