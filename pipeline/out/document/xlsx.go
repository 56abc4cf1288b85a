package document

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/tollbook/tollbook/pipeline/lake/storage"
)

// WriteXLSX writes a workbook with one sheet per part (DOC-5).
func WriteXLSX(w io.Writer, pg *Page) (err error) {
	folder, err := storage.NewScratch("", "xlsx")
	if err != nil {
		return err
	}
	file := excelize.NewFile(excelize.Options{TmpDir: folder.Path})
	defer func() { err = errors.Join(err, file.Close(), folder.Close()) }()
	b := &book{file: file, page: pg}
	if err := b.styles(); err != nil {
		return err
	}
	first := file.GetSheetName(0)
	for _, p := range pg.Parts {
		if p.Where&InSheet == 0 {
			continue
		}
		if err := b.newSheet(&first, p.Title); err != nil {
			return err
		}
		if err := b.sheet(p); err != nil {
			return fmt.Errorf("sheet %q: %w", p.Title, err)
		}
	}
	if err := b.properties(); err != nil {
		return err
	}
	var raw bytes.Buffer
	if _, err := file.WriteTo(&raw); err != nil {
		return err
	}
	return CopyWorkbook(w, bytes.NewReader(raw.Bytes()), int64(raw.Len()), FirstSheet)
}

// book is a workbook that is being written.
type book struct {
	file                                              *excelize.File
	page                                              *Page
	head, headRight, words, count, amount, quantity   int // styles
	totalWords, totalCount, totalAmount, exact, total int
	foreign                                           int
}

// say returns a text in the language of the page.
func (b *book) say(text string) string { return b.page.words.Say(TextWords, text) }

// NumberFormat returns a spreadsheet's number format of a currency by its digits: thousands are grouped, negative
// numbers are red with a minus.
func NumberFormat(digits int) string {
	f := "#,##0"
	if digits > 0 {
		f += "." + strings.Repeat("0", digits)
	}
	return f + ";[Red]-" + f
}

// foreignFormat shows two to eight decimals: each row of a column can have another currency.
const foreignFormat = "#,##0.00######;[Red]-#,##0.00######"

// quantityFormat shows up to ten decimals.
const quantityFormat = "#,##0.##########;[Red]-#,##0.##########"

// bookStyle is a style with the place of its number.
type bookStyle struct {
	id    *int
	style excelize.Style
}

func (b *book) styles() error {
	money, quantities, whole, text := NumberFormat(b.page.Header.Digits), quantityFormat, "#,##0", "@"
	// Every style names its font: otherwise a program uses its default for some cells, and bold rows have another font.
	plain, bold := &excelize.Font{Family: "Calibri", Size: 11}, &excelize.Font{Family: "Calibri", Size: 11, Bold: true}
	above := []excelize.Border{{Type: "top", Color: "333333", Style: 1}}
	below := []excelize.Border{{Type: "bottom", Color: "333333", Style: 2}}
	shade := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"E8EDF2"}}
	right, top := &excelize.Alignment{Horizontal: "right", Vertical: "top"}, &excelize.Alignment{Vertical: "top"}
	list := []bookStyle{
		{&b.head, excelize.Style{Font: bold, Border: below, Fill: shade,
			Alignment: &excelize.Alignment{Horizontal: "left", Vertical: "top", WrapText: true, Indent: 1}}},
		{&b.headRight, excelize.Style{Font: bold, Border: below, Fill: shade,
			Alignment: &excelize.Alignment{Horizontal: "right", Vertical: "top", WrapText: true}}},
		{&b.words, excelize.Style{Font: plain, CustomNumFmt: &text, Alignment: &excelize.Alignment{Horizontal: "left",
			Vertical: "top", WrapText: true, Indent: 1}}},
		{&b.count, excelize.Style{Font: plain, CustomNumFmt: &whole, Alignment: top}},
		{&b.amount, excelize.Style{Font: plain, CustomNumFmt: &money, Alignment: top}},
		{&b.quantity, excelize.Style{Font: plain, CustomNumFmt: &quantities, Alignment: top}},
		{&b.exact, excelize.Style{Font: plain, CustomNumFmt: &text, Alignment: right}},
		{&b.totalWords, excelize.Style{Font: bold, Border: above, Alignment: &excelize.Alignment{Horizontal: "left",
			Indent: 1}}},
		{&b.totalCount, excelize.Style{Font: bold, Border: above, CustomNumFmt: &whole}},
		{&b.totalAmount, excelize.Style{Font: bold, Border: above, CustomNumFmt: &money}},
		{&b.total, excelize.Style{Font: bold, Border: above, CustomNumFmt: &text, Alignment: right}},
	}
	if foreign := foreignFormat; slices.ContainsFunc(b.page.Parts, (*PagePart).isForeign) {
		list = append(list, bookStyle{&b.foreign, excelize.Style{Font: plain, CustomNumFmt: &foreign, Alignment: top}})
	}
	for _, s := range list {
		var err error
		if *s.id, err = b.file.NewStyle(&s.style); err != nil {
			return err
		}
	}
	return nil
}

