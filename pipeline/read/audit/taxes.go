package audit

import (
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// taxKey identifies a stored tax.
type taxKey struct {
	seller, buyer, id string
	rate              string // with all digits
}

func (k taxKey) String() string {
	who := "customer " + k.buyer
	if k.seller != "" {
		who = "partner " + k.buyer + " of seller " + k.seller
	}
	return who + ", tax " + k.id + " " + k.rate
}

// taxed holds the amounts of a tax, stored or calculated again.
type taxed struct{ taxable, tax *big.Rat }

// taxPart is a row of tax_sums: the lines of a service whose own times are in a span.
type taxPart struct {
	customer, service       string
	span                    period.Span
	id                      string
	rate, rates             *big.Rat
	rateText                string
	taxable, rounded        *big.Rat // as stored
	countedTax, countedBase *big.Rat
}

// taxCheck is VERIFY-13 for a bucket.
type taxCheck struct {
	*bucket
	digits    map[string]int // by seller and buyer
	inclusive bool
	perLine   bool
	stored    map[taxKey]taxed
	counted   map[taxKey]taxed
}

// hasTaxes reports whether a cycle has taxes.
func (v *verifier) hasTaxes() (bool, error) {
	for _, ref := range v.snap.Manifest.Cycles {
		files, err := v.snap.Files(ref.Cycle)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(files, func(e lake.FileEntry) bool {
			return e.Table == tables.Taxes().Name || e.Table == tables.TaxSums().Name
		}) {
			return true, nil
		}
	}
	return false, nil
}

// taxes is VERIFY-13: taxes are calculated again from the lines.
func (b *bucket) taxes() error {
	if len(b.p.of(tables.Taxes().Name))+len(b.p.of(tables.TaxSums().Name)) == 0 {
		return nil
	}
	c := &taxCheck{bucket: b, digits: make(map[string]int),
		stored: make(map[taxKey]taxed), counted: make(map[taxKey]taxed)}
	for _, e := range b.p.of(tables.Taxes().Name) {
		if err := c.load(e); err != nil {
			return err
		}
	}
	if b.p.bucket == lake.NoBucket {
		c.partners()
		return nil
	}
	for _, e := range b.p.of(tables.TaxSums().Name) {
		if err := c.day(e); err != nil {
			return err
		}
	}
	c.compare()
	return c.statements()
}

// load reads the stored taxes.
func (c *taxCheck) load(e lake.FileEntry) error {
	sums, cycle := newSums(tables.Taxes().Table), e.Cycle.String()
	err := eachRow(c.bucket, e, tables.Taxes(), nil, func(row rows.Row[tables.Tax]) error {
		c.inclusive = row.Word(tables.TaxPrices) == "inclusive"
		c.perLine = row.Word(tables.TaxRounding) == "line"
		key := taxKey{row.Word(tables.TaxSellerID), row.Word(tables.TaxBuyerID), row.Word(tables.TaxTaxID),
			Rat(row, tables.TaxRate.Of()).FloatString(money.RateScale)}
		c.digits[key.seller+"/"+key.buyer] = row.Small(tables.TaxDigits)
		home := c.p.bucket != lake.NoBucket && c.belongs(key.buyer)
		if row.Word(tables.TaxCycle) != cycle || home != (key.seller == "") {
			c.v.differ(Contents, "%s: the row of %s does not belong there", e.Path, key)
		}
		one := taxed{Rat(row, tables.TaxTaxableAmount.Of()), Rat(row, tables.TaxTaxAmount.Of())}
		c.stored[key] = one
		c.counts.taxes++
		return sums.Add(row.Any(), tables.Columns(tables.TaxTaxableAmount, tables.TaxTaxAmount).Any())
	})
	c.v.sumsOf(e, sums)
	return err
}

// day adds up the lines of a day again and adds them to the taxes of their customers.
func (c *taxCheck) day(e lake.FileEntry) error {
	parts := make(map[string][]*taxPart) // by customer
	err := eachRow(c.bucket, e, tables.TaxSums(), nil, func(row rows.Row[tables.TaxSum]) error {
		p := partOf(row)
		if !c.belongs(p.customer) {
			c.v.differ(Contents, "%s: the row of customer %s does not belong there", e.Path, p.customer)
		}
		parts[p.customer] = append(parts[p.customer], p)
		return nil
	})
	if err != nil {
		return err
	}
	if lines, there := c.p.find(tables.Lines().Name, e.Day); there {
		cols := tables.Columns(tables.LineCustomerID, tables.LineServiceTypeCode, tables.LinePaymentAmount,
			tables.LineUsageStart,
			tables.LineOwnTime)
		err := eachRow(c.bucket, lines, tables.Lines(), cols, func(row rows.Row[tables.Line]) error {
			c.line(parts[row.Word(tables.LineCustomerID)], row)
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, customer := range slices.Sorted(maps.Keys(parts)) {
		for _, p := range parts[customer] {
			if p.taxable.Cmp(p.countedBase) != 0 || p.rounded.Cmp(p.countedTax) != 0 {
				c.v.differ(Taxes, "cycle %s, day %s, customer %s, service %s, tax %s: lines have %s and a tax "+
					"of %s by line, tax_sums %s and %s", e.Cycle, e.Day, customer, p.service, p.id,
					p.countedBase.FloatString(money.AmountScale), p.countedTax.FloatString(money.AmountScale),
					p.taxable.FloatString(money.AmountScale), p.rounded.FloatString(money.AmountScale))
			}
			c.add(p)
		}
	}
	return nil
}

// partOf reads a row of tax_sums.
func partOf(row rows.Row[tables.TaxSum]) *taxPart {
	p := &taxPart{customer: row.Word(tables.TaxSumCustomerID), service: row.Word(tables.TaxSumServiceTypeCode),
		span: period.Span{From: row.MaybeTime(tables.TaxSumOwnFrom), To: row.MaybeTime(tables.TaxSumOwnTo)},
		id:   row.Word(tables.TaxSumTaxID), rate: Rat(row, tables.TaxSumRate.Of()),
		rates:      Rat(row, tables.TaxSumRates.Of()),
		taxable:    Rat(row, tables.TaxSumTaxableAmount.Of()),
		rounded:    Rat(row, tables.TaxSumRoundedAmount.Of()),
		countedTax: new(big.Rat), countedBase: new(big.Rat)}
	if p.span.To == tables.Nothing {
		p.span.To = period.Forever
	}
	p.rateText = p.rate.FloatString(money.RateScale)
	return p
}

// line adds a line to the parts to which it belongs.
func (c *taxCheck) line(parts []*taxPart, row rows.Row[tables.Line]) {
	own := rows.OwnTime(row.Cols, row.I)
	for _, p := range parts {
		if p.service != row.Word(tables.LineServiceTypeCode) || !p.span.Holds(own) {
			continue
		}
		payment := Rat(row, tables.LinePaymentAmount.Of())
		p.countedBase.Add(p.countedBase, payment)
		if c.perLine {
			p.countedTax.Add(p.countedTax, Rounded(c.exact(payment, p), c.digits["/"+p.customer]))
		}
	}
}

// exact returns the tax of a payment at the rates of a part.
func (c *taxCheck) exact(payment *big.Rat, p *taxPart) *big.Rat {
	tax := new(big.Rat).Mul(payment, p.rate)
	if c.inclusive {
		tax.Quo(tax, new(big.Rat).Add(big.NewRat(1, 1), p.rates))
	}
	return tax
}

// add adds a part to the tax of its customer.
func (c *taxCheck) add(p *taxPart) {
	key := taxKey{"", p.customer, p.id, p.rateText}
	one, known := c.counted[key]
	if !known {
		one = taxed{new(big.Rat), new(big.Rat)}
		c.counted[key] = one
	}
	one.taxable.Add(one.taxable, p.countedBase)
	if c.perLine {
		one.tax.Add(one.tax, p.countedTax)
	} else {
		one.tax.Add(one.tax, c.exact(p.countedBase, p))
	}
}

// compare compares the stored taxes with those calculated again.
func (c *taxCheck) compare() {
	for key := range c.counted {
		if _, there := c.stored[key]; !there {
			c.v.differ(Taxes, "cycle %s, %s: lines, but no row of taxes", c.p.cycle.Cycle, key)
		}
	}
	for key, s := range c.stored {
		n, there := c.counted[key]
		if !there {
			c.v.differ(Taxes, "cycle %s, %s: a row of taxes without lines", c.p.cycle.Cycle, key)
			continue
		}
		c.same(key, s, taxed{n.taxable, Rounded(n.tax, c.digits[key.seller+"/"+key.buyer])})
	}
}

func (c *taxCheck) same(key taxKey, stored, counted taxed) {
	if stored.taxable.Cmp(counted.taxable) == 0 && stored.tax.Cmp(counted.tax) == 0 {
		return
	}
	text := func(t taxed) string {
		return fmt.Sprintf("%s of %s", t.tax.FloatString(money.AmountScale), t.taxable.FloatString(money.AmountScale))
	}
	c.v.differ(Taxes, "cycle %s, %s: counted %s, stored %s", c.p.cycle.Cycle, key, text(counted), text(stored))
}

// partners checks the rows of partners: if prices are exclusive of tax, a row's tax follows from its other columns.
func (c *taxCheck) partners() {
	for key, s := range c.stored {
		if c.inclusive {
			continue
		}
		rate, _ := new(big.Rat).SetString(key.rate)
		c.same(key, s, taxed{s.taxable, Rounded(rate.Mul(rate, s.taxable), c.digits[key.seller+"/"+key.buyer])})
	}
}

// statements checks that the tax of each statement is the sum of its rows of taxes and is included in the amount due.
func (c *taxCheck) statements() error {
	sums := make(map[string]*big.Rat)
	for key, s := range c.stored {
		if sums[key.buyer] == nil {
			sums[key.buyer] = new(big.Rat)
		}
		sums[key.buyer].Add(sums[key.buyer], s.tax)
	}
	for _, e := range c.p.of(tables.Statements().Name) {
		err := eachRow(c.bucket, e, tables.StatementsOf(true, true), nil, func(row rows.Row[tables.Statement]) error {
			id := row.Word(tables.StatementCustomerID)
			want := sums[id]
			if want == nil {
				want = new(big.Rat)
			}
			delete(sums, id)
			if got := Rat(row, tables.StatementTaxAmount.Of()); got.Cmp(want) != 0 {
				c.v.differ(Taxes, "cycle %s, customer %s: the statement's tax is %s, its rows of taxes have %s",
					e.Cycle, id, got.FloatString(money.AmountScale), want.FloatString(money.AmountScale))
			}
			owed := new(big.Rat).Add(Rat(row, tables.StatementRoundingAmount.Of()), Rat(row,
				tables.StatementDueAmount.Of()))
			if !c.inclusive {
				owed.Sub(owed, Rat(row, tables.StatementTaxAmount.Of()))
			}
			if owed.Cmp(Rat(row, tables.StatementPaymentAmount.Of())) != 0 {
				c.v.differ(Statements, "cycle %s, customer %s: rounding + due is %s without the tax, which is not the "+
					"payment", e.Cycle, id, owed.FloatString(money.AmountScale))
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(sums)) {
		c.v.differ(Taxes, "cycle %s, customer %s: taxes, but no statement", c.p.cycle.Cycle, id)
	}
	return nil
}
