package query

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/visible"
)

// The drawing's dimensions, in units of its view box. It is as wide as a page in landscape.
const (
	pageWidth   = 1120
	annexMargin = 40
	plotLeft    = 92
	plotRight   = 932
	plotTop     = 118
	plotBottom  = 468
	rowHeight   = 19
)

// style is the style sheet. Its colours also differ in grey.
const style = `text{font-family:Helvetica,Arial,"Liberation Sans","DejaVu Sans",sans-serif;font-size:12px;fill:#222}
.title{font-size:20px;font-weight:bold}.sub{font-size:13px;fill:#444}.small{font-size:11px;fill:#555}.bold{font-weight:bold}
.end{text-anchor:end}.mid{text-anchor:middle}.name{fill:#666}
.frame{fill:none;stroke:#666;stroke-width:1}.grid{fill:none;stroke:#ddd;stroke-width:.7}.tick{fill:none;stroke:#666;stroke-width:1}
.under{fill:#d5e3f0;stroke:none}.above{fill:#e9a23b;stroke:#b8741a;stroke-width:.9}.series{fill:none;stroke:#1f4e79;stroke-width:1;stroke-linejoin:round}
.cut{fill:none;stroke:#b3261e;stroke-width:1.8;stroke-dasharray:8 4}.commit{fill:none;stroke:#222;stroke-width:2;stroke-dasharray:2 4}
.cuttext{fill:#b3261e;font-weight:bold}.rule{stroke:#999;stroke-width:.8}`

// SVG draws the annex.
func (a *Annex) SVG() ([]byte, error) {
	drawn, err := a.Draw()
	return drawn.SVG, err
}

// AnnexDrawing is a drawing of an annex.
type AnnexDrawing struct {
	SVG []byte
	Cut map[string]string // by shortened text: the complete text; nil = none was shortened
}

// Draw draws the annex and returns the texts that it shortened.
func (a *Annex) Draw() (AnnexDrawing, error) {
	d := &drawing{a: a, span: a.bounds, series: a.series}
	d.scale()
	d.header(fmt.Sprintf("%s: bandwidth of %s in %s", a.named(), a.Object, a.Cycle))
	d.days()
	d.plot()
	d.marks()
	if err := d.numbers(); err != nil {
		return AnnexDrawing{}, err
	}
	return AnnexDrawing{d.svg(), d.whole}, nil
}

// DrawDay draws one day of the cycle, with the value and the commit of the cycle.
func (a *Annex) DrawDay(day period.Day) []byte {
	d := &drawing{a: a, span: a.zone.DaySpan(day), y: plotBottom + 56}
	for _, p := range a.series {
		if d.span.Holds(p.slot.Start()) {
			d.series = append(d.series, p)
		}
	}
	d.scale()
	d.header(fmt.Sprintf("%s: bandwidth of %s on %s", a.named(), a.Object, day))
	d.hours(day)
	d.plot()
	d.marks()
	return d.svg()
}

// svg returns the drawing as a file.
func (d *drawing) svg() []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<?xml version="1.0" encoding="UTF-8"?>
<svg xmlns="http://www.w3.org/2000/svg" version="1.1" width="297mm" viewBox="0 0 %d %d" preserveAspectRatio="xMidYMin meet">
<title>%s</title>
<style type="text/css">`, pageWidth, d.y, EscapeXML(d.title))
	_ = xml.EscapeText(&out, []byte(style)) // a Buffer returns no error
	fmt.Fprintf(&out, `</style>
