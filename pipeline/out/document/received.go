package document

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/payment"
)

// Received is how much of a partner's debt for a cycle one of its sellers has received (§9.1).
type Received struct {
	Collected money.Amount // from the partner's customers, if it is set off
	Paid      money.Amount // from the partner's account
	Due       period.Day   // 0 = there is no receivable
}

// Parts are the amounts with their names.
func (r *Received) Parts() []LetterRow {
	return []LetterRow{
		{Name: LetterText{English: "Collected from your customers", Chinese: "已从贵方客户收取"}, Amount: r.Collected},
		{Name: LetterText{English: "Paid from your account", Chinese: "已从贵方账户支付"}, Amount: r.Paid},
	}
}

// ReceivedBy returns what one of the partner's sellers has received of a cycle's receivable as of the last run. If it
// is set off, each seller has what was collected on its own lines. The partner's payments are divided: the seller at
// the cycle's end comes last and has the payments above all debts.
func ReceivedBy(snap *lake.Snapshot, issuer string, st *Statement, setOff bool) (r Received, err error) {
	at := slices.IndexFunc(st.Receivables, func(one Receivable) bool {
		return one.Cycle == st.Header.Cycle.String()
	})
	if at < 0 {
		return r, nil
	}
	one := &st.Receivables[at]
	if r.Due, err = period.ParseDay(one.Due); err != nil {
		return r, fmt.Errorf("receivable of %s for %s: %w", st.Partner.ID, one.Cycle, err)
	}
	collected, err := SumOf(one.Amount, one.Paid.Neg(), one.Unpaid.Neg()) // 0 if it is not set off
	if err != nil {
		return r, err
	}
	var known map[string]money.Amount
	if !collected.IsZero() || setOff && one.Collected.IsZero() {
		if known, err = collectedOf(snap, st); err != nil {
			return r, err
		}
	}
	err = r.divide(issuer, st, one.Paid, known)
	return r, err
}

// divide sets the issuer's parts of the collected amounts, which known has by seller, and of the paid amount.
func (r *Received) divide(issuer string, st *Statement, paid money.Amount,
	known map[string]money.Amount) error {
	owed, err := owedInOrder(st)
	if err != nil {
		return err
	}
	r.Collected = known[issuer]
	for i := range owed {
		if err := owed[i].left.Add(known[owed[i].seller].Neg()); err != nil {
			return err
		}
	}
	r.Paid, err = shareOf(issuer, paid, owed)
	return err
}

// collectedOf returns what the close stored as collected on the lines of each of the partner's sellers.
func collectedOf(snap *lake.Snapshot, st *Statement) (map[string]money.Amount, error) {
	out := map[string]money.Amount{}
	return out, query.EachCouponRow(snap, tables.PartnerFacts(), func(r rows.Row[tables.PartnerFact]) error {
		if r.Word(tables.PartnerFactKind) != tables.FactCollected ||
			r.Word(tables.PartnerFactPartnerID) != st.Partner.ID ||
			r.Word(tables.PartnerFactCycle) != st.Header.Cycle.String() {
			return nil
		}
		a, err := r.Amount(tables.PartnerFactAmount)
		out[r.Word(tables.PartnerFactOtherID)] = a
		return err
	})
}

// owedBySeller is what a partner owes a seller and has not paid yet.
type owedBySeller struct {
	seller string
	left   money.AmountTotal
}

// owedInOrder returns what the partner owes each seller, in the order in which payments clear it: the last seller in
// time comes last.
func owedInOrder(st *Statement) (list []owedBySeller, err error) {
	var ids []string
	for _, seller := range st.Sellers {
		ids = append(ids, seller.ID)
	}
	if !slices.Contains(ids, settlement.VendorID) {
		ids = append(ids, settlement.VendorID)
	}
	for _, id := range slices.Backward(ids) {
		owed, err := OwedTo(id, st)
		if err != nil {
			return nil, err
		}
		one := owedBySeller{seller: id}
		for _, a := range []money.Amount{owed.Own, owed.Resellers} {
			if err := one.left.Add(a); err != nil {
				return nil, err
			}
		}
		list = append(list, one)
	}
	return list, nil
}

// shareOf returns the issuer's share of an amount that is divided among debts.
func shareOf(issuer string, amount money.Amount, owed []owedBySeller) (money.Amount, error) {
	shares, err := sharesOf(amount, owed)
	at := slices.IndexFunc(owed, func(one owedBySeller) bool { return one.seller == issuer })
	if err != nil || at < 0 {
		return money.Amount{}, err
	}
	return shares[at], nil
}

// sharesOf divides an amount among debts in their order and reduces them by it; the last one gets the rest.
func sharesOf(amount money.Amount, owed []owedBySeller) ([]money.Amount, error) {
	debts := make([]money.AmountTotal, len(owed))
	for i := range owed {
		if owed[i].left.Cmp(money.AmountTotal{}) > 0 {
			debts[i] = owed[i].left
		}
	}
	var repaid, clears money.AmountTotal
	if err := repaid.Add(amount); err != nil {
		return nil, err
	}
	if amount.Sign() > 0 {
		clears = repaid
	}
	last := len(owed) - 1
	left, err := payment.ClearOldest(debts[:last], clears)
	if err != nil {
		return nil, err
	}
	shares := make([]money.Amount, len(owed))
	for i := range owed {
		share := repaid // the rest
		if i < last {
			share = debts[i]
			err = share.SubTotal(left[i])
		}
		if err == nil {
			shares[i], err = share.Amount()
		}
		if err == nil {
			err = repaid.SubTotal(share)
		}
		if err == nil {
			err = owed[i].left.SubTotal(share)
		}
		if err != nil {
			return nil, err
		}
	}
	return shares, nil
}

// Deduct adds what the issuer of a statement has already received, and the amount that is left to pay; an amount below
// 0 is a credit of the partner.
func Deduct(l *Letter, r *Received, owed LetterRow) error {
	if l.DueDate = r.Due; r.Collected.IsZero() && r.Paid.IsZero() || l.Archived != 0 {
		return nil
	}
	left, err := SumOf(l.Payable, r.Collected.Neg(), r.Paid.Neg())
	if err != nil {
		return err
	}
	sum := LetterRow{Name: LetterText{English: "To pay", Chinese: "应付金额"}, Amount: left}
	if left.Sign() < 0 {
		sum.Name = LetterText{English: "In your favour", Chinese: "应付贵方"}
	}
	rows := []LetterRow{owed}
	for _, part := range r.Parts() {
		rows = append(rows, LetterRow{Name: part.Name, Amount: part.Amount.Neg()})
	}
	table, err := RoundedTable(LetterText{English: "Payment", Chinese: "支付情况"}, l.Digits, rows, sum)
	l.Tables, l.Payable = append(l.Tables, table), left
	return err
}

// Owed is what a partner owes a seller.
type Owed struct{ Own, Resellers money.Amount }

// OwedTo returns what the partner owes a seller for its own customers and, to the vendor, for those of its resellers
// (§6.4).
func OwedTo(seller string, st *Statement) (o Owed, err error) {
	var own, resellers []money.Amount
	for i := range st.Rows {
		r := &st.Rows[i]
		if r.SellerID == seller {
			own = append(own, r.Owed)
		}
		if seller == settlement.VendorID {
			resellers = append(resellers, r.Cost)
		}
	}
	o.Own, err = SumOf(own...)
	if err == nil {
		o.Resellers, err = SumOf(resellers...)
	}
	return o, err
}
