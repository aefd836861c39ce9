# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# kernel.sh - fetch a distribution's kernel without installing it; sourced, bash.
# Uses apt with a configuration, lists and cache of its own: the machine's are not touched.
# shellcheck shell=bash
vm_cache=${XDG_CACHE_HOME:-${HOME:-$BUILD}/.cache}/forktally-vm

# Name, archive, its key ring, suite and package (a pattern) of each kernel that is known here.
kernel_table()
{
	local debian="http://deb.debian.org/debian debian-archive-keyring"
	local ubuntu="http://archive.ubuntu.com/ubuntu ubuntu-archive-keyring"
	cat <<-TABLE
	5.10 $debian bullseye linux-image-cloud-amd64
	5.11 $ubuntu focal-updates linux-image-unsigned-5\.11\.0-[0-9]*-generic
	5.13 $ubuntu focal-updates linux-image-unsigned-5\.13\.0-[0-9]*-generic
	5.15 $ubuntu jammy-updates linux-image-unsigned-5\.15\.0-[0-9]*-generic
	5.19 $ubuntu jammy-updates linux-image-unsigned-5\.19\.0-[0-9]*-generic
	6.1 $debian bookworm linux-image-cloud-amd64
	6.8 $ubuntu jammy-updates linux-image-unsigned-6\.8\.0-[0-9]*-generic
	6.12 $debian bookworm-backports linux-image-cloud-amd64
	sid $debian sid linux-image-cloud-amd64
	TABLE
}

kernel_names() { kernel_table | cut -d ' ' -f 1; }

# kernel_apt DIR COMMAND..: an apt tool that knows only the archive of DIR/apt/sources.list.
kernel_apt()
{
	local dir=$1/apt
	shift
	"$@" -o "Dir::Etc::sourcelist=$dir/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
		-o "Dir::State=$dir" -o "Dir::State::lists=$dir/lists" -o "Dir::Cache=$dir" \
		-o "Dir::State::status=$dir/status" -o APT::Architecture=amd64 \
		-o "APT::Sandbox::User=$(id -un)" -o Acquire::Languages=none
}

# kernel_archive DIR ARCHIVE RING SUITE: make DIR/apt and read the archive's list of packages.
kernel_archive()
{
	local ring=/usr/share/keyrings/$3.gpg
	if [ ! -e "$ring" ]; then # Debian has the keys of others in a package
		ring=$vm_cache/keys/unpacked$ring
		[ -e "$ring" ] || { [ "$3" != debian-archive-keyring ] &&
			kernel_archive "$vm_cache/keys" http://deb.debian.org/debian debian-archive-keyring trixie &&
			kernel_package "$vm_cache/keys" ubuntu-keyring; }
		[ -e "$ring" ] || { echo "/usr/share/keyrings/$3.gpg is not here"; return 1; }
	fi
	mkdir -p "$1/apt/lists/partial" "$1/apt/archives/partial" && : >"$1/apt/status" &&
		echo "deb [signed-by=$ring] $2 $4 main" >"$1/apt/sources.list" ||
		{ echo "$1 cannot be written"; return 1; }
	kernel_apt "$1" apt-get -q update >"$1/log" 2>&1 && ! grep -q '^[EW]: Failed' "$1/log" ||
		{ echo "$2 $4: $(grep '^[EW]:' "$1/log" | tail -n 1)"; return 1; }
}

# kernel_package DIR PACKAGE: download it, unpack it into DIR/unpacked.
kernel_package()
{
	rm -f "$1"/*.deb
	(cd "$1" && kernel_apt "$1" apt-get -q download "$2") >>"$1/log" 2>&1 &&
		dpkg-deb -x "$1"/*.deb "$1/unpacked" 2>>"$1/log" ||
		{ echo "$2: $(tail -n 1 "$1/log")"; return 1; }
}

# kernel_fetch NAME: prints the path of its vmlinuz, from the cache where it is; else why not, and fails.
kernel_fetch()
{
	local name=$1 archive ring suite package i dir=$vm_cache/$1
	if [ -e "$dir/vmlinuz-$name" ]; then
		echo "$dir/vmlinuz-$name"
		return
	fi
	read -r archive ring suite package < <(kernel_table | sed -n "s/^${name//./\\.} //p")
	[ -n "${package:-}" ] || { echo "no such kernel is known"; return 1; }
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || { echo "no apt-get here"; return 1; }
	kernel_archive "$dir" "$archive" "$ring" "$suite" || return
	package=$(kernel_apt "$dir" apt-cache pkgnames | grep -x "$package" | sort -V | tail -n 1)
	[ -n "$package" ] || { echo "$archive $suite has no such package"; return 1; }
	# A package without a kernel of its own depends on the one that has it.
	for ((i = 0; i < 3; i++)); do
		kernel_package "$dir" "$package" || return
		find "$dir/unpacked" -name 'vmlinuz*' -type f -exec mv {} "$dir/vmlinuz-$name" \;
		[ ! -e "$dir/vmlinuz-$name" ] || break
		package=$(dpkg-deb -f "$dir"/*.deb Depends | grep -Eo 'linux-(binary|image)-[0-9][^ ,]*' | head -n 1)
		[ -n "$package" ] || break
	done
	rm -rf "$dir/unpacked" "$dir"/*.deb "$dir/apt"
	[ -e "$dir/vmlinuz-$name" ] || { echo "no kernel is in the package"; return 1; }
	echo "$dir/vmlinuz-$name"
}

# kernel_release IMAGE: as it calls itself; the boot protocol says where that stands.
kernel_release()
{
	local at
	at=$(($(od -An -tu2 -j 526 -N 2 "$1") + 513))
	tail -c +$at "$1" | head -c 100 | tr '\0' '\n' | head -n 1 | cut -d ' ' -f 1
}

# kernel_headers NAME IMAGE: prints where modules for this image can be built; else why not, and fails.
kernel_headers()
{
	local name=$1 release dir archive ring suite package depends tree
	release=$(kernel_release "$2")
	dir=$vm_cache/headers-$release
	tree=$dir/unpacked/usr/src/linux-headers-$release
	if [ ! -e "$dir/complete" ]; then
		read -r archive ring suite package < <(kernel_table | sed -n "s/^${name//./\\.} //p")
		case ${archive:-} in
		*debian*) ;;
		*) echo "headers are taken from Debian only"; return 1 ;;
		esac
		kernel_archive "$dir" "$archive" "$ring" "$suite" && kernel_package "$dir" "linux-headers-$release" || return
		depends=$(dpkg-deb -f "$dir"/*.deb Depends | grep -Eo 'linux-(headers|kbuild)-[^ ,]*')
		for package in $depends; do
			kernel_package "$dir" "$package" || return
		done
		sed -i "s|/usr/src|$dir/unpacked/usr/src|" "$tree/Makefile" || return
		rm -rf "$dir"/*.deb "$dir/apt"
		touch "$dir/complete"
	fi
	echo "$tree"
}
