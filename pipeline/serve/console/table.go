package console

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// perPage is the number of rows of a table on one page.
const perPage = 50

// pager links to the pages of a table.
type pager struct {
	Page, Pages    int
	Previous, Next string // addresses; "" = there is none
}

// arrange applies the address to a table: filter, order, spare columns.
func (t *Table) arrange(v *View) {
	t.view = v
	t.find, t.sort = strings.TrimSpace(v.Query.Get(t.Name+".find")), v.Query.Get(t.Name+".sort")
	t.picked = nil
	if t.Part == nil {
		if t.column(t.sort) < 0 {
			t.sort = t.Order
		}
		t.pick()
	}
	t.matched = t.count()
	if t.packed == nil || t.find != "" { // otherwise they are known
		t.spares()
	}
}

// source returns the rows of the table before the address is applied.
func (t *Table) source() rowSource {
	if t.packed != nil {
		return t.packed
	}
	return plainRows(t.Rows)
}

// count returns the number of matching rows.
func (t *Table) count() int {
	if t.picked != nil {
		return len(t.picked)
	}
	return t.source().count()
}

// at returns the index in the source of the i-th matching row.
func (t *Table) at(i int) int {
	if t.picked != nil {
		return int(t.picked[i])
	}
	return i
}

// pick selects the matching rows, in the requested order.
func (t *Table) pick() {
	rows := t.source()
	if t.find != "" {
		t.picked = []uint32{}
		words := slices.Collect(strings.FieldsSeq(strings.ToLower(t.find)))
		var row []Cell
		for i := range rows.count() {
			if row = rows.row(i, row); fits(row, words) {
				t.picked = append(t.picked, uint32(i))
			}
		}
	}
	at := t.column(t.sort)
	switch {
	case at < 0 || t.sorted == t.sort:
	case t.packed != nil && t.find == "":
		t.picked = t.packed.ordered(t.sort, func() []uint32 { return t.order(rows, at) })
	default:
		t.picked = t.order(rows, at)
	}
}

// spares finds the columns that the screen omits.
func (t *Table) spares() {
	t.spare = map[int]bool{}
	rows := t.source()
	for i := range t.Columns {
		t.spare[i] = t.Columns[i].Spare
		for k := 0; t.spare[i] && k < t.count(); k++ {
			t.spare[i] = strings.Trim(rows.cell(t.at(k), i).Text, "0.-") == ""
		}
	}
}

// fits reports whether a row contains every word.
func fits(row []Cell, words []string) bool {
	for _, word := range words {
		if !slices.ContainsFunc(row, func(c Cell) bool {
			return strings.Contains(strings.ToLower(c.Text), word) || strings.Contains(strings.ToLower(c.Shown), word)
		}) {
			return false
		}
	}
	return true
}

// column returns the index of the column in an order, or -1.
func (t *Table) column(order string) int {
	name := strings.TrimPrefix(order, "-")
	return slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == name })
}

// sortKey is the value by which a row is sorted. It is parsed once, because a row is compared many times.
type sortKey struct {
	row     uint32
	empty   bool
	text    string
	decimal decimal
}

// order returns the matching rows sorted by a column; equal rows keep their order.
func (t *Table) order(rows rowSource, at int) []uint32 {
	down, number := strings.HasPrefix(t.sort, "-"), t.Columns[at].Kind.Number()
	keys := make([]sortKey, t.count())
	for i := range keys {
		row := t.at(i)
		cell := rows.cell(row, at)
		keys[i] = sortKey{row: uint32(row), empty: cell.Text == ""}
		if number {
			keys[i].decimal = newDecimal(cell.Text)
		} else {
			keys[i].text = strings.ToLower(cell.Say())
		}
	}
	compare := func(a, b sortKey) int {
		if a.empty != b.empty { // empty cells are last, whatever the direction
			if a.empty {
				return 1
			}
			return -1
		}
		by := 0
		if number {
			by = a.decimal.compare(&b.decimal)
		} else {
			by = strings.Compare(a.text, b.text)
		}
		if down {
			by = -by
		}
		return cmp.Or(by, cmp.Compare(a.row, b.row))
	}
	slices.SortFunc(keys, compare)
	out := make([]uint32, len(keys))
	for i := range keys {
		out[i] = keys[i].row
	}
	return out
}

