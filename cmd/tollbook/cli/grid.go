package cli

import (
	"fmt"
	"io"
	"math/big"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/document"
)

// grid is a table for people: columns are as wide as their widest cell, and numbers are aligned right.
type grid struct {
	align []alignment // by column
	Rows  [][]Cell    // the header, then the rows
	keep  []string    // of DropEmpty; nil = empty columns stay
}

// Cell is a cell of a table.
type Cell struct {
	Text   string // an amount has all its digits
	amount bool
	digits int // of an amount's currency
}

// Amount returns the cell of an amount with all its digits, at least those of its currency. A terminal shows those of
// the currency alone (CLI-9).
func Amount(amount interface{ StringFixed(digits int) string }, digits int) Cell {
	return AmountText(amount.StringFixed(digits), digits)
}

// AmountText is Amount of a text.
func AmountText(text string, digits int) Cell { return Cell{Printable(text), true, digits} }

// Opposite returns the amount with the opposite sign; zero stays unchanged.
func (c Cell) Opposite() Cell {
	if positive, negative := strings.CutPrefix(c.Text, "-"); negative {
		c.Text = positive
	} else if strings.Trim(c.Text, "0.") != "" {
		c.Text = "-" + c.Text
	}
	return c
}

// round rounds an amount half away from zero to the digits of its currency and reports whether it has changed.
func (c *Cell) round() bool {
	exact, ok := new(big.Rat).SetString(c.Text)
	if !c.amount || !ok {
		return false
	}
	before := c.Text
	if c.Text = exact.FloatString(c.digits); strings.Trim(c.Text, "-0.") == "" {
		c.Text = strings.TrimPrefix(c.Text, "-")
	}
	return TrimZeros(c.Text) != TrimZeros(before)
}

// alignment says how the cells of a column are aligned.
type alignment uint8

const (
	left alignment = iota
	right
	point // decimals, with their points aligned
)

// NewGrid returns a table with a header. The prefix > of a name marks a column of numbers, >. one of decimals.
func NewGrid(header ...string) *grid {
	g := &grid{}
	row := make([]Cell, len(header))
	for i, name := range header {
		how := left
		if text, ok := strings.CutPrefix(name, ">."); ok {
			how, name = point, text
		} else if text, ok := strings.CutPrefix(name, ">"); ok {
			how, name = right, text
		}
		g.align = append(g.align, how)
		row[i].Text = name
	}
	g.Rows = append(g.Rows, row)
	return g
}

// Add appends a row without control characters. Values that are neither texts nor a Cell are formatted as by
// fmt.Sprint.
func (g *grid) Add(cells ...any) {
	row := make([]Cell, len(g.align))
	for i, c := range cells {
		cell, ok := c.(Cell)
		if !ok {
			cell.Text = Printable(fmt.Sprint(c))
		}
		row[i] = cell
	}
	g.Rows = append(g.Rows, row)
}

// DropEmpty removes columns that have only empty cells and zeros below the header, except those named in keep.
func (g *grid) DropEmpty(keep ...string) {
	g.keep = append([]string{}, keep...)
	for col := len(g.align) - 1; col >= 0; col-- {
		if !slices.Contains(keep, g.Rows[0][col].Text) && !slices.ContainsFunc(g.Rows[1:], func(row []Cell) bool {
			return strings.Trim(row[col].Text, "0.") != ""
		}) {
			g.drop(col)
		}
	}
}

func (g *grid) drop(col int) {
	g.align = slices.Delete(g.align, col, col+1)
	for i := range g.Rows {
		g.Rows[i] = slices.Delete(g.Rows[i], col, col+1)
	}
}

// equals is between the names of columns that a terminal shows as one.
const equals = " = "

// join drops columns of amounts that are equal to a later one, whose title then names both.
func (g *grid) join() {
	for col := 0; col < len(g.align); col++ {
		if same := g.sameAs(col); same > 0 {
			g.Rows[0][same].Text = g.Rows[0][col].Text + equals + g.Rows[0][same].Text
			g.drop(col)
			col--
		}
	}
}

// sameAs returns the next column with the amounts of col, which can lack a sum; 0 if there is none.
func (g *grid) sameAs(col int) int {
	for other := col + 1; other < len(g.align); other++ {
		if g.align[col] == point && len(g.Rows) > 1 && !slices.ContainsFunc(g.Rows[1:], func(row []Cell) bool {
			return row[col].Text != "" && (!row[col].amount || row[col] != row[other])
		}) {
			return other
		}
	}
	return 0
}

// has reports whether a column has a name, alone or with others.
func (g *grid) has(name string) bool {
	return slices.ContainsFunc(g.Rows[0], func(c Cell) bool {
		return slices.Contains(strings.Split(c.Text, equals), name)
	})
}

