// Package publish keeps a ClickHouse equal to the lake: what the views show is one whole state of the lake, to the last
// digit, and moves from one state to the next in one step, whatever is killed when. docs/clickhouse.md says the same
// for people who ask there.
//
// The database of the dsn holds the views and nothing else; each view and each of its columns has a comment:
//
//	lines, …          rows whose load the pointer names
//	live              the newest row of the pointer
//	schema_versions   which DDL was run; programs of the layout before version 3 look here, and then publish nothing
//
// The internal database, whose name ends in _internal, holds the tables:
//
//	lines_data, …     the rows, MergeTree; `load` says which insertion a row came with
//	lines_rows, …     Merge or Distributed over them: what the views read
//	published         the pointer: the row with the largest number, with the ids of all loads that are shown
//	loads             what each load is: file, rows, sums; written when it was counted
//	checks            what partitions were made of when they were last found right
//	schema_versions   which DDL was run
//
// A load is one attempt to insert one file of the lake. Its id is asked of the server, which gives none twice; another
// attempt, by this publisher or any other, has another id. A file of the lake is known by its path, which names its
// content; what is worked out for the occasion (partner statements of open cycles, control totals, the lake's history)
// by a path that names all it was worked out of.
//
// # Invariants
//
//	PUB-1  A row never changes, and no row is added to a load after its INSERT ended. So a load that was once whole
//	       stays whole until it is deleted.
//	PUB-2  The pointer names a load only after its rows were counted on every server of its shard, and every column of
//	       amounts, quantities and whole numbers added up there in 256 bits came to what was read from the lake's
//	       file, which came to what the manifest says.
//	PUB-3  The pointer moves by an INSERT of one row: a reader finds all of it or nothing.
//	PUB-4  A query reads the pointer once, as one value, on the server that it was sent to, and before it takes the
//	       snapshot of any data.
//	PUB-5  Until every query that could have read a pointer has ended, no row of a load that this pointer names is
//	       deleted.
//	PUB-6  Only rows of loads that no pointer names are deleted, when what dropped them is older than `keep` and than
//	       every query that runs. A load that was never shown is dropped when its id was given. No load is shown that
//	       is neither shown already nor younger than three quarters of `keep`, nor taken up from an earlier publish
//	       unless it is younger than half of it.
//	PUB-7  A publish counts again what is there, but for partitions of which the server says that no row and no part
//	       was added, changed or taken away since the same loads were found right in them.
//	PUB-8  Σ lines = Σ statements = what the manifest says, of the loads to be shown, for every amount column of every
//	       cycle; else the pointer stays (spec §6.6).
//	PUB-9  On a cluster a file lies on the shard of its bucket as it was when it was inserted; a file without a bucket
//	       on the first. Where it lies is no part of what is shown: every shard is asked.
//	PUB-10 Every statement of DDL may run twice, and a migration is noted when all of it was run.
//	PUB-11 A row of the pointer goes, from every server, before any row of data that it names. So who reads rows by a
//	       pointer that was left behind, and finds the row of the pointer after that, has read all of them.
//	PUB-12 The copy of an older program, whose tables are in the database of the views, is taken over: each table is
//	       filled from the old one under a temporary name and renamed when it is complete, the pointer last. The views
//	       read the old tables until all new ones are there, and the same pointer before and after. An old table is
//	       dropped when no statement runs that began before the views were replaced.
//
// # Why a reader sees one whole state
//
// Let a query read pointer p (PUB-4). Every load of p was whole on its servers before p was written (PUB-2, PUB-3), so
// before the query read it, and the query takes its snapshots of the data after that. A whole load stays whole (PUB-1)
// until it is deleted, and it is not deleted while the query runs (PUB-5). So the snapshots hold all rows of all loads
// of p. The view passes rows of these loads and no others, so what the query sees is the state that p was made of. Rows
// of half an insertion, of an attempt that was given up, or of another publisher are of loads that p does not name.
//
// A query over several views reads the pointer once for all of them: the server keeps the value of a scalar subquery
// for the whole query. Their sums are of one state too.
//
// PUB-4 rests on how the server works, so it is held up by construction and by test. A plain table's snapshot is taken
//
//	when its name is
//
// Who asks several statements of one state, as `tollbook serve` does page by page, looks for the pointer that showed it
// (Find), names its loads in each statement instead of the newest one's, and looks once more at the end. While the
// pointer is there, so are its rows: for `keep` after it was left behind (PUB-6, PUB-11).
//
// # Why several publishers do no harm
//
// Ids are unique, so no two publishers write rows of one load, and each shows only what it counted itself (PUB-1,
// PUB-2). Both may insert the same file: one of the loads is never shown, or dropped by the next move, and deleted
// later. Neither deletes what the other is about to show: that is younger than three quarters of `keep` when the
// pointer moves, by the clock of the server that gave the id, and what is deleted is older than all of it; a move that
// takes longer than the quarter left over is cut off by its timeout. Two pointers of one number cannot be; of two moves
// at once the larger number is shown, which is a whole state as well. A publisher that finds that the pointer moved, or
// HEAD, since it looked, starts over from what is there. With `keep: 0s` the times above give no protection: then one
// publisher at a time is for the operator to see to.
//
// # Why it may be killed anywhere
//
// Before the pointer moved, nothing that the views show has changed: rows that were inserted are of loads that nobody
// names. The next publish takes up those that were noted as whole and are still whole, and inserts the others anew.
// While the pointer moves on a cluster, some servers show the new state and some the old one, each of them whole (the
// rows of both are there); the next publish brings those that are behind to the newest. After it, only deleting is
// left, which the next publish does.
package publish
