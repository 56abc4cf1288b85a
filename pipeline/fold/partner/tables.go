package partner

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
	"github.com/tollbook/tollbook/settlement/fund"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// put stores rows as the one list of a table, with sums; no rows give no file.
func (s *Stage) put(def *tables.Table, n int, sums tally, row func(c []parquet.Col, i int)) error {
	return s.putFrom(def, sums, func(w *tablefile.Writer) error {
		for i := range n {
			row(w.Cols.C, i)
			w.Cols.N++
			if err := w.Added(); err != nil {
				return err
			}
		}
		return nil
	})
}

// putFrom stores the rows that write writes as the one list of a table, with the sums that it leaves.
func (s *Stage) putFrom(def *tables.Table, sums tally, write func(w *tablefile.Writer) error) error {
	w := tablefile.NewWriter(s.Txn, def)
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

func addTime(c *parquet.Col, t period.Instant) { c.Ints = append(c.Ints, int64(t)) }

// addMaybe adds a time that may never come.
func addMaybe(c *parquet.Col, t, never period.Instant) {
	if t == never {
		t = tables.Nothing
	}
	addTime(c, t)
}

func (s *Stage) putFacts(list []fact) error {
	return s.put(tables.PartnerFacts(), len(list), nil, func(c []parquet.Col, i int) {
		f := &list[i]
		c[tables.PartnerFactCycle].AddWord(f.cycle.String())
		c[tables.PartnerFactKind].AddWord(f.kind)
		c[tables.PartnerFactID].AddText(f.id)
		c[tables.PartnerFactPartner].AddWord(f.partner)
		c[tables.PartnerFactOther].AddWord(f.other)
		addTime(&c[tables.PartnerFactTime], f.time)
		addTime(&c[tables.PartnerFactInstant], f.instant)
		c[tables.PartnerFactPlace].Ints = append(c[tables.PartnerFactPlace].Ints, f.place)
		c[tables.PartnerFactAmount].AddDec(f.amount.Raw())
	})
}

// factAt reads a row of partner_facts.
func factAt(c *parquet.Columns, i int) (f fact, err error) {
	col := c.C
	if f.cycle, err = period.ParseCycle(col[tables.PartnerFactCycle].Word(i)); err != nil {
		return f, err
	}
	f.kind, f.id = col[tables.PartnerFactKind].Word(i), string(col[tables.PartnerFactID].Text(i))
	f.partner, f.other = col[tables.PartnerFactPartner].Word(i), col[tables.PartnerFactOther].Word(i)
	f.time, f.instant = period.Instant(col[tables.PartnerFactTime].Ints[i]), period.Instant(
		col[tables.PartnerFactInstant].Ints[i],
	)
	f.place = col[tables.PartnerFactPlace].Ints[i]
	d := col[tables.PartnerFactAmount].Decs[i]
	f.amount, err = money.AmountFromRaw(d.Hi, d.Lo)
	return f, err
}

func (s *Stage) putFunds(list []fund.Row) error {
	slices.SortFunc(list, func(a, b fund.Row) int {
		return cmp.Or(cmp.Compare(a.Partner, b.Partner), cmp.Compare(a.Fund, b.Fund),
			strings.Compare(a.Period.String(), b.Period.String()), strings.Compare(a.Claim, b.Claim))
	})
	sums, err := s.sumsOfFunds(list)
	if err != nil {
		return err
	}
	return s.put(tables.Funds(), len(list), sums, func(c []parquet.Col, i int) {
		one := &list[i]
		c[tables.FundPartner].AddWord(s.Books.Partners[one.Partner].ID)
		c[tables.FundProgramme].AddWord(s.Books.Money.Funds[one.Fund].ID)
		c[tables.FundPeriod].AddWord(one.Period.String())
		c[tables.FundClaim].AddText(one.Claim)
		c[tables.FundHeads].Ints = append(c[tables.FundHeads].Ints, one.Heads)
		for _, a := range [...]struct {
			at int
			a  money.Amount
		}{{tables.FundQuota, one.Quota}, {tables.FundListed, one.Listed}, {tables.FundReserved, one.Reserved},
			{tables.FundClaimed, one.Claimed}, {tables.FundApproved, one.Approved}, {tables.FundPaid, one.Paid}} {
			c[a.at].AddDec(a.a.Raw())
		}
		c[tables.FundState].AddWord(one.State.String())
		addMaybe(&c[tables.FundUntil], one.Until, period.Forever)
	})
}

// sumsOfFunds adds up funds. What a quota's row has of its claims is not added again.
func (s *Stage) sumsOfFunds(list []fund.Row) (tally, error) {
	sums := s.newTally()
	for i := range list {
		one := &list[i]
		quota := one.State == fund.Open || one.State == fund.Ended
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
	return s.put(tables.Withdrawals(), len(rows), sums, func(c []parquet.Col, i int) {
		w, part := rows[i].w, &rows[i].w.Parts[rows[i].part]
		source := "cash"
		if w.Rebate {
			source = "rebate"
		}
		c[tables.WithdrawalID].AddText(w.ID)
		c[tables.WithdrawalPart].Ints = append(c[tables.WithdrawalPart].Ints, int64(rows[i].part+1))
		c[tables.WithdrawalPartner].AddWord(s.Books.Partners[w.Partner].ID)
		c[tables.WithdrawalSource].AddWord(source)
		c[tables.WithdrawalRoute].AddWord(string(part.Route))
		c[tables.WithdrawalRecharge].AddText(part.RechargeID)
		c[tables.WithdrawalChannel].AddWord(part.Channel)
		c[tables.WithdrawalAmount].AddDec(part.Amount.Raw())
		c[tables.WithdrawalState].AddWord(w.State.String())
		addTime(&c[tables.WithdrawalRequested], w.Requested)
		addMaybe(&c[tables.WithdrawalDecided], w.Decided, period.Past)
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
			if err := sums.add(tables.Receivables().Columns[tables.ReceivableAmount+k].Name, a); err != nil {
				return err
			}
		}
	}
	return s.put(tables.Receivables(), len(list), sums, func(c []parquet.Col, i int) {
		one := &list[i]
		age := int64(today - one.due)
		c[tables.ReceivableCycle].AddWord(one.cycle)
		c[tables.ReceivablePartner].AddWord(one.partner)
		for k, a := range one.amounts() {
			c[tables.ReceivableAmount+k].AddDec(a.Raw())
		}
		c[tables.ReceivableDue].AddWord(one.due.String())
		c[tables.ReceivableAge].Ints = append(c[tables.ReceivableAge].Ints, age)
		c[tables.ReceivableBucket].AddWord(bucketOf(age, one.unpaid))
	})
}

// bucketOf is the bucket of an age in days; empty where nothing is unpaid.
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
func (s *Stage) putInvoices(list []invoice.Row, all []*events.MoneyEvent) error {
	sums := s.newTally()
	for i := range list {
		for k, a := range amountsOf(&list[i]) {
			if err := sums.add(tables.Invoices().Columns[tables.InvoiceInvoiceable+k].Name, a); err != nil {
				return err
			}
		}
	}
	err := s.put(tables.Invoices(), len(list), sums, func(c []parquet.Col, i int) {
		one := &list[i]
		c[tables.InvoiceCycle].AddWord(one.Cycle.String())
		c[tables.InvoiceIssuer].AddWord(one.Issuer)
		c[tables.InvoiceRecipient].AddWord(one.Recipient)
		for k, a := range amountsOf(one) {
			c[tables.InvoiceInvoiceable+k].AddDec(a.Raw())
		}
		c[tables.InvoiceState].AddWord(one.State.String())
	})
	if err != nil {
		return err
	}
	accepted := slices.DeleteFunc(slices.Clone(all), func(e *events.MoneyEvent) bool { return !e.Verdict.Accepted() })
	slices.SortFunc(accepted, func(a, b *events.MoneyEvent) int {
		return cmp.Or(cmp.Compare(a.Instant, b.Instant), strings.Compare(a.ID, b.ID))
	})
	return s.put(tables.InvoiceRecords(), len(accepted), nil, func(c []parquet.Col, i int) {
		e := accepted[i]
		c[tables.InvoiceRecordEvent].AddText(e.ID)
		c[tables.InvoiceRecordInvoice].AddText(e.Subject)
		c[tables.InvoiceRecordNumber].AddText(e.Detail)
		c[tables.InvoiceRecordIssuer].AddWord(e.Partner)
		c[tables.InvoiceRecordRecipient].AddWord(e.Other)
		c[tables.InvoiceRecordCycle].AddWord(e.Scope)
		addTime(&c[tables.InvoiceRecordTime], e.Time)
		c[tables.InvoiceRecordType].AddWord(e.Type)
		c[tables.InvoiceRecordAmount].AddDec(e.Amount.Raw())
		c[tables.InvoiceRecordContent].AddText(e.Note)
		addTime(&c[tables.InvoiceRecordInstant], e.Instant)
	})
}
