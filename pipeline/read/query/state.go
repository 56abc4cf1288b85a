package query

import (
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/payment"
)

// payer is the partner that paid the line of an order.
type payer struct{ partner, order string }

// payer returns the partner that paid a line; "" = the customer.
func (g *PaidLedger) payer(o orderCash) (string, error) {
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

// base is the line that a refund reduces.
type base struct {
	cycle period.Cycle
	line  string
}

// readPayers finds the order lines of the bucket that partners paid, and the unsubscribes with the lines that they
// refund.
func (g *PaidLedger) readPayers() error {
	out, back := map[string]payer{}, map[accept.OrderKey]accept.OrderKey{}
	err := g.eachOrder(func(_ period.Cycle, own, base accept.OrderKey, kind ordering.OrderType, partner string) {
		switch {
		case kind == ordering.Unsubscribe:
			back[own] = base
		case partner != accept.PayerCustomer:
			out[own.LineID()] = payer{partner, own.ID}
		}
	})
	if err != nil {
		return err
	}
	cycles := make(map[accept.OrderKey]period.Cycle, len(back)) // of the refunded orders
	for own, base := range back {
		if cycles[base] = lake.NoCycle; out[base.LineID()].partner != "" {
			out[own.LineID()] = payer{out[base.LineID()].partner, own.ID}
		}
	}
	if len(cycles) > 0 {
		err = g.eachOrder(func(cycle period.Cycle, own, _ accept.OrderKey, _ ordering.OrderType, _ string) {
			if _, wanted := cycles[own]; wanted {
				cycles[own] = cycle
			}
		})
	}
	g.payers, g.bases = out, make(map[string]base, len(back))
	for own, of := range back {
		if cycles[of] != lake.NoCycle {
			g.bases[own.LineID()] = base{cycles[of], of.LineID()}
		}
	}
	return err
}

// eachOrder visits the orders of the bucket in all cycles.
func (g *PaidLedger) eachOrder(visit func(_ period.Cycle, own, base accept.OrderKey, _ ordering.OrderType,
	payer string)) error {
	for _, cycle := range g.snap.Cycles() {
		files, err := g.files(cycle, tables.Orders().Name)
		if err != nil {
			return err
		}
		for _, e := range files {
			err := accept.EachPayer(g.snap, e, func(own, base accept.OrderKey, kind ordering.OrderType, payer string) {
				visit(cycle, own, base, kind, payer)
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// files returns the files of a table in a cycle and the bucket.
func (g *PaidLedger) files(cycle period.Cycle, table string) ([]lake.FileEntry, error) {
	return g.snap.Select(lake.CycleOf(cycle), func(k lake.FileKey) bool {
		return k.Table == table && k.Bucket == g.bucket
	})
}

// balance is a balance that a line uses and a customer repays.
type balance int

const (
	credit balance = iota
	debtAmount
)

// owed is what a customer owes at the end of the last cycle read, and what lines used by cycle, from the ledger's cycle
// on.
type owed [2]owedOf

// owedOf is what a customer owes in one balance.
type owedOf struct {
	now     money.AmountTotal
	moved   money.AmountTotal // by the entries of the cycles read
	used    []used
	refunds []refund // of lines of the ledger's cycle
}

// in returns what was used in the n-th cycle from the ledger's cycle on.
func (o *owedOf) in(n period.Cycle) *used {
	for len(o.used) <= int(n) {
		o.used = append(o.used, used{})
	}
	return &o.used[n]
}

// left returns what is left of what lines used, by cycle from the ledger's cycle on.
func (o *owedOf) left() (_ []money.AmountTotal, err error) {
	var repaid money.AmountTotal // of what was used in the cycles
	debts := make([]money.AmountTotal, len(o.used))
	for i, one := range o.used {
		debts[i] = one.up
		err = errors.Join(err, debts[i].SubTotal(one.down))
		if debts[i].Cmp(money.AmountTotal{}) < 0 {
			debts[i] = money.AmountTotal{}
		}
		err = errors.Join(err, repaid.AddTotal(debts[i]))
	}
	if err = errors.Join(err, repaid.SubTotal(o.now)); err != nil {
		return nil, err
	}
	if repaid.Cmp(money.AmountTotal{}) < 0 { // older debts are also open
		repaid = money.AmountTotal{}
	}
	return payment.ClearOldest(debts, repaid)
}

// refund is the reduction of a line by a refund.
type refund struct {
	line   string
	amount money.Amount
}

// left returns what is left of a balance that a customer's lines of the cycle used, and the reductions by refunds.
func (g *PaidLedger) left(customer string, of balance) (left money.AmountTotal, _ []refund, err error) {
	if g.owed == nil {
		if err := g.readOwed(); err != nil {
			return left, nil, err
		}
	}
	o := g.owed[customer]
	if o == nil || len(o[of].used) == 0 {
		return left, nil, nil
	}
	all, err := o[of].left()
	if err != nil {
		return left, nil, err
	}
	return all[0], o[of].refunds, nil
}

// readOwed reads what the customers of the bucket owe as of the last run, and what lines used.
func (g *PaidLedger) readOwed() error {
	var from []period.Cycle
	var balances []lake.FileEntry
	for _, cycle := range g.snap.Cycles() {
		files, err := g.files(cycle, tables.Balances().Name)
		if err != nil {
			return err
		}
		if balances = append(balances, files...); cycle >= g.cycle {
			from = append(from, cycle)
		}
	}
	if err := g.readUsed(from); err != nil {
		return err
	}
	cols := tables.Columns(tables.BalanceCustomerID, tables.BalanceBalance, tables.BalanceAmount)
	for _, e := range rows.LatestFiles(balances, tables.Balances().Name) {
		err := eachPaid(g, e, tables.Balances(), cols, func(r rows.Row[tables.Balance]) error {
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

// eachPaid visits the rows of a file with the given columns.
func eachPaid[T any](g *PaidLedger, e lake.FileEntry, def tables.Def[T], cols tables.List[T],
	visit func(rows.Row[T]) error) error {
	return rows.EachRow(g.snap, e, def, cols, func(c *parquet.Columns[T], i int) error {
		return visit(rows.Row[T]{Cols: c, I: i})
	})
}

// readUsed reads what lines of cycles, from the ledger's cycle on, used of credit and left as debt, and the reductions
// by refunds.
func (g *PaidLedger) readUsed(cycles []period.Cycle) error {
	g.owed = map[string]*owed{}
	var back []givenBack
	for _, cycle := range cycles {
		err := g.eachEntry(cycle, func(customer string, of balance, kind string, r entryRow) error {
			a, err := r.Amount(tables.AccountEntryAmount)
			if err != nil {
				return err
			}
			if g.owed[customer] == nil {
				g.owed[customer] = &owed{}
			}
			o := &g.owed[customer][of]
			if err := o.moved.Add(a); err != nil {
				return err
			}
			switch kind {
			case payment.Consume.String():
				return o.in(cycle - g.cycle).add(a.Abs())
			case payment.Refund.String():
				line := base{cycle, string(r.Text(tables.AccountEntryID))}
				back = append(back, givenBack{customer, of, line, a.Abs()})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return g.takeOff(back)
}

// entryRow is a row of account_entries.
type entryRow = rows.Row[tables.AccountEntry]

// eachEntry visits the entries of a cycle that change what the customers of the bucket owe.
func (g *PaidLedger) eachEntry(cycle period.Cycle, visit func(customer string, of balance, kind string,
	r entryRow) error,
) error {
	files, err := g.files(cycle, tables.AccountEntries().Name)
	if err != nil {
		return err
	}
	cols := tables.Columns(tables.AccountEntryCustomerID, tables.AccountEntryID, tables.AccountEntryType,
		tables.AccountEntryBalanceType, tables.AccountEntryAmount)
	for _, e := range files {
		err := eachPaid(g, e, tables.AccountEntries(), cols, func(r entryRow) error {
			at := slices.Index([]string{"credit", "debt"}, r.Word(tables.AccountEntryBalanceType))
			if at < 0 {
				return nil
			}
			return visit(r.Word(tables.AccountEntryCustomerID), balance(at), r.Word(tables.AccountEntryType), r)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// givenBack is what the line of a refund gave back to a balance.
type givenBack struct {
	customer string
	of       balance
	line     base
	amount   money.Amount
}

// takeOff subtracts refunds from what the refunded lines used.
func (g *PaidLedger) takeOff(back []givenBack) error {
	if len(back) == 0 {
		return nil
	}
	if g.payers == nil {
		if err := g.readPayers(); err != nil {
			return err
		}
	}
	charges, err := g.chargesOf(back)
	if err != nil {
		return err
	}
	for _, b := range back {
		of, isOrder := g.bases[b.line.line]
		if !isOrder {
			of = b.line
			if cycle, found := charges[chargeLine{b.customer, b.line.line}]; found {
				of.cycle = cycle
			}
		}
		if of.cycle < g.cycle {
			continue
		}
		o := &g.owed[b.customer][b.of]
		if of.cycle == g.cycle {
			o.refunds = append(o.refunds, refund{of.line, b.amount})
		}
		if err := o.in(of.cycle - g.cycle).add(b.amount.Neg()); err != nil {
			return err
		}
	}
	return nil
}

// chargeLine identifies the line of a recurring charge; the line of its refund has the same id.
type chargeLine struct{ customer, id string }

// chargesOf returns the cycles of the refunded charges: the first ones in which they used a balance.
func (g *PaidLedger) chargesOf(back []givenBack) (map[chargeLine]period.Cycle, error) {
	wanted := make(map[chargeLine]bool)
	for _, b := range back {
		if _, isOrder := g.bases[b.line.line]; !isOrder {
			wanted[chargeLine{b.customer, b.line.line}] = true
		}
	}
	out := make(map[chargeLine]period.Cycle, len(wanted))
	if len(wanted) == 0 {
		return out, nil
	}
	for _, cycle := range g.snap.Cycles() {
		err := g.eachEntry(cycle, func(customer string, _ balance, kind string, r entryRow) error {
			of := chargeLine{customer, string(r.Text(tables.AccountEntryID))}
			if _, known := out[of]; !known && kind == payment.Consume.String() && wanted[of] {
				out[of] = cycle
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
