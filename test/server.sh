# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# server.sh - PostgreSQL, Apache, redis with a configuration of their own: what the tests
# with real programs share. Sourced, bash, after test/lib.sh. Nothing of the machine's own servers is
# touched. Each NAME_ready PATH.. sets an array with the command of the server, in the foreground.
# shellcheck shell=bash disable=SC2034

# postgres_ready DIR PORT: makes a data base in DIR. Sets postgres (the server), postgres_client (the
# words before a client's command), postgres_bin. Fails with $server_why.
postgres_ready()
{
	local dir=$1 as=()
	postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
	mkdir "$dir" || return
	if [ "$(id -u)" = 0 ]; then
		as=(setpriv --reuid=postgres --regid=postgres --init-groups)
		chown postgres "$dir"
	fi
	if ! "${as[@]}" "$postgres_bin/initdb" -D "$dir/data" -A trust -N >"$dir.log" 2>&1; then
		server_why="initdb: $(tail -n 1 "$dir.log")"
		return 1
	fi
	postgres=("${as[@]}" "$postgres_bin/postgres" -D "$dir/data" -p "$2" -k "$dir" -h 127.0.0.1
		-c fsync=off -c logging_collector=off)
	postgres_client=("${as[@]}" env PGHOST=127.0.0.1 "PGPORT=$2")
}

# apache_ready DIR PORT [CONNECTIONS]: the prefork server with a CGI script, children that end after so
# many connections, else 40.
# Sets apache.
apache_ready()
{
	local dir=$1 modules=/usr/lib/apache2/modules
	mkdir -p "$dir/cgi" && chmod 755 "$dir" "$dir/cgi" || return
	printf '#!/bin/sh\necho "Content-Type: text/plain"\necho "Content-Length: 6"\necho\necho hello\n' >"$dir/cgi/hello"
	chmod 755 "$dir/cgi/hello"
	cat >"$dir/conf" <<-END
	ServerName localhost
	ServerRoot $dir
	Listen 127.0.0.1:$2
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
	MaxConnectionsPerChild ${3:-40}
	MaxKeepAliveRequests 0
	ScriptAlias /cgi/ $dir/cgi/
	<Directory $dir/cgi>
		Require all granted
	</Directory>
	END
	# apache signals its whole process group when it stops: give it one of its own
	apache=(setsid apache2 -f "$dir/conf" -DFOREGROUND)
}

# redis_ready DIR: a server without a port. Sets redis; redis_cli talks to it.
redis_ready()
{
	redis_socket=$1/socket
	redis=(redis-server --port 0 --unixsocket "$redis_socket" --dir "$1" --save '' --hz 100)
}

redis_cli() { redis-cli -s "$redis_socket" "$@"; }

# redis_fill COUNT: keys of 100 bytes.
redis_fill() { redis_cli EVAL "for i = 1, $1 do redis.call('SET', 'key:' .. i, ('x'):rep(100)) end" 0; }

# redis_saved: the child of BGSAVE has ended.
redis_saved() { redis_cli INFO persistence | grep -q '^rdb_bgsave_in_progress:0'; }
