# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: redis: 20,000 keys, and a child for each BGSAVE while keys are written; SHUTDOWN.
# shellcheck shell=bash
. test/lib.sh

need "redis" redis-server redis-tools || exit 0

# in memory: each child waits for fsync(2) of its dump, and a slow disk would leave few forks
dir=$(mktemp -d -p /dev/shm) || exit 1
trap 'rm -rf "$dir"' EXIT
cli() { redis-cli -s "$dir/socket" "$@"; }
save()
{
	[ "$(cli BGSAVE)" = 'Background saving started' ] || return
	cli EVAL 'for i = 1, 500 do redis.call("SET", "key:" .. math.random(20000), ("x"):rep(100)) end' 0
	while [ "$(cli INFO persistence | tr -d '\r' | sed -n 's/^rdb_bgsave_in_progress://p')" = 1 ]; do
		sleep 0.01
	done
}

report=$TMPDIR/redis.json
serve "$report" redis-server --port 0 --unixsocket "$dir/socket" --dir "$dir" --save '' --hz 100
wait_for 60 cli PING
cli EVAL 'for i = 1, 20000 do redis.call("SET", "key:" .. i, ("x"):rep(100)) end' 0 >/dev/null
drive "redis BGSAVE" save
cli SHUTDOWN NOSAVE
wait $watcher
expect_clean "redis BGSAVE" "$report" $? 0 "$driven"
