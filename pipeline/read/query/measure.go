package query

import (
	"cmp"
	"context"
	"fmt"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// MeasuredMonth describes how the quantity of a percentile line was calculated (§4.7). Values are in Mbps and exact:
// decimals if finite, else fractions.
type MeasuredMonth struct {
	CustomerID string `json:"customer_id"`
	SKU        string `json:"sku"`
	Region     string `json:"region_code"`
	Object     string `json:"object"`
	Policy     string `json:"policy"`
	Method     string `json:"method"`
	Points     int    `json:"points"`
	// of the value among the points, largest first, from 0; -1 if the method has none
	Index     int            `json:"index"`
	Value     string         `json:"value"` // before the commit
	Slot      string         `json:"slot,omitempty"`
	ValidDays int            `json:"valid_days"`
	Days      int            `json:"days"` // number of days over which the quantity is prorated, of MonthDays
	MonthDays int            `json:"month_days"`
	Commit    money.Quantity `json:"commit"`
	Billed    string         `json:"billed"` // the larger of value and commit
	Quantity  money.Quantity `json:"quantity"`
}

// MeasureMonth measures the billing objects of a customer ("" = all) from the samples of the state and today's books,
// in order of customer, sku, region and object.
func MeasureMonth(ctx context.Context, snap *lake.Snapshot, b *books.Books, month period.Cycle,
	customer string) ([]MeasuredMonth,
	error) {
	only := b.Customer(customer)
	objects := state.GatherObjects(b, month, func(l *books.Link) bool { return customer == "" || l.Customer == only })
	if objects.Len() == 0 {
		return nil, nil
	}
	meter := percentile.NewMeter(b.Zone, month)
	out := make([]MeasuredMonth, 0, objects.Len())
	err := state.MeasureState(ctx, snap, b, month, objects, func(k state.MeasureKey, o *percentile.Object) error {
		policy := &b.Policies[b.Policy(b.Products[k.SKU].Policy)] // the reader of the books has checked that it exists
		r, err := meter.Measure(policy, o)
		if err != nil {
			return fmt.Errorf("measure %s of customer %s: %w", k.Object, b.Customers[k.Customer].ID, err)
		}
		out = append(out, shownInAnnex(b, policy, k, &r))
		return nil
	})
	slices.SortFunc(out, func(a, b MeasuredMonth) int {
		return cmp.Or(cmp.Compare(a.CustomerID, b.CustomerID), cmp.Compare(a.SKU, b.SKU),
			cmp.Compare(a.Region, b.Region), cmp.Compare(a.Object, b.Object))
	})
	return out, err
}

func shownInAnnex(b *books.Books, policy *books.Policy, k state.MeasureKey, r *percentile.Result) MeasuredMonth {
	m := MeasuredMonth{
		CustomerID: b.Customers[k.Customer].ID, SKU: b.Products[k.SKU].SKU, Region: k.Region, Object: k.Object,
		Policy: policy.ID,
		Method: r.Method.String(), Points: r.Points, Index: r.Index, Value: ratText(r.Value), ValidDays: r.ValidDays,
		Days:      r.Days,
		MonthDays: r.MonthDays, Commit: r.Commit, Billed: ratText(r.Billed), Quantity: r.Quantity,
	}
	if r.HasSlot {
		m.Slot = r.Slot.Start().String()
	}
	return m
}

// ratText formats a rational as a decimal if finite, else as a fraction.
func ratText(r *big.Rat) string {
	if r == nil {
		return "0"
	}
	if digits, exact := r.FloatPrec(); exact {
		return r.FloatString(digits)
	}
	return r.RatString()
}

// String describes how the value was measured. Its time is in UTC.
func (m *MeasuredMonth) String() string { return m.describe(m.Slot) }

// Describe is String with the time in a zone.
func (m *MeasuredMonth) Describe(zone *period.Zone) string {
	if at, err := period.ParseInstant(m.Slot); err == nil { // a method without a slot has an empty text
		return m.describe(zone.Show(at))
	}
	return m.describe(m.Slot)
}

func (m *MeasuredMonth) describe(slot string) string {
	text := fmt.Sprintf("%s of %d points", m.Method, m.Points)
	if m.Index >= 0 {
		text += fmt.Sprintf(", the one at rank %d from the top", m.Index+1)
	}
	text += fmt.Sprintf(": %s Mbps", m.Value)
	if slot != "" {
		text += ", first at " + slot
	}
	return text + fmt.Sprintf("; commit %s, billed %s Mbps for %d of %d days (%d with traffic) = %s", m.Commit.Trim(),
		m.Billed, m.Days, m.MonthDays, m.ValidDays, m.Quantity.Trim())
}
