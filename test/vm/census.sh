#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# census.sh - the table of test/census.sh with a version 2 memory cgroup, and the edges of the census, on other
# kernels, in virtual machines.
#
# usage: test/vm/census.sh [KERNEL..]    of those that kernel.sh knows, else 6.12
#   BUILD, VM_SECONDS, VM_KEEP           as for run.sh
#
# Covers the workloads that stand still; prints the table, then what is more than 1 % off; the storm of
# test_census_storm; test/e2e/census_edges.sh. Not: real programs.
set -u
cd "$(dirname "$0")/../.." || exit 1
. test/vm/machine.sh
virtual_machines || exit 0

still="idle pipes unix tcp epoll maps threads zombies memory shared"
{
	echo "keep plain mkdir /tmp/keep"
	echo "table plain env KEEP=/tmp/keep bash /test/census.sh $still"
	for w in $still; do echo "$w plain cat /tmp/keep/$w.json"; done
	for source in bpf proc; do echo "edges.$source plain env FORKTALLY_SOURCE=$source bash /census_edges.sh"; done
	echo "storm plain test_census_storm"
} >"$TMPDIR/runs"
tools="unshare setpriv pgrep $BUILD/unit/test_census_storm"
make_initramfs "$TMPDIR/initramfs" "$TMPDIR/runs" test/e2e/census_edges.sh || exit 1
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
	for source in bpf proc; do sed -n "s/^[a-z ]* - /&$kernel: /p" "$dir/edges.$source.out"; done
	expect "$kernel: processes that change during a census" 0 "$(head -n 1 "$dir/storm.status" 2>/dev/null)"
	expect "$kernel: the kernel does not complain" "" "$(head -n 1 "$dir/end.complaints" 2>/dev/null || echo -)"
	[ -z "${VM_KEEP:-}" ] || { mkdir -p "$VM_KEEP/$kernel" && cp "$dir"/* "$VM_KEEP/$kernel/"; }
done
