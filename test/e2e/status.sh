# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: exit statuses, what happens to the command's input and output, signals, the bound of a run,
# commands that cannot be run; that nothing of a run is left behind.
# shellcheck shell=bash
. test/lib.sh

cgroups() { find /sys/fs/cgroup -type d -name 'forktally-[0-9]*' 2>/dev/null; }
before=$(cgroups; echo none)

run() { "$FORKTALLY" run --source="$FORKTALLY_SOURCE" -o "$TMPDIR/report" "$@"; }

# status NAME EXPECTED RUN-ARGUMENTS..
status()
{
	local name=$1 expected=$2
	shift 2
	run "$@" >"$TMPDIR/out" 2>"$TMPDIR/err" </dev/null
	expect "$name: exit status" "$expected" $?
}

# refused NAME STATUS RUN-ARGUMENTS..: that status and one line of error that names the program.
refused()
{
	status "$@"
	expect "$1: one line of error" "1 of 1" "$(grep -c '^forktally: ' "$TMPDIR/err") of $(wc -l <"$TMPDIR/err")"
}

status "success" 0 -- true
status "the command's own" 7 -- sh -c 'exit 7'
status "killed by a signal" 137 -- sh -c 'kill -9 $$'
status "a leak" 23 -- "$WORKLOAD/leak_pipe" 100
status "a leak, with the command's status" 0 --error-exitcode=0 -- "$WORKLOAD/leak_pipe" 100
status "a leak, with a status of one's own" 99 --error-exitcode=99 -- "$WORKLOAD/leak_pipe" 100
status "no option after the command is ours" 0 -- sh -c 'test "$1" = --json' sh --json

refused "no such command" 127 -- /nonexistent/command
PATH=/usr/bin:/bin refused "not to be found in PATH" 127 -- no-such-command-anywhere
echo 'exit 0' >"$TMPDIR/plain"
refused "not executable" 126 -- "$TMPDIR/plain"
refused "a folder" 126 -- "$TMPDIR"
refused "no command" 125
refused "no such option" 125 --no-such-option -- true

expect "standard input reaches the command" hello "$(echo hello | run -- cat)"
expect "standard output is the command's alone" "to stdout" \
	"$("$FORKTALLY" run --source="$FORKTALLY_SOURCE" -- echo to stdout 2>/dev/null)"
expect "standard error has the report" 1 \
	"$("$FORKTALLY" run --source="$FORKTALLY_SOURCE" --json -- true 2>&1 | jq -s length)"

# A signal for forktally goes to the command; the report still comes.
rm -f "$TMPDIR/report" "$TMPDIR/ready"
"$FORKTALLY" run --source="$FORKTALLY_SOURCE" -o "$TMPDIR/report" --json -- \
	sh -c 'trap "exit 9" TERM; : >"$0"; while :; do sleep 0.1; done' "$TMPDIR/ready" &
for ((i = 0; i < 600; i++)); do [ -e "$TMPDIR/ready" ] && break; sleep 0.1; done
kill -TERM $!
wait $!
expect "SIGTERM goes through: exit status" 9 $?
expect "SIGTERM goes through: report" 9 "$(field "$TMPDIR/report" .exit_status)"

# A run with a bound ends, whatever the command does, and takes everything with it.
rm -f "$TMPDIR/report"
begin=$SECONDS
run --json --timeout=2s -- sh -c 'trap "" TERM; while :; do sleep "$0" & sleep 0.05; done' 7341.$$ 2>"$TMPDIR/err"
if [ $((SECONDS - begin)) -lt 40 ]; then
	ok "--timeout ends a command that forks without end"
else
	not_ok "--timeout ends a command that forks without end" "it took $((SECONDS - begin)) s"
fi
expect "--timeout: the report comes" true "$(field "$TMPDIR/report" '.forks > 10')"
sleep 0.5
expect "--timeout: nothing is left running" "" "$(pgrep -f "^sleep 7341.$$")"

# A program with the setuid bit is either run and reported, or refused in one line.
if cp "$(command -v id)" "$TMPDIR/id" && chmod 4755 "$TMPDIR/id"; then
	rm -f "$TMPDIR/report"
	run --json -- "$TMPDIR/id" -u >"$TMPDIR/out" 2>"$TMPDIR/err"
	case $? in
	0 | 24) expect "setuid program: it ran, reported" 1 "$(jq -s length "$TMPDIR/report")" ;;
	*) expect "setuid program: refused in one line" 1 "$(wc -l <"$TMPDIR/err")" ;;
	esac
fi

left=$(cgroups | grep -vxF "$before" | while read -r dir; do
	pid=${dir##*/forktally-}
	[ -d "/proc/${pid%%-*}" ] || echo "$dir" # of another run that still goes on
done)
expect "no cgroup is left" "" "$left"
