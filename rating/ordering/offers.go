package ordering

import (
	"fmt"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

// OrderOffer is a discount that lowers an order, with the resulting amounts.
type OrderOffer struct {
	Discount int32 // in the books
	Official money.Amount
	Payment  money.Amount
}

// Offers lists the discounts of all kinds that an order could name, in the books' order: those that apply and lower it
// (§4.8, §4.10).
func Offers(bk *tariff.Book, o *Order) ([]OrderOffer, error) {
	c := pricer{tariff.Client{Book: bk}}
	c.Serve(o.Customer)
	ch := table.Charge{Quantity: o.Quantity.Signed(), Version: tariff.NoVersion, Kind: table.OrderLine}
	official, err := c.orderOfficial(o, &ch)
	if err != nil {
		return nil, fmt.Errorf("list the discounts of an order of customer %s, sku %s: %w",
			bk.Books.Customers[o.Customer].ID, bk.Books.Products[o.SKU].SKU, err)
	}
	if official.Sign() <= 0 || !bk.Books.Products[o.SKU].AllowDiscount {
		return nil, nil
	}
	var out []OrderOffer
	for i := range bk.Books.Discounts {
		d := &bk.Books.Discounts[i]
		s := tariff.Sale{Charge: &ch, Official: official, SKU: o.SKU, At: o.PayTime, Order: true, After: official,
			Discount: tariff.NoOne}
		if !c.fits(d, &s) {
			continue
		}
		verdict, after, err := c.Try(&s, &tariff.Offer{Discount: int32(i), Kind: d.Kind,
			Fixed: d.Mode == books.ModeFixed,
			Rate:  d.Rate})
		if err != nil {
			return nil, fmt.Errorf("discount %s: %w", d.ID, err)
		}
		if verdict == tariff.OfferTaken {
			out = append(out, OrderOffer{Discount: int32(i), Official: official, Payment: after.Rd(c.Digits)})
		}
	}
	return out, nil
}
