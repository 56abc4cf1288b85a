package console

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"html/template"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/out/document"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/books"
)

// viewOf returns the view of an address.
func viewOf(address string) *View {
	r := httptest.NewRequest("GET", "http://127.0.0.1"+address, nil)
	w := &workspace.Workspace{Books: &books.Books{Currency: "CNY", Digits: 2}}
	return &View{Call: &operation.Call{State: &operation.State{Snap: &lake.Snapshot{}, Workspace: w}}, Request: r,
		Query: r.URL.Query()}
}

// prices returns a table of amounts that would be sorted differently as texts or as floats.
func prices() *Table {
	t := &Table{Name: "t", Order: "-amount", Columns: []Column{{Name: "id", Kind: Code},
		{Name: "amount", Kind: Amount}, {Name: "tax", Kind: Amount, Spare: true}}}
	for i, amount := range []string{"9", "10", "-10", "-9", "0", "9007199254740993.00000001", "9007199254740993",
		"0.1"} {
		t.Rows = append(t.Rows, []Cell{{Text: fmt.Sprintf("row %d", i)}, {Text: amount}, {Text: "0"}})
	}
	return t
}

// column returns the texts of a column.
func column(t *Table, at int) string {
	var list []string
	for _, row := range t.cut(0, t.count()) {
		list = append(list, row[at].Text)
	}
	return strings.Join(list, " ")
}

