package run

import (
	"cmp"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/closed"
	"github.com/tollbook/tollbook/pipeline/fold/costs"
	"github.com/tollbook/tollbook/pipeline/fold/day"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

// Difference is the result of re-rating for one customer, sku, region and resource, in a part of the month if it is
// divided (§4.12): the amount due now minus everything that was billed.
type Difference struct {
	CustomerID     string              `json:"customer_id"`
	SKU            string              `json:"sku"`
	ID             string              `json:"id,omitempty"` // id of the line of a recurring charge or commitment
	Region         string              `json:"region_code"`
	Resource       string              `json:"resource_id,omitempty"`
	UsageAmount    money.QuantityTotal `json:"usage_amount"`
	Free           money.QuantityTotal `json:"free_resource_usage"`
	Official       money.Amount        `json:"official_amount"`
	DiscountAmount money.Amount        `json:"official_discount_amount"`
	Truncated      money.Amount        `json:"truncated_amount"`
	Payment        money.Amount        `json:"payment_amount"`
	UsageStart     string              `json:"usage_start,omitempty"` // of the part of the month; "" = all of it
	UsageEnd       string              `json:"usage_end,omitempty"`
	// what changed in its lines: package, price, discount, quantity or other
	Why []string `json:"why"`
}

// ReratedOf converts a difference, with the names from the books.
func ReratedOf(b *books.Books, d *closed.RerateDifference) Difference {
	sku, id := "", d.Charge
	if d.SKU >= 0 {
		sku = b.Products[d.SKU].SKU
	}
	if about, err := day.ParseAboutCommitment(d.Commitment); d.Commitment != "" && err == nil {
		id = state.CommitmentPrefix + about.ID
	}
	out := Difference{CustomerID: b.Customers[d.Customer].ID, SKU: sku, ID: id, Region: d.Region,
		Resource:    d.Resource,
		UsageAmount: d.Used, Free: d.Free, Official: d.Official, DiscountAmount: d.Discount, Truncated: d.Truncated,
		Payment: d.Payment, Why: d.Why}
	if bounds := b.Zone.Bounds(d.Origin); bounds.Holds(d.Part.From) && d.Part != bounds {
		out.UsageStart, out.UsageEnd = d.Part.From.String(), d.Part.To.String()
	}
	return out
}

// ReratedCosts converts the differences of cost files.
func ReratedCosts(list []costs.Difference) (out []Difference) {
	for _, d := range list {
		one := Difference{CustomerID: d.Customer, SKU: d.SKU, Region: d.Region, Resource: d.Resource,
			UsageAmount: d.Usage.Total(), Free: d.Free.Total(), Official: d.Official, DiscountAmount: d.Discount,
			Truncated: d.Truncated, Payment: d.Payment}
		for _, why := range []struct {
			is   bool
			word string
		}{{d.Repriced, closed.ReasonPrice}, {d.Rediscounted, closed.ReasonDiscount},
			{d.Requantified, closed.ReasonQuantity}} {
			if why.is {
				one.Why = append(one.Why, why.word)
			}
		}
		if one.Why == nil {
			one.Why = []string{closed.ReasonOther}
		}
		out = append(out, one)
	}
	return out
}

// SortRerated sorts differences in the order in which they are listed.
func SortRerated(list []Difference) {
	slices.SortStableFunc(list, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.SKU, b.SKU),
			cmp.Compare(a.Region, b.Region), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.ID, b.ID),
			cmp.Compare(a.UsageStart, b.UsageStart))
	})
}
