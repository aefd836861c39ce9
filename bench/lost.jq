# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# lost.jq - one object of "lost": forks as fast as the machine can, and what forktally saw.
($report[0]) as $r |
{
  $under,
  seconds: ($ns / 1e9),
  $forks,
  forks_per_second: (if $ns > 0 then $forks / ($ns / 1e9) else null end),
  forks_reported: ($r.forks // null),
  lost_events: ($r.lost_events // null),
  verdict: ($r.verdict // null),
  after_seconds: (if $ns > 0 then ($wall - $ns) / 1e9 else null end),
  peak_resident_bytes: ($peak * 1024),
  kernel_bytes: $kernel,
  $status,
  error: (if $r == null then $error else null end)
}
