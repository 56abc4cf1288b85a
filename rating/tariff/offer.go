package tariff

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// NoOne means no customer, partner, sku or discount; in an offer's scope it means any.
const NoOne int32 = -1

// Offer is one row of discounts.csv that can lower a line.
type Offer struct {
	Discount int32 // index in books.Discounts
	group    int32 // index of the customer or partner to whose group it belongs
	SKU      int32 // NoOne = any
	service  int32 // number of the service_type_code; NoOne = any
	partner  int32 // the associated reseller that it requires; NoOne = none
	currency int32 // of a fixed price or a reduction; NoOne = any
	Kind     books.DiscountKind
	Fixed    bool
	Rate     money.Rate
	price    money.UnitPrice
	valid    period.Span
}

// offers contains the discounts of usage or of orders, by recipient.
type offers struct {
	all       offerGroups // for any customer; one group
	customers offerGroups // by customer
	partners  offerGroups // `partner` offers for any customer, by partner
}

// offerGroups is offers sorted by group, sku, kind and discount.
type offerGroups struct {
	list []Offer
	from []int32 // by group: where it begins in list
}

// forUsage excludes discounts that never apply to usage lines: orders' own discounts and reductions (§3.6).
func forUsage(d *books.Discount) bool {
	return d.Kind != books.OrderOffer && d.Mode != books.ModeReduction
}

// forOrders excludes discounts that an order must name (§4.10).
func forOrders(d *books.Discount) bool { return d.Kind != books.OrderOffer }

func compileOffers(b *books.Books, services map[string]int32, takes func(*books.Discount) bool) offers {
	var all, partners []Offer
	own := 0
	for i := range b.Discounts {
		if b.Discounts[i].Customer != NoOne {
			own++
		}
	}
	customers := make([]Offer, 0, own)
	for i := range b.Discounts {
		o, ok := newOffer(&b.Discounts[i], int32(i), services)
		switch d := &b.Discounts[i]; {
		case !ok, !takes(d):
		case d.Customer != NoOne:
			o.group = d.Customer
			customers = append(customers, o)
		case o.partner != NoOne:
			o.group = o.partner
			partners = append(partners, o)
		default:
			all = append(all, o)
		}
	}
	return offers{
		all:       groupOffers(all, 1),
		customers: groupOffers(customers, len(b.Customers)),
		partners:  groupOffers(partners, len(b.Partners)),
	}
}

// newOffer returns a discount in the form of an Offer; false if no line can ever get it.
func newOffer(d *books.Discount, index int32, services map[string]int32) (Offer, bool) {
	o := Offer{
		Discount: index, SKU: d.SKU, service: NoOne, partner: NoOne, Kind: d.Kind,
		Fixed: d.Mode == books.ModeFixed, Rate: d.Rate, price: d.Fixed, valid: d.Valid, currency: d.Currency,
	}
	if d.Mode == books.ModeRate {
		o.currency = NoOne
	}
	if d.Kind == books.PartnerOffer {
		if d.Partner == NoOne {
			return o, false
		}
		o.partner = d.Partner
	}
	if d.Service != "*" && d.Service != "" {
		n, known := services[d.Service]
		if !known {
			return o, false
		}
		o.service = n
	}
	return o, true
}

func groupOffers(list []Offer, groups int) offerGroups {
	slices.SortFunc(list, func(x, y Offer) int {
		return cmp.Or(cmp.Compare(x.group, y.group), cmp.Compare(x.SKU, y.SKU),
			cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.Discount, y.Discount))
	})
	return offerGroups{list, offsets(groups, len(list), func(i int) int32 { return list[i].group })}
}

