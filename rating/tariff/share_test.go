package tariff_test

import (
	"math/big"
	"testing"
	"time"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestShareOf checks the share that a part of a recurring charge has in its period (§10.5).
func TestShareOf(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour int) period.Instant {
		return period.Instant(time.Date(2026, 9, day, hour, 0, 0, 0, time.UTC).UnixMicro())
	}
	month := period.Span{From: at(1, 0), To: at(31, 0)} // 30 days
	for _, c := range []struct {
		name     string
		by       books.Proration
		part, of period.Span
		want     *big.Rat
	}{
		{"days", books.ByDays, period.Span{From: at(11, 0), To: at(31, 0)}, month, big.NewRat(20, 30)},
		{"days ignore the hour", books.ByDays, period.Span{From: at(11, 23), To: at(31, 0)}, month, big.NewRat(20, 30)},
		{"a period without a day", books.ByDays, period.Span{From: at(1, 5), To: at(1, 9)},
			period.Span{From: at(1, 2), To: at(1, 9)}, new(big.Rat)},
		{"seconds", books.BySeconds, period.Span{From: at(1, 12), To: at(31, 0)}, month, big.NewRat(59, 60)},
		{"seconds of one day", books.BySeconds, period.Span{From: at(1, 5), To: at(1, 9)},
			period.Span{From: at(1, 1), To: at(1, 9)}, big.NewRat(1, 2)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := tariff.ShareOf(zone, c.by, c.part, c.of); got.Cmp(c.want) != 0 {
				t.Errorf("share %s, want %s", got, c.want)
			}
		})
	}
}
