package rating_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/rating/ordering"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/table"
)

func amount(text string) money.Amount { return must(money.ParseAmount(text)) }

// periodPrice adds a price of a subscription per period type.
func (s *shop) periodPrice(sku int32, list, region, periodType, valid, unitPrice string) {
	s.t.Helper()
	s.price(sku, list, region, valid, "- "+unitPrice)
	s.b.Versions[len(s.b.Versions)-1].PeriodType = periodType
}

// orderDiscount adds a discount for any order. value is a rate, "=80" for a fixed amount, or "-20" for a reduction.
func (s *shop) orderDiscount(id string, kind books.DiscountKind, value, valid string) *books.Discount {
	s.t.Helper()
	d := books.Discount{ID: id, Kind: kind, Customer: all, Partner: all, Service: "*", SKU: all, Valid: s.span(valid)}
	switch value[0] {
	case '=':
		d.Mode, d.Amount = books.ModeFixed, amount(value[1:])
	case '-':
		d.Mode, d.Amount = books.ModeReduction, amount(value[1:])
	default:
		d.Rate = rate(value)
	}
	s.b.Discounts = append(s.b.Discounts, d)
	return &s.b.Discounts[len(s.b.Discounts)-1]
}

// orderShop sells "vps" by the month at 100 in service svc-v.
func orderShop(t testing.TB) (s *shop, vps int32) {
	t.Helper()
	s = newShop(t, "Asia/Shanghai")
	vps = s.product("vps", books.Subscription, books.PerRegion)
	s.periodPrice(vps, "standard", "*", "month", "..", "100")
	return s, vps
}

// monthly returns ann's order of one vps for a month.
func monthly(s *shop, vps int32) ordering.Order {
	return ordering.Order{
		Type: ordering.New, SKU: vps, Region: "north", Quantity: q("1"), PeriodType: "month", PeriodNum: 1,
		PayTime: s.at("2026-09-05"), Effective: s.at("2026-09-05"), Expire: s.at("2026-10-05"),
	}
}

// priced returns the line of an order in the form of bill.show.
func (s *shop) priced(o ordering.Order) string {
	s.t.Helper()
	ch, err := ordering.Price(s.compile(), &o, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	if !ch.UsageAmount.IsZero() || !ch.Free.IsZero() || !ch.Truncated.IsZero() {
		s.t.Errorf("used %s, free %s, truncated %s on an order", ch.UsageAmount, ch.Free, ch.Truncated)
	}
	ch.UsageAmount = ch.Quantity // show leaves out values that are as for usage
	return (&bill{shop: s}).show(&ch)
}

func TestOrderTypes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		word   string
		want   ordering.OrderType
		detail int
	}{
		{"new", ordering.New, 1},
		{"renew", ordering.Renew, 2},
		{"change", ordering.Change, 3},
		{"unsubscribe", ordering.Unsubscribe, 4},
		{"auto_renew", ordering.AutoRenew, 8},
	} {
		got, err := ordering.ParseOrderType(c.word)
		if err != nil || got != c.want || got.String() != c.word || got.BillDetailType() != c.detail {
			t.Errorf("%s: %s, bill_detail_type %d, %v; want %d", c.word, got, got.BillDetailType(), err, c.detail)
		}
	}
	_, err := ordering.ParseOrderType([]byte("New"))
	if want := `order_type "New" is none of new, renew, auto_renew, change, unsubscribe`; err == nil ||
		err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if none := ordering.OrderType(5); none.String() != "order type 5" || none.BillDetailType() != 0 {
		t.Errorf("%s, bill_detail_type %d", none, none.BillDetailType())
	}
}

func FuzzParseOrderType(f *testing.F) {
	for _, word := range []string{"new", "renew", "auto_renew", "change", "unsubscribe", "", "NEW", "new "} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		got, err := ordering.ParseOrderType(word)
		if err == nil && got.String() != word || err != nil && got != 0 {
			t.Errorf("%q: %s, %v", word, got, err)
		}
		if err != nil && len(err.Error()) > 800 {
			t.Errorf("an error of %d bytes", len(err.Error()))
		}
	})
}

