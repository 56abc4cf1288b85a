package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/out/document"
)

// grid is a table for people: columns are as wide as their widest cell, and numbers are aligned right.
type grid struct {
	align []alignment // by column
	Rows  [][]string
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
	row := make([]string, len(header))
	for i, name := range header {
		how := left
		if text, ok := strings.CutPrefix(name, ">."); ok {
			how, name = point, text
		} else if text, ok := strings.CutPrefix(name, ">"); ok {
			how, name = right, text
		}
		g.align = append(g.align, how)
		row[i] = name
	}
	g.Rows = append(g.Rows, row)
	return g
}

// Add appends a row without control characters; values that are not strings are formatted as by fmt.Sprint.
func (g *grid) Add(cells ...any) {
	row := make([]string, len(g.align))
	for i, c := range cells {
		row[i] = Printable(fmt.Sprint(c))
	}
	g.Rows = append(g.Rows, row)
}

// DropEmpty removes columns that have only empty cells and zeros below the header, except those named in keep.
func (g *grid) DropEmpty(keep ...string) {
	for col := len(g.align) - 1; col >= 0; col-- {
		if slices.Contains(keep, g.Rows[0][col]) || slices.ContainsFunc(g.Rows[1:], func(row []string) bool {
			return strings.Trim(row[col], "0.") != ""
		}) {
			continue
		}
		g.align = slices.Delete(g.align, col, col+1)
		for i := range g.Rows {
			g.Rows[i] = slices.Delete(g.Rows[i], col, col+1)
		}
	}
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
		most = max(most, fraction(row[col]))
	}
	for _, row := range g.Rows[1:] {
		if row[col] != "" {
			row[col] += strings.Repeat(" ", most-fraction(row[col]))
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
	rounded := slices.Contains(g.Rows[0], RoundingHead)
	const which = "above 0 the amount is rounded up, below 0 it is rounded down."
	switch {
	case rounded && taxed:
		fmt.Fprintln(w, "\ndue = payment + rounding, plus tax if prices do not include it. Rounding: "+which)
	case rounded:
		fmt.Fprintln(w, "\ndue = payment + rounding: "+which)
	case taxed && slices.Contains(g.Rows[0], dueHead):
		fmt.Fprintln(w, "\ndue = payment, plus tax if prices do not include it.")
	}
}

// Opposite returns a decimal with the opposite sign; zero stays unchanged.
func Opposite(text string) string {
	if positive, negative := strings.CutPrefix(text, "-"); negative {
		return positive
	}
	if strings.Trim(text, "0.") == "" {
		return text
	}
	return "-" + text
}

// Print writes the table with every line indented. On a terminal the header is bold, and texts are cut if the table is
// wider than the terminal; numbers are never cut.
func (g *grid) Print(w io.Writer, indent string) {
	var style Style
	if s, ok := w.(*sink); ok {
		style = s.style
	}
	width := g.widths()
	if style.Width > 0 {
		g.fit(width, style.Width-len(indent))
	}
	for n, row := range g.Rows {
		line := strings.TrimRight(g.line(row, width), " ")
		if n == 0 {
			line = style.strong(line)
		}
		fmt.Fprintln(w, indent+line)
	}
}

// widths aligns the points of decimals and measures each column.
func (g *grid) widths() []int {
	width := make([]int, len(g.align))
	for i, how := range g.align {
		if how == point {
			g.pointUp(i)
		}
		for _, row := range g.Rows {
			width[i] = max(width[i], document.TextColumns(row[i]))
		}
	}
	return width
}

// leastText is the width below which a column of texts is not cut.
const leastText = 12

// fit narrows the columns of texts, the widest first, until the table fits or no column of texts can be narrowed.
func (g *grid) fit(width []int, most int) {
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
			return
		}
		width[widest]--
		over--
	}
}

// line returns a row with each cell padded or cut to the width of its column.
func (g *grid) line(row []string, width []int) string {
	var b strings.Builder
	for i, cell := range row {
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(document.PaddedText(document.CutText(cell, width[i]), width[i], g.align[i] != left))
	}
	return b.String()
}
