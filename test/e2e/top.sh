# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: top on a terminal that tmux plays: what it shows of a process that holds known things, filter,
# order, tree, freeze, the pane that explains, help, mouse, resizing, wide and hostile names, NO_COLOR,
# ASCII; how it ends: q, COUNT, SIGTERM, a terminal that is gone; -b and a reader that is gone.
# Not covered: how a terminal's own palette looks.
# shellcheck shell=bash
. test/lib.sh

source=${FORKTALLY_SOURCE:-proc}
if ! command -v tmux >/dev/null 2>&1; then
	skip "$source: top" "tmux is not installed"
	exit 0
fi
cp "$WORKLOAD/hold_known" "$TMPDIR/known_thing"
"$TMPDIR/known_thing" >"$TMPDIR/ready" </dev/null 2>/dev/null &
known=$!
bash -c 'exec -a "wide_你好_name" sleep 60' &
wide=$!
bash -c 'exec -a "$(printf "bad_\033[31m\007_name")" sleep 60' &
bad=$!
# tmux starts commands with $SHELL, or with the user's own, which may be nologin.
export SHELL=/bin/sh
mux() { tmux -u -S "$TMPDIR/tmux" -f /dev/null "$@" 2>/dev/null; }
trap 'mux kill-server; kill $known $wide $bad 2>/dev/null' EXIT
wait_for 10 grep -q ready "$TMPDIR/ready" || not_ok "$source: the workload" "not ready"

# start WIDTH HEIGHT OPTION..: top in a new terminal; $status gets its exit status.
start()
{
	local width=$1 height=$2
	shift 2
	rm -f "$TMPDIR/status"
	# The server of the terminal before may still be ending.
	wait_for 5 mux new-session -d -s top -x "$width" -y "$height" \
		"LC_ALL=${LOCALE:-C.UTF-8} NO_COLOR=${NO:-} '$FORKTALLY' top --source=$source $* 2>'$TMPDIR/err'; echo \$? >'$TMPDIR/status'; sleep 30"
	wait_for 15 shows 'processes hold'
}
screen() { mux capture-pane -p -t top; }
shows() { screen | grep -qE -- "$1"; }
shows_not() { ! shows "$1"; }
keys() { mux send-keys -t top "$@"; }
# see NAME PATTERN: the screen shows it soon.
see()
{
	if wait_for 8 shows "$2"; then ok "$source: top: $1"; else not_ok "$source: top: $1" "no '$2' in: $(screen | head -n 9 | tr '\n' '|')"; fi
}
gone()
{
	if wait_for 8 shows_not "$2"; then ok "$source: top: $1"; else not_ok "$source: top: $1" "'$2' is still there"; fi
}
program() { pgrep -P "$(mux list-panes -t top -F '#{pane_pid}')" -x forktally; }
ended() { [ -s "$TMPDIR/status" ]; }