// newSheet creates a sheet; the first is the one that a new workbook has. Deleting that one at the end, or selecting
// the active one then, would read every sheet again.
func (b *book) newSheet(first *string, title string) error {
	if *first == "" {
		_, err := b.file.NewSheet(title)
		return err
	}
	old := *first
	*first = ""
	return b.file.SetSheetName(old, title)
}

// sheet writes one part: a frozen header, the rows, the totals.
func (b *book) sheet(p *PagePart) error {
	if err := b.paper(p); err != nil {
		return err
	}
	out, err := b.file.NewStreamWriter(p.Title)
	if err != nil {
		return err
	}
	if err := b.layout(out, p); err != nil {
		return err
	}
	header := make([]any, len(p.Cols))
	for i := range p.Cols {
		style := b.head
		if p.Cols[i].Kind.right() {
			style = b.headRight
		}
		header[i] = excelize.Cell{StyleID: style, Value: p.Cols[i].Title}
	}
	if err := out.SetRow("A1", header); err != nil {
		return err
	}
	t := newTally(p.Cols)
	isText := make([]bool, len(p.Cols))
	if err := b.rows(out, p, t, isText); err != nil {
		return err
	}
	if err := b.totals(out, p, t, isText); err != nil {
		return err
	}
	return out.Flush()
}

// rows writes the rows and adds them up. isText is set for columns that have a number as text.
func (b *book) rows(out *excelize.StreamWriter, p *PagePart, t *tally, isText []bool) error {
	values := make([]any, len(p.Cols))
	for row := range p.Rows {
		if err := t.add(p.Cols, row); err != nil {
			return err
		}
		strong := p.sumOfAbove(row)
		for i := range p.Cols {
			c, plain := b.cell(&p.Cols[i], &row[i])
			isText[i] = isText[i] || plain
			if strong {
				if err := b.strengthen(&c, &p.Cols[i], row[i].Count, isText[i], i, t.rows+1); err != nil {
					return err
				}
			}
			values[i] = c
		}
		if err := out.SetRow("A"+strconv.Itoa(t.rows+1), values); err != nil {
			return err
		}
	}
	return nil
}

// strengthen formats the cell of a sum: an amount that is the sum of n cells above gets their formula.
func (b *book) strengthen(c *excelize.Cell, col *PageColumn, n int64, isText bool, column, row int) (err error) {
	switch {
	case col.Kind != Amount:
		c.StyleID = b.totalWords
	case isText || n == 0:
		c.StyleID = b.total
	default:
		c.StyleID = b.totalAmount
		c.Formula, err = sumFormula(column, row-int(n), row-1)
	}
	return err
}

// sumFormula returns a column's sum over rows; columns are counted from 0, rows from 1.
func sumFormula(column, from, to int) (string, error) {
	name, err := excelize.ColumnNumberToName(column + 1)
	return fmt.Sprintf("SUM(%s%d:%s%d)", name, from, name, to), err
}

// maxDigits is how many significant digits of a number a spreadsheet keeps.
const maxDigits = 15

// cell returns a value with its style; plain reports that a number had to become text.
func (b *book) cell(col *PageColumn, c *PageCell) (_ excelize.Cell, plain bool) {
	switch col.Kind {
	case Count:
		return excelize.Cell{StyleID: b.count, Value: c.Count}, false
	case Amount:
		style := b.amount
		if col.Foreign {
			style = b.foreign
		}
		return b.decimal(c.Amount.String(), style, b.exact)
	case Quantity:
		return b.decimal(c.Text, b.quantity, b.exact)
	}
	return excelize.Cell{StyleID: b.words, Value: b.fitting(c.shown(col.Kind, b.page.Header))}, false
}

// decimal returns a decimal as a number if a spreadsheet keeps all its digits, else as text.
func (b *book) decimal(text string, style, exact int) (_ excelize.Cell, plain bool) {
	if SignificantDigits(text) > maxDigits {
		return excelize.Cell{StyleID: exact, Value: TrimmedZeros(text)}, true
	}
	// A decimal of up to 15 digits is unchanged after a conversion to float64 and back.
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return excelize.Cell{StyleID: exact, Value: text}, true
	}
	return excelize.Cell{StyleID: style, Value: f}, false
}

// cutNote is the end of a text that was cut.
const cutNote = "… (cut: longer than a cell)"

// fitting cuts a text to the length of a cell, with the note in the language of the page.
func (b *book) fitting(text string) string {
	text = fitting(text)
	if rest, found := strings.CutSuffix(text, cutNote); found {
		return rest + b.say(cutNote)
	}
	return text
}

// fitting cuts a text to the length of a cell, and adds a note if it does.
func fitting(text string) string {
	const most = 32_000
	n := 0
	for i, r := range text {
		if n++; r > 0xffff {
			n++
		}
		if n > most {
			return text[:i] + cutNote
		}
	}
	return text
}

