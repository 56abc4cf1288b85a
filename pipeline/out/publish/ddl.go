package publish

import (
	"context"
	"embed"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"text/template"

	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
	"github.com/tollbook/tollbook/pipeline/out/publish/content"
	"github.com/tollbook/tollbook/schemas/problem"
)

//go:embed ddl/*.sql
var ddl embed.FS

// The migrations, in order; the first is version 1. A new one is appended. A column that a migration adds to a table is
// also in the migration that creates the table, so that a new copy needs no right to alter tables.
func migrations() []string {
	return []string{"0001_tables.sql", "0002_samples.sql", databasesFile, "0004_costs.sql", "0005_taxes.sql",
		"0006_partners.sql", "0007_currencies.sql"}
}

// databasesFile is the migration that gave the views a database to themselves.
const databasesFile = "0003_databases.sql"

const viewsFile = "views.sql"

// InternalSuffix is added to the name of the database of the views to name the internal database.
const InternalSuffix = "_internal"

// Schema says which databases have the copy, and whether several servers have them.
type Schema struct {
	Database string // of the views; everything else is in Internal
	Cluster  string // "" = one server
}

// Internal returns the name of the database of the tables behind the views: rows, pointer, loads.
func (s Schema) Internal() string { return s.Database + InternalSuffix }

// name returns a table's name in SQL.
func (s Schema) name(table string) string { return clickhouse.Name(s.Internal(), table) }

// statements renders a file of DDL and splits it into statements. A comment belongs to the statement that follows it.
func (s Schema) statements(file string) ([]string, error) {
	text, err := ddl.ReadFile("ddl/" + file)
	if err != nil {
		return nil, err
	}
	t, err := template.New(file).
		Funcs(template.FuncMap{"rows": s.rows, "live": s.live, "columns": viewColumns}).
		Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("read ddl/%s: %w", file, err)
	}
	var out strings.Builder
	if err := t.Execute(&out,
		struct{ DB, Views string }{clickhouse.Name(s.Internal()), clickhouse.Name(s.Database)}); err != nil {
		return nil, fmt.Errorf("read ddl/%s: %w", file, err)
	}
	var list []string
	for part := range strings.SplitSeq(out.String(), ";\n") {
		if part = strings.TrimSpace(part); part != "" {
			list = append(list, part)
		}
	}
	return list, nil
}

// rows returns the engine through which a view reads a data table.
func (s Schema) rows(table string) string {
	if s.Cluster == "" {
		return fmt.Sprintf("Merge(%s, '^%s_data$')", clickhouse.Name(s.Internal()), table)
	}
	return fmt.Sprintf("Distributed('%s', '%s', '%s_data')", s.Cluster, s.Internal(), table)
}

// live returns the condition for the rows that a view shows. It reads the pointer once, as one value, before the data.
// GLOBAL makes only the server that receives the query read it.
func (s Schema) live() string {
	return fmt.Sprintf("load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM %s)))", s.name("published"))
}

// DDL returns everything that is run on an empty server, in order.
func (s Schema) DDL() ([]string, error) {
	var all []string
	for _, file := range append(migrations(), viewsFile) {
		list, err := s.statements(file)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	return all, nil
}

// views returns the DDL of the views and the hash that tells whether a server has them.
func (s Schema) views() (list []string, hash string, err error) {
	list, err = s.statements(viewsFile)
	text := fmt.Sprintf("%d\n%s", len(migrations()), strings.Join(list, ";\n"))
	return list, string(manifest.HashBytes([]byte(text))), err
}

// viewColumns returns the columns of a view.
func viewColumns(view string) (string, error) {
	p := content.Find(content.Tables(true), view)
	if p == nil {
		return "", fmt.Errorf("no table is published as %s", view)
	}
	return p.ViewColumns(), nil
}

// state says which versions a server has.
type state struct {
	versions []int
	views    string   // hash; "" = none
	whole    bool     // every table and view exists
	old      []string // tables of versions 1 and 2, which are in the database of the views
	adopted  bool     // the pointer is in the internal database
}

// readState reads which versions a server has. Errors: *NotViewsError.
func (s Schema) readState(ctx context.Context, c *clickhouse.Conn) (state, error) {
	var st state
	tables, views := make(map[string]bool), make(map[string]bool)
	var database, name, engine, hash string
	err := c.Each(ctx, clickhouse.Select{
		What: "look for the tables", SQL: "SELECT database, name, engine FROM system.tables WHERE database IN (?, ?)",
		Args: []any{s.Database, s.Internal()}, Into: []any{&database, &name, &engine},
		Begin: func() { clear(tables); clear(views); st.old = nil },
	}, func() error {
		switch {
		case database == s.Internal():
			tables[name] = true
		case engine == "View":
			views[name] = true
		case slices.Contains(tableNames(), name):
			st.old = append(st.old, name)
		}
		return nil
	})
	if err == nil {
		err = s.notInternal(ctx, c, st.old)
	}
	st.adopted = tables["published"]
	if err != nil || !tables["schema_versions"] {
		return st, err
	}
	st.whole = !slices.ContainsFunc(tableNames(), func(name string) bool { return !tables[name] }) &&
		!slices.ContainsFunc(viewNames(), func(name string) bool { return !views[name] })
	var version uint32
	err = c.Each(ctx, clickhouse.Select{
		What: "read schema_versions",
		SQL:  "SELECT version, name, hash FROM " + s.name("schema_versions") + " ORDER BY applied_at, version",
		Into: []any{&version, &name, &hash}, Begin: func() { st.versions, st.views = nil, "" },
	}, func() error {
		if version == 0 {
			st.views = hash
		} else {
			st.versions = append(st.versions, int(version))
		}
		return nil
	})
	return st, err
}

// tableNames returns the names of the tables that the DDL creates in the internal database.
func tableNames() []string {
	list := []string{"schema_versions", "published", "loads", "checks"}
	for _, p := range content.Tables(true) {
		list = append(list, p.Name+"_rows", p.Data())
	}
	return list
}

// viewNames returns the names of the views.
func viewNames() []string {
	list := []string{"live", "schema_versions"}
	for _, p := range content.Tables(true) {
		list = append(list, p.Name)
	}
	return list
}

// todo returns the DDL to run on a server in that state. If a table or view was dropped by hand, it is all of it.
func (s Schema) todo(st state) ([]step, error) {
	var steps []step
	for i, file := range migrations() {
		if st.whole && slices.Contains(st.versions, i+1) {
			continue
		}
		list, err := s.statements(file)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{i + 1, file, "", list})
	}
	list, hash, err := s.views()
	if err != nil {
		return nil, err
	}
	if len(steps) > 0 || st.views != hash {
		steps = append(steps, step{0, "views", hash, list})
	}
	return steps, nil
}

