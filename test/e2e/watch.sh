# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: forktally watch on servers that fork: which of several leaks, what, and how much for each fork; a
# cache that fills up, a server that keeps nothing, one that execs and one that grows with time are none;
# SIGTERM and SIGINT; its recording; nobody forks; the end of what is watched; wrong words; without BPF
# nothing is clean, and zombies are found all the same. Does not cover: hours, thousands of processes.
# shellcheck shell=bash
. test/lib.sh

watch=("$FORKTALLY" watch --source="$FORKTALLY_SOURCE" --interval=0.1)
report=$TMPDIR/report session=$TMPDIR/session err=$TMPDIR/err
started=()
trap 'kill -9 "${started[@]}" 2>/dev/null' EXIT

# server WORD..: paced with these words, stopped before its first instruction; $server is its pid.
server()
{
	# shellcheck disable=SC2016
	sh -c 'kill -STOP $$; exec "$@"' sh "$WORKLOAD/paced" "$@" 2>"$TMPDIR/paced.err" </dev/null &
	server=$!
	started+=("$server")
	wait_for 10 grep -q '^State:.T' "/proc/$server/status" || not_ok "$1: a server" "it does not wait"
}

# begin WORD..: watch with these words in the background, until its first look is over.
begin()
{
	rm -f "$session"
	env --default-signal=INT,TERM "${watch[@]}" --record="$session" "$@" 2>"$err" &
	watcher=$!
	wait_for 60 grep -q '"type":"fork"' "$session" || not_ok "watch begins" "$(cat "$err")"
}

stop() { kill "$@" 2>/dev/null; wait "$@" 2>/dev/null; }

# looked LOOKS PID..: each of them was seen to fork at so many looks.
looked()
{
	local looks=$1 pid
	shift
	for pid in "$@"; do
		[ "$(grep -c "\"type\":\"look\".*\"tgid\":$pid," "$session")" -ge "$looks" ] || return
	done
}

# ended N: so many processes were seen to end.
ended() { [ "$(grep -c '"type":"exit"' "$session")" -ge "$1" ]; }

# found PID FILTER: of the finding of this holder.
found() { field "$report" "[.findings[] | select(.holder.pid == $1) | $2] | join(\" \")"; }

# one NAME CAUSE PID: it leaks one thing of this cause with each fork.
one()
{
	expect "$1: found" "$2 held" "$(found "$3" '"\(.cause) \(.where)"')"
	near "$1: one for each fork" "$(found "$3" .forks)" "$(found "$3" .count)" 3
	expect "$1: looked at often" true "$(found "$3" '.watched.looks >= 24 and .watched.seconds > 1')"
	near "$1: a minute" "$(found "$3" '.count * 60 / .watched.seconds')" "$(found "$3" .watched.count_per_minute)" 1
}

