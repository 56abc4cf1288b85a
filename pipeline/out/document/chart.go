package document

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// Chart shows amounts as stacked bars, each part of a bar in its colour: consumption by day and service. Negative
// amounts are below the axis.
type Chart struct {
	cycle    period.Cycle // of a chart of days
	currency string
	digits   int         // of the currency
	words    *Dictionary // nil = English
	services []*service  // the largest first; those from index maxColours−1 share the last colour
	bars     []bar
	axis     query.Axis
	left     int    // of the plot, so that the labels of the axis fit before it
	title    string // of the drawing
	per      string // unit of the values, above the axis
	below    string // caption of the labels, below the axis
	each     string // what a bar shows; "" = a day, with a table of its services
	turned   bool   // the labels of the bars are too long to be horizontal
	spread   bool   // month-end amounts are spread over all days
}

// service is one service over the cycle.
type service struct {
	ChartSum
	size   money.AmountTotal // Σ |amount of a day|
	colour int
}

func (s *service) called() string {
	if s.Name == "" {
		return s.Code
	}
	return visible.Isolated(s.Name)
}

// bar is one day. Amounts are by colour.
type bar struct {
	label   string // on the axis
	day     string
	amounts []money.AmountTotal
	total   money.AmountTotal
}

// maxColours is the largest number of colours; if there are more services, the last colour is that of all others.
const maxColours = 8

// ByDay returns the chart of a cycle's consumption by day and service, with amounts in a currency of so many digits, or
// nil if there is no consumption. No day of usage may be after the cycle.
func ByDay(cycle period.Cycle, currency string, digits int, usage []ChartUsage) *Chart {
	if len(usage) == 0 {
		return nil
	}
	c := &Chart{cycle: cycle, currency: currency, digits: digits,
		title: "Consumption by day and service in " + cycle.String(), per: currency + " a day",
		below: "day of " + cycle.String()}
	at := map[string]*service{}
	for i := range usage {
		u := &usage[i]
		s := at[u.Service]
		if s == nil {
			s = &service{ChartSum: ChartSum{Code: u.Service, Name: u.ServiceName}}
			at[u.Service] = s
			c.services = append(c.services, s)
		}
		_ = s.Total.AddTotal(u.Amount) // in range, because the sum of all is
		_ = s.size.AddTotal(u.Amount.Abs())
	}
	slices.SortFunc(c.services, func(a, b *service) int {
		return cmp.Or(b.size.Cmp(a.size), cmp.Compare(a.Code, b.Code))
	})
	for i, s := range c.services {
		s.colour = min(i, maxColours-1)
	}
	c.fill(usage, at)
	c.scale()
	return c
}

// fill creates the bars: one for all days before the cycle, if there are any, and one per day.
func (c *Chart) fill(usage []ChartUsage, at map[string]*service) {
	first, early := c.cycle.First(), false
	for i := range usage {
		early = early || usage[i].Day < first
	}
	empty := func(label, day string) bar {
		return bar{label: label, day: day, amounts: make([]money.AmountTotal, maxColours)}
	}
	offset := 0
	if early {
		c.bars, offset = append(c.bars, empty("< 1", "days before "+first.String())), 1
	}
	for day := first; day <= c.cycle.Last(); day++ {
		_, _, number := day.Date()
		c.bars = append(c.bars, empty(fmt.Sprint(number), day.String()))
	}
	for i := range usage {
		u := &usage[i]
		colour, slot := at[u.Service].colour, 0
		if u.Day >= first {
			slot = int(u.Day-first) + offset
		}
		if !u.MonthEnd || u.Day < first {
			c.bars[slot].add(colour, u.Amount)
			continue
		}
		c.spread = true
		for day, part := range spread(u.Amount, c.cycle.Days()) {
			c.bars[offset+day].add(colour, part)
		}
	}
}

// add adds an amount in a colour.
func (b *bar) add(colour int, a money.AmountTotal) {
	_ = b.amounts[colour].AddTotal(a) // in range, because the sum of all is
	_ = b.total.AddTotal(a)
}

