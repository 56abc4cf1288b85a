package load

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/schemas/visible"
)

// table is a CSV book being read.
type table struct {
	f      *Files
	file   string // books/products.csv
	format books.Format
	by     map[string]int // column name → index in format.Columns
	index  []int          // index in format.Columns → index in a record, -1 = not in the file
	names  []string       // the header
}

// Record is one record of a table.
type Record struct {
	*table
	Line  int32
	cells []cell
	Bad   bool // it has a problem of its own
}

// Each reads a book row by row; it can do so once. A book that cannot be read completely is broken: references to it
// are not checked.
func (f *Files) Each(file string, visit func(*Record)) {
	format := f.Formats[file]
	text, ok := f.text(format)
	delete(f.Data, file)
	if !ok {
		return
	}
	t := &table{f: f, file: Dir + "/" + file, format: format}
	r := csvReader{text: text, line: 1}
	cells, ok, err := r.next(nil)
	switch {
	case err != nil:
		t.lost(err.Mark, "", err.what)
		return
	case !ok:
		t.lost(Mark{1, 1}, "columns: "+t.columns(), "empty: a header row is needed")
		return
	case !t.header(cells):
		f.Broken[file] = true
		return
	}
	one := Record{table: t}
	for {
		cells, ok, err = r.next(cells)
		switch {
		case !ok:
			return
		case err != nil:
			t.lost(err.Mark, "", err.what)
			if err.fatal {
				return
			}
			continue
		case len(cells) != len(t.names):
			t.lost(Mark{cells[0].Line, 1}, "", fmt.Sprintf("%s where the header has %d", counted(len(cells), "cell"),
				len(t.names)))
			continue
		}
		one.Line, one.cells, one.Bad = cells[0].Line, cells, false
		visit(&one)
	}
}

// lost reports a problem because of which at least one row cannot be read.
func (t *table) lost(at Mark, hint, what string) {
	t.f.Broken[t.format.File] = true
	t.f.Problems.Add(t.Pos(at), hint, "%s", what)
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

// header checks the header row: every column is known or begins with x_, none is duplicate, no required one is missing.
func (t *table) header(cells []cell) bool {
	t.by = make(map[string]int, len(t.format.Columns))
	t.index = make([]int, len(t.format.Columns))
	for i, c := range t.format.Columns {
		t.by[c.Name] = i
		t.index[i] = -1
	}
	ok := true
	for i, c := range cells {
		if slices.Contains(t.names, c.Text) {
			t.f.Problems.Add(t.Pos(c.Mark), "", "column %q is duplicate", settings.ShortYAML(c.Text))
			ok = false
		}
		t.names = append(t.names, c.Text)
		j, known := t.by[c.Text]
		switch {
		case known:
			t.index[j] = i
		case !strings.HasPrefix(c.Text, "x_"):
			hint := "a column of your own begins with x_; known: " + t.columns()
			if near := visible.Nearest(strings.TrimSpace(c.Text), strings.Split(t.columns(), ", ")); near != "" {
				hint = "did you mean " + near + "? " + hint
			}
			t.f.Problems.Add(t.Pos(c.Mark), hint, "unknown column %q",
				settings.ShortYAML(c.Text))
			ok = false
		}
	}
	for i, c := range t.format.Columns {
		if c.Required && t.index[i] < 0 {
			t.f.Problems.Add(t.Pos(Mark{1, 1}), c.Meaning, "missing column %q", c.Name)
			ok = false
		}
	}
	return ok
}

func (t *table) Pos(m Mark) books.Pos {
	return books.Pos{File: t.file, Line: int(m.Line), Column: int(m.Column)}
}

// Column returns the description of a column. It panics for an unknown name.
func (t *table) Column(name string) *books.Column {
	i, ok := t.by[name]
	if !ok {
		panic("books: no column " + name + " in " + t.file)
	}
	return &t.format.Columns[i]
}

// Cell returns the cell of a column; a column that the file lacks gives an empty cell at the row's start.
func (r *Record) Cell(name string) cell {
	i, ok := r.by[name]
	if !ok {
		panic("books: no column " + name + " in " + r.file)
	}
	if i = r.index[i]; i < 0 {
		return cell{Mark: Mark{r.Line, 1}}
	}
	return r.cells[i]
}

// Mark is the place of a cell.
func (r *Record) Mark(name string) Mark { return r.Cell(name).Mark }

// Fail notes a problem with a cell: `column "text": what`.
func (r *Record) Fail(name, hint, format string, args ...any) {
	r.Bad = true
	c := r.Cell(name)
	what := fmt.Sprintf(format, args...)
	if c.Text == "" {
		r.f.Problems.Add(r.Pos(c.Mark), hint, "%s: %s", name, what)
		return
	}
	r.f.Problems.Add(r.Pos(c.Mark), hint, "%s %q: %s", name, settings.ShortYAML(c.Text), what)
}

// Text returns a cell's text or its default. An empty required cell is a problem, and so is an identity with a flaw
// (TEXT-1).
func (r *Record) Text(name string) string {
	text := r.Cell(name).Text
	if flaw := visible.Flaw(text); flaw != "" && slices.Contains(identityTypes(), r.Column(name).Type) {
		r.Fail(name, "remove it", "%s", flaw)
	}
	if text != "" {
		return text
	}
	column := r.Column(name)
	if column.Required {
		r.Fail(name, column.Meaning, "empty")
	}
	return column.Default
}

// identityTypes are the types of columns with identities. Cells of other types are parsed, or are names and notes.
func identityTypes() []string { return []string{"id", "word", "list"} }

// Key is an id: text without the character that lists of ids use.
func (r *Record) Key(name string) string {
	text := r.Text(name)
	if strings.Contains(text, ";") {
		r.Fail(name, "", `an id may not contain ";"`)
	}
	return text
}

// Word is the index of the cell in the column's words; -1 if it is not one of them, or is empty without a default.
func (r *Record) Word(name string) int {
	text := r.Text(name)
	words := r.Column(name).Words
	i := slices.Index(words, text)
	if i < 0 && name == "association_type" { // the names of its codes
		i = slices.Index(books.AssociationNames(), text)
	}
	if i < 0 && text != "" && visible.Flaw(text) == "" {
		r.Fail(name, meant(name, text, words), "not one of %s", strings.Join(words, ", "))
	}
	return i
}

// meant returns a hint if a text is a valid word in other capitals or as other systems call it; "" = none.
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
	if near := visible.Nearest(text, words); near != "" {
		return "did you mean " + near + "?"
	}
	return ""
}

