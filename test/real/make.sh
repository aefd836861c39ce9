# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: make -j2 of a small C tree: make, a shell, gcc, cc1, as, collect2 and ld, many at once.
# shellcheck shell=bash
. test/lib.sh

tree=$TMPDIR/tree
mkdir "$tree"
for ((i = 0; i < 500; i++)); do
	echo "int f$i(int x) { return x + $i; }" >"$tree/f$i.c"
done
echo 'int main(void) { return 0; }' >"$tree/main.c"
cat >"$tree/Makefile" <<'END'
OBJ := $(patsubst %.c,%.o,$(wildcard *.c))
prog: $(OBJ)
	gcc -o $@ $^ && test -x $@
%.o: %.c
	@gcc -O1 -c -o $@ $< && :
END
report=$TMPDIR/make.json
run_json "$report" make -s -j2 -C "$tree"
expect_clean "make -j2" "$report" $? 0 1500
