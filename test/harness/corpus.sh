# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: test/corpus.jq accepts a report that is as its row says, and finds fault with each thing that is not;
# every row of test/corpus.tab is whole and has its program, and every leaking program its row.
# shellcheck shell=bash
. test/lib.sh

rows='[{"slug":"fd.pipe","where":"held","count":"1","pool":"kernel","holder":"=","function":"start_job"}]'
run='{"program":"leak_pipe","forks":100,"rate":1,"source":"bpf","status":23}'
oracle='{"bytes":2400,"counts":[1]}'
report='{"verdict":"leak","lost_events":0,"forks":100,"findings":[{"cause":"fd.pipe","where":"held","pool":"kernel",
	"count":100,"count_per_fork":1,"forks":100,"bytes":241600,"bytes_per_fork":2416,"holder":{"comm":"leak_pipe"},
	"taken_at":[{"kernel":true,"function":"pipe2"},{"kernel":false,"function":"pipe"},{"kernel":false,"function":"start_job"}]}]}'

# why ROWS RUN ORACLE CHANGE: what is said of the report after the change.
why()
{
	jq "$4" <<<"$report" | jq -r --argjson rows "$1" --argjson run "$2" --argjson oracle "$3" -f test/corpus.jq |
		jq -r '[.[].why[]] | join("; ")'
}

# fault NAME CHANGE EXPECTED: the beginning of what is said.
fault()
{
	local said
	said=$(why "$rows" "$run" "$oracle" "$2")
	expect "$1" "$3" "${said:0:${#3}}"
}

expect "as the row says" "" "$(why "$rows" "$run" "$oracle" .)"
fault "a clean verdict" '.verdict = "clean"' "verdict clean"
fault "a loss" '.lost_events = 3' "3 events lost"
fault "fewer forks" '.forks = 99' "99 forks seen"
fault "no finding" '.findings = []' "0 findings, not 1"
fault "a second finding" '.findings += [.findings[0] | .cause = "heap"]' "2 findings, not 1"
fault "the smaller first" '.findings = [(.findings[0] | .cause = "heap" | .bytes_per_fork = 9)] + .findings' \
	"not the most bytes per fork first"
fault "another cause" '.findings[0].cause = "fd.file"' "no fd.pipe"
fault "elsewhere" '.findings[0].where = "lost"' "where lost"
fault "another pool" '.findings[0].pool = "shared"' "pool shared"
fault "3 % more of them" '.findings[0] |= (.count = 103 | .count_per_fork = 1.03)' "count 1.03"
fault "per another number of forks" '.findings[0].forks = 50 | .findings[0].count_per_fork = 2' "count 2 per fork"
fault "another holder" '.findings[0].holder.comm = "init"' "held by init"
fault "taken too far out" '.findings[0].taken_at |= [{"kernel":false,"function":"a"}, {"kernel":false,"function":"b"}] + .' \
	"taken at a < b < pipe"
expect "far out, but all of it libc" "" "$(why "$rows" "$run" "$oracle" \
	'.findings[0].taken_at |= [range(5) | {"kernel":false,"function":"in","module":"/usr/lib/libc.so.6"}] + .')"
fault "11 % more bytes" '.findings[0].bytes = 266500' "2665 B/fork"
expect "another status" "status 0, not 23" "$(why "$rows" "${run/23/0}" "$oracle" .)"
expect "another count by /proc" "the program: 2 by /proc, not 1" "$(why "$rows" "$run" '{"bytes":2400,"counts":[2]}' .)"
expect "a look-alike that is called a leak" "status 23, not 0; verdict leak, not clean; 1 findings, not 0: fd.pipe 1x 2416 B" \
	"$(why '[]' "$run" null .)"
expect "a look-alike that is clean" "" "$(why '[]' "${run/23/0}" null '.verdict = "clean" | .findings = []')"

expect "nine words in each row" "" "$(awk '!/^#/ && NF && NF != 9' test/corpus.tab)"
expect "a program for each row, a row for each program" \
	"$(cd test/workload && printf '%s\n' leak_*.c | sed 's/\.c$//' | sort)" \
	"$(awk '!/^#/ && NF { print $2 }' test/corpus.tab | sort -u)"
