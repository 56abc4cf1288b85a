package publish

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
)

// Shown is a move of the pointer that showed a cycle as one state of the lake has it. What it named can be read by it
// while it is noted on the server, also when the pointer has moved on since (PUB-11).
type Shown struct {
	Number uint64 // of the move
	Newest bool   // the views show it
	schema Schema
	cycle  string
}

// Find looks for the newest move that showed a cycle of a state. ok is false where none is noted: the state was never
// published, or rows that no view shows any more were deleted since.
func Find(ctx context.Context, c *clickhouse.Conn, database string, snap *lake.Snapshot, cycle string) (s Shown,
	ok bool, err error) {
	s = Shown{schema: Schema{Database: database}, cycle: cycle}
	// A cycle may have been published alone, of another state than the others: its own manifest counts.
	sql := "SELECT maxIf(number, manifest_hash = ? AND arrayExists((c, m) -> c = ? AND m = ?, cycles, " +
		"cycle_manifests)), max(number) FROM " + s.schema.name("published")
	var newest uint64
	err = c.One(ctx, "look for the state", sql, []any{string(snap.Hash), cycle, uint64(snap.Manifest.Number)},
		&s.Number, &newest)
	if clickhouse.NotThere(err) {
		return s, false, nil
	}
	s.Newest = s.Number == newest
	return s, s.Number != 0, err
}

// Rows is a table and a condition, what follows FROM: its rows of all cycles that the move named; a query puts AND
// after it. Rows may be going while they are read: what was read counts if the move is There afterwards.
func (s *Shown) Rows(table string) string {
	return fmt.Sprintf("%s WHERE load GLOBAL IN (SELECT arrayJoin(%s))", s.schema.name(table+"_rows"), s.loads())
}

// loads is what the move named, as one value; nothing where it is noted no more.
func (s *Shown) loads() string {
	return fmt.Sprintf("(SELECT any(loads) FROM %s WHERE number = %d)", s.schema.name("published"), s.Number)
}

// There reports whether the move is noted still: then no row that it named was deleted before (PUB-11).
func (s *Shown) There(ctx context.Context, c *clickhouse.Conn) (bool, error) {
	var n uint64
	sql := fmt.Sprintf("SELECT count() FROM %s WHERE number = %d", s.schema.name("published"), s.Number)
	err := c.One(ctx, "look for the state", sql, nil, &n)
	if clickhouse.NotThere(err) {
		return false, nil
	}
	return n > 0, err
}

// Whole counts the rows of a table that the move named of the cycle, and reports whether they are as many as were
// inserted. A move that was left behind is asked so before it is used: publishers count what they show, and what they
// showed before no more (PUB-7).
func (s *Shown) Whole(ctx context.Context, c *clickhouse.Conn, table string) (bool, error) {
	// A load may be noted twice: another publisher took it for a stray, of no rows, before it was noted.
	noted := fmt.Sprintf("SELECT max(rows) AS rows, max(table_name = ? AND cycle = ?) AS asked FROM %s WHERE load IN "+
		"(SELECT arrayJoin(%s)) GROUP BY load",
		s.schema.name("loads"), s.loads())
	sql := fmt.Sprintf("SELECT count() = length(%s), sumIf(rows, asked) FROM (%s)", s.loads(), noted)
	var all uint8
	var want, rows uint64
	if err := c.One(ctx, "count the state", sql, []any{table, s.cycle}, &all, &want); err != nil || all == 0 {
		return false, err
	}
	err := c.One(ctx, "count the state", "SELECT count() FROM "+s.Rows(table)+" AND cycle = ?", []any{s.cycle}, &rows)
	return rows == want, err
}
