package publish

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse/cluster"
	"github.com/tollbook/tollbook/pipeline/out/publish/content"
	"github.com/tollbook/tollbook/schemas/problem"
)

// NotViewsError reports that the database of the dsn is the internal database of another copy.
type NotViewsError struct{ Server, Database string }

// Error names the server and the database.
func (e *NotViewsError) Error() string {
	return fmt.Sprintf("clickhouse %s: database %s contains the tables behind the views of database %s", e.Server,
		e.Database, strings.TrimSuffix(e.Database, InternalSuffix))
}

// Diagnosis implements problem.Diagnosed.
func (e *NotViewsError) Diagnosis() (problem.Class, string) {
	return problem.Failed, "name another database in clickhouse.dsn"
}

// notInternal returns *NotViewsError if the tables in the database of the dsn are newer than versions 1 and 2.
func (s Schema) notInternal(ctx context.Context, c *clickhouse.Conn, old []string) error {
	if !slices.Contains(old, "schema_versions") {
		return nil
	}
	var newest uint32
	sql := "SELECT max(version) FROM " + clickhouse.Name(s.Database, "schema_versions")
	err := c.One(ctx, "read schema_versions", sql, nil, &newest)
	if clickhouse.NotThere(err) {
		return nil // another publisher has replaced it by the view
	}
	if err == nil && newest >= uint32(slices.Index(migrations(), databasesFile)+1) {
		err = &NotViewsError{c.Address(), s.Database}
	}
	return err
}

// adopting is the prefix of the names of tables that are being filled from those of an older version.
const adopting = "adopting_"

// adopt takes over a copy that versions 1 and 2 created in the database of the views. It copies no rows: the new tables
// link the parts of the old ones. A table is filled under a temporary name and renamed when it is complete, the pointer
// last. A table with its final name is therefore complete, and only one of two publishers renames it (PUB-12). The old
// tables stay until dropOld.
func (s Schema) adopt(ctx context.Context, c *clickhouse.Conn, st state, id uint64) error {
	if st.adopted || !slices.Contains(st.old, "published") {
		return nil
	}
	create := "CREATE DATABASE IF NOT EXISTS " + clickhouse.Name(s.Internal())
	if err := s.execute(ctx, c, databasesFile, create); err != nil {
		return err
	}
	var names []string
	for _, p := range content.Tables(true) {
		names = append(names, p.Data())
	}
	for _, name := range append(names, "loads", "published") {
		if !slices.Contains(st.old, name) {
			continue
		}
		if err := s.adoptTable(ctx, c, name, id); err != nil {
			return err
		}
	}
	return nil
}

// adoptTable creates a table of the internal database from the one in the database of the views.
func (s Schema) adoptTable(ctx context.Context, c *clickhouse.Conn, table string, id uint64) error {
	what := "move " + s.Database + "." + table + " to " + s.Internal()
	there, err := s.there(ctx, c, table)
	if err != nil || there {
		return err
	}
	old, temporary := clickhouse.Name(s.Database, table), s.name(adopting+strconv.FormatUint(id, 10)+"_"+table)
	if err := c.Do(ctx, what, "CREATE TABLE IF NOT EXISTS "+temporary+" AS "+old); err != nil {
		return err
	}
	var parts []string
	var part string
	err = c.Each(ctx, clickhouse.Select{
		What: what, SQL: "SELECT DISTINCT partition_id FROM system.parts WHERE database = ? AND table = ? AND active " +
			"ORDER BY partition_id",
		Args: []any{s.Database, table}, Into: []any{&part}, Begin: func() { parts = nil },
	}, func() error {
		parts = append(parts, part)
		return nil
	})
	if err != nil {
		return err
	}
	for _, part := range parts {
		sql := fmt.Sprintf("ALTER TABLE %s REPLACE PARTITION ID '%s' FROM %s", temporary, part, old)
		if err := c.Do(ctx, what, sql); err != nil {
			return err
		}
	}
	if err := c.Do(ctx, what, "RENAME TABLE "+temporary+" TO "+s.name(table)); err == nil {
		return nil
	} else if there, look := s.there(ctx, c, table); look != nil || !there {
		return err
	}
	// Another publisher renamed its table first, or the rename succeeded before the connection broke.
	return c.Do(ctx, what, "DROP TABLE IF EXISTS "+temporary)
}

