package query

import (
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// funds adds the lists and claims that become void, and the quotas whose period ends (§9.4, §9.5).
func (l *lister) funds() error {
	return EachCouponRow(l.Snap, tables.Funds(), func(r rows.Row[tables.Fund]) error {
		d, ok, err := FundDeadline(r)
		if ok && (d.Kind != DeadlineOfFundQuota || d.Amount.Sign() > 0) {
			l.add(d)
		}
		return err
	})
}

// FundDeadline returns the deadline of a row of the table funds; ok is false if time alone does not change its state.
func FundDeadline(r rows.Row[tables.Fund]) (d Deadline, ok bool, err error) {
	at := r.MaybeTime(tables.FundUntil)
	if at == tables.Nothing {
		return d, false, nil
	}
	d = Deadline{At: at, ID: r.Word(tables.FundProgrammeID), Period: r.Word(tables.FundPeriod),
		PartnerID: r.Word(tables.FundPartnerID), State: r.Word(tables.FundState), Confirm: true}
	claim := string(r.Text(tables.FundClaimID))
	switch {
	case claim != "":
		d.Kind, d.ID, d.Then = DeadlineOfClaim, claim, "void without the activity"
		if d.State == account.FundHeld.String() {
			d.Then = "void without a claim"
		}
		d.Confirm = d.State != account.FundRequested.String() // a requested claim waits for the vendor
		d.Amount, err = r.Amount(tables.FundReservedAmount)
	case d.State == account.FundListed.String():
		d.Kind, d.Then = DeadlineOfHeadcount, "void without an application"
		d.Amount, err = r.Amount(tables.FundListedAmount)
	default:
		d.Kind, d.Then, d.Confirm = DeadlineOfFundQuota, "ended", false
		d.Amount, err = difference(r, tables.FundQuotaAmount.Of(), tables.FundReservedAmount.Of())
	}
	return d, err == nil, err
}

// difference returns one amount of a row minus another.
func difference(r rows.Row[tables.Fund], from, less tables.ColumnOf[tables.Fund]) (money.Amount, error) {
	a, err := r.Amount(tables.AmountColumn[tables.Fund](from))
	if err != nil {
		return a, err
	}
	b, err := r.Amount(tables.AmountColumn[tables.Fund](less))
	if err != nil {
		return a, err
	}
	return a.Sub(b)
}

// receivables adds the receivables that become overdue (§9.1).
func (l *lister) receivables() error {
	return EachCouponRow(l.Snap, tables.Receivables(), func(r rows.Row[tables.Receivable]) error {
		unpaid, err := r.Amount(tables.ReceivableUnpaidAmount)
		if err != nil || unpaid.Sign() <= 0 {
			return err
		}
		due, err := period.ParseDay(r.Word(tables.ReceivableDueDate))
		if err != nil {
			return err
		}
		cycle := r.Word(tables.ReceivableCycle)
		l.add(Deadline{At: l.Books.Zone.Start(due + 1), Kind: DeadlineOfReceivable, ID: cycle, Period: cycle,
			PartnerID: r.Word(tables.ReceivablePartnerID), State: r.Word(tables.ReceivableBucket), Then: "overdue",
			Amount: unpaid})
		return nil
	})
}

// invoices adds the invoices that can be voided until the end of the month of their issue (§9.7).
func (l *lister) invoices() error {
	type document struct {
		Deadline
		back bool
	}
	var order []string
	all := map[string]*document{}
	err := EachCouponRow(l.Snap, tables.InvoiceRecords(), func(r rows.Row[tables.InvoiceRecord]) (err error) {
		id, kind := string(r.Text(tables.InvoiceRecordInvoiceID)), r.Word(tables.InvoiceRecordEvent)
		switch kind {
		case invoice.Return.String(), invoice.Void.String():
			if d := all[id]; d != nil {
				d.back = true
			}
			return nil
		case invoice.CreditNote.String():
			return nil
		}
		month := l.Books.Zone.Cycle(r.Time(tables.InvoiceRecordTime))
		d := &document{Deadline: Deadline{At: l.Books.Zone.Bounds(month).To, Kind: DeadlineOfInvoice, ID: id,
			Period: r.Word(tables.InvoiceRecordCycle), State: "issued", Then: "it can be returned, not voided"}}
		d.PartnerID, d.CustomerID = l.parties(r.Word(tables.InvoiceRecordIssuerID),
			r.Word(tables.InvoiceRecordRecipientID))
		d.Amount, err = r.Amount(tables.InvoiceRecordAmount)
		all[id], order = d, append(order, id)
		return err
	})
	for _, id := range order {
		if d := all[id]; !d.back {
			l.add(d.Deadline)
		}
	}
	return err
}

// parties returns the partner and the customer among issuer and recipient. If both are partners, it returns the
// recipient, to whom the invoice is addressed.
func (l *lister) parties(issuer, recipient string) (partner, customer string) {
	if l.Books.Partner(recipient) >= 0 {
		return recipient, ""
	}
	if l.Books.Partner(issuer) >= 0 {
		partner = issuer
	}
	return partner, recipient
}