// decimal is a decimal split into its parts: whole without leading zeros, rest without trailing ones.
type decimal struct {
	sign        int8
	whole, rest string
}

func newDecimal(text string) decimal {
	d := decimal{sign: 1}
	text, negative := strings.CutPrefix(text, "-")
	if negative {
		d.sign = -1
	}
	d.whole, d.rest, _ = strings.Cut(text, ".")
	d.whole, d.rest = strings.TrimLeft(d.whole, "0"), strings.TrimRight(d.rest, "0")
	if d.whole == "" && d.rest == "" {
		d.sign = 0
	}
	return d
}

func (d *decimal) compare(o *decimal) int {
	if d.sign != o.sign {
		return int(d.sign) - int(o.sign)
	}
	by := cmp.Or(cmp.Compare(len(d.whole), len(o.whole)), strings.Compare(d.whole, o.whole),
		strings.Compare(d.rest, o.rest))
	return by * int(d.sign)
}

// turn selects the page of the table that the address names.
func (t *Table) turn(v *View) {
	number, count, limit := 1, int64(t.count()), int64(perPage)
	if t.Part != nil {
		count, limit = t.Part.Count, t.Part.Limit
		number = int(t.Part.Offset/limit) + 1
	} else if n, err := strconv.Atoi(v.Query.Get(t.Name + ".page")); err == nil {
		number = n
	}
	pages := max(1, int((count+limit-1)/limit))
	number = min(max(number, 1), pages)
	t.from = (number - 1) * int(limit)
	if t.Part == nil {
		t.Rows = t.cut(t.from, min(t.from+perPage, t.count()))
	} else {
		t.matched = int(count)
	}
	t.pager = pager{Page: number, Pages: pages}
	state := strconv.FormatInt(v.Call.State.Snap.Manifest.Number, 10)
	if number > 1 {
		t.pager.Previous = v.Here(t.Name+".page", strconv.Itoa(number-1), "state", state) + "#" + t.Name
	}
	if number < pages {
		t.pager.Next = v.Here(t.Name+".page", strconv.Itoa(number+1), "state", state) + "#" + t.Name
	}
}

// cut returns some of the matching rows.
func (t *Table) cut(from, to int) [][]Cell {
	rows, out := t.source(), make([][]Cell, 0, to-from)
	for i := from; i < to; i++ {
		out = append(out, rows.row(t.at(i), nil))
	}
	return out
}

// PageOf returns the requested page of a table, from 0, for pages that select the rows themselves.
func (v *View) PageOf(table string) int64 {
	n, err := strconv.ParseInt(v.Query.Get(table+".page"), 10, 32)
	if err != nil || n < 1 {
		return 0
	}
	return n - 1
}

// PerPage returns the number of rows of a table on one page.
func PerPage() int64 { return perPage }

// Heads returns the columns on the screen.
func (t *Table) Heads() []Head {
	var list []Head
	for _, i := range t.onScreen() {
		c := &t.Columns[i]
		h := Head{Column: c, Aria: "none"}
		if t.Part == nil {
			next := c.Name
			if c.Kind.Number() || c.Kind == Time {
				next = "-" + c.Name
			}
			switch t.sort {
			case c.Name:
				h.Aria, next = "ascending", "-"+c.Name
			case "-" + c.Name:
				h.Aria, next = "descending", c.Name
			}
			h.Href = t.view.Here(t.Name+".sort", next, t.Name+".page", "") + "#" + t.Name
		}
		list = append(list, h)
	}
	return list
}

// Head is a column's head with the link that sorts by it.
type Head struct {
	*Column
	Href, Aria string
}

// Sums returns the total as it is on the screen.
func (t *Table) Sums() []Entry {
	if t.Total == nil {
		return nil
	}
	return t.shown(t.Total)
}

// Entry is a cell with its column.
type Entry struct {
	Cell
	Column *Column
	First  bool
	many   bool // the row does not fit a narrow screen
}

