# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: redis: 20,000 keys, and a child for each BGSAVE while keys are written; SHUTDOWN.
# shellcheck shell=bash
. test/lib.sh
. test/server.sh

need "redis" redis-server redis-tools || exit 0

# in memory: each child waits for fsync(2) of its dump, and a slow disk would leave few forks
dir=$(mktemp -d -p /dev/shm) || exit 1
trap 'rm -rf "$dir"' EXIT
save()
{
	[ "$(redis_cli BGSAVE)" = 'Background saving started' ] || return
	redis_cli EVAL 'for i = 1, 500 do redis.call("SET", "key:" .. math.random(20000), ("x"):rep(100)) end' 0
	until redis_saved; do sleep 0.01; done
}

report=$TMPDIR/redis.json
redis_ready "$dir"
serve "$report" "${redis[@]}"
wait_for 60 redis_cli PING
redis_fill 20000 >/dev/null
drive "redis BGSAVE" save
redis_cli SHUTDOWN NOSAVE
wait $watcher
expect_clean "redis BGSAVE" "$report" $? 0 "$driven"