// step is a file of DDL to be run.
type step struct {
	version int // 0 = the views
	name    string
	hash    string
	list    []string
}

// NewerError reports that a later program has changed the tables.
type NewerError struct {
	Server        string
	Version, Ours int
}

// Error names the versions.
func (e *NewerError) Error() string {
	return fmt.Sprintf("the tables on %s are of version %d, this program knows versions up to %d", e.Server, e.Version,
		e.Ours)
}

// Diagnosis implements problem.Diagnosed.
func (e *NewerError) Diagnosis() (problem.Class, string) {
	return problem.Failed, "publish with the program that made them, or a newer one"
}

// Drift returns what a publish would run on a server to bring its tables to this program's version, or nothing. It
// changes nothing. Errors: *NewerError, *NotViewsError, *AlteredError.
func (s Schema) Drift(ctx context.Context, c *clickhouse.Conn, samples bool) (drift []string, err error) {
	steps, _, err := s.plan(ctx, c)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		drift = append(drift, step.name)
	}
	if len(drift) > 0 {
		return drift, nil
	}
	return nil, s.checkColumns(ctx, c, content.Tables(samples))
}

// newer returns *NewerError if a later program changed the tables.
func (s Schema) newer(c *clickhouse.Conn, st *state) error {
	if newest := slices.Max(append(st.versions, 0)); newest > len(migrations()) {
		return &NewerError{c.Address(), newest, len(migrations())}
	}
	return nil
}

// plan returns the DDL to run on a server. Errors: *NewerError, *NotViewsError.
func (s Schema) plan(ctx context.Context, c *clickhouse.Conn) ([]step, state, error) {
	st, err := s.readState(ctx, c)
	if err != nil {
		return nil, st, err
	}
	if err := s.newer(c, &st); err != nil {
		return nil, st, err
	}
	steps, err := s.todo(st)
	return steps, st, err
}

// apply runs a file of DDL and records it. Each statement may run twice: after an interruption all are run again.
func (s Schema) apply(ctx context.Context, c *clickhouse.Conn, step step) error {
	for _, sql := range step.list {
		if err := s.execute(ctx, c, step.name, sql); err != nil {
			return err
		}
	}
	return c.Do(ctx, "note "+step.name,
		"INSERT INTO "+s.name("schema_versions")+" (version, name, hash) VALUES (?, ?, ?)", uint32(step.version),
		step.name, step.hash)
}

// execute runs a statement of DDL. It does not create a database or a column that exists: a user without the right to
// create databases can then publish into two that an administrator created.
func (s Schema) execute(ctx context.Context, c *clickhouse.Conn, file, sql string) error {
	for _, database := range []string{s.Database, s.Internal()} {
		if !strings.Contains(sql, "CREATE DATABASE IF NOT EXISTS "+clickhouse.Name(database)) {
			continue
		}
		var there uint64
		err := c.One(ctx, "look for the databases", "SELECT count() FROM system.databases WHERE name = ?",
			[]any{database}, &there)
		if err != nil || there > 0 {
			return err
		}
		what := "create database " + database
		if database != s.Database {
			what += ", which contains the tables behind the views of " + s.Database
		}
		return c.Do(ctx, what, sql)
	}
	if m := addColumn().FindStringSubmatch(sql); m != nil {
		if there, err := s.hasColumn(ctx, c, m[1], m[2]); err != nil || there {
			return err
		}
	}
	return c.Do(ctx, "run "+file, sql)
}

// addColumn matches a statement that adds a column to a table, and captures the names of both.
func addColumn() *regexp.Regexp {
	return regexp.MustCompile(`(?m)^ALTER TABLE \S+\.(\w+) ADD COLUMN IF NOT EXISTS (\w+) `)
}

// hasColumn reports whether a table of the internal database has a column.
func (s Schema) hasColumn(ctx context.Context, c *clickhouse.Conn, table, column string) (bool, error) {
	var n uint64
	err := c.One(ctx, "read the columns of "+table,
		"SELECT count() FROM system.columns WHERE database = ? AND table = ? AND name = ?",
		[]any{s.Internal(), table, column}, &n)
	return n > 0, err
}