// TestOrderOfficial checks official_amount = Rd(unit_price × quantity × period_num): the exact product is rounded once,
// half away from zero.
func TestOrderOfficial(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, price, quantity string
		periods               int64
		digits                int
		want                  string
	}{
		{"whole", "100", "2", 12, 2, "0 order t1: 2 × 100 = 2400 → 2400"},
		{"a part of one", "33.335", "1.5", 2, 2, "0 order t1: 1.5 × 33.335 = 100.01 → 100.01"},
		{"below a half by the tenth decimal", "0.0049999999", "1", 1, 2, "0 order t1: 1 × 0.0049999999 = 0 → 0"},
		{"no digits", "341.1666666667", "1", 3, 0, "0 order t1: 1 × 341.1666666667 = 1024 → 1024"},
		{"free", "0", "1", 1, 2, "0 order t1: 1 × 0 = 0 → 0"},
		{"nothing", "100", "0", 1, 2, "0 order t1: 0 × 100 = 0 → 0"},
		{"large", "1000000000", "1000000", 99, 2,
			"0 order t1: 1000000 × 1000000000 = 99000000000000000 → 99000000000000000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t, "Asia/Shanghai")
			s.rules.Digits = c.digits
			vps := s.product("vps", books.Subscription, books.PerRegion)
			s.periodPrice(vps, "standard", "*", "month", "..", c.price)
			o := monthly(s, vps)
			o.Quantity, o.PeriodNum = q(c.quantity), c.periods
			if got := s.priced(o); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestOrderPriceChain checks that the version is that of the order's period_type at pay_time, that the customer's list
// precedes standard, and that the region precedes any region.
func TestOrderPriceChain(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	db := s.product("db", books.Flat, books.PerRegion)
	vps := s.product("vps", books.Subscription, books.PerRegion)
	s.price(db, "standard", "*", "..", "- 1")
	s.periodPrice(vps, "gold", "north", "month", "2026-09-10..2026-09-20", "1")
	s.periodPrice(vps, "gold", "*", "month", "2026-09-15..", "2")
	s.periodPrice(vps, "standard", "*", "month", "..2026-09-12", "3")
	s.periodPrice(vps, "standard", "*", "month", "2026-09-12..", "4")
	s.periodPrice(vps, "standard", "north", "year", "..", "5")
	s.b.Customers[0].Rows = []books.CustomerRow{
		{PriceList: "gold", Valid: s.span("..2026-09-25")}, {PriceList: "lead", Valid: s.span("2026-09-25..")},
	}
	bk := s.compile()
	for _, c := range []struct {
		when, region, periodType string
		customer                 int32
		want                     string // "" = no price
	}{
		{"2026-09-09 23:59", "north", "month", 0, "3"},
		{"2026-09-10", "north", "month", 0, "1"},
		{"2026-09-12", "south", "month", 0, "4"},
		{"2026-09-15", "south", "month", 0, "2"},
		{"2026-09-20", "north", "month", 0, "2"},
		{"2026-09-25", "north", "month", 0, "4"}, // a list without prices
		{"2026-09-15", "north", "month", 1, "4"}, // bob has the list standard
		{"2026-09-15", "north", "year", 0, "5"},
		{"2026-09-15", "south", "year", 0, ""},
		{"2026-09-15", "north", "day", 0, ""},
	} {
		o := monthly(s, vps)
		o.Customer, o.PayTime, o.Region, o.PeriodType = c.customer, s.at(c.when), c.region, c.periodType
		name := fmt.Sprintf("%s %s %s of customer %d", c.when, c.region, c.periodType, c.customer)
		if got := ordering.Priced(bk, &o); got != (c.want != "") {
			t.Errorf("%s: priced %v", name, got)
		}
		ch, err := ordering.Price(bk, &o, nil)
		var none *tariff.NoPriceError
		switch {
		case c.want == "" && !errors.As(err, &none):
			t.Errorf("%s: error %v", name, err)
		case c.want != "" && (err != nil || ch.UnitPrice.Trim() != c.want || ch.Tier != 1 ||
			ch.Kind != table.OrderLine):
			t.Errorf("%s: %s at tier %d, %v; want %s", name, ch.UnitPrice.Trim(), ch.Tier, err, c.want)
		case c.want != "" && s.b.Versions[ch.Version].Tiers[0].UnitPrice != ch.UnitPrice:
			t.Errorf("%s: version %d", name, ch.Version)
		}
	}
	usage := monthly(s, db)
	usage.PeriodType = ""
	if ordering.Priced(bk, &usage) {
		t.Error("a usage price prices an order")
	}
}

// TestOrderPricedByItself checks that a change, an unsubscribe and an order with an official amount need no price.
func TestOrderPricedByItself(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	vps := s.product("vps", books.Subscription, books.PerRegion)
	bk := s.compile()
	for _, c := range []struct {
		kind  ordering.OrderType
		given bool
		want  bool
	}{
		{ordering.New, false, false},
		{ordering.Renew, false, false},
		{ordering.AutoRenew, false, false},
		{ordering.AutoRenew, true, true},
		{ordering.Change, true, true},
		{ordering.Unsubscribe, false, true},
	} {
		o := monthly(s, vps)
		o.Type, o.HasOfficial = c.kind, c.given
		if got := ordering.Priced(bk, &o); got != c.want {
			t.Errorf("%s, official given %v: %v", c.kind, c.given, got)
		}
	}
}

// TestOrderGivenOfficial checks that a given official amount overrides the price book and keeps all its digits, and
// that the payment has the digits of the currency.
func TestOrderGivenOfficial(t *testing.T) {
	t.Parallel()
	s, vps := orderShop(t)
	s.orderDiscount("half", books.Commercial, "0.5", "..")
	for _, c := range []struct {
		kind            ordering.OrderType
		official, named string
		want            string
	}{
		{ordering.Renew, "30", "", "0 order t0: 1 × 0 = 30 − 15 half → 15"},
		{ordering.New, "0", "", "0 order t0: 1 × 0 = 0 → 0"},
		{ordering.Change, "30", "", "0 order t0: 1 × 0 = 30 − 15 half → 15"},
		{ordering.Change, "30", "half", "0 order t0: 1 × 0 = 30 − 15 half → 15"},
		{ordering.Change, "-30.25", "half", "0 order t0: 1 × 0 = -30.25 → -30.25"},
		{ordering.Change, "10.005", "", "0 order t0: 1 × 0 = 10.005 − 5.005 half → 5"},
		{ordering.Change, "-10.005", "", "0 order t0: 1 × 0 = -10.005 − 0.005 of nobody → -10.01"},
	} {
		o := monthly(s, vps)
		o.Type, o.Official, o.HasOfficial, o.Discount = c.kind, amount(c.official), true, c.named
		if got := s.priced(o); got != c.want {
			t.Errorf("%s of %s:\ngot  %s\nwant %s", c.kind, c.official, got, c.want)
		}
	}
}

func TestOrderErrors(t *testing.T) {
	t.Parallel()
	s, vps := orderShop(t)
	bk := s.compile()
	for _, c := range []struct {
		name string
		with func(o *ordering.Order)
		want string
	}{
		{"unsubscribe", func(o *ordering.Order) { o.Type = ordering.Unsubscribe },
			"price the unsubscribe order of customer ann, sku vps: it has no price of its own"},
		{"change", func(o *ordering.Order) {
			o.Type = ordering.Change
		}, "price the change order of customer ann, sku vps: no official_amount"},
		{"below 0", func(o *ordering.Order) { o.Official, o.HasOfficial = amount("-1"), true },
			"price the new order of customer ann, sku vps: official_amount -1 below 0"},
		{"period_num", func(o *ordering.Order) {
			o.PeriodNum = 0
		}, "price the new order of customer ann, sku vps: period_num 0 below 1"},
		{"no price", func(o *ordering.Order) { o.PeriodType = "year" },
			"price the new order of customer ann, sku vps: no price in region north at 2026-09-04T16:00:00Z for year"},
		{"too large", func(o *ordering.Order) { o.Quantity, o.PeriodNum = q("1000000000000000"), 10 },
			"price the new order of customer ann, sku vps: official amount: "},
	} {
		o := monthly(s, vps)
		c.with(&o)
		ch, err := ordering.Price(bk, &o, nil)
		if err == nil || !strings.HasPrefix(err.Error(), c.want) || ch != (table.Charge{}) {
			t.Errorf("%s: %v, %v\nwant %s", c.name, ch, err, c.want)
		}
	}
}

// TestOrderDiscounts checks that the discount that an order names, of any kind, applies if it fits and lowers the
// price. Otherwise the best offer applies.
func TestOrderDiscounts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, named string
		with        func(s *shop)
		want        string
	}{
		{"none", "", func(*shop) {}, "0 order t1: 1 × 100 = 100 → 100"},
		{"the best of all modes", "", func(s *shop) {
			s.orderDiscount("a", books.Commercial, "0.9", "..")
			s.orderDiscount("b", books.Channel, "=85", "..")
			s.orderDiscount("c", books.Commercial, "-15.01", "..")
		}, "0 order t1: 1 × 100 = 100 − 15.01 c → 84.99"},
		{"a tie: commercial, channel, then id", "", func(s *shop) {
			s.orderDiscount("a", books.Channel, "=80", "..")
			s.orderDiscount("b", books.Commercial, "-20", "..")
			s.orderDiscount("c", books.Commercial, "0.8", "..")
		}, "0 order t1: 1 × 100 = 100 − 20 b → 80"},
		{"an order's own, not named", "", func(s *shop) { s.orderDiscount("a", books.OrderOffer, "0.1", "..") },
			"0 order t1: 1 × 100 = 100 → 100"},
		{"an order's own, named, though another is better", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "0.9", "..")
			s.orderDiscount("b", books.Commercial, "0.5", "..")
		}, "0 order t1: 1 × 100 = 100 − 10 a → 90"},
		{"a commercial one, named, though another is better", "b", func(s *shop) {
			s.orderDiscount("a", books.Commercial, "0.5", "..")
			s.orderDiscount("b", books.Commercial, "0.9", "..")
		}, "0 order t1: 1 × 100 = 100 − 10 b → 90"},
		{"named: the amount of the order", "a", func(s *shop) { s.orderDiscount("a", books.OrderOffer, "=80.5", "..") },
			"0 order t1: 1 × 100 = 100 − 19.5 a → 80.5"},
		{"named: an amount above the official one is no offer", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "=100.01", "..")
			s.orderDiscount("b", books.Commercial, "0.95", "..")
		}, "0 order t1: 1 × 100 = 100 − 5 b → 95"},
		{"named: what lowers nothing is no offer", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "1", "..")
			s.orderDiscount("b", books.Commercial, "0.95", "..")
		}, "0 order t1: 1 × 100 = 100 − 5 b → 95"},
		{"named: a reduction", "a", func(s *shop) { s.orderDiscount("a", books.OrderOffer, "-99.99", "..") },
			"0 order t1: 1 × 100 = 100 − 99.99 a → 0.01"},
		{"named: a reduction of at most all of it", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "-100.01", "..")
		},
			"0 order t1: 1 × 100 = 100 − 100 a → 0"},
		{"named, but not in the books", "zzz", func(s *shop) { s.orderDiscount("b", books.Commercial, "0.95", "..") },
			"0 order t1: 1 × 100 = 100 − 5 b → 95"},
		{"named, but over at pay_time", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "0.5", "..2026-09-05")
		},
			"0 order t1: 1 × 100 = 100 → 100"},
		{"named: the row in force", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "0.5", "..2026-09-05")
			s.orderDiscount("a", books.OrderOffer, "0.6", "2026-09-05..2026-09-06")
			s.orderDiscount("a", books.OrderOffer, "0.7", "2026-09-06..")
		}, "0 order t1: 1 × 100 = 100 − 40 a → 60"},
		{"named, but another customer's", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "0.5", "..").Customer = 1
		},
			"0 order t1: 1 × 100 = 100 → 100"},
		{"named, for another service", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "0.5", "..").Service = "svc-x"
		},
			"0 order t1: 1 × 100 = 100 → 100"},
		{"named, for the customer, service and sku", "a", func(s *shop) {
			d := s.orderDiscount("a", books.OrderOffer, "0.5", "..")
			d.Customer, d.Service, d.SKU = 0, "svc-v", 0
		}, "0 order t1: 1 × 100 = 100 − 50 a → 50"},
		{"named, of a partner who is not the reseller", "a", func(s *shop) {
			s.associate(0, 1, books.Resale, "..")
			s.orderDiscount("a", books.PartnerOffer, "0.5", "..").Partner = 0
		}, "0 order t1: 1 × 100 = 100 → 100"},
		{"the reseller's, not named", "", func(s *shop) {
			s.associate(0, 1, books.Resale, "..")
			s.orderDiscount("a", books.PartnerOffer, "-30", "..").Partner = 1
		}, "0 order t1: 1 × 100 = 100 − 30 a → 70"},
		{"the reseller's, named", "a", func(s *shop) {
			s.associate(0, 1, books.Resale, "..")
			s.orderDiscount("a", books.PartnerOffer, "0.8", "..").Partner = 1
			s.orderDiscount("b", books.Commercial, "0.5", "..")
		}, "0 order t1: 1 × 100 = 100 − 20 a → 80"},
		{"allow_discount NO", "a", func(s *shop) {
			s.orderDiscount("a", books.OrderOffer, "0.5", "..")
			s.orderDiscount("b", books.Commercial, "0.5", "..")
			s.b.Products[0].AllowDiscount = false
		}, "0 order t1: 1 × 100 = 100 → 100"},
		{"payment = Rd(after)", "", func(s *shop) { s.orderDiscount("a", books.Commercial, "0.12345", "..") },
			"0 order t1: 1 × 100 = 100 − 87.65 a → 12.35"},
		{"after = R8, then Rd", "", func(s *shop) {
			s.b.Versions[0].Tiers[0].UnitPrice = price("0.1")
			s.orderDiscount("a", books.Commercial, "0.0499999999", "..")
		}, "0 order t1: 1 × 0.1 = 0.1 − 0.09 a → 0.01"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, vps := orderShop(t)
			c.with(s)
			o := monthly(s, vps)
			o.Discount = c.named
			if got := s.priced(o); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

// TestOrderGrain checks that the grain of rounding does not apply to orders, only to usage.
func TestOrderGrain(t *testing.T) {
	t.Parallel()
	s, vps := orderShop(t)
	s.rules = tariff.Rules{Grain: tariff.PerLine, Mode: money.Truncate, Digits: 2}
	s.orderDiscount("a", books.Commercial, "0.12345", "..")
	if got, want := s.priced(monthly(s, vps)), "0 order t1: 1 × 100 = 100 − 87.65 a → 12.35"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestOrderTrace(t *testing.T) {
	t.Parallel()
	s := newShop(t, "UTC")
	vps := s.product("vps", books.Subscription, books.PerRegion)
	s.periodPrice(vps, "gold", "*", "year", "..", "900")
	s.periodPrice(vps, "standard", "*", "month", "..", "100")
	s.b.Customers[0].Rows[0].PriceList = "gold"
	s.orderDiscount("a", books.Commercial, "0.9", "..")
	s.orderDiscount("b", books.Commercial, "=240", "..")
	s.orderDiscount("c", books.Channel, "-12.345", "..")
	s.orderDiscount("d", books.OrderOffer, "0.5", "..2026-01-01")
	s.orderDiscount("e", books.OrderOffer, "=290", "..")
	s.orderDiscount("f", books.OrderOffer, "=500", "..")
	bk := s.compile()
	look := []string{
		"price list gold, region north: no price of vps in force at 2026-09-05T00:00:00Z",
		"price list gold, region *: no price of vps in force at 2026-09-05T00:00:00Z",
		"price list standard, region north: no price of vps in force at 2026-09-05T00:00:00Z",
		"price list standard, region *: price of vps in force always",
		"official 1 × 100 × 3 (month) = 300",
	}
	best := []string{
		"commercial discount a pays the share 0.9: 270 after discount, the lowest so far",
		"commercial discount b fixes the order at 240: 240 after discount, the lowest so far",
		"channel discount c takes 12.345 off the order: 287.655 after discount, no better than the previous offer",
		"discount b leaves 240; rounded to 2 decimals; to pay 240",
	}
	for _, c := range []struct {
		named string
		want  []string
	}{
		{"", append(look[:5:5], best...)},
		{"d", append(append(look[:5:5],
			"named by the order: discount d is not in force at 2026-09-05T00:00:00Z for this customer and product, "+
				"as if not named"), best...)},
		{"e", append(look[:5:5],
			"named by the order: order discount e fixes the order at 290: 290 after discount, so it is the one",
			"discount e leaves 290; rounded to 2 decimals; to pay 290")},
		{"f", append(append(look[:5:5],
			"named by the order: order discount f fixes the order at 500: above the official price, no offer"),
			best...)},
	} {
		o := monthly(s, vps)
		o.PayTime, o.PeriodNum, o.Discount = s.at("2026-09-05"), 3, c.named
		var steps []string
		watched, err := ordering.Price(bk, &o, func(step tariff.DerivationStep) {
			steps = append(steps,
				step.String())
		})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.want, steps); diff != "" {
			t.Errorf("discount %q (-want +got):\n%s", c.named, diff)
		}
		if plain := must(ordering.Price(bk, &o, nil)); plain != watched {
			t.Errorf("unwatched %v, watched %v", plain, watched)
		}
	}
	o := monthly(s, vps)
	o.Type, o.Official, o.HasOfficial = ordering.Change, amount("-10.005"), true
	var steps []string
	must(ordering.Price(bk, &o, func(step tariff.DerivationStep) { steps = append(steps, step.String()) }))
	want := []string{"official amount given by the order: -10.005", "rounded to 2 decimals; to pay -10.01"}
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("change (-want +got):\n%s", diff)
	}
}

