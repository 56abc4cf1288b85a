package rating

import (
	"errors"
	"fmt"
	"math/big"
	"sort"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
)

// subscription is one place of the chain of §3.2 for a product that is sold by period.
type subscription struct {
	sku                      int32
	list, region, periodType string
}

// subscriptions finds the price versions of orders.
type subscriptions struct {
	books    *books.Books
	versions map[subscription][]int32 // by valid_from
}

func newSubscriptions(b *books.Books) subscriptions {
	s := subscriptions{b, map[subscription][]int32{}}
	for i := range b.Versions {
		v := &b.Versions[i]
		if b.Products[v.SKU].Model == books.Subscription {
			key := subscription{v.SKU, v.PriceList, v.Region, v.PeriodType}
			s.versions[key] = append(s.versions[key], int32(i))
		}
	}
	return s
}

// chain is where to look for an order's price version, the first place first: the price list that the
// customer has at pay_time, then standard; in a list the region, then any (§3.2).
func (s *subscriptions) chain(o *Order) []subscription {
	var lists []string
	if row, ok := s.books.CustomerRowAt(o.Customer, o.PayTime); ok && row.PriceList != "" &&
		row.PriceList != standardName {
		lists = []string{row.PriceList}
	}
	if s.books.Customers[o.Customer].Currency == s.books.ListCurrency(standardName) {
		lists = append(lists, standardName)
	}
	chain := make([]subscription, 0, 4)
	for _, list := range lists {
		chain = append(chain, subscription{o.SKU, list, o.Region, o.PeriodType},
			subscription{o.SKU, list, "*", o.PeriodType})
	}
	return chain
}

// version is the price version of an order, or noVersion. trace may be nil.
func (s *subscriptions) version(o *Order, trace func(Step)) int32 {
	for _, key := range s.chain(o) {
		v := inForce(s.books.Versions, s.versions[key], o.PayTime)
		if trace != nil {
			step := Step{Kind: StepPassed, SKU: s.books.Products[o.SKU].SKU, List: key.list, Region: key.region,
				At: o.PayTime}
			if v != noVersion {
				step.Kind, step.Period = StepPrice, s.books.Versions[v].Valid
			}
			trace(step)
		}
		if v != noVersion {
			return v
		}
	}
	return noVersion
}

// OrderPriced reports whether an order has the price that it needs: the check behind no_price (§3.20). A given
// official_amount replaces the book's price; change and unsubscribe never look for one.
func (bk *Book) OrderPriced(o *Order) bool {
	return o.HasOfficial || o.Type == Change || o.Type == Unsubscribe || bk.subscriptions.version(o, nil) != noVersion
}

// PriceOrder calculates the line of an order other than unsubscribe (§4.8): the official amount by the book's price
// at pay_time or as the order gives it, the named discount or else the best offer, the payment in the currency's
// digits. A given official amount is kept to its last digit, with unit price 0 and no version. The caller sets
// Charge.Record. trace may be nil.
func (bk *Book) PriceOrder(o *Order, trace func(Step)) (line.Charge, error) {
	c := client{bk: bk, trace: trace}
	c.serve(o.Customer)
	ch, err := c.order(o)
	if err != nil {
		return line.Charge{}, fmt.Errorf("price the %s order of customer %s, sku %s: %w", o.Type,
			bk.books.Customers[o.Customer].ID, bk.books.Products[o.SKU].SKU, err)
	}
	return ch, nil
}

func (c *client) order(o *Order) (line.Charge, error) {
	ch := line.Charge{Quantity: o.Quantity.Signed(), Version: noVersion, Kind: line.Order}
	official, err := c.orderOfficial(o, &ch)
	if err != nil {
		return ch, err
	}
	s := sale{charge: &ch, official: official, sku: o.SKU, at: o.PayTime, order: true, after: official, discount: noOne}
	if official.Sign() > 0 && c.bk.books.Products[o.SKU].AllowDiscount {
		if err := c.orderOffer(&s, o.Discount); err != nil {
			return ch, err
		}
	}
	ch.Official, ch.DiscountID, ch.Payment = official, s.discount, s.after.Rd(c.digits)
	if ch.Discount, err = official.Sub(ch.Payment); err != nil {
		return ch, err
	}
	if c.trace != nil {
		c.tracePaid(&s)
	}
	return ch, nil
}

