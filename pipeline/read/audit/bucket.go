package audit

import (
	"cmp"
	"context"
	"errors"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// amounts are the amount columns of lines, with the corresponding columns of sums and statements.
var amounts = [...]struct {
	line      tables.AmountColumn[tables.Line]
	sum       tables.AmountColumn[tables.Sum]
	statement tables.AmountColumn[tables.Statement]
}{
	{tables.LineOfficialAmount, tables.SumOfficialAmount, tables.StatementOfficialAmount},
	{tables.LineOfficialDiscountAmount, tables.SumOfficialDiscountAmount,
		tables.StatementOfficialDiscountAmount},
	{tables.LineTruncatedAmount, tables.SumTruncatedAmount, tables.StatementTruncatedAmount},
	{tables.LinePaymentAmount, tables.SumPaymentAmount, tables.StatementPaymentAmount},
	{tables.LineCashAmount, tables.SumCashAmount, tables.StatementCashAmount},
	{tables.LineCreditAmount, tables.SumCreditAmount, tables.StatementCreditAmount},
	{tables.LineCouponAmount, tables.SumCouponAmount, tables.StatementCouponAmount},
	{tables.LineStoredValueCardAmount, tables.SumStoredValueCardAmount,
		tables.StatementStoredValueCardAmount},
	{tables.LineFlexipurchaseCouponAmount, tables.SumFlexipurchaseCouponAmount,
		tables.StatementFlexipurchaseCouponAmount},
	{tables.LineDebtAmount, tables.SumDebtAmount, tables.StatementDebtAmount},
}

// The indexes of the first columns in amounts.
const (
	official = iota
	discount
	truncated
	payment
	cash // this and all following ones are kinds of payment
	_    // credit
	coupon
	storedValue
	_ // flexi coupons
	debt
)

// customerSum is the sum of a customer's lines.
type customerSum struct {
	lines  int64
	totals [len(amounts)]money.AmountTotal
}

func (s *customerSum) add(o *customerSum) error {
	s.lines += o.lines
	for i := range s.totals {
		if err := s.totals[i].AddTotal(o.totals[i]); err != nil {
			return err
		}
	}
	return nil
}

// balances returns what the balances paid of the lines.
func (s *customerSum) balances() [Balances]money.AmountTotal {
	return [...]money.AmountTotal{s.totals[storedValue], s.totals[storedValue+1], s.totals[cash], s.totals[cash+1],
		s.totals[debt]}
}

// product identifies a customer's use of a product.
type product struct{ customer, sku string }

// waits holds the quantities from which a product's month-end price is calculated.
type waits struct {
	apart           bool // its lines do not hold the records' quantities
	records         int64
	usage, position money.QuantityTotal
	lines           money.QuantityTotal // usage_amount of the month-end lines
}

// bucket is the check of one part. Only one goroutine uses it.
type bucket struct {
	v         *verifier
	p         *part
	buckets   int
	customers map[string]*customerSum
	partnered map[string]*customerSum // closed cycles: the lines with a partner, by customer
	waiting   map[product]*waits
	lines     *columnSums
	stated    *columnSums
	settled   *columnSums // of all rows of partner statements
	counts    counts

	withPartner settledSum
	currency    map[string]string     // of customers, from the statements; empty in a cycle with one currency
	money       map[string]*moneySums // by currency

	paid   *Payments // nil in a cycle without a ledger
	events *Events

	sales Sales // of a closed cycle; nil if partners' money is not compared

	broken bool // a file could not be read: sums of the bucket are meaningless
	where  string
	home   bool // whether customer where belongs to the bucket
}

// part checks one bucket of one cycle.
func (v *verifier) part(ctx context.Context, p part) error {
	b := &bucket{
		v: v, p: &p, buckets: max(1, v.snap.Manifest.Buckets), customers: make(map[string]*customerSum),
		partnered: make(map[string]*customerSum), currency: make(map[string]string),
		money:   make(map[string]*moneySums),
		waiting: make(map[product]*waits), lines: newSums(tables.Lines().Table),
		stated:  newSums(tables.StatementsOf(true, true).Table),
		settled: newSums(tables.PartnerStatementsOf(true).Table),
	}
	if p.cycle.Archived != nil {
		return b.archived()
	}
	if v.found[PartnerMoney] != nil && p.cycle.State == lake.CycleClosed {
		b.sales = Sales{}
	}
	if err := b.survive(b.accepted()); err != nil {
		return err
	}
	for _, day := range p.days("lines", "usage", "ident", "sums") {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := b.survive(b.day(ctx, day)); err != nil {
			return err
		}
	}
	for _, step := range []func() error{b.positions, b.statements, b.taxes, b.partners,
		b.accountEvents, b.rowCounts} {
		if err := b.survive(step()); err != nil {
			return err
		}
	}
	b.quantities()
	if err := b.survive(b.couponUses()); err != nil {
		return err
	}
	if err := b.linesOfEvents(); err != nil {
		return err
	}
	return b.hand()
}

// accepted reads the rows that lines are compared with: entries of accounts, orders, adjustments and differences.
func (b *bucket) accepted() (err error) {
	orders, moved := b.p.of(tables.Orders().Name), b.p.of(tables.AccountEntries().Name)
	b.events, err = readLines(b.v.snap, b.p.cycle.Cycle, lineFiles{Orders: orders,
		Adjustments: b.p.of(tables.Adjustments().Name), Reratings: b.p.of(tables.Reratings().Name)})
	if err != nil || !b.p.ledger && len(moved) == 0 {
		return err
	}
	b.paid, err = readEntries(b.v.snap, entryFiles{Entries: moved, Orders: orders, Earlier: b.p.earlier,
		Events: b.p.of(tables.AccountEvents().Name)})
	return err
}

// linesOfEvents compares the lines with what accepted has read.
func (b *bucket) linesOfEvents() (err error) {
	if b.broken {
		return nil
	}
	for _, d := range b.events.Differences() {
		b.v.differ(Records, "cycle %s, %s", b.p.cycle.Cycle, d)
	}
	var differences []string
	if b.paid != nil {
		if differences, err = b.paid.Differences(); err != nil {
			return err
		}
	} else {
		for customer, sum := range b.customers {
			differences = append(differences, Unentered(customer, sum.balances())...)
		}
	}
	for _, d := range differences {
		b.v.differ(Accounts, "cycle %s, %s", b.p.cycle.Cycle, d)
	}
	return nil
}

// survive turns a file that cannot be read into a finding. It returns errors that are not faults of the lake.
func (b *bucket) survive(err error) error {
	var moved *lake.MovedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &moved), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	b.broken = true
	b.v.count(func(c *counts) { c.broken++ })
	b.v.differ(Contents, "%s", lake.FaultOf(err))
	return nil
}

