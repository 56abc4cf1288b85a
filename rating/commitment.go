package rating

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// CommitmentSpent is the contribution of a line to a commitment (§10.4).
type CommitmentSpent struct {
	At      period.Instant // usage_start; for a month-end line the last microsecond of its cycle
	SKU     int32          // tariff.NoOne = no product
	Service string
	Payment money.Amount
	Record  bool   // the line comes from one record; windows of an hour or a day count only such lines
	By      string // commitment_id of a commitment's line; "" = another line
}

// CommitmentLine is the charge of one row of commitments.csv for the windows that end in one cycle: one line of one
// kind.
type CommitmentLine struct {
	Row    *books.Commitment
	Kind   table.KindOfLine
	Amount money.Amount
	Bounds period.Span // of the first and the last window
}

// CommitmentStep is one window of a commitment: the committed value, and what lines charge in it.
type CommitmentStep struct {
	Row            *books.Commitment
	Window, Whole  period.Span // the part in which the row is in force, and the complete window
	Value, Charged money.Amount
	Pending        bool     // the window has not ended: a shortfall is not charged yet
	Days           [2]int64 // of the part and of the window
}

// String describes the step in words.
func (s CommitmentStep) String() string {
	text := fmt.Sprintf("window %s: %s of %s, lines charge %s", s.Window, s.Row.Kind, s.Value.Trim(), s.Charged.Trim())
	if s.Window != s.Whole && s.Days[1] > 0 {
		text += fmt.Sprintf("; it is %d of %d days of %s", s.Days[0], s.Days[1], s.Whole)
	}
	if s.Pending {
		text += "; the window has not ended: what is missing is not charged yet"
	}
	return text
}

// window is one window of a commitment, with the part in which the row is in force.
type window struct {
	part, whole period.Span
}

// windows calls visit for the windows of a commitment whose last instant is in within, in order.
func windows(c *books.Commitment, zone *period.Zone, within period.Span, visit func(window) error) error {
	at := windowAt(c, zone, max(c.Valid.From, within.From)).From
	for at < min(c.Valid.To, within.To) {
		w := window{whole: windowAt(c, zone, at)}
		w.part = period.Span{From: max(w.whole.From, c.Valid.From), To: min(w.whole.To, c.Valid.To)}
		if within.Holds(w.part.To - 1) {
			if err := visit(w); err != nil {
				return err
			}
		}
		at = w.whole.To
	}
	return nil
}

// windowAt returns the window of a commitment that contains t.
func windowAt(c *books.Commitment, zone *period.Zone, t period.Instant) period.Span {
	switch c.Window {
	case books.YearWindow:
		return tariff.EveryMonths(zone, c.Anchor, 12, t)
	case books.DayWindow:
		return zone.DaySpan(zone.Day(t))
	case books.HourWindow:
		day := zone.DaySpan(zone.Day(t))
		from := day.From + (t-day.From)/period.Instant(period.Hour)*period.Instant(period.Hour)
		return period.Span{From: from, To: min(from+period.Instant(period.Hour), day.To)}
	default:
		return zone.Bounds(zone.Cycle(t))
	}
}

// short reports whether a window counts only lines that come from one record.
func short(c *books.Commitment) bool {
	return c.Window == books.HourWindow || c.Window == books.DayWindow
}

// committed returns the value of a commitment for a window, as an amount.
func committed(bk *tariff.Book, c *books.Commitment, w window) (money.Amount, error) {
	value := c.Amount
	if c.ByQuantity {
		version, err := priced(bk, c, w)
		if err != nil {
			return value, err
		}
		if value, err = money.MulR8(c.Value, bk.Books.Versions[version].Tiers[0].UnitPrice); err != nil {
			return value, err
		}
	}
	if c.Whole || w.part == w.whole || short(c) {
		return value, nil
	}
	share := tariff.ShareOf(bk.Books.Zone, books.ByDays, w.part, w.whole)
	return money.RoundRat(share.Mul(share, value.Rat()), bk.Digits(c.Customer))
}

