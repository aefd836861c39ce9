# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: what doctor says about this machine, held against what run does here; its options; with
# LONG=1 the calibration and that source proc then uses the table.
# Not covered: a machine that refuses ptrace(2).
# shellcheck shell=bash
. test/lib.sh

json=$TMPDIR/doctor.json
"$FORKTALLY" doctor --json >"$json"
expect "doctor: exit status" 0 $?
expect "doctor: version of its JSON" 1 "$(field "$json" .version)"
expect "doctor: every failure has its error and its remedy" true \
	"$(field "$json" '[.abilities[] | select(.works | not) |
		(.error | test("^E[A-Z0-9]+$")) and (.lost_without != "") and (.how_to_get != "")] | all')"
expect "doctor: names are not given twice" true \
	"$(field "$json" '[.abilities[].name] | (unique | length) == length')"
source=$(field "$json" .source)
"$FORKTALLY" run --json -o "$TMPDIR/report" -- true 2>/dev/null
expect "doctor: run takes the source that it names" "$source" "$(field "$TMPDIR/report" .source)"
"$FORKTALLY" doctor >"$TMPDIR/text"
expect "doctor: exit status of the text" 0 $?
expect "doctor: its last line" "forktally run takes source $source" "$(tail -n 1 "$TMPDIR/text" | cut -d: -f1)"
expect "doctor: one line for each ability" "$(field "$json" '.abilities | length')" \
	"$(grep -cE '^(yes|NO )  ' "$TMPDIR/text")"

"$FORKTALLY" doctor --nonsense >/dev/null 2>"$TMPDIR/err"
expect "doctor: an unknown option" 125 $?
"$FORKTALLY" doctor word >/dev/null 2>"$TMPDIR/err"
expect "doctor: a word too many" 125 $?
expect "doctor: one line of error" 1 "$(wc -l <"$TMPDIR/err")"
if [ -e /dev/full ]; then
	"$FORKTALLY" doctor --json >/dev/full 2>/dev/null
	expect "doctor: stdout is full" 125 $?
fi

groups() { find /sys/fs/cgroup -type d -name "forktally-$1-*" 2>/dev/null | wc -l; }
table=/var/lib/forktally/cost.json
if [ "$(field "$json" '.abilities[] | select(.name == "cgroup.memory") | .works')" != true ]; then
	"$FORKTALLY" doctor --calibrate >/dev/null 2>"$TMPDIR/err"
	expect "calibrate: refused without a memory cgroup" 125 $?
	expect "calibrate: one line of error" 1 "$(wc -l <"$TMPDIR/err")"
elif [ -z "$LONG" ] || [ "$(id -u)" != 0 ] || [ -e "$table" ]; then
	skip "calibrate" "takes 25 s or more and keeps a table: LONG=1, as root, where there is none"
else
	"$FORKTALLY" doctor --calibrate --json >"$TMPDIR/cost" &
	pid=$!
	wait $pid
	expect "calibrate: exit status" 0 $?
	expect "calibrate: no cgroup is left" 0 "$(groups $pid)"
	expect "calibrate: all kinds cost something" true "$(field "$TMPDIR/cost" '[.bytes[] > 0] | all')"
	expect "calibrate: the table is kept" "$(field "$TMPDIR/cost" ".bytes | tojson")" "$(field "$table" ".bytes | tojson")"
	"$FORKTALLY" run --source=proc --json -o "$TMPDIR/report" -- true
	expect "calibrate: source proc says that it is used" 1 \
		"$(field "$TMPDIR/report" '.not_seen[]' | grep -c 'measured on this machine')"
	rm -f "$table"
	rmdir "${table%/*}" 2>/dev/null
fi
