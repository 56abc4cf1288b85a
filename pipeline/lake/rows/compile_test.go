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

// imports returns packages by path.
type imports map[string]*types.Package

// Import implements types.Importer.
func (i imports) Import(path string) (*types.Package, error) {
	if p := i[path]; p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no package %s", path)
}

// TestWrongUsesDoNotCompile type-checks uses of columns that are mistakes: a column of another table than the batch's,
// a decimal asked for times, a list of columns of two tables, and an int in the place of a column.
func TestWrongUsesDoNotCompile(t *testing.T) {
	t.Parallel()
	const header = `package use

import (
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/table"
)

func use(c *parquet.Columns[table.Line], row rows.Row[table.Line], r *tablefile.Reader[table.Line]) {
	_, _, _, _ = c, row, r, manifest.FileEntry{}
	`
	fset := token.NewFileSet()
	const module = "github.com/tollbook/tollbook/"
	loaded, err := packages.Load(&packages.Config{Mode: packages.LoadTypes, Fset: fset}, module+"pipeline/lake/parquet",
		module+"pipeline/lake/manifest",
		module+"pipeline/lake/rows", module+"pipeline/lake/tablefile", module+"schemas/table")
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
		{"_, _ = rows.File(nil, manifest.FileEntry{}, table.Lines(), table.Columns(table.LineSKU))", ""},
		{"_ = c.Col(table.PositionCount.Of())", "table.ColumnOf[table.Position]"},
		{"_ = c.Col(table.LineSKU)", "table.WordColumn[table.Line]"},
		{"at := 3; _ = c.Col(at)", "variable of type int"},
		{"_ = c.c[table.LineSKU]", "c.c undefined"},
		{"at := []int{1, 2}; _, _ = rows.File(nil, manifest.FileEntry{}, table.Lines(), at)", "[]int"},
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
