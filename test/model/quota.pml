/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * quota.pml - the protocol of src/quota/ for spin: charge and return on the reserves of lanes, and under the
 * lock. A root (0) with a limit, beneath it an account (1) and a block (2), LANES threads with one slot each,
 * which each take OPS steps of any kind. What the C code does at once is one step here: a load, a
 * compare-and-swap, an exchange; under the lock each lane is emptied in a step of its own.
 *
 * usage[] and most[] are the truth, kept beside the protocol by the steps that grant or give back. Claims:
 *   LIMIT      no usage is above its limit
 *   ROOM       a charge is refused only if there is no room at that moment
 *   LOST       a return is refused only if less is charged; nothing is lost or made when all is still
 *   PEAK       the peak is the highest usage, after each step that raises one
 *   ONCE       the block is freed once, not while it is charged or referred to, nobody uses it then
 *
 * Compiled with -DMUTANT=n the protocol has a defect that spin must find: test/model/run.sh.
 */
#ifndef LANES
#define LANES 2
#endif
#ifndef OPS
#define OPS 3
#endif
#ifndef MUTANT
#define MUTANT 0
#endif
#define LEASE 2 /* how many operations a lease is for */

byte limit[3], reserved[3], peak[3], own[3], leased[3];
byte usage[3], most[3]; /* the truth */
byte key[LANES], used[LANES], spare[LANES];
byte refs = LANES; /* of the block: each thread has one */
bool gone;
bool locked;
byte finished;

#define MIN(a, b) ((a) < (b) -> (a) : (b))
#define CEILING(n) ((MUTANT == 1 -> limit[n] : MIN(limit[n], peak[n])))

inline claims()
{
	assert(usage[0] <= limit[0] && usage[1] <= limit[1] && usage[2] <= limit[2]); /* LIMIT */
	assert(most[0] <= peak[0] && most[1] <= peak[1] && most[2] <= peak[2]);	      /* PEAK */
}

inline truth_add(n, a)
{
	usage[n] = usage[n] + a;
	usage[0] = usage[0] + a;
	most[n] = (usage[n] > most[n] -> usage[n] : most[n]);
	most[0] = (usage[0] > most[0] -> usage[0] : most[0])
}

inline truth_sub(n, a)
{
	usage[n] = usage[n] - a;
	usage[0] = usage[0] - a
}

inline touch(n)
{
	assert(n != 2 || !gone) /* ONCE */
}

/* Nobody else fills the slot of this lane, so that emptying it may go with taking the lock. */
inline lock(n)
{
	atomic {
		!locked;
		locked = true;
		touch(n);
		if
		:: key[me] == n -> exchange(me)
		:: else
		fi
	}
}

/* One exchange; the rest is under the lock and seen by nobody else. */
inline exchange(l)
{
	if
	:: key[l] != 0 ->
		own[key[l]] = own[key[l]] + used[l];
		reserved[key[l]] = reserved[key[l]] - spare[l];
		reserved[0] = reserved[0] - spare[l];
		leased[key[l]] = leased[key[l]] - spare[l] - used[l];
		leased[0] = leased[0] - spare[l] - used[l];
		used[l] = 0;
		spare[l] = 0
	:: else
	fi
}

inline collect(l)
{
	d_step {
		exchange(l)
	}
}

inline collect_own(n)
{
	i = 0;
	do
	:: i < LANES ->
		if
		:: key[i] == n -> collect(i)
		:: else
		fi;
		i++
	:: else -> break
	od;
	skip
}

/* In an atomic step under the lock. The slot is the node's, with nothing in it; other leases it had are collected. */
inline lease(n, u, s)
{
	if
	:: key[me] != n -> exchange(me); key[me] = n
	:: else
	fi;
	own[n] = own[n] - u;
	leased[n] = leased[n] + u + s;
	leased[0] = leased[0] + u + s;
	used[me] = u;
	spare[me] = s
}

/* The node's own bytes are gone and so are its references: nobody can come any more. */
inline reap()
{
	if
	:: refs == 0 && own[2] == 0 ->
		assert(!gone && usage[2] == 0 && reserved[2] == 0 && leased[2] == 0); /* ONCE */
		gone = true;
		i = 0;
		do
		:: i < LANES ->
			if
			:: key[i] == 2 -> key[i] = 0
			:: else
			fi;
			i++
		:: else -> break
		od
	:: else
	fi
}

