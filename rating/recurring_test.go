package rating_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/table"
)

// charge adds a recurring charge with a product and a price of its own.
func (s *shop) charge(sku, unitPrice, valid string, c books.RecurringCharge) {
	s.t.Helper()
	code := s.product(sku, books.Recurring, books.PerCustomer)
	s.price(code, "standard", "*", "..", "- "+unitPrice)
	c.SKU, c.Valid, c.Region, c.Quantity = code, s.span(valid), "*", q("1")
	if c.ID == "" {
		c.ID = "plan"
	}
	c.First = c.Valid.From
	if n := len(s.b.Recurring); n > 0 {
		c.First = s.b.Recurring[0].First
	}
	c.Anchor = c.First
	s.b.Recurring = append(s.b.Recurring, c)
}

// charged returns the lines and refunds of all charges whose instant is within a span.
func (s *shop) charged(span string) []string {
	s.t.Helper()
	bk, within := s.compile(), s.span(span)
	var out []string
	for _, p := range rating.RecurringParts(s.b.Recurring, s.b.Zone, within) {
		ch, err := rating.RecurringPrice(bk, &p, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		if within.Holds(p.Instant()) {
			out = append(out, fmt.Sprintf("%s type %d %s..%s: %s", p.ID, p.Detail(),
				s.b.Zone.Day(p.Span.From), s.b.Zone.Day(p.Span.To), ch.Payment.Trim()))
		}
		if within.Holds(p.Back.From) && p.Back.To > p.Back.From {
			back, err := rating.RecurringBack(bk, &p, &ch)
			if err != nil {
				s.t.Fatal(err)
			}
			out = append(out, fmt.Sprintf("%s %s from %s: %s of %s", p.ID, back.Kind,
				s.b.Zone.Day(p.Back.From), back.Payment.Trim(), back.Official.Trim()))
		}
	}
	return out
}

func (s *shop) wantCharged(span string, want ...string) {
	s.t.Helper()
	if got := s.charged(span); !slices.Equal(got, want) {
		s.t.Errorf("charges in %s (-want +got):\n%s", span, cmp.Diff(want, got))
	}
}

func chargeShop(t *testing.T) *shop {
	s := newShop(t, "UTC")
	s.rules = tariff.Rules{Grain: tariff.PerLine, Mode: 2, Digits: 2}
	return s
}

// TestChangeOfPlan checks a plan of 100 in advance that changes to one of 200 on 16 April: 100, −50, +100.
func TestChangeOfPlan(t *testing.T) {
	t.Parallel()
	s := chargeShop(t)
	s.charge("a", "100", "2024-04-01..2024-04-16", books.RecurringCharge{Advance: true, Months: 1})
	s.charge("b", "200", "2024-04-16..", books.RecurringCharge{Advance: true, Months: 1})
	s.wantCharged("2024-04-01..2024-05-01", "plan/2024-04-01 type 1 2024-04-01..2024-05-01: 100",
		"plan/2024-04-01 refund from 2024-04-16: -50 of -50", "plan/2024-04-16 type 3 2024-04-16..2024-05-01: 100")
	s.wantCharged("2024-05-01..2024-06-01", "plan/2024-05-01 type 2 2024-05-01..2024-06-01: 200")
}

// TestChangeOfPlanInMarch checks a change from 10 to 20 on 15 March: 10.00, −5.48, +10.97.
func TestChangeOfPlanInMarch(t *testing.T) {
	t.Parallel()
	s := chargeShop(t)
	s.charge("a", "10", "2024-03-01..2024-03-15", books.RecurringCharge{Advance: true, Months: 1})
	s.charge("b", "20", "2024-03-15..", books.RecurringCharge{Advance: true, Months: 1})
	s.wantCharged("2024-03-01..2024-04-01",
		"plan/2024-03-01 type 1 2024-03-01..2024-04-01: 10", "plan/2024-03-01 refund from 2024-03-15: -5.48 of -5.48",
		"plan/2024-03-15 type 3 2024-03-15..2024-04-01: 10.97")
}

// TestYearlyPart checks 3,650 per year in arrears, in force from 1 to 31 January: 30 of 365 days cost 300.
func TestYearlyPart(t *testing.T) {
	t.Parallel()
	s := chargeShop(t)
	s.charge("a", "3650", "2023-01-01..2023-01-31", books.RecurringCharge{Months: 12})
	s.wantCharged("2023-01-01..2023-02-01", "plan/2023-01-01 type 1 2023-01-01..2023-01-31: 300")
	s.wantCharged("2023-12-01..2024-01-01")
}

// TestArrearsFromInsideAMonth checks 100 per month in arrears from 28 February 2024: 2 of 29 days cost 6.90.
func TestArrearsFromInsideAMonth(t *testing.T) {
	t.Parallel()
	s := chargeShop(t)
	s.charge("a", "100", "2024-02-28..", books.RecurringCharge{Months: 1})
	s.wantCharged("2024-02-01..2024-03-01", "plan/2024-02-28 type 1 2024-02-28..2024-03-01: 6.9")
	s.wantCharged("2024-03-01..2024-04-01", "plan/2024-03-01 type 2 2024-03-01..2024-04-01: 100")
}

// TestPeriodsFromTheStart checks that periods that count from the start begin on the same day of each month, or on its
// last day: 30 January, 29 February, 30 March.
func TestPeriodsFromTheStart(t *testing.T) {
	t.Parallel()
	s := chargeShop(t)
	s.charge("a", "100", "2024-01-30..", books.RecurringCharge{Months: 1, FromStart: true, Advance: true})
	s.wantCharged("2024-01-01..2024-05-01",
		"plan/2024-01-30 type 1 2024-01-30..2024-02-29: 100", "plan/2024-02-29 type 2 2024-02-29..2024-03-30: 100",
		"plan/2024-03-30 type 2 2024-03-30..2024-04-30: 100", "plan/2024-04-30 type 2 2024-04-30..2024-05-30: 100")
}

// TestPartIDs checks that the id of a part ends with its local time where an earlier part of the charge began on its
// local date: of another row, or of the same row in the period before (RECUR-2).
func TestPartIDs(t *testing.T) {
	t.Parallel()
	s := chargeShop(t)
	fromStart := books.RecurringCharge{Months: 1, FromStart: true, Advance: true}
	s.charge("a", "100", "2024-01-30T12:30:00Z..2024-04-30T12:00:00Z", fromStart)
	s.charge("b", "100", "2024-04-30T12:00:00Z..2024-04-30T12:45:30.5Z", fromStart)
	s.charge("c", "100", "2024-04-30T12:45:30.5Z..2024-06-01", fromStart)
	fromStart.ID = "other"
	s.charge("d", "100", "2024-04-30T14:00:00Z..", fromStart)
	var got []string
	for _, p := range rating.RecurringParts(s.b.Recurring, s.b.Zone, s.span("2024-04-30..2024-05-01")) {
		got = append(got, p.ID)
	}
	want := []string{"plan/2024-03-30", "plan/2024-04-30", "plan/2024-04-30T12:30", "plan/2024-04-30T12:45:30.5",
		"other/2024-04-30"}
	if !slices.Equal(got, want) {
		t.Errorf("ids (-want +got):\n%s", cmp.Diff(want, got))
	}
}

// TestProrations checks a quarter prorated by seconds, and a month without proration, which has no refund either.
func TestProrations(t *testing.T) {
	t.Parallel()
	s := chargeShop(t)
	s.charge("a", "91", "2024-05-01T12:00:00Z..2024-06-01", books.RecurringCharge{Months: 3,
		Proration: books.BySeconds})
	s.wantCharged("2024-05-01..2024-06-01", "plan/2024-05-01 type 1 2024-05-01..2024-06-01: 30.5") // 30.5 of 91 days
	s = chargeShop(t)
	s.charge("a", "90", "2024-05-01..2024-05-20", books.RecurringCharge{Months: 1, Proration: books.NotProrated,
		Advance: true})
	s.wantCharged("2024-05-01..2024-06-01", "plan/2024-05-01 type 1 2024-05-01..2024-06-01: 90")
}

// TestRecurringLine checks the kind, unit price and discounts of a line: a rate or a fixed unit price.
func TestRecurringLine(t *testing.T) {
	t.Parallel()
	s := chargeShop(t)
	s.charge("a", "100", "2024-04-16..", books.RecurringCharge{Months: 1})
	s.b.Recurring[0].Quantity = q("3")
	s.discount("d", books.Commercial, -1, -1, 0, "=80", "..")
	p := rating.RecurringParts(s.b.Recurring, s.b.Zone, s.span("2024-04-01..2024-05-01"))
	ch, err := rating.RecurringPrice(s.compile(), &p[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	if ch.Kind != table.RecurringLine || ch.Quantity.Trim() != "3" || ch.Official.Trim() != "150" ||
		ch.Payment.Trim() != "120" || ch.DiscountID != 0 {
		t.Errorf("%+v", ch)
	}
}
