# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: find -exec with one process for each of 2,500 files, and xargs with two at a time.
# shellcheck shell=bash
. test/lib.sh

need "find and xargs" findutils || exit 0

mkdir "$TMPDIR/files"
(cd "$TMPDIR/files" && seq -f 'file%g' 2500 | xargs touch)
report=$TMPDIR/find.json
run_json "$report" find "$TMPDIR/files" -type f -exec true '{}' ';'
expect_clean "find -exec" "$report" $? 0 2500

report=$TMPDIR/xargs.json
run_json "$report" sh -c "find '$TMPDIR/files' -type f | xargs -n 1 -P 2 true"
expect_clean "find | xargs -P 2" "$report" $? 0 2500
