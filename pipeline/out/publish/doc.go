// Package publish keeps a copy of the lake in ClickHouse: the views show one complete state of the lake, to the last
// digit, and change from one state to the next in one step, whatever is killed and when. docs/clickhouse.md describes
// the same for people who query it. Package content says what of a state is copied; this package inserts it, proves
// that it is there, and moves the views to it.
//
// The database of the dsn contains only views; each view and each of its columns has a comment:
//
//	lines, …          rows whose load the pointer names
//	live              the newest row of the pointer
//	schema_versions   the DDL that was run
//
// The internal database, whose name ends in _internal, contains the tables:
//
//	lines_data, …     the rows, MergeTree; `load` is the insertion of a row
//	lines_rows, …     Merge or Distributed over them: what the views read
//	published         the pointer: the row with the largest number, with the ids of all loads that are shown
//	loads             what each load is: file, rows, sums; written when it was counted
//	checks            the composition of partitions when they were last found correct; since when all servers show a
//	                  pointer
//	schema_versions   the DDL that was run
//
// A load is one attempt to insert one file of the lake. The server assigns its id and never assigns an id twice;
// another attempt, by this publisher or any other, has another id. A file of the lake is identified by its path, which
// names its content. What is calculated for a publish (partner statements of open cycles, control totals, the lake's
// history) is identified by a path that names all of its inputs.
//
// # Invariants
//
//	PUB-1  A row never changes, and no row is added to a load after its INSERT ended. A load that was once complete
//	       stays complete until it is deleted.
//	PUB-2  The pointer names a load only after its rows were counted on every server of its shard, and every column
//	       of amounts, quantities and whole numbers, summed there in 256 bits, was equal to what was read from the
//	       lake's file, which was equal to the manifest.
//	PUB-3  The pointer moves by an INSERT of one row: a reader finds all of it or nothing.
//	PUB-4  A query reads the pointer once, as one value, on the server to which it was sent, and before it takes the
//	       snapshot of any data.
//	PUB-5  Until every query that could have read a pointer has ended, no row of a load that this pointer names is
//	       deleted.
//	PUB-6  Only rows of loads that no pointer names are deleted, when what dropped them is older than `keep`, and
//	       every running query began after a publish knew that no server shows an earlier pointer than that: a
//	       server may get a pointer long after its number was assigned. A load that was never shown is dropped as of
//	       the time of its id. No load is shown that is neither shown already nor younger than three quarters of
//	       `keep`, nor reused from an earlier publish unless it is younger than half of it.
//	PUB-7  A publish counts existing rows again, except in partitions of which the server says that no row and no
//	       part was added, changed or removed since the same loads were found correct in them.
//	PUB-8  Σ lines = Σ statements = the manifest, of the loads to be shown, for every amount column of every cycle and
//	       each currency, and Σ customers' taxes = Σ tax of statements. Otherwise the pointer does not move (§6.6).
//	PUB-9  On a cluster a file is on the shard of its bucket at the time of its insertion, and a file without a
//	       bucket on the first shard. The place does not affect what is shown: every shard is read.
//	PUB-10  Every statement of DDL may run twice, and a file of it is recorded when all of it was run.
//	PUB-11  A row of the pointer is deleted, from every server, before any row of data that it names. A reader that
//	        reads rows by a superseded pointer, and finds the row of the pointer after that, has therefore read all
//	        of them.
//	PUB-13  In a workspace of several currencies a load has amounts of one currency, which is in a column of each row.
//	        No count, check or query adds amounts of two.
//	PUB-14  Files of a bucket are inserted one after the other, in one INSERT if that has room for them: the rows of
//	        a customer are in few parts of the server's table.
//	PUB-15  Another process that inserts files of a bucket records a load after PUB-2 is true for it, and does not
//	        move the pointer. A publish uses such a load only if it was recorded since the publish began. If an
//	        earlier load of a file was found to differ, the file is inserted again.
//	PUB-16  After its move a publisher reads the pointers again. If others moved since its base, to another state, it
//	        starts over from the newest and publishes all cycles. A publish of one cycle publishes all if the views
//	        show another cycle of an earlier manifest than an earlier pointer of this lake's history does: publishers
//	        moved at the same time, and one was killed before it looked for others.
//
// # Why a reader sees one complete state
//
// Let a query read pointer p (PUB-4). Every load of p was complete on its servers before p was written (PUB-2, PUB-3),
// so before the query read it, and the query takes its snapshots of the data after that. A complete load stays
// complete (PUB-1) until it is deleted, and it is not deleted while the query runs (PUB-5). The snapshots therefore
// contain all rows of all loads of p. The view passes rows of these loads and no others, so the query sees the state
// of p. Rows of half an insertion, of an abandoned attempt, or of another publisher belong to loads that p does not
// name.
//
// A query over several views reads the pointer once for all of them: the server keeps the value of a scalar subquery
// for the complete query. Their sums are of one state too.
//
// Construction and a test ensure PUB-4, because it depends on how the server works. The snapshot of a plain table is
// taken when its name is resolved, before a subquery in WHERE is evaluated: a view directly over NAME_data would find
// a new pointer and old parts, and show too little. What is below a Merge or a Distributed table is resolved when that
// table is read, after the view's own subqueries were evaluated: hence NAME_rows. A subselect or a view in between is
// not enough, because the server may be set to inline it. The pointer is one scalar, because two reads of it (the
// largest number, then the row) may find two snapshots. GLOBAL prevents the shards from reading their own.
//
// A client that sends several statements for one state, as `tollbook serve` does page by page, looks for the pointer
// that showed it (published.Find), names its loads in each statement instead of the newest one's, and checks the
// pointer again at the end. While the pointer exists, so do its rows: for `keep` after it was superseded (PUB-6,
// PUB-11). It may use what it found for later requests: a pointer that was the newest when it was found, and is the
// newest at the end, was the newest all the time. A statement that names a pointer that was found before may read
// NAME_data without NAME_rows over it: its snapshot is taken after all rows of that pointer were there. If it also
// finds that pointer to be the newest, after its snapshot, no row of it was deleted before, and no check follows.
//
// # Why several publishers are safe
//
// Ids are unique, so no two publishers write rows of one load, and each shows only what it counted itself (PUB-1,
// PUB-2). Both may insert the same file: one of the loads is never shown, or is dropped by the next move, and is
// deleted later. Neither deletes what the other is about to show: that is younger than three quarters of `keep` when
// the pointer moves, by the clock of the server that assigned the id, and what is deleted is older than all of it;
// after a move that took longer than the remaining quarter the publisher counts again. Two pointers cannot have one
// number. Of two concurrent moves the larger number is shown, which is a complete state as well, but may lack what the
// other published. At least one of the two finds the move of the other, because each inserts before it reads (PUB-16).
// A publisher that finds that the pointer or HEAD moved starts over. With `keep: 0s` these times give no protection:
// the operator must ensure that only one publisher runs.
//
// # Why it may be killed at any point
//
// Before the pointer moved, nothing that the views show has changed: inserted rows belong to loads that no pointer
// names. The next publish reuses those that were recorded as complete and still are, and inserts the others again.
// While the pointer moves on a cluster, some servers show the new state and some the old one, each of them complete
// (the rows of both exist); the next publish moves the others. After it, only deletion remains, which the next publish
// does.
//
// # What is published
//
// This part lists the tables and items of a state of the lake that are copied to ClickHouse, and reads the items
// as columns to insert. An item is a file of the lake, or rows that a publish calculates (partner statements of open
// cycles, control totals, the lake's history). This part sends nothing: the other decides which items are
// inserted, where and when, and when the views show them.
//
// Invariants:
//
//  1. The table and the path of an item identify its rows: two states that list an item of the same table, path and
//     layout give the same rows. The path of a file of the lake names its content; the path of calculated rows names
//     all of their inputs.
//  2. An item has rows of one cycle at most and, in a workspace of several currencies, amounts of one currency
//     (PUB-13).
//  3. A block has the columns of its table's Columns, in their order, and the rows in the order in which they are read.
//     Decimals are the integers of the lake's files.
//  4. A tally adds up, exactly, the columns that the server adds up too. Its sums have no trailing zeros, as the
//     server's have when they are compared.
//  5. Memory is bounded by one batch of rows, not by the rows of an item. Rows of an item are read only when its Read
//     is iterated over, except to divide it by currency or by cycle.
//
// # Connection
//
// This part connects to the ClickHouse server of the settings, sends queries, and inserts columns. It does not
// know what is stored there.
//
//	CH-1  No error, log line or query contains a password: it is removed from the text of every error of a server or a
//	      library.
//	CH-2  Retryable errors (the network, an overloaded or restarting server) are retried after 1 s, 2 s, 4 s, up to
//	      30 s, as often as the settings say; no other error is. Only Retryable distinguishes them.
//	CH-3  Decimals and times are sent as the integers that they are: between the lake and a column on the server there
//	      is no float, no decimal library and no text.
//	CH-4  A certificate is checked unless the settings say skip_verify.
//	CH-5  The native protocol and HTTP transfer the same blocks.
//
// # Clusters
//
// This part connects to the servers of a cluster of ClickHouse, or to the one server of a dsn without a cluster.
//
//  1. The first server is the one of the dsn, also if it is not a member of the cluster: it has no rows then.
//  2. The servers are those that system.clusters of the first one lists, by shard and replica.
package publish
