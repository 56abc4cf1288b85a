package query

import (
	"testing"
	"testing/fstest"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/books/load"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/settings"
)

// loadBooks returns books with a seat at 30.00 per month, and 40.00 from October on.
func loadBooks(t *testing.T) *books.Books {
	t.Helper()
	zone, err := period.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for name, text := range map[string]string{
		"products.csv": "sku,service_type_code,measure,pricing_model\nseat,desk,seat,period\n",
		"prices.csv": "sku,region_code,period_type,valid_from,valid_to,tier,unit_price\n" +
			"seat,*,month,2026-01-01,2026-10-01,1,30\nseat,*,month,2026-10-01,,1,40\n",
		"customers.csv": "customer_id\nacme\n",
	} {
		files["books/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	b, err := load.Books(files, settings.Settings{Zone: zone, Currency: settings.Currency{Code: "CNY", Digits: 2},
		Vendor: settings.Vendor{ID: "vendor", Name: "Vendor"}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// step returns a step of the order line o1/1 at an instant.
func step(status string, at period.Instant, paid, refused bool) *accept.OrderStep {
	e := &accept.OrderStep{ID: "o1/1/" + status, Status: status, Paid: paid, Refused: refused}
	e.OrderKey, e.PayTime = accept.OrderKey{ID: "o1", Line: 1}, at
	return e
}

// TestLives checks that the status is that of the last step that was not rejected. For a paid line only the status
// processing counts. Invariant: ORDERS-1.
func TestLives(t *testing.T) {
	t.Parallel()
	b := loadBooks(t)
	for _, tt := range []struct {
		steps   []*accept.OrderStep
		status  string
		since   period.Instant
		open    bool
		created period.Instant
	}{
		{[]*accept.OrderStep{step(accept.OrderPendingApproval, 5, false, false)}, accept.OrderPendingApproval, 5, true,
			5},
		{[]*accept.OrderStep{step(accept.OrderUnpaid, 7, false, false),
			step(accept.OrderPendingApproval, 5, false, false)},
			accept.OrderUnpaid, 7, true, 5},
		{[]*accept.OrderStep{step(accept.OrderUnpaid, 7, false, false), step(accept.OrderCancelled, 9, false, false)},
			accept.OrderCancelled, 9, false, 7},
		{[]*accept.OrderStep{step(accept.OrderUnpaid, 7, false, false), step(accept.OrderCompleted, 9, false, true)},
			accept.OrderUnpaid, 7, true, 7},
		{[]*accept.OrderStep{step(accept.OrderUnpaid, 7, true, false)}, accept.OrderCompleted, 7, false, 7},
		{[]*accept.OrderStep{step(accept.OrderUnpaid, 7, true, false), step(accept.OrderProcessing, 9, true, false)},
			accept.OrderProcessing, 9, false, 7},
	} {
		book := accept.NewEventBook()
		for _, e := range tt.steps {
			book.Statuses[e.ID] = e
		}
		list := livesOf(book, b)
		if len(list) != 1 {
			t.Fatalf("%d lines, want one", len(list))
		}
		l := list[0]
		if l.ID() != "o1/1" || l.Customer != "acme" || l.Status != tt.status || l.Since != tt.since ||
			l.Open() != tt.open || l.Created != tt.created {
			t.Errorf("%+v, want %s since %d, created %d, open: %t", l, tt.status, tt.since, tt.created, tt.open)
		}
	}
}

// TestPrice checks that two seats for three months cost 2 x 3 x 30.00 = 180.00 in September and 2 x 3 x 40.00 = 240.00
// in October, whenever the order was created. Unsubscriptions and lines without a price have none. Invariant: ORDERS-2.
func TestPrice(t *testing.T) {
	t.Parallel()
	b := loadBooks(t)
	prices := tariff.Compile(b, tariff.Rules{})
	two, err := money.ParseQuantity("2")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		at, periodType, want string
		kind                 ordering.OrderType
		priced               bool
	}{
		{"2026-09-30T23:59:59Z", "month", "180", ordering.New, true},
		{"2026-10-01T00:00:00Z", "month", "240", ordering.Renew, true},
		{"2026-10-01T00:00:00Z", "year", "0", ordering.New, false},
		{"2026-10-01T00:00:00Z", "month", "0", ordering.Unsubscribe, false},
	} {
		at, err := period.ParseInstant(tt.at)
		if err != nil {
			t.Fatal(err)
		}
		e := step(accept.OrderUnpaid, 7, false, false)
		e.Type, e.Region, e.Quantity, e.PeriodType, e.PeriodNum = tt.kind, "east", two, tt.periodType, 3
		charge, priced, err := (&OrderLife{Order: e}).Price(prices, at)
		if err != nil {
			t.Fatal(err)
		}
		if priced != tt.priced || charge.Payment.Trim() != tt.want {
			t.Errorf("%s %s at %s: %s, priced: %t, want %s, %t", tt.kind, tt.periodType, tt.at, charge.Payment.Trim(),
				priced, tt.want, tt.priced)
		}
	}
}