// orderOfficial is the order's official amount; what it takes of the price book it notes on the charge.
func (c *client) orderOfficial(o *Order, ch *line.Charge) (money.Amount, error) {
	switch {
	case o.Type > Change:
		return money.Amount{}, errors.New("it has no price of its own")
	case o.Type == Change && !o.HasOfficial:
		return money.Amount{}, errors.New("no official_amount")
	case o.HasOfficial && o.Type != Change && o.Official.Sign() < 0:
		return money.Amount{}, fmt.Errorf("official_amount %s below 0", o.Official.Trim())
	case o.HasOfficial:
		if c.trace != nil {
			c.traceOrder(o, ch, o.Official)
		}
		return o.Official, nil
	case o.PeriodNum < 1:
		return money.Amount{}, fmt.Errorf("period_num %d below 1", o.PeriodNum)
	}
	ch.Version = c.bk.subscriptions.version(o, c.trace)
	if ch.Version == noVersion {
		return money.Amount{}, fmt.Errorf("%w for %s", noPrice(o.Region, o.PayTime), o.PeriodType)
	}
	ch.Tier, ch.UnitPrice = 1, c.bk.books.Versions[ch.Version].Tiers[0].UnitPrice
	product := new(big.Rat).Mul(ch.UnitPrice.Rat(), o.Quantity.Rat())
	product.Mul(product, new(big.Rat).SetInt64(o.PeriodNum))
	official, err := roundRat(product, c.digits)
	if err != nil {
		return official, fmt.Errorf("official amount: %w", err)
	}
	if c.trace != nil {
		c.traceOrder(o, ch, official)
	}
	return official, nil
}

// roundRat is Rd (§1.1) of an exact rational.
func roundRat(r *big.Rat, digits int) (money.Amount, error) {
	return money.RoundRat(r, digits)
}

// orderOffer leaves in s what the order is to pay: by the discount that it names where that fits, else by the best
// offer.
func (c *client) orderOffer(s *sale, named string) error {
	if named != "" {
		taken, err := c.namedOffer(s, named)
		if taken || err != nil {
			return err
		}
	}
	return c.bestOffer(s)
}

// namedOffer takes the discount that an order names, of whatever kind; false where it does not fit or lowers nothing
// (§4.8, §4.10).
func (c *client) namedOffer(s *sale, id string) (taken bool, err error) {
	rows := c.bk.books.Discounts
	first := sort.Search(len(rows), func(i int) bool { return rows[i].ID >= id })
	for i := first; i < len(rows) && rows[i].ID == id; i++ {
		d := &rows[i]
		if !c.fits(d, s) {
			continue
		}
		o := offer{discount: int32(i), kind: d.Kind, fixed: d.Mode == books.ModeFixed, rate: d.Rate}
		verdict, after, err := c.try(s, &o)
		if err != nil {
			return false, err
		}
		if c.trace != nil {
			c.traceOffer(s, &o, verdict, after, true)
		}
		if verdict == OfferTaken {
			s.after, s.kind, s.discount = after, o.kind, o.discount
		}
		return verdict == OfferTaken, nil
	}
	if c.trace != nil {
		c.trace(Step{Kind: StepUnfit, Discount: id, At: s.at})
	}
	return false, nil
}

// fits reports whether a discount is in force for the sale's customer, product and reseller.
func (c *client) fits(d *books.Discount, s *sale) bool {
	product := &c.bk.books.Products[s.sku]
	switch {
	case !d.Valid.Holds(s.at), d.Customer != noOne && d.Customer != c.customer, d.SKU != noOne && d.SKU != s.sku:
		return false
	case d.Service != "*" && d.Service != "" && d.Service != product.ServiceTypeCode:
		return false
	case d.Mode != books.ModeRate && d.Currency != c.bk.books.Customers[c.customer].Currency:
		return false
	case d.Kind == books.PartnerOffer:
		return d.Partner != noOne && d.Partner == c.resellerAt(s.at)
	}
	return true
}

// orderAfter is what a discount leaves of an order's official amount (§3.6): a share, the order's amount, or what
// a reduction of at most all of it leaves. above: a fixed amount above the official one, which is no offer.
func orderAfter(d *books.Discount, official money.Amount) (after money.Amount, above bool, err error) {
	switch d.Mode {
	case books.ModeFixed:
		return d.Amount, d.Amount.Cmp(official) > 0, nil
	case books.ModeReduction:
		if d.Amount.Cmp(official) >= 0 {
			return money.Amount{}, false, nil
		}
		after, err = official.Sub(d.Amount)
	default:
		after, err = official.MulRateR8(d.Rate)
	}
	return after, false, err
}
