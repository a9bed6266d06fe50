/* SPDX-License-Identifier: EUPL-1.2
 *
 * The quota protocol (appointments-escrow.md) for two nodes and two cells: every order of steps, every loss, repetition and delay.
 *
 * What is under way has no channel. A journal and a grant log are durable and numbered, and whoever reads them may be handed any entry that was ever
 * written, at any time, as often as the network likes, or never. The rules take the next number and nothing else (R5), so handing over any other entry
 * changes nothing and is no step here; the controls NO_DEDUP and NO_GRANT_SEQUENCE make steps of them. There are no clocks (R3): whatever may wait may
 * wait for ever. A node may lose power between any two durable steps and before a ticket is out (R2).
 *
 * Bounds: J journal records and G grants for each node in a run. Variants:
 *   RESTORE    node 0 is put back from a copy; a new life registers (R7, R8)
 *   TOMBSTONE  citizens cancel at the portal what was not reported yet (R6)
 *   LIVE       adds the formula `reported` (L1)
 * Controls, each leaves out one rule of quota_words.h `Fault` and has to be refuted:
 *   TIMEOUT_RECLAIM CONFIRM_FIRST NO_DEDUP NO_GRANT_SEQUENCE NO_BOOKING_ID REUSE_CANCELLED RESTORE_KEEPS_LEASES FREE_ON_RESTORE
 * How it is run: run.sh.
 */
#ifndef J
#define J 2
#endif
#ifndef G
#define G 2
#endif

/* Of a cell at the portal. Leased and quarantined cells name their node. */
#define Free          0
#define Sold          1
#define Leased(i)     (2 + (i))
#define Quarantine(i) (4 + (i))
#define isLeased(s)   ((s) == 2 || (s) == 3)
/* Of a cell at a node. */
#define Nothing 0
#define Own     1
#define Booked  2
/* Kinds of records. */
#define Book   1
#define Cancel 2
#define Return 3

#define ofPortal 99                        /* a booking that the portal sold itself */
#define at(i, c) ((i) * 2 + (c))           /* node i's row of cell c */
#define rec(i, n) ((i) * J + (n))          /* node i's record n */
#define idOf(i, n) (1 + rec(i, n))         /* booking id: node and number of its BOOK record */
#define numberIn(i, id) ((id) - 1 - (i) * J)

/* --- durable, portal */
byte state[2];      /* of each cell */
byte stands[2];     /* booking id in a sold cell */
byte next[2];       /* R5: the record of each node that is taken next */
byte grants[2];     /* length of each grant log ... */
byte grantOf[2 * G]; /* ... and its entries: one cell each */
bit closed[2];      /* R8: node i's stream is closed */
#ifdef TOMBSTONE
bit tomb[2 * J];
#endif
/* --- durable, nodes */
byte row[4];
byte rowId[4];
byte kind[2 * J], cell[2 * J], ref[2 * J];
byte length[2];
byte taken[2];      /* the grant that is taken next */
bit newLife[2];
#ifdef RESTORE_KEEPS_LEASES
byte copy[2];
bit copied;
#endif
/* --- volatile: cell + 1 of the ticket that is being printed */
byte printing[2];
/* --- ghosts: what people hold in their hands */
byte holders[2];    /* living tickets for each cell */
byte ticket[4];     /* the id of that ticket, by node and cell */

hidden byte c_; hidden byte r_; hidden byte n_;

/* I3: sold under its id, or still to come from that node, or kept free for it. */
#define kept(i, c, id) ((state[c] == Sold && stands[c] == (id)) || \
                        ((state[c] == Leased(i) || state[c] == Quarantine(i)) && next[i] <= numberIn(i, id)))
#define keptIfTold(i, c) (ticket[at(i, c)] == 0 || kept(i, c, ticket[at(i, c)]))
/* I1 and I3. I2 follows: whoever sells a cell that another may sell, too, sells it twice in some run. */
#define HOLDS assert(holders[0] <= 1 && holders[1] <= 1 && keptIfTold(0, 0) && keptIfTold(0, 1) && keptIfTold(1, 0) && keptIfTold(1, 1))

#define VOID(i, c, id) if :: (id) != 0 && ticket[at(i, c)] == (id) -> ticket[at(i, c)] = 0; holders[c]-- :: else fi

