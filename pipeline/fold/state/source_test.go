package state_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/fixtures/lakekey"
	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// stored is a lake in memory with one bucket and the books of packaged, with the customers c0 and c1.
type stored struct {
	t    *testing.T
	txn  *lake.Txn
	src  *state.Opening
	rows map[lake.FileKey]*parquet.Columns[tables.Any]
}

// store writes a lake from lines, in their order:
//
//	2026-09-30                            a day with records
//	2026-09-30 c0 q 2026-07-01 40 100     a closing position of that day: package, start, left, quota
//	left 2026-10 c0 q 2026-07-01 20 100   what late records that were billed in the cycle left
//	shift 2026-10 c0 q 2026-07-01 15      units that a re-rate added to the drawn ones
func store(t *testing.T, lines ...string) *stored {
	t.Helper()
	l, err := lake.Open(storage.NewMem(), lake.Options{})
	must(t, err)
	txn, err := l.Begin()
	must(t, err)
	t.Cleanup(func() { txn.Close() })
	b := packaged(t)
	b.Customers = []books.Customer{{ID: "c0", Rows: make([]books.CustomerRow, 1)}, {ID: "c1",
		Rows: make([]books.CustomerRow, 1)}}
	s := &stored{t: t, txn: txn, rows: make(map[lake.FileKey]*parquet.Columns[tables.Any])}
	s.src = &state.Opening{Files: txn.SubTxn.Pending(), Books: b, Prices: tariff.Compile(b, tariff.Rules{}),
		Buckets: 1}
	for _, text := range lines {
		s.line(text)
	}
	for key, batch := range s.rows {
		must(t, rows.PutFile(txn.SubTxn, key, batch, nil))
	}
	return s
}

func (s *stored) batch(def *tables.Table, cycle, day string) *parquet.Columns[tables.Any] {
	key := lake.FileKey{Table: def.Name, Cycle: lakekey.Cycle(cycle), Day: lakekey.Day(day)}
	if s.rows[key] == nil {
		s.rows[key] = parquet.NewColumns(tables.Untyped(def))
	}
	return s.rows[key]
}

func (s *stored) line(text string) {
	f := strings.Fields(text)
	switch f[0] {
	case "left":
		to := s.batch(tables.LatePositions().Table, f[1], "")
		row := positionRow(s.t, strings.Join(f[3:], " "))
		state.AddRow(parquet.As[tables.Position](to), f[2], &row)
		to.Word(tables.PositionOriginCycle.Any()).Add("")
	case "shift":
		to := s.batch(tables.Shifts().Table, f[1], "")
		c := shift(s.t, strings.Join(f[3:], " "))
		to.Word(tables.ShiftCustomerID.Any()).Add(f[2])
		to.Word(tables.ShiftOriginCycle.Any()).Add("2026-07")
		to.Small(tables.ShiftKind.Any()).Add(int32(tables.PackagePosition))
		to.Word(tables.ShiftKey.Any()).Add(c.Key)
		to.Word(tables.ShiftScope.Any()).Add("")
		to.Col(tables.ShiftAt.Of().Any()).Ints = append(to.Col(tables.ShiftAt.Of().Any()).Ints, int64(c.At))
		to.Quantity(tables.ShiftShift.Any()).Add(c.Delta.Raw())
		to.N++
	default:
		ident := s.batch(tables.Ident().Table, f[0][:7], f[0])
		if ident.N == 0 {
			ident.Col(0).Ints, ident.N = append(ident.Col(0).Ints, 1), 1
		}
		if len(f) > 1 {
			row := positionRow(s.t, strings.Join(f[2:], " "))
			state.AddRow(parquet.As[tables.Position](s.batch(tables.Positions().Table, f[0][:7], f[0])), f[1], &row)
		}
	}
}

// text returns positions in the form of the lines of store.
func text(b *books.Books, rows []tables.PositionRow) string {
	var out []string
	for _, row := range rows {
		d, _ := b.Zone.Local(row.At)
		out = append(out, strings.Join([]string{row.Key, d.String(), row.Count.Trim(), row.Usage.Trim()}, " "))
	}
	return strings.Join(out, "; ")
}

