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
# says, nothing lost, and both books near each other; the source without privileges finds the same.
# Kernels come from Debian and are kept in $XDG_CACHE_HOME/forktally-vm; nothing is installed.
set -u
cd "$(dirname "$0")/../.." || exit 1
export LC_ALL=C
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
own_tmp=
[ -n "${TMPDIR:-}" ] && [ -n "${FORKTALLY:-}" ] || own_tmp=$(mktemp -d /tmp/forktally-vm.XXXXXX)
trap '[ -z "$own_tmp" ] || rm -rf "$own_tmp"' EXIT
export FORKTALLY=${FORKTALLY:-$BUILD/forktally} WORKLOAD=${WORKLOAD:-$BUILD/workload}
export TMPDIR=${own_tmp:-$TMPDIR}
. test/lib.sh
. test/vm/kernel.sh
vm_cache=${XDG_CACHE_HOME:-${HOME:-$BUILD}/.cache}/forktally-vm
limit=${VM_SECONDS:-1200}

for tool in qemu-system-x86_64 busybox cpio jq; do
	command -v $tool >/dev/null && continue
	case $tool in
	qemu*) package=qemu-system-x86 ;;
	busybox) package=busybox-static ;;
	*) package=$tool ;;
	esac
	need "virtual machines" $package || exit 0
done
[ "$(uname -m)" = x86_64 ] || { skip "virtual machines" "this build is not for x86-64"; exit 0; }

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
	proc.clean_fork proc clean_fork 50
	proc.leak_pipe proc leak_pipe 50
	oracle.leak_pipe oracle kernel leak_pipe 300
	oracle.leak_zombie oracle kernel leak_zombie 200
	oracle.leak_shm oracle shared leak_shm 200
	oracle.leak_heap oracle private leak_heap 100
	doctor plain forktally doctor
	RUNS
}

# One copy of a program and the libraries it loads.
take()
{
	local file
	mkdir -p "$1/bin"
	cp -L "$2" "$1/bin/"
	ldd "$2" 2>/dev/null | grep -o '/[^ ]*' | while read -r file; do
		mkdir -p "$1${file%/*}"
		cp -Lu "$file" "$1$file"
	done
}

# make_initramfs FILE: the machine's only file system.
make_initramfs()
{
	local root=$TMPDIR/root program
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,test}
	for program in busybox bash; do take "$root" "$(command -v $program)"; done
	busybox --list | while read -r program; do
		[ -e "$root/bin/$program" ] || ln -s busybox "$root/bin/$program"
	done
	for program in "$FORKTALLY" "$WORKLOAD"/*; do
		[ ! -x "$program" ] || take "$root" "$program"
	done
	cp test/oracle.sh test/apart.sh "$root/test/"
	cp test/vm/init.sh "$root/init"
	chmod 755 "$root/init"
	if [ -n "${VM_RUNS:-}" ]; then cp "$VM_RUNS" "$root/runs"; else runs >"$root/runs"; fi
	(cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$1"
	rm -rf "$root"
}

# split FILE DIR: each part between markers becomes DIR/NAME.FILE.
split_parts()
{
	tr -d '\r' <"$1" | awk -v dir="$2" '
		/^=== begin / { file = dir "/" $3 "." $4; printf "" >file; next }
		/^=== end/ { if (file) close(file); file = ""; next }
		file { print >file }'
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
	bytes=$(head -n 1 "$2/oracle.$program.out" 2>/dev/null)
	if [ -n "$bytes" ]; then
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
	leak "$1" "$2" bpf.leak_shm 50
	clean "$1" "$2" proc.clean_fork 50
	leak "$1" "$2" proc.leak_pipe 50
	expect "$1: the kernel does not complain" "" "$(head -n 1 "$2/end.complaints" 2>/dev/null || echo -)"
}

# try KERNEL IMAGE: boot, collect, judge.
try()
{
	local name=$1 image=$2 dir=$TMPDIR/$1 status
	rm -rf "$dir"
	mkdir -p "$dir"
	timeout -k 10 "$limit" qemu-system-x86_64 -accel tcg,thread=single -cpu qemu64,-cx16 -smp 2 -m 2048 \
		-nodefaults -no-reboot -display none -serial "file:$dir/console" -serial "file:$dir/results" \
		-kernel "$image" -initrd "$TMPDIR/initramfs" \
		-append "console=ttyS0 quiet loglevel=4 panic=-1 rdinit=/init mitigations=off verbose=${VM_VERBOSE:-}" \
		</dev/null >"$dir/qemu" 2>&1
	status=$?
	split_parts "$dir/results" "$dir"
	if [ $status != 0 ] || [ ! -e "$dir/end.complaints" ]; then
		not_ok "$name: boots and runs everything" "status $status, last word: $(
			cat "$dir/console" "$dir/qemu" | tr -d '\r' | grep . | tail -n 1)"
	else
		ok "$name: boots and runs everything ($(head -n 1 "$dir/boot.kernel"))"
		[ -n "${VM_RUNS:-}" ] || judge "$name" "$dir"
	fi
	[ -z "${VM_KEEP:-}" ] || { mkdir -p "$VM_KEEP/$name" && cp "$dir"/* "$VM_KEEP/$name/"; }
}

make_initramfs "$TMPDIR/initramfs" || exit 1
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