// hand adds the bucket's counts to the verifier's.
func (b *bucket) hand() error {
	v := b.v
	v.mu.Lock()
	defer v.mu.Unlock()
	n, c := &b.counts, &v.counts
	c.rows, c.lines, c.customers, c.records, c.waiting = c.rows+n.rows, c.lines+n.lines, c.customers+n.customers,
		c.records+n.records, c.waiting+n.waiting
	c.samples, c.orders, c.adjustments = c.samples+n.samples, c.orders+n.orders, c.adjustments+n.adjustments
	c.taxes += n.taxes
	c.accounts, c.transfers, c.settled = c.accounts+n.accounts, c.transfers+n.transfers, c.settled+n.settled
	if b.p.cycle.Archived != nil {
		return nil
	}
	if err := errors.Join(v.handPartners(b), v.handMoney(b), v.sales.Add(b.sales)); err != nil {
		return err
	}
	for table, s := range map[string]*columnSums{"lines": b.lines, "statements": b.stated,
		"partner_statements": b.settled} {
		key := b.p.name + "/" + table
		if v.sums[key] == nil {
			v.sums[key] = newSums(s.Def)
		}
		if err := v.sums[key].Merge(s, Decimals(tables.Untyped(s.Def))); err != nil {
			return err
		}
	}
	return nil
}

