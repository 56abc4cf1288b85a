package query

import (
	"fmt"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// The causes of a change from one cycle to the next.
const (
	newCustomer  = "new_customer"  // the customer has no line in the cycle before, whatever the limits
	lostCustomer = "lost_customer" // the customer has no line in this cycle, whatever the limits
	newProduct   = "new_product"   // the customer had lines before, but none of the product, whatever the limits
	lostProduct  = "lost_product"  // the customer has lines in this cycle, but none of the product, whatever the limits
	byVolume     = "volume"        // another quantity, at the average price of the cycle before
	byPrice      = "price"         // the rest of the change: prices, tiers, discounts
	correction   = "correction"    // lines of either cycle that belong to an earlier one
)

// present marks rows that record which products a customer has in a cycle, whatever the limits. They have no amounts
// and cause no change.
const present = "present"

// Columns of comparedTable.
const (
	cmpKind = iota
	cmpCustomer
	cmpService
	cmpSKU
	cmpBefore
	cmpAmount
	cmpBeforeQuantity
	cmpQuantity
	cmpBeforeLines
	cmpLines
)

// Sums of compared.
const (
	wasAmount = iota
	isAmount
	wasQuantity
	isQuantity
	wasLines
	isLines
)

// comparedTable has the lines of two cycles in separate columns.
func comparedTable() *tables.Table {
	line := tables.Lines().Columns
	return &tables.Table{Name: "compared", Columns: []tables.Column{
		{Name: "cause", Type: tables.Word,
			Meaning: "new_customer (no lines in the cycle before, whatever the limits), new_product, volume (another " +
				"quantity, at the average price before), price (the rest), lost_product, lost_customer, or " +
				"correction (lines of earlier cycles)"},
		line[tables.LineCustomerID], line[tables.LineServiceTypeCode], line[tables.LineSKU],
		{Name: "before_amount", Type: tables.Amount,
			Meaning: "sum of payment_amount of the cycle before; 0 in rows for price"},
		{Name: "payment_amount", Type: tables.Amount,
			Meaning: "sum of payment_amount of the cycle; in rows for volume at the average price before, in " +
				"rows for price the rest"},
		{Name: "before_quantity", Type: tables.Quantity, Meaning: "quantity of the cycle before"},
		{Name: "quantity", Type: tables.Quantity, Meaning: "quantity of the cycle"},
		{Name: "before_line_count", Type: tables.Whole, Meaning: "number of lines of the cycle before"},
		{Name: lineCount, Type: tables.Whole, Meaning: "number of lines of the cycle"},
	}}
}

// compared asks for the lines of two cycles by customer and product, from which changes are derived.
func compared() *Question {
	t := comparedTable()
	return &Question{
		Name: "compared", Span: WithBefore, Keys: t.Columns[cmpKind:cmpBefore], Sums: t.Columns[cmpBefore:],
		Lake: Shape{Table: tables.Lines().Table, Reads: tables.Columns(tables.LineOriginCycle,
			tables.LineCustomerID, tables.LineServiceTypeCode, tables.LineSKU, tables.LinePaymentAmount,
			tables.LineQuantity).Any(), Made: t,
			Make: compare},
	}
}

// presence asks which products customers have in two cycles: the rows of compared without amounts and without the lines
// of earlier cycles.
func presence() *Question {
	q := compared()
	q.Name = "presence"
	q.Lake.Reads = tables.Columns(tables.LineOriginCycle, tables.LineCustomerID, tables.LineServiceTypeCode,
		tables.LineSKU).Any()
	q.Lake.Keep = func(c *parquet.Columns[tables.Any], row int) bool { return c.Col(cmpKind).Word(row) == present }
	q.Lake.Make = func(w *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
		for i := range from.N {
			kind := present
			if from.Word(tables.LineOriginCycle.Any()).At(i) != "" {
				kind = correction
			}
			cycleRows{w.Before, from, to}.add(i, kind, parquet.Dec{}, parquet.Dec{})
		}
		return nil
	}
	return q
}

// compare writes amounts and quantities into the columns of the lines' cycle.
func compare(w *QuestionReading, from, to *parquet.Columns[tables.Any]) error {
	for i := range from.N {
		kind := ""
		if from.Word(tables.LineOriginCycle.Any()).At(i) != "" {
			kind = correction
		}
		cycleRows{w.Before, from, to}.add(i, kind, from.Amount(tables.LinePaymentAmount.Any()).At(i),
			from.Quantity(tables.LineQuantity.Any()).At(i))
	}
	return nil
}

// cycleRows makes rows of comparedTable from lines of a cycle or of the cycle before it.
type cycleRows struct {
	before   bool
	from, to *parquet.Columns[tables.Any]
}

// add appends the row of line i.
func (c cycleRows) add(i int, kind string, amount, quantity parquet.Dec) {
	from, to := c.from, c.to
	to.Col(cmpKind).AddWord(kind)
	to.Col(cmpCustomer).AddWord(from.Word(tables.LineCustomerID.Any()).At(i))
	to.Col(cmpService).AddWord(from.Word(tables.LineServiceTypeCode.Any()).At(i))
	to.Col(cmpSKU).AddWord(from.Word(tables.LineSKU.Any()).At(i))
	mine, other := 1, 0 // the columns of this cycle come after those of the previous one
	if c.before {
		mine, other = 0, 1
	}
	to.Amount(tables.AmountColumn[tables.Any](cmpBefore + mine)).AddRaw(amount)
	to.Amount(tables.AmountColumn[tables.Any](cmpBefore + other)).AddRaw(parquet.Dec{})
	to.Quantity(tables.QuantityColumn[tables.Any](cmpBeforeQuantity + mine)).AddRaw(quantity)
	to.Quantity(tables.QuantityColumn[tables.Any](cmpBeforeQuantity + other)).AddRaw(parquet.Dec{})
	to.Whole(tables.WholeColumn[tables.Any](cmpBeforeLines + mine)).Add(1)
	to.Whole(tables.WholeColumn[tables.Any](cmpBeforeLines + other)).Add(0)
	to.N++
}

// change asks why a cycle's bills differ from those of the cycle before.
func change() *Question {
	t := comparedTable()
	return &Question{
		Name:    "change",
		Answers: "why a cycle differs from the one before: new and lost customers and products, volume, price",
		Span:    WithBefore, Keys: t.Columns[cmpKind:cmpBefore],
		Sums: append(t.Columns[cmpBefore:cmpBeforeQuantity:cmpBeforeQuantity], tables.Column{Name: "change_amount",
			Type: tables.Amount, Meaning: "payment_amount - before_amount; the sum over all rows is the whole change"}),
		From: &Derived{Of: compared(), Context: presence(), Rows: causes, Order: largestChange},
	}
}

// largestChange orders changes by absolute size.
func largestChange(a, b AnswerRow) int {
	return bigOf(b.Sums[len(b.Sums)-1]).CmpAbs(bigOf(a.Sums[len(a.Sums)-1]))
}

// bigOf returns a total in units of its last digit.
func bigOf(t money.Total) *big.Int {
	hi, lo := t.Raw()
	n := new(big.Int).Lsh(big.NewInt(hi), 64)
	return n.Add(n, new(big.Int).SetUint64(lo))
}

// amountOf converts a number of units of the last digit to a total of amounts.
func amountOf(n *big.Int) (money.Total, error) {
	t, err := money.NewTotal(money.AmountScale)
	if err != nil {
		return t, err
	}
	hi := new(big.Int).Rsh(n, 64)
	lo := new(big.Int).Sub(n, new(big.Int).Lsh(hi, 64))
	return t, t.Add(hi.Int64(), lo.Uint64())
}

// held reports in which cycles a customer, or a product of a customer, has lines of the cycle itself.
type held struct{ before, now bool }

// had adds a row.
func (h *held) had(r AnswerRow) {
	h.before = h.before || some(r.Sums[wasLines])
	h.now = h.now || some(r.Sums[isLines])
}

// holdings holds the customers, and the products of customers, that have lines in the two cycles, whatever the limits.
type holdings struct {
	customers map[string]*held
	products  map[[3]string]*held // customer, service, sku
}

// holdingsOf uses rows of compared and of presence; if there are rows of presence, they include those of compared.
func holdingsOf(rows []AnswerRow) *holdings {
	h := &holdings{map[string]*held{}, map[[3]string]*held{}}
	for _, r := range rows {
		if r.Keys[cmpKind] == correction {
			continue
		}
		customer, product := r.Keys[cmpCustomer], productOf(r)
		if h.customers[customer] == nil {
			h.customers[customer] = &held{}
		}
		if h.products[product] == nil {
			h.products[product] = &held{}
		}
		h.customers[customer].had(r)
		h.products[product].had(r)
	}
	return h
}

func productOf(r AnswerRow) [3]string {
	return [3]string{r.Keys[cmpCustomer], r.Keys[cmpService], r.Keys[cmpSKU]}
}

// cause returns the cause of the whole change of a row; "" if it is divided into volume and price.
func (h *holdings) cause(r AnswerRow) string {
	if r.Keys[cmpKind] == correction {
		return correction
	}
	customer, product := h.customers[r.Keys[cmpCustomer]], h.products[productOf(r)]
	switch {
	case !customer.before:
		return newCustomer
	case !customer.now:
		return lostCustomer
	case !product.before:
		return newProduct
	case !product.now:
		return lostProduct
	case !some(r.Sums[wasLines]) || !some(r.Sums[isLines]):
		return byVolume // lines of the product, but none within the limits
	}
	return ""
}

// causes divides the change of each customer and product. A product in both cycles gets a row volume, with the amount
// before and the effect of the quantity, and a row price with the rest. The change by volume is (quantity −
// before_quantity) × before_amount / before_quantity, rounded half to even to 8 decimals. If a cycle has no quantity,
// for example for orders, the whole change is by price. Whether a customer or a product is new is decided by all lines
// of the cycle before; if limits leave a cycle without lines of the product, the whole change is by volume.
func causes(rows []AnswerRow, _ lake.Cycle) ([]AnswerRow, error) {
	holdings := holdingsOf(rows)
	var out []AnswerRow
	for _, r := range rows {
		if r.Keys[cmpKind] == present {
			continue
		}
		was, is := bigOf(r.Sums[wasAmount]), bigOf(r.Sums[isAmount])
		var err error
		if cause := holdings.cause(r); cause != "" {
			out, err = changed(out, r, cause, was, is)
		} else {
			at := volume(was, bigOf(r.Sums[wasQuantity]), bigOf(r.Sums[isQuantity]))
			if out, err = changed(out, r, byVolume, was, at); err == nil {
				out, err = changed(out, r, byPrice, new(big.Int), at.Sub(is, at))
			}
		}
		if err != nil {
			return nil, fmt.Errorf("change of %s, %s: %w", r.Keys[cmpCustomer], r.Keys[cmpSKU], err)
		}
	}
	return out, nil
}

func some(t money.Total) bool { return bigOf(t).Sign() != 0 }

// changed appends a row of an amount before and after, unless both are zero.
func changed(out []AnswerRow, of AnswerRow, cause string, was, is *big.Int) ([]AnswerRow, error) {
	if was.Sign() == 0 && is.Sign() == 0 {
		return out, nil
	}
	row := AnswerRow{Keys: slices.Clone(of.Keys)}
	row.Keys[cmpKind] = cause
	for _, n := range []*big.Int{was, is, new(big.Int).Sub(is, was)} {
		t, err := amountOf(n)
		if err != nil {
			return nil, err
		}
		row.Sums = append(row.Sums, t)
	}
	return append(out, row), nil
}

// volume returns an amount scaled to another quantity: amount × to / from, rounded half to even. If a quantity is zero,
// it returns the amount.
func volume(amount, from, to *big.Int) *big.Int {
	if from.Sign() == 0 || to.Sign() == 0 {
		return new(big.Int).Set(amount)
	}
	n := new(big.Int).Mul(amount, to)
	q, rest := new(big.Int).QuoRem(n, from, new(big.Int))
	twice := new(big.Int).Lsh(rest.Abs(rest), 1)
	up := twice.CmpAbs(from)
	if up > 0 || up == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(int64(n.Sign()*from.Sign())))
	}
	return q
}
