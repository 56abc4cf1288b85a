package document

import (
	"bytes"
	"cmp"
	_ "embed"
	"encoding/base64"
	"html/template"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
)

//go:embed letter.gohtml
var letterTemplate string

// LetterStyle is the CSS of covers, for the page's style element.
//
//go:embed letter.css
var LetterStyle string

// fact is a value with its name.
type fact struct{ Name, Value string }

// printedRow is a row with its amount formatted for people.
type printedRow struct {
	Name, Amount string
	Sum          bool
}

// printedTable is a table with its heading.
type printedTable struct {
	Title string
	Rows  []printedRow
}

// printedLetter is the input of the template.
type printedLetter struct {
	Language, Colour, Title, Draft string
	Logo                           template.URL
	Issuer, Recipient              []string // lines
	To, Unit                       string
	Facts                          []fact
	Tables                         []printedTable
	Headline                       fact
	Sentences                      []string
	PayTitle                       string
	Instructions                   []string // lines
	Link, LinkText                 string   // to pay online
	Footer                         []string // lines
}

// HTML returns the cover as a section of a page; grouped separates thousands of a decimal. Errors: those of Check.
func (l *Letter) HTML(grouped func(string) string) (template.HTML, error) {
	if err := l.Check(); err != nil {
		return "", err
	}
	t, err := template.New("letter").Funcs(TemplateFuncs()).Parse(letterTemplate)
	if err != nil {
		return "", err
	}
	w := letterWriter{l, grouped}
	var out bytes.Buffer
	if err := t.Execute(&out, w.printed()); err != nil {
		return "", err
	}
	return template.HTML(out.String()), nil //nolint:gosec // html/template has escaped it
}

// letterWriter formats a letter in its language.
type letterWriter struct {
	*Letter
	grouped func(string) string
}

func (w *letterWriter) say(english, chinese string) string {
	return LetterText{english, chinese}.in(w.Style.Language)
}

// money formats an amount with the currency.
func (w *letterWriter) money(a money.Amount) string {
	return w.Currency + " " + w.grouped(a.StringFixed(w.Digits))
}

func (w *letterWriter) printed() *printedLetter {
	p := &printedLetter{
		Language:  w.Style.Language.Tag(),
		Colour:    w.Style.Colour,
		Title:     w.Kind.title().in(w.Style.Language),
		Issuer:    w.issuer(),
		Recipient: w.address(&w.Recipient),
		To:        w.say("To", "致"),
		Unit:      w.Currency,
		Facts:     w.facts(),
		Sentences: w.sentences(),
	}
	if w.Draft {
		p.Draft = w.say("Draft: the cycle is open, and amounts can change. Not for payment.",
			"草稿：账期未关闭，金额可能变化，请勿付款。")
	}
	if w.Archived != 0 {
		last := w.Archived.Last().String()
		p.Draft = w.say("From an archive, which has no payments after "+last+". Not for payment.",
			"取自归档，不含 "+last+" 之后的付款，请勿付款。")
	}
	if logo := &w.Style.Logo; len(logo.Data) > 0 {
		// an image runs no script, whatever an SVG contains
		p.Logo = template.URL("data:" + logo.MediaType + ";base64," + base64.StdEncoding.EncodeToString(logo.Data))
	}
	for i := range w.Tables {
		p.Tables = append(p.Tables, w.table(&w.Tables[i]))
	}
	p.Headline.Name, p.Headline.Value = w.Headline(w.grouped)
	if _, due := w.Due(); due {
		p.PayTitle = w.say("How to pay", "付款方式")
		if w.Issuer.Bank != "" {
			p.Instructions = append(p.Instructions, w.say("Account: ", "收款账户：")+w.Issuer.Bank)
		}
		p.Instructions = append(p.Instructions, w.say("Reference: ", "付款附言：")+w.Number())
		if w.Style.Instructions != "" {
			p.Instructions = append(p.Instructions, strings.Split(w.Style.Instructions, "\n")...)
		}
		if p.Link = w.Style.PaymentLink(w.Number(), w.Payable.StringFixed(w.Digits), w.Currency); p.Link != "" {
			p.LinkText = w.say("Pay online", "在线付款")
		}
	}
	if w.Style.Footer != "" {
		p.Footer = strings.Split(w.Style.Footer, "\n")
	}
	return p
}

