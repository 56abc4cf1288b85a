package partner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement"
)

// replayVersion is an input of every replay. Raise it when the decisions or the stored data of a replay change.
const replayVersion = 4

// The kinds of facts about the last replay (PARTNER-7).
const (
	// id: its inputs; time: its as-of; instant: until when time changes nothing
	factReplayed  = tables.FactReplayed
	factOverdrawn = "overdrawn" // a partner whose cash is below zero
)

// inputs identifies all that a replay of funds, accounts and invoices depends on, except the events of their feeds and
// the as-of: books, settings, closes, and the files of open cycles that it reads. Facts of closed cycles do not change.
// The text is stored, so it omits settings of paths and of task execution, which do not change the lake.
func (r *round) inputs() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d|%x|%x|%d|%d|%v", replayVersion, r.stage.Books.Hash, r.stage.Settings.Terms, r.stage.Closed,
		r.stage.Closing, r.stage.Cycles[:min(len(r.stage.Cycles), 1)])
	orders := len(r.stage.payers) > 0
	before := r.performanceThrough()
	for _, c := range r.stage.Cycles {
		if r.stage.closedThrough() != lake.NoCycle && c <= r.stage.closedThrough() {
			continue
		}
		for _, e := range r.stage.Txn.Next().Files(lake.CycleOf(c)) {
			switch {
			case e.Table == tables.AccountEvents().Name && r.stage.Settings.Payments == settings.Ledger,
				e.Table == tables.Lines().Name && (c <= before || orders && e.Day == lake.EventsDay):
				fmt.Fprintf(&b, "|%s", e.Path)
			}
		}
	}
	if before != lake.NoCycle {
		var list []string
		for id, t := range r.stage.Events.Transfers {
			list = append(list, fmt.Sprintf("|%q %d %q %q %s", id, t.Cycle, t.From, t.To, t.Amount))
		}
		slices.Sort(list)
		b.WriteString(strings.Join(list, ""))
	}
	if r.stage.paysIn() {
		var list []string
		for id, e := range r.stage.Events.Incentives {
			if e.Event == settlement.PaidOut.String() {
				list = append(list, fmt.Sprintf("|%q %t", id, e.Refused))
			}
		}
		slices.Sort(list)
		b.WriteString(strings.Join(list, ""))
		for _, e := range r.stage.Txn.Next().Find(settle.IncentivesKey()) {
			fmt.Fprintf(&b, "|%s", e.Path)
		}
	}
	return string(lake.HashBytes([]byte(b.String())))
}

// performanceThrough returns the last cycle on whose lines a quota of a marketing fund depends: the one before the
// quarter of the as-of. NoCycle = there is no such fund.
func (r *round) performanceThrough() period.Cycle {
	for i := range r.stage.Books.Money.Funds {
		if f := &r.stage.Books.Money.Funds[i]; f.Marketing && f.OfPerformance {
			c := r.stage.Books.Zone.Cycle(r.stage.AsOf)
			_, month, _ := c.First().Date()
			return c - period.Cycle((month-1)%3) - 1
		}
	}
	return lake.NoCycle
}

// rests reports whether a replay would make the same tables of funds, accounts, withdrawals, receivables and invoices:
// no event of their feeds is new, and the last replay had the same inputs (PARTNER-7).
func (r *round) rests(inputs string) (bool, error) {
	if r.stage.Load == nil {
		return false, nil
	}
	var mark *fact
	var overdrawn []string
	err := eachFact(r.stage.Txn, func(f fact) {
		switch f.kind {
		case factReplayed:
			mark = &f
		case factOverdrawn:
			overdrawn = append(overdrawn, f.partner)
		}
	})
	if err != nil || mark == nil || mark.id != inputs || r.stage.AsOf < mark.time ||
		mark.instant != tables.Nothing && r.stage.AsOf >= mark.instant {
		return false, err
	}
	r.out.Overdrawn = overdrawn
	return true, nil
}

