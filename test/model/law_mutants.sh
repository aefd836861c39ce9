# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Covers: the unit tests see it when the ledger does not keep one of its laws (src/ledger/ledger.h), or when the verdict finds
# wrong books without the proof it needs. Each line below takes one law out of a copy; at least one test must fail then.
# shellcheck shell=bash
. test/lib.sh

CC=${CC:-gcc}
unit=$BUILD/test/unit
tests='test_amount test_ledger test_ledger_property test_ledger_bounds test_verdict test_verdict_books'
for test in $tests; do
	if [ ! -f "$unit/$test.o" ]; then
		skip "mutants of the ledger" "the unit tests are not built; make units"
		exit 0
	fi
done

# mutant NAME FILE OLD NEW: OLD, which stands there just once, becomes NEW.
mutant()
{
	local name=$1 file=$2 test by='' objects
	rm -f "$TMPDIR"/test_*
	cp "src/$file" "$TMPDIR/mutant.c"
	if ! OLD=$3 NEW=$4 perl -0pi -e \
		'$n = s/\Q$ENV{OLD}\E/$ENV{NEW}/g; END { exit($n != 1) }' "$TMPDIR/mutant.c"; then
		not_ok "mutant: $name" "$file has not just one: $3"
		return
	fi
	objects=$(find "$BUILD/src" -name '*.o' ! -path "$BUILD/src/main.o" ! -path "$BUILD/src/${file%.c}.o")
	if ! $CC -O1 -g -w -std=gnu11 -D_GNU_SOURCE -Isrc -Iinclude -I"$BUILD" -c -o "$TMPDIR/mutant.o" "$TMPDIR/mutant.c" \
		2>"$TMPDIR/log"; then
		not_ok "mutant: $name" "does not compile: $(head -n 2 "$TMPDIR/log" | tr '\n' ' ')"
		return
	fi
	for test in $tests; do
		# shellcheck disable=SC2086 # a list of files
		if ! $CC -o "$TMPDIR/$test" "$unit/$test.o" "$TMPDIR/mutant.o" $objects \
			$(pkg-config --libs libbpf libelf libdw jansson libzstd) -lcmocka -lpthread -lm 2>"$TMPDIR/log"; then
			not_ok "mutant: $name" "does not link: $(head -n 2 "$TMPDIR/log" | tr '\n' ' ')"
			return
		fi
		( timeout -k 1 60 "$TMPDIR/$test" >"$TMPDIR/log" 2>&1 ) 2>/dev/null || { by=$test; break; }
	done
	if [ -n "$by" ]; then ok "mutant: $name: found by $by"; else not_ok "mutant: $name" "no test failed"; fi
}

mutant "law 1, a pid used again is the old account" ledger/account.c \
	'return table_hash(id.start_ns, id.tgid);
}

bool row_is(struct account_id a, struct account_id b)
{
	return a.tgid == b.tgid && a.start_ns == b.start_ns;' 'return table_hash(0, id.tgid);
}

bool row_is(struct account_id a, struct account_id b)
{
	return a.tgid == b.tgid;'
mutant "law 2, more returned than is live" ledger/charge.c 'if (covered.bytes > s->live) {' 'if (0) {'
mutant "law 3, an over-return that is hidden" ledger/charge.c 's->over_return += over;' ''
mutant "law 4, a sum with an unknown part is exact" event/amount.c \
	'return (struct amount){.bytes = a.bytes, .known = KNOWN_AT_LEAST};' 'return a;'
mutant "law 5, inherited bytes are charged" ledger/charge.c 'row->account.inherited_live = bytes;' ''
mutant "law 7, a fold that forgets who was charged" ledger/fold.c 'target.folded = true;' ''
mutant "law 9, no bound" ledger/fold.c 'return led->row_count < LEDGER_ROWS_MAX;' 'return true;'
mutant "the totals of a tag" ledger/law.c 'if (t->tag.total_seen && !t->open_unknown)' 'if (0)'
mutant "charged over processes and over tags" ledger/law.c 'if (p->pool.charged.known == KNOWN_EXACT)' 'if (0)'
mutant "returned over processes and over tags" ledger/law.c 'if (!err && p->pool.returned.known == KNOWN_EXACT)' 'if (0)'
mutant "the peak in the kernel's books" ledger/law.c 'if (peak->seen)' 'if (0)'
mutant "the end in the kernel's books" ledger/law.c 'if (!err && end->seen)' 'if (0)'
mutant "totals agree whatever was charged" ledger/law.c 'p->pool.charged.bytes == p->total_charged &&' ''
mutant "totals agree whatever was returned" ledger/law.c \
	'p->pool.returned.bytes + p->pool.over_return_bytes == p->total_returned;' '1;'
mutant "wrong books of a real kernel" verdict/books.c 'ledger_session(led)->source == SOURCE_MODEL &&' ''
mutant "wrong books though records were lost" verdict/books.c '!ledger_lost_events(led) &&' ''
mutant "wrong books though a process is not known" verdict/books.c '!c->strangers &&' ''
mutant "over-returns without the tags" verdict/books.c 'sum && sum == p->over_return_bytes' 'p->over_return_bytes'
mutant "over-returns without the totals" verdict/books.c 'return p->totals_agree && sum' 'return sum'
mutant "a peak without its events" verdict/books.c 'v->left_bytes < p->events_peak && p->events_peak <= v->right_bytes' '1'
