package partner

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// put stores rows as the one list of a table, with sums; no rows, no file.
func put[T any](s *Stage, def tables.Def[T], n int, sums tally, row func(c *parquet.Columns[T], i int)) error {
	return putFrom(s, def, sums, func(w *rows.Writer[T]) error {
		for i := range n {
			row(w.Cols, i)
			w.Cols.N++
			if err := w.Added(); err != nil {
				return err
			}
		}
		return nil
	})
}

// putFrom stores the rows that write adds as the one list of a table, with sums, which write may change.
func putFrom[T any](s *Stage, def tables.Def[T], sums tally, write func(w *rows.Writer[T]) error) error {
	w := rows.NewFileWriter(s.Txn, def)
	w.Restart(Key(def))
	if err := write(w); err != nil {
		return errors.Join(err, w.Abort())
	}
	files, err := w.Finish(sums.sums())
	if err != nil {
		return err
	}
	return s.Txn.Next().Replace(Key(def), files...)
}

// addMaybe adds a time, or null if it is never.
func addMaybe(c parquet.Times, t, never period.Instant) {
	if t == never {
		t = tables.Nothing
	}
	c.Add(t)
}

func (s *Stage) putFacts(list []fact) error {
	return put(s, tables.PartnerFacts(), len(list), nil, func(c *parquet.Columns[tables.PartnerFact], i int) {
		f := &list[i]
		c.Word(tables.PartnerFactCycle).Add(f.cycle.String())
		c.Word(tables.PartnerFactKind).Add(f.kind)
		c.Text(tables.PartnerFactID).Add(f.id)
		c.Word(tables.PartnerFactPartnerID).Add(f.partner)
		c.Word(tables.PartnerFactOtherID).Add(f.other)
		c.MaybeTime(tables.PartnerFactTime).Add(f.time)
		c.MaybeTime(tables.PartnerFactInstant).Add(f.instant)
		c.Whole(tables.PartnerFactPlace).Add(f.place)
		c.Amount(tables.PartnerFactAmount).Add(f.amount.Raw())
	})
}

// factAt reads a row of partner_facts.
func factAt(c *parquet.Columns[tables.PartnerFact], i int) (f fact, err error) {
	if f.cycle, err = period.ParseCycle(c.Word(tables.PartnerFactCycle).At(i)); err != nil {
		return f, err
	}
	f.kind, f.id = c.Word(tables.PartnerFactKind).At(i), string(c.Text(tables.PartnerFactID).At(i))
	f.partner, f.other = c.Word(tables.PartnerFactPartnerID).At(i), c.Word(tables.PartnerFactOtherID).At(i)
	f.time, f.instant = c.MaybeTime(tables.PartnerFactTime).At(i), c.MaybeTime(tables.PartnerFactInstant).At(i)
	f.place = c.Whole(tables.PartnerFactPlace).At(i)
	d := c.Amount(tables.PartnerFactAmount).At(i)
	f.amount, err = money.AmountFromRaw(d.Hi, d.Lo)
	return f, err
}

func (s *Stage) putFunds(list []account.FundRow) error {
	slices.SortFunc(list, func(a, b account.FundRow) int {
		return cmp.Or(cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Fund, b.Fund),
			strings.Compare(a.Period.String(), b.Period.String()), strings.Compare(a.Claim, b.Claim))
	})
	sums, err := s.sumsOfFunds(list)
	if err != nil {
		return err
	}
	return put(s, tables.Funds(), len(list), sums, func(c *parquet.Columns[tables.Fund], i int) {
		one := &list[i]
		c.Word(tables.FundPartnerID).Add(s.Books.Partners[one.Partner].ID)
		c.Word(tables.FundProgrammeID).Add(s.Books.Money.Funds[one.Fund].ID)
		c.Word(tables.FundPeriod).Add(one.Period.String())
		c.Text(tables.FundClaimID).Add(one.Claim)
		c.Whole(tables.FundHeads).Add(one.Heads)
		for _, a := range [...]struct {
			at tables.AmountColumn[tables.Fund]
			a  money.Amount
		}{{tables.FundQuotaAmount, one.Quota}, {tables.FundListedAmount, one.Listed}, {tables.FundReservedAmount,
			one.Reserved},
			{tables.FundClaimedAmount, one.Claimed}, {tables.FundApprovedAmount, one.Approved}, {tables.FundPaidAmount,
				one.Paid}} {
			c.Amount(a.at).Add(a.a.Raw())
		}
		c.Word(tables.FundState).Add(one.State.String())
		addMaybe(c.MaybeTime(tables.FundUntil), one.Until, period.Forever)
	})
}

