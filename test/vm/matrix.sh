#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# matrix.sh - the table of doc/kernel-matrix.md, from what run.sh kept.
#
# usage: VM_KEEP=DIR test/vm/run.sh && test/vm/matrix.sh DIR
#
# clean, leaks: how many of the runs had the right verdict (leaks: and the right cause as the first
# finding), with nothing lost. bytes: the largest distance of a leak's bytes per fork from the
# memory cgroup's. books: both books while 20 children hold pipes, sockets, epoll sets and maps.
set -u
cd "${1:?usage: matrix.sh DIR}" || exit 1

# right VERDICT REPORT..: how many, of how many.
right()
{
	local verdict=$1 file n=0 cause
	shift
	for file; do
		cause=$(cat "${file%.report}.cause" 2>/dev/null)
		jq -e --arg v "$verdict" --arg c "$cause" '.verdict == $v and .lost_events == 0 and
			($v == "clean" or .findings[0].cause == $c)' "$file" >/dev/null 2>&1 && n=$((n + 1))
	done
	echo "$n of $#"
}

# distance DIR: of bytes per fork from what the cgroup says, the largest of all leaks, in percent.
distance()
{
	local file program
	for file in "$1"/oracle.*.out; do
		program=${file##*/oracle.} program=${program%.out}
		[ -s "$file" ] && [ -s "$1/bpf.$program.report" ] || continue
		jq --argjson o "$(head -n 1 "$file")" '(.findings[0].bytes_per_fork - $o) / $o * 100' \
			"$1/bpf.$program.report" 2>/dev/null
	done | awk '{ a = $1 < 0 ? -$1 : $1; if (a > m) m = a; n++ }
		END { if (n) printf "%.1f %%\n", m; else print "unknown" }'
}

books()
{
	jq -r '[.books[] | select(.moment == "highest")][0] | if .kernel_bytes then
		"\(.difference_bytes * 10000 / .kernel_bytes | round / 100) %" else "unknown" end' \
		"$1/bpf.hold50.report" 2>/dev/null || echo -
}

echo "| kernel | release | source bpf | clean | leaks | bytes | books | source proc | complains |"
echo "|---|---|---|---|---|---|---|---|---|"
for dir in $(printf '%s\n' */ | sort -V); do
	dir=${dir%/}
	release=$(head -n 1 "$dir/boot.kernel" 2>/dev/null)
	proc="clean $(right clean "$dir/proc.clean_fork.report"), leak $(right leak "$dir/proc.leak_pipe.report")"
	complains=$([ -s "$dir/end.complaints" ] && head -n 1 "$dir/end.complaints" | grep . || echo no)
	if [ "$(wc -c <"$dir/bpf.clean_fork.report" 2>/dev/null || echo 0)" -gt 10 ]; then
		row="yes | $(right clean "$dir"/bpf.clean_*.report "$dir/bpf.hold50.report") | \
$(right leak "$dir"/bpf.leak_*.report) | $(distance "$dir") | $(books "$dir")"
	else
		row="no: $(sed -n '1s/^.*cannot be used: \(.*\) (.*$/\1/p' "$dir/bpf.clean_fork.err") | - | - | - | -"
	fi
	echo "| $dir | $release | $row | $proc | $complains |"
done
