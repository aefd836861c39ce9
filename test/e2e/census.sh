# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: the census beside the kernel's books, within 1 % for ten workloads that stand still, and a
# build (test/census.sh); a
# process whose first thread has ended; processes that come and go while the census is taken.
# Not: PostgreSQL, Apache and redis, which test/census.sh has too.
# shellcheck shell=bash
. test/lib.sh

if [ "$(id -u)" != 0 ] || [ "${FORKTALLY_SOURCE:-bpf}" != bpf ]; then
	skip "the census by the kernel's structures" "needs root and source bpf"
	return 0 2>/dev/null || exit 0
fi

still="idle pipes unix tcp epoll maps threads zombies memory shared build"
# shellcheck disable=SC2086
rows=$(TABLE=tsv test/census.sh $still 2>"$TMPDIR/census.err")
for w in $still; do
	line=$(grep "^$w	" <<<"$rows")
	if [ -z "$line" ]; then
		not_ok "$w: both books" "no row: $(grep "^$w" "$TMPDIR/census.err" || head -n 1 "$TMPDIR/census.err")"
		continue
	fi
	IFS=$'\t' read -r _ _ reached kernel _ private smaps _ cached _ <<<"$line"
	near "$w: the kernel charges what the census reaches, and its caches" "$kernel" $((reached + cached)) 1
	near "$w: private memory is that of smaps_rollup" "$smaps" "$private" 1
done

# Its memory and files are those of the threads that live.
python3 -c '
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(20,)).start()
held = [open("/dev/null") for _ in range(23)]
ctypes.CDLL(None).syscall(60 if __import__("platform").machine() == "x86_64" else 93, 0)' &
leader=$!
for _ in $(seq 50); do
	[ "$(awk '{ print $3 }' "/proc/$leader/stat" 2>/dev/null)" = Z ] && break
	sleep 0.1
done
"$FORKTALLY" ps --source=bpf --json "$leader" >"$TMPDIR/leader.json" 2>/dev/null
expect "a process whose first thread has ended is one process" 1 "$(field "$TMPDIR/leader.json" '.processes | length')"
expect "with its files" true "$(field "$TMPDIR/leader.json" '.processes[0].fds >= 26')"
expect "with its memory" true "$(field "$TMPDIR/leader.json" '.processes[0].private > 1000000')"
expect "and is no zombie" 0 "$(field "$TMPDIR/leader.json" '.processes[0].zombies')"
kill -9 "$leader" 2>/dev/null
wait "$leader" 2>/dev/null

# Forks and exits all the time: every census ends well, and no process is in it twice.
(while :; do (/bin/true) & wait; done) &
storm=$!
bad=
for i in $(seq 15); do
	"$FORKTALLY" ps --source=bpf --json >"$TMPDIR/storm.json" 2>"$TMPDIR/storm.err" ||
		bad="run $i: $(head -n 1 "$TMPDIR/storm.err")"
	twice=$(field "$TMPDIR/storm.json" '[.processes[].pid] | length - (unique | length)')
	[ "$twice" = 0 ] || bad="run $i: $twice processes twice"
done
kill "$storm"
wait "$storm" 2>/dev/null
if [ -z "$bad" ]; then ok "processes that come and go"; else not_ok "processes that come and go" "$bad"; fi