// forms returns a table as it was created and as it is stored.
func forms(t *testing.T, table *Table) map[string]*Table {
	t.Helper()
	kept, err := KeepTable(viewOf("/"), "", func(*View) (*Table, error) {
		own := *table
		return &own, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return map[string]*Table{"plain": table, "kept": kept}
}

// TestKeptCells checks that for any texts a stored table has the same cells as the original table.
func TestKeptCells(t *testing.T) {
	t.Parallel()
	made := &Table{Name: "t", Columns: []Column{{Name: "a"}, {Name: "b"}}, Rows: [][]Cell{
		{{Text: "x", Shown: strings.Repeat("é", 100), Href: "/?a=b"}, {}},
		{{}, {Text: strings.Repeat("z", 70_000), Tone: Bad}},
		{{Text: "\x00\xff"}, {Shown: "only shown", Tone: Warn}}}}
	kept := forms(t, made)["kept"]
	kept.arrange(viewOf("/"))
	if got := kept.cut(0, kept.count()); !reflect.DeepEqual(got, made.Rows) {
		t.Errorf("%.200v, want %.200v", got, made.Rows)
	}
}

// TestArrange tests PAGE-2 and PAGE-3: parameters sort and filter a table, numbers by exact value, empty cells last.
func TestArrange(t *testing.T) {
	t.Parallel()
	const rising = "-10 -9 0 0.1 9 10 9007199254740993 9007199254740993.00000001"
	falling := strings.Fields(rising)
	slices.Reverse(falling)
	for address, want := range map[string]string{
		"/":                                  strings.Join(falling, " "), // the table's own order
		"/?t.sort=amount":                    rising,
		"/?t.sort=-amount":                   strings.Join(falling, " "),
		"/?t.sort=nothing":                   strings.Join(falling, " "),
		"/?u.sort=amount":                    strings.Join(falling, " "), // parameter of another table
		"/?t.sort=id":                        "9 10 -10 -9 0 9007199254740993.00000001 9007199254740993 0.1",
		"/?t.find=row+-&t.sort=id":           "-10 -9",
		"/?t.find=ROW+7":                     "9007199254740993.00000001 9007199254740993 0.1",
		"/?t.find=nothing":                   "",
		"/?t.find=" + strings.Repeat("x", 9): "",
	} {
		for form, table := range forms(t, prices()) {
			table.arrange(viewOf(address))
			if got := column(table, 1); got != want {
				t.Errorf("%s, %s: %s, want %s", form, address, got, want)
			}
			table.arrange(viewOf(address))
			if got := column(table, 1); got != want {
				t.Errorf("%s, %s again: %s, want %s", form, address, got, want)
			}
		}
	}
	table := &Table{Name: "t", Order: "n", Columns: []Column{{Name: "n", Kind: Whole, Some: true}},
		Rows: [][]Cell{{{Text: ""}}, {{Text: "2"}}, {{Text: "1"}}}}
	table.arrange(viewOf("/?t.sort=-n"))
	if got := column(table, 0); got != "2 1 " {
		t.Errorf("empty cells: %q", got)
	}
}

// TestSpareColumns checks that a column of zeros is not on the screen but is in the download.
func TestSpareColumns(t *testing.T) {
	t.Parallel()
	for form, table := range forms(t, prices()) {
		table.arrange(viewOf("/"))
		table.turn(viewOf("/"))
		if heads := table.Heads(); len(heads) != 2 || len(table.shown(table.Rows[0])) != 2 {
			t.Errorf("%s: heads %v, cells %v", form, heads, table.shown(table.Rows[0]))
		}
	}
	table := prices()
	table.Rows[3][2].Text = "-0.01"
	table.arrange(viewOf("/"))
	if heads := table.Heads(); len(heads) != 3 || len(table.shown(table.Rows[0])) != 3 {
		t.Errorf("heads %v, cells %v", heads, table.shown(table.Rows[0]))
	}
}

// TestCell tests PAGE-1: a cell has the markup that html/template gives, for any text, tone and address of the console.
func TestCell(t *testing.T) {
	t.Parallel()
	cell := template.Must(template.New("").Funcs(document.TemplateFuncs()).Parse(
		`<td{{with .Class}} class="{{.}}"{{end}}>` +
			`{{if .Href}}<a href="{{.Href}}">{{visible .Say}}</a>{{else}}{{visible .Say}}{{end}}</td>`))
	texts := []string{"", "plain", `<script>alert("1")</script>`, "a & b's", "&amp;", "\x00", "\xff<\xc3", "中文",
		strings.Repeat("x", 40)}
	ours := []string{"/console/bill?customer_id=a&cycle=2026-09", "/console/x?q=%22%3E%3Cscript%3E", "?a=b", "#t"}
	foreign := []string{"javascript:alert(1)", "JAVASCRIPT:x", "//host/", `/\host/`, "https://host/", "a:b", " /x",
		"\t//x", "/\t/x"}
	for _, text := range texts {
		for _, href := range slices.Concat(texts, ours, foreign) {
			e := Entry{Cell: Cell{Text: text, Href: href, Tone: Bad}, Column: &Column{Kind: Code}}
			want := e
			if !slices.Contains(ours, href) {
				want.Href = ""
			}
			var out strings.Builder
			if err := cell.Execute(&out, want); err != nil {
				t.Fatal(err)
			}
			// html/template also escapes +, which ‹U+0000› has
			if got, want := string(e.HTML()), strings.ReplaceAll(out.String(), "&#43;", "+"); got != want {
				t.Errorf("%q to %q: %s, want %s", text, href, got, want)
			}
		}
	}
}

// TestTurn checks pages of 50 rows, whose links keep the state and the other parameters of the address.
func TestTurn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ address, first, previous, next, found string }{
		{"/a?x=1", "0", "", "/a?state=0&t.page=2&x=1#t", "rows 1 to 50 of 120"},
		{"/a?t.page=2", "50", "/a?state=0&t.page=1#t", "/a?state=0&t.page=3#t", "rows 51 to 100 of 120"},
		{"/a?t.page=3", "100", "/a?state=0&t.page=2#t", "", "rows 101 to 120 of 120"},
		{"/a?t.page=9", "100", "/a?state=0&t.page=2#t", "", "rows 101 to 120 of 120"},
		{"/a?t.page=-1", "0", "", "/a?state=0&t.page=2#t", "rows 1 to 50 of 120"},
		{"/a?t.page=99999999999999999999", "0", "", "/a?state=0&t.page=2&#t", "rows 1 to 50 of 120"},
	} {
		table := &Table{Name: "t", Columns: []Column{{Name: "n", Kind: Whole}}}
		for i := range 120 {
			table.Rows = append(table.Rows, []Cell{{Text: fmt.Sprint(i)}})
		}
		for form, table := range forms(t, table) {
			v := viewOf(c.address)
			table.arrange(v)
			table.turn(v)
			got := table.Pager()
			next := strings.ReplaceAll(c.next, "&#", "#")
			if table.Rows[0][0].Text != c.first || got.Previous != c.previous || got.Next != next ||
				table.Found() != c.found {
				t.Errorf("%s, %s: %s, %+v, %s", form, c.address, table.Rows[0][0].Text, got, table.Found())
			}
		}
	}
}