// sumsOfFunds adds up funds. It does not add the amounts of a quota's row that are also in its claims.
func (s *Stage) sumsOfFunds(list []account.FundRow) (tally, error) {
	sums := s.newTally()
	for i := range list {
		one := &list[i]
		quota := one.State == account.FundOpen || one.State == account.FundEnded
		for _, a := range [...]struct {
			name  string
			a     money.Amount
			twice bool
		}{{"quota_amount", one.Quota, false}, {"listed_amount", one.Listed, false},
			{"reserved_amount", one.Reserved, quota}, {"claimed_amount", one.Claimed, quota},
			{"approved_amount", one.Approved, quota}, {"paid_amount", one.Paid, quota}} {
			if a.twice {
				a.a = money.Amount{}
			}
			if err := sums.add(a.name, a.a); err != nil {
				return nil, err
			}
		}
	}
	return sums, nil
}

func (s *Stage) putWithdrawals(list []*account.Withdrawal) error {
	type row struct {
		w    *account.Withdrawal
		part int
	}
	var rows []row
	sums := s.newTally("requested", "approved", "refused", "done", "failed")
	for _, w := range list {
		for part := range w.Parts {
			rows = append(rows, row{w, part})
			if err := sums.add(w.State.String(), w.Parts[part].Amount); err != nil {
				return err
			}
		}
	}
	return put(s, tables.Withdrawals(), len(rows), sums, func(c *parquet.Columns[tables.Withdrawal], i int) {
		w, part := rows[i].w, &rows[i].w.Parts[rows[i].part]
		source := "cash"
		if w.Rebate {
			source = "rebate"
		}
		c.Text(tables.WithdrawalWithdrawalID).Add(w.ID)
		c.Whole(tables.WithdrawalPart).Add(int64(rows[i].part + 1))
		c.Word(tables.WithdrawalPartnerID).Add(s.Books.Partners[w.Partner].ID)
		c.Word(tables.WithdrawalSource).Add(source)
		c.Word(tables.WithdrawalRoute).Add(string(part.Route))
		c.Text(tables.WithdrawalRechargeID).Add(part.RechargeID)
		c.Word(tables.WithdrawalChannel).Add(part.Channel)
		c.Amount(tables.WithdrawalAmount).Add(part.Amount.Raw())
		c.Word(tables.WithdrawalState).Add(w.State.String())
		c.Time(tables.WithdrawalRequested).Add(w.Requested)
		addMaybe(c.MaybeTime(tables.WithdrawalDecided), w.Decided, period.Past)
	})
}

// putReceivables stores what partners owe for closed cycles (§9.1).
func (s *Stage) putReceivables(all map[receivableKey]*account.Receivable) error {
	var list []*account.Receivable
	for _, one := range all {
		if !one.Amount.IsZero() {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b *account.Receivable) int {
		return cmp.Or(cmp.Compare(a.Cycle, b.Cycle), cmp.Compare(a.Partner, b.Partner))
	})
	out := make([]receivable, len(list))
	for i, one := range list {
		unpaid, err := one.Unpaid()
		if err != nil {
			return err
		}
		out[i] = receivable{cycle: one.Cycle.String(), partner: s.Books.Partners[one.Partner].ID, amount: one.Amount,
			collected: one.Collected, paid: one.Paid, unpaid: unpaid,
			due: s.Books.Zone.Day(s.Settings.CloseTime(one.Cycle)) + period.Day(s.Settings.StatementDueDays)}
	}
	return s.storeReceivables(out)
}

