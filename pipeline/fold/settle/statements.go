package settle

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// amountsOfSums are the amount columns of the sums table, in the order of customerTotal.amounts.
var amountsOfSums = [...]tables.AmountColumn[tables.Sum]{
	tables.SumOfficialAmount, tables.SumOfficialDiscountAmount,
	tables.SumTruncatedAmount, tables.SumPaymentAmount, tables.SumCashAmount,
	tables.SumCreditAmount,
	tables.SumCouponAmount, tables.SumStoredValueCardAmount, tables.SumFlexipurchaseCouponAmount,
	tables.SumDebtAmount}

// statementColumns are the corresponding columns of statements.
var statementColumns = [...]tables.AmountColumn[tables.Statement]{
	tables.StatementOfficialAmount, tables.StatementOfficialDiscountAmount,
	tables.StatementTruncatedAmount, tables.StatementPaymentAmount, tables.StatementCashAmount,
	tables.StatementCreditAmount,
	tables.StatementCouponAmount, tables.StatementStoredValueCardAmount,
	tables.StatementFlexipurchaseCouponAmount, tables.StatementDebtAmount}

// statementRow are the columns of a statement except its cycle.
var statementRow = tables.Columns(tables.StatementCustomerID, tables.StatementLineCount,
	tables.StatementOfficialAmount, tables.StatementOfficialDiscountAmount,
	tables.StatementTruncatedAmount, tables.StatementPaymentAmount,
	tables.StatementRoundingAmount, tables.StatementDueAmount, tables.StatementCashAmount,
	tables.StatementCreditAmount, tables.StatementCouponAmount,
	tables.StatementStoredValueCardAmount, tables.StatementFlexipurchaseCouponAmount,
	tables.StatementDebtAmount)

// paymentAt is the index of payment_amount in both.
const paymentAt = 3

type customerTotal struct {
	lines   int64
	amounts [len(amountsOfSums)]money.AmountTotal
}

// StatementFolder makes the statements of buckets.
type StatementFolder struct {
	*state.State
	Refold func(period.Cycle) bool // whether a cycle was rated with other books
	Mode   money.Mode
	Tax    settings.Tax
}

// Place makes the statements of a bucket of a cycle again from the sums of its days. Its lines must be made and paid
// already.
func (f *StatementFolder) Place(p lake.Place) error { return f.statements(p.Bucket, p.Cycle) }

// statements writes what each customer of the bucket must pay for the cycle: the sums of its days. It starts from the
// statements of the live state, subtracts the old sums of changed days and adds the new ones. Statements of customers
// without changes are copied. So the cost of a night depends on its customers and days, not on those of the month.
func (f *StatementFolder) statements(bucket int, cycle period.Cycle) error {
	live, gone, fresh, err := f.statementSources(bucket, cycle)
	if err != nil {
		return err
	}
	a := adder{state: f.State, totals: make(map[string]*customerTotal, countRows(fresh))}
	for _, e := range gone {
		if err := a.add(e, true); err != nil {
			return err
		}
	}
	for _, e := range fresh {
		if err := a.add(e, false); err != nil {
			return err
		}
	}
	slices.Sort(a.customers)
	w, err := f.newStatementWriter(cycle, bucket)
	if err != nil {
		return err
	}
	for _, e := range live {
		if err := w.change(e, &a); err != nil {
			return err
		}
	}
	if err := w.rest(&a); err != nil {
		return err
	}
	key := state.CycleKey("statements", cycle, bucket)
	files, err := rows.WriteFileIn(f.Memory, f.Txn, key, w.cols, w.list())
	if err != nil {
		return err
	}
	return f.Replace(key, files)
}

// statementSources returns the files that statements are made of: the statements of the live state, and the files of
// sums to subtract and to add. If this is no less work, it returns all days to add instead.
func (f *StatementFolder) statementSources(bucket int, cycle period.Cycle) (live, gone, fresh []lake.FileEntry,
	err error) {
	live, err = f.Txn.Base().Find(state.CycleKey("statements", cycle, bucket))
	if err != nil {
		return nil, nil, nil, err
	}
	gone, fresh, err = f.changedSums(bucket, cycle)
	if err != nil {
		return nil, nil, nil, err
	}
	if all := f.FilesOf(cycle, bucket, "sums"); len(live) == 0 || len(live)+len(gone)+len(fresh) >= len(all) {
		return nil, nil, all, nil
	}
	return live, gone, fresh, nil
}

