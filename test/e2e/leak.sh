# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: leaking workloads, with one leak in each fork and one in ten, are found as test/corpus.tab says:
# the verdict, the exit status, exactly these findings, where, how many per fork, the holder, the place in
# the source; with the exact source the bytes per fork that the kernel itself says. Here the commonest.
# LONG=1: all of the corpus, with 100, 1,000 and 5,000 forks, and the look-alikes.
# shellcheck shell=bash
. test/lib.sh

commonest='leak_zombie leak_orphan leak_pipe leak_pipe_end leak_socketpair leak_socket leak_file leak_heap
	leak_shm leak_sem leak_msg'
corpus() { test/corpus.sh --tap --source "$FORKTALLY_SOURCE" "$@"; }

if [ -n "$LONG" ]; then
	sizes='100 1000 5000'
	[ "$(id -u)" = 0 ] || sizes=100 # the same source as root's, by another user
	for n in $sizes; do corpus --n "$n"; done
	corpus --n 1000 --rate 10
else
	# shellcheck disable=SC2086
	corpus --n 200 $commonest
	# shellcheck disable=SC2086
	corpus --n 200 --rate 10 $commonest
fi

# The last of them stops a moment before its parent ends.
for i in 1 2 3 4 5; do
	[ "$FORKTALLY_SOURCE" != bpf ] || [ "$i" = 1 ] || break
	report=$TMPDIR/stopped.json
	run_json "$report" "$WORKLOAD/leak_child_stopped" 20
	expect "stopped children, run $i: all" "child.stopped 20" \
		"$(field "$report" '[.findings[] | "\(.cause) \(.count)"] | join(", ")')"
done
exit 0 # the lines tell