// priced returns the version that prices a commitment of a quantity: the version at the window's start. If the customer
// is not in force or has no price there, it is the version at the start of the part in which the row is in force.
func priced(bk *tariff.Book, c *books.Commitment, w window) (int32, error) {
	cl := tariff.Client{Book: bk}
	cl.Serve(c.Customer)
	version := tariff.NoVersion
	if slices.ContainsFunc(bk.Books.Customers[c.Customer].Rows, func(r books.CustomerRow) bool {
		return r.Valid.Holds(w.whole.From)
	}) {
		version = cl.Version(c.SKU, tariff.AnyRegion, w.whole.From)
	}
	if version == tariff.NoVersion {
		version = cl.Version(c.SKU, tariff.AnyRegion, w.part.From)
	}
	if version == tariff.NoVersion {
		return version, tariff.NoPrice("*", w.part.From)
	}
	return version, nil
}

// inScope reports whether a line is in the scope of a commitment and counts in its windows.
func inScope(c *books.Commitment, s *CommitmentSpent) bool {
	return (c.SKU == tariff.NoOne || c.SKU == s.SKU) && (c.Service == "*" || c.Service == s.Service) &&
		(s.Record || !short(c))
}

// breadth ranks the scopes of commitments: a sku, a service, anything.
func breadth(c *books.Commitment) int {
	switch {
	case c.SKU != tariff.NoOne:
		return 0
	case c.Service != "*":
		return 1
	}
	return 2
}

// inOrder returns a customer's commitments in the order of calculation: each counts the lines of earlier ones (§10.4).
func inOrder(list []books.Commitment) []*books.Commitment {
	rank := [...]int{books.Minimum: 0, books.Commit: 1, books.Maximum: 2}
	out := make([]*books.Commitment, len(list))
	for i := range list {
		out[i] = &list[i]
	}
	slices.SortStableFunc(out, func(a, b *books.Commitment) int {
		return cmp.Or(cmp.Compare(breadth(a), breadth(b)), cmp.Compare(rank[a.Kind], rank[b.Kind]),
			cmp.Compare(a.ID, b.ID), cmp.Compare(a.Valid.From, b.Valid.From))
	})
	return out
}

// CommitmentLines calculates the charges of a customer's commitments for the windows that end in a cycle (§10.4,
// COMMITTED-1). spent must contain the customer's lines that count, from all of these windows, except commitments'
// lines for the cycle. A shortfall is charged if its window has ended at now. The lines of earlier commitments count in
// later ones. trace may be nil.
func CommitmentLines(bk *tariff.Book, customer int32, cycle period.Cycle, spent []CommitmentSpent, now period.Instant,
	trace func(CommitmentStep)) ([]CommitmentLine, error) {
	k := newCommitments(bk, customer, cycle, spent, now)
	k.trace = trace
	return k.all(customer, func(*books.Commitment) bool { return true })
}

// CommitmentLinesAgain is Lines for the rows for which wanted returns true. spent includes the lines that the other
// rows were billed for the cycle; these do not change, and count in later rows (COMMITTED-2).
func CommitmentLinesAgain(bk *tariff.Book, customer int32, cycle period.Cycle, spent []CommitmentSpent,
	now period.Instant,
	wanted func(*books.Commitment) bool) ([]CommitmentLine, error) {
	return newCommitments(bk, customer, cycle, spent, now).all(customer, wanted)
}

func newCommitments(bk *tariff.Book, customer int32, cycle period.Cycle, spent []CommitmentSpent,
	now period.Instant) *commitments {
	k := &commitments{bk: bk, within: bk.Books.Zone.Bounds(cycle), now: now, spent: slices.Clone(spent),
		rows: inOrder(bk.Books.Commitments.Of(customer))}
	slices.SortStableFunc(k.spent, func(a, b CommitmentSpent) int { return cmp.Compare(a.At, b.At) })
	return k
}

// all returns the lines of the wanted rows.
func (k *commitments) all(customer int32, wanted func(*books.Commitment) bool) ([]CommitmentLine, error) {
	bk := k.bk
	var out []CommitmentLine
	for i, c := range k.rows {
		if !wanted(c) {
			continue
		}
		list, err := k.lines(i)
		if err != nil {
			return nil, fmt.Errorf("commitment %s of customer %s: %w", c.ID, bk.Books.Customers[customer].ID, err)
		}
		for i := range list {
			s := commitmentSpent(bk, c, list[i].Bounds.To-1)
			s.Payment = cutPayment(bk, customer, list[i].Amount)
			at, _ := slices.BinarySearchFunc(k.spent, s.At+1, compareTime)
			k.spent = slices.Insert(k.spent, at, s)
		}
		out = append(out, list...)
	}
	return out, nil
}

