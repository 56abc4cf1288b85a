package ordering

import (
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// OrderType is the kind of an order (§3.15).
type OrderType uint8

// The order types.
const (
	New OrderType = iota
	Renew
	AutoRenew
	Change
	Unsubscribe
)

var orderTypes = [...]string{"new", "renew", "auto_renew", "change", "unsubscribe"}

// String is the type's word in feeds.
func (t OrderType) String() string {
	if int(t) < len(orderTypes) {
		return orderTypes[t]
	}
	return fmt.Sprintf("order type %d", uint8(t))
}

// ParseOrderType parses the word of the orders feed.
func ParseOrderType[T ~string | ~[]byte](s T) (OrderType, error) {
	for i, word := range orderTypes {
		if string(s) == word {
			return OrderType(i), nil
		}
	}
	return 0, fmt.Errorf("order_type %.64q is none of %s", string(s), strings.Join(orderTypes[:], ", "))
}

// BillDetailType returns the type's bill_detail_type on a line (§5); 0 for an unknown type.
func (t OrderType) BillDetailType() int {
	switch t {
	case New:
		return table.DetailPurchase
	case Renew:
		return table.DetailRenewal
	case Change:
		return table.DetailChange
	case Unsubscribe:
		return table.DetailUnsubscribe
	case AutoRenew:
		return table.DetailAutoRenewal
	default:
		return 0
	}
}

// Order is one order line in the form that rating needs (§3.15).
type Order struct {
	Type              OrderType
	Customer, SKU     int32  // indexes in the books
	Region            string // region_code
	Quantity          money.Quantity
	PeriodType        string // hour, day, month, year, one_off
	PeriodNum         int64  // integer, at least 1; ignored if HasOfficial
	PayTime           period.Instant
	Effective, Expire period.Instant // Forever = never expires
	Discount          string         // discount_id that the order names; "" = none
	Official          money.Amount   // official_amount, if HasOfficial
	HasOfficial       bool
}

// Priced reports whether an order has the price that it needs: the check for no_price (§3.20). A given official_amount
// replaces the book's price; change and unsubscribe need none.
func Priced(bk *tariff.Book, o *Order) bool {
	return o.HasOfficial || o.Type == Change || o.Type == Unsubscribe || orderVersion(bk, o, nil) != tariff.NoVersion
}
