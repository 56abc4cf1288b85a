package quote

import (
	"cmp"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/settle"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/settings"
	"github.com/tollbook/tollbook/settlement/invoice"
)

// itemKey identifies an item of a bill.
type itemKey struct {
	service, sku, region string
	tier                 int
	kind, discount       string
	price                money.UnitPrice
}

// finish groups the cycle's lines as a bill does, and calculates the statement.
func (p *pricing) finish() error {
	c := Cycle{Statement: rows.Statement{Cycle: p.cycle.String(), CustomerID: p.job.Customer},
		Sections: []query.BillSection{}, Priced: append([]Line{}, p.lines...)} // in JSON, no lines are []
	items := make(map[itemKey]*query.BillItem)
	var keys []itemKey
	for i := range c.Priced {
		l := &c.Priced[i]
		l.UsageStart, l.UsageEnd = l.Start.String(), l.End.String()
		k := itemKey{l.service, l.SKU, l.Region, l.Tier, l.Kind, l.DiscountID, l.UnitPrice}
		if items[k] == nil {
			items[k] = &query.BillItem{Region: l.Region, Tier: l.Tier, Kind: l.Kind, UnitPrice: l.UnitPrice,
				DiscountID: l.DiscountID}
			keys = append(keys, k)
		}
		if err := add(items[k], l); err != nil {
			return err
		}
	}
	slices.SortFunc(keys, compareItems)
	for _, k := range keys {
		n := len(c.Sections)
		if n == 0 || c.Sections[n-1].SKU != k.sku || c.Sections[n-1].Service != k.service {
			c.Sections = append(c.Sections, p.section(k))
			n++
		}
		s := &c.Sections[n-1]
		s.Items = append(s.Items, *items[k])
		if err := s.Payment.AddTotal(items[k].Payment); err != nil {
			return err
		}
	}
	if err := p.total(&c); err != nil {
		return err
	}
	p.job.out.Cycles = append(p.job.out.Cycles, c)
	return nil
}

// section returns a new section for a product, or for a service's lines without a product.
func (p *pricing) section(k itemKey) query.BillSection {
	s := query.NewBillSection(p.job.trial.Books, k.service, k.sku)
	if at := p.job.trial.Books.SKU(k.sku); at >= 0 {
		s.Measure = p.job.trial.Books.Products[at].Measure
	}
	return s
}

func compareItems(a, b itemKey) int {
	return cmp.Or(cmp.Compare(a.service, b.service), cmp.Compare(a.sku, b.sku), cmp.Compare(a.region, b.region),
		cmp.Compare(a.tier, b.tier),
		cmp.Compare(rows.KindRank(a.kind), rows.KindRank(b.kind)), a.price.Cmp(b.price),
		cmp.Compare(a.discount, b.discount))
}

// add adds a line to its item.
func add(it *query.BillItem, l *Line) error {
	it.Lines++
	return errors.Join(it.Usage.AddSigned(l.Usage), it.Free.AddSigned(l.Free), it.Quantity.AddSigned(l.Quantity),
		it.Official.Add(l.Official),
		it.Discount.Add(l.Discount), it.Truncated.Add(l.Truncated), it.Payment.Add(l.Payment))
}

// total calculates the cycle's statement: with grain cycle, its total is rounded once (§4.2).
func (p *pricing) total(c *Cycle) error {
	var official, discount, truncated, payment money.AmountTotal
	for i := range c.Priced {
		l := &c.Priced[i]
		if err := errors.Join(official.Add(l.Official), discount.Add(l.Discount), truncated.Add(l.Truncated),
			payment.Add(l.Payment)); err != nil {
			return err
		}
	}
	c.Lines = int64(len(c.Priced))
	for _, s := range []struct {
		to   *money.Amount
		from money.AmountTotal
	}{{&c.Official, official}, {&c.Discount, discount}, {&c.Truncated, truncated}, {&c.Payment, payment}} {
		var err error
		if *s.to, err = s.from.Amount(); err != nil {
			return err
		}
	}
	c.Due = c.Payment.Cut(p.currency().Digits, p.job.Rules.Mode)
	var err error
	if c.Rounding, err = c.Payment.Sub(c.Due); err != nil {
		return err
	}
	return p.tax(c)
}

// currency is the customer's currency.
func (p *pricing) currency() money.Currency {
	return p.job.trial.Books.CustomerCurrency(p.job.customer)
}

// tax adds the taxes of the cycle's lines, by today's books (§10.6).
func (p *pricing) tax(c *Cycle) error {
	b := p.job.trial.Books
	if len(b.Taxes) == 0 {
		return nil
	}
	book, sum := invoice.NewTaxBook(b), invoice.NewTaxSum(settle.TaxRules(p.job.trial.Settings.Tax, p.currency()))
	for i := range c.Priced {
		l := &c.Priced[i]
		if l.Payment.IsZero() {
			continue
		}
		set, err := book.At(p.job.Customer, l.service, l.own)
		if err != nil {
			return err
		}
		if err := sum.AddLine(l.Payment, set); err != nil {
			return err
		}
	}
	list, err := sum.Rows()
	if err != nil {
		return err
	}
	return c.addTaxes(b, p.job.trial.Settings.Tax, list)
}

// addTaxes puts taxes on the statement.
func (c *Cycle) addTaxes(b *books.Books, s settings.Tax, list []invoice.TaxRow) error {
	var all money.AmountTotal
	for _, r := range list {
		c.Taxes = append(c.Taxes, rows.Tax{TaxID: r.ID, Rate: r.Rate, Taxable: r.Taxable, Amount: r.Tax,
			Prices: s.Prices()})
		if err := all.Add(r.Tax); err != nil {
			return err
		}
	}
	query.NameTaxes(b, c.Taxes)
	sum, err := all.Amount()
	if err != nil {
		return err
	}
	c.Tax = &sum
	if !s.Inclusive {
		c.Due, err = c.Due.Add(sum)
	}
	return err
}