// Flag reads YES or NO.
func (r *Record) Flag(name string) bool { return r.Word(name) == 0 }

// Whole reads a whole number of at least 1.
func (r *Record) Whole(name string) int {
	text := r.Text(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || strconv.Itoa(n) != text {
		r.Fail(name, "", "not a whole number from 1")
		return 0
	}
	return n
}

// Decimal reads a cell with parse. ok is false after a problem and for an empty cell without a default.
func Decimal[T any](r *Record, name string, parse func(string) (T, error)) (v T, ok bool) {
	text := r.Text(name)
	if text == "" {
		return v, false
	}
	v, err := parse(text)
	if err != nil {
		r.FailParse(name, err)
		return v, false
	}
	return v, true
}

// FailParse reports the error of a parser of money or period. The error itself quotes the text.
func (r *Record) FailParse(name string, err error) {
	r.Bad = true
	r.f.Problems.Add(r.Pos(r.Mark(name)), "", "%s %v", name, err)
}

func (r *Record) Quantity(name string) money.Quantity {
	v, _ := Decimal(r, name, money.ParseQuantity[string])
	return v
}

func (r *Record) Price(name string) money.UnitPrice {
	v, _ := Decimal(r, name, money.ParseUnitPrice[string])
	return v
}

func (r *Record) Rate(name string) money.Rate {
	text := r.Text(name)
	if _, err := money.ParseRate(text); text != "" && err != nil {
		if share := ofPercent(text); share != "" {
			r.Bad = true
			r.f.Problems.Add(r.Pos(r.Mark(name)), "write "+share, "%s %v", name, err)
			return money.Rate{}
		}
	}
	v, _ := Decimal(r, name, money.ParseRate[string])
	return v
}

// ofPercent returns the share that a percentage such as 19 or 80% means; "" if a text is none.
func ofPercent(text string) string {
	percent, err := money.ParseQuantity(strings.TrimSpace(strings.TrimSuffix(text, "%")))
	share := new(big.Rat).Quo(percent.Rat(), big.NewRat(100, 1))
	if err != nil || share.Cmp(big.NewRat(1, 1)) > 0 {
		return ""
	}
	digits := share.FloatString(12)
	return digits[:max(len("0.00"), len(strings.TrimRight(digits, "0")))]
}

// Amount reads an amount of at least 0.
func (r *Record) Amount(name string) money.Amount {
	v, ok := Decimal(r, name, money.ParseAmount[string])
	if ok && v.Sign() < 0 {
		r.Fail(name, "", "below 0")
	}
	return v
}

// Valid is the row's validity (§1.4).
func (r *Record) Valid() period.Span {
	span := period.Always()
	parse := func(text string) (period.Instant, error) { return period.ParseValidity(text, r.f.zone) }
	from, okFrom := Decimal(r, "valid_from", parse)
	if okFrom {
		span.From = from
	}
	to, okTo := Decimal(r, "valid_to", parse)
	if okTo {
		span.To = to
	}
	if okFrom && okTo && from >= to {
		r.Fail("valid_to", "", "not after valid_from %q", r.Cell("valid_from").Text)
		span.To = period.Forever
	}
	return span
}

// Date reads a calendar day.
func (r *Record) Date(name string) (period.Day, bool) {
	return Decimal(r, name, period.ParseDay[string])
}

// otherModels maps words of other systems to pricing models.
func otherModels() map[string]string {
	return map[string]string{"tiered": "graduated", "tiers": "graduated", "per_unit": "flat", "unit": "flat",
		"standard": "flat", "package": "block", "stair_step": "stairstep", "stair": "stairstep", "p95": "percentile",
		"percent": "percentage", "subscription": "period", "passthrough": "pass_through"}
}