start 80 24 -d 0.3
see "its source" "^forktally top .* source $source"
see "the machine's pools" '^private [0-9.]+[KMG] +kernel [0-9.]+[KMG]'
see "what no process holds" 'unattributed (>=|~)?(\?|-?[0-9.]+[KMG]?)'
see "heads of the columns" '^ *PID USER +PRIVATE +KERNEL +SHARED +GROWTH +/MIN FDS COMMAND'
# The head of the sorted column is black on green; all else is the terminal's own, red or magenta.
expect "$source: top: no colour that only a dark or only a light terminal shows" "red 0" "$(mux capture-pane -e -p -t top |
	sed 's/\x1b\[30m\x1b\[42m//g' | grep -oP '\x1b\[[0-9;]*m' | awk '/[[;]31m/ { red = "red" }
	/[[;](3[02-4678]|4[0-8]|9[0-7]|10[0-7])[;m]/ { n++ } END { print red, n + 0 }')"
expect "$source: top: no line is wider than the terminal" 0 "$(screen | awk 'length($0) > 80' | wc -l)"
keys / && keys -l known_thing && keys Enter
see "a filter" "; 5 match known_thing"
see "descriptors of the process" "^ *$known .* $(find /proc/$known/fd -type l | wc -l) /"
keys t
see "a tree" "^ *PID USER +SUM.PRIV"
see "its child below it" '(├─|└─) [/[]'
keys t
gone "no tree" 'SUM.PRIV'
keys P
wait_for 5 shows '.'
see "sorted by pid: the first process first" "COMMAND$"
keys Enter
see "the pane explains" "^known_thing \\(pid $known\\)"
keys q
see "back to the table" '^ *PID USER'
keys f
see "freeze" 'FROZEN'
frozen=$(screen | head -n 1)
sleep 1.2
expect "$source: top: frozen, the clock stands" "$frozen" "$(screen | head -n 1)"
keys f
gone "it goes on" 'FROZEN'
keys F1
see "help" '^Keys'
keys Escape
see "out of the help" '^ *PID USER'
keys Escape
gone "Escape ends the filter" 'match'
keys / && keys -l _name && keys Enter
see "a wide name" "$wide .*wide_你好_name"
see "a hostile name is escaped" "$bad .*bad_\\\\x1b\[31m\\\\x07_name"
# click HEAD: with the mouse, on its last letter.
click()
{
	local column
	column=$(screen | awk -v head="$1" '/^ *PID USER/ { print index($0, " " head) + length(head) }')
	mux send-keys -t top -H 1b 5b 4d 20 "$(printf %x $((32 + column)))" 26
	mux send-keys -t top -H 1b 5b 4d 23 "$(printf %x $((32 + column)))" 26
}
# by_pid: do the rows stand in order of their pids?
by_pid() { screen | awk '/^ *PID USER/ { on = 1; next } on && $1 ~ /^[0-9]+$/ { if ($1 < last) wrong = 1; last = $1; n++ } END { exit wrong || n < 10 }'; }
not_by_pid() { ! by_pid; }
keys Escape
gone "no filter" 'match'
wait_for 8 not_by_pid
click PID
if wait_for 8 by_pid; then ok "$source: top: a click on PID sorts by it"; else not_ok "$source: top: a click on PID sorts by it" "$(screen | sed -n '6,12p')"; fi
click KERNEL
if wait_for 8 not_by_pid; then ok "$source: top: a click on KERNEL sorts by that"; else not_ok "$source: top: a click on KERNEL sorts by that" "$(screen | sed -n '6,12p')"; fi
keys C-s
stopped=$(screen | head -n 1)
if wait_for 8 shows_not "^$stopped"; then ok "$source: top: Ctrl-S does not stop it"; else not_ok "$source: top: Ctrl-S does not stop it" "$stopped"; fi
mux resize-window -t top -x 200 -y 50
see "a wide terminal has more columns" '/MIN TREND +SWAP FDS THR ZOMB MAPS COMMAND'
mux resize-window -t top -x 20 -y 4
sleep 0.5
mux resize-window -t top -x 80 -y 24
see "small, and large again" '^ *PID USER +PRIVATE'
keys q
wait_for 5 ended
expect "$source: top: q" 0 "$(cat "$TMPDIR/status")"
mux kill-server

start 80 24 -d 60
kill "$(program)"
wait_for 5 ended
expect "$source: top: SIGTERM" 143 "$(cat "$TMPDIR/status")"
gone "the terminal is as it was" 'COMMAND'
mux kill-server

start 80 24 -d 60
pid=$(program)
mux kill-server
if wait_for 5 eval "! kill -0 $pid"; then
	ok "$source: top: it ends with its terminal"
else
	not_ok "$source: top: it ends with its terminal" "$(ps -o stat=,pcpu= -p "$pid")"
	kill -9 "$pid"
fi

LOCALE=C NO=1 start 80 24 -d 0.2 -n 3 --tree
see "a tree in ASCII" '(\||`)- '
expect "$source: top: NO_COLOR: no colours" 0 "$(mux capture-pane -e -p -t top | grep -cP '\x1b\[[0-9;]*3[0-7]m')"
wait_for 5 ended
expect "$source: top: so many looks" 0 "$(cat "$TMPDIR/status")"
mux kill-server

"$FORKTALLY" top --source="$source" -b -n 2 -d 0.3 -o pid,growth,trend,command >"$TMPDIR/batch" 2>"$TMPDIR/err"
expect "$source: top -b: exit status" 0 $?
expect "$source: top -b: two looks" 2 "$(grep -c '^forktally top' "$TMPDIR/batch")"
expect "$source: top -b: the process, twice" 2 "$(awk -v p=$known '$1 == p' "$TMPDIR/batch" | wc -l)"
expect "$source: top -b: growth is not known at first" '?' "$(awk -v p=$known '$1 == p { print $2; exit }' "$TMPDIR/batch")"
# Others fork on this machine too: at least ours, which no look can have seen all of.
"$FORKTALLY" top --source="$source" -b -n 2 -d 2 -o pid >"$TMPDIR/batch" 2>"$TMPDIR/err" &
top=$!
wait_for 10 grep -q unattributed "$TMPDIR/batch"
for _ in {1..50}; do /bin/true; done
wait $top
passed=$(sed -n 's/.*; ~\{0,1\}\([0-9,]*\) came and went.*/\1/p' "$TMPDIR/batch" | tail -n 1 | tr -d ,)
expect "$source: top: processes that came and went are counted" yes "$([ "${passed:-0}" -ge 50 ] && echo yes || echo "$passed")"
SECONDS=0
"$FORKTALLY" top --source="$source" -b -d 60 2>/dev/null | head -n 1 >"$TMPDIR/head"
expect "$source: top -b: it ends with its reader" "yes 1" "$([ $SECONDS -lt 20 ] && echo yes) $(wc -l <"$TMPDIR/head")"
if [ -e /dev/full ]; then
	"$FORKTALLY" top --source="$source" -b -n 2 >/dev/full 2>"$TMPDIR/err"
	expect "$source: top -b: stdout is full, which it says once" "125 1" "$? $(wc -l <"$TMPDIR/err")"
fi
"$FORKTALLY" top --source="$source" </dev/null >"$TMPDIR/out" 2>"$TMPDIR/err"
expect "$source: top: no terminal" "125 1" "$? $(grep -c 'needs a terminal' "$TMPDIR/err")"
for wrong in --sort=nonsense --fields=pid,nonsense --delay=0.01 surplus; do
	"$FORKTALLY" top --source="$source" -b $wrong >"$TMPDIR/out" 2>"$TMPDIR/err"
	expect "$source: top $wrong" "125 1" "$? $(wc -l <"$TMPDIR/err")"
done