// TestOrderProperties checks for any offers that the amounts add up, that payments have whole cents, that an additional
// offer never raises the payment, and that no order pays more than its official amount.
func TestOrderProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s, vps := orderShop(t)
		n := rapid.IntRange(0, 4).Draw(rt, "discounts")
		for i := range n {
			value := rapid.SampledFrom([]string{"0.5", "0.333", "1", "0", "=80", "=500", "-7.775", "-900"}).Draw(rt,
				"value")
			s.orderDiscount(fmt.Sprint("d", i), books.DiscountKind(rapid.SampledFrom([]int{0, 1, 3}).Draw(rt, "kind")),
				value, "..")
		}
		o := monthly(s, vps)
		o.Quantity = must(money.QuantityFromRaw(0, rapid.Uint64Range(0, 1e12).Draw(rt, "quantity")))
		o.PeriodNum = rapid.Int64Range(1, 36).Draw(rt, "periods")
		o.Discount = rapid.SampledFrom([]string{"", "d0", "d1", "none"}).Draw(rt, "named")
		ch := must(ordering.Price(s.compile(), &o, nil))
		if must(ch.Discount.Add(ch.Payment)) != ch.Official || ch.Payment != ch.Payment.Td(2) ||
			ch.Official != ch.Official.Td(2) {
			rt.Fatalf("official %s, discount %s, payment %s", ch.Official, ch.Discount, ch.Payment)
		}
		if ch.Payment.Sign() < 0 || ch.Payment.Cmp(ch.Official) > 0 {
			rt.Fatalf("payment %s of %s", ch.Payment, ch.Official)
		}
		if ch.DiscountID >= 0 && s.b.Discounts[ch.DiscountID].Kind == books.OrderOffer &&
			s.b.Discounts[ch.DiscountID].ID != o.Discount {
			rt.Fatalf("discount %s, not named", s.b.Discounts[ch.DiscountID].ID)
		}
		o.Discount = ""
		before := must(ordering.Price(s.compile(), &o, nil))
		s.orderDiscount("z", books.Channel, "-1.005", "..")
		if after := must(ordering.Price(s.compile(), &o, nil)); after.Payment.Cmp(before.Payment) > 0 {
			rt.Fatalf("payment %s, with one more offer %s", before.Payment, after.Payment)
		}
	})
}