/* --- the portal's own desk: sells what is free (R1), cancels, leases */

#define SELLS(c)    :: atomic { state[c] == Free -> state[c] = Sold; stands[c] = ofPortal; holders[c]++; HOLDS }
#define CANCELS(c)  :: atomic { state[c] == Sold -> \
                       if :: stands[c] == ofPortal -> holders[c]-- :: else -> VOID(0, c, stands[c]); VOID(1, c, stands[c]) fi; \
                       state[c] = Free; stands[c] = 0; HOLDS }
#define LEASES(i,c) :: atomic { state[c] == Free && grants[i] < G && !closed[i] -> \
                       state[c] = Leased(i); grantOf[i * G + grants[i]] = c; grants[i]++; HOLDS }
#ifdef TIMEOUT_RECLAIM
#define RECLAIMS(c) :: atomic { isLeased(state[c]) -> state[c] = Free; HOLDS }
#else
#define RECLAIMS(c)
#endif
#ifdef TOMBSTONE
#define BURIES(i,c) :: atomic { ticket[at(i, c)] != 0 && !closed[i] && next[i] <= numberIn(i, ticket[at(i, c)]) -> \
                       tomb[ticket[at(i, c)] - 1] = 1; ticket[at(i, c)] = 0; holders[c]--; HOLDS }
#else
#define BURIES(i,c)
#endif

active proctype Desk()
{
    do
    SELLS(0) SELLS(1)
    CANCELS(0) CANCELS(1)
    LEASES(0, 0) LEASES(0, 1) LEASES(1, 0) LEASES(1, 1)
    RECLAIMS(0) RECLAIMS(1)
    BURIES(0, 0) BURIES(0, 1) BURIES(1, 0) BURIES(1, 1)
    :: break
    od
}

/* --- the portal's end of a stream */

#ifdef TOMBSTONE
#define isBuried(i, n) (tomb[rec(i, n)] == 1)
#else
#define isBuried(i, n) false
#endif
#ifdef NO_BOOKING_ID
#define isMeant(c, id) true
#else
#define isMeant(c, id) (stands[c] == (id))
#endif

inline apply(i, n)
{
    c_ = cell[rec(i, n)]; r_ = ref[rec(i, n)];
    if
    :: kind[rec(i, n)] == Book && state[c_] == Leased(i) && !isBuried(i, n) -> state[c_] = Sold; stands[c_] = r_
    :: kind[rec(i, n)] == Book && state[c_] == Leased(i) && isBuried(i, n) -> state[c_] = Free
    :: kind[rec(i, n)] == Return && state[c_] == Leased(i) -> state[c_] = Free
    :: kind[rec(i, n)] == Cancel && state[c_] == Sold && isMeant(c_, r_) -> state[c_] = Free; stands[c_] = 0 /* R6 */
    :: else
    fi;
    c_ = 0; r_ = 0
}

#ifdef FREE_ON_RESTORE
#define lost(i) Free
#else
#define lost(i) Quarantine(i)
#endif
#define FENCED(i, c) if :: state[c] == Leased(i) -> state[c] = lost(i) :: else fi

proctype Stream(byte i)
{
    do
    :: atomic { !closed[i] && next[i] < length[i] -> n_ = next[i]; apply(i, n_); n_ = 0; next[i]++; HOLDS }
#ifdef NO_DEDUP
    :: atomic { !closed[i] && next[i] > 0 -> apply(i, 0); HOLDS }
    :: atomic { !closed[i] && next[i] > 1 -> apply(i, 1); HOLDS }
#endif
#ifdef RESTORE
    :: atomic { newLife[i] && !closed[i] -> closed[i] = 1; FENCED(i, 0); FENCED(i, 1); HOLDS }
#endif
    od
}

/* --- a node */

#ifdef RESTORE_KEEPS_LEASES
#define hears(i) true
#else
#define hears(i) (!newLife[i])       /* the grant log of an earlier life is not this one's */
#endif