// belongs reports whether a customer's rows are in this bucket.
func (b *bucket) belongs(customer string) bool {
	if customer != b.where {
		b.where, b.home = customer, lake.BucketOf(customer, b.buckets) == b.p.bucket
	}
	return b.home
}

// rowCounts checks the row counts of the files that no other check reads.
func (b *bucket) rowCounts() error {
	for _, e := range b.p.files {
		switch e.Table {
		case tables.AccountEvents().Name:
			continue
		case tables.Lines().Name, tables.Statements().Name, tables.Usage().Name, tables.PartnerStatements().Name,
			tables.Taxes().Name, tables.TaxSums().Name:
			if b.p.cycle.Archived == nil {
				continue // was read
			}
		}
		n, err := rows.RowCount(b.v.snap, e)
		if err != nil {
			return err
		}
		b.counts.rows += n
		if n != e.Rows {
			b.v.differ(Contents, "%s: %d rows, the manifest has %d", e.Path, n, e.Rows)
		}
		switch e.Table {
		case tables.Bandwidth().Name, tables.LateSamples().Name:
			b.counts.samples += n
		case tables.Late().Name:
			b.counts.records += n
		case tables.Orders().Name:
			b.counts.orders += n
		case tables.Adjustments().Name:
			b.counts.adjustments += n
		case tables.Transfers().Name:
			b.counts.transfers += n
		}
	}
	return nil
}

// positions adds up the month-end quantities in the closing positions of the cycle.
func (b *bucket) positions() error {
	files := b.p.of(tables.Positions().Name)
	if len(files) == 0 {
		return nil
	}
	last := files[len(files)-1] // by path, so by day
	return eachRow(b, last, tables.Positions(), nil, func(row rows.Row[tables.Position]) error {
		if row.Small(tables.PositionKind) != gatherRow {
			return nil
		}
		q, err := row.Quantity(tables.PositionUsage)
		if err != nil {
			return err
		}
		w := b.waits(product{row.Word(tables.PositionCustomerID), row.Word(tables.PositionKey)})
		return w.position.AddSigned(q)
	})
}

// gatherRow is table.GatherPosition as the positions table stores it.
const gatherRow = 2

func (b *bucket) waits(p product) *waits {
	if b.waiting[p] == nil {
		b.waiting[p] = &waits{}
	}
	return b.waiting[p]
}

// quantities is VERIFY-6.
func (b *bucket) quantities() {
	if b.broken {
		return
	}
	for p, w := range b.waiting {
		b.counts.waiting += w.records
		if w.apart {
			continue
		}
		if w.usage != w.position {
			b.v.differ(Quantities, "cycle %s, customer %s, sku %s: accepted %s, in the positions %s", b.p.cycle.Cycle,
				p.customer, p.sku, w.usage, w.position)
		}
		if b.p.cycle.MonthEnd && w.usage != w.lines {
			b.v.differ(Quantities, "cycle %s, customer %s, sku %s: accepted %s, in the month-end lines %s",
				b.p.cycle.Cycle, p.customer, p.sku, w.usage, w.lines)
		}
	}
}

