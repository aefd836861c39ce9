# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: proc_open() of PHP, where every second call cannot open its log file. PHP 8.2 (Debian 12)
# then keeps both ends of the pipe that it made for the command's stdin (doc/bugs.md). The script
# counts its own descriptors; forktally has to say the same, also of a PHP that has no leak.
# shellcheck shell=bash
. test/lib.sh

need "php" php-cli || exit 0

cat >"$TMPDIR/script" <<'END'
<?php
for ($i = 0; $i < 223; $i++) {
	$command = proc_open('true', [0 => ['pipe', 'r'], 1 => ['file', '/dev/null', 'a']], $pipes);
	fclose($pipes[0]);
	proc_close($command);
	@proc_open('true', [0 => ['pipe', 'r'], 1 => ['file', '/nonexistent/log', 'a']], $pipes);
}
echo count(scandir('/proc/self/fd')), "\n";
END
report=$TMPDIR/php.json
run_json "$report" php "$TMPDIR/script"
status=$?
open=$(tail -n 1 "$report.out")
if [ "$open" -lt 50 ]; then
	expect_clean "php: proc_open" "$report" $status 0 223
	exit 0
fi
expect "php: proc_open: exit status" 23 $status
expect "php: proc_open: one finding" "fd.pipe held" \
	"$(field "$report" '[.findings[] | "\(.cause) \(.where)"] | join(", ")')"
near "php: proc_open: as many pipes as /proc shows ($open descriptors)" 223 \
	"$(field "$report" '.findings[0].count')" 2
expect "php: proc_open: nothing lost" 0 "$(lost "$report")"
[ "$FORKTALLY_SOURCE" != bpf ] ||
	expect "php: proc_open: taken at" pipe2 "$(field "$report" '.findings[0].syscall')"
