package settlement

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Line holds the data of a line of the cycle that settlement needs (§5). Customer, Partner and SKU are indexes in the
// books. Official = Discount + Truncated + Payment.
type Line struct {
	Customer, Partner, SKU int32                 // Partner -1 = none, SKU -1 = without a product
	Service                string                // service_type_code of a line without a product; "" = any
	Association            books.AssociationType // from the line
	ChargingMode           uint8                 // 1 for a period, 3 on demand
	OwnTime                period.Instant        // when partner and terms are looked up (§6.4)
	Instant                period.Instant        // when it counts (§6.3)

	Official, Discount, Truncated, Payment money.Amount

	Cash, Stored  money.Amount // how it was paid; payments by credit, flexi coupons and debt are not performance
	CountedCoupon money.Amount // coupon payment that counts as performance (§3.10)
}

// performance is the line's performance (§6.2).
func (l *Line) performance(class books.Class) (money.Amount, error) {
	if class != books.Ordinary && class != books.Specific {
		return money.Amount{}, nil
	}
	sum, err := l.Cash.Add(l.Stored)
	if err != nil {
		return money.Amount{}, err
	}
	return sum.Add(l.CountedCoupon)
}
