#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# deps.sh - see that what the build and the tests need is here; install what is missing.
# usage: script/deps.sh           install what is missing
#        script/deps.sh PACKAGE.. the same for other packages of this distribution (long tests, bench)
# Says nothing when nothing is missing. Fails only when something is missing afterwards.
# Knows apt (Debian, Ubuntu), dnf (Fedora) and apk (Alpine); elsewhere it names what is missing.
set -u
PATH=$PATH:/usr/sbin:/sbin

# Each line: how to see whether it is there, then its package under apt, dnf and apk.
needs()
{
	cat <<-TABLE
	cmd:gcc         gcc             gcc                    build-base
	cmd:make        make            make                   build-base
	hdr:stdio.h     libc6-dev       glibc-devel            build-base
	hdr:linux/bpf.h linux-libc-dev  kernel-headers         linux-headers
	cmd:clang       clang           clang                  clang
	full:bpftool    bpftool         bpftool                bpftool
	cmd:pkg-config  pkg-config      pkgconf-pkg-config     pkgconf
	lib:libbpf>=1.0 libbpf-dev      libbpf-devel           libbpf-dev
	lib:libelf      libelf-dev      elfutils-libelf-devel  elfutils-dev
	lib:libdw       libdw-dev       elfutils-devel         elfutils-dev
	lib:jansson     libjansson-dev  jansson-devel          jansson-dev
	lib:libzstd     libzstd-dev     libzstd-devel          zstd-dev
	lib:ncursesw    libncurses-dev  ncurses-devel          ncurses-dev
	lib:cmocka      libcmocka-dev   libcmocka-devel        cmocka-dev
	cmd:bash        bash            bash                   bash
	cmd:jq          jq              jq                     jq
	cmd:zstd        zstd            zstd                   zstd
	cmd:xmllint     libxml2-utils   libxml2                libxml2-utils
	full:setpriv    util-linux      util-linux             setpriv
	full:env        coreutils       coreutils              coreutils
	cmd:find        findutils       findutils              findutils
	cmd:diff        diffutils       diffutils              diffutils
	cmd:pgrep       procps          procps-ng              procps
	cmd:tmux        tmux            tmux                   tmux
	TABLE
}

have()
{
	case $1 in
	cmd:*) command -v "${1#cmd:}" >/dev/null 2>&1 ;;
	full:*) runs "${1#full:}" ;;
	lib:*) pkg-config --exists "$(echo "${1#lib:}" | sed 's/>=/ >= /')" 2>/dev/null ;;
	hdr:*) echo "#include <${1#hdr:}>" | gcc -E - >/dev/null 2>&1 ;;
	*) installed "$1" ;;
	esac
}

# Does it run? busybox has some with too few options; Ubuntu's bpftool looks for the running kernel's.
runs()
{
	for place in "$1" /usr/lib/linux-tools/*/"$1"; do
		"$place" --version >/dev/null 2>&1 && return
	done
	return 1
}

installed()
{
	case $manager in
	apt) dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed' ;;
	dnf) rpm -q "$1" >/dev/null 2>&1 ;;
	apk) apk info -e "$1" >/dev/null 2>&1 ;;
	*) return 1 ;;
	esac
}

# What is missing, one package (or, without a known package manager, one need) a line.
missing()
{
	if [ $# -gt 0 ]; then
		for package; do have "$package" || echo "$package"; done
		return
	fi
	needs | while read -r probe apt dnf apk; do
		have "$probe" && continue
		case $manager in
		apt) echo "$apt" ;;
		dnf) echo "$dnf" ;;
		apk) echo "$apk" ;;
		*) echo "${probe#*:}" ;;
		esac
	done | sort -u
}

manager=none
for m in apt dnf apk; do
	tool=$m
	[ $m = apt ] && tool=apt-get
	command -v $tool >/dev/null 2>&1 && manager=$m && break
done

want=$(missing "$@" | tr '\n' ' ')
want=${want% }
[ -n "$want" ] || exit 0

case $manager in
apt)
	update='apt-get -q update'
	install="apt-get -q -y -o DPkg::Lock::Timeout=300 --no-install-recommends install $want"
	by_hand="apt-get update && apt-get install --no-install-recommends $want" ;;
dnf)
	update=true
	install="dnf -q -y install $want"
	by_hand="dnf install $want" ;;
apk)
	update='apk update'
	install="apk add $want"
	by_hand="apk update && apk add $want" ;;
*)
	echo "deps: missing: $want" >&2
	echo "deps: no apt-get, dnf or apk here; please install these yourself" >&2
	exit 1 ;;
esac

as_root=
if [ "$(id -u)" != 0 ]; then
	why=
	if ! command -v sudo >/dev/null 2>&1; then
		why="this user is not root, and there is no sudo"
	elif ! sudo -n true 2>/dev/null && [ ! -t 0 ]; then
		why="sudo asks for a password or refuses, and there is no terminal to ask on"
	fi
	if [ -n "$why" ]; then
		cat >&2 <<-TEXT
		deps: missing: $want
		deps: they cannot be installed from here: $why.
		deps: Somebody who is root has to run this once; then try again as you did now:

		    $by_hand

		TEXT
		exit 1
	fi
	as_root=sudo
fi

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
echo "deps: installing${as_root:+ by sudo}, which may take some minutes: $want"
export DEBIAN_FRONTEND=noninteractive
# An old index can still know the packages: a failed update is told only when the installation fails too.
$as_root $update >"$log" 2>&1 </dev/null
# Ubuntu has bpftool inside its kernel tools.
if [ $manager = apt ] && ! apt-cache policy bpftool 2>/dev/null | grep -q 'Candidate: [^(]'; then
	install=$(echo "$install " | sed 's/ bpftool / linux-tools-common linux-tools-generic /')
fi
if ! $as_root $install >>"$log" 2>&1 </dev/null; then
	cat "$log" >&2
	echo "deps: this failed: $install" >&2
	exit 1
fi
left=$(missing "$@" | tr '\n' ' ')
if [ -n "$left" ]; then
	echo "deps: installed, but still missing or too old: $left" >&2
	exit 1
fi
