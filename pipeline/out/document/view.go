package document

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/visible"
)

// view is a part in printed form.
type view struct {
	Name, Title string
	About       []string
	Heads       []head
	Groups      []*group
	Rest        []field // the sums of groups that are not listed; empty = all are
	Foot        []field // totals; empty = none
	After       []string
}

// head is a column's heading.
type head struct {
	Title string
	Right bool // numbers
}

// group is rows under a heading; a part without groups has one group without a name.
type group struct {
	Name, ID, More string
	Rows           [][]field
	Sums           []field // of more than one row
	tally          *tally
}

// field is one printed value.
type field struct {
	Text     string
	Exact    string // of an amount that Text has rounded
	Head     string // of its column, in a table that does not fit a narrow screen
	Right    bool
	Negative bool
	Strong   bool // of a row that is the sum of those above it
	Decimals int  // digits after the point; −1 = not a decimal number
	Pad      int  // how many more digits the column's longest decimal has
	Point    bool // the number has no decimal point although the column's longest has one
	Colour   int  // of the chart + 1; 0 = none
}

// viewer creates the view of a part.
type viewer struct {
	*Page
	p      *PagePart
	totals *tally
	html   bool
	order  []string // groups, or rows if there are none, in their order
	sizes  map[string]*money.AmountTotal
	chosen map[string]bool // nil = all
	cols   []int           // printed columns
}

// viewOf returns the view of a part with at most so many groups, or rows if it has no groups; negative = all. The HTML
// rounds amounts to the currency's digits.
func (pg *Page) viewOf(p *PagePart, most int, html bool) (*view, error) {
	v := &viewer{Page: pg, p: p, html: html, totals: newTally(p.Cols), sizes: map[string]*money.AmountTotal{}}
	if err := v.count(); err != nil {
		return nil, err
	}
	if most >= 0 && len(v.order) > most && p.Each != "" {
		v.choose(most)
	}
	out := &view{Name: p.Name, Title: cmp.Or(p.Heading, p.Title), About: slices.Clone(p.About)}
	v.columns(out)
	if err := v.fill(out); err != nil {
		return nil, err
	}
	if v.totals.rows == 0 {
		out.After = append(out.After, v.words.Say(TextWords, "Nothing in this cycle."))
	}
	v.align(out)
	return out, nil
}

// unit returns what is listed or omitted together: the group of the n-th row, or the row itself.
func (v *viewer) unit(n int, row []PageCell) string {
	if v.p.Group == 0 {
		return fmt.Sprint(n)
	}
	return v.p.key(row)
}

// count reads the rows once, for totals and the size of each group.
func (v *viewer) count() error {
	for row := range v.p.Rows {
		key := v.unit(v.totals.rows, row)
		if err := v.totals.add(v.p.Cols, row); err != nil {
			return fmt.Errorf("totals of %s: %w", v.p.Title, err)
		}
		size := v.sizes[key]
		if size == nil {
			size = new(money.AmountTotal)
			v.sizes[key] = size
			v.order = append(v.order, key)
		}
		if v.p.Rank >= 0 {
			_ = size.AddTotal(row[v.p.Rank].Amount.Abs()) // used only for the order
		}
	}
	return nil
}

// choose selects the largest groups.
func (v *viewer) choose(most int) {
	list := slices.Clone(v.order)
	slices.SortStableFunc(list, func(a, b string) int { return v.sizes[b].Cmp(*v.sizes[a]) })
	v.chosen = make(map[string]bool, most)
	for _, key := range list[:most] {
		v.chosen[key] = true
	}
}

// columns selects the printed columns. Those of the group are in its heading; values that are always empty, 0 or the
// same may be stated below the table.
func (v *viewer) columns(out *view) {
	var zero, folded []string
	for i := v.p.Group; i < len(v.p.Cols); i++ {
		c := &v.p.Cols[i]
		named := i+1 < len(v.p.Cols) && v.p.Cols[i+1].Code
		switch {
		case c.Code, v.html && v.toCustomer() && c.Kind == Count:
		case c.Fold && v.totals.same[i] && v.totals.rows > 0:
			if v.totals.first[i] != "" {
				folded = append(folded, strings.ToLower(c.Title)+" "+v.totals.first[i])
			}
		case c.Keep || named || v.totals.some[i]:
			v.cols = append(v.cols, i)
			out.Heads = append(out.Heads, head{c.Title, c.Kind.right()})
		case c.Kind.right() && v.totals.rows > 0:
			zero = append(zero, strings.ToLower(c.Title))
		}
	}
	if len(folded) > 0 {
		out.After = append(out.After, v.words.Say(TextWords,
			"In every row: "+strings.Join(folded, v.words.Comma())+"."))
	}
	if len(zero) > 0 && !(v.html && v.toCustomer()) {
		out.After = append(out.After, v.words.Say(TextWords,
			"Omitted, because 0 in every row: "+strings.Join(zero, v.words.Comma())+"."))
	}
}

// right reports whether a column's values are aligned to the right.
func (k CellKind) right() bool { return k == Count || k == Amount || k == Quantity }

