# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: busybox httpd with a CGI script: a child for each connection, which runs the script.
# shellcheck shell=bash
. test/lib.sh

need "busybox httpd" busybox curl || exit 0

port=$(free_port)
mkdir -p "$TMPDIR/www/cgi-bin"
printf '#!/bin/sh\necho "Content-Type: text/plain"\necho\ndate >/dev/null\necho hello\n' >"$TMPDIR/www/cgi-bin/hello"
chmod 755 "$TMPDIR/www" "$TMPDIR/www/cgi-bin" "$TMPDIR/www/cgi-bin/hello"
report=$TMPDIR/busybox.json
run_json "$report" busybox httpd -f -p "127.0.0.1:$port" -h "$TMPDIR/www" &
watcher=$!
if wait_for 60 curl -sf "http://127.0.0.1:$port/cgi-bin/hello"; then
	answers=$(for ((i = 0; i < 1000; i++)); do
		curl -s "http://127.0.0.1:$port/cgi-bin/hello"
	done | grep -c '^hello$')
	expect "busybox httpd: answers" 1000 "$answers"
fi
kill -TERM "$(pgrep -f "^busybox httpd -f -p 127.0.0.1:$port ")"
wait $watcher
expect_clean "busybox httpd" "$report" $? 143 3000
