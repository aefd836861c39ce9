# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: nginx: a reload, and so two new workers, after every 4 requests; graceful stop.
# shellcheck shell=bash
. test/lib.sh

need "nginx" nginx-light curl || exit 0

port=$(free_port)
dir=$TMPDIR/nginx
mkdir "$dir"
chmod 755 "$TMPDIR" "$dir"
echo hello >"$dir/hello"
cat >"$dir/conf" <<END
daemon off;
worker_processes 2;
pid $dir/pid;
error_log $dir/error;
events {}
http {
	access_log $dir/access;
	client_body_temp_path $dir/body;
	proxy_temp_path $dir/proxy;
	fastcgi_temp_path $dir/fastcgi;
	uwsgi_temp_path $dir/uwsgi;
	scgi_temp_path $dir/scgi;
	server {
		listen 127.0.0.1:$port;
		location / { root $dir; }
	}
}
END
url=http://127.0.0.1:$port/hello
# reload: and wait for a new worker, for nginx takes two signals in a row as one.
newest=0
is_new() { [ "$(pgrep -n -P "$(server_pid)")" != $newest ]; }
reload()
{
	newest=$(pgrep -n -P "$(server_pid)")
	kill -HUP "$(server_pid)" && curl -sf "$url" "$url" "$url" "$url" && wait_for 5 is_new
}

report=$TMPDIR/nginx.json
serve "$report" nginx -c "$dir/conf"
wait_for 60 curl -sf "$url"
drive "nginx reloads" reload
kill -QUIT "$(server_pid)"
wait $watcher
expect_clean "nginx reloads" "$report" $? 0 $((2 * driven))
