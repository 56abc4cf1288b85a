package load

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// table is a CSV book being read.
type table struct {
	f      *files
	file   string // books/products.csv
	format books.Format
	by     map[string]int // column name → index in format.Columns
	index  []int          // index in format.Columns → index in a record, -1 = not in the file
	names  []string       // the header
}

// record is one record of a table.
type record struct {
	*table
	line  int32
	cells []cell
	bad   bool // it has a problem of its own
}

// each reads a book row by row. A book that cannot be read whole is broken: nothing can be said about references to it.
func (f *files) each(file string, visit func(*record)) {
	format := f.formats[file]
	text, ok := f.text(format)
	if !ok {
		return
	}
	t := &table{f: f, file: dir + "/" + file, format: format}
	r := csvReader{text: text, line: 1}
	cells, ok, err := r.next(nil)
	switch {
	case err != nil:
		t.lost(err.mark, "", err.what)
		return
	case !ok:
		t.lost(mark{1, 1}, "columns: "+t.columns(), "empty: a header row is needed")
		return
	case !t.header(cells):
		f.broken[file] = true
		return
	}
	one := record{table: t}
	for {
		cells, ok, err = r.next(cells)
		switch {
		case !ok:
			return
		case err != nil:
			t.lost(err.mark, "", err.what)
			if err.fatal {
				return
			}
			continue
		case len(cells) != len(t.names):
			t.lost(mark{cells[0].line, 1}, "", fmt.Sprintf("%s where the header has %d", counted(len(cells), "cell"),
				len(t.names)))
			continue
		}
		one.line, one.cells, one.bad = cells[0].line, cells, false
		visit(&one)
	}
}

