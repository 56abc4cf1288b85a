package rating

import (
	"cmp"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// noOne is the number of no customer, partner, sku or discount; in an offer's scope it means any.
const noOne int32 = -1

// offer is one row of discounts.csv that may lower a line.
type offer struct {
	discount int32 // index in books.Discounts
	group    int32 // the customer or partner whose group it is in
	sku      int32 // noOne = any
	service  int32 // number of the service_type_code; noOne = any
	partner  int32 // the associated reseller it needs; noOne = none
	currency int32 // of a fixed price or a reduction; noOne = any
	kind     books.DiscountKind
	fixed    bool
	rate     money.Rate
	price    money.UnitPrice
	valid    period.Span
}

// offers holds the discounts of usage or of orders by who may get them.
type offers struct {
	all       offerGroups // for any customer; one group
	customers offerGroups // by customer
	partners  offerGroups // `partner` offers for any customer, by partner
}

// offerGroups is offers sorted by group, sku, kind and discount.
type offerGroups struct {
	list []offer
	from []int32 // by group: where it begins
}

// forUsage leaves out what fits no usage line: orders' own discounts and reductions (§3.6).
func forUsage(d *books.Discount) bool {
	return d.Kind != books.OrderOffer && d.Mode != books.ModeReduction
}

// forOrders leaves out what an order must name to get (§4.10).
func forOrders(d *books.Discount) bool { return d.Kind != books.OrderOffer }

func compileOffers(b *books.Books, services map[string]int32, takes func(*books.Discount) bool) offers {
	var all, customers, partners []offer
	for i := range b.Discounts {
		o, ok := newOffer(&b.Discounts[i], int32(i), services)
		switch d := &b.Discounts[i]; {
		case !ok, !takes(d):
		case d.Customer != noOne:
			o.group = d.Customer
			customers = append(customers, o)
		case o.partner != noOne:
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

// newOffer is a discount as lines see it; false where none can ever take it.
func newOffer(d *books.Discount, index int32, services map[string]int32) (offer, bool) {
	o := offer{
		discount: index, sku: d.SKU, service: noOne, partner: noOne, kind: d.Kind,
		fixed: d.Mode == books.ModeFixed, rate: d.Rate, price: d.Fixed, valid: d.Valid, currency: d.Currency,
	}
	if d.Mode == books.ModeRate {
		o.currency = noOne
	}
	if d.Kind == books.PartnerOffer {
		if d.Partner == noOne {
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

func groupOffers(list []offer, groups int) offerGroups {
	slices.SortFunc(list, func(x, y offer) int {
		return cmp.Or(cmp.Compare(x.group, y.group), cmp.Compare(x.sku, y.sku),
			cmp.Compare(x.kind, y.kind), cmp.Compare(x.discount, y.discount))
	})
	return offerGroups{list, offsets(groups, len(list), func(i int) int32 { return list[i].group })}
}

// of is the offers of a group for one sku: noOne gives those for any.
func (g *offerGroups) of(group, sku int32) []offer {
	own := g.list[g.from[group]:g.from[group+1]]
	lo, hi := 0, len(own)
	for lo < hi {
		mid := int(uint(lo+hi) / 2)
		if own[mid].sku < sku {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	end := lo
	for end < len(own) && own[end].sku == sku {
		end++
	}
	return own[lo:end]
}

// sale is a line's charge on its way to its amounts, with what decides about offers.
type sale struct {
	charge   *line.Charge
	official money.Amount
	sku      int32
	at       period.Instant // of prices, discounts and association
	noFixed  bool           // fixed prices do not fit: flat fees, stairstep and percentage (§3.6, §10.3)
	share    *big.Rat       // of a period that the quantity is charged for (§10.5); nil = all of it
	order    bool           // fixed and reduction are amounts of the whole order (§3.6)
	after    money.Amount   // the lowest so far
	kind     books.DiscountKind
	discount int32 // that gives it; noOne = none
}

// settle works the charge's amounts out from its quantity and unit price (§4.2): the official amount, the best
// offer, the cut. A negative quantity mirrors the positive one.
func (c *client) settle(s *sale) error {
	ch := s.charge
	official, err := money.MulSignedR8(ch.Quantity, ch.UnitPrice)
	if err != nil {
		return err
	}
	return c.settleAt(s, official)
}

// settleAt is settle for an official amount that is more than quantity × unit price.
func (c *client) settleAt(s *sale, official money.Amount) (err error) {
	ch := s.charge
	s.official, s.after, s.discount = official, official, noOne
	if !official.IsZero() && c.bk.books.Products[s.sku].AllowDiscount {
		if err := c.bestOffer(s); err != nil {
			return err
		}
	}
	ch.Official, ch.DiscountID, ch.Payment = official, s.discount, s.after
	if ch.Discount, err = official.Sub(s.after); err != nil {
		return err
	}
	ch.Truncated = money.Amount{}
	if c.bk.rules.Grain == PerLine {
		ch.Payment = s.after.Cut(c.digits, c.bk.rules.Mode)
		ch.Truncated, err = s.after.Sub(ch.Payment)
	}
	if c.trace != nil {
		c.traceAmounts(s)
	}
	return err
}

// bestOffer leaves the lowest `after` of all offers that fit in s (§4.10).
func (c *client) bestOffer(s *sale) error {
	o := &c.bk.offers
	if s.order {
		o = &c.bk.orderOffers
	}
	for _, sku := range [2]int32{noOne, s.sku} {
		if err := c.tryOffers(s, o.all.of(0, sku)); err != nil {
			return err
		}
		if err := c.tryOffers(s, o.customers.of(c.customer, sku)); err != nil {
			return err
		}
	}
	if len(o.partners.list) == 0 {
		return nil
	}
	reseller := c.resellerAt(s.at)
	if reseller == noOne {
		return nil
	}
	if err := c.tryOffers(s, o.partners.of(reseller, noOne)); err != nil {
		return err
	}
	return c.tryOffers(s, o.partners.of(reseller, s.sku))
}

// tryOffers puts each offer that fits against the best so far.
func (c *client) tryOffers(s *sale, list []offer) error {
	for i := range list {
		o := &list[i]
		if !o.valid.Holds(s.at) || (o.service != noOne && o.service != c.bk.service[s.sku]) ||
			(o.partner != noOne && o.partner != c.resellerAt(s.at)) ||
			(o.currency != noOne && o.currency != c.bk.books.Customers[c.customer].Currency) {
			continue
		}
		verdict, after, err := c.try(s, o)
		if err != nil {
			return err
		}
		if c.trace != nil {
			c.traceOffer(s, o, verdict, after, false)
		}
		if verdict == OfferTaken {
			s.after, s.kind, s.discount = after, o.kind, o.discount
		}
	}
	return nil
}

// try returns the outcome of an offer, with its `after` where it has one. On a tie the order of kinds decides, then
// discount_id, which is the order of books.Discounts.
func (c *client) try(s *sale, o *offer) (Verdict, money.Amount, error) {
	ch := s.charge
	var after money.Amount
	var err error
	switch {
	case s.order:
		var above bool
		if after, above, err = orderAfter(&c.bk.books.Discounts[o.discount], s.official); above {
			return OfferAbove, after, nil
		}
	case !o.fixed:
		after, err = s.official.MulRateR8(o.rate)
	case s.noFixed:
		return OfferUnfit, after, nil
	case o.price.Cmp(ch.UnitPrice) > 0:
		return OfferAbove, after, nil
	case s.share != nil:
		after, err = s.shared(o.price)
	default:
		after, err = money.MulSignedR8(ch.Quantity, o.price)
	}
	if err != nil {
		return 0, after, err
	}
	switch c := after.Abs().Cmp(s.after.Abs()); {
	case c < 0:
		return OfferTaken, after, nil
	case c > 0 || s.discount == noOne:
		return OfferNoLower, after, nil
	}
	if o.kind < s.kind || (o.kind == s.kind && o.discount < s.discount) {
		return OfferTaken, after, nil
	}
	return OfferNoLower, after, nil
}
