package document

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
)

// ChartGraph is a chart of amounts by bar and part that is a file of its own.
type ChartGraph struct {
	Title    string
	About    string // a line below the title
	Currency string
	Digits   int    // of the currency
	Each     string // what a bar shows: month, customer
	Bars     []string
	Parts    []string              // at most 8; a part without a name has no legend
	Amounts  [][]money.AmountTotal // by bar and part
}

// The measures of a graph, in units of its view box.
const (
	graphTop    = 44 // above the chart: title and the line below it
	letterWidth = 5  // of a label, approximately
	maxLabel    = 22 // letters of a label
	turnedPart  = 2  // the height of a turned label is at most its length divided by this
	legendLine  = 18
	legendSize  = 3 // columns of the legend
)

// SVG draws stacked bars with a legend: a file that every browser and office program shows. Its bytes depend only on
// the graph.
func (f *ChartGraph) SVG() string {
	c := &Chart{currency: f.Currency, digits: f.Digits, title: f.Title, per: f.Currency, each: f.Each}
	for i, name := range f.Parts {
		c.services = append(c.services, &service{ChartSum: ChartSum{Code: name}, colour: i})
	}
	longest := 0
	for i, name := range f.Bars {
		b := bar{label: CutText(name, maxLabel), day: name, amounts: make([]money.AmountTotal, maxColours)}
		copy(b.amounts, f.Amounts[i])
		for _, a := range f.Amounts[i] {
			_ = b.total.AddTotal(a) // in range, because the sum of all is
		}
		c.bars = append(c.bars, b)
		longest = max(longest, utf8.RuneCountInString(b.label)*letterWidth)
	}
	c.scale()
	c.turned = longest > (plotRight-c.left)/len(c.bars)
	foot := plotBottom + legendLine + 4
	if c.turned {
		foot = plotBottom + legendLine + longest/turnedPart + legendLine
	}
	return f.file(c, foot)
}

// file returns the chart with the texts above and below it; foot is the height at which the legend begins.
func (f *ChartGraph) file(c *Chart, foot int) string {
	height, legend := foot, len(f.Parts) > 1 || f.Parts[0] != ""
	if legend {
		height += (len(f.Parts) + legendSize - 1) / legendSize * legendLine
	}
	var b strings.Builder
	fmt.Fprintf(
		&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 %d %d %d" width="%[2]d" height="%[3]d" role="img" aria-labelledby="chart-title chart-desc">`+"\n",
		-graphTop, chartWidth, graphTop+height)
	b.WriteString(`<style>text{font:10px Helvetica,Arial,sans-serif;fill:#222;font-variant-numeric:tabular-nums}` +
		`.end{text-anchor:end}.mid{text-anchor:middle}.head{font-size:15px;font-weight:bold}` +
		`.grid{stroke:#d5d9de;stroke-width:.6;fill:none}.zero{stroke:#333;stroke-width:1;fill:none}</style>` + "\n")
	fmt.Fprintf(&b, `<rect y="%d" width="%d" height="%d" fill="#fff"/>`+"\n", -graphTop, chartWidth, graphTop+height)
	fmt.Fprintf(&b, `<text class="head" x="8" y="%d">%s</text><text x="8" y="%d">%s</text>`+"\n", 20-graphTop,
		query.EscapeXML(f.Title), 35-graphTop, query.EscapeXML(f.About))
	c.draw(&b)
	for i, name := range f.Parts {
		if !legend {
			break
		}
		x, y := 8+i%legendSize*(chartWidth/legendSize), foot+i/legendSize*legendLine
		if name == "" {
			name = "(none)"
		}
		fmt.Fprintf(&b, `%s<text x="%d" y="%d">%s</text>`+"\n",
			swatch(i, fmt.Sprintf(`x="%d" y="%d" width="10" height="10"`, x, y)), x+15, y+9,
			query.EscapeXML(CutText(name, 2*maxLabel)))
	}
	b.WriteString("</svg>\n")
	return b.String()
}
