# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: --suppress, --gen-suppressions, --junit, --sarif and --folded of a recorded session: what
# they give, and that a bad file, a full disk or a file that is used twice is one clear error
# before anything runs. Does not cover: the forms in detail (test_out_faces, test_suppress).
# shellcheck shell=bash
. test/lib.sh

session=test/golden/server.ndjson
err=$TMPDIR/err
supp=$TMPDIR/known.supp

# replay OPTION..: the report in report, the errors in err, the status in status.
replay()
{
	"$FORKTALLY" replay "$@" -o "$TMPDIR/report" "$session" 2>"$err"
	status=$?
}

# said NAME STATUS TEXT: the last status, and one line of errors with TEXT in it.
said()
{
	expect "$1: exit status" "$2" "$status"
	if grep -q -F -- "$3" "$err"; then ok "$1: said"; else not_ok "$1: said" "$(head -n 3 "$err" | tr '\n' '|')"; fi
	expect "$1: one line" 1 "$(wc -l <"$err")"
}

# Generated blocks suppress what they were generated from.
replay --gen-suppressions
expect "a leak" 23 "$status"
sed -n '/^{$/,/^}$/p' "$TMPDIR/report" >"$supp"
expect "a block for the finding" 1 "$(grep -c '^{$' "$supp")"
replay --suppress="$supp"
expect "suppressed: exit status" 0 "$status"
expect "suppressed: the first line" \
	"forktally: CLEAN: nothing else grows with the forks (23 forks, source bpf, 1 finding suppressed)" \
	"$(head -n 1 "$TMPDIR/report")"
replay --json
field "$TMPDIR/report" '.findings[].suppression' >"$TMPDIR/json.supp"
if cmp -s "$supp" <(sed '$d' "$TMPDIR/json.supp"); then ok "JSON has the same block"; else
	not_ok "JSON has the same block" "$(head -n 3 "$TMPDIR/json.supp" | tr '\n' '|')"; fi

# Used and unused ones are told, over several files, without a newline at the end.
printf '{\n  never\n  cause:heap\n}' >"$TMPDIR/unused.supp"
replay --json --suppress "$TMPDIR/unused.supp" --suppress="$supp"
expect "two files: exit status" 0 "$status"
expect "two files: verdict" clean "$(field "$TMPDIR/report" .verdict)"
expect "two files: used and unused" "never 0 0,$(sed -n '2s/^ *//p' "$supp") 1 47104" \
	"$(field "$TMPDIR/report" '[.suppressions[] | "\(.name) \(.used) \(.bytes)"] | join(",")')"
expect "two files: where it stands" "$TMPDIR/unused.supp:1" \
	"$(field "$TMPDIR/report" '.suppressions[0] | "\(.file):\(.line)"')"
expect "two files: what was suppressed" fd.pipe "$(field "$TMPDIR/report" '.suppressed[].cause')"
replay --suppress="$TMPDIR/unused.supp"
expect "nothing matches: exit status" 23 "$status"
expect "nothing matches: it is told" 1 "$(grep -c -F 'never: not used' "$TMPDIR/report")"

# A file for valgrind and for us.
if command -v valgrind >/dev/null; then
	valgrind -q --suppressions="$supp" true 2>"$err"
	expect "valgrind reads our file" 0 $?
	expect "valgrind finds nothing wrong in it" "" "$(cat "$err")"
else
	skip "valgrind reads our file" "no valgrind here"
fi

# What is wrong is said before anything is run, emptied or made.
echo old >"$TMPDIR/old"
for bad in 'cause:fd.*' $'{\n}' $'{\nname\nfun:main\n}' $'{\nname\ncause:heap\nbad line\n}' $'{\nname\ncause:heap'; do
	printf '%s' "$bad" >"$TMPDIR/bad.supp"
	"$FORKTALLY" run --source=proc --suppress="$TMPDIR/bad.supp" -o "$TMPDIR/old" \
		--junit="$TMPDIR/none" -- touch "$TMPDIR/ran" 2>"$err"
	status=$?
	said "bad suppression ${bad@Q}" 125 "forktally: $TMPDIR/bad.supp:$(printf '%s\n' "$bad" | awk '
		NR == 1 && $0 != "{" { print 1; exit } $0 == "}" && NR == 2 { print 2; exit }
		/^fun/ && NR == 3 { print 3; exit } /^bad/ { print NR; exit } END { print NR }' | head -n 1): "
done
expect "bad suppressions: nothing ran" 1 "$([ -e "$TMPDIR/ran" ]; echo $?)"
expect "bad suppressions: nothing was made" 1 "$([ -e "$TMPDIR/none" ]; echo $?)"
expect "bad suppressions: nothing was emptied" old "$(cat "$TMPDIR/old")"
replay --suppress="$TMPDIR/not/there"
said "no such suppressions" 125 "cannot read the suppressions '$TMPDIR/not/there': No such file"
replay --suppress="$TMPDIR"
said "suppressions are a folder" 125 "cannot read the suppressions '$TMPDIR': Is a directory"
head -c 4096 /dev/zero >"$TMPDIR/zero"
replay --suppress="$TMPDIR/zero"
said "suppressions are no text" 125 "$TMPDIR/zero:1: there is a NUL byte"