// there reports whether the internal database has a table.
func (s Schema) there(ctx context.Context, c *clickhouse.Conn, table string) (bool, error) {
	var n uint64
	err := c.One(ctx, "look for the tables", "SELECT count() FROM system.tables WHERE database = ? AND name = ?",
		[]any{s.Internal(), table}, &n)
	return n > 0, err
}

// dropOld drops what an adoption leaves: the tables of the old layout, unless a statement that began before the views
// stopped reading them still runs, and tables that an interrupted adoption was filling.
func (cl *cleaner) dropOld(ctx context.Context, gone func(uint64) bool) error {
	for _, n := range cl.state.nodes.All {
		st, err := cl.state.schema.readState(ctx, n.Conn)
		if err != nil {
			return err
		}
		if free, err := cl.unread(ctx, n, &st); err != nil {
			return err
		} else if !free {
			for _, name := range st.old {
				cl.state.report.Old = append(cl.state.report.Old, n.Address()+": "+cl.state.schema.Database+"."+name)
			}
			continue
		}
		// Merge tables are dropped before the tables that they read: over none, a Merge table would look empty.
		slices.SortFunc(st.old, func(a, b string) int { return strings.Compare(rank(a)+a, rank(b)+b) })
		for _, name := range st.old {
			if err := drop(ctx, n, clickhouse.Name(cl.state.schema.Database, name)); err != nil {
				return err
			}
			cl.state.report.Dropped = append(cl.state.report.Dropped,
				n.Address()+": "+cl.state.schema.Database+"."+name)
		}
		if err := cl.dropStopped(ctx, n, gone); err != nil {
			return err
		}
	}
	return nil
}

// unread reports whether every statement that runs on any server began after a server's views stopped reading the
// tables of the old layout.
func (cl *cleaner) unread(ctx context.Context, n *cluster.Server, st *state) (bool, error) {
	if len(st.old) == 0 {
		return true, nil
	}
	var age int64 // read first, because running statements get older meanwhile
	sql := "SELECT dateDiff('millisecond', max(applied_at), now64(6)) FROM " + cl.state.schema.name(
		"schema_versions",
	) + " WHERE version = 0"
	if err := n.One(ctx, "read schema_versions", sql, nil, &age); err != nil {
		return false, err
	}
	oldest, err := cl.oldest(ctx)
	return age > oldest, err
}

// rank sorts Merge tables before the tables that they read.
func rank(table string) string {
	if strings.HasSuffix(table, "_rows") {
		return "0"
	}
	return "1"
}

// dropStopped drops tables that an interrupted adoption was filling.
func (cl *cleaner) dropStopped(ctx context.Context, n *cluster.Server, gone func(uint64) bool) error {
	var name string
	var names []string
	err := n.Each(ctx, clickhouse.Select{
		What: "look for the tables", SQL: "SELECT name FROM system.tables WHERE database = ? AND startsWith(name, ?)",
		Args: []any{cl.state.schema.Internal(), adopting}, Into: []any{&name}, Begin: func() { names = nil },
	}, func() error {
		names = append(names, name)
		return nil
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		id, _, _ := strings.Cut(strings.TrimPrefix(name, adopting), "_")
		if number, err := strconv.ParseUint(id, 10, 64); err != nil || !gone(number) {
			continue
		}
		if err := drop(ctx, n, cl.state.schema.name(name)); err != nil {
			return err
		}
	}
	return nil
}

// drop drops a table of any size. The rows of an adopted table are in the new one.
func drop(ctx context.Context, n *cluster.Server, table string) error {
	return n.Do(clickhouse.With(ctx, "max_table_size_to_drop", "0"), "drop the rest of the old layout",
		"DROP TABLE IF EXISTS "+table)
}
