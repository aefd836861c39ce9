# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: run --heap. Each mode of test/workload/heap_blocks.c leaks what its comment says or is clean: the
# function that allocated, blocks, bytes, the holder; the line, in source order by bytes per fork. Through
# exec, vfork, posix_spawn, system and popen, with threads, in a worker, to the end by SIGKILL and by atexit.
# What the hook is not in is told: a cleared environment, a static program, an allocator linked in, forks
# without libc. The program's own output and status stay. A recording gives the same report.
# LONG=1: 5,000 forks.
# shellcheck shell=bash
. test/lib.sh

report=$TMPDIR/report.json
blocks() # COMMAND..: run --heap, the report in $report; prints the status
{
	"$FORKTALLY" run --source="$FORKTALLY_SOURCE" --heap --json -o "$report" -- "$@" \
		>"$report.out" 2>"$report.err" </dev/null
	echo $?
}

# One line a finding: the function that called the allocator, blocks, bytes, holder.
findings='[.findings[] | select(.tags[0].tag == "heap block") |
	"\(.taken_at | map(.function) | map(select(. and startswith("take_"))) | first) \(.count) \(.bytes) \(.holder.comm)"] |
	join(", ")'

# leaks MODE FORKS FINDINGS
leaks()
{
	local status
	status=$(blocks "$WORKLOAD/heap_blocks" "$1" "$2")
	expect "$1 $2: exit status" 23 "$status"
	expect "$1 $2: findings" "$3" "$(field "$report" "$findings")"
	expect "$1 $2: nothing else" 0 \
		"$(field "$report" '[.findings[] | select(.tags[0].tag != "heap block")] | length')"
	expect "$1 $2: nothing lost" 0 "$(lost "$report")"
}

clean()
{
	local status
	status=$(blocks "$WORKLOAD/heap_blocks" "$@")
	expect "$*: exit status" 0 "$status"
	expect "$*: clean" clean "$(field "$report" .verdict)"
	expect "$*: nothing lost" 0 "$(lost "$report")"
}

