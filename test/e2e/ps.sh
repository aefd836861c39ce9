# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: what ps and explain say of a process that holds known things, with either source and as an
# ordinary user: columns, kinds, tree sums, zombies, queued bytes, ends of pipes; JSON, CSV, errors
# and exit statuses; the check against the cgroup's own figure runs.
# Not covered: that every kind is exact to the byte; pid namespaces, hidepid (census_edges.sh).
# shellcheck shell=bash
. test/lib.sh

source=${FORKTALLY_SOURCE:-proc}
"$WORKLOAD/hold_known" >"$TMPDIR/ready" </dev/null 2>/dev/null &
pid=$!
trap 'kill $pid 2>/dev/null' EXIT
wait_for 10 grep -q ready "$TMPDIR/ready" || not_ok "$source: the workload" "not ready"

ps_json() { "$FORKTALLY" ps --source="$source" --json "$@" >"$TMPDIR/ps" 2>"$TMPDIR/err"; }
of() { field "$TMPDIR/ps" ".processes[] | select(.pid == $pid) | $1"; }

ps_json
expect "$source: ps: exit status" 0 $?
expect "$source: ps: its source" "$source" "$(field "$TMPDIR/ps" .source)"
expect "$source: ps: each process once" true "$(field "$TMPDIR/ps" '[.processes[].pid] | (unique | length) == length')"
expect "$source: ps: process 1 is there, or said to be missing" true "$(field "$TMPDIR/ps" \
	'any(.processes[]; .pid == 1) or (.complete == false and any(.notes[]; contains("process 1")))')"
expect "$source: ps: descriptors" "$(find /proc/$pid/fd -type l | wc -l)" "$(of .fds)"
expect "$source: ps: zombies" 3 "$(of .zombies)"
expect "$source: ps: threads" 1 "$(of .threads)"
expect "$source: ps: parent" $$ "$(of .ppid)"
expect "$source: ps: command" "$WORKLOAD/hold_known" "$(of .command)"
expect "$source: ps: processes of its subtree" 5 "$(of '."sum.processes"')"
expect "$source: ps: zombies of its subtree" 3 "$(of '."sum.zombies"')"
near "$source: ps: private memory" "$(awk '/^(RssAnon|VmSwap)/ { n += $2 } END { print n * 1024 }' /proc/$pid/status)" \
	"$(of .private)" 5
