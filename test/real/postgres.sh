# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: PostgreSQL: pgbench -C makes a connection, and so a backend process, for each of 2,400
# transactions; fast stop.
# shellcheck shell=bash
. test/lib.sh
. test/server.sh

need "postgresql" postgresql || exit 0

port=$(free_port)
dir=$TMPDIR/pg
chmod 755 "$TMPDIR"
postgres_ready "$dir" "$port" || { skip "postgresql" "$server_why"; exit 0; }
report=$TMPDIR/postgres.json
serve "$report" "${postgres[@]}"
if wait_for 60 "${postgres_client[@]}" "$postgres_bin/pg_isready"; then
	"${postgres_client[@]}" "$postgres_bin/pgbench" -q -i -s 1 postgres >"$dir.log" 2>&1
	"${postgres_client[@]}" "$postgres_bin/pgbench" -C -c 4 -t 600 postgres >"$dir.log" 2>&1
	expect "postgresql: transactions" 2400/2400 \
		"$(sed -n 's/^number of transactions actually processed: //p' "$dir.log")"
else
	not_ok "postgresql: it serves" "$(tail -n 1 "$report.err")"
fi
kill -INT "$(head -n 1 "$dir/data/postmaster.pid")"
wait $watcher
expect_clean "postgresql" "$report" $? 0 2400
