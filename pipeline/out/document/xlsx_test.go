package document

import (
	"archive/zip"
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// open parses a workbook.
func open(t testing.TB, raw []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// rawCells returns the stored values of a sheet.
func rawCells(t testing.TB, f *excelize.File, sheet string) [][]string {
	t.Helper()
	rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func cellIs(t *testing.T, f *excelize.File, sheet, at string, kind excelize.CellType, raw, shown, formula string) {
	t.Helper()
	k, err := f.GetCellType(sheet, at)
	if err != nil {
		t.Fatal(err)
	}
	gotRaw, _ := f.GetCellValue(sheet, at, excelize.Options{RawCellValue: true})
	gotShown, _ := f.GetCellValue(sheet, at)
	gotFormula, _ := f.GetCellFormula(sheet, at)
	if k != kind || gotRaw != raw || gotShown != shown || gotFormula != formula {
		t.Errorf("%s!%s: type %d, %q, shown %q, formula %q; want %d, %q, %q, %q", sheet, at, k, gotRaw, gotShown,
			gotFormula, kind, raw, shown, formula)
	}
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	f := open(t, written(t, statement(t), XLSX))
	want := []string{"Summary", "Services", "Customers", "Rows", "Resellers", "Reseller rows", "Incentives",
		"Claw-backs", "By day", "Notes"}
	if diff := cmp.Diff(want, f.GetSheetList()); diff != "" {
		t.Errorf("sheets (-want +got):\n%s", diff)
	}
	number, text := excelize.CellTypeUnset, excelize.CellTypeInlineString
	cellIs(t, f, "Rows", "A2", text, "Aurora Ltd", "Aurora Ltd", "")
	cellIs(t, f, "Rows", "H2", number, "3", "3", "")
	cellIs(t, f, "Rows", "I2", number, "1200.5", "1,200.50", "")
	cellIs(t, f, "Rows", "I3", number, "-100", "-100.00", "")
	cellIs(t, f, "Rows", "I4", number, "34.12345678", "34.12", "")
	cellIs(t, f, "Rows", "H6", number, "12", "12", "SUM(H2:H5)")
	cellIs(t, f, "Rows", "I6", number, "11134.62345678", "11,134.62", "SUM(I2:I5)")
	cellIs(t, f, "Rows", "M6", number, "9913.12", "9,913.12", "SUM(M2:M5)")
	cellIs(t, f, "Summary", "B7", number, "9552.68", "9,552.68", "SUM(B2:B6)")
	cellIs(t, f, "Incentives", "L2", text, "2026-11-03 00:00 +08:00", "2026-11-03 00:00 +08:00", "")
	for _, sheet := range want {
		panes, err := f.GetPanes(sheet)
		if err != nil || !panes.Freeze || panes.YSplit != 1 || panes.TopLeftCell != "A2" {
			t.Errorf("%s: panes %+v, %v", sheet, panes, err)
		}
	}
	b := open(t, written(t, bill(t), XLSX))
	cellIs(t, b, "Lines", "L3", number, "0", "0", "")
	cellIs(t, b, "Lines", "K3", number, "12.3456789012", "12.3456789012", "")
	cellIs(t, b, "Lines", "S5", number, "434.93827156", "434.94", "SUM(S2:S4)")
	cellIs(t, b, "Summary", "B6", number, "434.94", "434.94", "SUM(B4:B5)")
	cellIs(t, b, "Payments", "B8", number, "434.93827156", "434.94", "SUM(B2:B7)")
}

// TestXLSXFormulas checks that each formula evaluates to the value that is stored with it.
func TestXLSXFormulas(t *testing.T) {
	t.Parallel()
	for _, d := range []writer{statement(t), bill(t)} {
		f := open(t, written(t, d, XLSX))
		formulas := 0
		for _, sheet := range f.GetSheetList() {
			for r, row := range rawCells(t, f, sheet) {
				for c, value := range row {
					at, _ := excelize.CoordinatesToCellName(c+1, r+1)
					formula, err := f.GetCellFormula(sheet, at)
					if err != nil || formula == "" {
						continue
					}
					formulas++
					got, err := f.CalcCellValue(sheet, at, excelize.Options{RawCellValue: true})
					if err != nil {
						t.Fatal(err)
					}
					n, _ := strconv.ParseFloat(got, 64)
					if want := strconv.FormatFloat(n, 'f', 8, 64); strings.TrimRight(strings.TrimRight(want, "0"),
						".") != value && strconv.FormatFloat(n, 'f', 0, 64) != value {
						t.Errorf("%s!%s: %s gives %s, its value is %s", sheet, at, formula, got, value)
					}
				}
			}
		}
		if formulas < 10 {
			t.Errorf("%d formulas", formulas)
		}
	}
}

// TestXLSXKeepsDigits checks that an amount of more than 15 digits is a text with all its digits, and that the total of
// its column is then not a formula.
func TestXLSXKeepsDigits(t *testing.T) {
	t.Parallel()
	s := &Statement{Header: header(t), Partner: PageParty{ID: "p"}}
	s.Rows = []Row{
		row(t, "a", "", "ecs", "+", "999999999999999.99", "0", "9999999999999.99"), // 17 and 15 digits
		row(t, "b", "", "ecs", "+", "0.01", "0", "0.01"),
	}
	s.Summary = Summary{Owed: sum(t, "10000000000000"), Net: sum(t, "10000000000000")}
	f := open(t, written(t, s, XLSX))
	number, text := excelize.CellTypeUnset, excelize.CellTypeInlineString
	cellIs(t, f, "Rows", "I2", text, "999999999999999.99", "999999999999999.99", "")
	cellIs(t, f, "Rows", "I3", number, "0.01", "0.01", "")
	cellIs(t, f, "Rows", "I4", number, "1000000000000000", "1,000,000,000,000,000.00", "")
	cellIs(t, f, "Rows", "M2", number, "9999999999999.99", "9,999,999,999,999.99", "")
	cellIs(t, f, "Rows", "M4", number, "10000000000000", "10,000,000,000,000.00", "SUM(M2:M3)")
}

func TestXLSXOfYen(t *testing.T) {
	t.Parallel()
	s := &Statement{Header: header(t), Partner: PageParty{ID: "p"},
		Rows: []Row{row(t, "a", "", "ecs", "+", "1234567", "0", "-3")}, Summary: Summary{Owed: sum(t, "-3"),
			Net: sum(t, "-3")}}
	s.Header.Currency, s.Header.Digits = "JPY", 0
	f := open(t, written(t, s, XLSX))
	cellIs(t, f, "Rows", "I2", excelize.CellTypeUnset, "1234567", "1,234,567", "")
	cellIs(t, f, "Rows", "M2", excelize.CellTypeUnset, "-3", "-3", "")
}

// TestXLSXIsTheSame checks that a document gives the same file at any time: its times are the as-of.
func TestXLSXIsTheSame(t *testing.T) {
	t.Parallel()
	raw := written(t, statement(t), XLSX)
	for range 5 {
		if !bytes.Equal(raw, written(t, statement(t), XLSX)) {
			t.Fatal("two files differ")
		}
	}
	props, err := open(t, raw).GetDocProps()
	if err != nil {
		t.Fatal(err)
	}
	if props.Created != "2026-10-05T04:00:00Z" || props.Modified != "2026-10-05T04:00:00Z" ||
		props.Creator != "Example Cloud" ||
		props.Title != "Statement of North Distribution (north) for 2026-09" {
		t.Errorf("properties %+v", props)
	}
	files, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		t.Fatal(err)
	}
	for i, file := range files.File {
		if i == 0 && file.Name != "[Content_Types].xml" || i > 1 && file.Name < files.File[i-1].Name {
			t.Errorf("file %d is %s", i, file.Name)
		}
	}
}