// TestOfDay checks package p, of 10 units per cycle, and the packages q, of 100 units for c0 and 5 for c1, which are
// never refilled. Invariant: OPEN-2.
func TestOfDay(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		lines []string
		day   string
		want  string // positions of c0
	}{
		{"an empty lake", nil, "2026-09-02", ""},
		{"the day before", []string{"2026-09-01 c0 q 2026-07-01 40 100"}, "2026-09-02", "q 2026-07-01 40 100"},
		{
			"the last of several days",
			[]string{"2026-09-01 c0 q 2026-07-01 40 100", "2026-09-03 c0 q 2026-07-01 30 100",
				"2026-09-05 c0 q 2026-07-01 9 100"},
			"2026-09-05", "q 2026-07-01 30 100",
		},
		{
			"a later day of others, on which nothing of c0 is left",
			[]string{"2026-09-01 c0 q 2026-07-01 40 100", "2026-09-03 c1 q 2026-07-01 2 5"}, "2026-09-05", "",
		},
		{"the month before", []string{"2026-08-31 c0 q 2026-07-01 40 100"}, "2026-09-01", "q 2026-07-01 40 100"},
		{
			"a package that is refilled with the month",
			[]string{"2026-08-31 c0 p 2026-08-01 4 10", "2026-08-31 c0 q 2026-07-01 40 100"}, "2026-09-01",
			"q 2026-07-01 40 100",
		},
		{
			"a state of late records, in the cycle it was billed in",
			[]string{"2026-08-31 c0 q 2026-07-01 40 100", "left 2026-09 c0 q 2026-07-01 25 100"}, "2026-09-01",
			"q 2026-07-01 25 100",
		},
		{
			"it is in the positions once a day of that cycle is folded",
			[]string{"2026-09-01 c0 q 2026-07-01 21 100", "left 2026-09 c0 q 2026-07-01 25 100"}, "2026-09-02",
			"q 2026-07-01 21 100",
		},
		{
			"60 drawn and a shift of 15 more",
			[]string{"2026-08-31 c0 q 2026-07-01 40 100", "shift 2026-09 c0 q 2026-07-01 15"}, "2026-09-01",
			"q 2026-07-01 25 100",
		},
		{
			"a shift of another customer",
			[]string{"2026-08-31 c0 q 2026-07-01 40 100", "shift 2026-09 c1 q 2026-07-01 2"}, "2026-09-01",
			"q 2026-07-01 40 100",
		},
		{
			"a state holds the shift of its cycle",
			[]string{"2026-08-31 c0 q 2026-07-01 40 100", "left 2026-09 c0 q 2026-07-01 20 100",
				"shift 2026-09 c0 q 2026-07-01 15"},
			"2026-09-01", "q 2026-07-01 20 100",
		},
		{
			"a shift of a later cycle comes on top of a state",
			[]string{"2026-08-31 c0 q 2026-07-01 40 100", "left 2026-09 c0 q 2026-07-01 20 100",
				"shift 2026-10 c0 q 2026-07-01 15"},
			"2026-10-01", "q 2026-07-01 5 100",
		},
		{
			"a change that is billed later",
			[]string{"2026-08-31 c0 q 2026-07-01 40 100", "shift 2026-10 c0 q 2026-07-01 15"}, "2026-09-01",
			"q 2026-07-01 40 100",
		},
		{
			"a quota period that has ended when the change is billed",
			[]string{"2026-08-31 c0 p 2026-08-01 4 10", "left 2026-09 c0 p 2026-08-01 1 10"}, "2026-09-01", "",
		},
		{
			"positions and shifts at whose time no quota period begins",
			[]string{"2026-08-31 c0 q 2026-06-01 40 100", "shift 2026-09 c0 q 2026-07-20 30",
				"shift 2026-10 c0 q 2026-07-01 10"},
			"2026-10-01", "q 2026-07-01 90 100",
		},
		{
			"one that is still open, of a customer without positions",
			[]string{"2026-08-31 c1 q 2026-07-01 2 5", "left 2026-09 c0 q 2026-07-01 99 100"}, "2026-09-01",
			"q 2026-07-01 99 100",
		},
	} {
		s := store(t, c.lines...)
		day := dayOf(t, c.day)
		rows, err := s.src.OfDay(0, day)
		must(t, err)
		if got := text(s.src.Books, rows); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
		if got := s.inBulk(day, 0); got != c.want {
			t.Errorf("%s: all customers of the bucket at once: %s, want %s", c.name, got, c.want)
		}
	}
}

