# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: Apache, prefork, with a configuration of our own: children that end after 40 requests, a
# CGI script for each request, graceful stop.
# shellcheck shell=bash
. test/lib.sh
. test/server.sh

need "apache" apache2-bin apache2-utils curl || exit 0

port=$(free_port)
dir=$TMPDIR/apache
chmod 755 "$TMPDIR"
apache_ready "$dir" "$port"
report=$TMPDIR/apache.json
serve "$report" "${apache[@]}"
if wait_for 60 curl -sf "http://127.0.0.1:$port/cgi/hello"; then
	ab -q -n 2500 -c 4 "http://127.0.0.1:$port/cgi/hello" >"$dir/ab" 2>&1
	expect "apache: requests" 2500 "$(sed -n 's/^Complete requests: *//p' "$dir/ab")"
	kill -WINCH "$(cat "$dir/pid")"
else
	not_ok "apache: it serves" "$(tail -n 2 "$dir/error" "$report.err" 2>&1 | tr '\n' ' ')"
	kill -TERM "$(cat "$dir/pid")"
fi
wait $watcher
expect_clean "apache prefork" "$report" $? 0 2500
