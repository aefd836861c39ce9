#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# census.sh - the census beside the kernel's own books: each workload runs in a memory cgroup of its
# own; what the census reaches is compared with what the kernel charges the group, and private memory
# with smaps_rollup. One row for each; tab-separated with TABLE=tsv. Needs root.
# usage: [BUILD=build] test/census.sh [WORKLOAD...]   as the first column of its output
# shellcheck disable=SC2086
set -u
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
FORKTALLY=${FORKTALLY:-$BUILD/forktally}
WORKLOAD=${WORKLOAD:-$BUILD/workload}
dir=$(mktemp -d)

# Where a memory cgroup can be made: below our own of v1, or in the one hierarchy of v2.
point=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
if [ -n "$point" ]; then
	parent=$(awk -F: '$2 ~ /(^|,)memory(,|$)/ { print $3 }' /proc/self/cgroup)
	[ -d "$point$parent" ] || parent=
else
	point=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	parent=
	grep -qw memory "$point/cgroup.subtree_control" 2>/dev/null ||
		echo +memory >"$point/cgroup.subtree_control" 2>/dev/null
fi
base=${parent%/}/census-$$
trap 'rm -rf "$dir"' EXIT

# row NAME KIND COUNT: one workload, and what both books say of it. Each has a new group: what the one
# before has freed may come back late (RCU).
row()
{
	local group=$base-$1
	mkdir "$point$group" || return
	mkfifo "$dir/in" "$dir/out"
	(
		echo "$BASHPID" >"$point$group/cgroup.procs"
		ulimit -n 20000
		exec "$WORKLOAD/census_hold" "$2" "$3" <"$dir/in" >"$dir/out"
	) &
	exec 7>"$dir/in" 8<"$dir/out"
	if read -r -u 8 _; then
		sleep 0.3 # what is freed by RCU is back
		"$FORKTALLY" ps --check --cgroup="$group" --json 7>&- 8<&- >"$dir/json" 2>"$dir/err"
		jq -r --arg name "$1" '.checks[0] | [$name, .processes, .reached, .kernel,
			(if .kernel > 0 then 100 * .unattributed / .kernel else 100 end),
			.private, .smaps_private,
			(if .smaps_private > 0 then
			 100 * (.smaps_private - .private) / .smaps_private else 100 end)] | @tsv' \
			"$dir/json" 2>/dev/null || { echo "$1: $(cat "$dir/err")" >&2; }
	else
		echo "$1: the workload did not start" >&2
	fi
	exec 7>&- 8<&-
	wait
	rm "$dir/in" "$dir/out"
	for _ in $(seq 50); do
		rmdir "$point$group" 2>/dev/null && break
		sleep 0.1 # its children are ending
	done
}

rows="idle:idle:53 pipes:pipe:211 unix:unix:197 tcp:tcp:199 epoll:epoll:307 maps:maps:200
	threads:threads:1000 zombies:zombie:307 memory:memory:101 shared:shared:97"
for r in $rows; do
	IFS=: read -r name kind count <<<"$r"
	[ $# -gt 0 ] && [[ " $* " != *" $name "* ]] && continue
	row "$name" "$kind" "$count"
done | if [ "${TABLE:-}" = tsv ]; then cat; else
	awk -F'\t' 'BEGIN { printf "%-10s %6s %12s %12s %8s %12s %12s %8s\n", "WORKLOAD", "PROCS",
			"CENSUS", "KERNEL", "DIFF %", "PRIVATE", "SMAPS", "DIFF %" }
		{ printf "%-10s %6d %12d %12d %8.2f %12d %12d %8.2f\n", $1, $2, $3, $4, $5, $6, $7, $8 }'
fi
