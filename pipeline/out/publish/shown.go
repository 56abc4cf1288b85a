package publish

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Shown is a move of the pointer that showed a cycle as one state of the lake has it. What it named can be read by it
// while it is noted on the server, also when the pointer has moved on since (PUB-11).
type Shown struct {
	Number uint64 // of the move
	Newest bool   // the views show it
	schema Schema
	hash   string // of the state's manifest
	number uint64 // of the state's manifest
	cycle  string
	whole  bool // the server has all rows of the copy: it is no shard of several
}

// Find looks for the newest move that showed a cycle of a state. ok is false where none is noted: the state was never
// published, or rows that no view shows any more were deleted since.
func Find(ctx context.Context, c *clickhouse.Conn, database string, snap *lake.Snapshot, cycle string) (s Shown,
	ok bool, err error) {
	s = Shown{schema: Schema{Database: database}, hash: string(snap.Hash), number: uint64(snap.Manifest.Number),
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

// look asks for the pointer once: whether the move is noted, the newest move that showed the cycle of the state (0 =
// none), and whether the views show that.
func (s *Shown) look(ctx context.Context, c *clickhouse.Conn) (there bool, number uint64, newest bool, err error) {
	// A cycle may have been published alone, of another state than the others: its own manifest counts.
	sql := "SELECT countIf(number = ?), maxIf(number, manifest_hash = ? AND arrayExists((c, m) -> c = ? AND m = ?, " +
		"cycles, cycle_manifests)), max(number) FROM " + s.schema.name("published")
	var n, last uint64
	err = c.One(clickhouse.With(ctx, "max_threads", "1"), "look for the state", sql,
		[]any{s.Number, s.hash, s.cycle, s.number}, &n, &number, &last)
	if clickhouse.NotThere(err) {
		return false, 0, false, nil
	}
	return n > 0, number, number == last, err
}

// Rows is a table and a condition, what follows FROM: its rows of all cycles that the move named; a query puts AND
// after it. Rows may be going while they are read: what was read counts if the move is There afterwards. A server that
// has all rows reads the table of the rows itself, without NAME_rows over it, which costs planning twice: each row of
// this move was there before the move was found, and so before the query takes its snapshot.
func (s *Shown) Rows(table string) string {
	over := "_rows"
	if s.whole {
		over = "_data"
	}
	return fmt.Sprintf("%s WHERE load GLOBAL IN (%s)", s.schema.name(table+over), s.loads())
}

// loads is what the move named, one row for each load; nothing where it is noted no more.
func (s *Shown) loads() string {
	return fmt.Sprintf("SELECT arrayJoin(loads) FROM %s WHERE number = %d", s.schema.name("published"), s.Number)
}

// There reports whether the move is noted still: then no row that it named was deleted before (PUB-11). last reports
// that it is also the newest that showed its state, and shown by the views if it was when it was found.
func (s *Shown) There(ctx context.Context, c *clickhouse.Conn) (there, last bool, err error) {
	if s.Newest { // the shortest question, as its answer is nearly always the same
		var newest uint64
		err = c.One(clickhouse.With(ctx, "max_threads", "1"), "look for the state", "SELECT max(number) FROM "+
			s.schema.name("published"), nil, &newest)
		if err == nil && newest == s.Number {
			return true, true, nil
		}
	}
	there, number, newest, err := s.look(ctx, c)
	return there, there && number == s.Number && newest == s.Newest, err
}

// Whole counts the rows of a table that the move named of the cycle, and reports whether they are as many as were
// inserted. A move that was left behind is asked so before it is used: publishers count what they show, and what they
// showed before no more (PUB-7).
func (s *Shown) Whole(ctx context.Context, c *clickhouse.Conn, table string) (bool, error) {
	// A load may be noted twice: another publisher took it for a stray, of no rows, before it was noted.
	noted := fmt.Sprintf("SELECT max(rows) AS rows, max(table_name = ? AND cycle = ?) AS asked FROM %s WHERE load IN "+
		"(%s) GROUP BY load",
		s.schema.name("loads"), s.loads())
	sql := fmt.Sprintf("SELECT count() = (SELECT any(length(loads)) FROM %s WHERE number = %d), sumIf(rows, asked) "+
		"FROM (%s)", s.schema.name("published"), s.Number, noted)
	var all uint8
	var want, rows uint64
	if err := c.One(ctx, "count the state", sql, []any{table, s.cycle}, &all, &want); err != nil || all == 0 {
		return false, err
	}
	err := c.One(ctx, "count the state", "SELECT count() FROM "+s.Rows(table)+" AND cycle = ?", []any{s.cycle}, &rows)
	return rows == want, err
}
