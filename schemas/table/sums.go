package table

import "github.com/tollbook/tollbook/schemas/money"

// LineSums holds the number, quantities and amounts of several lines, named like the columns of lines.
type LineSums struct {
	Lines     int64               `json:"line_count"`
	Usage     money.QuantityTotal `json:"usage_amount"`
	Free      money.QuantityTotal `json:"free_resource_usage"`
	Quantity  money.QuantityTotal `json:"quantity"`
	Official  money.AmountTotal   `json:"official_amount"`
	Discount  money.AmountTotal   `json:"official_discount_amount"`
	Truncated money.AmountTotal   `json:"truncated_amount"`
	Payment   money.AmountTotal   `json:"payment_amount"`
}
