package state

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/problem"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Commitments reads the lines that commitments count (§10.4) from one state of the lake.
type Commitments struct {
	Files  lake.FileSet
	Rated  *RatedLines    // lines that are in no file yet; may be nil
	Base   *lake.Snapshot // determines what is archived
	Books  *books.Books
	Prices *tariff.Book // of Books
}

// ArchivedError reports a cycle whose lines a commitment counts but which is archived.
type ArchivedError struct {
	Cycle    string
	Customer string // whose commitment counts them; empty = not known
}

func (e *ArchivedError) Error() string {
	of := ""
	if e.Customer != "" {
		of = " of customer " + e.Customer
	}
	return fmt.Sprintf("a commitment%s counts lines of %s, which are archived", of, e.Cycle)
}

// Diagnosis implements problem.Diagnosed.
func (e *ArchivedError) Diagnosis() (problem.Class, string) {
	return problem.Refused, "let its row begin after that month"
}

// IsArchived reports whether the lines of a cycle are no longer in the lake.
func (s *Commitments) IsArchived(c period.Cycle) bool {
	ref, _ := s.Base.Cycle(lake.CycleOf(c))
	return ref.Archived != nil
}

// LeftSince reports whether lines of a cycle or of a later one are no longer in the lake. The cycle itself need not be
// in the lake: a window can begin before its first month.
func (s *Commitments) LeftSince(c period.Cycle) bool {
	return slices.ContainsFunc(s.Base.Manifest.Cycles, func(ref lake.CycleRef) bool {
		return ref.Period() >= c && ref.Archived != nil
	})
}

// CountedCharge is a line that commitments count.
type CountedCharge struct {
	rating.CommitmentSpent
	Cycle  period.Cycle   // cycle that bills it
	Origin period.Cycle   // cycle to which it belongs
	Paid   period.Instant // at which it is paid (§6.3)

	Costs   bool // it is a line of a cost file
	Charge  Charge
	Windows period.Span // usage_start and usage_end, for a line of a commitment
	kind    string
	listed  bool // whether it has a price list, which differences lack
	ofEnd   bool // for a line of a cost file: whether it is a month-end line or the difference of one
}

// Charge holds the amounts of a line without a discount.
type Charge struct{ Official, Truncated, Payment money.Amount }

// Add adds another charge; with away it subtracts it.
func (c *Charge) Add(o *Charge, away bool) (err error) {
	for _, p := range [...]struct {
		to *money.Amount
		by money.Amount
	}{{&c.Official, o.Official}, {&c.Truncated, o.Truncated}, {&c.Payment, o.Payment}} {
		if away {
			p.by = p.by.Neg()
		}
		if *p.to, err = p.to.Add(p.by); err != nil {
			return err
		}
	}
	return nil
}

// CommitmentPrefix begins the id of every line of a commitment.
const CommitmentPrefix = "commitment/"

// CommitmentID is the id of the lines of a commitment.
func CommitmentID(c *books.Commitment) string { return CommitmentPrefix + c.ID }

// countedColumns are the columns of lines that are read.
var countedColumns = tables.Columns(tables.LineCustomerID, tables.LineSKU, tables.LineServiceTypeCode, tables.LineKind,
	tables.LineID,
	tables.LineOriginCycle, tables.LineUsageStart, tables.LineUsageEnd, tables.LineInstant, tables.LineOfficialAmount,
	tables.LineTruncatedAmount, tables.LinePaymentAmount, tables.LinePriceList)

