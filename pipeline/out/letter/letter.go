package letter

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/branding"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Text is a text in the languages of covers.
type Text struct{ English, Chinese string }

// Same returns a text that is the same in every language, such as a name.
func Same(text string) Text { return Text{text, text} }

// in is the text in a language.
func (t Text) in(l branding.Language) string {
	if l == branding.Chinese {
		return t.Chinese
	}
	return t.English
}

// Contact is a party in a letter. Empty fields are not shown.
type Contact struct {
	ID, Name, Address, Country, TaxID, Email, Bank string

	PurchaseOrder string // of a recipient

	TaxExempt    bool // of a recipient, if the document has no tax
	ExemptReason string
}

// OmitExemption removes what says that the recipient is exempt from tax.
func (c *Contact) OmitExemption() { c.TaxExempt, c.ExemptReason = false, "" }

// Kind is the kind of a letter.
type Kind uint8

// The kinds.
const (
	Invoice Kind = iota
	CreditNote
	Statement
)

// KindOf returns the kind of a bill with an amount due. Later payments change neither kind nor number.
func KindOf(due money.Amount) Kind {
	if due.Sign() < 0 {
		return CreditNote
	}
	return Invoice
}

// Code returns the kind as it is written in a document's number.
func (k Kind) Code() string { return [...]string{"INV", "CN", "ST"}[k] }

func (k Kind) title() Text {
	return [...]Text{{"Invoice", "账单"}, {"Credit note", "贷记通知单"}, {"Settlement statement", "结算单"}}[k]
}

// Row is one amount, in the currency of the letter.
type Row struct {
	Name   Text
	Amount money.Amount
}

// Table has amounts that add up to the last row.
type Table struct {
	Title Text
	Rows  []Row
}

// Letter is the cover of a document.
type Letter struct {
	Kind              Kind
	Draft             bool         // the cycle is open
	Archived          period.Cycle // last cycle of the archive that the letter is from, which has no later payments
	Issuer, Recipient Contact
	Cycle             period.Cycle
	Currency          string // ISO 4217
	Digits            int    // of the currency
	Style             *branding.Style
	Issued            period.Day
	DueDate           period.Day // 0 = by the style
	Tables            []Table
	Payable           money.Amount // what the recipient pays the issuer; below 0 the issuer pays
}

// Number is the number of the document; empty for a draft.
func (l *Letter) Number() string {
	if l.Draft {
		return ""
	}
	return l.Style.Number(l.Kind.Code(), l.Cycle, l.Recipient.ID)
}

// Due returns the date by which the recipient must pay; ok is false if there is nothing to pay.
func (l *Letter) Due() (day period.Day, ok bool) {
	if day = l.DueDate; day == 0 {
		day = l.Issued + period.Day(l.Style.PaymentDays)
	}
	return day, !l.Draft && l.Archived == 0 && l.Payable.Sign() > 0
}

// Rounded returns a table of exact amounts: each is rounded half to even to the currency's digits, and if the rows then
// differ from the sum, a row has the difference. The sum must have the currency's digits. It fails if the sum of the
// rows overflows.
func Rounded(title Text, digits int, rows []Row, sum Row) (Table, error) {
	t := Table{Title: title}
	rest := sum.Amount
	for _, r := range rows {
		r.Amount = r.Amount.Cut(digits, money.HalfEven)
		if r.Amount.IsZero() {
			continue
		}
		var err error
		if rest, err = rest.Sub(r.Amount); err != nil {
			return t, fmt.Errorf("amounts of the cover: %w", err)
		}
		t.Rows = append(t.Rows, r)
	}
	if !rest.IsZero() {
		t.Rows = append(t.Rows, Row{Text{"Rounding", "舍入"}, rest})
	}
	t.Rows = append(t.Rows, sum)
	return t, nil
}

// Check checks that the amounts of every table have the currency's digits and add up.
func (l *Letter) Check() error {
	for i := range l.Tables {
		t := &l.Tables[i]
		var sum money.AmountTotal
		for k := range t.Rows {
			r := &t.Rows[k]
			if r.Amount.Cut(l.Digits, money.Truncate) != r.Amount {
				return fmt.Errorf("cover for %s: %s is %s, with more than %d decimals", l.Recipient.ID, r.Name.English,
					r.Amount, l.Digits)
			}
			if k == len(t.Rows)-1 {
				break
			}
			if err := sum.Add(r.Amount); err != nil {
				return fmt.Errorf("cover for %s: %w", l.Recipient.ID, err)
			}
		}
		last := &t.Rows[len(t.Rows)-1]
		var stated money.AmountTotal
		if err := stated.Add(last.Amount); err != nil {
			return fmt.Errorf("cover for %s: %w", l.Recipient.ID, err)
		}
		if sum != stated {
			return fmt.Errorf("cover for %s: %s is %s, its rows add up to %s", l.Recipient.ID, last.Name.English,
				stated, sum)
		}
	}
	return nil
}
