# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: PostgreSQL: pgbench -C makes a connection, and so a backend process, for each of 2,400
# transactions; fast stop.
# shellcheck shell=bash
. test/lib.sh

need "postgresql" postgresql || exit 0

bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
port=$(free_port)
dir=$TMPDIR/pg
mkdir "$dir"
as=()
if [ "$(id -u)" = 0 ]; then
	as=(setpriv --reuid=postgres --regid=postgres --init-groups)
	chown postgres "$dir"
fi
chmod 755 "$TMPDIR"
if ! "${as[@]}" "$bin/initdb" -D "$dir/data" -A trust -N >"$dir.log" 2>&1; then
	skip "postgresql" "initdb: $(tail -n 1 "$dir.log")"
	exit 0
fi
report=$TMPDIR/postgres.json
run_json "$report" "${as[@]}" "$bin/postgres" -D "$dir/data" -p "$port" -k "$dir" -h 127.0.0.1 \
	-c fsync=off -c logging_collector=off &
watcher=$!
client=("${as[@]}" env PGHOST=127.0.0.1 "PGPORT=$port")
if wait_for 60 "${client[@]}" "$bin/pg_isready"; then
	"${client[@]}" "$bin/pgbench" -q -i -s 1 postgres >"$dir.log" 2>&1
	"${client[@]}" "$bin/pgbench" -C -c 4 -t 600 postgres >"$dir.log" 2>&1
	expect "postgresql: transactions" 2400/2400 \
		"$(sed -n 's/^number of transactions actually processed: //p' "$dir.log")"
else
	not_ok "postgresql: it serves" "$(tail -n 1 "$report.err")"
fi
kill -INT "$(head -n 1 "$dir/data/postmaster.pid")"
wait $watcher
expect_clean "postgresql" "$report" $? 0 2400