counted()
{
	server file 10 && file=$server
	server pipe 10 && pipe=$server
	server heap 10 && heap=$server
	server memfd 10 && memfd=$server
	server zombie 20 && zombie=$server
	server map 10 && map=$server
	server file 10 60 && cache=$server
	server none 10 && none=$server
	server exec 1 && exec=$server
	server time 10 && time=$server
	begin --json -o "$report" "${started[@]}"
	kill -CONT "${started[@]}"
	wait_for 60 looked 32 "$file" "$pipe" "$heap" "$memfd" "$zombie" "$map" "$cache" "$none"
	kill -TERM $watcher
	wait $watcher
	expect "leaks: exit status" 23 $?
	expect "leaks: verdict" leak "$(field "$report" .verdict)"
	expect "leaks: SIGTERM is how it ends" null "$(field "$report" .interrupted)"
	expect "leaks: nothing lost" 0 "$(lost "$report")"
	expect "leaks: who" "$(printf '%s\n' "$file" "$pipe" "$heap" "$memfd" "$zombie" "$map" | sort -n | tr '\n' ' ')" \
		"$(field "$report" '.findings[].holder.pid' | sort -n | tr '\n' ' ')"
	one "a file" fd.file "$file"
	one "a pipe" fd.pipe "$pipe"
	one "a memfd" fd.memfd "$memfd"
	one "a zombie" zombie "$zombie"
	one "a mapping" vma "$map"
	expect "memory: found" heap "$(found "$heap" .cause)"
	near "memory: for each fork" 6016 "$(found "$heap" .bytes_per_fork)" 5
	near "a memfd: the memory in it" $((8192 * $(found "$memfd" .count))) \
		"$(found "$memfd" '.tags[] | select(.tag == "memfd.data") | .bytes')" 5
	expect "time: a note" 1 "$(field "$report" '.notes[]' | grep -c "pid $time).*fd.file.*with time, not with forks")"
	expect "execs: counted" true "$(field "$report" '.execs > 10')"
	expect "judged" true "$(field "$report" '.watch.judged >= 8 and .watch.forked >= 9')"
	expect "the report is as its schema says" "[]" \
		"$(jq -c --slurpfile s doc/report.schema.json '$s[0].required - keys' "$report")"
	"$FORKTALLY" replay --json "$session" 2>"$TMPDIR/replayed"
	expect "replay: exit status" 23 $?
	if cmp -s "$report" "$TMPDIR/replayed"; then ok "replay: the same bytes"; else
		not_ok "replay: the same bytes" "$(diff "$report" "$TMPDIR/replayed" | head -n 3)"; fi
	"$FORKTALLY" replay "$session" 2>"$TMPDIR/replayed"
	expect "in words" "1 6 0" "$(grep -c '^forktally: LEAK: 6 processes grow with their forks, most paced' \
		"$TMPDIR/replayed") $(grep -c '^   grows  *steadily for' "$TMPDIR/replayed") $(grep -c 'The books' \
		"$TMPDIR/replayed")"
	stop "$file" "$pipe" "$heap" "$memfd" "$zombie" "$map" "$exec" "$time"

	# By its cgroup or user, what does not leak.
	begin --json -o "$report" "$cache" "$none"
	wait_for 60 looked 16 "$cache" "$none"
	kill -INT $watcher
	wait $watcher
	expect "no leak: exit status" 0 $?
	expect "no leak: verdict" "clean 2 [] []" \
		"$(field "$report" '"\(.verdict) \(.watch.judged) \(.findings) \(.reasons)"')"
	stop "$cache" "$none"

	# Nothing is left to be looked at.
	server file 5 -1 400
	begin --json -o "$report" --for=60s "$server"
	kill -CONT "$server"
	wait $watcher
	case $? in 23 | 24) ok "its end: exit status" ;; *) not_ok "its end: exit status" "$(cat "$err")" ;; esac
	expect "its end: said" 1 "$(grep -c 'all that was watched has ended' "$err")"
	expect "its end: seen" "0 true" "$(field "$report" '"\(.alive) \(.exits > 100)"')"
	wait "$server" 2>/dev/null
}

not_counted()
{
	server file 10 && file=$server
	server zombie 50 && zombie=$server
	begin --json -o "$report" "$file"
	kill -CONT "$file"
	sleep 2
	kill -TERM $watcher
	wait $watcher
	expect "not counted: exit status" 24 $?
	expect "not counted: said" 1 "$(field "$report" '.reasons[]' | grep -c 'without BPF')"
	stop "$file"
	begin --json -o "$report" "$zombie"
	kill -CONT "$zombie"
	wait_for 60 ended 40
	kill -INT $watcher
	wait $watcher
	expect "zombies: exit status" 23 $?
	expect "zombies: found" zombie "$(found "$zombie" .cause)"
	stop "$zombie"
}

if [ "$FORKTALLY_SOURCE" = bpf ]; then counted; else not_counted; fi

sleep 60 &
started+=($!)
"${watch[@]}" --for=1s --json -o "$report" $! 2>"$err"
expect "nobody forks: exit status" 24 $?
expect "nobody forks: said" 1 "$(field "$report" '.reasons[]' | grep -c 'nobody was seen to fork')"
begin --for=60s --json -o "$report" $!
kill -TERM $watcher
wait $watcher
expect "ended before its time: which signal" 15 "$(field "$report" .interrupted)"
stop $!

# refused NAME TEXT WORD..: one line of errors with TEXT in it, and nothing else.
refused()
{
	local name=$1 text=$2
	shift 2
	"${watch[@]}" --for=1s "$@" >"$TMPDIR/out" 2>"$err"
	expect "$name: exit status" 125 $?
	if grep -q -F -- "$text" "$err"; then ok "$name: said"; else not_ok "$name: said" "$(cat "$err")"; fi
	expect "$name: one line" 1 "$(cat "$TMPDIR/out" "$err" | wc -l)"
}
refused "no such process" "there is no process 2147483646" 2147483646
refused "no number" "'init' is no process id" init
refused "no such user" "there is no user 'nobody-at-all'" --user=nobody-at-all
refused "no such group" "there is no control group" --cgroup=/nowhere/at/all
refused "two ways to choose" "exclude" --user=root 1
exit 0 # the lines tell
