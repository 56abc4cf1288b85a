package explain

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// sale identifies what an invoice covers.
type sale struct{ cycle, issuer, recipient string }

// invoice explains an invoice or a credit note: its events, and the amount left to invoice before and after each event
// about the same cycle, issuer and recipient (§9.7).
func (t *teller) invoice(context.Context) error {
	happened, err := t.happened("invoices", func(rows.Row[tables.PartnerEvent]) bool { return true })
	if err != nil {
		return err
	}
	made := map[string]*accept.MoneyEvent{} // the counting documents
	var mine *accept.MoneyEvent
	for _, e := range happened {
		isNew := e.Type == invoice.Issue.String() || e.Type == invoice.CreditNote.String()
		if isNew && e.Verdict.Accepted() {
			made[e.Subject] = e
		}
		if e.Subject == t.id && isNew && (mine == nil || e.Verdict.Accepted()) {
			mine = e
		}
	}
	if mine == nil {
		return t.unknownInvoice(happened)
	}
	t.fact("number", mine.Detail)
	t.fact("issuer", mine.Partner)
	t.fact("recipient", mine.Other)
	t.fact("invoiced cycle", mine.Scope)
	t.fact("content", mine.Note)
	t.fact("amount", mine.Amount.Trim())
	t.times(mine.Time, mine.Instant)
	t.story.PartnerID, t.story.CustomerID = t.parties(mine)
	if err := t.invoiced(mine, happened, made); err != nil {
		return err
	}
	return t.deadline(query.DeadlineOfInvoice)
}

// unknownInvoice describes events that name an invoice that was never issued.
func (t *teller) unknownInvoice(happened []*accept.MoneyEvent) error {
	for _, e := range happened {
		if e.Subject == t.id {
			t.feed(e)
		}
	}
	if len(t.story.Feeds) > 0 {
		t.fact("state", "none: it was not issued")
	}
	return nil
}

// parties returns the partner and the customer among issuer and recipient.
func (t *teller) parties(e *accept.MoneyEvent) (partner, customer string) {
	if t.src.Books.Partner(e.Other) >= 0 {
		return e.Other, ""
	}
	if t.src.Books.Partner(e.Partner) >= 0 {
		return e.Partner, e.Other
	}
	return "", e.Other
}

// invoiced lists the events of what an invoice covers, with the amount left before and after each, and compares the
// last amount with the table invoices.
func (t *teller) invoiced(mine *accept.MoneyEvent, happened []*accept.MoneyEvent,
	made map[string]*accept.MoneyEvent) error {
	of := sale{mine.Scope, mine.Partner, mine.Other}
	left, want, state, err := t.sale(of)
	if err != nil {
		return err
	}
	steps := []string{"invoiceable: " + left.Trim()}
	life := "rejected"
	for _, e := range happened {
		document := e
		if d := made[e.Subject]; e.Scope == "" && d != nil {
			document = d // return and void name only the invoice
		}
		if e.Subject == t.id {
			t.feed(e)
		}
		if (sale{document.Scope, document.Partner, document.Other}) != of {
			continue
		}
		text := fmt.Sprintf("%s for %s: %s", step(e), e.Subject, outcome(e))
		if e.Verdict.Why == reason.OverInvoiced {
			text += "; left is " + left.Trim()
		}
		if e.Verdict.Accepted() {
			before := left
			a := document.Amount
			if e.Type == invoice.Issue.String() {
				a = a.Neg()
			}
			if left, err = left.Add(a); err != nil {
				return err
			}
			text += "; " + change("left", before, left)
			if e.Subject == t.id {
				life = map[string]string{"issue": "issued", "credit_note": "issued", "return": "returned",
					"void": "voided"}[e.Type]
			}
		}
		if e.Verdict.Accepted() || e.Subject == t.id {
			steps = append(steps, text)
		}
	}
	t.fact("state", life)
	t.fact("state of what is invoiced", state)
	t.story.Agrees = left == want
	t.part(fmt.Sprintf("cycle %s, %s to %s: left = invoiceable - issued + returned + credited (§9.7)", of.cycle,
		of.issuer, of.recipient), steps...)
	return nil
}

// sale reads the row of the table invoices: the amount that can be invoiced, the amount left, and the state.
func (t *teller) sale(of sale) (invoiceable, left money.Amount, state string, err error) {
	state = "none: nothing can be invoiced, or the cycle is open"
	err = query.EachCouponRow(t.src.Snap, tables.Invoices(), func(r rows.Row[tables.Invoice]) (err error) {
		row := sale{r.Word(tables.InvoiceCycle), r.Word(tables.InvoiceIssuerID), r.Word(tables.InvoiceRecipientID)}
		if row != of {
			return nil
		}
		state = r.Word(tables.InvoiceState)
		if invoiceable, err = r.Amount(tables.InvoiceInvoiceableAmount); err != nil {
			return err
		}
		left, err = r.Amount(tables.InvoiceLeftAmount)
		return err
	})
	return invoiceable, left, state, err
}
