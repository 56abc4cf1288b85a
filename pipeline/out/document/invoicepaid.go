package document

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
)

// invoicePaid adds what is already paid of the invoiceable amount, so that the invoice and the cover of the same month
// request the same payment (§9.7). Payments are applied to earlier invoices first.
func (s invoicing) invoicePaid(ctx context.Context, v *Invoice, issuer string, lines *query.PaidLines) error {
	var owedNet money.Amount
	var list []LetterRow
	if v.Role == "partner" {
		var err error
		if owedNet, list, err = s.partnerPaid(ctx, v, issuer); err != nil {
			return err
		}
	}
	customerNet, err := SumOf(v.Invoiceable, v.Tax.Neg(), owedNet.Neg())
	if err != nil {
		return err
	}
	open, of, err := s.customerPaid(v, issuer, lines, customerNet)
	if err != nil {
		return err
	}
	list = append(of, list...)
	if v.PaidRounding, err = customerNet.Sub(open); err != nil {
		return err
	}
	for _, r := range of {
		if v.PaidRounding, err = v.PaidRounding.Sub(r.Amount); err != nil {
			return err
		}
	}
	sum := []money.Amount{v.PaidRounding}
	for _, r := range list {
		if sum = append(sum, r.Amount); !r.Amount.IsZero() {
			v.Paid = append(v.Paid, r)
		}
	}
	all, err := SumOf(sum...)
	if err != nil {
		return err
	}
	before, err := v.Invoiceable.Sub(v.Left)
	if err != nil {
		return err
	}
	if all.Sign() == before.Sign() {
		if v.PaidBefore = all; before.Abs().Cmp(all.Abs()) < 0 {
			v.PaidBefore = before
		}
	}
	v.Payable, err = SumOf(v.Left, all.Neg(), v.PaidBefore)
	return err
}

// customerPaid returns the open amount of a customer's lines, rounded once like the invoiceable amount, and what paid
// them, without coupons.
func (s invoicing) customerPaid(v *Invoice, issuer string, lines *query.PaidLines, net money.Amount) (
	open money.Amount, list []LetterRow, err error) {
	byLedger := ByLedger(s.src.Snap, v.Header.Cycle, s.src.Settings.Payments)
	done, err := query.NewPaidLedger(s.src.Snap, v.Header.Cycle).Bill(lines, v.Recipient.ID, issuer, byLedger)
	if err != nil {
		return open, nil, fmt.Errorf("payments of the invoice to %s: %w", v.Recipient.ID, err)
	}
	done.Coupon = money.Amount{} // deducted already
	for _, r := range Parts(&done, s.src.partnerName(v.Header.Cycle)) {
		if !r.Amount.IsZero() {
			list = append(list, r)
		}
	}
	if len(list) == 0 {
		return net, nil, nil
	}
	mode, err := RoundedBy(s.src.Snap, &v.Header, s.src.Settings.Rounding.Mode)
	return done.Open.Cut(v.Header.Digits, mode), list, err
}

// partnerPaid returns what the partner owes the issuer without tax, and what the issuer has received of it.
func (s invoicing) partnerPaid(ctx context.Context, v *Invoice, issuer string) (net money.Amount,
	list []LetterRow, err error) {
	brief := *s.src
	brief.Brief = true
	st, err := ComposeStatement(ctx, &brief, v.Header.Cycle, v.Recipient.ID)
	if err != nil {
		return net, nil, err
	}
	owed, err := OwedTo(issuer, st)
	if err != nil {
		return net, nil, err
	}
	if net, err = SumOf(owed.Own, owed.Resellers); err != nil {
		return net, nil, err
	}
	got, err := ReceivedBy(s.src.Snap, issuer, st, s.src.Settings.Receivables.SetOff)
	return net, got.Parts(), err
}