// statementWriter writes the statements of a bucket, customers ascending.
type statementWriter struct {
	f         *StatementFolder
	cycle     period.Cycle
	asTheyAre bool                         // copy unchanged statements: they were rounded by today's settings
	taxed     bool                         // statements have the tax column
	mixed     bool                         // statements have the currency column
	byMoney   map[string]*statementSums    // by currency, if mixed
	taxes     map[string]money.AmountTotal // by customer
	cols      *parquet.Columns[tables.Statement]
	sums      [len(statementColumns)]money.AmountTotal
	due       money.AmountTotal
	rounding  money.AmountTotal
	tax       money.AmountTotal
}

func (f *StatementFolder) newStatementWriter(cycle period.Cycle, bucket int) (*statementWriter, error) {
	taxed, mixed := len(f.Books.Taxes) > 0, f.Books.Mixed
	w := &statementWriter{f: f, cycle: cycle, taxed: taxed, mixed: mixed,
		cols: parquet.NewColumns(tables.StatementsOf(taxed, mixed))}
	if mixed {
		w.byMoney = make(map[string]*statementSums)
		for _, c := range f.Books.Currencies {
			w.byMoney[c.Code] = &statementSums{}
		}
	}
	if taxed {
		var err error
		if w.taxes, err = TaxesOf(f.State, cycle, bucket); err != nil {
			return nil, err
		}
	}
	w.asTheyAre = !f.Refold(cycle) && !w.taxed && !w.mixed
	w.cols.Word(tables.StatementCycle).Set(cycle.String())
	return w, nil
}

// change reads a file of statements and writes them with the new totals of changed customers.
func (w *statementWriter) change(e lake.FileEntry, a *adder) error {
	in, err := state.OpenAtOnce(a.state, e, tables.Statements(), statementRow)
	if err != nil {
		return err
	}
	defer in.Close()
	for {
		c, err := in.Next()
		if err != nil || c == nil {
			return err
		}
		for at := 0; at < c.N; {
			from := at
			for customer := c.Col(tables.StatementCustomerID.Of()); at < c.N &&
				(len(a.customers) == 0 || customer.Word(at) < a.customers[0]); {
				at++
			}
			if err := w.keep(c, from, at); err != nil {
				return err
			}
			if at == c.N {
				break
			}
			id := a.customers[0]
			if c.Word(tables.StatementCustomerID).At(at) == id {
				if err := addStatementRow(a.totals[id], c, tables.StatementLineCount, statementColumns, at,
					false); err != nil {
					return err
				}
				at++
			}
			if err := w.put(id, a.totals[id]); err != nil {
				return err
			}
			a.customers = a.customers[1:]
		}
	}
}

// rest writes the statements of customers that had none before.
func (w *statementWriter) rest(a *adder) error {
	for _, id := range a.customers {
		if err := w.put(id, a.totals[id]); err != nil {
			return err
		}
	}
	return nil
}

// keep writes rows of a batch that did not change.
func (w *statementWriter) keep(c *parquet.Columns[tables.Statement], from, to int) error {
	if !w.asTheyAre {
		for i := from; i < to; i++ {
			var t customerTotal
			if err := addStatementRow(&t, c, tables.StatementLineCount, statementColumns, i, false); err != nil {
				return err
			}
			if err := w.put(c.Word(tables.StatementCustomerID).At(i), &t); err != nil {
				return err
			}
		}
		return nil
	}
	for i := from; i < to; i++ {
		w.cols.Word(tables.StatementCustomerID).AddNew(c.Word(tables.StatementCustomerID).At(i))
	}
	w.cols.AppendRun(c, from, to, statementRow[1:], nil)
	for i, col := range statementColumns {
		if err := addUp(&w.sums[i], c.Amount(col).All()[from:to]); err != nil {
			return err
		}
	}
	if err := addUp(&w.due, c.Col(tables.StatementDueAmount.Of()).Decs[from:to]); err != nil {
		return err
	}
	return addUp(&w.rounding, c.Col(tables.StatementRoundingAmount.Of()).Decs[from:to])
}

