package ordering

import (
	"errors"
	"fmt"
	"math/big"
	"sort"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// orderChain lists the places in which an order's price version is looked for, in order: the customer's price list at
// pay_time, then standard; in each list the region, then any (§3.2).
func orderChain(b *books.Books, o *Order) []tariff.Subscription {
	var lists []string
	if row, ok := b.CustomerRowAt(o.Customer, o.PayTime); ok && row.PriceList != "" &&
		row.PriceList != tariff.StandardName {
		lists = []string{row.PriceList}
	}
	if b.Customers[o.Customer].Currency == b.ListCurrency(tariff.StandardName) {
		lists = append(lists, tariff.StandardName)
	}
	chain := make([]tariff.Subscription, 0, 4)
	for _, list := range lists {
		chain = append(chain,
			tariff.Subscription{SKU: o.SKU, List: list, Region: o.Region, PeriodType: o.PeriodType},
			tariff.Subscription{SKU: o.SKU, List: list, Region: "*", PeriodType: o.PeriodType})
	}
	return chain
}

// orderVersion returns the price version of an order, or tariff.NoVersion. trace may be nil.
func orderVersion(bk *tariff.Book, o *Order, trace func(tariff.DerivationStep)) int32 {
	for _, key := range orderChain(bk.Books, o) {
		v := tariff.InForce(bk.Books.Versions, bk.Subscriptions[key], o.PayTime)
		if trace != nil {
			step := tariff.DerivationStep{Kind: tariff.StepPassed, SKU: bk.Books.Products[o.SKU].SKU, List: key.List,
				Region: key.Region,
				At:     o.PayTime}
			if v != tariff.NoVersion {
				step.Kind, step.Period = tariff.StepPrice, bk.Books.Versions[v].Valid
			}
			trace(step)
		}
		if v != tariff.NoVersion {
			return v
		}
	}
	return tariff.NoVersion
}

// Price calculates the line of an order other than unsubscribe (§4.8): the official amount, from the book's price at
// pay_time or as given by the order; the named discount or else the best offer; and the payment in the currency's
// digits. A given official amount keeps all its digits, with unit price 0 and no version. The caller sets
// Charge.Record. trace may be nil.
func Price(bk *tariff.Book, o *Order, trace func(tariff.DerivationStep)) (table.Charge, error) {
	c := pricer{tariff.Client{Book: bk, Trace: trace}}
	c.Serve(o.Customer)
	ch, err := c.order(o)
	if err != nil {
		return table.Charge{}, tariff.NotPriced(tariff.OfOrder, fmt.Sprintf("price the %s order of customer %s, sku %s",
			o.Type, bk.Books.Customers[o.Customer].ID, bk.Books.Products[o.SKU].SKU), err)
	}
	return ch, nil
}

// pricer prices the orders of a customer.
type pricer struct{ tariff.Client }

func (c *pricer) order(o *Order) (table.Charge, error) {
	ch := table.Charge{Quantity: o.Quantity.Signed(), Version: tariff.NoVersion, Kind: table.OrderLine}
	official, err := c.orderOfficial(o, &ch)
	if err != nil {
		return ch, err
	}
	s := tariff.Sale{Charge: &ch, Official: official, SKU: o.SKU, At: o.PayTime, Order: true, After: official,
		Discount: tariff.NoOne}
	if official.Sign() > 0 && c.Book.Books.Products[o.SKU].AllowDiscount {
		if err := c.orderOffer(&s, o.Discount); err != nil {
			return ch, err
		}
	}
	ch.Official, ch.DiscountID, ch.Payment = official, s.Discount, s.After.Rd(c.Digits)
	if ch.Discount, err = official.Sub(ch.Payment); err != nil {
		return ch, err
	}
	if c.Trace != nil {
		c.tracePaid(&s)
	}
	return ch, nil
}

// orderOfficial returns the order's official amount, and sets the fields of the charge that come from the price book.
func (c *pricer) orderOfficial(o *Order, ch *table.Charge) (money.Amount, error) {
	switch {
	case o.Type > Change:
		return money.Amount{}, errors.New("it has no price of its own")
	case o.Type == Change && !o.HasOfficial:
		return money.Amount{}, errors.New("no official_amount")
	case o.HasOfficial && o.Type != Change && o.Official.Sign() < 0:
		return money.Amount{}, fmt.Errorf("official_amount %s below 0", o.Official.Trim())
	case o.HasOfficial:
		if c.Trace != nil {
			c.traceOrder(o, ch, o.Official)
		}
		return o.Official, nil
	case o.PeriodNum < 1:
		return money.Amount{}, fmt.Errorf("period_num %d below 1", o.PeriodNum)
	}
	ch.Version = orderVersion(c.Book, o, c.Trace)
	if ch.Version == tariff.NoVersion {
		return money.Amount{}, fmt.Errorf("%w for %s", tariff.NoPrice(o.Region, o.PayTime), o.PeriodType)
	}
	ch.Tier, ch.UnitPrice = 1, c.Book.Books.Versions[ch.Version].Tiers[0].UnitPrice
	product := new(big.Rat).Mul(ch.UnitPrice.Rat(), o.Quantity.Rat())
	product.Mul(product, new(big.Rat).SetInt64(o.PeriodNum))
	official, err := money.RoundRat(product, c.Digits)
	if err != nil {
		return official, fmt.Errorf("official amount: %w", err)
	}
	if c.Trace != nil {
		c.traceOrder(o, ch, official)
	}
	return official, nil
}

// orderOffer sets in s what the order must pay: with the discount that it names if that applies, else with the best
// offer.
func (c *pricer) orderOffer(s *tariff.Sale, named string) error {
	if named != "" {
		taken, err := c.namedOffer(s, named)
		if taken || err != nil {
			return err
		}
	}
	return c.BestOffer(s)
}

// namedOffer applies the discount that an order names, of any kind. taken is false if it does not apply or lowers
// nothing (§4.8, §4.10).
func (c *pricer) namedOffer(s *tariff.Sale, id string) (taken bool, err error) {
	rows := c.Book.Books.Discounts
	first := sort.Search(len(rows), func(i int) bool { return rows[i].ID >= id })
	for i := first; i < len(rows) && rows[i].ID == id; i++ {
		d := &rows[i]
		if !c.fits(d, s) {
			continue
		}
		o := tariff.Offer{Discount: int32(i), Kind: d.Kind, Fixed: d.Mode == books.ModeFixed, Rate: d.Rate}
		verdict, after, err := c.Try(s, &o)
		if err != nil {
			return false, err
		}
		if c.Trace != nil {
			c.TraceOffer(s, &o, verdict, after, true)
		}
		if verdict == tariff.OfferTaken {
			s.After, s.Kind, s.Discount = after, o.Kind, o.Discount
		}
		return verdict == tariff.OfferTaken, nil
	}
	if c.Trace != nil {
		c.Trace(tariff.DerivationStep{Kind: tariff.StepUnfit, Discount: id, At: s.At})
	}
	return false, nil
}

// fits reports whether a discount is in force for the sale's customer, product and reseller.
func (c *pricer) fits(d *books.Discount, s *tariff.Sale) bool {
	product := &c.Book.Books.Products[s.SKU]
	switch {
	case !d.Valid.Holds(s.At), d.Customer != tariff.NoOne && d.Customer != c.Customer, d.SKU != tariff.NoOne &&
		d.SKU != s.SKU:
		return false
	case d.Service != "*" && d.Service != "" && d.Service != product.ServiceTypeCode:
		return false
	case d.Mode != books.ModeRate && d.Currency != c.Book.Books.Customers[c.Customer].Currency:
		return false
	case d.Kind == books.PartnerOffer:
		return d.Partner != tariff.NoOne && d.Partner == c.ResellerAt(s.At)
	}
	return true
}
