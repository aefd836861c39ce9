# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: perl and python3 that fork, run commands, and (python3) a pool of worker processes.
# shellcheck shell=bash
. test/lib.sh

if need "perl" perl-base; then
	report=$TMPDIR/perl.json
	run_json "$report" perl -e '
		for (1 .. 2500) {
			my $pid = fork() // die;
			exit 0 unless $pid;
			waitpid $pid, 0;
		}
		for (1 .. 500) { my $out = `echo $_; true`; }'
	expect_clean "perl" "$report" $? 0 3000
fi

if need "python3" python3; then
	report=$TMPDIR/python.json
	run_json "$report" python3 -c '
import os, subprocess
for i in range(1500):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
for i in range(500):
    subprocess.run(["true"], check=True)'
	expect_clean "python3 fork and subprocess" "$report" $? 0 2000

	report=$TMPDIR/pool.json
	run_json "$report" python3 -c '
from multiprocessing import get_context
def square(x): return x * x
if __name__ == "__main__":
    with get_context("fork").Pool(4, maxtasksperchild=2) as pool:
        assert sum(pool.imap_unordered(square, range(4000), chunksize=1)) == sum(x * x for x in range(4000))
        pool.close()
        pool.join()'
	expect_clean "python3 pool" "$report" $? 0 2000
fi
