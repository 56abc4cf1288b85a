package document

import (
	"bufio"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/visible"
)

//go:embed page.gohtml
var pageTemplate string

// printed is the input of the page's template.
type printed struct {
	Language, Title, Vendor, Kind, Subject, Cycle, Status string
	NotesTitle, AnnexTitle                                string
	Closed, Wide                                          bool
	Pads                                                  []int // of numbers, in digits
	Headline                                              PageFigure
	Facts                                                 []PageFigure
	Views                                                 []printedView
	Notes                                                 []string
	Annexes                                               []printedAnnex
	Cover                                                 template.HTML // empty = none
	CoverStyle                                            template.CSS
	Foot                                                  template.CSS // the printed footer, as a CSS string
}

// printedView is a part with its drawing.
type printedView struct {
	*view
	Narrow  bool // few columns
	Drawing template.HTML
	Caption string
}

// printedAnnex is an annex with its drawing as an image, which keeps the styles of drawing and page separate.
type printedAnnex struct {
	Annex
	Source template.URL
	Alt    string
}

// fewRows is how many rows are kept together on a page.
const fewRows = 12

// Short reports whether the part is kept on one page.
func (w *view) Short() bool {
	n := 0
	w.each(func([]field) { n++ })
	return n <= fewRows
}

// Short reports whether the group is kept on one page.
func (g *group) Short() bool { return len(g.Rows) <= fewRows }

// WriteHTML writes one self-contained page. Tables list at most so many customers, resellers or rows; negative = all.
func WriteHTML(w io.Writer, pg *Page, most int) error {
	t, err := template.New("page").Funcs(TemplateFuncs()).Parse(pageTemplate)
	if err != nil {
		return err
	}
	data, err := pg.printed(most)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(w)
	if err := t.Execute(out, data); err != nil {
		return err
	}
	return out.Flush()
}