for option in -o --junit; do
	cp "$supp" "$TMPDIR/over.supp"
	"$FORKTALLY" replay --suppress="$TMPDIR/over.supp" $option "$TMPDIR/over.supp" "$session" 2>"$err"
	status=$?
	said "$option over the suppressions" 125 "same file '$TMPDIR/over.supp'"
	if cmp -s "$supp" "$TMPDIR/over.supp"; then ok "$option over the suppressions: they are whole"; else
		not_ok "$option over the suppressions: they are whole" "they were written to"; fi
done

# The other faces.
replay --junit="$TMPDIR/j.xml" --sarif="$TMPDIR/s.sarif" --folded="$TMPDIR/f.folded"
expect "all faces: exit status" 23 "$status"
for face in j.xml:server.xml f.folded:server.folded; do
	if cmp -s "$TMPDIR/${face%%:*}" "test/golden/${face##*:}"; then ok "$face"; else not_ok "$face" "differs"; fi
done
expect "SARIF: one result" 1 "$(field "$TMPDIR/s.sarif" '.runs[0].results | length')"
replay --suppress="$supp" --junit="$TMPDIR/j.xml" --sarif="$TMPDIR/s.sarif" --folded="$TMPDIR/f.folded"
expect "suppressed: JUnit skips it" 1 "$(grep -c '<skipped ' "$TMPDIR/j.xml")"
expect "suppressed: SARIF leaves it out" "0 1" \
	"$(field "$TMPDIR/s.sarif" '.runs[0] | "\(.results | length) \(.properties.suppressed)"')"
expect "suppressed: no stack" 0 "$(wc -c <"$TMPDIR/f.folded")"
if command -v xmllint >/dev/null; then
	for file in test/golden/*.xml "$TMPDIR/j.xml"; do
		if xmllint --noout --schema test/fixture/junit.xsd "$file" 2>"$err"; then
			ok "${file##*/} follows the schema"
		else
			not_ok "${file##*/} follows the schema" "$(head -n 2 "$err" | tr '\n' '|')"
		fi
	done
	sed 's/<skipped /<skiped /; s|</skipped|</skiped|' "$TMPDIR/j.xml" >"$TMPDIR/wrong.xml"
	xmllint --noout --schema test/fixture/junit.xsd "$TMPDIR/wrong.xml" 2>/dev/null
	expect "the schema refuses what is wrong" 3 $?
else
	skip "JUnit follows the schema" "no xmllint here"
fi

for face in junit sarif folded; do
	what=$(echo "$face" | sed 's/junit/JUnit report/; s/sarif/SARIF report/; s/folded/folded stacks/')
	"$FORKTALLY" replay -o "$TMPDIR/report" --$face=/dev/full "$session" 2>"$err"
	status=$?
	said "--$face on a full disk" 125 "cannot write the $what to '/dev/full': No space left"
	expect "--$face on a full disk: the report is there" 1 "$(grep -c 'LEAK: ' "$TMPDIR/report")"
	"$FORKTALLY" run --source=proc --$face="$TMPDIR/no/folder" -- touch "$TMPDIR/ran" 2>"$err"
	status=$?
	said "--$face in a folder that is not there" 125 "cannot write the $what to '$TMPDIR/no/folder': No such file"
	cp "$session" "$TMPDIR/session"
	"$FORKTALLY" replay --$face="$TMPDIR/session" "$TMPDIR/session" 2>"$err"
	status=$?
	said "--$face is the session" 125 "same file '$TMPDIR/session'"
	if cmp -s "$session" "$TMPDIR/session"; then ok "--$face is the session: it is whole"; else
		not_ok "--$face is the session: it is whole" "it was written to"; fi
	replay --$face="$TMPDIR/report"
	said "--$face is the report" 125 "same file '$TMPDIR/report'"
done
replay --junit="$TMPDIR/same" --folded="$TMPDIR/same"
said "two faces in one file" 125 "same file '$TMPDIR/same'"
expect "wrong files: nothing ran" 1 "$([ -e "$TMPDIR/ran" ]; echo $?)"

# With the real thing: a run says the same as its replay.
"$FORKTALLY" run --source=proc --record="$TMPDIR/r.ndjson" --folded="$TMPDIR/run.folded" \
	--junit="$TMPDIR/run.xml" -o "$TMPDIR/run.txt" -- "$WORKLOAD/leak_pipe" >/dev/null 2>"$err"
expect "a run: exit status" 23 $?
"$FORKTALLY" replay --folded="$TMPDIR/re.folded" --junit="$TMPDIR/re.xml" -o "$TMPDIR/re.txt" "$TMPDIR/r.ndjson" 2>"$err"
for file in folded xml; do
	if cmp -s "$TMPDIR/run.$file" "$TMPDIR/re.$file" && [ -s "$TMPDIR/run.$file" ]; then
		ok "a run and its replay give the same: $file"
	else
		not_ok "a run and its replay give the same: $file" "they differ or are empty"
	fi
done