near "$source: ps: shared memory, of its memfd" 102400 "$(of .shared)" 3
expect "$source: ps: zombies cost something" 3 "$(field "$TMPDIR/ps" \
	"[.processes[] | select(.ppid == $pid and .state == \"zombie\" and .kernel > 1000 and .threads == 0)] | length")"
expect "$source: ps: rows add up to the sum" true "$(field "$TMPDIR/ps" '([.processes[].kernel] | add) == .sum.kernel')"

ps_json -o pid,fd.pipe.count,fd.socket.unix.count,fd.socket.inet.count,fd.memfd.count,fd.file.deleted.count,kernel $pid
expect "$source: ps: kinds" "31 2 3 1 1" \
	"$(of '"\(."fd.pipe.count") \(."fd.socket.unix.count") \(."fd.socket.inet.count") \(."fd.memfd.count") \(."fd.file.deleted.count")"')"
if [ "$source" = bpf ]; then
	expect "$source: ps: nothing of it is estimated" null "$(of '.estimated // .at_least')"
else
	expect "$source: ps: kernel memory is an estimate" '["kernel"]' "$(of '.estimated | tojson')"
fi

"$FORKTALLY" ps --source="$source" --csv -o pid,zombies,command $pid >"$TMPDIR/csv"
expect "$source: ps: CSV" "pid,zombies,command,at_least,estimated
$pid,3,$WORKLOAD/hold_known,," "$(cat "$TMPDIR/csv")"
"$FORKTALLY" ps --source="$source" --tree >"$TMPDIR/tree"
expect "$source: ps: its children stand below it in the tree" 4 \
	"$(awk -v pid=$pid '$1 == pid { on = 1; next } on && n++ < 4 && /(-|`-) \[?.*hold_known/ { k++ } END { print k }' "$TMPDIR/tree")"
expect "$source: ps: the sums stand below the table" 1 "$(grep -c '^[0-9,]* processes, .*: private ' "$TMPDIR/tree")"

explained=$TMPDIR/explained
"$FORKTALLY" explain --source="$source" --json $pid >"$explained" 2>"$TMPDIR/err"
expect "$source: explain: exit status" 0 $?
file() { field "$explained" "[.files[] | select($1)] | length"; }
expect "$source: explain: children" "4 3" "$(field "$explained" '"\(.children | length) \([.children[] | select(.zombie)] | length)"')"
expect "$source: explain: it says that zombies are there" 1 "$(field "$explained" '[.sentences[] | select(.part == "unusual" and (.text | test("^3 of its children")))] | length')"
expect "$source: explain: both ends of the pipes are its own" 62 "$(file '.kind == "fd.pipe" and .both_ends')"
expect "$source: explain: bytes in the unix socket" 1 "$(file '.kind == "fd.socket.unix" and .queued == 3000')"
expect "$source: explain: bytes in the connection" 1 "$(file '.kind == "fd.socket.inet" and .queued == 1234')"
expect "$source: explain: where the connection leads" 2 "$(file '.socket // "" | test("^TCP 127.0.0.1:[0-9]+ to 127.0.0.1:[0-9]+, established$")')"
if [ "$(file '.kind == "fd.pipe" and .queued == null')" = 0 ]; then
	expect "$source: explain: bytes in the pipe, at both ends" 2 "$(file '.kind == "fd.pipe" and .queued == 5000')"
else
	skip "$source: explain: bytes in the pipe" "pidfd_getfd(2) is refused here"
fi
near "$source: explain: pages of the memfd" 102400 "$(field "$explained" '.files[] | select(.kind == "fd.memfd") | .memory')" 3
expect "$source: explain: what it says fits the census" true "$(field "$explained" '(.kinds | map(select(.pool == "kernel").share) | add) == .process.kernel')"
"$FORKTALLY" explain --source="$source" $pid >"$TMPDIR/text"
expect "$source: explain: who it is, first" "hold_known (pid $pid)" "$(head -n 1 "$TMPDIR/text" | cut -d, -f1)"
expect "$source: explain: no line ends in blanks" 0 "$(grep -c ' $' "$TMPDIR/text")"

zombie=$(field "$explained" '[.children[] | select(.zombie)][0].pid')
"$FORKTALLY" explain --source="$source" "$zombie" >"$TMPDIR/text"
expect "$source: explain: a zombie is told as one" 1 "$(grep -c '^It is a zombie' "$TMPDIR/text")"

kill $pid
wait $pid 2>/dev/null
trap - EXIT
for command in ps explain; do
	"$FORKTALLY" $command --source="$source" $pid >"$TMPDIR/out" 2>"$TMPDIR/err"
	expect "$source: $command: a process that is gone" 1 $?
	expect "$source: $command: which it says in one line" 1 "$(grep -c "there is no process $pid" "$TMPDIR/err")"
	"$FORKTALLY" $command --source="$source" nonsense >"$TMPDIR/out" 2>"$TMPDIR/err"
	expect "$source: $command: no process id" 125 $?
done
for wrong in --sort=nonsense --fields=pid,nonsense --user=nonsense-nonsense "--json --csv" "--tree --top=3"; do
	# shellcheck disable=SC2086
	"$FORKTALLY" ps --source="$source" $wrong >"$TMPDIR/out" 2>"$TMPDIR/err"
	expect "$source: ps $wrong" "125 1" "$? $(wc -l <"$TMPDIR/err")"
done
if [ -e /dev/full ]; then
	"$FORKTALLY" ps --source="$source" >/dev/full 2>"$TMPDIR/err"
	expect "$source: ps: stdout is full, which it says once" "125 1" "$? $(wc -l <"$TMPDIR/err")"
fi

if [ "$(id -u)" != 0 ]; then
	ps_json
	expect "user: ps: what may not be read is no 0" true "$(field "$TMPDIR/ps" \
		'[.processes[] | select(.pid == 1) | .maps == null and (.at_least | index("kernel") != null)] | all')"
	expect "user: ps: it says so and what to do" 1 "$(field "$TMPDIR/ps" '[.notes[] | select(test("may not be read.*CAP_SYS_PTRACE"))] | length')"
	"$FORKTALLY" explain 1 >"$TMPDIR/text" 2>/dev/null
	expect "user: explain: a process of somebody else" "0 1" "$? $(grep -c 'may not be read: run as root' "$TMPDIR/text")"
elif [ "$source" = proc ]; then
	"$FORKTALLY" ps --source=proc --check >"$TMPDIR/out" 2>"$TMPDIR/err"
	expect "proc: ps --check: not without source bpf" 125 $?
else
	"$FORKTALLY" ps --check --json >"$TMPDIR/check" 2>"$TMPDIR/err"
	expect "bpf: ps --check: exit status" 0 $?
	expect "bpf: ps --check: the machine's own figure is told" true "$(field "$TMPDIR/check" '.checks[0] | .cgroup == null and .kernel > .reached and .reached > 0')"
	"$FORKTALLY" explain 2 >"$TMPDIR/text" 2>/dev/null
	if grep -q '^kthreadd' "$TMPDIR/text"; then
		expect "bpf: explain: a kernel thread" 1 "$(grep -c '^It is a kernel thread' "$TMPDIR/text")"
	else
		skip "bpf: explain: a kernel thread" "this pid namespace shows none"
	fi
fi