// fill reads the rows again: it lists the selected ones and adds up the others.
func (v *viewer) fill(out *view) error {
	groups := map[string]*group{}
	rest := newTally(v.p.Cols)
	hidden := map[string]bool{}
	n := 0
	for row := range v.p.Rows {
		key := v.unit(n, row)
		n++
		if v.chosen != nil && !v.chosen[key] {
			hidden[key] = true
			if err := rest.add(v.p.Cols, row); err != nil {
				return err
			}
			continue
		}
		if v.p.Group == 0 {
			key = ""
		}
		g := groups[key]
		if g == nil {
			g = v.newGroup(row)
			groups[key] = g
			out.Groups = append(out.Groups, g)
		}
		g.Rows = append(g.Rows, v.fields(row))
		if err := g.tally.add(v.p.Cols, row); err != nil {
			return err
		}
	}
	for _, g := range out.Groups {
		if v.p.Group > 0 && len(g.Rows) > 1 {
			g.Sums = v.sums(g.tally, v.words.Say(TextWords, "Sum"))
		}
		g.tally = nil
	}
	v.rest(out, rest, len(hidden))
	if slices.ContainsFunc(v.p.Cols, func(c PageColumn) bool { return c.Sum }) && v.totals.rows > 0 {
		out.Foot = v.sums(v.totals, v.words.Say(TextWords, "Total"))
	}
	return nil
}

// newGroup returns the group of a row, with its heading.
func (v *viewer) newGroup(row []PageCell) *group {
	g := &group{tally: newTally(v.p.Cols)}
	switch {
	case v.p.Group >= 4: // service, product, sku, measure
		g.Name, g.ID = visible.Isolated(row[1].Text), row[2].Text
		more := []string{visible.Isolated(row[0].Text), v.per(row[3].Text)}
		g.More = strings.Join(slices.DeleteFunc(more, func(s string) bool { return s == "" }), ", ")
	case v.p.Group >= 2: // name, id
		g.Name, g.ID = visible.Isolated(row[0].Text), row[1].Text
	}
	if g.Name == "" {
		g.Name, g.ID = g.ID, ""
	}
	if g.Name == "" { // without a product
		g.Name, g.More = g.More, ""
	}
	return g
}

func (v *viewer) per(measure string) string {
	if measure == "" {
		return ""
	}
	return v.words.Say(TextWords, "per "+measure)
}

// rest says what is not listed and where it is.
func (v *viewer) rest(out *view, t *tally, groups int) {
	if groups == 0 {
		return
	}
	out.Rest = v.sums(t, v.words.Say(TextWords,
		fmt.Sprintf("%s further %s", GroupedDigits(fmt.Sprint(groups)), v.p.Each)))
	by := ""
	if v.p.Rank >= 0 {
		by = fmt.Sprintf(" with the largest amounts in column %q", strings.ToLower(v.p.Cols[v.p.Rank].Title))
	}
	out.About = append(out.About,
		v.words.Say(TextWords, fmt.Sprintf("Listed here are the %s %s%s. The %s others, %s rows, are one row "+
			"before the total; all of them are in the XLSX, CSV and JSON forms of this document.",
			GroupedDigits(fmt.Sprint(len(v.order)-groups)), v.p.Each, by, GroupedDigits(fmt.Sprint(groups)),
			GroupedDigits(fmt.Sprint(t.rows)))))
}

// fields returns a row's printed values.
func (v *viewer) fields(row []PageCell) []field {
	out := make([]field, len(v.cols))
	strong := v.p.sumOfAbove(row)
	for i, at := range v.cols {
		c := &v.p.Cols[at]
		out[i] = v.field(c, &row[at])
		out[i].Strong = strong
		if at+1 < len(v.p.Cols) && v.p.Cols[at+1].Code {
			if out[i].Text == "" {
				out[i].Text = row[at+1].Text
			}
			if v.p.Swatches {
				out[i].Colour = v.Chart.ColourOf(row[at+1].Text) + 1
			}
		}
	}
	return out
}

// sums returns the printed values of a tally.
func (v *viewer) sums(t *tally, label string) []field {
	out := make([]field, len(v.cols))
	for i, at := range v.cols {
		c := &v.p.Cols[at]
		if c.Sum {
			out[i] = v.field(c, &t.cells[at])
		} else {
			out[i] = field{Right: c.Kind.right(), Decimals: -1}
		}
	}
	if len(out) > 0 && !out[0].Right {
		out[0].Text = label
	}
	return out
}

func (v *viewer) field(c *PageColumn, value *PageCell) field {
	f := field{Text: value.shown(c.Kind, v.Header), Right: c.Kind.right(), Decimals: -1}
	if v.html && c.Kind == Amount && !v.p.Spare {
		exact := f.Text
		if f.Text = v.Header.rounded(value); f.Text != exact {
			f.Exact = exact
		}
	}
	if v.html && v.toCustomer() && c.Say == KindWords {
		f.Text = strings.ReplaceAll(f.Text, "_", " ")
	}
	f.Negative = f.Right && strings.HasPrefix(f.Text, MinusSign)
	if f.Right && f.Text != "" {
		f.Decimals = 0
		if at := strings.IndexByte(f.Text, '.'); at >= 0 {
			f.Decimals = len(f.Text) - at - 1
		}
	}
	return f
}

// align sets for each number how many more decimals the column's longest decimal has.
func (v *viewer) align(out *view) {
	for col := range v.cols {
		if len(v.cols) > fewColumns {
			out.each(func(row []field) { row[col].Head = out.Heads[col].Title })
		}
		most := 0
		out.each(func(row []field) { most = max(most, row[col].Decimals) })
		out.each(func(row []field) {
			if f := &row[col]; f.Decimals >= 0 {
				f.Pad, f.Point = most-f.Decimals, most > 0 && f.Decimals == 0
			}
		})
	}
}

// fewColumns is how many columns fit a narrow screen.
const fewColumns = 3

// each visits every row of values.
func (w *view) each(visit func([]field)) {
	for _, g := range w.Groups {
		for _, row := range g.Rows {
			visit(row)
		}
		if len(g.Sums) > 0 {
			visit(g.Sums)
		}
	}
	for _, row := range [][]field{w.Rest, w.Foot} {
		if len(row) > 0 {
			visit(row)
		}
	}
}
