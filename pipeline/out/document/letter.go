package document

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// LetterText is a text in the languages of covers.
type LetterText struct{ English, Chinese string }

// SameText returns a text that is the same in every language, such as a name.
func SameText(text string) LetterText { return LetterText{text, text} }

// in is the text in a language.
func (t LetterText) in(l settings.Language) string {
	if l == settings.Chinese {
		return t.Chinese
	}
	return t.English
}

// LetterContact is a party in a letter. Empty fields are not shown.
type LetterContact struct {
	ID, Name, Address, Country, TaxID, Email, Bank string

	PurchaseOrder string // of a recipient

	TaxExempt    bool // of a recipient, if the document has no tax
	ExemptReason string
}

// OmitExemption removes what says that the recipient is exempt from tax.
func (c *LetterContact) OmitExemption() { c.TaxExempt, c.ExemptReason = false, "" }

// LetterKind is the kind of a letter.
type LetterKind uint8

// The kinds.
const (
	InvoiceLetter LetterKind = iota
	CreditNote
	StatementLetter
)

// LetterKindOf returns the kind of a bill with an amount due. Later payments change neither kind nor number.
func LetterKindOf(due money.Amount) LetterKind {
	if due.Sign() < 0 {
		return CreditNote
	}
	return InvoiceLetter
}

// Code returns the kind as it is written in a document's number.
func (k LetterKind) Code() string { return [...]string{"INV", "CN", "ST"}[k] }

func (k LetterKind) title() LetterText {
	return [...]LetterText{{"Invoice", "账单"}, {"Credit note", "贷记通知单"}, {"Settlement statement", "结算单"}}[k]
}

// LetterRow is one amount, in the currency of the letter.
type LetterRow struct {
	Name   LetterText
	Amount money.Amount
}

// LetterTable has amounts that add up to the last row.
type LetterTable struct {
	Title LetterText
	Rows  []LetterRow
}

// Letter is the cover of a document.
type Letter struct {
	Kind              LetterKind
	Draft             bool         // the cycle is open
	Archived          period.Cycle // last cycle of the archive that the letter is from, which has no later payments
	Issuer, Recipient LetterContact
	Cycle             period.Cycle
	Currency          string // ISO 4217
	Digits            int    // of the currency
	Style             *settings.BrandingStyle
	Issued            period.Day
	DueDate           period.Day // 0 = by the style
	Tables            []LetterTable
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

// RoundedTable returns a table of exact amounts: each is rounded half to even to the currency's digits, and if the rows
// then differ from the sum, a row has the difference. The sum must have the currency's digits. It fails if the sum of
// the rows overflows.
func RoundedTable(title LetterText, digits int, rows []LetterRow, sum LetterRow) (LetterTable, error) {
	t := LetterTable{Title: title}
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
		t.Rows = append(t.Rows, LetterRow{LetterText{"Rounding", "舍入"}, rest})
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
