# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: uwsgi and gunicorn with an application that runs a command for each request; workers end
# after 20 requests; graceful stop.
# shellcheck shell=bash
. test/lib.sh

dir=$TMPDIR/app
mkdir "$dir"
cat >"$dir/app.py" <<'END'
import subprocess

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [subprocess.run(["echo", "hello"], stdout=subprocess.PIPE, check=True).stdout]
END

if need "uwsgi" uwsgi-core uwsgi-plugin-python3 curl; then
	port=$(free_port)
	report=$TMPDIR/uwsgi.json
	serve "$report" uwsgi_python3 --master --processes 2 --max-requests 20 --disable-logging \
		--http-socket "127.0.0.1:$port" --chdir "$dir" --wsgi-file app.py --die-on-term
	wait_for 60 curl -sf "http://127.0.0.1:$port/"
	drive "uwsgi" curl -sf "http://127.0.0.1:$port/"
	kill -TERM "$(server_pid)"
	wait $watcher
	expect_clean "uwsgi" "$report" $? 0 "$driven"
fi

if need "gunicorn" gunicorn curl; then
	port=$(free_port)
	report=$TMPDIR/gunicorn.json
	serve "$report" gunicorn --workers 2 --max-requests 20 --bind "127.0.0.1:$port" --chdir "$dir" app
	wait_for 60 curl -sf "http://127.0.0.1:$port/"
	drive "gunicorn" curl -sf "http://127.0.0.1:$port/"
	kill -TERM "$(server_pid)"
	wait $watcher
	expect_clean "gunicorn" "$report" $? 0 "$driven"
fi
