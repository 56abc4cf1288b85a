package rows_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

// imports maps paths to packages.
type imports map[string]*types.Package

// Import implements types.Importer.
func (i imports) Import(path string) (*types.Package, error) {
	if p := i[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no package %s", path)
}

// TestWrongUsesDoNotCompile type-checks wrong uses of columns: a column of another table than the batch's, times of a
// decimal column, a list of columns of two tables, an int instead of a column. It does the same for keys of files: a
// text or a number of another type instead of a cycle or day, a cycle instead of a day or a day instead of a cycle, and
// a comparison of a key's day with the text of a row.
func TestWrongUsesDoNotCompile(t *testing.T) {
	t.Parallel()
	const header = `package use

import (
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

func use(c *parquet.Columns[table.Line], row rows.Row[table.Line], r *rows.Reader[table.Line],
	cycle period.Cycle, day period.Day) {
	_, _, _, _, _, _ = c, row, r, cycle, day, lake.FileEntry{}
	`
	fset := token.NewFileSet()
	const module = "github.com/tollbook/tollbook/"
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadTypes, Fset: fset}, module+"pipeline/lake/parquet",
		module+"pipeline/lake",
		module+"pipeline/lake/rows", module+"schemas/period", module+"schemas/table")
	if err != nil {
		t.Fatal(err)
	}
	from := imports{}
	for _, p := range loaded {
		from[p.PkgPath] = p.Types
	}
	for _, one := range []struct{ use, want string }{
		{"c.Time(table.LineUsageStart).At(0)", ""},
		{"_ = row.Word(table.LineSKU)", ""},
		{"_ = table.Columns(table.LineSKU, table.LinePaymentAmount)", ""},
		{"_ = c.Col(table.LineSKU.Of())", ""},
		{"_, _ = rows.File(nil, lake.FileEntry{}, table.Lines(), table.Columns(table.LineSKU))", ""},
		{"_ = c.Col(table.PositionCount.Of())", "table.ColumnOf[table.Position]"},
		{"_ = c.Col(table.LineSKU)", "table.WordColumn[table.Line]"},
		{"at := 3; _ = c.Col(at)", "variable of type int"},
		{"_ = c.c[table.LineSKU]", "c.c undefined"},
		{"at := []int{1, 2}; _, _ = rows.File(nil, lake.FileEntry{}, table.Lines(), at)", "[]int"},
		{"_ = rows.Scan[table.Line]{Cols: []int{1, 2}}", "[]int"},
		{"_ = rows.Scan[table.Line]{Cols: table.Columns(table.PositionKey)}", "table.List[table.Position]"},
		{"_ = append(table.Columns(table.LineSKU), table.PositionKey.Of())", "table.ColumnOf[table.Position]"},
		{"_ = parquet.Wanted[table.Line]{By: table.PositionKey}", "table.WordColumn[table.Position]"},
		{"c.Quantity(table.PositionCount).At(0)", "table.QuantityColumn[table.Position]"},
		{"_ = row.Word(table.PositionKey)", "table.WordColumn[table.Position]"},
		{"c.Time(table.LinePaymentAmount).At(0)", "table.AmountColumn[table.Line]"},
		{"_, _ = row.Amount(table.LineUsageStart)", "table.TimeColumn[table.Line]"},
		{"row.Time(table.LineOwnTime)", "table.MaybeTimeColumn[table.Line]"},
		{"_ = table.Columns(table.LineSKU, table.PositionKey)", "table.WordColumn[table.Position]"},
		{"r.Bounds(table.SumCustomerID)", "table.WordColumn[table.Sum]"},
		{"var _ rows.Scan[table.Line] = rows.Scan[table.Line]{Table: table.Sums()}", "table.Def[table.Sum]"},
		{"_ = rows.Filter[table.Line]{Column: table.LineID}", "table.TextColumn[table.Line]"},
		{"var _ *parquet.Columns[table.Position] = c", "parquet.Columns[table.Line]"},
		{"_ = lake.FileKey{Cycle: lake.CycleOf(cycle), Day: lake.DayOf(day)}", ""},
		{"_ = lake.FileKey{Cycle: lake.CycleOf(cycle), Day: lake.EndDay}", ""},
		{"_ = row.Word(table.LineDay) == lake.EndDay.String()", ""},
		{"_ = lake.FileKey{Cycle: `2026-09`}", "as lake.Cycle value"},
		{"_ = lake.FileKey{Cycle: cycle.String()}", "as lake.Cycle value"},
		{"_ = lake.FileKey{Cycle: cycle}", "as lake.Cycle value"},
		{"_ = lake.FileKey{Cycle: 3}", "as lake.Cycle value"},
		{"_ = lake.FileKey{Cycle: lake.EndDay}", "as lake.Cycle value"},
		{"_ = lake.FileKey{Cycle: lake.Cycle(cycle)}", "cannot convert"},
		{"_ = lake.FileKey{Day: `2026-09-03`}", "as lake.Day value"},
		{"_ = lake.FileKey{Day: `end`}", "as lake.Day value"},
		{"_ = lake.FileKey{Day: row.Word(table.LineDay)}", "as lake.Day value"},
		{"_ = lake.FileKey{Day: day}", "as lake.Day value"},
		{"_ = lake.FileKey{Day: lake.CycleOf(cycle)}", "as lake.Day value"},
		{"_ = lake.FileKey{Day: lake.Day(day)}", "cannot convert"},
		{"_ = lake.CycleRef{Cycle: cycle.String()}", "as lake.Cycle value"},
		{"_ = lake.FilesName(cycle.String(), ``)", "as lake.Cycle value"},
		{"_, _ = rows.Lines(nil, nil, `2026-09`, ``, nil, rows.Limits{})", "as lake.Cycle value"},
		{"_ = row.Word(table.LineDay) == lake.EndDay", "mismatched types"},
		{"_ = lake.EndDay < lake.LateDay", "not defined on struct"},
	} {
		file, err := parser.ParseFile(fset, "use.go", header+one.use+"\n}\n", 0)
		if err != nil {
			t.Fatal(err)
		}
		conf := types.Config{Importer: from, Error: func(error) {}}
		_, err = conf.Check("use", fset, []*ast.File{file}, nil)
		switch {
		case one.want == "" && err != nil:
			t.Errorf("%s: %v", one.use, err)
		case one.want != "" && err == nil:
			t.Errorf("%s compiles", one.use)
		case one.want != "" && !strings.Contains(err.Error(), one.want):
			t.Errorf("%s: %v; want an error that names %s", one.use, err, one.want)
		}
	}
}
