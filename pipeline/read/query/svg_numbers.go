package query

import (
	"fmt"
	"strings"
)

// The columns below the plot.
const (
	leftColumn  = annexMargin
	rightColumn = 600
	valueIndent = 108
)

// numbers writes the text below the plot: how the value was measured, what is charged for it, the lines, and the
// source.
func (d *drawing) numbers() error {
	const first = plotBottom + 76
	d.text(leftColumn, first-20, "bold", "How it was measured")
	d.text(rightColumn, first-20, "bold", "What is billed")
	left := d.figures(leftColumn, first, d.a.Measured())
	right := d.figures(rightColumn, first, d.a.Charged())
	d.y = max(left, right) + 16
	if err := d.lines(); err != nil {
		return err
	}
	d.source()
	return nil
}

func (d *drawing) figures(x, y int, list []AnnexFigure) int {
	for _, f := range list {
		d.text(x, y, "name", f.Name)
		d.text(x+valueIndent, y, "", d.cut(f.Value, 66))
		y += rowHeight
	}
	return y
}

// lines writes the table of charges, one row per tier.
func (d *drawing) lines() error {
	a := d.a
	title := "Lines"
	switch {
	case len(a.Lines) == 0:
		title = "No line: the quantity is 0"
	case !a.MonthEnd:
		title = "Lines to come, by today's prices"
	case !a.Agrees:
		title = "Lines as billed; today's books and samples give another quantity"
	}
	d.text(annexMargin, d.y, "bold", title)
	d.y += rowHeight
	if len(a.Lines) == 0 {
		return nil
	}
	at := []int{annexMargin, 300, 460, 600, 740, 880, 1040}
	header := []string{"tier", "quantity, " + a.Measure, "unit price", "official", "discount", "truncated", "to pay, " +
		a.Currency}
	d.row(at, header, "name")
	fmt.Fprintf(&d.body, `<path class="rule" d="M%d %dH%d"/>`+"\n", annexMargin, d.y-13, at[len(at)-1])
	for i := range a.Lines {
		l := &a.Lines[i]
		d.row(at, []string{fmt.Sprintf("%d, %s", l.Tier, l.Kind), l.Quantity.Trim(), l.UnitPrice.Trim(),
			l.Official.StringFixed(a.digits), l.Discount.StringFixed(a.digits),
			l.Truncated.StringFixed(a.digits), l.Payment.StringFixed(a.digits)}, "")
	}
	official, payment, err := a.Payment()
	if err != nil {
		return err
	}
	fmt.Fprintf(&d.body, `<path class="rule" d="M%d %dH%d"/>`+"\n", annexMargin, d.y-13, at[len(at)-1])
	d.row(at, []string{"sum", "", "", official.StringFixed(a.digits), "", "", payment.StringFixed(a.digits)}, "bold")
	return nil
}

// row writes cells: the first is aligned left at its position, the others right.
func (d *drawing) row(at []int, cells []string, class string) {
	for i, c := range cells {
		if c == "" {
			continue
		}
		how := class
		if i > 0 {
			how = strings.TrimSpace(class + " end")
		}
		d.text(at[i], d.y, how, c)
	}
	d.y += rowHeight
}

// source describes the origin of the numbers.
func (d *drawing) source() {
	a := d.a
	d.y += 14
	var links []string
	for i := range a.Links {
		if id := a.Links[i].ResourceID; i == 0 || id != a.Links[i-1].ResourceID {
			links = append(links, id)
		}
	}
	d.text(annexMargin, d.y, "small",
		d.cut(fmt.Sprintf("Source: the %d samples of %s that were accepted for %s (lake manifest %d).", a.Samples,
			strings.Join(links, ", "), a.Cycle, a.manifest), 170))
	d.y += 15
	d.text(annexMargin, d.y, "small",
		fmt.Sprintf("A point is a slot of five minutes. The drawing shows the largest point of every %s; the shaded "+
			"part is above the %s.", d.width(), a.Called()))
	d.y += 24
}

// width returns the time that a column of the drawing represents.
func (d *drawing) width() string {
	minutes := int64(d.a.bounds.To-d.a.bounds.From) / 60_000_000 / (plotRight - plotLeft)
	return fmt.Sprintf("%d minutes", minutes)
}
