#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# lose.sh - forktally on kernels that lose memory, in virtual machines; doc/lost.md tells the story.
#
# usage: test/vm/lose.sh [KERNEL..]    of those that kernel.sh knows, else 6.1 and 6.12
#   BUILD, VM_SECONDS, VM_KEEP         as for run.sh
#
# Covers, with the module lose.c in a Debian kernel: what is taken for each child and never given back,
# by each exit or by one in ten, is kernel.lost, with number and bytes as the memory cgroup says, the
# cache's name and the fork it was taken for: an object of a cache of its own, kmalloc memory, a
# reference on a pid, a cred, a memory map. The same program is clean where the module gives back, at
# once or by RCU, and where it loses for other programs. Not: losses that no fork and no exit makes.
set -u
cd "$(dirname "$0")/../.." || exit 1
. test/vm/machine.sh
forks=200
many=820 few=20 # forks of the runs that ask the cgroup

virtual_machines || exit 0

# What the module takes, and how forktally calls that: as the kernel does, older names last.
kinds()
{
	cat <<-KINDS
	object lose_object
	kmalloc kmalloc-1024
	pid pid
	cred cred cred_jar
	mm mm_struct
	KINDS
}

# set PARAMETER VALUE: of the module, while it is loaded.
set_to() { echo "- set /sys/module/lose/parameters/$1 $2"; }

# runs WHAT..: init.sh's list.
runs()
{
	local what
	echo "insmod plain insmod /lose.ko comm=clean_fork"
	echo "sound bpf clean_fork $forks"
	set_to late 1
	echo "late bpf clean_fork $forks"
	set_to every 1
	for what; do
		set_to what "$what"
		echo "lost.$what bpf clean_fork $forks"
		echo "many.$what stays clean_fork $many"
		echo "few.$what stays clean_fork $few"
	done
	set_to comm nobody
	echo "others bpf clean_fork $forks"
	set_to comm clean_fork
	set_to every 10
	for what; do
		set_to what "$what"
		echo "tenth.$what bpf clean_fork $forks"
	done
}

sound() # NAME DIR RUN
{
	expect "$1: $3: verdict" clean "$(field "$2/$3.report" .verdict)"
	expect "$1: $3: forks" $forks "$(field "$2/$3.report" .forks)"
}

loss() # NAME DIR RUN COUNT BYTES TAG..
{
	local name="$1: $3" report=$2/$3.report status=$2/$3.status count=$4 bytes=$5
	shift 5
	expect "$name: exit status" 23 "$(head -n 1 "$status" 2>/dev/null)"
	expect "$name: one finding, with its cause" "kernel.lost lost kernel" \
		"$(field "$report" '[.findings[] | "\(.cause) \(.where) \(.pool)"] | join(", ")')"
	near "$name: count per fork" "$count" "$(field "$report" '.findings[0].count_per_fork')" 2
	near "$name: bytes per fork as the memory cgroup says" "$bytes" \
		"$(field "$report" '.findings[0].bytes_per_fork')" 10
	expect "$name: $* is named" true \
		"$(jq '.findings[0].tags | any(.tag | IN($ARGS.positional[]))' "$report" --args "$@" 2>/dev/null)"
	expect "$name: the fork is named" true \
		"$(field "$report" '[.findings[0].taken_at[].function] | index("workload_fork") != null')"
	[ "$1" = mm_struct ] || # its counters for each processor cannot be asked about, since 6.2
		expect "$name: nothing is left open" "" "$(field "$report" '.reasons | join(" ")')"
}

judge() # NAME DIR WHAT..
{
	local name=$1 dir=$2 what tags bytes
	shift 2
	if [ ! -e "$dir/few.$1.out" ]; then # it was not to be had
		skip "$name" "$(grep . "$dir/few.$1.err")"
		return
	fi
	expect "$name: the module is loaded" 0 "$(head -n 1 "$dir/insmod.status" 2>/dev/null)"
	sound "$name" "$dir" sound
	sound "$name" "$dir" late
	sound "$name" "$dir" others
	for what; do
		read -ra tags < <(kinds | sed -n "s/^$what //p")
		bytes=$(($(cat "$dir/many.$what.out") - $(cat "$dir/few.$what.out")))
		bytes=$(awk -v b=$bytes -v n=$((many - few)) 'BEGIN { print b / n }')
		loss "$name" "$dir" "lost.$what" 1 "$bytes" "${tags[@]}"
		loss "$name" "$dir" "tenth.$what" 0.1 "$(awk -v b="$bytes" 'BEGIN { print b / 10 }')" "${tags[@]}"
	done
	expect "$name: the kernel does not complain" "" "$(head -n 1 "$dir/end.complaints" 2>/dev/null || echo -)"
}

# try NAME IMAGE VERSION WHAT..: with a memory cgroup of that version.
try()
{
	local name="$1, cgroup v$3" image=$2 version=$3 dir=$TMPDIR/$1.v$3
	shift 3
	runs "$@" >"$TMPDIR/runs"
	make_initramfs "$TMPDIR/initramfs" "$TMPDIR/runs" "$TMPDIR/lose/lose.ko" || return
	boot "$name" "$image" "$TMPDIR/initramfs" "$dir" "cgroup_version=$version" && judge "$name" "$dir" "$@"
	echo "$few $many" >"$dir/forks"
	[ -z "${VM_KEEP:-}" ] || { mkdir -p "$VM_KEEP/${dir##*/}" && cp "$dir"/* "$VM_KEEP/${dir##*/}/"; }
}

# build TREE: the module.
build()
{
	rm -rf "$TMPDIR/lose"
	cp -r test/vm/lose "$TMPDIR/" && make -s -C "$1" CC="${CC:-gcc}" \
		CONFIG_DEBUG_INFO_BTF_MODULES= M="$TMPDIR/lose" modules >"$TMPDIR/made" 2>&1
}

[ $# -gt 0 ] || set -- 6.1 6.12
for kernel; do
	if ! image=$(kernel_fetch "$kernel"); then
		skip "$kernel" "$image"
	elif ! tree=$(kernel_headers "$kernel" "$image"); then
		skip "$kernel: its headers" "$tree"
	elif ! build "$tree"; then
		skip "$kernel: a module" "$(grep -m 1 -i error "$TMPDIR/made")"
	else
		# shellcheck disable=SC2046
		try "$kernel" "$image" 2 $(kinds | cut -d ' ' -f 1)
		try "$kernel" "$image" 1 object
	fi
done
