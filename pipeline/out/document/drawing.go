package document

import "github.com/tollbook/tollbook/schemas/money"

// Drawing is a chart outside a document: SVG markup for a page of HTML, whose style gives the classes chart, grid,
// zero, end and mid their look. Its texts are escaped.
type Drawing struct {
	SVG    string
	Legend []Mark
}

// Mark is one colour of a drawing: markup of a small field in the colour, for the same page.
type Mark struct{ Name, Swatch string }

// DayDrawing draws consumption by day and service; nil if there is none.
func DayDrawing(h *Header, usage []Usage) *Drawing {
	c := newChart(h, usage)
	if c == nil {
		return nil
	}
	return c.drawing()
}

// Month is one bar of MonthDrawing.
type Month struct {
	Cycle  string
	Closed bool
	Amount money.AmountTotal
}

// MonthDrawing draws amounts by month, with the words for closed and provisional ones; nil if there are no months.
func MonthDrawing(currency string, digits int, title, closed, provisional string, months []Month) *Drawing {
	if len(months) == 0 {
		return nil
	}
	c := &chart{header: &Header{Currency: currency, Digits: digits}, title: title, per: currency, each: "month",
		services: []*service{{code: closed}, {code: provisional, colour: 1}}}
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
	return c.drawing()
}

// drawing is the chart with its legend.
func (c *chart) drawing() *Drawing {
	d := &Drawing{SVG: c.svg()}
	for i := range min(len(c.services), maxColours) {
		d.Legend = append(d.Legend, Mark{Name: c.colourName(i), Swatch: swatch(i)})
	}
	return d
}
