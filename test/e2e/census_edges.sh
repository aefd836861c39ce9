# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: a census in a pid namespace of its own (only its processes, by its own numbers, and nothing
# said of what nobody holds) and of one from outside (by the outer numbers); kernel threads; /proc
# mounted with hidepid, for root, without CAP_SYS_PTRACE, for others, for a group, with the rights
# that source bpf needs. Not: processes that change while it is taken
# (test/unit/test_census_storm.c), a first thread that has ended (census.sh).
# shellcheck shell=bash
. test/lib.sh

source=${FORKTALLY_SOURCE:-proc}
if [ "$(id -u)" != 0 ] || ! unshare -pf --mount-proc true 2>/dev/null; then
	skip "$source: pid namespaces" "unshare(1) is not permitted here"
	return 0 2>/dev/null || exit 0
fi

unshare -pf --mount-proc --kill-child sh -c "sleep 60 & '$FORKTALLY' ps --source=$source --sort=pid --json >'$TMPDIR/inner' 2>'$TMPDIR/err'
	[ $source = proc ] || '$FORKTALLY' ps --check --json >'$TMPDIR/check' 2>>'$TMPDIR/err'; echo done >'$TMPDIR/done'; wait" 2>/dev/null &
outer=$!
wait_for 20 test -s "$TMPDIR/done"
expect "$source: inside: its processes by its own numbers" "1:0 2:1" \
	"$(field "$TMPDIR/inner" '[.processes[] | select(.comm != "forktally") | "\(.pid):\(.ppid)"] | join(" ")')"
expect "$source: inside: forktally is a child of process 1" 1 \
	"$(field "$TMPDIR/inner" '.processes[] | select(.comm == "forktally") | .ppid')"
expect "$source: inside: its source" "$source" "$(field "$TMPDIR/inner" .source)"

expect "$source: inside: of what no process holds nothing is known, which is said" "null 1" \
	"$(field "$TMPDIR/inner" '"\(.machine.unattributed) \([.notes[] | select(test("those outside"))] | length)"')"
if [ "$source" = bpf ]; then
	expect "bpf: inside: the check knows of lower bounds only" "true true" \
		"$(field "$TMPDIR/check" '[.checks[] | .unattributed == null and (.at_least | index("reached") != null)] | "\(length > 0) \(all)"')"
fi

"$FORKTALLY" ps --source="$source" --all --json >"$TMPDIR/outer" 2>"$TMPDIR/err"
child=$(pgrep -P "$outer")
expect "$source: outside: its first process, by the outer number" "$outer" \
	"$(field "$TMPDIR/outer" ".processes[] | select(.pid == $child) | .ppid")"
expect "$source: outside: its child, by the outer number" "$(pgrep -P "$child" -x sleep)" \
	"$(field "$TMPDIR/outer" ".processes[] | select(.ppid == $child) | .pid")"
kill -9 "$child" 2>/dev/null # all of its namespace go with it
wait "$outer" 2>/dev/null

expect "$source: kernel threads have no memory, files or mappings" true "$(field "$TMPDIR/outer" \
	'[.processes[] | select(.state == "kernel") | .private == 0 and .shared == 0 and .fds == 0 and .maps == 0 and .threads == 1 and .kernel > 0] | all')"
threads=$(field "$TMPDIR/outer" '[.processes[] | select(.state == "kernel")] | length')
if [ "$threads" -gt 0 ]; then
	expect "$source: kernel threads are those of /proc that have no memory" true "$(
		# By the flag PF_KTHREAD. Some come and go: of those that stay.
		for pid in $(field "$TMPDIR/outer" '.processes[] | select(.state == "kernel").pid'); do
			sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null
		done | awk 'int($7 / 2097152) % 2 == 0 { wrong++ } END { print(NR && !wrong ? "true" : wrong " are none") }')"
	expect "$source: kernel threads are shown on demand, else counted" "true 1" "$("$FORKTALLY" ps --source="$source" --json |
		jq -r '[.processes[] | .state != "kernel"] | all') $("$FORKTALLY" ps --source="$source" | tr '\n' ' ' | grep -c 'kernel threads* \(is\|are\) not shown')"
	if [ "$source" = bpf ] && [ -e /proc/2 ]; then
		expect "bpf: a kernel thread holds its task, stack, number, signal state and credentials" "" \
			"$("$FORKTALLY" explain --json 2 | jq -r '[.kinds[].kind | select(IN("task", "stack", "pid", "signal", "cred") | not)] | join(" ")')"
	fi
else
	skip "$source: kernel threads" "this pid namespace shows none"
fi

