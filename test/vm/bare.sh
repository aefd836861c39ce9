# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: what the README promises of `script/bootstrap demo` on a bare Debian 12: as root; as an ordinary user,
# who is told what somebody else has to install; and as the same user afterwards. Not: bootstrap check, which
# is this very suite. Needs root, debootstrap (installed here) and a Debian mirror.
# shellcheck shell=bash
. test/lib.sh

[ "$(id -u)" = 0 ] || { skip "a bare Debian" "not root"; exit 0; }
need "a bare Debian" debootstrap || exit 0
root=$TMPDIR/root
if ! why=$(PATH=$PATH:/usr/sbin debootstrap --variant=minbase bookworm "$root" 2>&1); then
	skip "a bare Debian" "debootstrap: $(tail -n 1 <<<"$why")"
	exit 0
fi
[ ! -e /etc/resolv.conf ] || cp /etc/resolv.conf "$root/etc/"
mkdir "$root/home/forktally"
tar -c --exclude='./build*' --exclude=./.git . | tar -x -C "$root/home/forktally" || exit 1
chown -R 1000:1000 "$root/home/forktally"

# inside USER COMMAND..: in the bare system, its mounts in a namespace that ends with the command.
inside()
{
	local user=$1
	shift
	unshare --mount --propagation private sh -c '
		root=$1 user=$2
		shift 2
		for dir in proc sys dev; do mount --rbind /$dir "$root/$dir" || exit 1; done
		exec chroot "$root" setpriv --reuid="$user" --regid="$user" --clear-groups \
			env -i -C /home/forktally HOME=/tmp PATH=/usr/local/bin:/usr/bin:/bin "$@"' sh "$root" "$user" "$@"
}

verdicts() { sed -n 's/^forktally: \(LEAK\|CLEAN\):.*\(source [a-z]*\))$/\1 \2/p' "$TMPDIR/out" | paste -s -d ' '; }

inside 1000 script/bootstrap demo >"$TMPDIR/out" 2>&1
expect "a user who cannot install: exit status" 1 $?
expect "a user who cannot install: the command for root" 1 "$(grep -c '^ *apt-get update && apt-get install .* gcc ' "$TMPDIR/out")"
command=$(sed -n 's/^ *\(apt-get update && .*\)/\1/p' "$TMPDIR/out" | sed 's/ install / install -y /')
inside 0 env PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -c "$command" >"$TMPDIR/out" 2>&1
expect "that command works" 0 $?
inside 1000 script/bootstrap demo >"$TMPDIR/out" 2>&1
expect "then the user's demo: exit status" 0 $?
expect "then the user's demo: verdicts" "LEAK source proc CLEAN source proc" "$(verdicts)"
rm -rf "$root/home/forktally/build"
inside 0 script/bootstrap demo >"$TMPDIR/out" 2>&1
expect "the demo as root: exit status" 0 $?
expect "the demo as root: verdicts" "LEAK source bpf CLEAN source bpf" "$(verdicts)"
