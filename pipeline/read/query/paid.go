package query

import (
	"errors"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/payment"
)

// PaidBill shows what has been paid of what an issuer sold a customer in a cycle, with all digits (PAID-1).
type PaidBill struct {
	Coupon, StoredValue, Flexi, Cash money.Amount
	Partners                         []PaidByPartner // by partner_id
	Repaid                           money.Amount    // of debt and credit
	Open                             money.Amount    // to be paid to the issuer, without added tax
}

// PaidByPartner is the amount that a partner other than the issuer paid for a customer's orders.
type PaidByPartner struct {
	Partner string
	Amount  money.Amount
}

// PaidLedger determines what has been paid of bills of a cycle. It caches data of one bucket. It is not safe for
// concurrent use.
type PaidLedger struct {
	snap   *lake.Snapshot
	cycle  period.Cycle
	bucket int // bucket of payers, bases and owed
	payers map[string]payer
	bases  map[string]base  // of refunds of orders, by the id of their lines
	owed   map[string]*owed // by customer
}

// NewPaidLedger makes a ledger of a cycle.
func NewPaidLedger(snap *lake.Snapshot, cycle period.Cycle) *PaidLedger {
	return &PaidLedger{snap: snap, cycle: cycle, bucket: -1}
}

// PaidBill returns what has been paid of an issuer's lines. Without byLedger, balances pay nothing, and cash is to be
// paid.
func (g *PaidLedger) Bill(l *PaidLines, customer, id string, byLedger bool) (b PaidBill, err error) {
	at := slices.IndexFunc(l.issuers, func(one *issuer) bool { return one.id == id })
	if at < 0 {
		return b, nil
	}
	of := l.issuers[at]
	open := of.adjusted
	cash := of.cash
	if !byLedger {
		err = errors.Join(open.AddTotal(cash), into(&b.Coupon, of.coupon), into(&b.Open, open))
		return b, err
	}
	if bucket := lake.BucketOf(customer, max(1, g.snap.Manifest.Buckets)); bucket != g.bucket {
		g.bucket, g.payers, g.bases, g.owed = bucket, nil, nil, nil
	}
	if err := g.byPartners(&b, of, &cash, &open); err != nil {
		return b, err
	}
	left, err := g.open(l, customer, of)
	if err != nil {
		return b, err
	}
	var repaid money.AmountTotal
	for _, u := range of.owed {
		err = errors.Join(err, repaid.AddTotal(u.up), repaid.SubTotal(u.down))
	}
	err = errors.Join(err, repaid.SubTotal(left), open.AddTotal(left), into(&b.Coupon, of.coupon),
		into(&b.StoredValue, of.stored), into(&b.Flexi, of.flexi))
	return b, errors.Join(err, into(&b.Cash, cash), into(&b.Repaid, repaid), into(&b.Open, open))
}

// into stores a total as an amount.
func into(to *money.Amount, t money.AmountTotal) (err error) {
	*to, err = t.Amount()
	return err
}

// byPartners subtracts what partners paid for orders from cash (PAID-2).
func (g *PaidLedger) byPartners(b *PaidBill, of *issuer, cash, open *money.AmountTotal) error {
	for _, o := range of.orders {
		paid, err := g.payer(o)
		switch {
		case err != nil:
			return err
		case paid == "":
			continue
		}
		if err := cash.Add(o.cash.Neg()); err != nil {
			return err
		}
		if paid == of.id {
			if err := open.Add(o.cash); err != nil {
				return err
			}
			continue
		}
		at, found := slices.BinarySearchFunc(b.Partners, paid, func(one PaidByPartner, id string) int {
			return strings.Compare(one.Partner, id)
		})
		if !found {
			b.Partners = slices.Insert(b.Partners, at, PaidByPartner{Partner: paid})
		}
		if b.Partners[at].Amount, err = b.Partners[at].Amount.Add(o.cash); err != nil {
			return err
		}
	}
	return nil
}

// open returns the open amount of the credit and debt of an issuer's lines. Refunds reduce what their own lines used.
// Repayments then clear first the lines of the issuer that began to sell first (PAID-3).
func (g *PaidLedger) open(l *PaidLines, customer string, of *issuer) (sum money.AmountTotal, err error) {
	list := l.inOrder()
	for _, balance := range [...]balance{credit, debtAmount} {
		var all money.AmountTotal
		for _, one := range list {
			err = errors.Join(err, all.AddTotal(one.owed[balance].up))
		}
		if err != nil {
			return sum, err
		}
		if all.IsZero() {
			continue
		}
		left, refunds, err := g.left(customer, balance)
		if err != nil {
			return sum, err
		}
		if err := all.SubTotal(left); err != nil {
			return sum, err
		}
		refunded := make([]money.AmountTotal, len(list))
		for _, r := range refunds {
			if at := slices.Index(list, l.sold[r.line]); at >= 0 {
				err = errors.Join(err, refunded[at].Add(r.amount))
			}
		}
		if err != nil {
			return sum, err
		}
		open, err := divide(list, balance, refunded, all)
		if err != nil {
			return sum, err
		}
		if err := sum.AddTotal(open[slices.Index(list, of)]); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// divide subtracts the cleared amount of a balance from what the lines of each issuer used of it, of which refunds have
// reduced a part.
func divide(list []*issuer, of balance, refunded []money.AmountTotal, cleared money.AmountTotal) (
	[]money.AmountTotal, error) {
	n := len(list)
	debts := make([]money.AmountTotal, 2*n) // the parts reduced by refunds, then the rest
	for i, one := range list {
		debts[i], debts[n+i] = refunded[i], one.owed[of].up
		if debts[i].Cmp(debts[n+i]) > 0 {
			debts[i] = debts[n+i]
		}
		if err := debts[n+i].SubTotal(debts[i]); err != nil {
			return nil, err
		}
	}
	left, err := payment.ClearOldest(debts, cleared)
	if err != nil {
		return nil, err
	}
	for i := range list {
		if err := left[i].AddTotal(left[n+i]); err != nil {
			return nil, err
		}
	}
	return left[:n], nil
}
