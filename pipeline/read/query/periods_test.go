package query

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

func shanghai(t *testing.T) *period.Zone {
	t.Helper()
	z, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func pricesOf(z *period.Zone) *tariff.Book {
	return tariff.Compile(&books.Books{Zone: z}, tariff.Rules{})
}

// at parses a day of the zone; "" returns open.
func at(t *testing.T, z *period.Zone, day string, open period.Instant) period.Instant {
	t.Helper()
	if day == "" {
		return open
	}
	when, err := period.ParseValidity(day, z)
	if err != nil {
		t.Fatal(err)
	}
	return when
}

// spanText returns a span as text, with local midnights as days.
func spanText(z *period.Zone, s period.Span) string {
	day := func(t period.Instant) string {
		if t == period.Past || t == period.Forever {
			return "open"
		}
		d, micros := z.Local(t)
		if micros != 0 {
			return t.String()
		}
		return d.String()
	}
	return day(s.From) + "/" + day(s.To)
}

// TestPeriods tests QUOTA-1.
func TestPeriods(t *testing.T) {
	t.Parallel()
	z := shanghai(t)
	for _, c := range []struct {
		name     string
		reset    books.PackageReset
		from, to string
		cycle    string
		want     string
	}{
		{"never refilled", books.ResetNone, "2026-01-15", "2026-10-10", "2026-09", "2026-01-15/2026-10-10"},
		{"never refilled, open", books.ResetNone, "", "", "2026-09", "open/open"},
		{"ended before", books.ResetNone, "2026-01-15", "2026-09-01", "2026-09", ""},
		{"not begun", books.ResetCycle, "2026-10-01", "", "2026-09", ""},
		{"with the cycle", books.ResetCycle, "", "", "2026-09", "2026-09-01/2026-10-01"},
		{"begins and ends inside", books.ResetCycle, "2026-09-05", "2026-09-20", "2026-09", "2026-09-05/2026-09-20"},
		{"anniversary of the 15th", books.ResetAnniversary, "2026-01-15", "", "2026-09",
			"2026-08-15/2026-09-15 2026-09-15/2026-10-15"},
		{"anniversary of the 31st, September has 30 days", books.ResetAnniversary, "2026-01-31", "", "2026-09",
			"2026-08-31/2026-09-30 2026-09-30/2026-10-31"},
		{"anniversary of the 31st, February has 28", books.ResetAnniversary, "2026-01-31", "", "2026-02",
			"2026-01-31/2026-02-28 2026-02-28/2026-03-31"},
		{"anniversary of the 1st", books.ResetAnniversary, "2026-01-01", "", "2026-09", "2026-09-01/2026-10-01"},
		{"anniversary, ends before the second", books.ResetAnniversary, "2026-01-15", "2026-09-10", "2026-09",
			"2026-08-15/2026-09-10"},
		{"anniversary, begins inside", books.ResetAnniversary, "2026-09-10", "", "2026-09", "2026-09-10/2026-10-10"},
		{"anniversary without a beginning", books.ResetAnniversary, "", "", "2026-09", "open/open"},
	} {
		cycle, err := period.ParseCycle(c.cycle)
		if err != nil {
			t.Fatal(err)
		}
		p := &books.Package{Reset: c.reset, Valid: period.Span{From: at(t, z, c.from, period.Past),
			To: at(t, z, c.to, period.Forever)}}
		var got []string
		for _, s := range periodsOf(pricesOf(z), p, z.Bounds(cycle)) {
			got = append(got, spanText(z, s))
		}
		if text := strings.Join(got, " "); text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

func TestNextRefill(t *testing.T) {
	t.Parallel()
	z := shanghai(t)
	for _, c := range []struct {
		name           string
		reset          books.PackageReset
		from, to, when string
		want           string
	}{
		{"never", books.ResetNone, "2026-01-15", "", "2026-09-15", "open"},
		{"with the cycle", books.ResetCycle, "2026-01-15", "", "2026-09-15", "2026-10-01"},
		{"with the cycle, but ends with it", books.ResetCycle, "2026-01-15", "2026-10-01", "2026-09-15", "open"},
		{"anniversary, later this month", books.ResetAnniversary, "2026-01-20", "", "2026-09-15", "2026-09-20"},
		{"anniversary, on the day itself the next", books.ResetAnniversary, "2026-01-15", "", "2026-09-15",
			"2026-10-15"},
		{"anniversary of the 31st", books.ResetAnniversary, "2026-01-31", "", "2026-09-15", "2026-09-30"},
		{"anniversary without a beginning", books.ResetAnniversary, "", "", "2026-09-15", "open"},
	} {
		p := &books.Package{Reset: c.reset, Valid: period.Span{From: at(t, z, c.from, period.Past),
			To: at(t, z, c.to, period.Forever)}}
		got := spanText(z, period.Span{From: nextRefill(pricesOf(z), p, at(t, z, c.when, 0)), To: period.Forever})
		if want := c.want + "/open"; got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
	}
}
