package state

import (
	"maps"
	"reflect"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// maxListed is the number of customers of a price list that are distinguished; more count as any customer.
const maxListed = 64

// comparison builds a Change. was is translated to the codes of is.
type comparison struct {
	Change
	was, is               *books.Books
	newCustomers, newSKUs map[int32]bool
	everything            bool
	keepsCycles           bool // a product's positions depend on other times of the cycle
}

// CompareBooks returns what the change from the old books to the new ones can affect; both have the same settings. nil
// = everything (CHANGE-3). Of the books of partners' money it compares only what affects tax. It does not compare
// allocation.yaml and markups.csv: they affect no day of usage, and their stages detect changes themselves (PARTNER-1,
// FCOST-2).
func CompareBooks(old, is *books.Books) *Change {
	c := &comparison{is: is}
	c.packages = make(map[int32]period.Instant)
	c.keepsCycles = slices.ContainsFunc(is.Products, func(p books.Product) bool {
		return p.Prorate || p.Aggregation == books.TimeWeighted
	})
	if c.was = c.translate(old); c.was == nil {
		return nil
	}
	for _, step := range []func(){c.products, c.prices, c.customerRows, c.associations, c.discounts, c.quotas,
		c.pairs} {
		step()
	}
	if c.everything || c.otherCurrencies() {
		return nil
	}
	return &c.Change
}

// otherCurrencies reports whether the currency of a customer or a partner changed.
func (c *comparison) otherCurrencies() bool {
	for i := range c.was.Customers {
		if !c.newCustomers[int32(i)] && c.was.Customers[i].Currency != c.is.Customers[i].Currency {
			return true
		}
	}
	for i := range c.was.Partners {
		if p := &c.was.Partners[i]; p.ID == c.is.Partners[i].ID && p.Currency != c.is.Partners[i].Currency {
			return true
		}
	}
	return false
}

// match returns the new code of every old row, the codes that are new, and whether no row was removed.
func match[T any](was, is []T, id func(*T) string) (codes []int32, fresh map[int32]bool, ok bool) {
	at := make(map[string]int32, len(is))
	fresh = make(map[int32]bool)
	for i := range is {
		at[id(&is[i])] = int32(i)
		fresh[int32(i)] = true
	}
	for i := range was {
		code, there := at[id(&was[i])]
		if !there {
			return nil, nil, false
		}
		codes = append(codes, code)
		delete(fresh, code)
	}
	return codes, fresh, true
}

// translate returns the old books with the codes of the new ones; nil if something was removed.
func (c *comparison) translate(old *books.Books) *books.Books {
	var customers, skus, partners []int32
	var ok [4]bool
	customers, c.newCustomers, ok[0] = match(old.Customers, c.is.Customers, func(x *books.Customer) string {
		return x.ID
	})
	skus, c.newSKUs, ok[1] = match(old.Products, c.is.Products, func(x *books.Product) string { return x.SKU })
	partners, _, ok[2] = match(old.Partners, c.is.Partners, func(x *books.Partner) string { return x.ID })
	_, _, ok[3] = match(old.Programmes, c.is.Programmes, func(x *books.Programme) string { return x.ID })
	if ok != [4]bool{true, true, true, true} {
		return nil
	}
	if !slices.Equal(old.Currencies, c.is.Currencies) {
		return nil
	}
	b := *old
	b.Products, b.Customers = make([]books.Product, len(c.is.Products)), make([]books.Customer, len(c.is.Customers))
	for i, code := range skus {
		b.Products[code] = old.Products[i]
	}
	for i, code := range customers {
		b.Customers[code] = old.Customers[i]
	}
	b.Versions = moved(old.Versions, func(x *books.Version) { move(skus, &x.SKU) })
	b.Partners = make([]books.Partner, len(c.is.Partners))
	for i, code := range partners {
		p := old.Partners[i]
		p.Rows = moved(p.Rows, func(x *books.PartnerRow) { move(partners, &x.Parent) })
		b.Partners[code] = p
	}
	b.Associations = moved(old.Associations, func(x *books.Association) {
		move(customers, &x.Customer)
		move(partners, &x.Partner)
	})
	b.Discounts = moved(old.Discounts, func(x *books.Discount) {
		move(customers, &x.Customer)
		move(partners, &x.Partner)
		move(skus, &x.SKU)
	})
	b.Packages = moved(old.Packages, func(x *books.Package) {
		move(customers, &x.Customer)
		x.SKUs = moved(x.SKUs, func(sku *int32) { move(skus, sku) })
	})
	b.Links = moved(old.Links, func(x *books.Link) { move(customers, &x.Customer); move(skus, &x.SKU) })
	b.Terms = moved(old.Terms, func(x *books.Term) {
		move(partners, &x.Seller)
		move(partners, &x.Buyer)
		move(skus, &x.SKU)
	})
	b.Coupons = moved(old.Coupons, func(x *books.Coupon) { move(customers, &x.Customer); move(skus, &x.SKU) })
	return &b
}

// moved returns a copy of rows with change applied to each.
func moved[T any](list []T, change func(*T)) []T {
	out := slices.Clone(list)
	for i := range out {
		change(&out[i])
	}
	return out
}

// move replaces an old code by the new one; a negative code means none and is not changed.
func move(codes []int32, code *int32) {
	if *code >= 0 {
		*code = codes[*code]
	}
}

// products compares products: positions depend on model and meter, and lines contain columns of the product, which
// affect payments too.
func (c *comparison) products() {
	for code := range c.is.Products {
		if !c.newSKUs[int32(code)] && c.was.Products[code] != c.is.Products[code] {
			c.everything = true
		}
	}
}

// prices compares prices: a version prices usage that starts while it is in force. If a customer's list or a region has
// no price, another list or region applies.
func (c *comparison) prices() {
	type key struct {
		sku                  int32
		list, region, months string
	}
	all := byKey(c.was.Versions, c.is.Versions, func(v *books.Version) key {
		return key{v.SKU, v.PriceList, v.Region, v.PeriodType}
	})
	of := c.customersOf()
	for k, r := range all {
		if c.newSKUs[k.sku] {
			continue
		}
		spans := r.differ(func(v *books.Version) period.Span { return v.Valid }, samePrice)
		if len(spans) > 0 && c.is.Products[k.sku].Model == books.Subscription {
			c.orders = true
			continue
		}
		customers := of[k.list]
		if k.list == standardList || len(customers) > maxListed {
			customers = []int32{anyOne}
		}
		for _, when := range spans {
			for _, customer := range customers {
				c.add(ChangeScope{Customer: customer, SKU: k.sku, Region: k.region, When: when})
			}
		}
	}
}

// samePrice reports whether two versions of one key make the same lines.
func samePrice(a, b *books.Version) bool {
	return a.Valid.From == b.Valid.From && slices.Equal(a.Tiers, b.Tiers) // lines have price_valid_from
}

// standardList is the price list that can apply to any customer.
const standardList = "standard"

// customersOf returns the customers of each price list, at any time, in the new books. A customer that has it only in
// the old books is affected anyway.
func (c *comparison) customersOf() map[string][]int32 {
	of := make(map[string][]int32)
	for i := range c.is.Customers {
		for _, row := range c.is.Customers[i].Rows {
			if list := of[row.PriceList]; len(list) == 0 || list[len(list)-1] != int32(i) {
				of[row.PriceList] = append(list, int32(i))
			}
		}
	}
	return of
}

// customerRows compares customers: a customer's price list determines prices.
func (c *comparison) customerRows() {
	for i := range c.is.Customers {
		if c.newCustomers[int32(i)] {
			continue
		}
		r := byKey(c.was.Customers[i].Rows, c.is.Customers[i].Rows, func(*books.CustomerRow) bool { return true })[true]
		spans := r.differ(func(x *books.CustomerRow) period.Span { return x.Valid },
			func(a, b *books.CustomerRow) bool { return a.PriceList == b.PriceList })
		for _, when := range spans {
			c.orders = true
			c.add(ChangeScope{Customer: int32(i), SKU: anyOne, Region: anyRegion, When: when})
		}
	}
}

// associations compares associations: lines contain the partner, whose offers may reduce them.
func (c *comparison) associations() {
	all := byKey(c.was.Associations, c.is.Associations, func(a *books.Association) int32 { return a.Customer })
	for customer, r := range all {
		if c.newCustomers[customer] || slices.EqualFunc(r.was, r.is, func(a, b *books.Association) bool {
			return *a == *b
		}) {
			continue
		}
		c.orders, c.partners = true, true
		spans := r.differ(func(a *books.Association) period.Span { return a.Valid },
			func(a, b *books.Association) bool { return a.Partner == b.Partner && a.Type == b.Type })
		for _, when := range spans {
			c.add(ChangeScope{Customer: customer, SKU: anyOne, Region: anyRegion, When: when})
		}
	}
}

// discounts compares discounts: a row may reduce usage that starts while it is in force.
func (c *comparison) discounts() {
	all := byKey(c.was.Discounts, c.is.Discounts, func(d *books.Discount) books.Discount {
		key := *d
		key.Valid = period.Span{}
		return key
	})
	for key, r := range all {
		if key.Customer != anyOne && c.newCustomers[key.Customer] {
			continue
		}
		spans := r.differ(func(d *books.Discount) period.Span {
			return d.Valid
		}, func(_, _ *books.Discount) bool { return true })
		for _, when := range spans {
			c.orders = true
			if key.Kind != books.OrderOffer {
				c.addOffer(&key, when)
			}
		}
	}
}

// quotas compares packages: they determine how all usage of a customer draws, and the customer's positions contain
// them. Before the first different row begins, nothing has drawn on it.
func (c *comparison) quotas() {
	type key struct {
		customer int32
		id       string
	}
	same := func(a, b *books.Package) bool {
		return slices.Equal(a.SKUs, b.SKUs) && a.Region == b.Region && a.Quota == b.Quota && a.Reset == b.Reset &&
			a.Valid == b.Valid
	}
	for k, r := range byKey(c.was.Packages, c.is.Packages, func(p *books.Package) key {
		return key{p.Customer, p.ID}
	}) {
		for _, pair := range [...][2][]*books.Package{{r.was, r.is}, {r.is, r.was}} {
			for _, p := range pair[0] {
				if slices.ContainsFunc(pair[1], func(o *books.Package) bool {
					return same(p, o)
				}) || c.newCustomers[k.customer] {
					continue
				}
				if from, known := c.packages[k.customer]; !known || p.Valid.From < from {
					c.packages[k.customer] = p.Valid.From
				}
			}
		}
	}
}

// pairs compares the books on which no rated line of a day depends.
func (c *comparison) pairs() {
	was, is := c.was, c.is
	if !slices.Equal(was.Links, is.Links) || !slices.Equal(was.Policies, is.Policies) ||
		len(was.Recurring)+len(is.Recurring)+len(was.Commitments)+len(is.Commitments) > 0 ||
		len(was.Subscribers)+len(is.Subscribers) > 0 {
		// the lines of charges, commitments and subscribers depend on many books, and it is cheap to make them again
		c.ends = true
	}
	if !slices.Equal(was.Taxes, is.Taxes) || len(is.Taxes) > 0 && !slices.EqualFunc(was.Money.Parties, is.Money.Parties,
		sameTaxParty) {
		c.taxes, c.ends = true, true // all buckets' statements
	}
	c.commercial = !maps.EqualFunc(was.Commercial(), is.Commercial(), slices.Equal)
	coupons := slices.DeleteFunc(slices.Clone(is.Coupons), func(x books.Coupon) bool {
		return c.newCustomers[x.Customer]
	})
	if !slices.Equal(was.Coupons, coupons) {
		c.payments, c.partners = true, true // no rating changes; each line is paid again as it was rated (CASH-4)
	}
	same := slices.EqualFunc(was.Partners, is.Partners, func(a, b books.Partner) bool {
		return a.ID == b.ID && slices.Equal(a.Rows, b.Rows)
	}) &&
		slices.Equal(was.Terms, is.Terms) && slices.Equal(was.Rates, is.Rates) &&
		reflect.DeepEqual(was.Programmes, is.Programmes) &&
		reflect.DeepEqual(was.NonWorking, is.NonWorking)
	if !same {
		c.partners = true
	}
}

// sameTaxParty reports whether two parties are equal for tax.
func sameTaxParty(a, b books.Party) bool {
	return a.ID == b.ID && a.Country == b.Country && a.TaxExempt == b.TaxExempt
}
