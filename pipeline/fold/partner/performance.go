package partner

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
	"github.com/tollbook/tollbook/settlement/account"
)

// performances caches the performance of partners by cycle.
type performances struct {
	*Stage
	byCycle map[period.Cycle]map[int32]money.Amount
}

// of returns the performance of a partner's own lines and transfers in some cycles (§6.2, §9.5).
func (r *performances) of(partner int32, first, last period.Cycle) (money.Amount, error) {
	var sum money.AmountTotal
	for c := first; c <= last; c++ {
		if r.byCycle[c] == nil {
			if r.byCycle == nil {
				r.byCycle = map[period.Cycle]map[int32]money.Amount{}
			}
			var err error
			if r.byCycle[c], err = r.read(c); err != nil {
				return money.Amount{}, err
			}
		}
		if err := sum.Add(r.byCycle[c][partner]); err != nil {
			return money.Amount{}, err
		}
	}
	return sum.Amount()
}

// read returns the performance of a cycle by partner.
func (r *performances) read(c period.Cycle) (map[int32]money.Amount, error) {
	totals := map[int32]*money.AmountTotal{}
	add := func(partner int32, a money.Amount) error {
		if totals[partner] == nil {
			totals[partner] = &money.AmountTotal{}
		}
		return totals[partner].Add(a)
	}
	if err := r.own(c, add); err != nil {
		return nil, err
	}
	for _, t := range r.Events.Transfers {
		if t.Cycle != c {
			continue
		}
		if err := cmp.Or(add(r.Books.Partner(t.To), t.Amount),
			add(r.Books.Partner(t.From), t.Amount.Neg())); err != nil {
			return nil, err
		}
	}
	out := make(map[int32]money.Amount, len(totals))
	for partner, t := range totals {
		var err error
		if out[partner], err = t.Amount(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// own adds the performance of partners' own lines: for a closed cycle from its statements, for an open one from its
// lines.
func (r *performances) own(c period.Cycle, add func(int32, money.Amount) error) error {
	files := r.Txn.Next().Files(lake.CycleOf(c))
	if r.closedThrough() == lake.NoCycle || c > r.closedThrough() {
		for bucket := range r.Settings.Lake.Buckets {
			rows, err := settle.BucketRows(r.Txn, r.Books, r.Book.Settler(c), settle.LinesOf(files, bucket))
			if err != nil {
				return err
			}
			for i := range rows {
				if rows[i].Reseller != settlement.None {
					continue
				}
				if err := add(rows[i].Partner, rows[i].Performance); err != nil {
					return err
				}
			}
		}
		return nil
	}
	columns := tables.Columns(tables.PartnerStatementPartnerID, tables.PartnerStatementResellerID,
		tables.PartnerStatementPerformanceAmount)
	for _, e := range files {
		if e.Table != tables.PartnerStatements().Name {
			continue
		}
		err := rows.EachRow(r.Txn, e, tables.PartnerStatements(), columns,
			func(cols *parquet.Columns[tables.PartnerStatement], i int) error {
				if cols.Word(tables.PartnerStatementResellerID).At(i) != "" {
					return nil
				}
				d := cols.Amount(tables.PartnerStatementPerformanceAmount).At(i)
				a, err := money.AmountFromRaw(d.Hi, d.Lo)
				if err != nil {
					return err
				}
				return add(r.Books.Partner(cols.Word(tables.PartnerStatementPartnerID).At(i)), a)
			})
		if err != nil {
			return err
		}
	}
	return nil
}

// factIncentive is the payment of an incentive. It is a fact of its own cycle and keeps the instant at which it took
// effect.
const factIncentive = "incentive"

// ClosedPayments returns the event_ids of payments of incentives that took effect in closed cycles, accepted or not.
func ClosedPayments(txn *lake.SubTxn, closed period.Cycle) (map[string]bool, error) {
	out := map[string]bool{}
	err := eachFact(txn, func(f fact) {
		if f.kind == factIncentive && f.cycle <= closed {
			out[f.id] = true
		}
	})
	return out, err
}

// openPayments removes the payments of incentives in open cycles, which are not paid into the account.
func (r *round) openPayments() {
	r.facts = slices.DeleteFunc(r.facts,
		func(f fact) bool { return f.kind == factIncentive && f.cycle > r.stage.Closed })
}

// paidIncentives adds the instant of every new payment of an incentive (§9.1).
func (r *round) paidIncentives() {
	known := map[string]bool{}
	for i := range r.facts {
		if r.facts[i].kind == factIncentive {
			known[r.facts[i].id] = true
		}
	}
	var list []fact
	for id, e := range r.stage.Events.Incentives {
		if e.Event != settlement.PaidOut.String() || known[id] {
			continue
		}
		billed := max(r.stage.Books.Zone.Cycle(e.Time), r.stage.Closed+1)
		instant := accept.EffectOf(r.stage.Books.Zone, billed, e.Time, e.AsOf)
		list = append(
			list,
			fact{cycle: r.stage.Books.Zone.Cycle(instant), kind: factIncentive, id: id, partner: e.Partner,
				time: e.Time, instant: instant},
		)
	}
	slices.SortFunc(list, compareFacts)
	r.facts = append(r.facts, list...)
}

// incentivesPaid returns the entries of paid incentives, with the amounts of the table incentives.
func (r *round) incentivesPaid() ([]account.Entry, error) {
	type key struct{ partner, programme, period string }
	amounts := map[key]money.Amount{}
	for _, e := range r.stage.Txn.Next().Find(settle.IncentivesKey()) {
		list, err := settle.LoadIncentives(r.stage.Txn, r.stage.Books, e)
		if err != nil {
			return nil, err
		}
		for _, one := range list {
			k := key{r.stage.Books.Partners[one.Partner].ID, r.stage.Books.Programmes[one.Programme].ID,
				one.Period.String()}
			amounts[k] = one.Amount
		}
	}
	var out []account.Entry
	for i := range r.facts {
		f := &r.facts[i]
		e := r.stage.Events.Incentives[f.id]
		if f.kind != factIncentive || e == nil || e.Refused {
			continue
		}
		out = append(
			out,
			account.Entry{
				Stamp:   account.Stamp{Time: f.time, Instant: f.instant},
				ID:      f.id,
				Type:    account.Incentive,
				Fact:    true,
				Partner: r.stage.Books.Partner(e.Partner),
				To:      -1,
				Amount:  amounts[key{e.Partner, e.Programme, e.Period}],
			},
		)
	}
	slices.SortFunc(out, func(a, b account.Entry) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}