func addUp(sum *money.AmountTotal, parts []parquet.Dec) error {
	for _, d := range parts {
		part, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		if err := sum.AddTotal(part); err != nil {
			return err
		}
	}
	return nil
}

// put writes a customer's statement, if there is a line.
func (w *statementWriter) put(id string, t *customerTotal) error {
	if t.lines == 0 {
		return nil
	}
	own := w.f.Books.CustomerCurrencyOf(id)
	d, r, err := w.f.due(t, own)
	if err != nil {
		return fmt.Errorf("statement of customer %s for %s: %w", id, w.cycle, err)
	}
	c := w.cols
	var tax money.Amount
	if w.taxed {
		if tax, d, err = w.addTax(id, d); err != nil {
			return fmt.Errorf("statement of customer %s for %s: %w", id, w.cycle, err)
		}
	}
	c.Word(tables.StatementCustomerID).AddNew(id)
	c.Whole(tables.StatementLineCount).Add(t.lines)
	for i, col := range statementColumns {
		c.Amount(col).Add(t.amounts[i].Raw())
		if err := w.sums[i].AddTotal(t.amounts[i]); err != nil {
			return err
		}
	}
	c.Amount(tables.StatementRoundingAmount).Add(r.Raw())
	c.Amount(tables.StatementDueAmount).Add(d.Raw())
	if w.mixed {
		c.Word(tables.CurrencyColumn(w.cols.Def)).Add(own.Code)
		if err := w.byMoney[own.Code].add(t, d, r, tax); err != nil {
			return err
		}
	}
	w.cols.N++
	if err := w.due.Add(d); err != nil {
		return err
	}
	return w.rounding.Add(r)
}

// statementSums are the sums of the statements of one currency.
type statementSums struct {
	amounts       [len(statementColumns)]money.AmountTotal
	due, rounding money.AmountTotal
	tax           money.AmountTotal
}

func (s *statementSums) add(t *customerTotal, due, rounding, tax money.Amount) error {
	for i := range t.amounts {
		if err := s.amounts[i].AddTotal(t.amounts[i]); err != nil {
			return err
		}
	}
	return errors.Join(s.due.Add(due), s.rounding.Add(rounding), s.tax.Add(tax))
}

// list returns the sums of a currency, as the manifest stores them.
func (s *statementSums) list(currency string, taxed bool) []lake.ColumnSum {
	list := []lake.ColumnSum{{Column: "due_amount." + currency, Value: s.due.String()},
		{Column: "rounding_amount." + currency, Value: s.rounding.String()}}
	for i, col := range statementColumns {
		list = append(list, lake.ColumnSum{Column: tables.Statements().Columns[col].Name + "." + currency,
			Value: s.amounts[i].String()})
	}
	if taxed {
		list = append(list, lake.ColumnSum{Column: "tax_amount." + currency, Value: s.tax.String()})
	}
	return list
}

// addTax writes the tax of a customer. It returns the tax and the amount due with it: tax is added to prices that do
// not include it (§10.6).
func (w *statementWriter) addTax(id string, due money.Amount) (tax, with money.Amount, err error) {
	if tax, err = w.taxes[id].Amount(); err != nil {
		return tax, due, err
	}
	w.cols.Amount(tables.StatementTaxAmount).Add(tax.Raw())
	if err := w.tax.Add(tax); err != nil || w.f.Tax.Inclusive {
		return tax, due, err
	}
	with, err = due.Add(tax)
	return tax, with, err
}

// list returns the sums of the amount columns.
func (w *statementWriter) list() []lake.ColumnSum {
	list := []lake.ColumnSum{{Column: "due_amount", Value: w.due.String()},
		{Column: "rounding_amount", Value: w.rounding.String()}}
	for i, col := range statementColumns {
		list = append(list, lake.ColumnSum{Column: tables.Statements().Columns[col].Name, Value: w.sums[i].String()})
	}
	if w.taxed {
		list = append(list, lake.ColumnSum{Column: w.cols.Def.Columns[tables.StatementTaxAmount].Name,
			Value: w.tax.String()})
	}
	for _, c := range slices.Sorted(maps.Keys(w.byMoney)) {
		list = append(list, w.byMoney[c].list(c, w.taxed)...)
	}
	return list
}

