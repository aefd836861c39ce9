# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: what `make demo` runs: the leaking server is found leaking and the mended one clean, as whoever runs
# the tests and, where that is root, as an ordinary user with the source that needs no privileges.
# shellcheck shell=bash
. test/lib.sh

# demo NAME USER-COMMAND..: the demo, where it is told to find the program.
demo()
{
	local name=$1 out=$TMPDIR/$1
	shift
	"$@" script/demo.sh >"$out" 2>&1
	expect "$name: exit status" 0 $?
	expect "$name: one leaks, one is clean" "LEAK CLEAN" \
		"$(sed -n 's/^forktally: \([A-Z]*\):.*/\1/p' "$out" | tr '\n' ' ' | sed 's/ $//')"
}

demo "the demo" env
# The words of its report, not the figures and places, which are a machine's own.
if grep -q '^forktally: .* source bpf)$' "$TMPDIR/the demo"; then
	expect "the README shows the demo's report" "" \
		"$(sed -n '/^```$/,/^```$/p' README.md | grep -v '[0-9`(]\|^   command' | grep . | grep -vxFf "$TMPDIR/the demo")"
fi
[ "$(id -u)" = 0 ] || exit 0
mkdir -p "$TMPDIR/user/build" && cp -r "$FORKTALLY" "$WORKLOAD" "$TMPDIR/user/build/" && cp -r script "$TMPDIR/user/" &&
	chmod -R a+rX "$TMPDIR/user" && cd "$TMPDIR/user" || exit 1
BUILD=build demo "the demo as an ordinary user" setpriv --reuid=65534 --regid=65534 --clear-groups
expect "the demo as an ordinary user: its source" 2 "$(grep -c '^forktally: .* source proc)$' "$TMPDIR/the demo as an ordinary user")"
