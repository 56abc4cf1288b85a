package document

import (
	"bytes"
	"io"
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// yuan parses an amount.
func yuan(t testing.TB, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func sum(t testing.TB, text string) money.AmountTotal {
	t.Helper()
	var s money.AmountTotal
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

func units(t testing.TB, text string) money.QuantityTotal {
	t.Helper()
	var s money.QuantityTotal
	if err := s.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return s
}

func instantOf(t testing.TB, text string) period.Instant {
	t.Helper()
	at, err := period.ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func header(t testing.TB) PageHeader {
	t.Helper()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return PageHeader{Vendor: PageParty{ID: "vendor", Name: "Example Cloud"}, Cycle: period.CycleOf(2026, 9),
		Zone: zone, Currency: "CNY",
		Digits: 2, MonthEnd: true, AsOf: instantOf(t, "2026-10-05T04:00:00Z")}
}

// row returns a row. Amounts that are not given are set so that the row adds up.
func row(t testing.TB, customer, name, service, sign, official, discount, owed string) Row {
	t.Helper()
	r := Row{SellerID: "vendor", CustomerID: customer, CustomerName: name, AssociationType: Resale, Service: service,
		ServiceName: map[string]string{
			"ecs": "Elastic compute", "oss": "Object storage", "eip": "Bandwidth"}[service], ChargingMode: 3,
		Sign:     sign,
		Lines:    3,
		Official: yuan(t, official), Discount: yuan(t, discount), Owed: yuan(t, owed)}
	var err error
	if r.Payment, err = r.Official.Sub(r.Discount); err != nil {
		t.Fatal(err)
	}
	r.Performance = r.Payment
	return r
}

// statement returns a distributor's statement with two customers of its own, one of them with a refund, and a reseller.
func statement(t testing.TB) *Statement {
	t.Helper()
	s := &Statement{Header: header(t), Partner: PageParty{ID: "north", Name: "North Distribution"},
		Kind:    "distributor",
		Sellers: []PageParty{{ID: "vendor", Name: "Example Cloud"}}}
	s.Rows = []Row{
		row(t, "aurora", "Aurora Ltd", "ecs", "+", "1200.5", "120.05", "972.41"),
		row(t, "aurora", "Aurora Ltd", "ecs", "-", "-100", "0", "-90"),
		row(t, "aurora", "Aurora Ltd", "oss", "+", "34.12345678", "0", "30.71"),
		row(t, "birch", "", "eip", "+", "10000", "0", "9000"),
	}
	through := row(t, "cedar", "Cedar GmbH", "ecs", "+", "500", "0", "0")
	through.ResellerID, through.ResellerName = "west", "West Reselling"
	through.Revenue, through.Cost, through.Margin = yuan(t, "475"), yuan(t, "450"), yuan(t, "25")
	s.Rows = append(s.Rows, through)
	s.Incentives = []Incentive{
		{ProgrammeID: "growth", Period: "2026-Q3", Performance: yuan(t, "11014.57345678"), Tier: yuan(t, "330.44"),
			Bonus: yuan(t, "20"), Amount: yuan(t, "350.44"), State: "to_confirm",
			Deadline: instantOf(t, "2026-11-02T16:00:00Z"), Next: "void without a confirmation", Counts: true},
		{ProgrammeID: "loyal", Period: "2026-09", Performance: yuan(t, "-12.5"), CarriedOut: yuan(t, "-12.5"),
			State: "estimated"},
	}
	s.Clawbacks = []Clawback{{"growth", "2026-Q1", yuan(t, "15"), "customer left within a year"}}
	s.Usage = []ChartUsage{
		{Day: day(t, "2026-09-01"), Service: "ecs", ServiceName: "Elastic compute", Amount: sum(t, "1480.45")},
		{Day: day(t, "2026-09-02"), Service: "oss", ServiceName: "Object storage", Amount: sum(t, "34.12345678")},
		{Day: day(t, "2026-09-15"), Service: "ecs", ServiceName: "Elastic compute", Amount: sum(t, "100")},
		{Day: day(t, "2026-09-15"), Service: "ecs", ServiceName: "Elastic compute", Amount: sum(t, "-100")},
		{Day: day(t, "2026-08-30"), Service: "eip", ServiceName: "Bandwidth", Amount: sum(t, "10000")},
	}
	s.Notes = []string{"Amounts of lines are exact to eight decimals; a customer's total is rounded once, half up, " +
		"to two."}
	s.Summary = Summary{Owed: sum(t, "9913.12"), Cost: sum(t, "450"), Revenue: sum(t, "475"), Margin: sum(t, "25"),
		Incentives: sum(t, "350.44"), Clawbacks: sum(t, "15"), Net: sum(t, "9552.68")}
	return s
}

func day(t testing.TB, text string) period.Day {
	t.Helper()
	d, err := period.ParseDay(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func price(t testing.TB, text string) money.UnitPrice {
	t.Helper()
	p, err := money.ParseUnitPrice(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// bill returns a customer's bill with two services, a refund for an earlier month, a package and a rounding.
func bill(t testing.TB) *Bill {
	t.Helper()
	b := &Bill{Header: header(t), Customer: PageParty{ID: "aurora", Name: "Aurora Ltd"},
		Partner: PageParty{ID: "north", Name: "North Distribution"}}
	b.Header.Closed = true
	b.Sections = []Section{
		{Service: "ecs", ServiceName: "Elastic compute", SKU: "vm.small", Product: "Small machine", Model: "graduated",
			Measure: "hour", Items: []Item{
				{Region: "cn-north", Tier: 1, Kind: "usage", UnitPrice: price(t, "0.5"), DiscountID: "d-10",
					LineSums: table.LineSums{Lines: 30, Usage: units(t, "1100"), Free: units(t, "100"),
						Quantity: units(t, "1000"), Official: sum(t, "500"),
						Discount: sum(t, "50"), Payment: sum(t, "450")}},
				{Region: "cn-north", Tier: 2, Kind: "usage", UnitPrice: price(t, "0.4"),
					LineSums: table.LineSums{Lines: 4, Usage: units(t, "12.3456789012"),
						Quantity: units(t, "12.3456789012"),
						Official: sum(t, "4.93827156"), Payment: sum(t, "4.93827156")}},
			}},
		{Service: "oss", ServiceName: "Object storage", SKU: "store.year", Product: "Storage, a year", Model: "period",
			Measure: "GB", Items: []Item{
				{Region: "cn-north", Kind: "refund", OriginCycle: "2026-08",
					LineSums: table.LineSums{Lines: 1, Official: sum(t, "-20"), Payment: sum(t, "-20")}},
			}},
	}
	b.Corrections = []Correction{{ID: "o-9/1", Kind: "refund", OriginCycle: "2026-08", SKU: "store.year",
		Product: "Storage, a year", Time: instantOf(t, "2026-09-03T02:00:00Z"),
		Payment: yuan(t, "-20"), Note: "unsubscribed after 12 days"}}
	b.Packages = []Package{{PackageID: "p-1", SKUs: []string{"vm.small"}, Region: "cn-north", Measure: "hour",
		From: "2026-09-01", To: "2026-10-01"}}
	var err error
	if b.Packages[0].Opening, err = money.ParseQuantity("100"); err != nil {
		t.Fatal(err)
	}
	if b.Packages[0].Drawn, err = money.ParseSignedQuantity("100"); err != nil {
		t.Fatal(err)
	}
	b.Amounts = Amounts{Lines: 35, Official: yuan(t, "484.93827156"), Discount: yuan(t, "50"),
		Payment: yuan(t, "434.93827156"), Rounding: yuan(t, "-0.00172844"), Due: yuan(t, "434.94")}
	b.Payments = Payments{Recorded: true, Coupon: yuan(t, "30"), Cash: yuan(t, "404.93827156")}
	b.Usage = []ChartUsage{{Day: day(t, "2026-09-03"), Service: "oss", ServiceName: "Object storage",
		Amount: sum(t, "-20")},
		{Day: day(t, "2026-09-04"), Service: "ecs", ServiceName: "Elastic compute", Amount: sum(t, "454.93827156")}}
	b.Annexes = []Annex{{Object: "link-1", SKU: "bw.p95", Title: "Bandwidth of link-1",
		Heading: "Bandwidth of link-1",
		Figures: []PageFigure{{Name: "points", Value: "8640"}, {Name: "value", Value: "95.5 Mbps"}},
		SVG: []byte(
			`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 10 10"><rect width="10" height="10"/></svg>`)}}
	b.Notes = []string{"Rounded once, half up, to two decimals."}
	return b
}

// writer is a document of any kind.
type writer interface {
	Write(io.Writer, Format, Options) error
}

// written returns a document as written in a format.
func written(t testing.TB, d writer, f Format) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := d.Write(&out, f, Options{}); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