// commitmentSpent returns the contribution of a commitment's line at an instant, without its payment.
func commitmentSpent(bk *tariff.Book, c *books.Commitment, at period.Instant) CommitmentSpent {
	return CommitmentSpent{At: at, SKU: c.SKU, Service: CommitmentService(bk, c), By: c.ID}
}

// CommitmentService returns the service_type_code of a commitment's lines; "" for any.
func CommitmentService(bk *tariff.Book, c *books.Commitment) string {
	switch {
	case c.SKU != tariff.NoOne:
		return bk.Books.Products[c.SKU].ServiceTypeCode
	case c.Service != "*":
		return c.Service
	}
	return ""
}

// cutPayment returns the payment of a line without a discount, by grain and mode (§4.2).
func cutPayment(bk *tariff.Book, customer int32, a money.Amount) money.Amount {
	if bk.Rules.Grain == tariff.PerLine {
		return a.Cut(bk.Digits(customer), bk.Rules.Mode)
	}
	return a
}

// compareTime compares a contribution with an instant by time.
func compareTime(s CommitmentSpent, t period.Instant) int { return cmp.Compare(s.At, t) }

// commitments calculates the commitments of one customer for one cycle.
type commitments struct {
	bk     *tariff.Book
	within period.Span // the cycle
	now    period.Instant
	trace  func(CommitmentStep)
	rows   []*books.Commitment // in the order of calculation
	spent  []CommitmentSpent   // in order of time
}

// lines returns the lines of one commitment: at most one for a shortfall and one for an excess.
func (k *commitments) lines(row int) ([]CommitmentLine, error) {
	c := k.rows[row]
	var below, above money.AmountTotal
	err := windows(c, k.bk.Books.Zone, k.within, func(w window) error {
		value, err := committed(k.bk, c, w)
		if err != nil {
			return err
		}
		sum, err := k.sum(row, w.part)
		if err != nil {
			return err
		}
		missing, err := value.Sub(sum)
		if err != nil {
			return err
		}
		pending := missing.Sign() > 0 && w.part.To > k.now
		if k.trace != nil {
			zone := k.bk.Books.Zone
			k.trace(CommitmentStep{Row: c, Window: w.part, Whole: w.whole, Value: value, Charged: sum, Pending: pending,
				Days: [2]int64{tariff.DaysOf(zone, w.part), tariff.DaysOf(zone, w.whole)}})
		}
		switch {
		case pending:
			return nil
		case missing.Sign() > 0:
			return below.Add(missing)
		}
		over, err := overage(c, missing.Neg())
		if err != nil {
			return err
		}
		return above.Add(over)
	})
	if err != nil {
		return nil, err
	}
	return linesOf(c, below, above, commitmentBounds(c, k.bk.Books.Zone, k.within))
}

// linesOf returns the lines of a commitment from the totals below and above its value.
func linesOf(c *books.Commitment, below, above money.AmountTotal, bounds period.Span) ([]CommitmentLine, error) {
	var out []CommitmentLine
	for _, one := range [...]struct {
		kind  table.KindOfLine
		total money.AmountTotal
		owed  bool
	}{
		{table.TrueUpLine, below, c.Kind == books.Minimum || c.Kind == books.Commit && c.TrueUp},
		{table.OverageLine, above, c.Kind == books.Commit},
		{table.CapLine, above, c.Kind == books.Maximum},
	} {
		if !one.owed || one.total.IsZero() {
			continue
		}
		amount, err := one.total.Amount()
		if err != nil {
			return nil, err
		}
		out = append(out, CommitmentLine{c, one.kind, amount, bounds})
	}
	return out, nil
}

// sum returns the sum of what lines in the scope of a commitment charge in a window. Of the commitments' own lines,
// only those of earlier rows count.
func (k *commitments) sum(row int, part period.Span) (money.Amount, error) {
	var total money.AmountTotal
	from, _ := slices.BinarySearchFunc(k.spent, part.From, compareTime)
	for i := from; i < len(k.spent) && k.spent[i].At < part.To; i++ {
		if s := &k.spent[i]; inScope(k.rows[row], s) && isEarlier(k.rows, row, s) {
			if err := total.Add(s.Payment); err != nil {
				return money.Amount{}, err
			}
		}
	}
	return total.Amount()
}