// TestDownload tests PAGE-2: a download has the filtered rows of all pages in the order of the screen, and no formulas.
func TestDownload(t *testing.T) {
	t.Parallel()
	table := &Table{Name: "t", Order: "id", Columns: []Column{{Name: "id", Kind: Code}, {Name: "amount", Kind: Amount},
		{Name: "at", Kind: Time}, {Name: "n", Kind: Whole, Some: true}}}
	for i := range 130 {
		table.Rows = append(table.Rows, []Cell{{Text: fmt.Sprintf("a%03d", i)}, {Text: fmt.Sprintf("-%d.5", i),
			Shown: "shown"}, {Text: "2026-09-05T00:00:00Z"}, {}})
	}
	table.Rows[7][0].Text = "=1+1"
	p := &Page{Blocks: []Block{{}, {Table: table}}}
	v := viewOf("/a?t.find=a&t.sort=-amount&t.page=2")
	name, kind, write, err := p.Download(v, "t.csv")
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	first, last := strings.Join(lines[1], " "), strings.Join(lines[len(lines)-1], " ")
	if name != "t.csv" || kind != "text/csv; charset=utf-8" || len(lines) != 130 || // without the row =1+1
		first != `="a000" -0.50000000 2026-09-05T00:00:00Z ` || last != `="a129" -129.50000000 2026-09-05T00:00:00Z ` {
		t.Errorf("%s, %s, %d lines: %q %q", name, kind, len(lines), first, last)
	}
	for _, format := range []string{"csv", "xlsx", "parquet"} {
		_, _, write, err := p.Download(viewOf("/a"), "t."+format)
		if err != nil {
			t.Fatal(err)
		}
		out.Reset()
		err = write(&out)
		if err != nil || out.Len() == 0 || format == "csv" && strings.Contains(out.String(), "\n=1") {
			t.Errorf("%s: %v, %d bytes: %.300s", format, err, out.Len(), out.String())
		}
	}
	for _, wanted := range []string{"t", "t.pdf", "u.csv", ".csv", ""} {
		if _, _, _, err := p.Download(viewOf("/a"), wanted); err == nil {
			t.Errorf("download %q is no error", wanted)
		}
	}
}

// TestDownloadCurrency tests that the name of a download has the currency of its amounts if there are several and no
// column says it. Invariant: PAGE-5.
func TestDownloadCurrency(t *testing.T) {
	t.Parallel()
	id, amount := Column{Name: "id", Kind: Code}, Column{Name: "amount", Kind: Amount}
	for _, c := range []struct {
		columns []Column
		mixed   bool
		want    string
	}{
		{[]Column{id, amount}, false, "t.csv"},
		{[]Column{id, amount}, true, "t-CNY.csv"},
		{[]Column{id}, true, "t.csv"},
		{[]Column{id, {Name: "payment_currency"}, amount}, true, "t.csv"},
	} {
		v := viewOf("/a")
		v.Call.State.Workspace.Books.Mixed = c.mixed
		p := &Page{Blocks: []Block{{Table: &Table{Name: "t", Columns: c.columns}}}}
		if name, _, _, err := p.Download(v, "t.csv"); err != nil || name != c.want {
			t.Errorf("columns %v, several currencies %t: %s, %v, want %s", c.columns, c.mixed, name, err, c.want)
		}
	}
}
