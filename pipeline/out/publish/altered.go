package publish

import (
	"context"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/schemas/problem"
)

// AlteredError reports that tables on a server differ from those that this program created.
type AlteredError struct {
	Server string
	List   []string // what differs, one entry per table or column
	Fix    []string // the DDL that would undo it
}

// Error lists what differs.
func (e *AlteredError) Error() string {
	return fmt.Sprintf("clickhouse %s: tables were altered: %s", e.Server, strings.Join(e.List, "; "))
}

// Diagnosis implements problem.Diagnosed.
func (e *AlteredError) Diagnosis() (problem.Class, string) {
	return problem.Failed, "run: " + strings.Join(e.Fix, "; ") + " (or drop the table: it is made and filled again)"
}

// checkColumns compares a server's data tables with what is inserted into them.
func (s Schema) checkColumns(ctx context.Context, c *Conn, list []*Table) error {
	there := make(map[string]map[string]string)
	var tableName, name, kind string
	err := c.Each(ctx, ServerSelect{
		What: "read the columns of the tables",
		SQL:  "SELECT table, name, type FROM system.columns WHERE database = ? AND endsWith(table, '_data')",
		Args: []any{s.Internal()}, Into: []any{&tableName, &name, &kind}, Begin: func() { clear(there) },
	}, func() error {
		if there[tableName] == nil {
			there[tableName] = make(map[string]string)
		}
		there[tableName][name] = kind
		return nil
	})
	if err != nil {
		return err
	}
	e := &AlteredError{Server: c.Address()}
	for _, p := range list {
		has := there[p.Data()]
		for _, want := range p.Columns() {
			got, found := has[want.Name]
			switch {
			case !found:
				e.List = append(e.List, fmt.Sprintf("%s has no column %s", p.Data(), want.Name))
				e.Fix = append(e.Fix, fmt.Sprintf("ALTER TABLE %s ADD COLUMN %s %s", s.name(p.Data()),
					QuotedName(want.Name), want.Kind))
			case got != want.Kind:
				e.List = append(e.List, fmt.Sprintf("column %s of %s is %s, not %s", want.Name, p.Data(), got,
					want.Kind))
				e.Fix = append(e.Fix, fmt.Sprintf("ALTER TABLE %s MODIFY COLUMN %s %s", s.name(p.Data()),
					QuotedName(want.Name), want.Kind))
			}
		}
	}
	if len(e.List) > 0 {
		return e
	}
	return nil
}
