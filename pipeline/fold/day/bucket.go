package day

import (
	"errors"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// CommitmentFolder makes the lines of commitments.
type CommitmentFolder struct {
	State    *state.State
	LateIn   period.Cycle // in which differences of closed cycles are billed; lake.NoCycle = none is closed
	AsOf     period.Instant
	MonthEnd func(period.Cycle) bool // whether a cycle has month-end lines
}

// Bucket makes the lines of the commitments of a bucket's customers in an open cycle and returns their number.
func (f *CommitmentFolder) Bucket(bucket int, cycle period.Cycle, customers []int32) (int64, error) {
	key := lake.FileKey{Table: tables.Lines().Name, Cycle: lake.CycleOf(cycle), Day: lake.CommitmentsDay,
		Bucket: bucket}
	var lines []*rows.Line
	if cycle == f.LateIn {
		rerated, err := state.ReratedCycles(f.State.Txn, cycle)
		if err != nil {
			return 0, err
		}
		if lines, err = f.closed(bucket, customers, rerated, nil); err != nil {
			return 0, err
		}
	}
	if len(customers)+len(lines) == 0 && len(f.State.Find(key)) == 0 {
		return 0, nil
	}
	if f.MonthEnd(cycle) {
		list, err := f.open(bucket, cycle, customers, lines)
		if err != nil {
			return 0, err
		}
		lines = append(lines, list...)
	}
	files, err := rows.WriteLines(f.State.Txn, f.State.Books, key, lines)
	if err != nil {
		return 0, err
	}
	for k, list := range files {
		if err := f.State.Replace(k, list); err != nil {
			return 0, err
		}
	}
	return int64(len(lines)), nil
}

// source returns a reader of the lines of the next state.
func (f *CommitmentFolder) source() *state.Commitments {
	return &state.Commitments{Files: f.State.Txn.Pending(), Rated: f.State.Rated, Base: f.State.Txn.Base(),
		Books: f.State.Books, Prices: f.State.Prices}
}

// open makes the lines of an open cycle. late are the lines of closed cycles that are billed in it.
func (f *CommitmentFolder) open(bucket int, cycle period.Cycle, customers []int32, late []*rows.Line) (
	[]*rows.Line, error) {
	first, who := cycle, ""
	for _, c := range customers {
		if from := rating.CommitmentsFrom(f.State.Prices, c, cycle); from < first {
			first, who = from, f.State.Books.Customers[c].ID
		}
	}
	counted, err := f.source().Lines(bucket, first, cycle, among(customers))
	if err != nil {
		if gone := new(state.ArchivedError); errors.As(err, &gone) {
			gone.Customer = who
		}
		return nil, err
	}
	own := func(c *state.CountedCharge) bool { return c.Origin == cycle }
	var out []*rows.Line
	for _, c := range customers {
		list, err := rating.CommitmentLines(f.State.Prices, c, cycle, f.spent(c, counted[c], late, own), f.AsOf, nil)
		if err != nil {
			return nil, err
		}
		for i := range list {
			l, err := f.line(&list[i], cycle)
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
	}
	return out, nil
}

// among returns a function that reports whether a customer is in a sorted list.
func among(customers []int32) func(int32) bool {
	return func(c int32) bool {
		_, ok := slices.BinarySearch(customers, c)
		return ok
	}
}

// spent returns what counts for the commitments of a customer: stored lines, but charges for which again is true and
// those of closed cycles in the earliest open one, which are calculated again; and late lines of commitments that are
// not stored yet.
func (f *CommitmentFolder) spent(customer int32, counted []state.CountedCharge, late []*rows.Line,
	again func(*state.CountedCharge) bool) []rating.CommitmentSpent {
	var out []rating.CommitmentSpent
	for i := range counted {
		c := &counted[i]
		if c.By == "" || !again(c) && (c.Cycle != f.LateIn || c.Origin >= f.LateIn) {
			out = append(out, c.CommitmentSpent)
		}
	}
	for _, l := range late {
		if l.Customer == customer {
			out = append(out, spentOf(l))
		}
	}
	return out
}

// spentOf returns what commitments count of a line of another one.
func spentOf(l *rows.Line) rating.CommitmentSpent {
	return rating.CommitmentSpent{At: l.End - 1, SKU: l.SKU, Service: l.Service, Payment: l.Payment,
		By: l.ID[len(state.CommitmentPrefix):]}
}

// line returns the line of a commitment's charge for a cycle.
func (f *CommitmentFolder) line(c *rating.CommitmentLine, cycle period.Cycle) (*rows.Line, error) {
	charge, err := rating.CommitmentCharge(f.State.Prices, c)
	if err != nil {
		return nil, err
	}
	bounds := f.State.Books.Zone.Bounds(cycle)
	l := f.begin(c.Row.Customer, f.due(c), bounds.From)
	l.Charge, l.Detail, l.TradeID, l.Instant = charge, tables.DetailUsage, cycle.String(), bounds.To-1
	return l, nil
}

// begin begins a line of a commitment. Its partner and terms are those at its own time.
func (f *CommitmentFolder) begin(customer int32, of scoped, own period.Instant) *rows.Line {
	l := &rows.Line{Customer: customer, SKU: of.SKU, Service: of.Service, ChargingMode: tables.ChargingOnDemand,
		ID: state.CommitmentPrefix + of.ID, TradeTime: of.Windows.To, Start: of.Windows.From, End: of.Windows.To,
		Own: own}
	l.Partner, l.Association = f.State.Books.PartnerAt(customer, own)
	return l
}

// due returns the key of a line that is due now.
func (f *CommitmentFolder) due(l *rating.CommitmentLine) scoped {
	return scoped{About{l.Row.ID, rating.CommitmentService(f.State.Prices, l.Row), l.Bounds}, l.Row.SKU}
}

// closed makes the differences of closed cycles that lines billed in the earliest open cycle touch, or that were
// re-rated since it began (FCOMMIT-2). moved are differences that are in no file yet, by customer.
func (f *CommitmentFolder) closed(bucket int, customers []int32, rerated map[period.Cycle]bool,
	moved map[int32][]rating.CommitmentSpent) ([]*rows.Line, error) {
	if len(rerated) > 0 { // customers without a row today can have been billed
		billed, err := f.source().Lines(bucket, slices.Min(slices.Collect(maps.Keys(rerated))), f.LateIn,
			func(int32) bool { return true }, lake.CommitmentsDay)
		if err != nil {
			return nil, err
		}
		customers = slices.AppendSeq(slices.Clone(customers), maps.Keys(billed))
		slices.Sort(customers)
		customers = slices.Compact(customers)
	}
	late, err := f.lateLines(bucket, among(customers))
	if err != nil {
		return nil, err
	}
	var out []*rows.Line
	for _, customer := range customers {
		list, err := f.closedOf(bucket, customer, late[customer], rerated, moved[customer])
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// closedOf makes the differences of one customer, in the order of the closed cycles. Without a late line they are paid
// at the end of the cycle that bills them.
func (f *CommitmentFolder) closedOf(bucket int, customer int32, late []state.CountedCharge,
	rerated map[period.Cycle]bool,
	moved []rating.CommitmentSpent) (out []*rows.Line, err error) {
	changed, paid := slices.Clone(moved), period.Past
	for i := range late {
		changed, paid = append(changed, late[i].CommitmentSpent), max(paid, late[i].Paid)
	}
	if len(late) == 0 {
		paid = f.State.Books.Zone.Bounds(f.LateIn).To - 1
	}
	touched := touchedRows(rating.TouchedCommitments(f.State.Prices, customer, changed, f.LateIn-1))
	cycles := slices.AppendSeq(touched.cycles(), maps.Keys(rerated))
	if len(cycles) == 0 {
		return nil, nil
	}
	for cycle := slices.Min(cycles); cycle < f.LateIn; cycle++ {
		list, err := f.month(bucket, customer, cycle, touched, rerated[cycle], moved, out)
		if err != nil {
			return nil, err
		}
		for _, l := range list {
			l.Instant = paid
			changed = append(changed, spentOf(l))
		}
		if out = append(out, list...); len(list) > 0 {
			touched = rating.TouchedCommitments(f.State.Prices, customer, changed, f.LateIn-1)
		}
	}
	return out, nil
}

// month calculates the commitments of a customer for a closed cycle again: all of them if it was re-rated, else the
// touched ones. Final ones stay (FCOMMIT-4). earlier are the differences of earlier cycles.
func (f *CommitmentFolder) month(bucket int, customer int32, cycle period.Cycle, touched touchedRows, all bool,
	moved []rating.CommitmentSpent, earlier []*rows.Line) ([]*rows.Line, error) {
	if !all && !slices.Contains(touched.cycles(), cycle) {
		return nil, nil
	}
	src, first := f.source(), min(cycle, rating.CommitmentsFrom(f.State.Prices, customer, cycle))
	if src.LeftSince(first) {
		return nil, nil
	}
	lines, err := src.Lines(bucket, first, f.LateIn, func(c int32) bool { return c == customer })
	if err != nil {
		return nil, err
	}
	counted, rows := lines[customer], f.State.Books.Commitments.Of(customer)
	owing := f.owing(customer, cycle, counted, moved)
	if all {
		touched.all(rows, cycle, owing)
	} else {
		spans, err := f.billedSpans(customer, cycle, counted)
		if err != nil {
			return nil, err
		}
		touched.spanned(rows, cycle, spans, owing)
	}
	replaced := func(c *state.CountedCharge) bool {
		return c.By != "" && c.Origin == cycle && (all || touched.bills(rows, cycle, billedSpan{c.By, c.Windows}))
	}
	spent := f.spent(customer, counted, earlier, replaced)
	now, err := rating.CommitmentLinesAgain(f.State.Prices, customer, cycle, append(spent, moved...), f.AsOf,
		func(c *books.Commitment) bool { return touched[c][cycle] })
	if err != nil {
		return nil, err
	}
	return f.differences(customer, cycle, now, slices.DeleteFunc(counted, func(c state.CountedCharge) bool {
		return c.Cycle >= f.LateIn || !replaced(&c)
	}))
}

// lateLines reads the lines, without those of commitments, that the earliest open cycle bills for closed ones.
func (f *CommitmentFolder) lateLines(bucket int, wanted func(customer int32) bool) (map[int32][]state.CountedCharge,
	error) {
	out, err := f.source().Lines(bucket, f.LateIn, f.LateIn, wanted, lake.LateDay, lake.RerateDay,
		lake.RestatedDay, lake.CostsDay)
	for customer, list := range out {
		out[customer] = slices.DeleteFunc(list, func(c state.CountedCharge) bool { return !f.isLate(&c) })
	}
	return out, err
}

// isLate reports whether a line that is billed in the earliest open cycle belongs to a closed one: by its origin_cycle
// or, for a cost file, by its charge period (§11.1).
func (f *CommitmentFolder) isLate(c *state.CountedCharge) bool {
	if !c.Costs {
		return c.Origin < f.LateIn
	}
	for _, ref := range f.State.Txn.Base().Manifest.Cycles {
		if ref.State == lake.CycleClosed { // months before the first close were never billed
			zone := f.State.Books.Zone
			return c.At >= zone.Bounds(ref.Period()).From && c.At < zone.Bounds(f.LateIn).From
		}
	}
	return false
}

// billedOf returns the key of a billed line. If its service was renamed, so that no product has it and taxes and terms
// cannot name it, the scope is that of the row that replaces the line.
func (f *CommitmentFolder) billedOf(customer int32, c *state.CountedCharge) scoped {
	of := scoped{About{c.By, c.Service, c.Windows}, c.SKU}
	has := func(p books.Product) bool { return p.ServiceTypeCode == c.Service }
	if c.SKU >= 0 || c.Service == "" || slices.ContainsFunc(f.State.Books.Products, has) {
		return of
	}
	rows := f.State.Books.Commitments.Of(customer)
	for i := range rows {
		if row := &rows[i]; row.ID == c.By && row.Valid.Overlaps(c.Windows) {
			of.Service, of.SKU = rating.CommitmentService(f.State.Prices, row), row.SKU
			break
		}
	}
	return of
}

// billedSpans returns the spans of a cycle for which closed cycles billed something.
func (f *CommitmentFolder) billedSpans(customer int32, cycle period.Cycle,
	counted []state.CountedCharge) (out []billedSpan,
	err error) {
	sums := make(map[scoped]state.Charge)
	add := func(of scoped, c *state.Charge) error {
		sum := sums[of]
		err := sum.Add(c, false)
		sums[of] = sum
		return err
	}
	for i := range counted {
		if c := &counted[i]; c.By != "" && c.Origin == cycle && c.Cycle < f.LateIn {
			err = errors.Join(err, add(f.billedOf(customer, c), &c.Charge))
		}
	}
	for of, sum := range sums {
		if sum != (state.Charge{}) {
			out = append(out, billedSpan{of.ID, of.Windows})
		}
	}
	return out, err
}

// owing returns which commitments of a customer can owe something for a cycle. Before the first closed cycle these are
// only those that count a line.
func (f *CommitmentFolder) owing(customer int32, cycle period.Cycle, counted []state.CountedCharge,
	moved []rating.CommitmentSpent) func(
	*books.Commitment) bool {
	for _, ref := range f.State.Txn.Base().Manifest.Cycles {
		if ref.State == lake.CycleClosed && ref.Period() <= cycle {
			return anyRow
		}
	}
	return f.counting(customer, cycle, counted, moved)
}

// counting returns which commitments have a window that ends in a cycle and counts a line of it or of an earlier one.
// Lines of cost files do not count: they make no month before the first closed one owe.
func (f *CommitmentFolder) counting(customer int32, cycle period.Cycle, counted []state.CountedCharge,
	moved []rating.CommitmentSpent) func(
	*books.Commitment) bool {
	spent := slices.Clone(moved)
	for i := range counted {
		if c := &counted[i]; c.By == "" && c.Origin <= cycle && !c.Costs {
			spent = append(spent, c.CommitmentSpent)
		}
	}
	rows := rating.TouchedCommitments(f.State.Prices, customer, spent, f.LateIn-1)
	return func(c *books.Commitment) bool { return rows[c][cycle] }
}

// differences returns the lines of what is due now less what was billed, by the current or former scope.
func (f *CommitmentFolder) differences(customer int32, cycle period.Cycle, now []rating.CommitmentLine,
	billed []state.CountedCharge) (
	[]*rows.Line, error) {
	due := make(map[scoped]state.Charge)
	add := func(of scoped, c state.Charge, away bool) error {
		sum := due[of]
		err := sum.Add(&c, away)
		due[of] = sum
		return err
	}
	for i := range now {
		charge, err := chargeOf(f.State.Prices, &now[i])
		if err != nil {
			return nil, err
		}
		if err := add(f.due(&now[i]), charge, false); err != nil {
			return nil, err
		}
	}
	for i := range billed {
		if err := add(f.billedOf(customer, &billed[i]), billed[i].Charge, true); err != nil {
			return nil, err
		}
	}
	return f.differenceLines(customer, cycle, due), nil
}

// chargeOf returns the amounts of a line that is due.
func chargeOf(bk *tariff.Book, l *rating.CommitmentLine) (state.Charge, error) {
	c, err := rating.CommitmentCharge(bk, l)
	return state.Charge{Official: c.Official, Truncated: c.Truncated, Payment: c.Payment}, err
}

// differenceLines returns the lines of differences that are not zero.
func (f *CommitmentFolder) differenceLines(customer int32, cycle period.Cycle,
	due map[scoped]state.Charge) []*rows.Line {
	var out []*rows.Line
	for _, of := range slices.SortedFunc(maps.Keys(due), scoped.compare) {
		if d := due[of]; d != (state.Charge{}) {
			out = append(out, f.difference(customer, of, cycle, &d))
		}
	}
	return out
}

// difference returns the line of a difference for a closed cycle, without the instant at which it is paid.
func (f *CommitmentFolder) difference(customer int32, of scoped, cycle period.Cycle, sum *state.Charge) *rows.Line {
	l := f.begin(customer, of, f.State.Books.Zone.Bounds(cycle).From)
	l.Charge = tables.Charge{Official: sum.Official, Truncated: sum.Truncated, Payment: sum.Payment, DiscountID: -1,
		Version: -1, Kind: tables.AdjustmentLine}
	l.Detail, l.TradeID, l.Origin = tables.DetailAdjustment, f.LateIn.String(), cycle.String()
	return l
}
