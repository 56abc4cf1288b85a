package rating

import (
	"fmt"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
)

// OrderOffer is a discount that lowers an order, and what it leaves of the official amount.
type OrderOffer struct {
	Discount int32 // in the books
	Official money.Amount
	Payment  money.Amount
}

// OrderOffers lists the discounts that an order could name, of whatever kind, in the books' order: those that fit and
// lower it (§4.8, §4.10).
func (bk *Book) OrderOffers(o *Order) ([]OrderOffer, error) {
	c := client{bk: bk}
	c.serve(o.Customer)
	ch := line.Charge{Quantity: o.Quantity.Signed(), Version: noVersion, Kind: line.Order}
	official, err := c.orderOfficial(o, &ch)
	if err != nil {
		return nil, fmt.Errorf("list the discounts of an order of customer %s, sku %s: %w",
			bk.books.Customers[o.Customer].ID, bk.books.Products[o.SKU].SKU, err)
	}
	if official.Sign() <= 0 || !bk.books.Products[o.SKU].AllowDiscount {
		return nil, nil
	}
	var out []OrderOffer
	for i := range bk.books.Discounts {
		d := &bk.books.Discounts[i]
		s := sale{charge: &ch, official: official, sku: o.SKU, at: o.PayTime, order: true, after: official,
			discount: noOne}
		if !c.fits(d, &s) {
			continue
		}
		verdict, after, err := c.try(&s, &offer{discount: int32(i), kind: d.Kind, fixed: d.Mode == books.ModeFixed,
			rate: d.Rate})
		if err != nil {
			return nil, fmt.Errorf("discount %s: %w", d.ID, err)
		}
		if verdict == OfferTaken {
			out = append(out, OrderOffer{Discount: int32(i), Official: official, Payment: after.Rd(c.digits)})
		}
	}
	return out, nil
}
