package document

import "github.com/tollbook/tollbook/schemas/money"

// Drawing is a chart outside a document: SVG markup for an HTML page, whose style sheet defines the classes chart,
// grid, zero, end and mid. Its texts are escaped.
type Drawing struct {
	SVG    string
	Legend []ChartMark
}

// ChartMark is one colour of a drawing: markup of a small field in the colour, for the same page.
type ChartMark struct{ Name, Swatch string }

// ChartMonth is one bar of MonthDrawing.
type ChartMonth struct {
	Cycle  string
	Closed bool
	Amount money.AmountTotal
}

// MonthDrawing draws amounts by month, with the words for closed and provisional ones; nil if there are no months.
func MonthDrawing(currency string, digits int, title, closed, provisional string, months []ChartMonth) *Drawing {
	if len(months) == 0 {
		return nil
	}
	c := &Chart{currency: currency, digits: digits, title: title, per: currency, each: "month",
		services: []*service{{ChartSum: ChartSum{Code: closed}}, {ChartSum: ChartSum{Code: provisional}, colour: 1}}}
	for _, m := range months {
		b := bar{label: m.Cycle, day: m.Cycle, amounts: make([]money.AmountTotal, maxColours), total: m.Amount}
		colour := 0
		if !m.Closed {
			colour = 1
		}
		b.amounts[colour] = m.Amount
		c.bars = append(c.bars, b)
	}
	c.scale()
	return c.Drawing()
}

// Drawing returns the chart with its legend, outside a document.
func (c *Chart) Drawing() *Drawing {
	d := &Drawing{SVG: c.SVG()}
	for i := range min(len(c.services), maxColours) {
		d.Legend = append(d.Legend, ChartMark{Name: c.colourName(i), Swatch: Swatch(i)})
	}
	return d
}