// cssString returns a text as a string of CSS. html/template takes a text within quotes for a URL, and refuses a name
// with a colon.
func cssString(text string) template.CSS {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		if r < ' ' || strings.ContainsRune(`"\<>&`, r) {
			fmt.Fprintf(&b, `\%x `, r)
		} else {
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return template.CSS(b.String())
}

func (pg *Page) printed(most int) (*printed, error) {
	h := pg.Header
	d := &printed{Vendor: h.Vendor.called(), Kind: pg.words.Say(TextWords, pg.Kind+" of"),
		Subject: pg.Subject.called(),
		Cycle:   h.Cycle.String(), Status: pg.words.Say(TextWords, h.Status()), Closed: h.Closed,
		Headline: pg.Headline, Notes: pg.Notes}
	facts := []PageFigure{{"Vendor", h.Vendor.Full()}, {"Cycle", pg.words.Say(SpanWords, h.span())},
		{"Zone", h.Zone.Name()}, {"Currency", h.Currency}, {"As of", h.Time(h.AsOf)}}
	if pg.toCustomer() {
		d.Status, d.Notes = "", pg.words.All(TextWords, pg.ToCustomer)
		if !h.Closed {
			d.Status = pg.words.Say(TextWords, "provisional")
		}
		facts[1].Name = "Period"
		facts = []PageFigure{facts[0], facts[1], facts[3]}
	}
	if pg.Cover != nil { // the document has one headline
		d.Headline.Name, d.Headline.Value = pg.Cover.Headline(GroupedDigits)
	}
	d.Language, d.NotesTitle = pg.language().Tag(), pg.words.Say(TextWords, "Notes")
	d.AnnexTitle = pg.words.Colon(pg.words.Say(TextWords, "Annex"))
	d.Title = visible.Shielded(fmt.Sprintf("%s %s, %s", d.Kind, d.Subject, d.Cycle))
	foot := visible.Shielded(d.Title + ", " + h.Vendor.called())
	if d.Status != "" {
		foot += " (" + d.Status + ")"
	}
	d.Foot = cssString(CutText(foot, 110))
	d.Facts = slices.Clone(pg.Facts)
	for _, f := range facts {
		d.Facts = append(d.Facts, PageFigure{pg.words.Say(TextWords, f.Name), f.Value})
	}
	for n := range maxPad {
		d.Pads = append(d.Pads, n)
	}
	for _, p := range pg.Parts {
		if p.Where&InPrint == 0 {
			continue
		}
		if pg.toCustomer() {
			p = p.toCustomer()
		}
		v, err := pg.viewOf(p, most, true)
		if err != nil {
			return nil, err
		}
		if p.Spare && v.isEmpty() {
			continue
		}
		one := printedView{view: v, Narrow: len(v.Heads) <= fewColumns}
		if p.Swatches {
			one.Drawing, one.Caption = template.HTML(pg.Chart.SVG()), pg.Chart.Caption() // SVG escapes its texts
		}
		d.Wide = d.Wide || v.width() > maxPortrait
		d.Views = append(d.Views, one)
	}
	for i := range pg.Annexes {
		d.Annexes = append(d.Annexes, printedAnnexOf(&pg.Annexes[i]))
	}
	if pg.Cover == nil {
		return d, nil
	}
	var err error
	d.Cover, err = pg.Cover.HTML(GroupedDigits)
	d.CoverStyle = template.CSS(LetterStyle) //nolint:gosec // a constant
	return d, err
}

// toCustomer reports whether a customer gets the document.
func (pg *Page) toCustomer() bool { return pg.Role == "customer" }

// toCustomer returns the part without the sentences about how it was made, and without spare rows: those of 0.
func (p *PagePart) toCustomer() *PagePart {
	out := *p
	out.About = nil
	if p.Spare {
		out.Rows = func(yield func([]PageCell) bool) {
			for row := range p.Rows {
				if !row[len(row)-1].Amount.IsZero() && !yield(row) {
					return
				}
			}
		}
	}
	return &out
}

// isEmpty reports whether no row is listed.
func (w *view) isEmpty() bool { return len(w.Groups) == 0 }

// maxPad is one more than the longest difference of decimals in a column.
const maxPad = money.QuantityScale + 1

// maxPortrait is the largest number of characters of a row on a page in portrait.
const maxPortrait = 112

// width returns the characters of the widest row: the widest value of each column plus space. Long words wrap.
func (w *view) width() (sum int) {
	const air, longWord = 2, 18
	for i, h := range w.Heads {
		most := TextColumns(h.Title)
		w.each(func(row []field) {
			n := TextColumns(row[i].Text)
			if !row[i].Right {
				n = min(n, longWord)
			}
			most = max(most, n+row[i].Pad)
		})
		sum += most + air
	}
	return sum
}

func printedAnnexOf(a *Annex) printedAnnex {
	p := printedAnnex{Annex: *a}
	if len(a.SVG) == 0 {
		return p
	}
	// a drawing in an image runs no script
	p.Source = template.URL("data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(a.SVG))
	var alt []string
	for _, f := range a.Figures {
		alt = append(alt, strings.TrimSpace(f.Name+" "+f.Value))
	}
	p.Alt = visible.Shielded(a.Heading + ": " + strings.Join(alt, "; "))
	return p
}

// isDate reports whether a text is a day or a cycle, which a line must not break.
func isDate(text string) bool {
	const digits = "0123456789"
	return len(text) >= len("2026-09") && text[4] == '-' && strings.Trim(text, digits+"-") == ""
}

// Class returns the field's classes in the page: n a number, w words, d a day or a cycle, neg below 0, p or q how much
// shorter it is than the column's longest value.
func (f field) Class() string {
	class := ""
	if f.Strong {
		class = "b "
	}
	if !f.Right {
		switch {
		case TextColumns(f.Text) > 12:
			class += "w"
		case isDate(f.Text):
			class += "d"
		}
		return strings.TrimSpace(class)
	}
	class += "n"
	if f.Negative {
		class += " neg"
	}
	if f.Point {
		return class + fmt.Sprintf(" q%d", f.Pad)
	}
	if f.Pad > 0 {
		class += fmt.Sprintf(" p%d", f.Pad)
	}
	return class
}

// Swatch returns the colour of the field's service in the chart.
func (f field) Swatch() template.HTML {
	if f.Colour == 0 {
		return ""
	}
	return template.HTML(Swatch(f.Colour - 1))
}