proctype Grants(byte i)
{
    do
    :: atomic { hears(i) && taken[i] < grants[i] && row[at(i, grantOf[i * G + taken[i]])] != Own && printing[i] != grantOf[i * G + taken[i]] + 1 ->
           row[at(i, grantOf[i * G + taken[i]])] = Own; taken[i]++; HOLDS }
#ifdef NO_GRANT_SEQUENCE
    :: atomic { hears(i) && taken[i] > 0 && row[at(i, grantOf[i * G])] == Nothing -> row[at(i, grantOf[i * G])] = Own; HOLDS }
#endif
    od
}

#define APPEND(i, k, c, id) kind[rec(i, length[i])] = k; cell[rec(i, length[i])] = c; ref[rec(i, length[i])] = id; length[i]++

#ifdef CONFIRM_FIRST
#define BOOKS(i, c)  :: atomic { printing[i] == 0 && row[at(i, c)] == Own && length[i] < J -> \
                        rowId[at(i, c)] = idOf(i, length[i]); ticket[at(i, c)] = rowId[at(i, c)]; holders[c]++; printing[i] = c + 1; HOLDS }
#define PRINTS(i, c) :: atomic { printing[i] == c + 1 -> printing[i] = 0; row[at(i, c)] = Booked; APPEND(i, Book, c, rowId[at(i, c)]); HOLDS }
#else
/* R2: row and record in one commit; then the ticket. It is alive unless the portal has cancelled this very booking meanwhile. */
#define BOOKS(i, c)  :: atomic { printing[i] == 0 && row[at(i, c)] == Own && length[i] < J -> \
                        row[at(i, c)] = Booked; rowId[at(i, c)] = idOf(i, length[i]); APPEND(i, Book, c, rowId[at(i, c)]); printing[i] = c + 1; HOLDS }
#define PRINTS(i, c) :: atomic { printing[i] == c + 1 -> printing[i] = 0; \
                        if :: kept(i, c, rowId[at(i, c)]) -> ticket[at(i, c)] = rowId[at(i, c)]; holders[c]++ :: else fi; HOLDS }
#endif
#ifdef REUSE_CANCELLED
#define afterCancel Own
#else
#define afterCancel Nothing          /* R6: the portal's */
#endif
#define UNBOOKS(i, c) :: atomic { printing[i] == 0 && row[at(i, c)] == Booked && length[i] < J -> \
                         APPEND(i, Cancel, c, rowId[at(i, c)]); row[at(i, c)] = afterCancel; VOID(i, c, rowId[at(i, c)]); rowId[at(i, c)] = 0; HOLDS }
#define RETURNS(i, c) :: atomic { printing[i] == 0 && row[at(i, c)] == Own && length[i] < J -> \
                         row[at(i, c)] = Nothing; APPEND(i, Return, c, 0); HOLDS } /* R4 */

proctype Node(byte i)
{
    do
    BOOKS(i, 0) BOOKS(i, 1) PRINTS(i, 0) PRINTS(i, 1) UNBOOKS(i, 0) UNBOOKS(i, 1) RETURNS(i, 0) RETURNS(i, 1)
    :: atomic { printing[i] > 0 -> printing[i] = 0 } /* power lost before the ticket is out */
#ifdef RESTORE
#ifdef RESTORE_KEEPS_LEASES
    :: atomic { i == 0 && !copied && printing[i] == 0 -> copied = 1; copy[0] = row[at(i, 0)]; copy[1] = row[at(i, 1)] }
    :: atomic { i == 0 && copied && !newLife[i] && printing[i] == 0 -> newLife[i] = 1; row[at(i, 0)] = copy[0]; row[at(i, 1)] = copy[1]; HOLDS }
#else
    :: atomic { i == 0 && !newLife[i] -> newLife[i] = 1; printing[i] = 0; row[at(i, 0)] = Nothing; row[at(i, 1)] = Nothing; HOLDS } /* R7 */
#endif
#endif
    :: break
    od
}

init { atomic { run Stream(0); run Stream(1); run Grants(0); run Grants(1); run Node(0); run Node(1) } }

#ifdef LIVE
/* L1: what somebody was told is reported in the end, unless it is cancelled. Only true of fair runs: both ends go on. */
ltl reported { [] (ticket[0] != 0 -> <> (ticket[0] == 0 || (state[0] == Sold && stands[0] == ticket[0]))) }
#endif
