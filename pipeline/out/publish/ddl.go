package publish

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/problem"
)

//go:embed ddl/*.sql
var ddl embed.FS

// The files of DDL, in order.
const (
	tablesFile = "tables.sql"
	viewsFile  = "views.sql"
)

// version is the version of the tables. The views have version 0 in schema_versions.
const version = 1

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
func (s Schema) name(table string) string { return QuotedName(s.Internal(), table) }

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
		struct{ DB, Views string }{QuotedName(s.Internal()), QuotedName(s.Database)}); err != nil {
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
		return fmt.Sprintf("Merge(%s, '^%s_data$')", QuotedName(s.Internal()), table)
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
	for _, file := range []string{tablesFile, viewsFile} {
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
	return list, string(lake.HashBytes([]byte(strings.Join(list, ";\n")))), err
}

// viewColumns returns the columns of a view.
func viewColumns(view string) (string, error) {
	p := Find(Tables(true), view)
	if p == nil {
		return "", fmt.Errorf("no table is published as %s", view)
	}
	return p.ViewColumns(), nil
}

// state says what a server has.
type state struct {
	version int    // newest of the tables; 0 = none
	views   string // hash; "" = none
	whole   bool   // every table and view exists
}

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

// readState reads what a server has. Errors: *NotViewsError.
func (s Schema) readState(ctx context.Context, c *Conn) (state, error) {
	var st state
	tables, views := make(map[string]bool), make(map[string]bool)
	var database, name, engine, hash string
	var isInternal bool // the database of the dsn has the tables behind the views of another copy
	err := c.Each(ctx, ServerSelect{
		What: "look for the tables", SQL: "SELECT database, name, engine FROM system.tables WHERE database IN (?, ?)",
		Args: []any{s.Database, s.Internal()}, Into: []any{&database, &name, &engine},
		Begin: func() { clear(tables); clear(views); isInternal = false },
	}, func() error {
		switch {
		case database == s.Internal():
			tables[name] = true
		case engine == "View":
			views[name] = true
		default:
			isInternal = isInternal || name == "schema_versions"
		}
		return nil
	})
	if err == nil && isInternal {
		err = &NotViewsError{c.Address(), s.Database}
	}
	if err != nil || !tables["schema_versions"] {
		return st, err
	}
	st.whole = !slices.ContainsFunc(tableNames(), func(name string) bool { return !tables[name] }) &&
		!slices.ContainsFunc(viewNames(), func(name string) bool { return !views[name] })
	var made uint32
	err = c.Each(ctx, ServerSelect{
		What: "read schema_versions",
		SQL:  "SELECT version, name, hash FROM " + s.name("schema_versions") + " ORDER BY applied_at, version",
		Into: []any{&made, &name, &hash}, Begin: func() { st.version, st.views = 0, "" },
	}, func() error {
		if made == 0 {
			st.views = hash
		}
		st.version = max(st.version, int(made))
		return nil
	})
	return st, err
}

// tableNames returns the names of the tables that the DDL creates in the internal database.
func tableNames() []string {
	list := []string{"schema_versions", "published", "loads", "checks"}
	for _, p := range Tables(true) {
		list = append(list, p.Name+"_rows", p.Data())
	}
	return list
}

// viewNames returns the names of the views.
func viewNames() []string {
	list := []string{"live", "schema_versions"}
	for _, p := range Tables(true) {
		list = append(list, p.Name)
	}
	return list
}

// todo returns the DDL to run on a server in that state. If a table or view was dropped by hand, it is all of it.
func (s Schema) todo(st state) ([]step, error) {
	var steps []step
	if !st.whole || st.version != version {
		list, err := s.statements(tablesFile)
		if err != nil {
			return nil, err
		}
		steps = append(steps, step{version, tablesFile, "", list})
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

// NewerError reports that a newer program made the tables.
type NewerError struct {
	Server        string
	Version, Ours int
}

// Error names the versions.
func (e *NewerError) Error() string {
	return fmt.Sprintf("the tables on %s are of version %d, this program knows version %d", e.Server, e.Version,
		e.Ours)
}

// Diagnosis implements problem.Diagnosed.
func (e *NewerError) Diagnosis() (problem.Class, string) {
	return problem.Failed, "publish with the program that made them"
}

// Drift returns what a publish would run on a server to create its tables and views, or nothing. It
// changes nothing. Errors: *NewerError, *NotViewsError, *AlteredError.
func (s Schema) Drift(ctx context.Context, c *Conn, samples bool) (drift []string, err error) {
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
	return nil, s.checkColumns(ctx, c, Tables(samples))
}

// plan returns the DDL to run on a server. Errors: *NewerError, *NotViewsError.
func (s Schema) plan(ctx context.Context, c *Conn) ([]step, state, error) {
	st, err := s.readState(ctx, c)
	if err != nil {
		return nil, st, err
	}
	if st.version > version {
		return nil, st, &NewerError{c.Address(), st.version, version}
	}
	steps, err := s.todo(st)
	return steps, st, err
}

// apply runs a file of DDL and records it. Each statement may run twice: after an interruption all are run again.
func (s Schema) apply(ctx context.Context, c *Conn, step step) error {
	for _, sql := range step.list {
		if err := s.execute(ctx, c, step.name, sql); err != nil {
			return err
		}
	}
	return c.Do(ctx, "note "+step.name,
		"INSERT INTO "+s.name("schema_versions")+" (version, name, hash) VALUES (?, ?, ?)", uint32(step.version),
		step.name, step.hash)
}

// execute runs a statement of DDL. It does not create a database that exists: a user without the right to create
// databases can then publish into two that an administrator created.
func (s Schema) execute(ctx context.Context, c *Conn, file, sql string) error {
	for _, database := range []string{s.Database, s.Internal()} {
		if !strings.Contains(sql, "CREATE DATABASE IF NOT EXISTS "+QuotedName(database)) {
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
	return c.Do(ctx, "run "+file, sql)
}