// pointUp pads the decimals of a column on the right so that their points are aligned.
func (g *grid) pointUp(col int) {
	most := 0
	fraction := func(cell string) int {
		if at := strings.IndexByte(cell, '.'); at >= 0 {
			return len(cell) - at
		}
		return 0
	}
	for _, row := range g.Rows[1:] {
		most = max(most, fraction(row[col].Text))
	}
	for _, row := range g.Rows[1:] {
		if text := &row[col].Text; *text != "" {
			*text += strings.Repeat(" ", most-fraction(*text))
		}
	}
}

// RoundingHead is the title of a column that shows what rounding adds to the payment, which is -rounding_amount.
const RoundingHead = "rounding"

// dueHead is the title of a column of amounts due.
const dueHead = "due"

// ExplainDue prints below a table of amounts due how they are computed. It mentions the rounding if the table has a
// column of it, and tax if taxed is set.
func (g *grid) ExplainDue(w io.Writer, taxed bool) {
	rounded := g.has(RoundingHead)
	const which = "above 0 the amount is rounded up, below 0 it is rounded down."
	switch {
	case rounded && taxed:
		fmt.Fprintln(w, "\ndue = payment + rounding, plus tax if prices do not include it. Rounding: "+which)
	case rounded:
		fmt.Fprintln(w, "\ndue = payment + rounding: "+which)
	case taxed && g.has(dueHead):
		fmt.Fprintln(w, "\ndue = payment, plus tax if prices do not include it.")
	}
}

// Print writes the table with every line indented. On a terminal the header is bold, amounts have the digits of their
// currency (--exact: all), equal amounts are shown once, and texts are cut if the table is wider than the terminal. A
// table that is still wider is written as lines of "name: value". Numbers are never cut.
func (g *grid) Print(w io.Writer, indent string) {
	var style Style
	if s, ok := w.(*sink); ok && s.style.Width > 0 {
		style = s.style
		s.rounded = g.shorten(style.exact) || s.rounded
	}
	for i, how := range g.align {
		if how == point {
			g.pointUp(i)
		}
	}
	width, heads := g.widths(), 1
	if room := style.Width - len(indent); style.Width > 0 && !g.fit(width, room) {
		g.stack()
		width, heads = g.widths(), 2
		if !g.fit(width, room) {
			g.printLines(w, indent)
			return
		}
	}
	for n, row := range g.Rows {
		line := strings.TrimRight(g.line(row, width), " ")
		if n < heads {
			line = style.strong(line)
		}
		fmt.Fprintln(w, indent+line)
	}
}

// stack divides the header into two rows: titles are often the widest cells of numbers.
func (g *grid) stack() {
	above := make([]Cell, len(g.align))
	for i := range above {
		title := &g.Rows[0][i].Text
		if at := strings.LastIndexByte(*title, ' '); at > 0 {
			above[i].Text, *title = (*title)[:at], (*title)[at+1:]
		}
	}
	g.Rows = slices.Insert(g.Rows, 0, above)
}

// shorten removes digits and columns that a person does not need, and reports whether an amount was rounded.
func (g *grid) shorten(exact bool) (rounded bool) {
	for _, row := range g.Rows[1:] {
		for i := range row {
			rounded = !exact && row[i].round() || rounded
		}
	}
	if g.keep != nil {
		g.DropEmpty(g.keep...)
	}
	g.join()
	return rounded
}

// printLines writes each row below a header of two rows as lines of "name: value", with an empty line between rows.
func (g *grid) printLines(w io.Writer, indent string) {
	for n, row := range g.Rows[2:] {
		if n > 0 {
			fmt.Fprintln(w)
		}
		for i, c := range row {
			if value := strings.TrimSpace(c.Text); value != "" {
				name := strings.TrimSpace(g.Rows[0][i].Text + " " + g.Rows[1][i].Text)
				fmt.Fprintln(w, indent+strings.TrimPrefix(name+": ", ": ")+value)
			}
		}
	}
}

// widths measures each column.
func (g *grid) widths() []int {
	width := make([]int, len(g.align))
	for i := range g.align {
		for _, row := range g.Rows {
			width[i] = max(width[i], document.TextColumns(row[i].Text))
		}
	}
	return width
}

// leastText is the width below which a column of texts is not cut.
const leastText = 12

// fit narrows the columns of texts, the widest first, until the table fits, and reports whether it does.
func (g *grid) fit(width []int, most int) bool {
	over := 2*(len(width)-1) - most
	for _, w := range width {
		over += w
	}
	for over > 0 {
		widest := -1
		for i, how := range g.align {
			if how == left && width[i] > leastText && (widest < 0 || width[i] > width[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return false
		}
		width[widest]--
		over--
	}
	return true
}

// line returns a row with each cell padded or cut to the width of its column.
func (g *grid) line(row []Cell, width []int) string {
	var b strings.Builder
	for i, cell := range row {
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(document.PaddedText(document.CutText(cell.Text, width[i]), width[i], g.align[i] != left))
	}
	return b.String()
}
