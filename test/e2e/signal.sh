# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: Ctrl-C once, twice, from kill and from a terminal; nohup; Ctrl-Z and fg in a shell with job
# control; after each nothing runs on. Not: SIGTERM and --timeout, which status.sh covers.
# shellcheck shell=bash
. test/lib.sh

report=$TMPDIR/report ready=$TMPDIR/ready
# The bound ends a run that no signal ended.
run=("$FORKTALLY" run --source="$FORKTALLY_SOURCE" -o "$report" --json --timeout=60s --)

# begin RUN..: in the background, with the signals of a foreground job, until $ready is there.
begin()
{
	rm -f "$report" "$ready"
	setsid env --default-signal=INT,QUIT "$@" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null &
	pid=$!
	await_file
}

await_file()
{
	local i
	for ((i = 0; i < 600; i++)); do
		[ -e "$ready" ] && return
		sleep 0.1
	done
	not_ok "the command began" "$(cat "$TMPDIR/err")"
}

# Every command below has this word in its arguments; it is a time for sleep(1), too.
word=98765.$$
gone()
{
	local i
	for ((i = 0; i < 50; i++)); do
		pgrep -f "$word" >/dev/null || break
		sleep 0.1
	done
	expect "$1: nothing runs on" "" "$(pgrep -f "$word")"
}

begin "${run[@]}" sh -c ': >"$0"; exec sleep "$1"' "$ready" "$word"
kill -INT "$pid"
wait "$pid"
expect "SIGINT: exit status" 130 $?
expect "SIGINT: report" "2 2" "$(field "$report" '"\(.signal) \(.interrupted)"')"
gone "SIGINT"

# As a terminal does it, to the whole group, and while the source is being set up: the command may be dead
# before it ran, which is inconclusive.
rm -f "$report"
set -m # a process group of its own
env --default-signal=INT "${run[@]}" sleep "$word" 2>"$TMPDIR/err" &
pid=$!
set +m
sleep 0.05
kill -INT -- "-$pid"
wait "$pid"
status=$?
expect "SIGINT at the start: exit status" 130 "${status/#24/130}"
expect "SIGINT at the start: report" "2 2" "$(field "$report" '"\(.signal) \(.interrupted)"')"
expect "SIGINT at the start: no error" "" "$(cat "$TMPDIR/err")"
gone "SIGINT at the start"

begin "${run[@]}" sh -c 'trap "echo got it" INT; : >"$0"; while :; do sleep 0.1; done' "$ready" "$word"
kill -INT "$pid"
sleep 1
expect "SIGINT that the command takes: it runs on" "$pid" "$(pgrep -o -f "$word")"
kill -INT "$pid"
wait "$pid"
expect "second SIGINT: exit status" 137 $?
expect "second SIGINT: report" "9 2" "$(field "$report" '"\(.signal) \(.interrupted)"')"
expect "SIGINT went on once" "got it" "$(cat "$TMPDIR/out")"
gone "second SIGINT"

begin "${run[@]}" sh -c 'trap "echo usr1" USR1; : >"$0"; while [ ! -e "$0.end" ]; do sleep 0.1; done' \
	"$ready" "$word"
kill -USR1 "$pid"
sleep 1
: >"$ready.end"
wait "$pid"
expect "SIGUSR1 goes on and ends nothing: exit status" 0 $?
expect "SIGUSR1 goes on and ends nothing: the command had it" usr1 "$(cat "$TMPDIR/out")"
rm -f "$ready.end"

begin nohup "${run[@]}" sh -c ': >"$0"; sleep 2; exit 6' "$ready" "$word"
kill -HUP "$pid"
wait "$pid"
expect "nohup: SIGHUP does nothing" 6 $?

begin "$FORKTALLY" run --source="$FORKTALLY_SOURCE" -o "$report" --json --settle=50s -- \
	sh -c 'sleep "$1" & : >"$0"; exit 3' "$ready" "$word"
sleep 1
begin_s=$SECONDS
kill -INT "$pid"
wait "$pid"
expect "SIGINT while settling: exit status" 3 $?
expect "SIGINT while settling: no longer waited for" 1 "$((SECONDS - begin_s < 20))"
expect "SIGINT while settling: the run was not interrupted" null "$(field "$report" .interrupted)"
gone "SIGINT while settling"

# What a person does at a terminal. script(1) gives one and sends on what is typed.
if ! command -v script >/dev/null; then
	skip "Ctrl-C at a terminal" "script(1) is not installed"
	skip "Ctrl-Z at a terminal" "script(1) is not installed"
	exit 0
fi

# typed COMMAND: its standard input is what is typed.
typed() { SHELL=/bin/bash script -qec "$1" /dev/null; }
quoted() { printf '%q ' "$@"; }

rm -f "$report" "$ready"
{
	await_file
	sleep 0.5
	printf '\003'
	for ((i = 0; i < 600; i++)); do [ -s "$report" ] && break; sleep 0.1; done
} | typed "$(quoted "${run[@]}" sh -c 'trap "echo got it; exit 9" INT; : >"$0"; while :; do sleep 0.1; done' \
	"$ready" "$word")" >"$TMPDIR/out" 2>&1
expect "Ctrl-C: the command has it once" 1 "$(grep -c 'got it' "$TMPDIR/out")"
expect "Ctrl-C: report" "9 2" "$(field "$report" '"\(.exit_status) \(.interrupted)"')"
gone "Ctrl-C"

rm -f "$report" "$ready"
{
	quoted "${run[@]}" sh -c ': >"$0"; sleep 2; exit 4' "$ready" "$word"
	echo
	await_file
	sleep 0.5
	printf '\032'
	sleep 1
	echo "echo stopped=\$?"
	sleep 3
	echo "[ -s $report ] && echo too-early; fg; echo end=\$?; exit"
	for ((i = 0; i < 600; i++)); do [ -s "$report" ] && break; sleep 0.1; done
	sleep 1
} | typed "bash --norc --noprofile -i" >"$TMPDIR/out" 2>&1
expect "Ctrl-Z: the shell has its job stopped" 1 "$(grep -c 'stopped=148' "$TMPDIR/out")"
expect "Ctrl-Z: the run stands still" 0 "$(grep -c '^too-early' "$TMPDIR/out")"
expect "Ctrl-Z, fg: exit status" "end=4" "$(grep -o "^end=[0-9]*" "$TMPDIR/out")"
expect "Ctrl-Z, fg: report" "4 null" "$(field "$report" '"\(.exit_status) \(.interrupted)"')"
gone "Ctrl-Z"
