package run

import (
	"errors"
	"math"
	"math/bits"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/settings"
)

func share(t *testing.T, text string) money.Rate {
	t.Helper()
	r, err := money.ParseRate(text)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestGateExceeds checks that a value equal to a gate passes, and that one more reject does not. Invariant: GATE-1.
func TestGateExceeds(t *testing.T) {
	t.Parallel()
	const most = math.MaxInt64
	for _, c := range []struct {
		share          string // "" = none
		count          int64  // -1 = none
		rows, rejected int64
		want           bool
	}{
		{"", -1, 0, 0, false},
		{"", -1, most, most, false}, // no gate
		{"", 0, 10, 0, false},
		{"", 0, 10, 1, true},
		{"", 5, 5, 5, false},
		{"", 5, 6, 6, true},
		{"", most, most, most, false},
		{"0", -1, 0, 0, false},
		{"0", -1, most, 0, false},
		{"0", -1, most, 1, true},
		{"0.1", -1, 10, 1, false},
		{"0.1", -1, 9, 1, true},
		{"0.1", -1, 0, 0, false},
		{"0.01", -1, 100, 1, false},
		{"0.01", -1, 99, 1, true},
		{"0.3333333333", -1, 3, 1, true}, // a third is more than the share
		{"0.3333333334", -1, 3, 1, false},
		{"1", -1, 7, 7, false},
		{"1", -1, most, most, false}, // not more than all rows can be rejected
		{"0.0000000001", -1, 10_000_000_000, 1, false},
		{"0.0000000001", -1, 9_999_999_999, 1, true},
		{"0.5", -1, most, most / 2, false}, // half of 2^63 - 1, truncated, is less than half
		{"0.5", -1, most, most/2 + 1, true},
		{"0.5", 5, 100, 6, true}, // each limit applies
		{"0.05", 50, 100, 6, true},
		{"0.05", 50, 100, 5, false},
	} {
		g := settings.Gate{HasCount: c.count >= 0, Count: max(c.count, 0)}
		if c.share != "" {
			g.HasShare, g.Share = true, share(t, c.share)
		}
		if got := exceeds(g, c.rows, c.rejected); got != c.want {
			t.Errorf("gate %s: %d rejects in %d rows exceed it: %t, want %t", g, c.rejected, c.rows, got, c.want)
		}
	}
}

// drawGate draws a gate with a share, a count, both or neither.
func drawGate(t *rapid.T, name string) (g settings.Gate, units uint64) {
	g.HasShare, g.HasCount = rapid.Bool().Draw(t, name+" share"), rapid.Bool().Draw(t, name+" count")
	if g.HasCount {
		g.Count = rapid.Int64Range(0, 1_000_000_000).Draw(t, name+" most")
	}
	if g.HasShare {
		units = rapid.OneOf(rapid.Uint64Range(0, 1e10),
			rapid.SampledFrom([]uint64{0, 1, 1e8, 1e9, 1e10 - 1, 1e10})).Draw(t, name+" units")
		var err error
		if g.Share, err = money.RateFromRaw(0, units); err != nil {
			t.Fatal(err)
		}
	}
	return g, units
}

// above computes the rule with 128-bit integers: rejected × 10^10 > units × rows.
func above(g settings.Gate, units uint64, rows, rejected int64) bool {
	hi, lo := bits.Mul64(uint64(rejected), 1e10)
	to, lower := bits.Mul64(units, uint64(rows))
	return g.HasCount && rejected > g.Count || g.HasShare && (hi > to || hi == to && lo > lower)
}

// drawCounts draws the number of rows of a file and of rejects, often near the limit of a gate.
func drawCounts(t *rapid.T, g settings.Gate, units uint64) (rows, rejected int64) {
	rows = rapid.OneOf(rapid.Int64Range(0, 20), rapid.Int64Range(0, 1_000_000_000_000),
		rapid.SampledFrom([]int64{0, 1, math.MaxInt64})).Draw(t, "rows")
	hi, lo := bits.Mul64(units, uint64(rows))
	share, _ := bits.Div64(hi, lo, 1e10) // fits, since units ≤ 10^10
	edge := rapid.SampledFrom([]int64{0, rows, int64(share), g.Count}).Draw(t, "edge")
	if rapid.Bool().Draw(t, "anywhere") {
		edge = rapid.Int64Range(0, rows).Draw(t, "rejected")
	}
	near := rapid.Int64Range(-1, 1).Draw(t, "beside")
	if edge > 0 && edge < math.MaxInt64 {
		edge += near
	}
	return rows, min(max(edge, 0), rows)
}

// TestGateRule compares the decision with the rule on integers, and checks what follows from the rule.
func TestGateRule(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		g, units := drawGate(t, "gate")
		rows, rejected := drawCounts(t, g, units)
		got := exceeds(g, rows, rejected)
		if want := above(g, units, rows, rejected); got != want {
			t.Fatalf("gate %s: %d rejects in %d rows exceed it: %t, want %t", g, rejected, rows, got, want)
		}
		if got && rejected < rows && !exceeds(g, rows, rejected+1) {
			t.Fatal("one reject more passes")
		}
		if !got && rows < math.MaxInt64 && exceeds(g, rows+1, rejected) {
			t.Fatal("one good row more does not pass")
		}
		if share, count := (settings.Gate{HasShare: g.HasShare, Share: g.Share}),
			(settings.Gate{HasCount: g.HasCount, Count: g.Count}); got != (exceeds(share, rows, rejected) ||
			exceeds(count, rows, rejected)) {
			t.Fatal("both together are not either")
		}
	})
}

// TestGateFeeds checks that each feed is decided by its own gate, by the rows and rejects of all its ingested files and
// no others. Invariant: GATE-1.
func TestGateFeeds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var gates settings.Gates
		units := make(map[string]uint64)
		gates.Usage, units["usage"] = drawGate(t, "usage")
		gates.Orders, units["orders"] = drawGate(t, "orders")
		gates.Bandwidth, units["bandwidth"] = drawGate(t, "bandwidth")
		rows, rejected := make(map[string]int64), make(map[string]int64)
		var files []*accept.File
		for range rapid.IntRange(0, 8).Draw(t, "files") {
			f := &accept.File{Feed: rapid.SampledFrom([]string{"bandwidth", "orders", "transfers", "usage"}).Draw(t,
				"feed")}
			f.Rows = rapid.Int64Range(0, 30).Draw(t, "rows")
			f.Rejected = rapid.Int64Range(0, f.Rows).Draw(t, "rejected")
			switch rapid.IntRange(0, 5).Draw(t, "taken") {
			case 0:
				f.Fault = errors.New("no header")
			case 1:
				f.Deferred = errors.New("it grows")
			default:
				rows[f.Feed] += f.Rows
				rejected[f.Feed] += f.Rejected
			}
			files = append(files, f)
		}
		g := &Gate{Gates: gates, Scanned: &accept.Scanned{Files: files}}
		var want, got []string
		for _, feed := range []string{"bandwidth", "orders", "usage"} { // transfers have no gate
			if above(gates.Of(feed), units[feed], rows[feed], rejected[feed]) {
				want = append(want, feed)
			}
		}
		for _, f := range g.over() {
			got = append(got, f.Feed)
			if f.Rows != rows[f.Feed] || f.Rejected != rejected[f.Feed] || !strings.Contains(f.String(), f.Feed) {
				t.Fatalf("%+v, want %d rejects in %d rows", f, rejected[f.Feed], rows[f.Feed])
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("held back by %q, want %q", got, want)
		}
	})
}
