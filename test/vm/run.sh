#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# run.sh - forktally on other kernels, in virtual machines without hardware help (QEMU, x86-64).
#
# usage: test/vm/run.sh [KERNEL..]    all that kernel.sh knows, else these ("6.1", or a vmlinuz file)
#   BUILD=build        the build to test
#   VM_SECONDS=1200    how long one kernel may take
#   VM_KEEP=DIR        keep each kernel's console, reports and a row for doc/kernel-matrix.md there
#   VM_RUNS=FILE       other runs than those below (then nothing is judged; for looking by hand)
#
# Covers, for each kernel, with a version 2 memory cgroup: the exact source calls clean programs
# clean and leaking ones leaking, with cause, count and bytes per fork as the kernel's own cgroup
# says (of locks, keys, groups and queues: without the bytes), nothing lost, and both books near each
# other; the source without privileges finds the same.
# Kernels come from Debian and are kept in $XDG_CACHE_HOME/forktally-vm; nothing is installed.
set -u
cd "$(dirname "$0")/../.." || exit 1
. test/vm/machine.sh

virtual_machines || exit 0

# name, then a source and what it runs, or "oracle POOL PROGRAM LEAKS".
runs()
{
	cat <<-RUNS
	bpf.clean_fork bpf clean_fork 200
	bpf.clean_vfork_exec bpf clean_vfork_exec 100
	bpf.clean_threads bpf clean_threads 50
	bpf.clean_pipe_refill bpf clean_pipe_refill 100
	bpf.hold50 bpf hold50 20 6
	bpf.leak_pipe bpf leak_pipe 100
	bpf.leak_zombie bpf leak_zombie 100
	bpf.leak_shm bpf leak_shm 50
	bpf.leak_heap bpf leak_heap 100
	bpf.leak_mqueue bpf leak_mqueue 50
	bpf.leak_lock bpf leak_lock 50
	bpf.leak_key bpf leak_key 50
	bpf.leak_cgroup bpf leak_cgroup 50
	proc.clean_fork proc clean_fork 50
	proc.leak_pipe proc leak_pipe 50
	oracle.leak_pipe oracle kernel leak_pipe 300
	oracle.leak_zombie oracle kernel leak_zombie 200
	oracle.leak_shm oracle shared leak_shm 200
	oracle.leak_heap oracle private leak_heap 100
	doctor plain forktally doctor
	RUNS
}

# Difference of the two books at their largest, in percent of the kernel's.
books()
{
	field "$1" '[.books[] | select(.moment == "highest")][0] | if .kernel_bytes then
		(.difference_bytes * 10000 / .kernel_bytes | round / 100) else "unknown" end'
}

judge_books() # KERNEL REPORT
{
	local difference
	difference=$(books "$2")
	if [ "$difference" = unknown ]; then
		skip "$1: both books" "$(field "$2" '.not_seen[] | select(startswith("the kernel'"'"'s own book"))')"
	else
		near "$1: both books with hold50 ($difference %)" 100 "$(echo "$difference" | awk '{ print 100 + $1 }')" 1
	fi
}

clean() # KERNEL DIR RUN FORKS
{
	local name="$1: $3" report=$2/$3.report
	expect "$name: exit status" 0 "$(head -n 1 "$2/$3.status" 2>/dev/null)"
	expect "$name: verdict" clean "$(field "$report" .verdict)"
	expect "$name: no finding" "" "$(field "$report" '[.findings[].cause] | join(" ")')"
	expect "$name: forks" "$4" "$(field "$report" .forks)"
	expect "$name: nothing lost" 0 "$(field "$report" .lost_events)"
}

leak() # KERNEL DIR RUN FORKS
{
	local name="$1: $3" report=$2/$3.report program=${3#*.} cause where count bytes
	read -r cause where count <<<"$(awk -v p="$program" '$2 == p { print $1, $3, $4 }' test/corpus.tab)"
	echo "$cause" >"$2/$3.cause"
	expect "$name: exit status" 23 "$(head -n 1 "$2/$3.status" 2>/dev/null)"
	expect "$name: verdict" leak "$(field "$report" .verdict)"
	expect "$name: forks" "$4" "$(field "$report" .forks)"
	expect "$name: one finding, with its cause" "$cause" \
		"$(field "$report" '[.findings[].cause] | join(" ")')"
	expect "$name: where" "$where" "$(field "$report" '.findings[0].where')"
	if [ "$count" != - ]; then
		near "$name: count per fork" "$count" "$(field "$report" '.findings[0].count_per_fork')" 2
	fi
	expect "$name: nothing lost" 0 "$(field "$report" .lost_events)"
	[ "${3%%.*}" = bpf ] || return # elsewhere bytes are estimates
	grep -q "^oracle.$program " "$TMPDIR/runs" || return 0
	if read -r bytes _ 2>/dev/null <"$2/oracle.$program.out" && [ -n "$bytes" ]; then
		near "$name: bytes per fork as the memory cgroup says" "$bytes" \
			"$(field "$report" '.findings[0].bytes_per_fork')" 10
	else
		skip "$name: bytes per fork" "$(head -n 1 "$2/oracle.$program.err" 2>/dev/null)"
	fi
}

judge() # KERNEL DIR
{
	local program
	clean "$1" "$2" bpf.clean_fork 200
	clean "$1" "$2" bpf.clean_vfork_exec 100
	clean "$1" "$2" bpf.clean_threads 50
	clean "$1" "$2" bpf.clean_pipe_refill 100
	clean "$1" "$2" bpf.hold50 20
	judge_books "$1" "$2/bpf.hold50.report"
	for program in leak_pipe leak_zombie leak_heap; do
		leak "$1" "$2" bpf.$program 100
	done
	for program in leak_shm leak_mqueue leak_lock leak_key leak_cgroup; do
		leak "$1" "$2" bpf.$program 50
	done
	clean "$1" "$2" proc.clean_fork 50
	leak "$1" "$2" proc.leak_pipe 50
	expect "$1: the kernel does not complain" "" "$(head -n 1 "$2/end.complaints" 2>/dev/null || echo -)"
}

# try KERNEL IMAGE: boot, collect, judge.
try()
{
	local name=$1 dir=$TMPDIR/$1

	boot "$name" "$2" "$TMPDIR/initramfs" "$dir" && [ -z "${VM_RUNS:-}" ] && judge "$name" "$dir"
	[ -z "${VM_KEEP:-}" ] || { mkdir -p "$VM_KEEP/$name" && cp "$dir"/* "$VM_KEEP/$name/"; }
}

if [ -n "${VM_RUNS:-}" ]; then cp "$VM_RUNS" "$TMPDIR/runs"; else runs >"$TMPDIR/runs"; fi
make_initramfs "$TMPDIR/initramfs" "$TMPDIR/runs" || exit 1
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(kernel_names)
for kernel; do
	if [ -e "$kernel" ]; then
		try "${kernel##*/}" "$kernel"
	elif image=$(kernel_fetch "$kernel"); then
		try "$kernel" "$image"
	else
		skip "$kernel" "$image"
	fi
done