# In a pid namespace of its own who is hidden is known: its first process, two that sleep, the end of a pipe
# that somebody else reads (and forktally itself is nobody's).
cp "$FORKTALLY" "$TMPDIR/forktally" && chmod 755 "$TMPDIR" "$TMPDIR/forktally"
cat >"$TMPDIR/hide" <<'HIDE'
options=$1 who=$2 dir=$3 source=$4
mount -t proc -o "$options" proc /proc || exit 1
nobody="setpriv --reuid=65534 --regid=65534 --clear-groups"
case $who in
root) as= ;;
untraced) as="setpriv --bounding-set=-sys_ptrace --inh-caps=-sys_ptrace" ;;
nobody) as=$nobody ;;
group) as="setpriv --reuid=65534 --regid=65534 --groups=4242" ;;
able) as="$nobody --inh-caps=+bpf,+perfmon --ambient-caps=+bpf,+perfmon" ;;
esac
sleep 60 &
sleep 60 &
mkfifo "$dir/fifo"
sleep 60 3>"$dir/fifo" &
$nobody sleep 61 3<"$dir/fifo" &
reader=$!
until [ "$(readlink "/proc/$reader/exe")" != "$(readlink /proc/1/exe)" ]; do sleep 0.05; done
rm "$dir/fifo"
$as "$dir/forktally" ps --source="$source" --json >"$dir/hidden" 2>"$dir/err"
echo $? >"$dir/status"
$as "$dir/forktally" explain --source="$source" --json $reader >"$dir/explained" 2>>"$dir/err"
$as "$dir/forktally" explain --source="$source" 1 >"$dir/first" 2>&1
$as "$dir/forktally" top --source="$source" -b -n 1 >"$dir/top" 2>>"$dir/err"
HIDE
# hide OPTIONS WHO SOURCE
hide()
{
	rm -f "$TMPDIR"/{hidden,status,explained,first,top}
	unshare -pfm --kill-child sh "$TMPDIR/hide" "$1" "$2" "$TMPDIR" "$3" 2>>"$TMPDIR/err"
	[ -e "$TMPDIR/status" ]
}
told() { field "$TMPDIR/hidden" '"\(.hidden) \([.processes[].uid] | sort | map(if . == 0 then "root" else "nobody" end) | join(" ")) \([.notes[] | select(test("hidepid"))] | length)"'; }

if ! hide hidepid=2 root "$source"; then
	skip "$source: hidepid" "/proc cannot be mounted here"
	return 0 2>/dev/null || exit 0
fi
expect "$source: hidepid=2, root: all are seen" "0 root root root root root nobody 0" "$(told)"
if [ "$source" = bpf ]; then
	if [ "$(cat /proc/sys/kernel/kptr_restrict)" != 0 ] || ! setpriv --inh-caps=+bpf true 2>/dev/null; then
		skip "bpf: hidepid, with CAP_BPF and CAP_PERFMON" "addresses are hidden, or setpriv does not know them"
		return 0 2>/dev/null || exit 0
	fi
	hide hidepid=2 able bpf
	expect "bpf: hidepid=2, with CAP_BPF and CAP_PERFMON: all are seen" "0 root root root root nobody nobody 0" "$(told)"
	expect "bpf: hidepid=2, with them: who has the other end of a pipe may be hidden" false \
		"$(field "$TMPDIR/explained" '[.files[] | select(.fd == 3).others_complete] | any')"
	return 0 2>/dev/null || exit 0
fi
for options in hidepid=1 hidepid=2 hidepid=4; do
	hide $options nobody proc
	count=null words="others hidden" says="cannot be told"
	[ $options != hidepid=1 ] || count=4 words="4 hidden" says=": 4 processes of others may not be looked at"
	expect "proc: $options: others are hidden, how many as far as it can be told" "$count nobody nobody 1" "$(told)"
	expect "proc: $options: it says so" true "$(field "$TMPDIR/hidden" "any(.notes[]; test(\"$says\"))")"
	expect "proc: $options: what no process holds is not known" "false null" \
		"$(field "$TMPDIR/hidden" '"\(.complete) \(.machine.unattributed)"')"
	expect "proc: $options: sums are lower bounds" true "$(field "$TMPDIR/hidden" '.sum.at_least | contains(["private", "kernel", "shared"])')"
	expect "proc: $options: who has the other end of a pipe may be hidden" "1 false" \
		"$(field "$TMPDIR/explained" '[.files[] | select(.fd == 3).others_complete] | "\(length) \(any)"')"
	expect "proc: $options: a hidden process" 1 "$(grep -c 'no process 1, or /proc (hidepid) does not show it' "$TMPDIR/first")"
	expect "proc: $options: top" 1 "$(grep -c "zombies, $words" "$TMPDIR/top")"
done
hide hidepid=4 untraced proc
expect "proc: hidepid=4, root without CAP_SYS_PTRACE: others are hidden" "null root 1" "$(told)"
hide hidepid=2,gid=4242 group proc
expect "proc: hidepid=2, of the group of gid=: all are seen" "0 6 0" "$(told | awk '{ print $1, NF - 2, $NF }')"
