package console

import (
	"html/template"

	"github.com/tollbook/tollbook/pipeline/out/document"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Tone marks the meaning of a value by colour; the meaning must also be in the text.
type Tone string

// The tones. The zero value is plain.
const (
	Good Tone = "good"
	Warn Tone = "warn"
	Bad  Tone = "bad"
)

// Page is one page.
type Page struct {
	Title  string
	Lead   string // one line below the title
	Crumbs []Link // the path from the overview to the page, without the page itself
	Tabs   []Link // pages about the same thing
	Notes  []Note
	Blocks []Block
}

// Link is a link with its text. A Link without address is the current page.
type Link struct{ Text, Href string }

// Note is a sentence that is shown first.
type Note struct {
	Tone Tone
	Text string
	Link Link
}

// Block is one part of a page: the fields that are set are shown in their order.
type Block struct {
	ID, Title string
	Text      []string // paragraphs
	Form      *Form
	Figures   []Figure // numbers, side by side
	Facts     []Figure // texts, one below the other
	Chart     *Chart
	Table     *Table
	Steps     []Step
	Records   []Record
	Links     []Link
}

// Figure is one value with its name.
type Figure struct {
	Name, Value, Note string
	Sum               Decimal // instead of Value: an amount in the page's currency
	Exact             string  // the amount, if Value has rounded it
	Href              string
	Tone              Tone
	Main              bool // the main figure of the page
}

// Chart is a drawing: as markup whose texts are escaped, or as an image of the console.
type Chart struct {
	SVG         template.HTML
	Source, Alt string
	Caption     string
	Legend      []Mark
}

// Mark is one colour of a chart's legend.
type Mark struct {
	Swatch template.HTML
	Name   string
}

// NewChart returns the chart for a drawing of package document, which escapes its texts (PAGE-1).
func NewChart(v *View, d *document.Drawing, caption string) *Chart {
	svg := []byte(d.SVG)
	if v.Words != nil {
		svg = v.Words.Chart(svg)
	}
	c := &Chart{SVG: template.HTML(svg), Caption: caption}
	for _, m := range d.Legend {
		c.Legend = append(c.Legend, Mark{template.HTML(m.Swatch), m.Name})
	}
	return c
}

// Step is one part of an explanation, step by step.
type Step struct {
	Title string
	Steps []string
}

// Record is a text as it was received, such as a row of a feed file.
type Record struct{ Title, Note, Text string }

// Form is a form for parameters.
type Form struct {
	Action string // "" = the page itself
	Post   bool   // it is sent by POST, else by GET
	Fields []Field
	Button string
}

// Field is one field of a form. Options make it a choice.
type Field struct {
	Name, Label, Value string
	Type               string // of HTML; "" = text; hidden = only kept
	Hint               string
	Required           bool
	Options            []Option
}

// Option is one choice of a field.
type Option struct{ Value, Text string }

// Kind is how the values of a column are sorted and shown.
type Kind uint8

// The kinds.
const (
	Text     Kind = iota
	Code          // an id: a text in a font of equal widths
	Amount        // of money
	Quantity      // a quantity or a price
	Cost          // a cost of a vendor, which has more digits than an amount
	Whole         // a whole number
	Time          // an instant, RFC 3339 in UTC
)

// Number reports whether values of the kind are numbers.
func (k Kind) Number() bool { return k == Amount || k == Quantity || k == Cost || k == Whole }

// Column is one column of a table. Name is used in the address and in downloads.
type Column struct {
	Name, Title string
	Kind        Kind
	// Some cells may be empty. A download then has texts, because an empty cell is not 0.
	Some bool
	// If the column has only zeros or empty cells, the screen omits it; a download has it.
	Spare bool
}

// Cell is one value: Text as data, Shown for people ("" = Text).
type Cell struct {
	Text, Shown, Href string
	Tone              Tone
}

// Say returns the cell for people.
func (c Cell) Say() string {
	if c.Shown != "" {
		return c.Shown
	}
	return c.Text
}

// Table is one table. Rows have a cell for each column, and so has Total, which may be nil.
type Table struct {
	Name, Title string // Title is for screen readers; "" = that of its block
	Columns     []Column
	Rows        [][]Cell
	Total       []Cell
	Empty       string // text that is shown if it has no rows
	Order       string // default order: a column, or - and a column
	Note        string
	// Part is set if Rows are only a part of the table: it is paged, but not sorted, filtered or downloaded.
	Part      *Part
	Downloads []Link // instead of the table's own

	find    string
	sort    string
	packed  *packedRows // instead of Rows, if the table is cached
	sorted  string      // the order in which the rows already are
	picked  []uint32    // indexes of the matching rows, in order; nil = all rows in their order
	spare   map[int]bool
	matched int
	from    int
	pager   pager
	view    *View
}

// Part says which rows of a longer table are present.
type Part struct{ Offset, Limit, Count int64 }

// typeOf returns the type of a column in downloads.
func (c *Column) typeOf() tables.Type {
	switch {
	case c.Kind == Time:
		return tables.MaybeTime
	case c.Some || !c.Kind.Number():
		return tables.Text
	case c.Kind == Amount:
		return tables.Amount
	case c.Kind == Quantity:
		return tables.Quantity
	case c.Kind == Cost:
		return tables.Cost
	}
	return tables.Whole
}