// Headline returns what is paid, and the amount.
func (l *Letter) Headline(grouped func(string) string) (name, value string) {
	w := letterWriter{l, grouped}
	return w.payable(), w.money(l.Payable.Abs())
}

// payable says what is paid, and by whom.
func (w *letterWriter) payable() string {
	switch {
	case w.Payable.Sign() < 0 && w.Kind == StatementLetter:
		return w.say("In your favour", "应付贵方")
	case w.Payable.Sign() < 0:
		return w.say("Credited to you", "贷记金额")
	case w.Archived != 0:
		return w.say("Amount due", "应付总额")
	}
	return w.say("To pay", "应付金额")
}

// issuer returns the lines of the letterhead.
func (w *letterWriter) issuer() []string {
	return append(w.address(&w.Issuer), notEmpty(w.Issuer.Email)...)
}

// address returns name, address, country and tax id.
func (w *letterWriter) address(c *LetterContact) []string {
	lines := notEmpty(c.Name, c.Address, c.Country)
	if c.TaxID != "" {
		lines = append(lines, w.say("Tax ID ", "税号 ")+c.TaxID)
	}
	return lines
}

func notEmpty(lines ...string) []string {
	return slices.DeleteFunc(lines, func(s string) bool { return s == "" })
}

func (w *letterWriter) facts() []fact {
	number := w.Number()
	if number == "" {
		number = w.say("none, draft", "无（草稿）")
	}
	list := []fact{
		{w.say("Number", "编号"), number},
		{w.say("Date of issue", "开具日期"), w.Issued.String()},
	}
	if due, ok := w.Due(); ok {
		list = append(list, fact{w.say("Due date", "付款期限"), due.String()})
	}
	who := w.say("Customer number", "客户编号")
	if w.Kind == StatementLetter {
		who = w.say("Partner number", "伙伴编号")
	}
	if w.Recipient.TaxExempt {
		list = append(list, fact{w.say("Exempt from tax", "免税"), cmp.Or(w.Recipient.ExemptReason, w.say("yes", "是"))})
	}
	if w.Recipient.PurchaseOrder != "" {
		list = append(list, fact{w.say("Purchase order", "采购订单号"), w.Recipient.PurchaseOrder})
	}
	return append(list,
		fact{w.say("Period", "账期"), w.Cycle.First().String() + w.say(" to ", " 至 ") + w.Cycle.Last().String()},
		fact{who, w.Recipient.ID})
}

func (w *letterWriter) table(t *LetterTable) printedTable {
	out := printedTable{Title: t.Title.in(w.Style.Language)}
	for i := range t.Rows {
		r := &t.Rows[i]
		out.Rows = append(out.Rows, printedRow{r.Name.in(w.Style.Language), w.grouped(r.Amount.StringFixed(w.Digits)),
			i == len(t.Rows)-1})
	}
	return out
}

// sentences returns the sentences about the payment and about where the exact amounts are.
func (w *letterWriter) sentences() []string {
	var list []string
	switch {
	case w.Draft, w.Archived != 0:
	case w.Payable.Sign() < 0 && w.Kind == StatementLetter:
		list = append(list, w.say("We pay you "+w.money(w.Payable.Neg())+". Nothing is to be paid by you.",
			"我方将向贵方支付 "+w.money(w.Payable.Neg())+"，贵方无需付款。"))
	case w.Payable.Sign() < 0:
		list = append(list, w.say("We credit "+w.money(w.Payable.Neg())+" to you. Nothing is to be paid.",
			"我方将贷记 "+w.money(w.Payable.Neg())+"，无需付款。"))
	case w.Payable.IsZero():
		list = append(list, w.say("Nothing is to be paid.", "无需付款。"))
	}
	return append(list, w.say("The pages that follow list what the amounts consist of. The XLSX, CSV and JSON "+
		"forms of this document have all digits.", "后附页列出金额的构成。本文档的XLSX、CSV和JSON格式含全部小数位。"))
}
