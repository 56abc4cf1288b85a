package published

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/publish"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Shown is a move of the pointer that showed a cycle in one state of the lake. The rows that it named can be read while
// the server has the row of the pointer, also after later moves (PUB-11).
type Shown struct {
	Number uint64 // of the pointer
	Newest bool   // the views show it
	schema publish.Schema
	hash   string // of the state's manifest
	number uint64 // of the state's manifest
	cycle  string
	whole  bool // the server has all rows of the copy: it is not one of several shards
	read   bool // a statement found rows of ofCustomer: the views showed the move while it ran
}

// Find looks for the newest move that showed a cycle of a state. ok is false if there is none: the state was never
// published, or its pointer was deleted since.
func Find(ctx context.Context, c *publish.Conn, database string, snap *lake.Snapshot, cycle string) (s Shown,
	ok bool, err error) {
	s = Shown{schema: publish.Schema{Database: database}, hash: string(snap.Hash), number: uint64(snap.Manifest.Number),
		cycle: cycle}
	if _, s.Number, s.Newest, err = s.look(ctx, c); err != nil || s.Number == 0 {
		return s, false, err
	}
	var merged uint64
	sql := "SELECT count() FROM system.tables WHERE database = ? AND name = ? AND engine = 'Merge'"
	err = c.One(ctx, "look for the tables", sql, []any{s.schema.Internal(), tables.Lines().Name + "_rows"}, &merged)
	s.whole = merged > 0
	return s, true, err
}

// look reads the pointer once. It returns whether the move is still recorded, the number of the newest move that showed
// the cycle of the state (0 = none), and whether the views show that one.
func (s *Shown) look(ctx context.Context, c *publish.Conn) (there bool, number uint64, newest bool, err error) {
	// A cycle may have been published alone, from another state than the others: its own manifest is compared.
	sql := "SELECT countIf(number = ?), maxIf(number, manifest_hash = ? AND arrayExists((c, m) -> c = ? AND m = ?, " +
		"cycles, cycle_manifests)), max(number) FROM " + s.table("published")
	var n, last uint64
	err = c.One(publish.WithSettings(ctx, "max_threads", "1"), "look for the state", sql,
		[]any{s.Number, s.hash, s.cycle, s.number}, &n, &number, &last)
	if publish.TableMissing(err) {
		return false, 0, false, nil
	}
	return n > 0, number, number == last, err
}

// Rows returns a table and a condition, to follow FROM, for the rows of all cycles that the move named; a query appends
// AND. Rows may be deleted while they are read: the result is valid if There is true afterwards. A server with all rows
// reads NAME_data without NAME_rows, which would double the planning: the rows of this move existed before it was
// found, and so before the query takes its snapshot.
func (s *Shown) Rows(table string) string {
	return s.from(table) + " WHERE load GLOBAL IN (" + s.loads() + ")"
}

// from returns the table whose rows are read.
func (s *Shown) from(table string) string {
	if s.whole {
		return s.table(table + "_data")
	}
	return s.table(table + "_rows")
}

// ofCustomer is Rows for one customer, who is the first argument. If Newest and the views show another move when the
// statement runs, there are no rows. If there are rows, all were there when a server with all rows took its snapshot.
func (s *Shown) ofCustomer(table string) string {
	loads, customer := s.loads(), " WHERE customer_id = ? AND"
	if s.Newest {
		loads = fmt.Sprintf("SELECT arrayJoin(loads) FROM (SELECT number, loads FROM %s ORDER BY number DESC LIMIT 1) "+
			"WHERE number = %d", s.table("published"), s.Number)
	}
	if s.whole {
		customer = " PREWHERE customer_id = ? WHERE" // parts without the customer are read in this column alone
	}
	return s.from(table) + customer + " load GLOBAL IN (" + loads + ")"
}

// table returns the name in SQL of a table of the internal database.
func (s *Shown) table(name string) string { return publish.QuotedName(s.schema.Internal(), name) }

// loads returns a query for the loads that the move named, one per row; none if it is no longer recorded.
func (s *Shown) loads() string {
	return fmt.Sprintf("SELECT arrayJoin(loads) FROM %s WHERE number = %d", s.table("published"), s.Number)
}

// There reports whether the move is still recorded: then no row that it named was deleted before (PUB-11). last reports
// that it is also the newest that showed its state, and that Newest has not changed.
func (s *Shown) There(ctx context.Context, c *publish.Conn) (there, last bool, err error) {
	if s.read {
		return true, true, nil
	}
	if s.Newest { // the shortest query, because its result is nearly always the same
		var newest uint64
		err = c.One(publish.WithSettings(ctx, "max_threads", "1"), "look for the state", "SELECT max(number) FROM "+
			s.table("published"), nil, &newest)
		if err == nil && newest == s.Number {
			return true, true, nil
		}
	}
	there, number, newest, err := s.look(ctx, c)
	return there, there && number == s.Number && newest == s.Newest, err
}

// Whole counts the rows of the cycle in a table that the move named, and reports whether they are as many as were
// inserted. It must be called before a superseded move is used: publishers do not count again what only earlier
// pointers show (PUB-7).
func (s *Shown) Whole(ctx context.Context, c *publish.Conn, table string) (bool, error) {
	// A load may be recorded twice: first by another publisher as a stray without rows, then by its own.
	noted := fmt.Sprintf("SELECT max(rows) AS rows, max(table_name = ? AND cycle = ?) AS asked FROM %s WHERE load IN "+
		"(%s) GROUP BY load",
		s.table("loads"), s.loads())
	sql := fmt.Sprintf("SELECT count() = (SELECT any(length(loads)) FROM %s WHERE number = %d), sumIf(rows, asked) "+
		"FROM (%s)", s.table("published"), s.Number, noted)
	var all uint8
	var want, rows uint64
	if err := c.One(ctx, "count the state", sql, []any{table, s.cycle}, &all, &want); err != nil || all == 0 {
		return false, err
	}
	err := c.One(ctx, "count the state", "SELECT count() FROM "+s.Rows(table)+" AND cycle = ?", []any{s.cycle}, &rows)
	return rows == want, err
}