// inBulk returns the positions of a customer, read in the way in which a run reads them.
func (s *stored) inBulk(day period.Day, customer int32) string {
	s.t.Helper()
	r, earlier, err := s.src.Day(0, day)
	must(s.t, err)
	defer r.Close()
	w := state.NewPositionWriter(s.txn.SubTxn, s.src.Books)
	w.Restart(lake.FileKey{Table: "positions", Cycle: lake.CycleOf(day.Cycle()), Day: lake.DayOf(day)})
	if r.Carries() {
		must(s.t, r.Carry(w, customer))
	}
	for r.Customer >= 0 && r.Customer < customer {
		_, err := r.Take()
		must(s.t, err)
	}
	if r.Customer != customer {
		return ""
	}
	rows, err := r.Take()
	must(s.t, err)
	if earlier {
		rows = rating.NextCycle(s.src.Prices, nil, rows, customer, day.Cycle())
	}
	return text(s.src.Books, rows)
}

func TestOfCycle(t *testing.T) {
	t.Parallel()
	s := store(t, "2026-08-31 c0 q 2026-07-01 40 100", "shift 2026-09 c0 q 2026-07-01 5",
		"shift 2026-10 c0 q 2026-07-01 15")
	for cycle, want := range map[string][2]string{
		"2026-09": {"q 2026-07-01 40 100", "q 2026-07-01 35 100"},
		"2026-10": {"q 2026-07-01 35 100", "q 2026-07-01 20 100"},
	} {
		before, found, err := s.src.OfCycle(0, dayOf(t, cycle+"-01").Cycle())
		must(t, err)
		if got := [2]string{text(s.src.Books, before), text(s.src.Books, found)}; got != want {
			t.Errorf("%s: %q, want %q", cycle, got, want)
		}
	}
}

func TestClosing(t *testing.T) {
	t.Parallel()
	s := store(t, "2026-08-31 c0 q 2026-07-01 40 100", "2026-09-10 c0 q 2026-07-01 30 100",
		"left 2026-09 c0 q 2026-07-01 35 100", "shift 2026-10 c0 q 2026-07-01 15")
	for cycle, want := range map[string]string{
		"2026-08": "true q 2026-07-01 40 100",
		"2026-09": "true q 2026-07-01 30 100",
		"2026-10": "false q 2026-07-01 15 100", // has no days with records: these are its opening positions
	} {
		rows, own, err := s.src.Closing(0, dayOf(t, cycle+"-01").Cycle())
		must(t, err)
		if got := fmt.Sprint(own, " ", text(s.src.Books, rows)); got != want {
			t.Errorf("%s: %s, want %s", cycle, got, want)
		}
		r, err := s.src.CycleEnd(0, dayOf(t, cycle+"-01").Cycle())
		must(t, err)
		if own != (r.Customer == 0) {
			t.Errorf("%s: the closing positions of all customers begin with customer %d", cycle, r.Customer)
		}
		must(t, r.Close())
	}
}

// TestShiftTable checks that the shifts of a position are summed in their table, and that a sum of zero is left out.
func TestShiftTable(t *testing.T) {
	t.Parallel()
	s := store(t, "shift 2026-10 c0 q 2026-07-01 15", "shift 2026-10 c0 q 2026-07-01 -5",
		"shift 2026-10 c1 q 2026-07-01 2", "shift 2026-10 c1 q 2026-07-01 -2", "shift 2026-10 c0 p 2026-09-01 1")
	october := dayOf(t, "2026-10-01").Cycle()
	all, err := s.src.Shifts(0, october, state.Anyone)
	must(t, err)
	out, err := state.ShiftTable(s.src.Books, all)
	must(t, err)
	must(t, rows.PutFile(s.txn.SubTxn, lake.FileKey{Table: "shifts", Cycle: lakekey.Cycle("2026-10")}, out, nil))
	all, err = s.src.Shifts(0, october, state.Anyone)
	must(t, err)
	var got []string
	for _, h := range all {
		got = append(got, fmt.Sprint(h.Customer, " ", h.Key, " ", h.By.Abs().Trim(), " ", h.Billed))
	}
	if want := []string{"0 p 1 2026-10", "0 q 10 2026-10"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
