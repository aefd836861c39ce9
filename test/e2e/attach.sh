# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: forktally attach to servers that run and serve: one that leaks, one that does not, one below a
# shell, one with threads; that the report is about the time of the watching alone, and the same from its
# recording; Ctrl-C; a server that ends early; kill -9 of forktally; that each server is then untraced, not
# stopped, in its cgroup, and serves; pids that cannot be watched. Does not cover: yama, which this
# machine may not have.
# shellcheck shell=bash
. test/lib.sh

attach=("$FORKTALLY" attach --source="$FORKTALLY_SOURCE")
report=$TMPDIR/report

# server COMMAND..: demo_server runs with these words before its name; server, port are set.
server()
{
	"$@" >"$TMPDIR/port" 2>"$TMPDIR/server.err" </dev/null &
	started=$!
	wait_for 10 test -s "$TMPDIR/port" || not_ok "a server for the test" "$(cat "$TMPDIR/server.err")"
	read -r server port <"$TMPDIR/port"
	: >"$TMPDIR/port"
	cgroups=$(cat "/proc/$server/cgroup")
	request && request && request # what was before must not count
}

request() { [ "$( (exec 3<>"/dev/tcp/127.0.0.1/$port" && cat <&3) 2>/dev/null)" = hello ]; }

# load: requests, one after the other, until the server or $TMPDIR/load is gone.
load()
{
	: >"$TMPDIR/load"
	while [ -e "$TMPDIR/load" ] && [ -e "/proc/$server" ]; do
		request
		sleep 0.01
	done &
	loader=$!
}

end()
{
	rm -f "$TMPDIR/load"
	wait "$loader"
	kill "$server" 2>/dev/null
	wait "$started" 2>/dev/null
}

# begun: the recording has its first event, so the watching has begun.
begun() { wait_for 60 grep -q '"type":"session"' "$TMPDIR/session"; }

# untouched NAME: the server is as it was.
untouched()
{
	expect "$1: not traced any more" 0 "$(sed -n 's/^TracerPid:\t//p' "/proc/$server/status")"
	case $(sed -n 's/^State:\t//p' "/proc/$server/status") in
	[RSD]*) ok "$1: not stopped" ;;
	*) not_ok "$1: not stopped" "$(grep ^State "/proc/$server/status")" ;;
	esac
	expect "$1: in its cgroup" "$cgroups" "$(cat "/proc/$server/cgroup")"
	if request; then ok "$1: it serves"; else not_ok "$1: it serves" "no answer"; fi
}

# judged NAME VERDICT STATUS GOT: a report of the server, with all of its forks told.
judged()
{
	local all
	expect "$1: exit status" "$3" "$4"
	expect "$1: verdict" "$2 []" "$(field "$report" '"\(.verdict) \(.reasons)"')"
	expect "$1: nothing lost" 0 "$(lost "$report")"
	all=$(field "$report" .forks)
	if [ "$all" -ge 16 ] 2>/dev/null; then ok "$1: $all forks"; else
		not_ok "$1: at least 16 forks" "got $all, $(head -n 1 "$TMPDIR/err")"; fi
	[ "$2" = clean ] && return
	expect "$1: one pipe for each fork" "fd.pipe held $server" \
		"$(field "$report" '[.findings[] | "\(.cause) \(.where) \(.holder.pid)"] | join(", ")')"
	# The request that is on its way when the watching begins may be half in it.
	near "$1: as many as forks" "$all" "$(field "$report" '.findings[0].count')" 6
}

server "$WORKLOAD/demo_server"
load
"${attach[@]}" --for=3s --json -o "$report" --record="$TMPDIR/session" "$server" 2>"$TMPDIR/err"
judged "a leak" leak 23 $?
untouched "a leak"
expect "a leak: it was there before" "1 true" \
	"$(field "$report" '"\(.before_attach.processes) \(.before_attach.private_bytes > 0)"')"
expect "a leak: it has not ended" "null null null" \
	"$(field "$report" '"\(.exit_status) \(.signal) \(.interrupted)"')"
expect "a leak: what it runs" 1 "$(field "$report" .command | grep -c 'demo_server$')"
"$FORKTALLY" replay --json "$TMPDIR/session" 2>"$TMPDIR/replayed"
expect "replay: exit status" 23 $?
if cmp -s "$report" "$TMPDIR/replayed"; then ok "replay: the same bytes"; else
	not_ok "replay: the same bytes" "$(diff "$report" "$TMPDIR/replayed" | head -n 3)"; fi

# Killed in the middle of it.
rm -f "$TMPDIR/session"
"${attach[@]}" -o "$report" --record="$TMPDIR/session" "$server" 2>"$TMPDIR/err" &
watcher=$!
begun
[ "$FORKTALLY_SOURCE" = proc ] &&
	expect "kill -9: traced until then" 1 "$(grep -c '^TracerPid:.[1-9]' "/proc/$server/status")"