<rect x="0" y="0" width="%d" height="%d" fill="#fff"/>
`, pageWidth, d.y)
	out.Write(d.body.Bytes())
	out.WriteString("</svg>\n")
	return out.Bytes()
}

// drawing is a drawing in progress. Lengths called tenths are in tenths of a unit.
type drawing struct {
	a      *Annex
	span   period.Span // shownInAnnex in the plot
	series []sample    // within span
	title  string
	body   bytes.Buffer
	axis   Axis
	y      int // current position below the plot

	whole map[string]string // the complete texts of shortened ones
}

// named returns the customer's name, or its id.
func (a *Annex) named() string { return cmp.Or(visible.Isolated(a.CustomerName), a.CustomerID) }

// cut shortens a text that would not fit, and stores the complete text.
func (d *drawing) cut(text string, most int) string {
	if utf8.RuneCountInString(text) <= most {
		return text
	}
	short := string([]rune(text)[:most-1]) + "…"
	if d.whole == nil {
		d.whole = make(map[string]string)
	}
	d.whole[short] = text
	return short
}

// text draws words at a position.
func (d *drawing) text(x, y int, class, words string) {
	fmt.Fprintf(&d.body, `<text x="%d" y="%d" class="%s">%s</text>`+"\n", x, y, class, EscapeXML(words))
}

// tenths formats a length.
func tenths(n int64) string {
	if n%10 == 0 {
		return fmt.Sprint(n / 10)
	}
	return fmt.Sprintf("%d.%d", n/10, n%10)
}

// scale chooses the axis so that it contains the series, the value and the commit.
func (d *drawing) scale() {
	top := new(big.Rat).Set(d.a.value)
	if c := d.a.Commit.Rat(); c.Cmp(top) > 0 {
		top = c
	}
	for i := range d.series {
		if v := d.mbps(d.series[i].bps); v.Cmp(top) > 0 {
			top = v
		}
	}
	d.axis = axisTo(top)
}

func (d *drawing) mbps(bps money.QuantityTotal) *big.Rat {
	return new(big.Rat).Quo(bps.Rat(), d.a.megabit)
}

// yOf returns the vertical position of a value, in tenths.
func (d *drawing) yOf(mbps *big.Rat) int64 {
	r := new(big.Rat).Quo(mbps, d.axis.At(d.axis.Above))
	r.Mul(r, big.NewRat((plotBottom-plotTop)*10, 1))
	return plotBottom*10 - new(big.Int).Quo(r.Num(), r.Denom()).Int64()
}

// xOf returns the horizontal position of an instant, in tenths.
func (d *drawing) xOf(t period.Instant) int64 {
	b := d.span
	return plotLeft*10 + int64(t-b.From)*(plotRight-plotLeft)*10/int64(b.To-b.From)
}

func (d *drawing) header(title string) {
	a := d.a
	d.title = title
	d.text(annexMargin, 46, "title", d.cut(title, 84))
	what := fmt.Sprintf("customer %s, %s (%s), region %s", a.CustomerID, visible.Isolated(a.Product), a.SKU, a.Region)
	d.text(annexMargin, 68, "sub", d.cut(what, 150))
	day := func(t period.Instant) string { return a.zone.Day(t).String() }
	d.text(annexMargin, 88, "sub", fmt.Sprintf("%s to %s (not included), %s; %s", day(d.span.From), day(d.span.To),
		a.Zone, a.StateText()))
}

// levels draws the axis of values: one line per step.
func (d *drawing) levels() {
	for i := range d.axis.Above + 1 {
		y := d.yOf(d.axis.At(i))
		fmt.Fprintf(&d.body, `<path class="grid" d="M%d %sH%d"/>`+"\n", plotLeft, tenths(y), plotRight)
		fmt.Fprintf(&d.body, `<text x="%d" y="%s" class="end">%s</text>`+"\n", plotLeft-8, tenths(y+42),
			EscapeXML(label(&d.axis, i)))
	}
	d.text(plotLeft-8, plotTop-12, "end small", "Mbps")
}

// days draws the axes of a cycle: one line per day.
func (d *drawing) days() {
	d.levels()
	cycle := d.a.zone.Cycle(d.a.bounds.From)
	for day := cycle.First(); day <= cycle.Last(); day++ {
		span := d.a.zone.DaySpan(day)
		from, to := d.xOf(span.From), d.xOf(span.To)
		if day > cycle.First() {
			fmt.Fprintf(&d.body, `<path class="grid" d="M%s %dV%d"/>`+"\n", tenths(from), plotTop, plotBottom)
		}
		fmt.Fprintf(&d.body, `<path class="tick" d="M%s %dV%d"/>`+"\n", tenths(from), plotBottom, plotBottom+5)
		_, _, number := day.Date()
		fmt.Fprintf(&d.body, `<text x="%s" y="%d" class="mid small">%d</text>`+"\n", tenths((from+to)/2), plotBottom+17,
			number)
	}
	d.text((plotLeft+plotRight)/2, plotBottom+36, "mid small", fmt.Sprintf("day of %s, %s", cycle, d.a.Zone))
}

// hours draws the axes of a day: one line per hour.
func (d *drawing) hours(day period.Day) {
	d.levels()
	clock := d.a.zone.Location()
	for at := d.span.From; at < d.span.To; at += period.Instant(period.Hour) {
		x := tenths(d.xOf(at))
		if at > d.span.From {
			fmt.Fprintf(&d.body, `<path class="grid" d="M%s %dV%d"/>`+"\n", x, plotTop, plotBottom)
		}
		fmt.Fprintf(&d.body, `<path class="tick" d="M%s %dV%d"/>`+"\n", x, plotBottom, plotBottom+5)
		fmt.Fprintf(&d.body, `<text x="%s" y="%d" class="mid small">%s</text>`+"\n", x, plotBottom+17,
			time.UnixMicro(int64(at)).In(clock).Format("15"))
	}
	d.text((plotLeft+plotRight)/2, plotBottom+36, "mid small", fmt.Sprintf("hour of %s, %s", day, d.a.Zone))
}

// column is one unit of the plot's width, with the largest of its points.
type column struct {
	at  int64 // from the plot's left
	bps money.QuantityTotal
	y   int64 // tenths
}

// columns reduces the series to the drawing's width (ANNEX-5).
func (d *drawing) columns() []column {
	const width = plotRight - plotLeft
	var out []column
	place := func(t period.Instant) int64 { return int64(t-d.span.From) * width / int64(d.span.To-d.span.From) }
	for i := range d.series {
		p := &d.series[i]
		from, to := place(p.slot.Start()), place((p.slot + 1).Start())
		for at := from; at < max(min(to, width), from+1); at++ {
			if n := len(out); n == 0 || out[n-1].at != at {
				out = append(out, column{at: at, bps: p.bps})
			} else if p.bps.Cmp(out[n-1].bps) > 0 {
				out[n-1].bps = p.bps
			}
		}
	}
	for i := range out {
		out[i].y = d.yOf(d.mbps(out[i].bps))
	}
	return out
}

// plot draws the series, the area under it, and the part above the value.
func (d *drawing) plot() {
	var under, above, series strings.Builder
	columns := d.columns()
	level := d.yOf(d.a.value)
	for from := 0; from < len(columns); {
		to := from + 1
		for to < len(columns) && columns[to].at == columns[to-1].at+1 {
			to++
		}
		steps(&under, columns[from:to], plotBottom*10, true)
		steps(&series, columns[from:to], columns[from].y, false)
		from = to
	}
	for from := 0; from < len(columns); from++ {
		to := from
		for to < len(columns) && columns[to].y < level && (to == from || columns[to].at == columns[to-1].at+1) {
			to++
		}
		if to > from {
			steps(&above, columns[from:to], level, true)
			from = to - 1
		}
	}
	for _, p := range []struct{ class, path string }{{"under", under.String()}, {"series", series.String()},
		{"above", above.String()}} {
		if p.path != "" {
			fmt.Fprintf(&d.body, `<path class="%s" d="%s"/>`+"\n", p.class, p.path)
		}
	}
	fmt.Fprintf(&d.body, `<rect class="frame" x="%d" y="%d" width="%d" height="%d"/>`+"\n", plotLeft, plotTop,
		plotRight-plotLeft, plotBottom-plotTop)
	if len(columns) == 0 {
		d.text((plotLeft+plotRight)/2, (plotTop+plotBottom)/2, "mid sub", "no samples")
	}
}

// steps writes consecutive columns as stairs that begin at base and, if closed, return to it.
func steps(path *strings.Builder, list []column, base int64, closed bool) {
	fmt.Fprintf(path, "M%d %s", plotLeft+list[0].at, tenths(base))
	last := base
	for i := range list {
		if list[i].y != last {
			fmt.Fprintf(path, "V%s", tenths(list[i].y))
			last = list[i].y
		}
		fmt.Fprintf(path, "H%d", plotLeft+list[i].at+1)
	}
	if closed {
		fmt.Fprintf(path, "V%sZ", tenths(base))
	}
}

// mark is a horizontal line across the plot and its label.
type mark struct {
	class, name, value string
	y                  int64 // of the line, tenths
	label              int64 // of the label's first line
}

// marks draws the value and the commit.
func (d *drawing) marks() {
	list := []mark{{class: "cut", name: d.a.Called(), value: short(d.a.Value, 4) + " Mbps", y: d.yOf(d.a.value)}}
	if !d.a.Commit.IsZero() {
		list = append(list, mark{class: "commit", name: "commit", value: short(d.a.Commit.String(), 4) + " Mbps",
			y: d.yOf(d.a.Commit.Rat())})
	}
	slices.SortFunc(list, func(a, b mark) int { return cmp.Compare(a.y, b.y) })
	const labelHeight = 320 // two lines and space
	for i := range list {
		m := &list[i]
		m.label = min(max(m.y-20, plotTop*10+80), plotBottom*10-120)
		if i > 0 {
			m.label = max(m.label, list[i-1].label+labelHeight)
		}
	}
	if n := len(list); n > 1 && list[n-1].label > plotBottom*10-120 {
		list[n-1].label = plotBottom*10 - 120
		list[n-2].label = min(list[n-2].label, list[n-1].label-labelHeight)
	}
	for i := range list {
		m := &list[i]
		fmt.Fprintf(&d.body, `<path class="%s" d="M%d %sH%d"/>`+"\n", m.class, plotLeft, tenths(m.y), plotRight)
		fmt.Fprintf(&d.body, `<path class="tick" d="M%d %sL%d %s"/>`+"\n", plotRight, tenths(m.y), plotRight+8,
			tenths(m.label))
		words := "bold"
		if m.class == "cut" {
			words = "cuttext"
		}
		fmt.Fprintf(&d.body, `<text x="%d" y="%s" class="%s">%s</text>`+"\n", plotRight+11, tenths(m.label+10), words,
			EscapeXML(m.value))
		fmt.Fprintf(&d.body, `<text x="%d" y="%s" class="small">%s</text>`+"\n", plotRight+11, tenths(m.label+150),
			EscapeXML(d.cut(m.name, 30)))
	}
}
