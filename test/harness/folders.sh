# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: the folder table of doc/design.md holds for every #include, and the script that says so
# sees a planted offence of each kind.
# shellcheck shell=bash
. test/lib.sh

if found=$(script/check-includes.sh); then
	ok "every include is one the design allows"
else
	not_ok "every include is one the design allows" "$found"
fi

# planted NAME FILE LINE: a copy of the tree with one more file must be refused.
planted()
{
	local tree=$TMPDIR/tree
	rm -rf "$tree"
	mkdir -p "$tree/doc" && cp -r src "$tree/" && cp doc/design.md "$tree/doc/"
	mkdir -p "$tree/$(dirname "$2")"
	echo "$3" >"$tree/$2"
	if script/check-includes.sh "$tree" | grep -q "^$2: "; then
		ok "refused: $1"
	else
		not_ok "refused: $1" "check-includes.sh let $3 pass in $2"
	fi
}
planted "ledger that knows a source" src/ledger/bad.c '#include "source/source.h"'
planted "base that knows events" src/base/bad.h '#include "event/event.h"'
planted "libbpf outside the exact source" src/cmd/bad.c '#include <bpf/libbpf.h>'
planted "a ledger that charges quota" src/ledger/bad.c '#include <forktally.h>'
planted "a quota core that needs forktally" src/quota/bad.c '#include "base/number.h"'
planted "a folder outside the table" src/misc/bad.c '#include "event/event.h"'
planted "a neighbour that is not there" src/view/bad.c '#include "ledger.h"'