if [ "$FORKTALLY_SOURCE" = proc ]; then
	"${attach[@]}" --for=1s "$server" 2>"$TMPDIR/err"
	expect "a second tracer: exit status" 125 $?
	expect "a second tracer: said" 1 "$(grep -c 'another tracer has it' "$TMPDIR/err")"
fi
kill -9 $watcher
wait $watcher 2>/dev/null
untouched "kill -9"
sleep 0.5
untouched "kill -9, later"

# Ctrl-C is how a watching without --for ends. The verdict of so few forks is not looked at.
rm -f "$TMPDIR/session"
env --default-signal=INT "${attach[@]}" --json -o "$report" --record="$TMPDIR/session" "$server" 2>"$TMPDIR/err" &
watcher=$!
begun
kill -TSTP $watcher # a tracer that stands still would hold up the server
sleep 1
if request; then ok "Ctrl-Z: it serves"; else not_ok "Ctrl-Z: it serves" "no answer"; fi
kill -INT $watcher
wait $watcher
case $? in 0 | 23) ok "Ctrl-C: exit status" ;; *) not_ok "Ctrl-C: exit status" "$(cat "$TMPDIR/err")" ;; esac
expect "Ctrl-C: is no interruption" null "$(field "$report" .interrupted)"
untouched "Ctrl-C"

# It ends while it is watched.
rm -f "$TMPDIR/session"
"${attach[@]}" --for=60s --json -o "$report" --record="$TMPDIR/session" "$server" 2>"$TMPDIR/err" &
watcher=$!
begun
sleep 1
kill "$server"
wait $watcher
case $? in 0 | 23) ok "it ends early: exit status" ;; *) not_ok "it ends early: exit status" "$(cat "$TMPDIR/err")" ;; esac
expect "it ends early: said" 1 "$(grep -c "process $server ended while it was watched" "$TMPDIR/err")"
expect "it ends early: how" "0 null" "$(field "$report" '"\(.exit_status) \(.interrupted)"')"
end

server "$WORKLOAD/demo_server" --fixed
load
"${attach[@]}" --for=3s --json -o "$report" "$server" 2>"$TMPDIR/err"
judged "no leak" clean 0 $?
untouched "no leak"
end

# Processes below the one that is named are watched with it.
server sh -c "'$WORKLOAD/demo_server' & wait"
load
"${attach[@]}" --for=3s --json -o "$report" "$started" 2>"$TMPDIR/err"
judged "below a shell" leak 23 $?
expect "below a shell: both were there" 2 "$(field "$report" .before_attach.processes)"
untouched "below a shell"
end

# Each of its threads starts processes.
if [ -x "$WORKLOAD/clean_thread_each" ]; then
	"$WORKLOAD/clean_thread_each" 100000 >"$TMPDIR/out" 2>&1 </dev/null &
	server=$!
	"${attach[@]}" --for=2s --json -o "$report" "$server" 2>"$TMPDIR/err"
	judged "threads" clean 0 $?
	kill "$server"
	wait "$server" 2>/dev/null
fi

# refused NAME TEXT PID: one line of errors with TEXT in it, and nothing else.
refused()
{
	"${attach[@]}" --for=1s "$3" >"$TMPDIR/out" 2>"$TMPDIR/err"
	expect "$1: exit status" 125 $?
	if grep -q -F -- "$2" "$TMPDIR/err"; then ok "$1: said"; else not_ok "$1: said" "$(cat "$TMPDIR/err")"; fi
	expect "$1: one line" 1 "$(cat "$TMPDIR/out" "$TMPDIR/err" | wc -l)"
}
refused "no number" "named by its number" init
refused "zero" "named by its number" 0
refused "with a suffix" "named by its number" 1K
refused "no such process" "there is no process 2147483646" 2147483646
refused "a process above us" "above forktally" $$
mkfifo "$TMPDIR/hold"
"$WORKLOAD/leak_zombie" 1 --hold >"$TMPDIR/held" <"$TMPDIR/hold" &
holder=$!
exec 9>"$TMPDIR/hold"
wait_for 10 test -s "$TMPDIR/held"
refused "a zombie" "has ended" "$(pgrep -P $holder)"
exec 9>&-
wait $holder
kernel_thread=$(awk '{ sub(/.*\) /, ""); if (int($7 / 2097152) % 2) { print FILENAME; exit } }' /proc/[0-9]*/stat 2>/dev/null)
if [ -n "$kernel_thread" ]; then
	kernel_thread=${kernel_thread#/proc/}
	refused "a thread of the kernel" "thread of the kernel" "${kernel_thread%/stat}"
else
	skip "a thread of the kernel" "none is to be seen in this pid namespace"
fi
exit 0 # the lines tell
