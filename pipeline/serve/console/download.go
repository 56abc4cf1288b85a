package console

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// downloads returns the formats in which a table can be downloaded.
func downloads() []string { return []string{"csv", "xlsx", "parquet"} }

// ContentType is the Content-Type of a download.
func ContentType(format string) string {
	switch format {
	case "csv":
		return "text/csv; charset=utf-8"
	case "xlsx":
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/vnd.apache.parquet"
}

// Download returns a table of a page as a file. wanted is the table's name, a point and the format. It returns an
// *operation.Error if there is no such table or format.
func (p *Page) Download(v *View, wanted string) (name, kind string, write func(io.Writer) error, err error) {
	at := strings.LastIndexByte(wanted, '.')
	if at < 0 || !slices.Contains(downloads(), wanted[at+1:]) {
		return "", "", nil, operation.BadParameter("download", operation.Text{Zh: "格式错误", En: "is malformed"})
	}
	format := wanted[at+1:]
	for i := range p.Blocks {
		t := p.Blocks[i].Table
		if t == nil || t.Name != wanted[:at] || t.Part != nil {
			continue
		}
		t.arrange(v)
		cols, err := t.columns()
		if err != nil {
			return "", "", nil, err
		}
		return t.fileName(v) + "." + format, ContentType(format),
			func(w io.Writer) error { return export.Columns(cols, format, w) }, nil
	}
	return "", "", nil, operation.NotFound(operation.Text{Zh: "没有该表", En: "there is no such table"})
}

// fileName names the table, and the currency of its amounts if there are several and no column says it (PAGE-5).
func (t *Table) fileName(v *View) string {
	amounts := func(c Column) bool { return c.Kind == Amount }
	says := func(c Column) bool { return strings.Contains(c.Name, "currency") }
	if v.Mixed() && slices.ContainsFunc(t.Columns, amounts) && !slices.ContainsFunc(t.Columns, says) {
		return t.Name + "-" + v.Currency()
	}
	return t.Name
}

// columns converts the table for package export.
func (t *Table) columns() (*parquet.Columns[tables.Any], error) {
	def := &tables.Table{Name: t.Name, Exported: len(t.Columns)}
	for i := range t.Columns {
		def.Columns = append(def.Columns, tables.Column{Name: t.Columns[i].Name, Type: t.Columns[i].typeOf()})
	}
	cols := parquet.NewColumns(tables.Untyped(def))
	rows := t.source()
	for i := range t.Columns {
		for k := range t.count() {
			text := rows.cell(t.at(k), i).Text
			col := cols.Col(tables.ColumnOf[tables.Any](i))
			if err := export.AppendText(col, def.Columns[i].Type, text); err != nil {
				return nil, fmt.Errorf("table %s: column %s: %w", t.Name, t.Columns[i].Name, err)
			}
		}
	}
	cols.N = t.count()
	return cols, nil
}