// isEarlier reports whether a line belongs to one of the rows before a row, or to no commitment. A line of a commitment
// that no longer has a row precedes rows with a wider scope.
func isEarlier(rows []*books.Commitment, row int, s *CommitmentSpent) bool {
	of := func(c *books.Commitment) bool { return c.ID == s.By }
	if s.By == "" || slices.ContainsFunc(rows[:row], of) {
		return true
	}
	narrower := s.SKU != tariff.NoOne && breadth(rows[row]) > 0 || s.Service != "" && breadth(rows[row]) > 1
	return narrower && !slices.ContainsFunc(rows[row:], of)
}

// TouchedCommitments lists, by commitment, the cycles up to last that have the end of a window with one of the changed
// lines. A commitment that counts the lines of a touched one is touched too.
func TouchedCommitments(bk *tariff.Book, customer int32, changed []CommitmentSpent,
	last period.Cycle) map[*books.Commitment]map[period.Cycle]bool {
	out := make(map[*books.Commitment]map[period.Cycle]bool)
	zone := bk.Books.Zone
	changed = slices.Clone(changed)
	rows := inOrder(bk.Books.Commitments.Of(customer))
	for i, c := range rows {
		for j := range changed {
			s := &changed[j]
			if !inScope(c, s) || !c.Valid.Holds(s.At) || !isEarlier(rows, i, s) {
				continue
			}
			end := zone.Cycle(min(windowAt(c, zone, s.At).To, c.Valid.To) - 1)
			if end > last || out[c][end] {
				continue
			}
			if out[c] == nil {
				out[c] = make(map[period.Cycle]bool)
			}
			out[c][end] = true
		}
		for cycle := range out[c] {
			if bounds := commitmentBounds(c, zone, zone.Bounds(cycle)); bounds.To > bounds.From {
				changed = append(changed, commitmentSpent(bk, c, bounds.To-1))
			}
		}
	}
	return out
}

// commitmentBounds returns the bounds of the first and the last window of a commitment that end in a span; empty if
// none.
func commitmentBounds(c *books.Commitment, zone *period.Zone, within period.Span) (bounds period.Span) {
	_ = windows(c, zone, within, func(w window) error {
		if bounds == (period.Span{}) {
			bounds.From = w.part.From
		}
		bounds.To = w.part.To
		return nil
	})
	return bounds
}

// CommitmentsFrom returns the first cycle whose lines count in the commitments of a customer for a cycle.
func CommitmentsFrom(bk *tariff.Book, customer int32, cycle period.Cycle) period.Cycle {
	zone, first := bk.Books.Zone, cycle
	list := bk.Books.Commitments.Of(customer)
	for i := range list {
		if b := commitmentBounds(&list[i], zone, zone.Bounds(cycle)); b.To > b.From {
			first = min(first, zone.Cycle(b.From))
		}
	}
	return first
}

// CommittedUntil returns the last cycle with a window that counts lines of a cycle: the cycle itself, or a later one if
// a commitment of a year counts them.
func CommittedUntil(b *books.Books, cycle period.Cycle) period.Cycle {
	last, bounds := cycle, b.Zone.Bounds(cycle)
	for i := range b.Commitments {
		c := &b.Commitments[i]
		if c.Window != books.YearWindow {
			continue
		}
		for at := max(bounds.From, c.Valid.From); at < min(bounds.To, c.Valid.To); {
			to := min(windowAt(c, b.Zone, at).To, c.Valid.To)
			last, at = max(last, b.Zone.Cycle(to-1)), to
		}
	}
	return last
}

// overage returns the charge for an excess. A maximum refunds all of it; a commit charges the excess times the factor,
// less what the lines already charge.
func overage(c *books.Commitment, excess money.Amount) (money.Amount, error) {
	switch c.Kind {
	case books.Maximum:
		return excess.Neg(), nil
	case books.Commit:
		factor := new(big.Rat).Sub(c.Overage.Rat(), big.NewRat(1, 1))
		return money.RoundRat(factor.Mul(factor, excess.Rat()), money.AmountScale)
	default:
		return money.Amount{}, nil
	}
}

// CommitmentCharge returns the charge of a commitment's line, without discount.
func CommitmentCharge(bk *tariff.Book, l *CommitmentLine) (table.Charge, error) {
	ch := table.Charge{Kind: l.Kind, Official: l.Amount, Payment: cutPayment(bk, l.Row.Customer, l.Amount),
		Version:    tariff.NoVersion,
		DiscountID: tariff.NoOne}
	var err error
	ch.Truncated, err = l.Amount.Sub(ch.Payment)
	return ch, err
}