// statements is VERIFY-4 for the bucket's customers.
func (b *bucket) statements() error {
	seen := make(map[string]bool, len(b.customers))
	for _, e := range b.p.of(tables.Statements().Name) {
		cycle := e.Cycle.String()
		sums := newSums(tables.StatementsOf(true, true).Table)
		cols := Decimals(tables.Untyped(sums.Def))
		byMoney := make(map[string]*columnSums)
		err := eachRow(b, e, tables.Untyped(sums.Def), nil, func(row rows.Row[tables.Any]) error {
			id := rows.As[tables.Statement](row).Word(tables.StatementCustomerID)
			if !b.belongs(id) || rows.As[tables.Statement](row).Word(tables.StatementCycle) != cycle || seen[id] {
				b.v.differ(Contents, "%s: statement of customer %s does not belong there", e.Path, id)
			}
			seen[id] = true
			if err := sums.Add(row, cols); err != nil {
				return err
			}
			own := rows.As[tables.Statement](row).Word(tables.CurrencyColumn(sums.Def))
			if byMoney[own] == nil {
				byMoney[own] = newSums(sums.Def)
			}
			if err := byMoney[own].Add(row, cols); err != nil {
				return err
			}
			if own != "" {
				if err := b.inCurrency(own, id, row, cols); err != nil {
					return err
				}
			}
			return b.statement(id, row)
		})
		if err != nil {
			return err
		}
		b.v.sumsOf(e, sums)
		b.v.currenciesOf(e, sums.Def, byMoney)
		if err := b.stated.Merge(sums, cols); err != nil {
			return err
		}
	}
	for id := range b.customers {
		if !seen[id] && !b.broken {
			b.v.differ(Statements, "cycle %s, customer %s: lines, but no statement", b.p.cycle.Cycle, id)
		}
	}
	b.counts.customers += int64(len(seen))
	return nil
}

// statement compares one statement with the customer's lines.
func (b *bucket) statement(id string, row rows.Row[tables.Any]) error {
	s := b.customers[id]
	if s == nil {
		s = &customerSum{}
	}
	if n := rows.As[tables.Statement](row).Whole(tables.StatementLineCount); n != s.lines && !b.broken {
		b.v.differ(Statements, "cycle %s, customer %s: %d lines, the statement has %d", b.p.cycle.Cycle, id, s.lines, n)
	}
	for i, a := range amounts {
		d := row.Cols.Col(a.statement.Of().Any()).Decs[row.I]
		stated, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		if stated != s.totals[i] && !b.broken {
			b.v.differ(Statements, "cycle %s, customer %s: Σ %s of the lines is %s, the statement has %s",
				b.p.cycle.Cycle, id, tables.Lines().Columns[a.line].Name, s.totals[i], stated)
		}
	}
	var parts money.AmountTotal
	rounding, err := rows.As[tables.Statement](row).Amount(tables.StatementRoundingAmount)
	due, dueErr := rows.As[tables.Statement](row).Amount(tables.StatementDueAmount)
	if err := errors.Join(err, dueErr, parts.Add(rounding), parts.Add(due)); err != nil {
		return err
	}
	if fault := dueFault(b.v.snap.Manifest.Units, b.currency[id], rounding, due); fault != "" {
		b.v.differ(Statements, "cycle %s, customer %s: %s", b.p.cycle.Cycle, id, fault)
	}
	if len(b.p.of(tables.Taxes().Name)) > 0 {
		return nil // VERIFY-13
	}
	paid := row.Cols.Col(tables.StatementPaymentAmount.Of().Any()).Decs[row.I]
	if hi, lo := parts.Raw(); cmp.Or(cmp.Compare(hi, paid.Hi), cmp.Compare(lo, paid.Lo)) != 0 {
		b.v.differ(Statements, "cycle %s, customer %s: rounding + due is %s, which is not the payment", b.p.cycle.Cycle,
			id, parts)
	}
	return nil
}

// eachRow reads a file of the bucket.
func eachRow[T any](b *bucket, e lake.FileEntry, def tables.Def[T], cols tables.List[T],
	visit func(rows.Row[T]) error) (err error) {
	list, err := rows.File(b.v.snap, e, def, cols)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, list.Close()) }()
	return list.Each(func(row rows.Row[T]) error {
		b.counts.rows++
		return visit(row)
	})
}
