package publish

import (
	"context"
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/clickhouse"
)

//go:embed ddl/*.sql
var ddl embed.FS

// The migrations, in order; the first is version 1. What is in the list never changes: what is new comes after it.
func migrations() []string { return []string{"0001_tables.sql", "0002_samples.sql"} }

const viewsFile = "views.sql"

// Schema is where things are and whether several servers hold them.
type Schema struct {
	Database string
	Cluster  string // "" = one server
}

// name is a table's name as SQL writes it.
func (s Schema) name(table string) string { return clickhouse.Name(s.Database, table) }

// statements renders a file of DDL and cuts it into statements. Comments stay with what they stand before.
func (s Schema) statements(file string) ([]string, error) {
	text, err := ddl.ReadFile("ddl/" + file)
	if err != nil {
		return nil, err
	}
	t, err := template.New(file).Funcs(template.FuncMap{"rows": s.rows, "live": s.live}).Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("read ddl/%s: %w", file, err)
	}
	var out strings.Builder
	if err := t.Execute(&out, struct{ DB string }{clickhouse.Name(s.Database)}); err != nil {
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

// rows is the engine through which a view reads a data table.
func (s Schema) rows(table string) string {
	if s.Cluster == "" {
		return fmt.Sprintf("Merge(%s, '^%s_data$')", clickhouse.Name(s.Database), table)
	}
	return fmt.Sprintf("Distributed('%s', '%s', '%s_data')", s.Cluster, s.Database, table)
}

// live is what a view shows of a table: one read of the pointer, as one value, before the data is read. GLOBAL makes the server that is
// asked read it, and no other.
func (s Schema) live() string {
	return fmt.Sprintf("load GLOBAL IN (SELECT arrayJoin((SELECT argMax(loads, number) FROM %s)))", s.name("published"))
}

// DDL is everything that is run on an empty server, in order.
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

// views is the text of the views and the hash that says whether a server has them.
func (s Schema) views() (list []string, hash string, err error) {
	list, err = s.statements(viewsFile)
	text := fmt.Sprintf("%d\n%s", len(migrations()), strings.Join(list, ";\n"))
	return list, string(lake.HashBytes([]byte(text))), err
}

// state is which versions a server has.
type state struct {
	versions []int
	views    string // hash; "" = none
	whole    bool   // every table and view is there
}

// readState asks a server which versions it has.
func (s Schema) readState(ctx context.Context, c *clickhouse.Conn) (state, error) {
	var st state
	there := make(map[string]bool)
	var name, hash string
	err := c.Each(ctx, "look for the tables", "SELECT name FROM system.tables WHERE database = ?", []any{s.Database},
		func() { clear(there) }, []any{&name}, func() error {
			there[name] = true
			return nil
		})
	if err != nil || !there["schema_versions"] {
		return st, err
	}
	st.whole = true
	for _, t := range s.names() {
		st.whole = st.whole && there[t]
	}
	var version uint32
	err = c.Each(ctx, "read schema_versions", "SELECT version, name, hash FROM "+s.name("schema_versions")+" ORDER BY applied_at, version", nil,
		func() { st.versions, st.views = nil, "" }, []any{&version, &name, &hash}, func() error {
			if version == 0 {
				st.views = hash
			} else {
				st.versions = append(st.versions, int(version))
			}
			return nil
		})
	return st, err
}

// names are the tables and views that the DDL makes.
func (s Schema) names() []string {
	list := []string{"published", "loads", "checks", "live"}
	for _, p := range theTables(true) {
		list = append(list, p.name, p.name+"_rows", p.data())
	}
	return list
}

// todo is what is to be run on a server in that state. Where something was dropped by hand everything is run again.
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

// NewerError says that a later program has changed the tables.
type NewerError struct {
	Server        string
	Version, Ours int
}

// Error says which versions.
func (e *NewerError) Error() string {
	return fmt.Sprintf("the tables on %s are of version %d, this program knows versions up to %d", e.Server, e.Version, e.Ours)
}

// Hint is what to do about it.
func (e *NewerError) Hint() string { return "publish with the program that made them, or a newer one" }

// Drift names what a publish would run on a server to bring its tables to this program's version; none = nothing. It changes nothing. Errors:
// *NewerError, *AlteredError.
func (s Schema) Drift(ctx context.Context, c *clickhouse.Conn, samples bool) (drift []string, err error) {
	st, err := s.readState(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := s.newer(c, &st); err != nil {
		return nil, err
	}
	steps, err := s.todo(st)
	if err != nil {
		return nil, err
	}
	for _, step := range steps {
		drift = append(drift, step.name)
	}
	if len(drift) > 0 {
		return drift, nil
	}
	return nil, s.checkColumns(ctx, c, theTables(samples))
}

// newer is the error of tables that a later program changed.
func (s Schema) newer(c *clickhouse.Conn, st *state) error {
	if newest := slices.Max(append(st.versions, 0)); newest > len(migrations()) {
		return &NewerError{c.Address(), newest, len(migrations())}
	}
	return nil
}

// migrate brings a server's tables up to this program's version. Each statement may run twice: what was stopped is run again. The tables
// are checked before views are made over them.
func (s Schema) migrate(ctx context.Context, c *clickhouse.Conn, list []*published) (ran []string, err error) {
	st, err := s.readState(ctx, c)
	if err != nil {
		return nil, err
	}
	if err := s.newer(c, &st); err != nil {
		return nil, err
	}
	steps, err := s.todo(st)
	if err != nil {
		return nil, err
	}
	checked := false
	for _, step := range steps {
		if step.version == 0 {
			if err := s.checkColumns(ctx, c, list); err != nil {
				return ran, err
			}
			checked = true
		}
		for _, sql := range step.list {
			if err := c.Do(ctx, "run "+step.name, sql); err != nil {
				return ran, err
			}
		}
		err := c.Do(ctx, "note "+step.name, "INSERT INTO "+s.name("schema_versions")+" (version, name, hash) VALUES (?, ?, ?)", uint32(step.version), step.name, step.hash)
		if err != nil {
			return ran, err
		}
		ran = append(ran, step.name)
	}
	if checked {
		return ran, nil
	}
	return ran, s.checkColumns(ctx, c, list)
}
