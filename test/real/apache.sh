# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: Apache, prefork, with a configuration of our own: children that end after 40 requests, a
# CGI script for each request, graceful stop.
# shellcheck shell=bash
. test/lib.sh

need "apache" apache2-bin apache2-utils curl || exit 0

port=$(free_port)
dir=$TMPDIR/apache
modules=/usr/lib/apache2/modules
mkdir -p "$dir/cgi"
chmod 755 "$TMPDIR" "$dir" "$dir/cgi"
printf '#!/bin/sh\necho "Content-Type: text/plain"\necho\necho hello\n' >"$dir/cgi/hello"
chmod 755 "$dir/cgi/hello"
cat >"$dir/conf" <<END
ServerName localhost
ServerRoot $dir
Listen 127.0.0.1:$port
PidFile $dir/pid
ErrorLog $dir/error
LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule alias_module $modules/mod_alias.so
LoadModule cgi_module $modules/mod_cgi.so
User $([ "$(id -u)" = 0 ] && echo nobody || id -un)
Group $([ "$(id -u)" = 0 ] && echo nogroup || id -gn)
StartServers 4
MinSpareServers 4
MaxSpareServers 8
MaxRequestWorkers 16
MaxConnectionsPerChild 40
ScriptAlias /cgi/ $dir/cgi/
<Directory $dir/cgi>
	Require all granted
</Directory>
END
report=$TMPDIR/apache.json
# apache signals its whole process group when it stops: give it one of its own
run_json "$report" setsid apache2 -f "$dir/conf" -DFOREGROUND &
watcher=$!
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