// spread divides an amount evenly by days, without loss (money.Allocate). An amount that is too large for that goes to
// the first day.
func spread(a money.AmountTotal, days int) []money.AmountTotal {
	parts := make([]money.AmountTotal, days)
	parts[0] = a
	all, err := a.Amount()
	if err != nil {
		return parts
	}
	shares, err := money.Allocate(all, slices.Repeat([]money.Amount{all.Abs()}, days), money.AmountScale)
	if err != nil { // an amount of 0
		return parts
	}
	for day, share := range shares {
		parts[day] = money.AmountTotal{}
		_ = parts[day].Add(share) // a part of the amount
	}
	return parts
}

// scale chooses an axis that includes every bar, and the place of the plot.
func (c *Chart) scale() {
	top, bottom := new(big.Rat), new(big.Rat)
	for i := range c.bars {
		up, down := new(big.Rat), new(big.Rat)
		for _, a := range c.bars[i].amounts {
			if v := a.Rat(); v.Sign() > 0 {
				up.Add(up, v)
			} else {
				down.Add(down, v)
			}
		}
		if up.Cmp(top) > 0 {
			top = up
		}
		if down.Cmp(bottom) < 0 {
			bottom = down
		}
	}
	c.axis = axisOf(bottom, top)
	c.left = plotLeft
	for _, i := range []int64{-c.axis.Below, c.axis.Above} {
		c.left = max(c.left, utf8.RuneCountInString(label(&c.axis, i))*digitWidth+labelGap+2)
	}
}

// label returns the value that is so many steps from 0.
func label(a *query.Axis, steps int64) string { return GroupedDigits(a.Text(steps)) }

// maxSteps is how many steps an axis has at most.
const maxSteps = 6

// axisOf returns an axis that includes 0 and two amounts.
func axisOf(bottom, top *big.Rat) query.Axis {
	return query.AxisOf(bottom, top, money.AmountScale, maxSteps)
}

// ChartSum is a service and its sum over the cycle, in the chart's currency. Name may be empty.
type ChartSum struct {
	Code, Name string
	Total      money.AmountTotal
}

// Sums returns the sums by service, the largest first.
func (c *Chart) Sums() []ChartSum {
	list := make([]ChartSum, len(c.services))
	for i, s := range c.services {
		list[i] = s.ChartSum
	}
	return list
}

// Translate sets the language of the chart's texts.
func (c *Chart) Translate(d *Dictionary) { c.words = d }

// Caption returns what the drawing does not show, in the language of the chart.
func (c *Chart) Caption() string {
	list := []string{"By day; the colours are those of the table."}
	if len(c.bars) > c.cycle.Days() {
		list = append(list, "< 1: late lines, of days before the cycle.")
	}
	if c.spread {
		list = append(list, "What is charged at the month's end is spread evenly over its days.")
	}
	list = append(list, "Every day's amounts are in the XLSX, CSV and JSON forms of this document.")
	if n := len(c.services) - maxColours + 1; n > 1 {
		list = append(list, fmt.Sprintf("The %d smallest services share one colour.", n))
	}
	return strings.Join(c.words.All(TextWords, list), c.words.Gap())
}

// The drawing's measures, in units of its view box.
const (
	chartWidth  = 720
	chartHeight = 236
	plotLeft    = 86 // at least
	digitWidth  = 6  // of a label of the axis, at most
	labelGap    = 6  // between a label of the axis and the plot
	plotRight   = 712
	plotTop     = 22
	plotBottom  = 200
)

// colour is a colour of a chart and its hatching for grey print.
type colour struct {
	fill  string
	lines string // directions: - level, | upright, / rising, \ falling
	step  int    // from line to line
	ink   string // of the lines
}

