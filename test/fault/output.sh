# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: a report or a recording that cannot be opened, a disk that is full or fills up during the
# run, a closed stderr and stdout, a reader that went away; each is said in one line that names the
# file, and never silent. With source proc: what is written does not depend on the source.
# shellcheck shell=bash
. test/lib.sh

run=("$FORKTALLY" run --source=proc --timeout=60s)
err=$TMPDIR/err

# said NAME STATUS TEXT: the last command's status, and a line of stderr with TEXT in it.
said()
{
	expect "$1: exit status" "$2" "$status"
	if grep -q -F -- "$3" "$err"; then ok "$1: said"; else not_ok "$1: said" "$(head -n 3 "$err" | tr '\n' '|')"; fi
}

# Files are opened before the command starts.
for option in -o --record; do
	rm -f "$TMPDIR/ran"
	"${run[@]}" $option "$TMPDIR/no/such/folder/file" -- touch "$TMPDIR/ran" 2>"$err"
	status=$?
	said "$option in a folder that is not there" 125 "$TMPDIR/no/such/folder/file': No such file"
	expect "$option in a folder that is not there: one line" 1 "$(wc -l <"$err")"
	expect "$option in a folder that is not there: nothing ran" 1 "$([ -e "$TMPDIR/ran" ]; echo $?)"
	"${run[@]}" $option "$TMPDIR" -- touch "$TMPDIR/ran" 2>"$err"
	status=$?
	said "$option is a folder" 125 "$TMPDIR': Is a directory"
done
"${run[@]}" -o "$TMPDIR/both" --record="$TMPDIR/both" -- touch "$TMPDIR/ran" 2>"$err"
status=$?
said "-o and --record are one file" 125 "same file '$TMPDIR/both'"
expect "nothing ran" 1 "$([ -e "$TMPDIR/ran" ]; echo $?)"

"${run[@]}" --record=/dev/full -- touch "$TMPDIR/ran" 2>"$err"
status=$?
said "--record on a full disk from the start" 125 "/dev/full': No space left"
expect "nothing ran on a full disk" 1 "$([ -e "$TMPDIR/ran" ]; echo $?)"

# The command has run when the report is written: it is not lost.
"${run[@]}" -o /dev/full -- true 2>"$err"
status=$?
said "-o on a full disk" 125 "/dev/full': No space left"
expect "-o on a full disk: the report is on stderr" 1 "$(grep -c 'CLEAN: ' "$err")"
"${run[@]}" --json -o /dev/full -- true 2>"$err"
status=$?
said "-o on a full disk, JSON" 125 "/dev/full': No space left"
expect "-o on a full disk, JSON: the report is on stderr" clean "$(grep -v '^forktally: ' "$err" | jq -r .verdict)"

"${run[@]}" -- sh -c 'exit 5' 2>/dev/full
expect "stderr on a full disk: exit status" 125 $?
"${run[@]}" -- sh -c 'exit 5' 2>&-
expect "stderr closed: exit status" 125 $?
"${run[@]}" -o "$TMPDIR/report" --json -- sh -c 'exit 5' 2>&-
expect "stderr closed, report to a file: exit status" 5 $?
expect "stderr closed, report to a file: report" 5 "$(field "$TMPDIR/report" .exit_status)"
# Descriptors that come closed are closed for the command, and are not our files.
"${run[@]}" -o "$TMPDIR/report" --json --record="$TMPDIR/log" -- \
	sh -c 'for i in 0 1 2; do [ -e /proc/self/fd/$i ] && exit 1; done; exit 6' <&- >&- 2>&-
expect "all closed: exit status" 6 $?
expect "all closed: report" 6 "$(field "$TMPDIR/report" .exit_status)"
expect "all closed: recording" 7 "$("$FORKTALLY" replay --error-exitcode=0 "$TMPDIR/log" 2>/dev/null; echo $(($? + 1)))"
"$FORKTALLY" run --help >/dev/full 2>"$err"
status=$?
said "help on a full disk" 125 "cannot write to stdout: No space left"

# A pipe that nobody reads is an error and no death by SIGPIPE; the command still dies of it.
# shellcheck disable=SC2216
{ sleep 1; "${run[@]}" -- true; echo $? >"$TMPDIR/status"; } 2>&1 | sleep 0
expect "a reader that went away: exit status" 125 "$(cat "$TMPDIR/status")"
# shellcheck disable=SC2216
{ "${run[@]}" -o "$TMPDIR/report" --json -- sh -c 'sleep 1; while :; do echo y; done'; echo $? >"$TMPDIR/status"; } | sleep 0
expect "SIGPIPE for the command: exit status" 141 "$(cat "$TMPDIR/status")"

# A disk that fills up during the run: 64 KiB of tmpfs.
disk=$TMPDIR/disk
mkdir "$disk"
if ! mount -t tmpfs -o size=64k,mode=777 none "$disk" 2>"$err"; then
	skip "a disk that fills up" "no tmpfs can be mounted: $(tr '\n' ' ' <"$err")"
	exit 0
fi
trap 'umount "$disk" 2>/dev/null' EXIT
for name in log.ndjson log.ndjson.zst; do
	dd if=/dev/zero of="$disk/rest" bs=4096 count=8 2>/dev/null
	"${run[@]}" --record="$disk/$name" --json -o "$TMPDIR/report" -- \
		bash -c 'for ((i = 0; i < 700; i++)); do /bin/true; done; exit 5' 2>"$err"
	status=$?
	said "$name fills the disk: the run goes on" 5 "'$disk/$name' is cut off here: No space left"
	expect "$name fills the disk: the report says so" 1 \
		"$(field "$TMPDIR/report" '[.not_seen[] | select(test("recording .* is cut off"))] | length')"
	expect "$name fills the disk: all forks are booked" 700 "$(field "$TMPDIR/report" .forks)"
	"$FORKTALLY" replay --json "$disk/$name" -o "$TMPDIR/replay" 2>"$err"
	status=$?
	said "$name fills the disk: what is there is replayed" 24 "is cut off after line"
	expect "$name fills the disk: replayed as inconclusive" "inconclusive true" \
		"$(field "$TMPDIR/replay" '"\(.verdict) \(.cut_off)"')"
	expect "$name fills the disk: forks up to the cut" true "$(field "$TMPDIR/replay" '.forks > 0 and .forks < 700')"
	rm -f "$disk"/*
done
dd if=/dev/zero of="$disk/rest" bs=4096 2>/dev/null
"${run[@]}" -o "$disk/report" -- true 2>"$err"
status=$?
said "-o on a disk that is full" 125 "'$disk/report': No space left"
expect "-o on a disk that is full: the report is on stderr" 1 "$(grep -c 'CLEAN: ' "$err")"
umount "$disk"
expect "nothing stays mounted" "" "$(grep -F "$disk" /proc/mounts)"