// of returns the offers of a group for one sku; NoOne returns those for any sku.
func (g *offerGroups) of(group, sku int32) []Offer {
	own := g.list[g.from[group]:g.from[group+1]]
	lo, hi := 0, len(own)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if own[mid].SKU < sku {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	end := lo
	for end < len(own) && own[end].SKU == sku {
		end++
	}
	return own[lo:end]
}

// Sale is a line's charge whose amounts are being computed, with the inputs of the choice of offers.
type Sale struct {
	Charge   *table.Charge
	Official money.Amount
	SKU      int32
	At       period.Instant // decides prices, discounts and association
	NoFixed  bool           // fixed prices do not apply: flat fees, stairstep and percentage (§3.6, §10.3)
	Share    *big.Rat       // share of the period to be charged (§10.5); nil = the complete period
	Order    bool           // fixed prices and reductions are amounts of the complete order (§3.6)
	After    money.Amount   // the lowest amount so far
	Kind     books.DiscountKind
	Discount int32 // that gives this amount; NoOne = none
}

// Settle computes the charge's amounts from its quantity and unit price (§4.2): the official amount, the best offer,
// and the cut. A negative quantity gives the negated amounts of the positive one.
func (c *Client) Settle(s *Sale) error {
	ch := s.Charge
	official, err := money.MulSignedR8(ch.Quantity, ch.UnitPrice)
	if err != nil {
		return err
	}
	return c.SettleAt(s, official)
}

// SettleAt is Settle for an official amount that is not quantity × unit price.
func (c *Client) SettleAt(s *Sale, official money.Amount) (err error) {
	ch := s.Charge
	s.Official, s.After, s.Discount = official, official, NoOne
	if !official.IsZero() && c.Book.Books.Products[s.SKU].AllowDiscount {
		if err := c.BestOffer(s); err != nil {
			return err
		}
	}
	ch.Official, ch.DiscountID, ch.Payment = official, s.Discount, s.After
	if ch.Discount, err = official.Sub(s.After); err != nil {
		return err
	}
	ch.Truncated = money.Amount{}
	if c.Book.Rules.Grain == PerLine {
		ch.Payment = s.After.Cut(c.Digits, c.Book.Rules.Mode)
		ch.Truncated, err = s.After.Sub(ch.Payment)
	}
	if c.Trace != nil {
		c.traceAmounts(s)
	}
	return err
}

// BestOffer sets s to the offer with the lowest `after` of all that apply (§4.10).
func (c *Client) BestOffer(s *Sale) error {
	o := &c.Book.offers
	if s.Order {
		o = &c.Book.orderOffers
	}
	for _, sku := range [2]int32{NoOne, s.SKU} {
		if err := c.tryOffers(s, o.all.of(0, sku)); err != nil {
			return err
		}
		if err := c.tryOffers(s, o.customers.of(c.Customer, sku)); err != nil {
			return err
		}
	}
	if len(o.partners.list) == 0 {
		return nil
	}
	reseller := c.ResellerAt(s.At)
	if reseller == NoOne {
		return nil
	}
	if err := c.tryOffers(s, o.partners.of(reseller, NoOne)); err != nil {
		return err
	}
	return c.tryOffers(s, o.partners.of(reseller, s.SKU))
}

// tryOffers compares each offer that applies with the best so far.
func (c *Client) tryOffers(s *Sale, list []Offer) error {
	for i := range list {
		o := &list[i]
		if !o.valid.Holds(s.At) || (o.service != NoOne && o.service != c.Book.service[s.SKU]) ||
			(o.partner != NoOne && o.partner != c.ResellerAt(s.At)) ||
			(o.currency != NoOne && o.currency != c.Book.Books.Customers[c.Customer].Currency) {
			continue
		}
		verdict, after, err := c.Try(s, o)
		if err != nil {
			return err
		}
		if c.Trace != nil {
			c.TraceOffer(s, o, verdict, after, false)
		}
		if verdict == OfferTaken {
			s.After, s.Kind, s.Discount = after, o.Kind, o.Discount
		}
	}
	return nil
}

// Try returns the outcome of an offer, with its `after` if it has one. Ties are decided by the order of kinds, then by
// discount_id, which is the order of books.Discounts.
func (c *Client) Try(s *Sale, o *Offer) (Verdict, money.Amount, error) {
	ch := s.Charge
	var after money.Amount
	var err error
	switch {
	case s.Order:
		var above bool
		if after, above, err = orderAfter(&c.Book.Books.Discounts[o.Discount], s.Official); above {
			return OfferAbove, after, nil
		}
	case !o.Fixed:
		after, err = s.Official.MulRateR8(o.Rate)
	case s.NoFixed:
		return OfferUnfit, after, nil
	case o.price.Cmp(ch.UnitPrice) > 0:
		return OfferAbove, after, nil
	case s.Share != nil:
		after, err = s.Shared(o.price)
	default:
		after, err = money.MulSignedR8(ch.Quantity, o.price)
	}
	if err != nil {
		return 0, after, err
	}
	switch c := after.Abs().Cmp(s.After.Abs()); {
	case c < 0:
		return OfferTaken, after, nil
	case c > 0 || s.Discount == NoOne:
		return OfferNoLower, after, nil
	}
	if o.Kind < s.Kind || (o.Kind == s.Kind && o.Discount < s.Discount) {
		return OfferTaken, after, nil
	}
	return OfferNoLower, after, nil
}

// orderAfter returns what remains of an order's official amount after a discount (§3.6): a share, a fixed amount, or
// the amount less a reduction, at least 0. above reports a fixed amount above the official one, which is not an offer.
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
