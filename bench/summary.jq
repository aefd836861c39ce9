# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# summary.jq - the results of all rounds, one line each, become medians and ratios.
# A ratio is taken within its round and the median is that of the ratios: what slows the whole
# machine in one round slows both sides of it. Whole times are compared only where as many
# operations were made: the start of a tool is no part of an operation.
def median:
  sort | length as $n |
  if $n == 0 then null
  elif $n % 2 == 1 then .[($n - 1) / 2]
  else (.[$n / 2 - 1] + .[$n / 2]) / 2 end;
def ratios(value; $bare):
  [.[] | . as $r | $bare[$r.round | tostring] | select(. != null) |
   select(($r | value) != null and value != null) | ($r | value) / value];

[inputs | select(length > 0) | split("\t") |
 {part: .[0], load: .[1], under: .[2], round: (.[3] | tonumber), operations: (.[4] | tonumber),
  loop_ns: (.[5] | tonumber), wall_ns: (.[6] | tonumber), status: (.[7] | tonumber), note: .[8]} |
 . + {good: (.operations > 0 and .loop_ns > 0)} |
 . + {per_op: (if .good then .loop_ns / .operations else null end)}] as $all |

{
  version: 1,
  forktally: $version, $kernel, $cpus, $load_average, $rounds, $scale,
  rows: [
    $all | group_by([.part, .load])[] | . as $group |
    (map(select(.under == "bare" and .good) | {key: (.round | tostring), value: .}) | from_entries) as $bare |
    ($group | group_by(.under)[]) |
    (map(select(.good))) as $good |
    ($good | ratios(.per_op; $bare)) as $loop |
    ($bare | map(.operations)[0]) as $count |
    ($good | ratios(if .operations == $count then .wall_ns else null end; $bare)) as $wall |
    {
      part: .[0].part, load: .[0].load, under: .[0].under, title: $titles[.[0].under],
      rounds: ($good | length), failed: (length - ($good | length)),
      operations: ($good | map(.operations) | median),
      ns_per_operation: ($good | map(.per_op) | median),
      ratio: ($loop | median), ratio_min: ($loop | min), ratio_max: ($loop | max),
      wall_seconds: ($good | map(.wall_ns) | median | if . then . / 1e9 else null end),
      wall_ratio: ($wall | median),
      notes: [group_by(.note)[] | select(.[0].note != "") | {note: .[0].note, rounds: length}]
    }],
  $lost, $refused
}
