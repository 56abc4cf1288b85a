package export

import (
	"archive/zip"
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestCharted checks that a workbook has the rows on one sheet, and the chart with its numeric amounts on another.
func TestCharted(t *testing.T) {
	t.Parallel()
	chart := &Chart{Title: "paid", Format: "#,##0.00", By: "customer", Bars: []string{"acme", "=bell"},
		Parts: []string{"vm", "disk"}, Amounts: [][]string{{"12.50000000", "-1.00000000"},
			{"0.00000001", "12345678.12345678"}}}
	rows := parquet.NewColumns(tables.Untyped(&tables.Table{Name: "answer", Exported: 2, Columns: []tables.Column{
		{Name: "who", Type: tables.Text}, {Name: "paid", Type: tables.Amount}}}))
	for i, text := range []string{"acme", "-11.5"} {
		if err := AppendText(rows.Col(tables.ColumnOf[tables.Any](i)), rows.Def.Columns[i].Type, text); err != nil {
			t.Fatal(err)
		}
	}
	rows.N = 1
	var out bytes.Buffer
	if err := Charted(rows, chart, &out); err != nil {
		t.Fatal(err)
	}
	raw := out.Bytes()
	for range 8 {
		var again bytes.Buffer
		if err := Charted(rows, chart, &again); err != nil || !bytes.Equal(again.Bytes(), raw) {
			t.Errorf("the same rows give other bytes (%v): EXPORT-2", err)
		}
	}
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if got, err := f.GetCellValue("answer", "B2", excelize.Options{RawCellValue: true}); err != nil || got != "-11.5" {
		t.Errorf("the amount of the row is %q (%v)", got, err)
	}
	for cell, want := range map[string]string{"A1": "customer", "B1": "vm", "C1": "disk", "A3": "=bell", "B2": "12.5",
		"C2": "-1", "B3": "0.00000001", "C3": "12345678.12345678"} {
		if got, err := f.GetCellValue(chartSheet, cell, excelize.Options{RawCellValue: true}); err != nil ||
			got != want {
			t.Errorf("%s is %q (%v), want %q", cell, got, err, want)
		}
	}
	if got, err := f.GetCellFormula(chartSheet, "A3"); err != nil || got != "" {
		t.Errorf("a text became the formula %q (%v)", got, err)
	}
	drawn := partOf(t, raw, "xl/charts/chart1.xml")
	for _, want := range []string{"chart!$A$2:$A$3", "chart!$B$2:$B$3", "chart!$C$2:$C$3", ">paid<", "stacked"} {
		if !strings.Contains(drawn, want) {
			t.Errorf("the chart lacks %s:\n%s", want, drawn)
		}
	}
}

// partOf returns the content of a file in an archive.
func partOf(t *testing.T, raw []byte, name string) string {
	t.Helper()
	in, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	f, err := in.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
