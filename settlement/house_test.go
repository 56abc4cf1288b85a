package settlement_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement"
)

// Indexes in the books of a house. vendor stands for the vendor, all for `*`.
const (
	distA, distB, referrer, resOne, resTwo int32 = 0, 1, 2, 3, 4

	bandwidth, gpu, support, machine int32 = 0, 1, 2, 3

	ann, bob, cat int32 = 0, 1, 2

	vendor, all int32 = -1, -1
)

// house has books that a test assembles: two distributors, a referrer, a reseller of dist-a and one of the vendor, four
// products and three customers, in the zone Asia/Shanghai and a currency of two digits. Cycles close at the end of the
// 4th.
type house struct {
	t     testing.TB
	b     *books.Books
	rules settlement.Rules
}

func newHouse(t testing.TB) *house {
	t.Helper()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	always := period.Always()
	b := &books.Books{Zone: zone, Digits: 2, Currency: "CNY", NonWorking: map[period.Day]bool{}}
	b.Products = []books.Product{
		{SKU: "bandwidth", ServiceTypeCode: "net"},
		{SKU: "gpu", ServiceTypeCode: "compute", Class: books.Specific},
		{SKU: "support", ServiceTypeCode: "support", Class: books.NoRebate},
		{SKU: "vm", ServiceTypeCode: "compute"},
	}
	for _, id := range []string{"ann", "bob", "cat"} {
		b.Customers = append(b.Customers, books.Customer{ID: id, Rows: []books.CustomerRow{{Valid: always}}})
	}
	for _, p := range []struct {
		id     string
		kind   books.PartnerKind
		parent int32
	}{
		{"dist-a", books.Distributor, -1},
		{"dist-b", books.Distributor, -1},
		{"ref", books.Referrer, -1},
		{"res-1", books.Reseller, distA},
		{"res-2", books.Reseller, -1},
	} {
		row := books.PartnerRow{Kind: p.kind, Parent: p.parent, Valid: always, LeftOn: period.Forever}
		b.Partners = append(b.Partners, books.Partner{ID: p.id, Rows: []books.PartnerRow{row}})
	}
	return &house{t: t, b: b, rules: settlement.Rules{CloseDay: 4, CloseMinute: 24 * 60}}
}

// at parses a date, with or without a time of day, in the zone of the house.
func (h *house) at(text string) period.Instant {
	h.t.Helper()
	day, clock, timed := strings.Cut(text, " ")
	at, err := period.ParseValidity(day, h.b.Zone)
	if err != nil {
		h.t.Fatal(err)
	}
	if timed {
		var hour, minute int64
		if _, err := fmt.Sscanf(clock, "%d:%d", &hour, &minute); err != nil {
			h.t.Fatal(err)
		}
		at += period.Instant(hour*period.Hour + minute*period.Minute)
	}
	return at
}

// span parses "2026-09-01..2026-10-01". An empty side has no bound.
func (h *house) span(text string) period.Span {
	h.t.Helper()
	from, to, _ := strings.Cut(text, "..")
	s := period.Always()
	if from != "" {
		s.From = h.at(from)
	}
	if to != "" {
		s.To = h.at(to)
	}
	return s
}

func (h *house) cycle(text string) period.Cycle { return must(period.ParseCycle(text)) }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func amount(text string) money.Amount { return must(money.ParseAmount(text)) }

func rate(text string) money.Rate { return must(money.ParseRate(text)) }

// total parses an amount as a total.
func total(text string) money.AmountTotal {
	var t money.AmountTotal
	if err := t.Add(amount(text)); err != nil {
		panic(err)
	}
	return t
}

// term adds terms such as "official 0.8" for a service or sku.
func (h *house) term(seller, buyer int32, service string, sku int32, pays, valid string) {
	basis, share, _ := strings.Cut(pays, " ")
	h.b.Terms = append(h.b.Terms, books.Term{
		Seller: seller, Buyer: buyer, Service: service, SKU: sku, Payable: basis == "payable", Rate: rate(share),
		Valid: h.span(valid),
	})
}

// associate associates a customer with a partner. Calls must be in the order of customer and time.
func (h *house) associate(customer, partner int32, kind books.AssociationType, valid string) {
	h.b.Associations = append(h.b.Associations, books.Association{Customer: customer, Partner: partner, Type: kind,
		Valid: h.span(valid)})
}

// book sorts the terms and compiles the books.
func (h *house) book() *settlement.Book {
	h.t.Helper()
	slices.SortFunc(h.b.Terms, func(a, b books.Term) int {
		less := func(x, y books.Term) bool {
			switch {
			case x.Seller != y.Seller:
				return x.Seller < y.Seller
			case x.Buyer != y.Buyer:
				return x.Buyer < y.Buyer
			case x.Service != y.Service:
				return x.Service < y.Service
			case x.SKU != y.SKU:
				return x.SKU < y.SKU
			}
			return x.Valid.From < y.Valid.From
		}
		switch {
		case less(a, b):
			return -1
		case less(b, a):
			return 1
		}
		return 0
	})
	bk, err := settlement.Compile(h.b, h.rules)
	if err != nil {
		h.t.Fatal(err)
	}
	return bk
}

// line returns an on-demand line that was paid in cash, whose instant is its own time. money is "official payment".
func (h *house) line(customer, partner int32, kind books.AssociationType, sku int32, own,
	money string) settlement.Line {
	h.t.Helper()
	official, payment, _ := strings.Cut(money, " ")
	l := settlement.Line{
		Customer: customer, Partner: partner, SKU: sku, Association: kind, ChargingMode: 3, OwnTime: h.at(own),
		Instant:  h.at(own),
		Official: amount(official), Payment: amount(payment), Cash: amount(payment),
	}
	l.Discount = must(l.Official.Sub(l.Payment))
	return l
}

// settle settles lines, which must be in the order of customers.
func settle(t testing.TB, s *settlement.Settler, lines []settlement.Line) []settlement.Row {
	t.Helper()
	var rows []settlement.Row
	for i := range lines {
		if i > 0 && lines[i].Customer != lines[i-1].Customer {
			rows = must(s.Finish(rows))
		}
		if err := s.Add(&lines[i]); err != nil {
			t.Fatal(err)
		}
	}
	return must(s.Finish(rows))
}

// showRows returns rows as text: key, count | official discount truncated payment performance | owed | revenue cost
// margin.
func (h *house) showRows(rows []settlement.Row) []string {
	var out []string
	for i := range rows {
		r := &rows[i]
		text := fmt.Sprintf("%s %s<-%s[%s] %s %d %s %d %s %d", r.Cycle, h.partner(r.Partner), h.partner(r.Seller),
			h.partner(r.Reseller),
			h.b.Customers[r.Customer].ID, r.Association, r.Service, r.ChargingMode, r.Sign(), r.Lines)
		for _, part := range [][]money.Amount{
			{r.Official, r.Discount, r.Truncated, r.Payment, r.Performance}, {r.Owed}, {r.Revenue, r.Cost, r.Margin},
		} {
			text += " |"
			for _, a := range part {
				text += " " + a.Trim()
			}
		}
		out = append(out, text)
	}
	return out
}

func (h *house) partner(code int32) string { return settlement.PartnerID(h.b, code) }

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}
