package rating_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
)

// commit adds a commitment that covers any product.
func (s *shop) commit(id string, kind books.CommitmentKind, value, valid string, change func(*books.Commitment)) {
	s.t.Helper()
	c := books.Commitment{
		ID:      id,
		Service: "*",
		SKU:     -1,
		Kind:    kind,
		Amount:  amount(value),
		Overage: price("1"),
		TrueUp:  true,
		Valid:   s.span(valid),
	}
	if change != nil {
		change(&c)
	}
	c.Anchor = c.Valid.From
	s.b.Commitments = append(s.b.Commitments, c)
}

// wantCommitments compares the charges of a cycle's commitments. spent has `time = payment` of the records' lines.
func (s *shop) wantCommitments(cycle, now string, spent []string, want ...string) {
	s.t.Helper()
	var list []rating.CommitmentSpent
	for _, text := range spent {
		at, payment, _ := strings.Cut(text, " = ")
		list = append(list,
			rating.CommitmentSpent{At: s.at(at), SKU: 0, Service: "svc-a", Payment: amount(payment), Record: true})
	}
	lines, err := rating.CommitmentLines(s.compile(), 0, must(period.ParseCycle(cycle)), list, s.at(now), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	var got []string
	for _, p := range lines {
		got = append(
			got,
			fmt.Sprintf("%s %s %s in %s..%s", p.Row.ID, p.Kind, p.Amount.Trim(), s.b.Zone.Day(p.Bounds.From),
				s.b.Zone.Day(p.Bounds.To)),
		)
	}
	if !slices.Equal(got, want) {
		s.t.Errorf("lines of %s (-want +got):\n%s", cycle, cmp.Diff(want, got))
	}
}

func commitShop(t *testing.T) *shop {
	s := newShop(t, "UTC")
	sku := s.product("a", books.Flat, books.PerCustomer)
	s.price(sku, "standard", "*", "..", "- 2")
	return s
}

// TestMinimum checks that a minimum of 100 is charged without any usage, but not before the end of its window.
func TestMinimum(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("m", books.Minimum, "100", "..", nil)
	s.wantCommitments("2024-04", "2024-05-01", nil, "m true_up 100 in 2024-04-01..2024-05-01")
	s.wantCommitments("2024-04", "2024-04-30", nil)
	s.wantCommitments("2024-04", "2024-05-01", []string{"2024-04-03 = 40", "2024-05-01 = 70", "2024-03-31 = 9"},
		"m true_up 60 in 2024-04-01..2024-05-01")
	s.wantCommitments("2024-04", "2024-05-01", []string{"2024-04-03 = 140"})
}

// TestMaximum checks 7 units at 10 less 50 %, 35, and then 20 units less 50 %, 100: of the total of 135, a maximum of
// 100 returns 35 immediately.
func TestMaximum(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("m", books.Maximum, "100", "..", nil)
	s.wantCommitments("2024-04", "2024-04-02", []string{"2024-04-01 = 35", "2024-04-01 = 100"},
		"m cap -35 in 2024-04-01..2024-05-01")
	s.wantCommitments("2024-04", "2024-05-01", []string{"2024-04-01 = 35"})
}

// TestCommitByHour checks a commit of 10 per hour at 2 per unit with factor 2: 2 units cost 10, and 8 units cost 22.
func TestCommitByHour(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("c", books.Commit, "10", "2024-04-01T00:00:00Z..2024-04-01T02:00:00Z", func(c *books.Commitment) {
		c.Window, c.Overage = books.HourWindow, price("2")
	})
	s.wantCommitments("2024-04", "2024-05-01",
		[]string{"2024-04-01 00:10 = 4", "2024-04-01 01:59 = 16", "2024-04-01 02:00 = 99"},
		"c true_up 6 in 2024-04-01..2024-04-01", "c overage 6 in 2024-04-01..2024-04-01")
}

// TestCommitWithoutTrueUp checks that a factor below 1 makes usage above the commit cheaper, and that without a true-up
// missing usage is not charged.
func TestCommitWithoutTrueUp(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("c", books.Commit, "10", "..", func(c *books.Commitment) { c.TrueUp, c.Overage = false, price("0.75") })
	s.wantCommitments("2024-04", "2024-05-01", []string{"2024-04-01 = 4"})
	s.wantCommitments("2024-04", "2024-05-01", []string{"2024-04-01 = 20"}, "c overage -2.5 in 2024-04-01..2024-05-01")
}

// TestPartOfAWindow checks a minimum of 10,000 from 28 February 2024. In its first cycle 2 of 29 days, 689.66, are
// charged, or all of it without proration.
func TestPartOfAWindow(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("m", books.Minimum, "10000", "2024-02-28..", nil)
	s.wantCommitments("2024-02", "2024-03-01", []string{"2024-02-29 = 36.90"},
		"m true_up 652.76 in 2024-02-28..2024-03-01")
	s = commitShop(t)
	s.commit("m", books.Minimum, "10000", "2024-02-28..", func(c *books.Commitment) { c.Whole = true })
	s.wantCommitments("2024-02", "2024-03-01", nil, "m true_up 10000 in 2024-02-28..2024-03-01")
}

// TestYearOfCommitment checks that a year is charged once, in the cycle in which the year or the row ends.
func TestYearOfCommitment(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("y", books.Commit, "3660", "2024-02-15..2025-03-01",
		func(c *books.Commitment) { c.Window = books.YearWindow })
	s.wantCommitments("2024-02", "2026-01-01", nil)
	s.wantCommitments(
		"2025-02",
		"2026-01-01",
		[]string{"2024-02-14 = 1000", "2024-02-15 = 660", "2025-02-14 = 1000", "2025-02-15 = 9"},
		"y true_up 2131.38 in 2024-02-15..2025-03-01",
	) // 3,660 − 1,660, plus 3,660 × 14/365 − 9, on one line of the cycle
}

// TestCommitOfAQuantity checks that a quantity is priced at the start of the window, and that a full day is charged
// even if the row is in force for only a part of it.
func TestCommitOfAQuantity(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("q", books.Commit, "0", "2024-04-02 18:00..2024-04-04", func(c *books.Commitment) {
		c.SKU, c.ByQuantity, c.Value, c.Window = 0, true, q("5"), books.DayWindow
	})
	s.wantCommitments("2024-04", "2024-05-01", []string{"2024-04-02 19:00 = 4"},
		"q true_up 16 in 2024-04-02..2024-04-04") // 10 − 4, then 10
}

// TestOverlappingCommitments checks that a charge from the minimum of a product counts towards a maximum of everything.
func TestOverlappingCommitments(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("all", books.Maximum, "60", "..", nil)
	s.commit("sku", books.Minimum, "100", "..", func(c *books.Commitment) { c.SKU = 0 })
	s.wantCommitments("2024-04", "2024-05-01", []string{"2024-04-03 = 10"},
		"sku true_up 90 in 2024-04-01..2024-05-01", "all cap -40 in 2024-04-01..2024-05-01")
}

// TestCommitmentBilledBefore checks that what the maximum of a product returned in an earlier cycle does not count as
// missing usage in the yearly minimum of the product.
func TestCommitmentBilledBefore(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("most", books.Maximum, "50", "2024-01-01..", func(c *books.Commitment) { c.SKU = 0 })
	s.commit("year", books.Minimum, "100", "2023-04-01..", func(c *books.Commitment) {
		c.SKU, c.Window = 0, books.YearWindow
	})
	returned := rating.CommitmentSpent{At: s.at("2024-01-31"), SKU: 0, Service: "svc-a", Payment: amount("-40"),
		By: "most"}
	lines, err := rating.CommitmentLines(s.compile(), 0, must(period.ParseCycle("2024-03")), []rating.CommitmentSpent{
		{At: s.at("2024-01-05"), SKU: 0, Service: "svc-a", Payment: amount("90"), Record: true}, returned,
	}, s.at("2024-04-01"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(lines) != 1 || lines[0].Kind.String() != "true_up" || lines[0].Amount.Trim() != "10" {
		t.Errorf("lines %+v, want a true-up of 10", lines)
	}
}

// TestCommittedUntil checks that the lines of a cycle are needed until the end of the last window that counts them
// (FCOMMIT-4, ARCH-6).
func TestCommittedUntil(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("month", books.Minimum, "100", "..", nil)
	year := func(c *books.Commitment) { c.Window = books.YearWindow }
	s.commit("year", books.Minimum, "100", "2023-04-15..2024-09-01", year)
	for cycle, want := range map[string]string{"2023-03": "2023-03", "2023-04": "2024-04", "2024-03": "2024-04",
		"2024-04": "2024-08", "2024-08": "2024-08", "2024-09": "2024-09"} {
		if got := rating.CommittedUntil(s.b, must(period.ParseCycle(cycle))); got.String() != want {
			t.Errorf("lines of %s are needed until %s, want %s", cycle, got, want)
		}
	}
}

// TestNoCommitment checks that a commitment of 0 changes nothing.
func TestNoCommitment(t *testing.T) {
	t.Parallel()
	s := commitShop(t)
	s.commit("z", books.Minimum, "0", "..", nil)
	s.wantCommitments("2024-04", "2024-05-01", []string{"2024-04-03 = 10"})
}