// eachFact visits the stored facts.
func eachFact(txn *lake.SubTxn, visit func(fact)) error {
	for _, e := range txn.Next().Find(Key(tables.PartnerFacts())) {
		err := rows.EachRow(txn, e, tables.PartnerFacts(), nil, func(c *parquet.Columns[tables.PartnerFact],
			i int) error {
			f, err := factAt(c, i)
			if err == nil {
				visit(f)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rest does the work of a run without news of partners' money: coupons, which lines use, and the age of receivables.
func (r *round) rest() error {
	if err := r.coupons(); err != nil {
		return err
	}
	if err := r.age(); err != nil {
		return err
	}
	if r.compare(); len(r.out.Turned) == 0 {
		return nil
	}
	if err := r.load(); err != nil { // all events are stored together
		return err
	}
	return r.stage.Store.StoreMoney(r.stage.Events, func(write func(*accept.MoneyEvent) error) error {
		return r.stage.Events.Ledger.Each(write, nil)
	})
}

// load loads the events that are not loaded yet.
func (r *round) load() error {
	if r.stage.Load == nil {
		return nil
	}
	load := r.stage.Load
	r.stage.Load = nil
	return load()
}

// mark stores the facts of closed cycles, and the inputs of the replay.
func (r *round) mark(inputs string) error {
	now := r.stage.Books.Zone.Cycle(r.stage.AsOf)
	m := fact{cycle: now, kind: factReplayed, id: inputs, time: r.stage.AsOf, instant: r.until()}
	list := append(slices.Clone(r.frozen), m)
	for _, partner := range r.out.Overdrawn {
		list = append(list, fact{cycle: now, kind: factOverdrawn, partner: partner, time: tables.Nothing,
			instant: tables.Nothing})
	}
	slices.SortFunc(list, compareFacts)
	return r.stage.putFacts(list)
}

// until returns the first instant after the as-of at which time alone changes a state, a list of the month or a quota
// of the period; Nothing = never.
func (r *round) until() period.Instant {
	next := period.Forever
	if len(r.stage.Books.Money.Funds) > 0 {
		next = r.stage.Books.Zone.Bounds(r.stage.Books.Zone.Cycle(r.stage.AsOf)).To
	}
	for i := range r.fundRows {
		if at := r.fundRows[i].Until; at > r.stage.AsOf {
			next = min(next, at)
		}
	}
	if next == period.Forever {
		return tables.Nothing
	}
	return next
}

// receivable is a row of receivables without the columns that depend on the as-of.
type receivable struct {
	cycle, partner                  string
	amount, collected, paid, unpaid money.Amount
	due                             period.Day
}

// amounts returns the receivable's amounts in the order of the columns.
func (r *receivable) amounts() [4]money.Amount {
	return [...]money.Amount{r.amount, r.collected, r.paid, r.unpaid}
}

// age stores the receivables with their age at the as-of.
func (r *round) age() error {
	var list []receivable
	for _, e := range r.stage.Txn.Next().Find(Key(tables.Receivables())) {
		err := rows.EachRow(r.stage.Txn, e, tables.Receivables(), nil, func(c *parquet.Columns[tables.Receivable],
			i int) (err error) {
			row := rows.Row[tables.Receivable]{Cols: c, I: i}
			one := receivable{cycle: row.Word(tables.ReceivableCycle), partner: row.Word(tables.ReceivablePartnerID)}
			if one.due, err = period.ParseDay(row.Word(tables.ReceivableDueDate)); err != nil {
				return err
			}
			for k, to := range []*money.Amount{&one.amount, &one.collected, &one.paid, &one.unpaid} {
				if *to, err = row.Amount(tables.ReceivableAmounts()[k]); err != nil {
					return err
				}
			}
			list = append(list, one)
			return nil
		})
		if err != nil {
			return err
		}
	}
	if len(list) == 0 {
		return nil
	}
	return r.stage.storeReceivables(list)
}
