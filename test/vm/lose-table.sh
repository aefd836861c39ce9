#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# lose-table.sh - the tables of doc/lost.md, from what lose.sh kept.
#
# usage: VM_KEEP=DIR test/vm/lose.sh && test/vm/lose-table.sh DIR
#
# First the runs in which nothing is lost, by their verdict; then what is lost: causes, number and
# bytes per fork as forktally says, and bytes as the same kernel's memory cgroup says.
set -u
cd "${1:?usage: lose-table.sh DIR}" || exit 1

verdict() { jq -r .verdict "$1" 2>/dev/null || echo "not run"; }

# found REPORT: cause, number and bytes per fork of all findings; numbers with one digit behind the point.
found()
{
	jq -r 'def short: . * 10 | round / 10; "\([.findings[].cause] | join(", ")) | " +
		([.findings[] | "\(.count_per_fork | short), \(.bytes_per_fork | short)"] | join("; "))' \
		"$1" 2>/dev/null || echo "not run |"
}

# cgroup DIR WHAT FEW MANY: bytes per fork that stay charged.
cgroup()
{
	paste <(grep . "$1/many.$2.out") <(grep . "$1/few.$2.out") |
		awk -v n=$(($4 - $3)) 'NF == 2 { printf "%.1f\n", ($1 - $2) / n; known = 1 } END { if (!known) print "unknown" }'
}

# A kernel that has no memory cgroup of that version has nothing to compare with.
dirs=$(for dir in */; do [ ! -e "$dir/few.object.out" ] || echo "${dir%/}"; done | sort -V)
echo "| kernel | release | cgroup | returned | by RCU | lost for others | complains |"
echo "|---|---|---|---|---|---|---|"
for dir in $dirs; do
	echo "| ${dir%.v?} | $(head -n 1 "$dir/boot.kernel") | ${dir##*.} | $(verdict "$dir/sound.report") |" \
		"$(verdict "$dir/late.report") | $(verdict "$dir/others.report") |" \
		"$(grep -m 1 . "$dir/end.complaints" || echo no) |"
done
echo
echo "| kernel | cgroup | what | at each exit | number, bytes | memory cgroup | at one in ten | number, bytes |"
echo "|---|---|---|---|---|---|---|---|"
for dir in $dirs; do
	read -r few many <"$dir/forks"
	for what in object kmalloc pid cred mm; do
		[ -e "$dir/lost.$what.report" ] || continue
		echo "| ${dir%.v?} | ${dir##*.} | $what | $(found "$dir/lost.$what.report") |" \
			"$(cgroup "$dir" "$what" "$few" "$many") | $(found "$dir/tenth.$what.report") |"
	done
done