// totals writes the last row. A total is a formula with the exact sum as its value; if its column has a number as text,
// or the sum has too many digits, it is only the sum.
func (b *book) totals(out *excelize.StreamWriter, p *PagePart, t *tally, isText []bool) error {
	if t.rows == 0 || !slices.ContainsFunc(p.Cols, func(c PageColumn) bool { return c.Sum }) {
		return nil
	}
	values := make([]any, len(p.Cols))
	for i := range p.Cols {
		col := &p.Cols[i]
		switch {
		case i == 0:
			values[i] = excelize.Cell{StyleID: b.totalWords, Value: b.say("Total")}
		case !col.Sum:
			values[i] = excelize.Cell{StyleID: b.totalWords, Value: ""}
		default:
			c, plain := excelize.Cell{StyleID: b.totalCount, Value: t.cells[i].Count}, false
			if col.Kind == Amount {
				c, plain = b.decimal(t.cells[i].Amount.String(), b.totalAmount, b.total)
			}
			if !plain && !isText[i] {
				var err error
				if c.Formula, err = sumFormula(i, 2, t.rows+1); err != nil {
					return err
				}
			}
			values[i] = c
		}
	}
	return out.SetRow("A"+strconv.Itoa(t.rows+2), values)
}

// layout freezes the header and sets widths; it must come before any row.
func (b *book) layout(out *excelize.StreamWriter, p *PagePart) error {
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2",
		ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	widths, err := b.widths(p)
	if err != nil {
		return err
	}
	for i, w := range widths {
		if err := out.SetColWidth(i+1, i+1, float64(w)); err != nil {
			return err
		}
	}
	return nil
}

// The widths of columns, in characters.
const (
	minWidth  = 8
	maxWidth  = 44
	sentences = 110
	measured  = 2000 // rows that are measured
)

// widths returns the widths of columns: those of their header and first rows, within bounds.
func (b *book) widths(p *PagePart) ([]int, error) {
	widths := make([]int, len(p.Cols))
	for i := range p.Cols {
		widths[i] = max(minWidth, TextColumns(p.Cols[i].Title)+3)
	}
	t := newTally(p.Cols)
	for row := range p.Rows {
		if err := t.add(p.Cols, row); err != nil {
			return nil, err
		}
		if t.rows > measured {
			continue
		}
		for i := range p.Cols {
			widths[i] = max(widths[i], TextColumns(row[i].shown(p.Cols[i].Kind, b.page.Header))+3)
		}
	}
	for i := range widths {
		if p.Cols[i].Sum {
			widths[i] = max(widths[i], TextColumns(t.cells[i].shown(p.Cols[i].Kind, b.page.Header))+3)
		}
		most := maxWidth
		if p.Name == "note" {
			most = sentences
		}
		widths[i] = min(widths[i], most)
	}
	return widths, nil
}

// paper sets how a sheet is printed: A4 in landscape, as wide as the page, its header on each page.
func (b *book) paper(p *PagePart) error {
	fit, a4, landscape, wide, tall := true, 9, "landscape", 1, 0
	if err := b.file.SetSheetProps(p.Title, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	if err := b.file.SetPageLayout(p.Title, &excelize.PageLayoutOptions{Size: &a4, Orientation: &landscape,
		FitToWidth: &wide, FitToHeight: &tall}); err != nil {
		return err
	}
	h := b.page.Header
	name := strings.ReplaceAll(fmt.Sprintf("%s %s, %s", b.say(b.page.Kind), CutText(b.page.Subject.Full(), 80),
		h.Cycle), "&", "&&")
	if err := b.file.SetHeaderFooter(p.Title, &excelize.HeaderFooterOptions{OddHeader: "&L" + name + "&R&A",
		OddFooter: "&L" + b.say(h.Status()) + "&R&P / &N"}); err != nil {
		return err
	}
	last, err := excelize.ColumnNumberToName(len(p.Cols))
	if err != nil {
		return err
	}
	return b.file.SetDefinedName(&excelize.DefinedName{Name: "_xlnm.Print_Titles",
		RefersTo: fmt.Sprintf("'%s'!$A:$%s,'%s'!$1:$1", p.Title, last, p.Title), Scope: p.Title})
}

// properties sets the document properties; their times are the as-of, so that equal documents have equal bytes.
func (b *book) properties() error {
	h := b.page.Header
	at := h.AsOf.String()
	return b.file.SetDocProps(&excelize.DocProperties{Title: CutText(fmt.Sprintf("%s %s %s %s",
		b.say(b.page.Kind+" of"), b.page.Subject.Full(), b.say("for"), h.Cycle), 200),
		Creator: CutText(h.Vendor.called(), 200), LastModifiedBy: CutText(h.Vendor.called(), 200),
		Description: b.say(h.Status()), Created: at, Modified: at, Language: b.page.language().Tag()})
}
