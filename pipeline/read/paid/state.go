package paid

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/event"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
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

// base is the line that a refund takes off.
type base struct {
	cycle period.Cycle
	line  string
}

// readPayers finds the order lines of the bucket that partners paid, and the unsubscribes with what they refund.
func (g *Ledger) readPayers() error {
	out, back := map[string]payer{}, map[event.Key]event.Key{}
	err := g.eachOrder(func(_ period.Cycle, own, base event.Key, kind ordering.OrderType, partner string) {
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
	cycles := make(map[event.Key]period.Cycle, len(back)) // of what is refunded
	for own, base := range back {
		if cycles[base] = place.NoCycle; out[base.LineID()].partner != "" {
			out[own.LineID()] = payer{out[base.LineID()].partner, own.ID}
		}
	}
	if len(cycles) > 0 {
		err = g.eachOrder(func(cycle period.Cycle, own, _ event.Key, _ ordering.OrderType, _ string) {
			if _, wanted := cycles[own]; wanted {
				cycles[own] = cycle
			}
		})
	}
	g.payers, g.bases = out, make(map[string]base, len(back))
	for own, of := range back {
		if cycles[of] != place.NoCycle {
			g.bases[own.LineID()] = base{cycles[of], of.LineID()}
		}
	}
	return err
}

// eachOrder visits the orders of the bucket in all cycles.
func (g *Ledger) eachOrder(visit func(_ period.Cycle, own, base event.Key, _ ordering.OrderType, payer string)) error {
	for _, cycle := range g.snap.Cycles() {
		files, err := g.files(cycle, tables.Orders().Name)
		if err != nil {
			return err
		}
		for _, e := range files {
			err := event.EachPayer(g.snap, e, func(own, base event.Key, kind ordering.OrderType, payer string) {
				visit(cycle, own, base, kind, payer)
			})
			if err != nil {
				return err
			}
		}
	}
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
type owed [2]owedOf

// owedOf is what a customer owes of a balance.
type owedOf struct {
	now     money.AmountTotal
	used    []used
	refunds []refund // of lines of the ledger's cycle
}

// in is what was used in the n-th cycle from the ledger's on.
func (o *owedOf) in(n period.Cycle) *used {
	for len(o.used) <= int(n) {
		o.used = append(o.used, used{})
	}
	return &o.used[n]
}

// refund is what a refund took off a line.
type refund struct {
	line   string
	amount money.Amount
}

// left is what is left of what a customer's lines of the cycle used of a balance, and what refunds took off them.
func (g *Ledger) left(customer string, of balance) (left money.AmountTotal, _ []refund, err error) {
	if g.owed == nil {
		if err := g.readOwed(); err != nil {
			return left, nil, err
		}
	}
	o := g.owed[customer]
	if o == nil || len(o[of].used) == 0 {
		return left, nil, nil
	}
	var repaid money.AmountTotal // of what the cycle and later ones used
	debts := make([]money.AmountTotal, len(o[of].used))
	for i, one := range o[of].used {
		debts[i] = one.up
		err = errors.Join(err, debts[i].SubTotal(one.down))
		if debts[i].Cmp(money.AmountTotal{}) < 0 {
			debts[i] = money.AmountTotal{}
		}
		err = errors.Join(err, repaid.AddTotal(debts[i]))
	}
	if err = errors.Join(err, repaid.SubTotal(o[of].now)); err != nil {
		return left, nil, err
	}
	if repaid.Cmp(money.AmountTotal{}) < 0 { // older debts are open too
		repaid = money.AmountTotal{}
	}
	all, err := payment.ClearOldest(debts, repaid)
	if err != nil {
		return left, nil, err
	}
	return all[0], o[of].refunds, nil
}

// readOwed reads what the customers of the bucket owe and used.
func (g *Ledger) readOwed() error {
	if g.payers == nil {
		if err := g.readPayers(); err != nil {
			return err
		}
	}
	g.owed = map[string]*owed{}
	var balances []manifest.FileEntry
	for _, cycle := range g.snap.Cycles() {
		files, err := g.files(cycle, tables.Balances().Name)
		if err != nil {
			return err
		}
		if balances = append(balances, files...); cycle < g.cycle {
			continue
		}
		if err := g.readUsed(cycle); err != nil {
			return err
		}
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

// readUsed adds what lines of a cycle, not before the ledger's, used of credit and left as debt, and what refunds took
// off. A refund that is of no order is of its own cycle.
func (g *Ledger) readUsed(cycle period.Cycle) error {
	files, err := g.files(cycle, tables.AccountEntries().Name)
	if err != nil {
		return err
	}
	for _, e := range files {
		err := each(g, e, tables.AccountEntries(), func(r rows.Row[tables.AccountEntry]) error {
			at := slices.Index([]string{"credit", "debt"}, r.Word(tables.AccountEntryBalanceType))
			kind := r.Word(tables.AccountEntryType)
			if at < 0 || kind != payment.Consume.String() && kind != payment.Refund.String() {
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
			if kind == payment.Consume.String() {
				return o.in(cycle - g.cycle).add(a.Abs())
			}
			of := base{cycle, string(r.Text(tables.AccountEntryID))}
			if order, ok := g.bases[of.line]; ok {
				of = order
			}
			if of.cycle < g.cycle {
				return nil
			}
			if of.cycle == g.cycle {
				o.refunds = append(o.refunds, refund{of.line, a.Abs()})
			}
			return o.in(of.cycle - g.cycle).add(a.Abs().Neg())
		})
		if err != nil {
			return err
		}
	}
	return nil
}