// Class returns the style classes of the cell.
func (e Entry) Class() string {
	class := ""
	switch {
	case e.Column.Kind.Number():
		class = "n"
	case e.Column.Kind == Time:
		class = "t"
	case e.Column.Kind == Code:
		if class = "code"; len(e.Text) > longCode {
			class = "code long"
		}
	}
	return strings.TrimSpace(class + " " + string(e.Tone))
}

// longCode is the length up to which an id stays on one line.
const longCode = 28

// maxAcross is how many columns fit a screen of usual width, maxNarrow a phone's, which shows the rows of other tables
// as lists.
const maxAcross, maxNarrow = 12, 3

// Many reports whether the table has more columns than fit a phone.
func (t *Table) Many() bool { return len(t.onScreen()) > maxNarrow }

// onScreen returns the indexes of the columns on the screen. If they do not fit it, numbers follow the first column.
func (t *Table) onScreen() (list []int) {
	for i := range t.Columns {
		if !t.spare[i] {
			list = append(list, i)
		}
	}
	if len(list) > maxAcross {
		slices.SortStableFunc(list[1:], func(a, b int) int {
			return cmp.Compare(t.Columns[a].Kind.rank(), t.Columns[b].Kind.rank())
		})
	}
	return list
}

// rank orders kinds: money, other numbers, all others.
func (k Kind) rank() int {
	switch {
	case k == Amount || k == Cost:
		return 0
	case k.Number():
		return 1
	}
	return 2
}

func (t *Table) shown(row []Cell) []Entry {
	columns := t.onScreen()
	list := make([]Entry, 0, len(columns))
	for _, i := range columns {
		list = append(list, Entry{Cell: row[i], Column: &t.Columns[i], First: len(list) == 0,
			many: len(columns) > maxNarrow})
	}
	return list
}

// Pager is the table's pages.
func (t *Table) Pager() pager { return t.pager }

// Found says how many rows there are, and how many of them are on the page.
func (t *Table) Found() string {
	v := t.view
	if t.matched == 1 {
		return v.T("1行", "1 row")
	}
	if t.pager.Pages <= 1 {
		return v.F("%d行", "%d rows", t.matched)
	}
	return v.F("第%d至%d行，共%d行", "rows %d to %d of %d", t.from+1, t.from+len(t.Rows), t.matched)
}

// Find returns the text by which the rows are filtered.
func (t *Table) Find() string { return t.find }

// Searchable reports whether a filter is useful.
func (t *Table) Searchable() bool { return t.Part == nil && (t.find != "" || t.matched > 8) }

// Keep returns the parameters of the address that a filter keeps.
func (t *Table) Keep() []Field {
	var list []Field
	for name, values := range t.view.Query {
		if name != t.Name+".find" && name != t.Name+".page" && len(values) > 0 {
			list = append(list, Field{Name: name, Value: values[0], Type: "hidden"})
		}
	}
	slices.SortFunc(list, func(a, b Field) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Saves returns the links that download the table.
func (t *Table) Saves() []Link {
	if t.Downloads != nil {
		return t.Downloads
	}
	if t.Part != nil || t.matched == 0 {
		return nil
	}
	state := strconv.FormatInt(t.view.Call.State.Snap.Manifest.Number, 10)
	var list []Link
	for _, format := range downloads() {
		list = append(list, Link{strings.ToUpper(format), t.view.Here("download", t.Name+"."+format, "state", state)})
	}
	return list
}

// Words are the fixed texts around a table.
func (t *Table) Words() TableWords {
	v := t.view
	w := TableWords{Filter: v.T("筛选", "Filter"), Apply: v.T("应用", "Apply"), Download: v.T("下载", "Download"),
		Previous: v.T("上一页", "Previous"), Next: v.T("下一页", "Next"), Total: v.T("合计", "Total"),
		Page: v.F("第%d页，共%d页", "Page %d of %d", t.pager.Page, t.pager.Pages), Empty: t.Empty}
	if t.find != "" && t.Total != nil {
		w.Total = v.T("合计（全部行）", "Total of all rows")
	}
	if w.Empty == "" || t.find != "" {
		w.Empty = v.T("没有符合的行", "No rows")
	}
	return w
}

// TableWords are the fixed texts around a table.
type TableWords struct{ Filter, Apply, Download, Previous, Next, Total, Page, Empty string }
