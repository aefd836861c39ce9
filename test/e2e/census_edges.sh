# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: a census in a pid namespace of its own (only its processes, by its own numbers) and of one
# from outside (by the outer numbers); kernel threads. Not: processes that change while it is taken
# (test/unit/test_census_storm.c), hidepid (ps.sh), a first thread that has ended (census.sh).
# shellcheck shell=bash
. test/lib.sh

source=${FORKTALLY_SOURCE:-proc}
if [ "$(id -u)" != 0 ] || ! unshare -pf --mount-proc true 2>/dev/null; then
	skip "$source: pid namespaces" "unshare(1) is not permitted here"
	return 0 2>/dev/null || exit 0
fi

unshare -pf --mount-proc --kill-child sh -c "sleep 60 & '$FORKTALLY' ps --source=$source --sort=pid --json >'$TMPDIR/inner' 2>'$TMPDIR/err'
	echo done >'$TMPDIR/done'; wait" 2>/dev/null &
outer=$!
wait_for 20 test -s "$TMPDIR/done"
expect "$source: inside: its processes by its own numbers" "1:0 2:1" \
	"$(field "$TMPDIR/inner" '[.processes[] | select(.comm != "forktally") | "\(.pid):\(.ppid)"] | join(" ")')"
expect "$source: inside: forktally is a child of process 1" 1 \
	"$(field "$TMPDIR/inner" '.processes[] | select(.comm == "forktally") | .ppid')"
expect "$source: inside: its source" "$source" "$(field "$TMPDIR/inner" .source)"

"$FORKTALLY" ps --source="$source" --all --json >"$TMPDIR/outer" 2>"$TMPDIR/err"
child=$(pgrep -P "$outer")
expect "$source: outside: its first process, by the outer number" "$outer" \
	"$(field "$TMPDIR/outer" ".processes[] | select(.pid == $child) | .ppid")"
expect "$source: outside: its child, by the outer number" "$(pgrep -P "$child" -x sleep)" \
	"$(field "$TMPDIR/outer" ".processes[] | select(.ppid == $child) | .pid")"
kill -9 "$child" 2>/dev/null # all of its namespace go with it
wait "$outer" 2>/dev/null

expect "$source: kernel threads have no memory, files or mappings" true "$(field "$TMPDIR/outer" \
	'[.processes[] | select(.state == "kernel") | .private == 0 and .fds == 0 and .maps == 0 and .threads == 1] | all')"