// due returns the amount to pay and the rounding amount. The cycle's total is rounded once if lines are not rounded
// (§4.2). Even if they are, a difference to a line of a cycle without rounding of lines can have more digits than the
// currency.
func (f *StatementFolder) due(t *customerTotal, own money.Currency) (due, rounding money.Amount, err error) {
	payment, err := t.amounts[paymentAt].Amount()
	if err != nil {
		return payment, money.Amount{}, err
	}
	due = payment.Cut(own.Digits, f.Mode)
	rounding, err = payment.Sub(due)
	return due, rounding, err
}

func countRows(files []lake.FileEntry) (rows int) {
	for i := range files {
		rows += int(files[i].Rows)
	}
	return rows
}

// changedSums returns the files of sums that are included in the live state's statements but not in the next state, and
// those that are new in the next state.
func (f *StatementFolder) changedSums(bucket int, cycle period.Cycle) (gone, fresh []lake.FileEntry, err error) {
	all := f.FilesOf(cycle, bucket, "sums")
	next := make(map[string]bool, len(all))
	for _, e := range all {
		next[e.Path] = true
	}
	live, err := f.Txn.Base().Files(lake.CycleOf(cycle))
	if err != nil {
		return nil, nil, err
	}
	had := make(map[string]bool)
	for _, e := range live {
		if e.Table != "sums" || e.Bucket != bucket {
			continue
		}
		had[e.Path] = true
		if !next[e.Path] {
			gone = append(gone, e)
		}
	}
	for _, e := range all {
		if !had[e.Path] {
			fresh = append(fresh, e)
		}
	}
	return gone, fresh, nil
}

// adder adds up files of sums.
type adder struct {
	state     *state.State
	totals    map[string]*customerTotal
	customers []string        // of totals, in the order of the files
	spare     []customerTotal // preallocated totals
}

// of returns the total of a customer, which is 0 at first.
func (a *adder) of(customer string) *customerTotal {
	t := a.totals[customer]
	if t == nil {
		const many = 512
		if len(a.spare) == 0 {
			a.spare = make([]customerTotal, many)
		}
		t, a.spare = &a.spare[0], a.spare[1:]
		a.totals[customer] = t
		a.customers = append(a.customers, customer)
	}
	return t
}

// add adds the rows of a file of sums to the customers' totals; with away it subtracts them.
func (a *adder) add(e lake.FileEntry, away bool) error {
	cols := tables.Columns(tables.SumCustomerID, tables.SumLineCount)
	for _, col := range amountsOfSums {
		cols = append(cols, col.Of())
	}
	in, err := state.OpenAtOnce(a.state, e, tables.Sums(), cols)
	if err != nil {
		return err
	}
	defer in.Close()
	for {
		c, err := in.Next()
		if err != nil || c == nil {
			return err
		}
		for i := range c.N {
			if err := addStatementRow(a.of(c.Word(tables.SumCustomerID).At(i)), c, tables.SumLineCount, amountsOfSums,
				i, away); err != nil {
				return err
			}
		}
	}
}

// addStatementRow adds the number of lines and the amounts of a row to a total; with away it subtracts them.
func addStatementRow[T any](t *customerTotal, c *parquet.Columns[T], lines tables.WholeColumn[T],
	amounts [len(amountsOfSums)]tables.AmountColumn[T], row int, away bool) error {
	n, add := c.Whole(lines).At(row), (*money.AmountTotal).AddTotal
	if away {
		n, add = -n, (*money.AmountTotal).SubTotal
	}
	t.lines += n
	for k, col := range amounts {
		d := c.Amount(col).At(row)
		part, err := money.AmountTotalFromRaw(d.Hi, d.Lo)
		if err != nil {
			return err
		}
		if err := add(&t.amounts[k], part); err != nil {
			return err
		}
	}
	return nil
}