inline charge_slow(n, a)
{
	lock(n);
	top = (a > CEILING(0) - reserved[0] -> 0 : (a > CEILING(n) - reserved[n] -> n : 9));
	i = 0;
	do
	:: top != 9 && i < LANES && MUTANT != 2 ->
		if
		:: key[i] == n || (top == 0 && key[i] != 0) -> collect(i)
		:: else
		fi;
		i++
	:: else -> break
	od;
	skip; /* spin jumps into no d_step */
	d_step {
		granted = (MUTANT == 3 || reserved[n] + a <= limit[n]) && reserved[0] + a <= limit[0];
		if
		:: granted ->
			truth_add(n, a);
			reserved[n] = reserved[n] + a;
			reserved[0] = reserved[0] + a;
			peak[n] = (reserved[n] > peak[n] -> reserved[n] : peak[n]);
			peak[0] = (reserved[0] > peak[0] -> reserved[0] : peak[0]);
			claims();
			assert(peak[n] == most[n] && peak[0] == most[0]); /* PEAK */
			own[n] = own[n] + a
		:: else ->
			assert(usage[n] + a > limit[n] || usage[0] + a > limit[0]) /* ROOM */
		fi;
		room = MIN(CEILING(n) - reserved[n], CEILING(0) - reserved[0]);
		room = (room > LEASE * a -> LEASE * a : room)
	}
	atomic {
		if
		:: granted && room >= a && (n != 2 || refs > 0) ->
			reserved[n] = reserved[n] + room;
			reserved[0] = reserved[0] + room;
			lease(n, a, room)
		:: else
		fi;
		locked = false
	}
}

inline charge(n, a)
{
	touch(n);
	granted = false;
	if
	:: key[me] == n ->
		atomic {
			old_used = used[me];
			old_spare = spare[me]
		}
		if
		:: old_spare >= a ->
			atomic {
				if
				:: (used[me] == old_used && spare[me] == old_spare) || MUTANT == 4 ->
					used[me] = old_used + a;
					spare[me] = old_spare - a;
					truth_add(n, a);
					claims();
					granted = true
				:: else
				fi
			}
		:: else
		fi
	:: else
	fi;
	if
	:: !granted -> charge_slow(n, a)
	:: else
	fi
}

inline give_slow(n, a)
{
	lock(n);
	if
	:: own[n] < a && MUTANT != 5 -> collect_own(n)
	:: else
	fi;
	d_step {
		back = own[n] >= a;
		if
		:: back ->
			truth_sub(n, a);
			claims();
			room = own[n] - a;
			room = (room > (LEASE - 1) * a -> (LEASE - 1) * a : room)
		:: else ->
			assert(usage[n] < a) /* LOST */
		fi
	}
	atomic {
		if
		:: back && (n != 2 || refs > 0 || MUTANT == 6) ->
			own[n] = own[n] - a;
			lease(n, room, a)
		:: back && n == 2 && refs == 0 && MUTANT != 6 ->
			own[n] = own[n] - a;
			reserved[n] = reserved[n] - a;
			reserved[0] = reserved[0] - a;
			reap()
		:: else
		fi;
		locked = false
	}
}

inline give(n, a)
{
	touch(n);
	back = false;
	if
	:: key[me] == n ->
		atomic {
			old_used = used[me];
			old_spare = spare[me]
		}
		if
		:: old_used >= a || MUTANT == 7 ->
			atomic {
				if
				:: used[me] == old_used && spare[me] == old_spare ->
					used[me] = old_used - a;
					spare[me] = old_spare + a;
					truth_sub(n, a);
					claims();
					back = true
				:: else
				fi
			}
		:: else
		fi
	:: else
	fi;
	if
	:: !back -> give_slow(n, a)
	:: else
	fi
}

/* The reference goes; what the block still has in lanes is collected, and none is granted from then on. */
inline put()
{
	lock(2);
	refs--;
	if
	:: refs == 0 ->
		if
		:: MUTANT != 8 -> collect_own(2)
		:: else
		fi;
		atomic {
			reap();
			locked = false
		}
	:: else -> locked = false
	fi
}

proctype thread(byte me)
{
	byte ops, mine, a, i, top, room, old_used, old_spare;
	bool granted, back, holds = true;

	do
	:: ops < OPS ->
		ops++;
		select(a : 1 .. 2);
		if
		:: charge(1, a)
		:: give(1, a)
		:: holds -> /* an object of the block */
			charge(2, a);
			mine = mine + (granted -> a : 0)
		:: mine >= a ->
			give(2, a);
			assert(back); /* LOST */
			mine = mine - a
		:: holds ->
			put();
			holds = false
		fi;
		d_step { /* nothing of this step is left to tell states apart */
			a = 0;
			i = 0;
			top = 0;
			room = 0;
			old_used = 0;
			old_spare = 0;
			granted = false;
			back = false
		}
	:: else -> break
	od;
	if
	:: mine > 0 ->
		give(2, mine);
		assert(back)
	:: else
	fi;
	if
	:: holds -> put()
	:: else
	fi;
	atomic {
		finished++;
		if
		:: finished == LANES ->
			assert(gone && refs == 0); /* ONCE */
			i = 0;
			do
			:: i < LANES -> exchange(i); i++
			:: else -> break
			od;
			assert(usage[2] == 0 && own[1] == usage[1] && reserved[1] == usage[1]); /* LOST */
			assert(reserved[0] == usage[0] && usage[0] == usage[1] && leased[0] == 0);
			assert(peak[0] == most[0] && peak[1] == most[1] && peak[2] == most[2]) /* PEAK */
		:: else
		fi
	}
}

init
{
	byte l;

	atomic {
		limit[0] = 3;
		limit[1] = 2;
		limit[2] = 3;
		do
		:: l < LANES -> run thread(l); l++
		:: else -> break
		od
	}
}
