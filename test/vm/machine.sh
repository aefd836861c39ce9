# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# machine.sh - what the scripts with virtual machines share: a machine that runs a list and tells what came
# out. Sourced by bash in the root of the tree, by a test of check.sh or by hand (then with a TMPDIR of its
# own); brings test/lib.sh and kernel.sh.
# shellcheck shell=bash
export LC_ALL=C
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
own_tmp=
[ -n "${TMPDIR:-}" ] && [ -n "${FORKTALLY:-}" ] || own_tmp=$(mktemp -d /tmp/forktally-vm.XXXXXX)
trap '[ -z "$own_tmp" ] || rm -rf "$own_tmp"' EXIT
export FORKTALLY=${FORKTALLY:-$BUILD/forktally} WORKLOAD=${WORKLOAD:-$BUILD/workload}
export TMPDIR=${own_tmp:-$TMPDIR}
. test/lib.sh
. test/vm/kernel.sh

# virtual_machines: are they to be had here? Else says why not, and fails.
virtual_machines()
{
	local tool package
	for tool in qemu-system-x86_64 busybox cpio jq; do
		command -v $tool >/dev/null && continue
		case $tool in
		qemu*) package=qemu-system-x86 ;;
		busybox) package=busybox-static ;;
		*) package=$tool ;;
		esac
		need "virtual machines" $package || return 1
	done
	[ "$(uname -m)" = x86_64 ] || { skip "virtual machines" "this build is not for x86-64"; return 1; }
}

# One copy of a program and the libraries it loads.
take()
{
	local file
	mkdir -p "$1/bin"
	cp -L "$2" "$1/bin/"
	ldd "$2" 2>/dev/null | grep -o '/[^ ]*' | while read -r file; do
		mkdir -p "$1${file%/*}"
		cp -Lu "$file" "$1$file"
	done
}

# make_initramfs FILE RUNS [EXTRA..]: the machine's only file system, with what it is to run, other files, and
# the programs in $tools.
make_initramfs()
{
	local image=$1 runs=$2 root=$TMPDIR/root program
	shift 2
	rm -rf "$root"
	mkdir -p "$root"/{bin,dev,proc,sys,tmp,test}
	for program in busybox bash jq ${tools-}; do take "$root" "$(command -v "$program")"; done
	busybox --list | while read -r program; do
		[ -e "$root/bin/$program" ] || ln -s busybox "$root/bin/$program"
	done
	for program in "$FORKTALLY" "$WORKLOAD"/*; do
		[ ! -x "$program" ] || take "$root" "$program"
	done
	cp test/*.sh "$root/test/"
	cp test/vm/init.sh "$root/init"
	chmod 755 "$root/init"
	cp "$runs" "$root/runs"
	[ $# = 0 ] || cp "$@" "$root/"
	(cd "$root" && find . | cpio -o -H newc --quiet) | gzip -1 >"$image"
	rm -rf "$root"
}

# split FILE DIR: each part between markers becomes DIR/NAME.FILE.
split_parts()
{
	tr -d '\r' <"$1" | awk -v dir="$2" '
		/^=== begin / { file = dir "/" $3 "." $4; printf "" >file; next }
		/^=== end/ { if (file) close(file); file = ""; next }
		file { print >file }'
}

# boot NAME IMAGE INITRAMFS DIR [WORD..]: run it all (words: for the kernel's command line), one test; what
# came out is in DIR.
boot()
{
	local name=$1 image=$2 initramfs=$3 dir=$4 status
	shift 4
	rm -rf "$dir"
	mkdir -p "$dir"
	timeout -k 10 "${VM_SECONDS:-1200}" qemu-system-x86_64 -accel tcg,thread=single -cpu qemu64,-cx16 -smp 2 -m 2048 \
		-nodefaults -no-reboot -display none -serial "file:$dir/console" -serial "file:$dir/results" \
		-kernel "$image" -initrd "$initramfs" \
		-append "console=ttyS0 quiet loglevel=4 panic=-1 rdinit=/init mitigations=off verbose=${VM_VERBOSE:-} $*" \
		</dev/null >"$dir/qemu" 2>&1
	status=$?
	split_parts "$dir/results" "$dir"
	if [ $status != 0 ] || [ ! -e "$dir/end.complaints" ]; then
		not_ok "$name: boots and runs everything" "status $status, last word: $(
			cat "$dir/console" "$dir/qemu" | tr -d '\r' | grep . | tail -n 1)"
		return 1
	fi
	ok "$name: boots and runs everything ($(head -n 1 "$dir/boot.kernel"))"
}
