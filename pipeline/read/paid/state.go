package paid

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// payer is the partner that paid an order's line.
type payer struct{ partner, order string }

// payer is the partner that paid a line; "" = the customer.
func (g *Ledger) payer(o orderCash) (string, error) {
	if g.payers == nil {
		if err := g.readPayers(); err != nil {
			return "", err
		}
	}
	if paid, is := g.payers[o.line]; is && paid.order == o.order { // an adjustment can have the id of a line
		return paid.partner, nil
	}
	return "", nil
}

// readPayers finds the order lines of the bucket that partners paid, and the unsubscribes of these.
func (g *Ledger) readPayers() error {
	out, back := map[string]payer{}, map[event.Key]event.Key{}
	for _, cycle := range g.snap.Cycles() {
		files, err := g.files(cycle, tables.Orders().Name)
		if err != nil {
			return err
		}
		for _, e := range files {
			err := event.EachPayer(g.snap, e, func(own, base event.Key, kind ordering.OrderType, partner string) {
				switch {
				case kind == ordering.Unsubscribe:
					back[own] = base
				case partner != event.PayerCustomer:
					out[own.LineID()] = payer{partner, own.ID}
				}
			})
			if err != nil {
				return err
			}
		}
	}
	for own, base := range back {
		if paid, ok := out[base.LineID()]; ok {
			out[own.LineID()] = payer{paid.partner, own.ID}
		}
	}
	g.payers = out
	return nil
}

// files are those of a table in a cycle and the bucket.
func (g *Ledger) files(cycle period.Cycle, table string) ([]manifest.FileEntry, error) {
	return g.snap.Select(manifest.CycleOf(cycle), func(k manifest.FileKey) bool {
		return k.Table == table && k.Bucket == g.bucket
	})
}

// balance is a balance that a line uses and a customer repays.
type balance int

const (
	credit balance = iota
	debt
)

// owed is what a customer owes by the last run, and what lines used by cycle, from the ledger's on.
type owed [2]struct {
	now  money.AmountTotal
	used []money.AmountTotal
}

// left is what is left of what a customer's lines of the cycle used of a balance.
func (g *Ledger) left(customer string, of balance) (money.AmountTotal, error) {
	if g.owed == nil {
		if err := g.readOwed(); err != nil {
			return money.AmountTotal{}, err
		}
	}
	o := g.owed[customer]
	if o == nil || len(o[of].used) == 0 {
		return money.AmountTotal{}, nil
	}
	var repaid money.AmountTotal // of what the cycle and later ones used
	for _, used := range o[of].used {
		if err := repaid.AddTotal(used); err != nil {
			return repaid, err
		}
	}
	if err := repaid.SubTotal(o[of].now); err != nil {
		return repaid, err
	}
	if repaid.Cmp(money.AmountTotal{}) < 0 { // older debts are open too
		repaid = money.AmountTotal{}
	}
	left, err := payment.ClearOldest(o[of].used, repaid)
	if err != nil {
		return repaid, err
	}
	return left[0], nil
}

// readOwed reads what the customers of the bucket owe and used.
func (g *Ledger) readOwed() error {
	g.owed = map[string]*owed{}
	var balances []manifest.FileEntry
	n := 0 // cycles from the ledger's on
	for _, cycle := range g.snap.Cycles() {
		files, err := g.files(cycle, tables.Balances().Name)
		if err != nil {
			return err
		}
		if balances = append(balances, files...); cycle < g.cycle {
			continue
		}
		if err := g.readUsed(cycle, n); err != nil {
			return err
		}
		n++
	}
	for _, e := range tablefile.Latest(balances, tables.Balances().Name) {
		err := each(g, e, tables.Balances(), func(r rows.Row[tables.Balance]) error {
			at := slices.Index([]string{payment.CreditUsed.String(), payment.DebtOwed.String()},
				r.Word(tables.BalanceBalance))
			if o := g.owed[r.Word(tables.BalanceCustomerID)]; o != nil && at >= 0 {
				a, err := r.Amount(tables.BalanceAmount)
				return errors.Join(err, o[at].now.Add(a))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// each visits the rows of a file.
func each[T any](g *Ledger, e manifest.FileEntry, def tables.Def[T], visit func(rows.Row[T]) error) error {
	return tablefile.Each(g.snap, e, def, nil, func(c *parquet.Columns[T], i int) error {
		return visit(rows.Row[T]{Cols: c, I: i})
	})
}

// readUsed adds what lines of a cycle, the n-th from the ledger's on, used of credit and left as debt.
func (g *Ledger) readUsed(cycle period.Cycle, n int) error {
	files, err := g.files(cycle, tables.AccountEntries().Name)
	if err != nil {
		return err
	}
	for _, e := range files {
		err := each(g, e, tables.AccountEntries(), func(r rows.Row[tables.AccountEntry]) error {
			at := slices.Index([]string{"credit", "debt"}, r.Word(tables.AccountEntryBalanceType))
			if at < 0 || r.Word(tables.AccountEntryType) != payment.Consume.String() {
				return nil
			}
			a, err := r.Amount(tables.AccountEntryAmount)
			if err != nil {
				return err
			}
			id := r.Word(tables.AccountEntryCustomerID)
			if g.owed[id] == nil {
				g.owed[id] = &owed{}
			}
			o := &g.owed[id][at]
			for len(o.used) <= n {
				o.used = append(o.used, money.AmountTotal{})
			}
			return o.used[n].Add(a.Abs())
		})
		if err != nil {
			return err
		}
	}
	return nil
}
