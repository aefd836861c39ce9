# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# corpus.jq - judge one report of one program against the rows of test/corpus.tab.
#
# Input:  the report, null where there is none.
# $rows:  the program's rows: {slug, where, count, pool, holder, function}; none: it is clean
# $run:   {program, forks, rate, source, status}
# $oracle: {bytes, counts[]}: of one leak, by the kernel; null where it was not asked
# Output: one result for each row (or for the clean program), `why` empty when all is as expected.

def percent(got; expected): if expected == 0 then (if got == 0 then 0 else 100 end)
	else (got - expected) / expected * 100 end;
def far(got; expected; limit): percent(got; expected) | fabs > limit;

. as $report
| ($report.findings // []) as $findings
| ($findings | map("\(.cause) \(.count_per_fork | tostring | .[0:6])x \(.bytes_per_fork | floor) B") | join(", ")) as $found
| (if $rows == [] then 0 else 23 end) as $status
| (if $rows == [] then "clean" else "leak" end) as $verdict
| [ if $report == null then "no report" else empty end,
    if $run.status != $status then "status \($run.status), not \($status)" else empty end,
    if $report.verdict != $verdict then "verdict \($report.verdict), not \($verdict)" else empty end,
    if $report.lost_events != 0 then "\($report.lost_events) events lost" else empty end,
    if ($report.forks // 0) < $run.forks then "\($report.forks) forks seen, not \($run.forks)" else empty end,
    if ($findings | map(-.bytes_per_fork)) as $b | $b != ($b | sort) then "not the most bytes per fork first" else empty end,
    if ($findings | length) != ($rows | length)
	then "\($findings | length) findings, not \($rows | length)" + (if $found == "" then "" else ": " + $found end)
	else empty end ] as $all

# Bytes are compared for all findings of the program: the oracle cannot tell them apart.
| ($rows[0].pool // "" | rtrimstr("*")) as $pool
| ($findings | map(select(.pool == $pool) | .bytes) | add // 0) as $bytes
| (if $rows == [] then 0 else (($run.forks + $run.rate - 1) / $run.rate | floor) end) as $leaks
| (if $oracle then $oracle.bytes * $leaks / $run.forks else null end) as $expected_bytes
| ($bytes / $run.forks) as $got_bytes
| [ if $run.source != "bpf" or $oracle == null or ($rows[0].pool // "" | endswith("*")) then empty
    elif far($got_bytes; $expected_bytes; if $pool == "private" then 5 else 10 end)
	then "\($got_bytes | floor) B/fork, the kernel says \($expected_bytes | floor)" else empty end ] as $about_bytes

| if $rows == [] then [$run + {slug: "clean", found: $found, why: $all}]
  else $rows | to_entries | map(.key as $index | .value as $row
	| ($row.count | if . == "-" then null else split("/") | map(tonumber) | {each: .[0], of: (.[1] // 1)} end) as $count
	| (if $count then $count.each * (($run.forks + ($count.of * $run.rate) - 1) / ($count.of * $run.rate) | floor)
		/ $run.forks else null end) as $expected
	| (if $row.holder == "=" then $run.program[0:15] elif $row.holder == "-" then null else $row.holder end) as $holder
	| ($findings | map(select(.cause == $row.slug)) | (map(select(.holder.comm == $holder)) + .)[0]) as $f
	| ([$f.taken_at // [] | .[] | select(.kernel | not)]
		| ([.[] | .module // "" | test("/libc[.-][^/]*$") | not] | index(true) // 0) as $of_libc
		| .[[$of_libc - 1, 0] | max:] | map(.function) | .[0:3]) as $frames
	| $run + {slug: $row.slug, found: ($f.cause // $found),
		count_expected: $expected, count: (if $f then $f.count / $run.forks else null end),
		bytes_expected: $expected_bytes, bytes: $got_bytes,
		taken_at: ($frames | join(" < ")),
		why: ($all
		+ (if $f == null then ["no \($row.slug)"] else
		[ if $f.where != $row.where then "where \($f.where), not \($row.where)" else empty end,
		  if $f.pool != ($row.pool | rtrimstr("*")) then "pool \($f.pool), not \($row.pool)" else empty end,
		  if $expected and far($f.count / $run.forks; $expected; 2)
			then "count \($f.count / $run.forks), not \($expected)" else empty end,
		  # a job may be two forks: "per fork" is of the holder's own forks, or of the tree's
		  if $expected and (far($f.count_per_fork * $f.forks; $f.count; 2) or
			(far($f.forks; $run.forks; 2) and $f.forks != $report.forks))
			then "count \($f.count_per_fork) per fork, of \($f.forks) forks" else empty end,
		  if $holder and $f.holder.comm != $holder
			then "held by \($f.holder.comm), not \($holder)" else empty end,
		  if $run.source == "bpf" and $row.function != "-" and ($frames | index($row.function) | not)
			then "taken at \($frames | join(" < ")), not \($row.function)" else empty end ] end)
		+ (if $index == 0 then $about_bytes else [] end)
		+ (if $oracle and $count and far($oracle.counts[$index] // 0; $count.each / $count.of; 2)
			then ["the program: \($oracle.counts[$index]) by /proc, not \($row.count)"] else [] end))})
  end
