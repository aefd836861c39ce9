# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: the place of a leak in programs built as distributions build them, -O2 and without frame
# pointers: every function from main to the libc wrapper is in taken_at, in order, with file and
# line; of a stripped program the module and as many frames; from a shared library, a static and a
# position-dependent program, of a thread.
# Not: source proc, which sees no stacks.
# shellcheck shell=bash
. test/lib.sh

if [ "$FORKTALLY_SOURCE" != bpf ]; then
	skip "frames without frame pointers" "only the exact source sees call stacks"
	exit 0
fi
CC=${CC:-cc}
if ! command -v "$CC" >/dev/null; then
	skip "frames without frame pointers" "no compiler"
	exit 0
fi

# The line numbers below are those of this file: the system call is made from line 8.
cat >"$TMPDIR/deep.c" <<'END'
#include <stdlib.h>
#include <unistd.h>
#define KEEP __attribute__((noinline, visibility("default")))
volatile int sink;
KEEP int deep_inner(int n)
{
	int fd[2];
	if (pipe(fd))
		exit(2);
	sink += fd[0];
	return n + fd[1];
}
KEEP int deep_middle(int n)
{
	char room[3000 + (n & 7)];
	room[n & 7] = (char)deep_inner(n + 1);
	sink += room[n & 7];
	return sink * 3;
}
KEEP int deep_outer(int n)
{
	int r = deep_middle(n + 1);
	sink++;
	return r + 5;
}
END
cat >"$TMPDIR/main.c" <<'END'
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
int deep_outer(int n);
static void *start(void *n)
{
	deep_outer(*(int *)n);
	return n;
}
int main(int argc, char **argv)
{
	for (int i = 0; i < 23; i++) {
		pthread_t t;
		pid_t pid;
		if (argc < 2)
			deep_outer(i);
		else if (!pthread_create(&t, NULL, start, &i))
			pthread_join(t, NULL);
		pid = fork();
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	return 0;
}
END

# build NAME FLAGS..: both files into one program.
build()
{
	local name=$1
	shift
	"$CC" -O2 -g -fomit-frame-pointer "$@" -o "$TMPDIR/$name" "$TMPDIR/main.c" "$TMPDIR/deep.c" \
		-lpthread 2>"$TMPDIR/cc.err" && return
	skip "$name" "$(head -n 1 "$TMPDIR/cc.err")"
	return 1
}

# The program's own frames, innermost first: one a line.
own='[.findings[] | select(.cause == "fd.pipe")][0].taken_at[] | select(.kernel | not)'

# frames NAME FILTER: the frames of its report, from the wrapper's caller on, up to main or the thread.
frames() { jq -r "$own | $2" "$TMPDIR/$1.json" 2>/dev/null | paste -sd ' '; }

# check NAME EXPECTED COMMAND..: run; these lines must be called one by the other, none between.
check()
{
	local name=$1 expected=$2 got
	shift 2
	run_json "$TMPDIR/$name.json" "$@"
	expect "$name: exit status" 23 $?
	got=$(frames "$name" '"\(.function)@\(.file // "" | split("/") | last):\(.line)"')
	case " $got " in
	*" $expected "*) ok "$name: every function of the place" ;;
	*) not_ok "$name: every function of the place" "expected $expected, got $got" ;;
	esac
	expect "$name: nothing lost" 0 "$(field "$TMPDIR/$name.json" .lost_events)"
}

deep='deep_inner@deep.c:8 deep_middle@deep.c:16 deep_outer@deep.c:22'
build plain && check plain "$deep main@main.c:16" "$TMPDIR/plain"
build thread && check thread "$deep start@main.c:7" "$TMPDIR/thread" t
build fixed -no-pie && check fixed "$deep main@main.c:16" "$TMPDIR/fixed"
build static -static && check static "$deep main@main.c:16" "$TMPDIR/static"

if "$CC" -O2 -g -fomit-frame-pointer -fPIC -shared -o "$TMPDIR/libdeep.so" "$TMPDIR/deep.c" &&
	"$CC" -O2 -g -fomit-frame-pointer -o "$TMPDIR/shared" "$TMPDIR/main.c" -L"$TMPDIR" -ldeep \
		-Wl,-rpath,"$TMPDIR" -lpthread; then
	check shared "$deep main@main.c:16" "$TMPDIR/shared"
	expect "shared: modules" "libdeep.so libdeep.so libdeep.so shared" \
		"$(frames shared '.module | split("/") | last' | cut -d ' ' -f 2-5)"
else
	not_ok "shared" "does not build"
fi

# Its own frames by name, and those of the same file without names: as many, at the same places.
if [ -s "$TMPDIR/plain.json" ]; then
	strip -o "$TMPDIR/stripped" "$TMPDIR/plain"
	run_json "$TMPDIR/stripped.json" "$TMPDIR/stripped"
	expect "stripped: exit status" 23 $?
	named=$(frames plain 'select(.module | endswith("/plain")) | .offset')
	expect "stripped: offsets are there" 5 "$(wc -w <<<"$named")" # with _start
	expect "stripped: the same frames, by offset" "$named" \
		"$(frames stripped 'select(.module | endswith("/stripped")) | .offset')"
fi
