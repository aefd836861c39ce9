# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: lighttpd with a CGI script for each request; graceful stop.
# shellcheck shell=bash
. test/lib.sh

need "lighttpd" lighttpd curl || exit 0

port=$(free_port)
dir=$TMPDIR/lighttpd
mkdir "$dir"
printf '#!/bin/sh\necho "Content-Type: text/plain"\necho\ndate >/dev/null\necho hello\n' >"$dir/hello.cgi"
chmod 755 "$dir/hello.cgi"
cat >"$dir/conf" <<END
server.modules = ("mod_cgi")
server.bind = "127.0.0.1"
server.port = $port
server.document-root = "$dir"
server.errorlog = "$dir/error"
cgi.assign = (".cgi" => "")
END
get() { curl -sf "http://127.0.0.1:$port/hello.cgi" | grep -q '^hello$'; }

report=$TMPDIR/lighttpd.json
serve "$report" lighttpd -D -f "$dir/conf"
wait_for 60 get
drive "lighttpd" get
kill -INT "$(server_pid)"
wait $watcher
expect_clean "lighttpd" "$report" $? 0 $((2 * driven))