// lost notes a problem that costs at least a row.
func (t *table) lost(at mark, hint, what string) {
	t.f.broken[t.format.File] = true
	t.f.c.Add(t.pos(at), hint, "%s", what)
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func (t *table) columns() string {
	names := make([]string, len(t.format.Columns))
	for i, c := range t.format.Columns {
		names[i] = c.Name
	}
	return strings.Join(names, ", ")
}

// header checks the header row: every column known or x_, none twice, none required missing.
func (t *table) header(cells []cell) bool {
	t.by = make(map[string]int, len(t.format.Columns))
	t.index = make([]int, len(t.format.Columns))
	for i, c := range t.format.Columns {
		t.by[c.Name] = i
		t.index[i] = -1
	}
	ok := true
	for i, c := range cells {
		if slices.Contains(t.names, c.text) {
			t.f.c.Add(t.pos(c.mark), "", "column %q is duplicate", shorten(c.text))
			ok = false
		}
		t.names = append(t.names, c.text)
		j, known := t.by[c.text]
		switch {
		case known:
			t.index[j] = i
		case !strings.HasPrefix(c.text, "x_"):
			t.f.c.Add(t.pos(c.mark), "a column of your own begins with x_; known: "+t.columns(), "unknown column %q",
				shorten(c.text))
			ok = false
		}
	}
	for i, c := range t.format.Columns {
		if c.Required && t.index[i] < 0 {
			t.f.c.Add(t.pos(mark{1, 1}), c.Meaning, "missing column %q", c.Name)
			ok = false
		}
	}
	return ok
}

func (t *table) pos(m mark) books.Pos {
	return books.Pos{File: t.file, Line: int(m.line), Column: int(m.column)}
}

// column is the description of a column; the name of none is a mistake in this package.
func (t *table) column(name string) *books.Column {
	i, ok := t.by[name]
	if !ok {
		panic("books: no column " + name + " in " + t.file)
	}
	return &t.format.Columns[i]
}

// cell is the cell of a column; a column that is not in the file gives an empty cell at the row's start.
func (r *record) cell(name string) cell {
	i, ok := r.by[name]
	if !ok {
		panic("books: no column " + name + " in " + r.file)
	}
	if i = r.index[i]; i < 0 {
		return cell{mark: mark{r.line, 1}}
	}
	return r.cells[i]
}

// mark is the place of a cell.
func (r *record) mark(name string) mark { return r.cell(name).mark }

// fail notes a problem with a cell: `column "text": what`.
func (r *record) fail(name, hint, format string, args ...any) {
	r.bad = true
	c := r.cell(name)
	what := fmt.Sprintf(format, args...)
	if c.text == "" {
		r.f.c.Add(r.pos(c.mark), hint, "%s: %s", name, what)
		return
	}
	r.f.c.Add(r.pos(c.mark), hint, "%s %q: %s", name, shorten(c.text), what)
}

// text is a cell's text, or its default; a required one may not be empty.
func (r *record) text(name string) string {
	text := r.cell(name).text
	if text != "" {
		return text
	}
	column := r.column(name)
	if column.Required {
		r.fail(name, column.Meaning, "empty")
	}
	return column.Default
}

// key is an id: text without blanks at its ends, control characters or the characters that lists of ids use.
func (r *record) key(name string) string {
	text := r.text(name)
	if strings.TrimSpace(text) != text {
		r.fail(name, "remove the blank", "a blank at its start or end")
	} else if i := strings.IndexFunc(text, func(c rune) bool { return c == ';' || unicode.IsControl(c) }); i >= 0 {
		r.fail(name, "", "an id may not contain %q", text[i:i+1])
	}
	return text
}

// word is the index of the cell in the column's words; -1 when it is not one of them, or empty without a default.
func (r *record) word(name string) int {
	text := r.text(name)
	words := r.column(name).Words
	i := slices.Index(words, text)
	if i < 0 && text != "" {
		r.fail(name, meant(name, text, words), "not one of %s", strings.Join(words, ", "))
	}
	return i
}

// meant is a hint for a word that other systems use, or that has other capitals; "" = none.
func meant(column, text string, words []string) string {
	text = strings.ToLower(text)
	if column == "pricing_model" {
		if word, ok := otherModels()[text]; ok {
			text = word
		}
	}
	if slices.Contains(words, text) {
		return "write " + text
	}
	return ""
}

// flag is YES or NO.
func (r *record) flag(name string) bool { return r.word(name) == 0 }

// whole is a whole number from 1.
func (r *record) whole(name string) int {
	text := r.text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || strconv.Itoa(n) != text {
		r.fail(name, "", "not a whole number from 1")
		return 0
	}
	return n
}

// decimal reads a cell by its parser. ok is false after a problem and for an empty cell without a default.
func decimal[T any](r *record, name string, parse func(string) (T, error)) (v T, ok bool) {
	text := r.text(name)
	if text == "" {
		return v, false
	}
	v, err := parse(text)
	if err != nil {
		r.failParse(name, err)
		return v, false
	}
	return v, true
}

// failParse notes the error of a parser of money or period, which quotes the text itself.
func (r *record) failParse(name string, err error) {
	r.bad = true
	r.f.c.Add(r.pos(r.mark(name)), "", "%s %v", name, err)
}

func (r *record) quantity(name string) money.Quantity {
	v, _ := decimal(r, name, money.ParseQuantity[string])
	return v
}

func (r *record) price(name string) money.UnitPrice {
	v, _ := decimal(r, name, money.ParseUnitPrice[string])
	return v
}

func (r *record) rate(name string) money.Rate {
	v, _ := decimal(r, name, money.ParseRate[string])
	return v
}

// amount is an amount of at least 0.
func (r *record) amount(name string) money.Amount {
	v, ok := decimal(r, name, money.ParseAmount[string])
	if ok && v.Sign() < 0 {
		r.fail(name, "", "below 0")
	}
	return v
}

// valid is the row's validity (§1.4).
func (r *record) valid() period.Span {
	span := period.Span{From: period.Past, To: period.Forever}
	parse := func(text string) (period.Instant, error) { return period.ParseValidity(text, r.f.zone) }
	from, okFrom := decimal(r, "valid_from", parse)
	if okFrom {
		span.From = from
	}
	to, okTo := decimal(r, "valid_to", parse)
	if okTo {
		span.To = to
	}
	if okFrom && okTo && from >= to {
		r.fail("valid_to", "", "not after valid_from %q", r.cell("valid_from").text)
		span.To = period.Forever
	}
	return span
}

// date is a calendar day.
func (r *record) date(name string) (period.Day, bool) {
	return decimal(r, name, period.ParseDay[string])
}

func shorten(text string) string {
	if len(text) > 64 {
		return text[:64] + "…"
	}
	return text
}

// otherModels are words of other systems for pricing models.
func otherModels() map[string]string {
	return map[string]string{"tiered": "graduated", "tiers": "graduated", "per_unit": "flat", "unit": "flat",
		"standard": "flat", "package": "block", "stair_step": "stairstep", "stair": "stairstep", "p95": "percentile",
		"percent": "percentage", "subscription": "period", "passthrough": "pass_through"}
}
