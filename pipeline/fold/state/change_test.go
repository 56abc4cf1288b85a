package state_test

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// packaged returns books in UTC. Customer 0 has package p of 10 units per cycle and package q of 100 units that is
// never refilled, both valid from July to November. Customer 1 has another q, of 5 units.
func packaged(t *testing.T) *books.Books {
	t.Helper()
	z, err := period.LoadZone("UTC")
	if err != nil {
		t.Fatal(err)
	}
	valid := period.Span{From: day(t, "2026-07-01"), To: day(t, "2026-12-01")}
	return &books.Books{Zone: z, Packages: []books.Package{
		{ID: "p", Customer: 0, Quota: quantity(t, "10"), Reset: books.ResetCycle, Valid: valid},
		{ID: "q", Customer: 0, Quota: quantity(t, "100"), Valid: valid},
		{ID: "q", Customer: 1, Quota: quantity(t, "5"), Valid: valid},
	}}
}

func day(t *testing.T, text string) period.Instant {
	t.Helper()
	at, err := period.ParseInstant(text + "T00:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func quantity(t *testing.T, text string) money.Quantity {
	t.Helper()
	q, err := money.ParseQuantity(text)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// state parses a position: package, start, units left, quota.
func positionRow(t *testing.T, text string) table.PositionRow {
	t.Helper()
	f := strings.Fields(text)
	return table.PositionRow{Kind: table.PackagePosition, Key: f[0], At: day(t, f[1]), Count: quantity(t, f[2]),
		Usage: quantity(t, f[3])}
}

// shift parses a change that moves a position: package, start, units by which it moves.
func shift(t *testing.T, text string) state.PositionChange {
	t.Helper()
	f := strings.Fields(text)
	by, err := money.ParseSignedQuantity(f[2])
	if err != nil {
		t.Fatal(err)
	}
	return state.PositionChange{PositionRow: table.PositionRow{
		Kind: table.PackagePosition, Key: f[0], At: day(t, f[1])},
		Moves: true,
		Delta: by}
}

func TestApply(t *testing.T) {
	t.Parallel()
	b := packaged(t)
	for _, c := range []struct {
		name    string
		rows    []string // package, start, units left, quota
		changes []string // 4 fields as above: a state; 3 fields (package, start, units): a shift
		want    string
	}{
		{"nothing", []string{"q 2026-07-01 40 100"}, nil, "q 2026-07-01 40 100"},
		{"a state takes the place", []string{"p 2026-09-01 4 10", "q 2026-07-01 40 100"},
			[]string{"q 2026-07-01 25 100"}, "p 2026-09-01 4 10; q 2026-07-01 25 100"},
		{"a state of a package that nothing was drawn of", []string{"p 2026-09-01 4 10"},
			[]string{"q 2026-07-01 25 100"}, "p 2026-09-01 4 10; q 2026-07-01 25 100"},
		{"a newer filling takes the place", []string{"p 2026-08-01 4 10"}, []string{"p 2026-09-01 9 10"},
			"p 2026-09-01 9 10"},
		{"60 drawn and 15 more", []string{"q 2026-07-01 40 100"}, []string{"q 2026-07-01 15"}, "q 2026-07-01 25 100"},
		{"60 drawn and 15 back", []string{"q 2026-07-01 40 100"}, []string{"q 2026-07-01 -15"}, "q 2026-07-01 55 100"},
		{"60 drawn and 70 back", []string{"q 2026-07-01 40 100"}, []string{"q 2026-07-01 -70"}, "q 2026-07-01 100 100"},
		{"60 drawn and 70 more", []string{"q 2026-07-01 40 100"}, []string{"q 2026-07-01 70"}, "q 2026-07-01 0 130"},
		{"a shift where nothing was drawn", nil, []string{"q 2026-07-01 15"}, "q 2026-07-01 85 100"},
		{"a shift of a newer filling", []string{"p 2026-08-01 4 10"}, []string{"p 2026-09-01 3"}, "p 2026-09-01 7 10"},
		{"a position at whose time no quota period begins", []string{"q 2026-07-20 40 100"},
			[]string{"q 2026-07-01 15"}, "q 2026-07-01 85 100"},
		{"two shifts", []string{"q 2026-07-01 40 100"}, []string{"q 2026-07-01 15", "q 2026-07-01 -5"},
			"q 2026-07-01 30 100"},
		{"a state holds the shift before it", []string{"q 2026-07-01 40 100"},
			[]string{"q 2026-07-01 15", "q 2026-07-01 20 100"}, "q 2026-07-01 20 100"},
		{"a shift of the cycle after", nil, []string{"q 2026-07-01 20 100", "q 2026-07-01 15"}, "q 2026-07-01 5 100"},
		{"another quota than the books'", []string{"q 2026-07-01 10 50"}, []string{"q 2026-07-01 15"},
			"q 2026-07-01 45 100"},
	} {
		var rows []table.PositionRow
		for _, text := range c.rows {
			rows = append(rows, positionRow(t, text))
		}
		var changes []state.PositionChange
		for _, text := range c.changes {
			if len(strings.Fields(text)) == 3 {
				changes = append(changes, shift(t, text))
			} else {
				changes = append(changes, state.PositionChange{PositionRow: positionRow(t, text)})
			}
		}
		rows, err := state.ApplyChanges(b, 0, rows, changes)
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		var got []string
		for _, row := range rows {
			if row.Kind != table.PackagePosition {
				t.Errorf("%s: %+v is no package", c.name, row)
			}
			d, _ := b.Zone.Local(row.At)
			got = append(got, strings.Join([]string{row.Key, d.String(), row.Count.Trim(), row.Usage.Trim()}, " "))
		}
		if text := strings.Join(got, "; "); text != c.want {
			t.Errorf("%s: %s, want %s", c.name, text, c.want)
		}
	}
}

// TestContinues: p is refilled each cycle. q is never refilled, and what was drawn stays after its end, because
// valid_to may change (OPEN-6).
func TestContinues(t *testing.T) {
	t.Parallel()
	prices := tariff.Compile(packaged(t), tariff.Rules{})
	for _, c := range []struct {
		row  table.PositionRow
		at   string
		want bool
	}{
		{positionRow(t, "p 2026-09-01 1 10"), "2026-09-01", true},
		{positionRow(t, "p 2026-09-01 1 10"), "2026-10-01", false},
		{positionRow(t, "q 2026-07-01 1 100"), "2026-10-01", true},
		{positionRow(t, "q 2026-07-01 1 100"), "2027-01-01", true},
		{positionRow(t, "gone 2026-07-01 1 100"), "2026-07-01", false},
		{positionRow(t, "q 2026-06-01 1 100"), "2026-06-01", false}, // before the package was in force
		{positionRow(t, "q 2026-07-20 1 100"), "2026-10-01", false}, // no quota period begins then
		{table.PositionRow{Kind: table.MeterPosition, Key: "q", At: day(t, "2026-07-01")}, "2026-07-01", false},
	} {
		if got := rating.Continues(prices, 0, &c.row, day(t, c.at)); got != c.want {
			t.Errorf("%s of %s after %s: %v", c.row.Key, c.row.At, c.at, got)
		}
	}
}

func TestPackageOf(t *testing.T) {
	t.Parallel()
	b := packaged(t)
	row := positionRow(t, "q 2026-08-01 1 5")
	for customer, want := range map[int32]int32{0: 1, 1: 2, 2: -1} {
		if got := state.PackageOf(b, customer, &row); got != want {
			t.Errorf("customer %d: %d, want %d", customer, got, want)
		}
	}
}

func TestMoved(t *testing.T) {
	t.Parallel()
	for _, c := range [][3]string{{"3", "2.5", "5.5"}, {"3", "-2.5", "0.5"}, {"3", "-3", "0"}, {"3", "-4", "0"},
		{"0", "0", "0"}} {
		by, err := money.ParseSignedQuantity(c[1])
		if err != nil {
			t.Fatal(err)
		}
		if got, err := state.MovedCount(quantity(t, c[0]), by); err != nil || got.Trim() != c[2] {
			t.Errorf("%s by %s: %s %v, want %s", c[0], c[1], got.Trim(), err, c[2])
		}
	}
}
