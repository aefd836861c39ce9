# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: libforktally as others get it: installed, found by pkg-config, embedded from C11 and C++, shared and
# static; it shows what forktally.h declares and nothing else, and the manual page has all of it.
# shellcheck shell=bash
. test/lib.sh

CC=${CC:-gcc}
# The build of make check is up to date; an option such as SAN stays with it.
if ! make -s install BUILD="$BUILD" DESTDIR="$TMPDIR/root" PREFIX=/usr CC="$CC" >"$TMPDIR/log" 2>&1; then
	not_ok "make install" "$(tail -n 3 "$TMPDIR/log" | tr '\n' ' ')"
	exit
fi
for file in include/forktally.h lib/libforktally.a lib/libforktally.so lib/libforktally.so.0 \
	lib/pkgconfig/libforktally.pc share/man/man3/libforktally.3; do
	[ -s "$TMPDIR/root/usr/$file" ] || missing="${missing:-} $file"
done
expect "make install puts all of it" "" "${missing:-}"

export PKG_CONFIG_SYSROOT_DIR=$TMPDIR/root PKG_CONFIG_PATH=$TMPDIR/root/usr/lib/pkgconfig
export LD_LIBRARY_PATH=$TMPDIR/root/usr/lib
expect "its version is that of forktally" "$("$FORKTALLY" --version | grep -o '[0-9][0-9.]*' | head -n 1)" \
	"$(pkg-config --modversion libforktally)"
read -ra flags <<<"$(pkg-config --cflags --libs libforktally)"
read -ra static <<<"$(pkg-config --cflags --libs --static libforktally | sed 's/-lforktally/-l:libforktally.a/')"
[ "${BUILD%-san}" = "$BUILD" ] || { flags+=("-fsanitize=address,undefined") static+=("-fsanitize=address,undefined"); }
says='client 3 left 32768 bytes
server: 32768 bytes charged, peak within the limit'

# embeds NAME COMPILER..: the example compiles without a warning, runs, and says what it must.
embeds()
{
	local name=$1
	shift
	if "$@" -Wall -Wextra -Werror -pedantic -o "$TMPDIR/embed" >"$TMPDIR/log" 2>&1; then
		expect "$name" "$says" "$("$TMPDIR/embed" 2>&1)"
	else
		not_ok "$name" "$(head -n 3 "$TMPDIR/log" | tr '\n' ' ')"
	fi
}
embeds "the example embeds the shared library" "$CC" -std=c11 example/embed.c "${flags[@]}" -lpthread
embeds "the example embeds the static library" "$CC" -std=c11 example/embed.c "${static[@]}"
cat >"$TMPDIR/plus.cc" <<'END'
#include <forktally.h>
#include <cstdio>
int main()
{
	ft_block *root = nullptr;
	ft_account *account = nullptr;
	ft_object object = {};
	const uint64_t cost[2] = {32768, 0};
	if (ft_root_new(2, &root) || ft_account_new(root, &account) || ft_charge(account, FT_KERNEL, 3) ||
	    ft_object_charge(&object, root, cost) || ft_object_return(&object) || ft_return(account, FT_KERNEL, 3))
		return 1;
	if (ft_account_close(account, nullptr) || ft_block_put(root))
		return 1;
	std::puts("client 3 left 32768 bytes\nserver: 32768 bytes charged, peak within the limit");
}
END
if command -v g++ >/dev/null; then
	embeds "C++ embeds it" g++ -std=c++11 "$TMPDIR/plus.cc" "${flags[@]}" -lpthread
else
	skip "C++ embeds it" "no g++ here"
fi

declared=$(grep -o '\bft_[a-z_]*(' include/forktally.h | tr -d '(' | sort -u)
expect "the shared library shows what the header declares, by version" "$declared" \
	"$(nm -D --defined-only "$TMPDIR/root/usr/lib/libforktally.so.0" | sed -n 's/.* T \(.*\)@@FORKTALLY_0$/\1/p' | sort)"
expect "and nothing else" "FORKTALLY_0" \
	"$(nm -D --defined-only "$TMPDIR/root/usr/lib/libforktally.so.0" | awk '{ print $3 }' | grep -v '^ft_\|asan\|ubsan')"
expect "the static library too" "$declared" \
	"$(nm -g --defined-only "$TMPDIR/root/usr/lib/libforktally.a" | awk '$2 ~ /[A-Z]/ && $3 !~ /^(__odr|_asan|__asan)/ { print $3 }' | sort)"
expect "the manual page has each function" "$declared" \
	"$(sed -n 's/^\.Fo \(ft_[a-z_]*\).*/\1/p; s/^\.Fn \(ft_[a-z_]*\) .*/\1/p' doc/man/libforktally.3 | sort -u)"
if command -v mandoc >/dev/null; then
	expect "mandoc has no complaint" "" "$(mandoc -T lint -W warning doc/man/libforktally.3 2>&1 | head -n 3)"
else
	skip "mandoc has no complaint" "no mandoc here"
fi

out=$("$BUILD/bench/quota" --rounds 1 --pairs 0.1 --accounts 1000 --limit-seconds 1 2>&1)
expect "the bench ends well: no limit passed" 0 $?
expect "and has a row for each way" 4 "$(grep -cE '^(mutex|C11 atomics|libforktally|two trees) +[0-9]' <<<"$out")"
expect "an option that it has not is refused" 2 "$("$BUILD/bench/quota" --round 3 >/dev/null 2>&1; echo $?)"
