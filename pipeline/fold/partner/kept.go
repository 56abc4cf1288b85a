package partner

import (
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// factFund is the payment of a fund in a closed cycle. Its amount is what was paid into the account: 0 if payments were
// external.
const factFund = "fund"

// isClosed reports whether an instant is in a cycle that is closed after the run.
func (r *round) isClosed(t period.Instant) bool {
	return r.stage.Books.Zone.Cycle(t) <= r.stage.closedThrough()
}

// keptOfFunds returns, by event_id, what the events of closed cycles left reserved by their claims, and the value of
// the lists for which they applied.
func (r *round) keptOfFunds() map[string]money.Amount {
	out := map[string]money.Amount{}
	for i := range r.facts {
		if f := &r.facts[i]; f.kind == tables.FactReserved || f.kind == tables.FactListed {
			out[f.id] = f.amount
		}
	}
	return out
}

// keepFunds adds the facts of funds in closed cycles, each once (PARTNER-4).
func (r *round) keepFunds(events []account.FundEvent, out *account.FundResult) {
	known := map[[2]string]bool{}
	for i := range r.facts {
		known[[2]string{r.facts[i].kind, r.facts[i].id}] = true
	}
	keep := func(f fact) {
		if known[[2]string{f.kind, f.id}] || !r.isClosed(f.instant) {
			return
		}
		f.cycle = r.stage.Books.Zone.Cycle(f.instant)
		r.facts, r.frozen = append(r.facts, f), append(r.frozen, f)
	}
	for i := range events {
		e := &events[i]
		if amount, is := out.Kept[e.ID]; is {
			kind := tables.FactReserved
			if e.Kind == account.FundApply {
				kind = tables.FactListed
			}
			keep(fact{kind: kind, id: e.ID, partner: r.stage.Books.Partners[e.Partner].ID, time: e.Time,
				instant: e.Instant, amount: amount})
		}
	}
	for i := range out.Payments {
		p := &out.Payments[i]
		f := fact{kind: factFund, id: p.EventID, partner: r.stage.Books.Partners[p.Partner].ID, time: p.Time,
			instant: p.Instant}
		if r.stage.paysIn() {
			f.amount = p.Amount
		}
		keep(f)
	}
}

// back returns the recharges that withdrawals pay back by the way they came, by withdrawal_id, as the last replay
// stored them. Withdrawals that were requested in a closed cycle keep them (§9.6).
func (s *Stage) back() (map[string]map[string]bool, error) {
	out := map[string]map[string]bool{}
	for _, e := range s.Txn.Next().Find(Key(tables.Withdrawals())) {
		err := rows.EachRow(s.Txn, e, tables.Withdrawals(), nil, func(c *parquet.Columns[tables.Withdrawal],
			i int) error {
			id := string(c.Text(tables.WithdrawalWithdrawalID).At(i))
			if out[id] == nil {
				out[id] = map[string]bool{}
			}
			if c.Word(tables.WithdrawalRoute).At(i) == string(account.Original) {
				out[id][string(c.Text(tables.WithdrawalRechargeID).At(i))] = true
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
