package settlement

import (
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Line is what settlement needs of a line of the cycle (§5). Customer, Partner and SKU are indexes in the books.
// Official = Discount + Truncated + Payment.
type Line struct {
	Customer, Partner, SKU int32                 // Partner -1 = none, SKU -1 = of no product
	Service                string                // service_type_code of a line of no product; "" = any
	Association            books.AssociationType // what the line carries
	ChargingMode           uint8                 // 1 for a period, 3 on demand
	OwnTime                period.Instant        // when partner and terms are looked up (§6.4)
	Instant                period.Instant        // when it counts (§6.3)

	Official, Discount, Truncated, Payment money.Amount

	Cash, Stored  money.Amount // how it was paid; what credit, flexi coupons and debt took is no performance
	CountedCoupon money.Amount // what coupons took that count as performance (§3.10)
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
