package rating_test

import (
	"testing"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
)

const all int32 = -1

// offerShop sells "vm" flat at 10 in service svc-v and "api" flat at 10 in service svc-a.
func offerShop(t testing.TB) (s *shop, api, vm int32) {
	s = newShop(t, "Asia/Shanghai")
	api = s.product("api", books.Flat, books.PerRegion)
	vm = s.product("vm", books.Flat, books.PerRegion)
	s.price(api, "standard", "*", "..", "- 10")
	s.price(vm, "standard", "*", "..", "- 10")
	return s, api, vm
}

// TestBestOffer tests RATE-6.
func TestBestOffer(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		with func(s *shop, vm int32)
		want string
	}{
		{"none", func(*shop, int32) {}, "0 usage t1: 2 × 10 = 20 → 20"},
		{"the lowest of all scopes", func(s *shop, vm int32) {
			s.discount("a-any", books.Commercial, all, all, all, "0.9", "..")
			s.discount("b-sku", books.Channel, all, all, vm, "0.7", "..")
			s.discount("c-own", books.Commercial, 0, all, all, "0.8", "..")
			s.discount("d-both", books.Commercial, 0, all, vm, "0.75", "..")
		}, "0 usage t1: 2 × 10 = 20 − 6 b-sku → 14"},
		{"another customer's, another sku's", func(s *shop, vm int32) {
			s.discount("a", books.Commercial, 1, all, all, "0.1", "..")
			s.discount("b", books.Commercial, all, all, vm-1, "0.1", "..")
			s.discount("c", books.Commercial, 0, all, vm, "0.75", "..")
		}, "0 usage t1: 2 × 10 = 20 − 5 c → 15"},
		{"half-open validity", func(s *shop, vm int32) {
			s.discount("a", books.Commercial, all, all, all, "0.1", "..2026-09-05")
			s.discount("b", books.Commercial, all, all, all, "0.2", "2026-09-06..")
			s.discount("c", books.Commercial, all, all, all, "0.3", "2026-09-05..2026-09-06")
		}, "0 usage t1: 2 × 10 = 20 − 14 c → 6"},
		{"a service", func(s *shop, vm int32) {
			s.discount("a", books.Commercial, all, all, all, "0.5", "..")
			s.discount("b", books.Commercial, all, all, all, "0.4", "..")
			s.discount("c", books.Commercial, all, all, all, "0.3", "..")
			s.b.Discounts[0].Service, s.b.Discounts[1].Service, s.b.Discounts[2].Service = "svc-v", "svc-a", "svc-x"
		}, "0 usage t1: 2 × 10 = 20 − 10 a → 10"},
		{"a tie: commercial, channel, partner", func(s *shop, vm int32) {
			s.associate(0, 0, books.Resale, "..")
			s.discount("a", books.PartnerOffer, all, 0, all, "0.5", "..")
			s.discount("b", books.Channel, all, all, all, "0.5", "..")
			s.discount("c", books.Commercial, 0, all, vm, "0.5", "..")
			s.discount("d", books.Commercial, all, all, all, "0.5", "..")
		}, "0 usage t1: 2 × 10 = 20 − 10 c → 10"},
		{"a tie between a fixed price and a rate", func(s *shop, vm int32) {
			s.discount("a", books.Channel, all, all, all, "0.5", "..")
			s.discount("b", books.Commercial, all, all, all, "=5", "..")
		}, "0 usage t1: 2 × 10 = 20 − 10 b → 10"},
		{"fixed above the official price", func(s *shop, vm int32) {
			s.discount("a", books.Commercial, all, all, all, "=10.0000000001", "..")
		}, "0 usage t1: 2 × 10 = 20 → 20"},
		{"what lowers nothing", func(s *shop, vm int32) {
			s.discount("a", books.Commercial, all, all, all, "=10", "..")
			s.discount("b", books.Commercial, all, all, all, "1", "..")
		}, "0 usage t1: 2 × 10 = 20 → 20"},
		{"allow_discount NO", func(s *shop, vm int32) {
			s.discount("a", books.Commercial, all, all, all, "0.5", "..")
			s.b.Products[vm].AllowDiscount = false
		}, "0 usage t1: 2 × 10 = 20 → 20"},
		{"orders' own discounts and reductions", func(s *shop, vm int32) {
			s.discount("a", books.OrderOffer, all, all, all, "0.1", "..")
			s.discount("b", books.Commercial, all, all, all, "0", "..")
			s.b.Discounts[1].Mode = books.ModeReduction
		}, "0 usage t1: 2 × 10 = 20 → 20"},
		{"all of it", func(s *shop, vm int32) {
			s.discount("a", books.Commercial, all, all, all, "0", "..")
		}, "0 usage t1: 2 × 10 = 20 − 20 a → 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s, _, vm := offerShop(t)
			c.with(s, vm)
			b := s.open(month)
			b.use(vm, "2026-09-05", 0, "x", "2")
			b.want(c.want)
		})
	}
}

// TestPartnerOffers checks that a partner's offer applies to customers whose reseller it is at that instant, and that a
// referrer's offer never applies.
func TestPartnerOffers(t *testing.T) {
	t.Parallel()
	s, _, vm := offerShop(t)
	s.associate(0, 0, books.Resale, "2026-09-02..2026-09-05")
	s.associate(0, 1, books.Resale, "2026-09-05..2026-09-08")
	s.associate(0, 0, books.Referral, "2026-09-08..")
	s.discount("a-any", books.PartnerOffer, all, 0, all, "0.5", "..")
	s.discount("b-own", books.PartnerOffer, 0, 1, vm, "0.4", "..")
	b := s.open(month)
	for _, day := range []string{"2026-09-01", "2026-09-02", "2026-09-04 23:59", "2026-09-05", "2026-09-08"} {
		b.use(vm, day, 0, "x", "1")
	}
	b.want("0 usage t1: 1 × 10 = 10 → 10", "1 usage t1: 1 × 10 = 10 − 5 a-any → 5",
		"2 usage t1: 1 × 10 = 10 − 5 a-any → 5", "3 usage t1: 1 × 10 = 10 − 6 b-own → 4",
		"4 usage t1: 1 × 10 = 10 → 10")
}

// TestOffersByLine checks that each line gets its own best offer, and that a fixed price does not apply to a flat fee.
func TestOffersByLine(t *testing.T) {
	t.Parallel()
	s := newShop(t, "Asia/Shanghai")
	s.rules = tariff.Rules{Grain: tariff.PerLine, Mode: money.Truncate, Digits: 2}
	sku := s.product("api", books.Graduated, books.PerRegion)
	s.price(sku, "standard", "*", "..", "10 1 3", "- 0.5 0.333")
	s.discount("fixed", books.Commercial, all, all, all, "=0.3", "..")
	s.discount("rate", books.Commercial, all, all, all, "0.5", "..")
	b := s.open(month)
	b.use(sku, "2026-09-05", 0, "x", "12")
	b.want("0 usage t1: 10 × 1 = 10 − 7 fixed → 3", "0 flat_fee t1: 1 × 3 = 3 − 1.5 rate → 1.5 used 0",
		"0 usage t2: 2 × 0.5 = 1 − 0.5 rate → 0.5",
		"0 flat_fee t2: 1 × 0.333 = 0.333 − 0.1665 rate − 0.0065 → 0.16 used 0")
}
