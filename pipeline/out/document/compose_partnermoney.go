package document

import (
	"fmt"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// partnerMoney adds the sections about a partner's balances, payments and debts (COMPOSE-9).
func (s *Sources) partnerMoney(st *Statement) error {
	p := &purse{src: s, st: st, span: s.Books.Zone.Bounds(st.Header.Cycle)}
	for _, step := range []func() error{p.toConfirm, p.account, p.receivables, p.quotas, p.coupons, p.funds} {
		if err := step(); err != nil {
			return fmt.Errorf("money of partner %s: %w", st.Partner.ID, err)
		}
	}
	return nil
}

// purse fills the sections of one statement.
type purse struct {
	src  *Sources
	st   *Statement
	span period.Span // of the cycle
}

// moment converts an instant for a document; Forever and Past become none.
func moment(t period.Instant) Moment {
	if t == period.Forever || t == period.Past {
		return 0
	}
	return Moment(t)
}

func (p *purse) toConfirm() error {
	list, err := query.ToConfirm(p.src.Reader(), p.st.Partner.ID)
	for i := range list {
		d := &list[i]
		one := Waiting{Kind: d.Kind, ID: d.ID, Period: d.Period, Amount: d.Amount, State: d.State,
			Until: moment(d.At), Then: d.Then}
		if one.Until != 0 {
			one.LastDay = d.LastDay.String()
		}
		p.st.ToConfirm = append(p.st.ToConfirm, one)
	}
	return err
}

// account adds the account's entries in the cycle, and the balances before and after them.
func (p *purse) account() error {
	var last [4]Balance
	for i, word := range []string{"cash", "rebate", "credit", "frozen"} {
		last[i].Type = word
	}
	some := false
	err := query.EachCouponRow(p.src.Snap, tables.PartnerAccounts(),
		func(r rows.Row[tables.PartnerAccount]) (err error) {
			if r.Word(tables.PartnerAccountPartnerID) != p.st.Partner.ID ||
				r.Time(tables.PartnerAccountTime) >= p.span.To {
				return nil
			}
			e := AccountEntry{Time: moment(r.Time(tables.PartnerAccountTime)),
				ID: string(r.Text(tables.PartnerAccountEntryID)), Type: r.Word(tables.PartnerAccountType),
				Counterparty: r.Word(tables.PartnerAccountCounterpartyID),
				Balance:      r.Word(tables.PartnerAccountBalanceType)}
			if e.Amount, err = r.Amount(tables.PartnerAccountAmount); err != nil {
				return err
			}
			if e.After, err = r.Amount(tables.PartnerAccountBalanceAfter); err != nil {
				return err
			}
			some = true
			at := slices.IndexFunc(last[:], func(b Balance) bool { return b.Type == e.Balance })
			last[at].Closing = e.After
			if r.Time(tables.PartnerAccountTime) < p.span.From {
				last[at].Opening = e.After
				return nil
			}
			p.st.Account = append(p.st.Account, e)
			return nil
		})
	if some {
		p.st.Balances = last[:]
		if last[0].Closing.Sign() < 0 {
			p.st.Notes = append(p.st.Notes,
				"The account is overdrawn: its cash is below 0, and what comes in fills it first.")
		}
	}
	return err
}

// receivables adds the receivables of the cycle, and those that are not fully paid.
func (p *purse) receivables() error {
	return query.EachCouponRow(p.src.Snap, tables.Receivables(), func(r rows.Row[tables.Receivable]) error {
		one := Receivable{Cycle: r.Word(tables.ReceivableCycle), Due: r.Word(tables.ReceivableDueDate),
			Age: r.Whole(tables.ReceivableAgeDays), Bucket: r.Word(tables.ReceivableBucket)}
		columns := tables.ReceivableAmounts()
		err := amounts(r, columns[:], &one.Amount, &one.Collected, &one.Paid, &one.Unpaid)
		mine := r.Word(tables.ReceivablePartnerID) == p.st.Partner.ID
		if mine && (one.Cycle == p.st.Header.Cycle.String() || !one.Unpaid.IsZero()) {
			p.st.Receivables = append(p.st.Receivables, one)
		}
		return err
	})
}

// amounts reads amounts of a row, in the order of the columns.
func amounts[T any](r rows.Row[T], columns []tables.AmountColumn[T], to ...*money.Amount) (err error) {
	for i := range to {
		if *to[i], err = r.Amount(columns[i]); err != nil {
			return err
		}
	}
	return nil
}

func (p *purse) quotas() error {
	list, err := query.CouponQuotas(p.src.Snap, p.src.Books, p.st.Header.AsOf)
	for i := range list {
		one := &list[i]
		q := &p.src.Books.Money.CouponQuotas[one.At]
		if p.src.Books.Partners[q.Partner].ID != p.st.Partner.ID || q.Terms.Valid.From >= p.span.To ||
			q.Terms.Valid.To <= p.span.From {
			continue
		}
		p.st.Quotas = append(p.st.Quotas, CouponQuota{ID: q.Terms.ID, Kind: q.Terms.Kind(),
			Amount: q.Terms.Amount, Issued: one.Issued, HandedDown: one.HandedDown, TakenBack: one.TakenBack,
			Left: one.Left, ValidTo: moment(q.Terms.Valid.To)})
	}
	return err
}

// coupons adds the partner's coupons that are active or changed in the cycle.
func (p *purse) coupons() error {
	changed := map[string]bool{}
	err := query.EachCouponRow(p.src.Snap, tables.CouponRecords(), func(r rows.Row[tables.CouponRecord]) error {
		if p.span.Holds(r.Time(tables.CouponRecordTime)) {
			changed[string(r.Text(tables.CouponRecordCouponID))] = true
		}
		return nil
	})
	if err != nil || p.src.Books.Money.Empty() {
		return err
	}
	list, err := query.CouponBalances(p.src.Snap, p.src.Books, p.st.Header.AsOf)
	for i := range list {
		c := &list[i]
		if c.Partner != p.st.Partner.ID || !changed[c.ID] && c.Left.IsZero() {
			continue
		}
		p.st.Coupons = append(p.st.Coupons, Coupon{ID: c.ID, CustomerID: c.Customer, Kind: c.Kind,
			Amount: c.Amount, Used: c.Used, TakenBack: c.TakenBack, Expired: c.Expired, Left: c.Left,
			ValidTo: moment(c.To), State: c.State})
	}
	return err
}

// funds adds the funds whose period includes the cycle, and earlier ones that have not ended.
func (p *purse) funds() error {
	return query.EachCouponRow(p.src.Snap, tables.Funds(), func(r rows.Row[tables.Fund]) error {
		if r.Word(tables.FundPartnerID) != p.st.Partner.ID {
			return nil
		}
		one := Fund{ProgrammeID: r.Word(tables.FundProgrammeID), Period: r.Word(tables.FundPeriod),
			ClaimID: string(r.Text(tables.FundClaimID)), Heads: r.Whole(tables.FundHeads),
			State: r.Word(tables.FundState), Until: moment(r.MaybeTime(tables.FundUntil))}
		of, err := account.ParseFundPeriod(one.Period)
		if err != nil {
			return err
		}
		span := of.Span(p.src.Books.Zone)
		over := slices.Contains([]string{"paid", "void", "refused", "forgone", "ended"}, one.State)
		if span.From >= p.span.To || span.To <= p.span.From && over {
			return nil
		}
		columns := tables.FundAmounts()
		err = amounts(r, columns[:], &one.Quota, &one.Listed, &one.Reserved, &one.Claimed,
			&one.Approved,
			&one.Paid)
		p.st.Funds = append(p.st.Funds, one)
		return err
	})
}