// Lines reads the lines of customers of a bucket that are billed in the cycles from … to and that commitments can count
// (FCOMMIT-3): of the given days, or of all. With all days it adds the lines of cost files that are billed in earlier
// cycles and belong to the time from the first cycle on.
func (s *Commitments) Lines(bucket int, from, to period.Cycle, wanted func(customer int32) bool, days ...lake.Day) (
	map[int32][]CountedCharge, error) {
	out := make(map[int32][]CountedCharge)
	if len(days) == 0 {
		if err := s.ahead(bucket, from, wanted, out); err != nil {
			return nil, err
		}
	}
	for cycle := from; cycle <= to; cycle++ {
		if s.IsArchived(cycle) {
			return nil, &ArchivedError{Cycle: cycle.String()}
		}
		files, err := s.files(bucket, cycle, days)
		if err != nil {
			return nil, err
		}
		for _, e := range files {
			if err := s.file(e, cycle, wanted, out); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// files lists the files of lines of a bucket that are billed in a cycle: of the given days, or of all.
func (s *Commitments) files(bucket int, cycle period.Cycle, days []lake.Day) ([]lake.FileEntry, error) {
	counts := func(k lake.FileKey) bool {
		return k.Bucket == bucket && k.Table == tables.Lines().Name && k.Day != lake.EventsDay &&
			(len(days) == 0 || slices.Contains(days, k.Day))
	}
	files, err := s.Rated.Select(s.Files, lake.CycleOf(cycle), counts)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(files, func(a, b lake.FileEntry) int { return a.Day.Compare(b.Day) })
	return files, nil
}

// Spent returns what counts for the commitments of a customer for a cycle, from lines billed up to the cycle to. It
// omits what was charged for the cycle itself.
func (s *Commitments) Spent(bucket int, customer int32, cycle, to period.Cycle) ([]rating.CommitmentSpent, error) {
	first := rating.CommitmentsFrom(s.Prices, customer, cycle)
	lines, err := s.Lines(bucket, first, to, func(c int32) bool { return c == customer })
	if err != nil {
		return nil, err
	}
	var out []rating.CommitmentSpent
	for _, c := range lines[customer] {
		if c.By == "" || c.Origin != cycle {
			out = append(out, c.CommitmentSpent)
		}
	}
	return out, nil
}

// reader reads lines, one row group at a time; nil at the end.
type reader interface {
	Next() (*parquet.Columns[tables.Line], error)
	io.Closer
}

// open opens a file of lines, or lines that are in no file yet.
func (s *Commitments) open(e lake.FileEntry) (reader, error) {
	if IsRated(e) {
		return s.Rated.Look(e.FileKey), nil
	}
	return rows.OpenFile(s.Files, e, tables.Lines(), countedColumns)
}

// file reads one file of lines.
func (s *Commitments) file(e lake.FileEntry, cycle period.Cycle, wanted func(int32) bool,
	out map[int32][]CountedCharge) error {
	r, err := s.open(e)
	if err != nil {
		return err
	}
	defer r.Close()
	var customers, skus []int32
	names := Names{Books: s.Books}
	for {
		cols, err := r.Next()
		if err != nil || cols == nil {
			return err
		}
		c, some := cols, false
		customers, skus = customers[:0], skus[:0]
		for _, id := range c.Word(tables.LineCustomerID).Dict() {
			code, err := names.Customer(id)
			if err != nil {
				return err
			}
			if !wanted(code) {
				code = -1
			}
			customers, some = append(customers, code), some || code >= 0
		}
		if !some {
			continue
		}
		for _, id := range c.Word(tables.LineSKU).Dict() {
			skus = append(skus, s.Books.SKU(id))
		}
		for i := range cols.N {
			customer := customers[c.Word(tables.LineCustomerID).Code(i)]
			if customer < 0 {
				continue
			}
			one, err := s.counted(e.Day, cycle, cols, i, skus[c.Word(tables.LineSKU).Code(i)])
			if err != nil {
				return err
			}
			out[customer] = append(out[customer], one)
		}
	}
}

// counted reads one line.
func (s *Commitments) counted(day lake.Day, cycle period.Cycle, cols *parquet.Columns[tables.Line], i int,
	sku int32) (one CountedCharge,
	err error) {
	start, end := cols.Time(tables.LineUsageStart).At(i), cols.MaybeTime(tables.LineUsageEnd).At(i)
	one = CountedCharge{Cycle: cycle, Origin: cycle, Paid: cols.MaybeTime(tables.LineInstant).At(i),
		Windows: period.Span{From: start, To: end}, kind: cols.Word(tables.LineKind).At(i),
		listed: cols.Word(tables.LinePriceList).At(i) != ""}
	one.SKU, one.Service = sku, cols.Word(tables.LineServiceTypeCode).At(i)
	if sku >= 0 { // the books can have changed it since it was billed
		one.Service = s.Books.Products[sku].ServiceTypeCode
	}
	if one.Paid == tables.Nothing {
		one.Paid = start
	}
	if origin := cols.Word(tables.LineOriginCycle).At(i); origin != "" {
		if one.Origin, err = period.ParseCycle(origin); err != nil {
			return one, err
		}
	}
	switch id := string(cols.Text(tables.LineID).At(i)); {
	case day == lake.CommitmentsDay:
		one.By = strings.TrimPrefix(id, CommitmentPrefix)
	case slices.Contains(costDays, day) && sku >= 0:
		one.Costs = true
		one.ofEnd = tables.IsMonthEndID(id, one.Origin, s.Books.Products[sku].SKU)
	}
	for col, to := range map[tables.AmountColumn[tables.Line]]*money.Amount{
		tables.LineOfficialAmount:  &one.Charge.Official,
		tables.LineTruncatedAmount: &one.Charge.Truncated, tables.LinePaymentAmount: &one.Charge.Payment} {
		d := cols.Amount(col).At(i)
		if *to, err = money.AmountFromRaw(d.Hi, d.Lo); err != nil {
			return one, err
		}
	}
	one.Payment = one.Charge.Payment
	one.At, one.Record = s.instant(&one, day)
	return one, nil
}

// instant returns when a line counts, and whether it comes from one record (§10.4).
func (s *Commitments) instant(one *CountedCharge, day lake.Day) (at period.Instant, record bool) {
	switch day {
	case lake.EndDay, lake.RerateDay:
		return s.last(one.Origin), false
	case lake.LateDay:
		if one.SKU >= 0 && !one.listed {
			return s.last(one.Origin), false
		}
		return one.Windows.From, true
	case lake.ChargesDay:
		if one.kind == tables.RefundLine.String() {
			return one.Windows.From, false
		}
		return one.Paid, false
	case lake.CommitmentsDay:
		return one.Windows.To - 1, false
	case lake.CostsDay, lake.RestatedDay:
		if one.ofEnd {
			return s.last(one.Origin), false
		}
		return one.Windows.From, true // a group is a usage record (§11.3)
	}
	return one.Windows.From, true
}

// last is the last microsecond of a cycle.
func (s *Commitments) last(c period.Cycle) period.Instant { return s.Books.Zone.Bounds(c).To - 1 }