// storeReceivables stores receivables with their age at the as-of.
func (s *Stage) storeReceivables(list []receivable) error {
	today := s.Books.Zone.Day(s.AsOf)
	sums := s.newTally()
	for i := range list {
		for k, a := range list[i].amounts() {
			if err := sums.add(tables.Receivables().Columns[tables.ReceivableAmounts()[k]].Name, a); err != nil {
				return err
			}
		}
	}
	return put(s, tables.Receivables(), len(list), sums, func(c *parquet.Columns[tables.Receivable], i int) {
		one := &list[i]
		age := int64(today - one.due)
		c.Word(tables.ReceivableCycle).Add(one.cycle)
		c.Word(tables.ReceivablePartnerID).Add(one.partner)
		for k, a := range one.amounts() {
			c.Amount(tables.ReceivableAmounts()[k]).Add(a.Raw())
		}
		c.Word(tables.ReceivableDueDate).Add(one.due.String())
		c.Whole(tables.ReceivableAgeDays).Add(age)
		c.Word(tables.ReceivableBucket).Add(bucketOf(age, one.unpaid))
	})
}

// bucketOf returns the bucket of an age in days; empty if nothing is unpaid.
func bucketOf(age int64, unpaid money.Amount) string {
	switch {
	case unpaid.Sign() <= 0:
		return ""
	case age <= 0:
		return "not_due"
	case age <= 30:
		return "1-30"
	case age <= 60:
		return "31-60"
	case age <= 90:
		return "61-90"
	default:
		return "over_90"
	}
}

// amountsOf are the amounts of a row of invoices, in the order of the columns.
func amountsOf(one *invoice.Row) [5]money.Amount {
	return [...]money.Amount{one.Invoiceable, one.Issued, one.Returned, one.Credited, one.Left}
}

// putInvoices stores what is invoiced, and the events that count.
func (s *Stage) putInvoices(list []invoice.Row, all []*accept.MoneyEvent) error {
	sums := s.newTally()
	for i := range list {
		for k, a := range amountsOf(&list[i]) {
			if err := sums.add(tables.Invoices().Columns[tables.InvoiceAmounts()[k]].Name, a); err != nil {
				return err
			}
		}
	}
	err := put(s, tables.Invoices(), len(list), sums, func(c *parquet.Columns[tables.Invoice], i int) {
		one := &list[i]
		c.Word(tables.InvoiceCycle).Add(one.Cycle.String())
		c.Word(tables.InvoiceIssuerID).Add(one.Issuer)
		c.Word(tables.InvoiceRecipientID).Add(one.Recipient)
		for k, a := range amountsOf(one) {
			c.Amount(tables.InvoiceAmounts()[k]).Add(a.Raw())
		}
		c.Word(tables.InvoiceState).Add(one.State.String())
	})
	if err != nil {
		return err
	}
	accepted := slices.DeleteFunc(slices.Clone(all), func(e *accept.MoneyEvent) bool { return !e.Verdict.Accepted() })
	slices.SortFunc(accepted, func(a, b *accept.MoneyEvent) int {
		return cmp.Or(cmp.Compare(a.Instant, b.Instant), strings.Compare(a.ID, b.ID))
	})
	return put(s, tables.InvoiceRecords(), len(accepted), nil, func(c *parquet.Columns[tables.InvoiceRecord], i int) {
		e := accepted[i]
		c.Text(tables.InvoiceRecordEventID).Add(e.ID)
		c.Text(tables.InvoiceRecordInvoiceID).Add(e.Subject)
		c.Text(tables.InvoiceRecordNumber).Add(e.Detail)
		c.Word(tables.InvoiceRecordIssuerID).Add(e.Partner)
		c.Word(tables.InvoiceRecordRecipientID).Add(e.Other)
		c.Word(tables.InvoiceRecordCycle).Add(e.Scope)
		c.Time(tables.InvoiceRecordTime).Add(e.Time)
		c.Word(tables.InvoiceRecordEvent).Add(e.Type)
		c.Amount(tables.InvoiceRecordAmount).Add(e.Amount.Raw())
		c.Text(tables.InvoiceRecordContent).Add(e.Note)
		c.Time(tables.InvoiceRecordInstant).Add(e.Instant)
	})
}