// palette returns colours that people with colour blindness can distinguish (Okabe and Ito). The hatching is drawn as
// lines, because browsers print a field with a pattern as a bitmap.
func palette() []colour {
	const white, dark = "#fff", "#333"
	return []colour{{fill: "#0072b2"}, {"#e69f00", "/", 8, white}, {"#009e73", `/\`, 8, white},
		{"#cc79a7", "-", 4, white}, {"#56b4e9", `\`, 8, white}, {"#d55e00", "|", 4, white},
		{"#f0e442", `/\`, 8, dark}, {"#777777", "-|", 8, white}}
}

// hatch draws the lines over a rectangle, and beyond it if they are not parallel to its sides.
func (c *colour) hatch(b *strings.Builder, x, y, width, height int) {
	if c.lines == "" {
		return
	}
	b.WriteString(`<path fill="none" pointer-events="none" stroke="` + c.ink + `" stroke-width="1.3" d="`)
	for _, line := range c.lines {
		switch line {
		case '-':
			for at := y + 2; at < y+height; at += c.step {
				fmt.Fprintf(b, "M%d %dh%d", x+2, at, width)
			}
		case '|':
			for at := x + 2; at < x+width; at += c.step {
				fmt.Fprintf(b, "M%d %dv%d", at, y, height)
			}
		case '/':
			for at := x - height; at < x+width; at += c.step {
				fmt.Fprintf(b, "M%d %dl%d -%d", at, y+height, height, height)
			}
		case '\\':
			for at := x - height; at < x+width; at += c.step {
				fmt.Fprintf(b, "M%d %dl%d %d", at, y, height, height)
			}
		}
	}
	b.WriteString(`"/>`)
}

// SVG returns the chart as markup for a page.
func (c *Chart) SVG() string {
	var b strings.Builder
	fmt.Fprintf(&b,
		`<svg class="chart" xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" `+
			`aria-labelledby="chart-title chart-desc">`+"\n", chartWidth, chartHeight)
	c.draw(&b)
	b.WriteString("</svg>\n")
	return b.String()
}

// draw draws the chart. Coordinates are hundredths, calculated with rationals.
func (c *Chart) draw(b *strings.Builder) {
	fmt.Fprintf(b, "<title id=\"chart-title\">%s</title>\n<desc id=\"chart-desc\">%s</desc>\n",
		query.EscapeXML(c.words.Say(TextWords, c.title)), query.EscapeXML(c.words.Say(TextWords, c.describe())))
	c.grid(b)
	width := (plotRight - c.left) * 100 / len(c.bars)
	fields := make([]strings.Builder, maxColours)
	b.WriteString(`<g aria-hidden="true">` + "\n") // the description has what they say
	for i := range c.bars {
		c.bar(b, &c.bars[i], c.left*100+i*width, width, fields)
	}
	for i, p := range palette() {
		if fields[i].Len() > 0 && p.lines != "" {
			fmt.Fprintf(b, `<clipPath id="bars-%d"><path d="%s"/></clipPath><g clip-path="url(#bars-%[1]d)">`, i,
				fields[i].String())
			p.hatch(b, c.left, plotTop, plotRight-c.left, plotBottom-plotTop)
			b.WriteString("</g>\n")
		}
	}
	b.WriteString("</g>\n")
	fmt.Fprintf(b, `<path class="zero" d="M%d %sH%d"/>`+"\n", c.left, hundredths(c.y(new(big.Rat))), plotRight)
}

// describe returns a description of the drawing in words.
func (c *Chart) describe() string {
	most := &c.bars[0]
	for i := range c.bars {
		if c.bars[i].total.Cmp(most.total) > 0 {
			most = &c.bars[i]
		}
	}
	if c.each != "" {
		return fmt.Sprintf("Bars, one per %s, in %s. The largest %[1]s is %[3]s with %[4]s.", c.each, c.currency,
			most.day, GroupedDigits(most.total.StringFixed(c.digits)))
	}
	return fmt.Sprintf("Stacked bars, one per day, in %s before rounding. The largest day is %s with %s. The table of "+
		"services has the sums.",
		c.currency, c.dayName(most), GroupedDigits(most.total.StringFixed(c.digits)))
}

// y returns the height of an amount, in hundredths.
func (c *Chart) y(v *big.Rat) int64 {
	r := new(big.Rat).Quo(v, c.axis.Step)
	r.Add(r, big.NewRat(c.axis.Below, 1))
	r.Mul(r, big.NewRat((plotBottom-plotTop)*100, c.axis.Below+c.axis.Above))
	return plotBottom*100 - new(big.Int).Quo(r.Num(), r.Denom()).Int64()
}

func (c *Chart) grid(b *strings.Builder) {
	fmt.Fprintf(b, `<text x="%d" y="%d" class="end">%s</text>`+"\n", c.left-labelGap, plotTop-12,
		query.EscapeXML(c.words.Say(TextWords, c.per)))
	for i := -c.axis.Below; i <= c.axis.Above; i++ {
		y := c.y(c.axis.At(i))
		fmt.Fprintf(b, `<path class="grid" d="M%d %sH%d"/><text x="%d" y="%s" class="end">%s</text>`+"\n", c.left,
			hundredths(y), plotRight, c.left-labelGap, hundredths(y+350), query.EscapeXML(label(&c.axis, i)))
	}
	if c.below != "" {
		fmt.Fprintf(b, `<text x="%d" y="%d" class="mid">%s</text>`+"\n", (c.left+plotRight)/2, plotBottom+30,
			query.EscapeXML(c.words.Say(TextWords, c.below)))
	}
}

// bar draws one day: positive amounts upward, negative ones downward, each with its value as a tooltip. It adds their
// outlines to the fields of their colours.
func (c *Chart) bar(b *strings.Builder, day *bar, x, width int, fields []strings.Builder) {
	gap := width / 8
	up, down := new(big.Rat), new(big.Rat)
	for i, a := range day.amounts {
		v := a.Rat()
		if v.Sign() == 0 {
			continue
		}
		base := up
		if v.Sign() < 0 {
			base = down
		}
		from := c.y(base)
		base.Add(base, v)
		to := c.y(base)
		name := c.dayName(day)
		if called := c.colourName(i); called != "" {
			name += ", " + called
		}
		left, top := hundredths(int64(x+gap)), hundredths(min(from, to))
		across, down := hundredths(int64(width-2*gap)), hundredths(max(from-to, to-from))
		fmt.Fprintf(b, `<rect x="%s" y="%s" width="%s" height="%s" fill="%s"><title>%s</title></rect>`+"\n",
			left, top, across, down, palette()[i].fill,
			query.EscapeXML(name+": "+GroupedDigits(a.StringFixed(c.digits))))
		fmt.Fprintf(&fields[i], "M%s %sh%sv%sH%sz", left, top, across, down, left)
	}
	if c.turned {
		fmt.Fprintf(b, `<text class="end" transform="translate(%s %d) rotate(-40)">%s</text>`+"\n",
			hundredths(int64(x+width/2)+400), plotBottom+12, query.EscapeXML(day.label))
		return
	}
	fmt.Fprintf(b, `<text x="%s" y="%d" class="mid">%s</text>`+"\n", hundredths(int64(x+width/2)), plotBottom+14,
		query.EscapeXML(day.label))
}

// dayName returns the name of a bar.
func (c *Chart) dayName(b *bar) string {
	if strings.ContainsFunc(b.day, Latin) {
		return c.words.Say(TextWords, b.day)
	}
	return b.day
}

// colourName returns the service of a colour, or how many share it.
func (c *Chart) colourName(colour int) string {
	if colour == maxColours-1 && len(c.services) > maxColours {
		return c.words.Say(TextWords, fmt.Sprintf("%d other services", len(c.services)-maxColours+1))
	}
	return c.services[colour].called()
}

// Swatch returns markup of a small field in a colour, counted from 0, for the legend.
func Swatch(colour int) string { return swatch(colour, `class="swatch" aria-hidden="true"`) }

// swatch returns a field in a colour as an svg element with attributes.
func swatch(colour int, attributes string) string {
	const side = 16
	c := &palette()[colour]
	var b strings.Builder
	fmt.Fprintf(&b, `<svg %s viewBox="0 0 %d %[2]d"><rect width="%[2]d" height="%[2]d" fill="%[3]s"/>`, attributes, side,
		c.fill)
	c.hatch(&b, 0, 0, side, side)
	b.WriteString("</svg>")
	return b.String()
}

// hundredths writes a length.
func hundredths(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	return sign + TrimmedZeros(fmt.Sprintf("%d.%02d", n/100, n%100))
}

// ColourOf returns the colour of a service, counted from 0.
func (c *Chart) ColourOf(code string) int {
	for _, s := range c.services {
		if s.Code == code {
			return s.colour
		}
	}
	return maxColours - 1
}
