# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# table.jq - the summary as a table to read.
def left($n): tostring | if length < $n then . + (" " * ($n - length)) else . end;
def right($n): tostring | if length < $n then (" " * ($n - length)) + . else . end;
def fixed($digits):
  if . == null then "-" else
    (pow(10; $digits)) as $p | (. * $p | round) as $i | ($i / $p | floor | tostring) as $whole |
    if $digits == 0 then $whole
    else ($i % $p | fabs | tostring) as $f | "\($whole).\("0" * ($digits - ($f | length)) + $f)" end
  end;
def time: if . == null then "-" elif . >= 1e9 then "\(. / 1e9 | fixed(2)) s"
  elif . >= 1e6 then "\(. / 1e6 | fixed(2)) ms" else "\(. / 1e3 | fixed(1)) us" end;
def mib: if . == null then "?" else "\(. / 1048576 | fixed(1)) MiB" end;
def or_unknown: if . == null then "?" else tostring end;
def names: {
  fork: "fork, exit, wait", fork64: "fork with 64 MiB resident", vfork: "vfork and exec",
  make: "make -j2, per file", shell: "shell loop, per command", server: "server, per connection",
  syscall: "computing and system calls"};
def rank($list): . as $x | $list | index($x) // 99;
def order: sort_by([.part,
  (.load | rank(["syscall", "fork", "fork64", "vfork", "make", "shell", "server"])),
  (.under | rank(["bare", "floor", "bpf", "proc", "strace", "valgrind", "memleak", "perf", "forkstat"]))]);
def row:
  "  \(.title | left(30))\(.ns_per_operation | time | right(11))\(.ratio | fixed(2) | right(9))" +
  "\("\(.ratio_min | fixed(2))..\(.ratio_max | fixed(2))" | right(15))" +
  "\(.wall_seconds | if . == null then "-" else "\(fixed(2)) s" end | right(10))" +
  "\(.wall_ratio | fixed(2) | right(9))\(.rounds | right(4))  " +
  ([(if .failed > 0 then "\(.failed) failed" else empty end),
    (.notes[] | if .rounds > 1 then "\(.note) (\(.rounds)x)" else .note end)] | join("; "));
def blocks($part):
  [.rows[] | select(.part == $part)] | order | group_by(.load) |
  sort_by(.[0].load | rank(["syscall", "fork", "fork64", "vfork", "make", "shell", "server"]))[] |
  "\n\(names[.[0].load])", (order[] | row);

"\(.forktally), \(.kernel), \(.cpus) CPUs, load before \(.load_average), \(.rounds) rounds" +
  (if .scale != 1 then ", operations x \(.scale)" else "" end),
(if .rows | length > 0 then
  "",
  "  \("" | left(30))\("per op" | right(11))\("ratio" | right(9))\("min..max" | right(15))" +
  "\("all" | right(10))\("ratio" | right(9))\("n" | right(4))" else empty end),
(if any(.rows[]; .part == "load") then blocks("load") else empty end),
(if any(.rows[]; .part == "unrelated") then
  "\nWhat programs pay that have nothing to do with the one that forktally watches (it sleeps)",
  blocks("unrelated") else empty end),
(if .lost | length > 0 then "\nAll CPUs fork as fast as they can" else empty end),
(.lost[] |
  "  source \(.under): \(.forks) forks in \(.seconds | fixed(1)) s (\(.forks_per_second | fixed(0))/s), " +
  "\(.forks_reported | or_unknown) reported, \(.lost_events | or_unknown) events lost, " +
  "verdict \(.verdict | or_unknown); before and after \(.after_seconds | fixed(1)) s",
  "    forktally's own memory: \(.peak_resident_bytes | mib) resident at its peak, tables included; more in the kernel \(.kernel_bytes | mib)",
  (if .error then "    \(.error)" else empty end)),
(if .refused | length > 0 then "\nNot measured" else empty end),
(.refused[] | "  \(.title | left(30)) \(.why)")