# not_seen NAME PATTERN: what was not seen, in $report
not_seen()
{
	expect "$1" 1 "$(field "$report" "[.not_seen[] | select(test(\"$2\"))] | length")"
}

# What is taken before the first fork is not noted: 210 of 211.
leaks malloc 211 "take_malloc 210 210000 heap_blocks"
line=$(grep -n 'KEEP(used(malloc(1000)))' test/workload/heap_blocks.c | cut -d: -f1)
expect "malloc: the line" "test/workload/heap_blocks.c:$line" \
	"$(field "$report" '.findings[0].taken_at[1] | "\(.file):\(.line)"')"
expect "malloc: begins with the allocator" malloc "$(field "$report" '.findings[0].taken_at[0].function')"
expect "malloc: the hook was there" 0 "$(field "$report" '[.not_seen[] | select(test("--heap"))] | length')"
# What the hook sees does not depend on the source: the exact one, which is slower, gets less.
all=1
[ "$FORKTALLY_SOURCE$LONG" = bpf ] && all=
[ -z "$all" ] || leaks calloc 211 "take_calloc 21 6720 heap_blocks"
[ -z "$all" ] || leaks realloc 211 "take_realloc 210 10072 heap_blocks"
leaks two 211 "take_two 210 430080 heap_blocks, take_two 42 2688 heap_blocks"
leaks worker 211 "take_malloc 210 210000 heap_blocks"
[ -z "$all" ] || leaks threads 211 "take_malloc 210 210000 heap_blocks"
[ -z "$all" ] || leaks vfork 211 "take_malloc 211 211000 heap_blocks"
[ -z "$all" ] || leaks atexit 211 "take_malloc 210 210000 heap_blocks"
leaks killed 211 "take_malloc 210 210000 heap_blocks"
leaks exec 211 "take_malloc 210 210000 heap_blocks"
[ -z "$all" ] || leaks string 23 "take_string 22 484 heap_blocks"
[ -z "$all" ] || leaks aligned 23 "take_aligned 22 5632 heap_blocks, take_aligned 22 5632 heap_blocks, take_aligned 22 5632 heap_blocks"
[ -z "$all" ] || leaks spawn 23 "take_malloc 22 22000 heap_blocks"
[ -z "$all" ] || leaks system 23 "take_malloc 22 22000 heap_blocks"
for mode in child freed ${all:+doubling pool ring sawtooth for_thread}; do
	clean "$mode" 211
done

clean bare 211
not_seen "bare: told that the hook was not there" 'Blocks were not seen by --heap in heap_blocks'

# The same events again give the same findings.
"$FORKTALLY" run --source="$FORKTALLY_SOURCE" --heap --record="$TMPDIR/session" --json -o "$report" -- \
	"$WORKLOAD/heap_blocks" two 50 2>/dev/null
"$FORKTALLY" replay --json -o "$TMPDIR/again.json" "$TMPDIR/session" 2>/dev/null
expect "replay: the same report" "$(jq -S . "$report")" "$(jq -S . "$TMPDIR/again.json")"
"$FORKTALLY" run --source="$FORKTALLY_SOURCE" --heap -q --folded="$TMPDIR/folded" -o "$report" -- \
	"$WORKLOAD/heap_blocks" two 211 2>/dev/null
expect "folded: both lines, with their bytes" "430080 2688" \
	"$(grep -o 'take_two;malloc [0-9]*$' "$TMPDIR/folded" | sort -t' ' -k2 -rn | cut -d' ' -f2 | xargs)"

# A program runs as it does without the hook.
odd="seq 3; exec 3>&1; (exit 7); echo x\$? \$(echo y) >&2; exit 9"
expected=$(sh -c "$odd" 2>&1; echo $?)
expect "the program's own output and status" "$expected" \
	"$("$FORKTALLY" run --source="$FORKTALLY_SOURCE" --heap -q --error-exitcode=0 -o /dev/null -- sh -c "$odd" 2>&1; echo $?)"

if ! command -v "${CC:-cc}" >/dev/null; then
	skip "programs without the hook" "no compiler"
	exit 0
fi
cat >"$TMPDIR/own.c" <<'END'
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>
static char room[1 << 20];
static size_t used;
#ifdef OWN
void *malloc(size_t n) { void *p = room + used; used += (n + 31) & ~(size_t)15; return used < sizeof(room) ? p : NULL; }
void free(void *p) { (void)p; }
void *calloc(size_t n, size_t each) { return malloc(n * each); }
void *realloc(void *p, size_t n) { void *q = malloc(n); return p ? memmove(q, p, n) : q; }
#else
void *malloc(size_t);
#endif
int main(void)
{
	for (int i = 0; i < 50; i++) {
		used += (size_t)malloc(100) == 1;
#ifdef RAW
		pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
#else
		pid_t pid = fork();
#endif
		if (!pid)
			_exit(room[0]);
		waitpid(pid, NULL, 0);
	}
	return 0;
}
END
build() { "${CC:-cc}" -w -O1 -fno-builtin "$@" "$TMPDIR/own.c" 2>"$TMPDIR/cc.err"; }
if build -DOWN -rdynamic -o "$TMPDIR/own"; then
	blocks "$TMPDIR/own" >/dev/null
	not_seen "own allocator: told" 'own .*has an allocator of its own linked in'
else
	not_ok "own allocator" "$(head -n 1 "$TMPDIR/cc.err")"
fi
build -DRAW -o "$TMPDIR/raw" && blocks "$TMPDIR/raw" >/dev/null
not_seen "forks without libc: told" 'Blocks were not seen by --heap in raw'
if build -static -o "$TMPDIR/static"; then
	blocks "$TMPDIR/static" >/dev/null
	not_seen "static: told" 'Blocks were not seen by --heap in static'
else
	skip "static: told" "no static libc"
fi

if [ -z "$LONG" ]; then
	skip "--heap with 5,000 forks" "LONG=1 does it, in a minute"
	exit 0
fi
leaks malloc 5000 "take_malloc 4999 4999000 heap_blocks"
leaks realloc 5000 "take_realloc 4999 239944 heap_blocks"
leaks calloc 5000 "take_calloc 500 160000 heap_blocks"
for mode in doubling pool ring sawtooth child freed; do
	clean "$mode" 5000
done
