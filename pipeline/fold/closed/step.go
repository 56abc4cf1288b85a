package closed

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/table"
)

// Folder bills the late records of the buckets of one worker.
type Folder struct {
	*state.Incoming
	Terms
	Measured *state.SampleFolder
	Rater    *rating.Rater
	owners   owners
}

// Terms are a run's parameters of late billing.
type Terms struct {
	LateIn   period.Cycle            // in which records of closed cycles are billed; lake.NoCycle = none is closed
	AsOf     period.Instant          // the run's clock; late records store it
	Refold   func(period.Cycle) bool // whether a cycle was rated with other books
	Reposted map[int]bool            // buckets in which re-rating posted into LateIn, so that it must be billed again
}

// New bills late records.
func New(samples *state.SampleFolder, rater *rating.Rater, terms Terms) *Folder {
	return &Folder{samples.Incoming, terms, samples, rater, owners{books: samples.Books}}
}

// Step bills the late records of one bucket in the earliest open cycle (§4.11). It holds all of them in memory
// (FOLD-5).
type Step struct {
	Folder *Folder
	Bucket int
	Cycle  period.Cycle // in which the late records are billed

	rows         []*Row // billed in this cycle
	All          map[Key]*Row
	replaced     map[Key]bool // records that a late record replaces
	ReratedDraws map[Key]string
	days         map[period.Cycle][]period.Day
	fresh        int64

	Samples lateSamples
	sources Sources
	state   State

	lines        []*rows.Line
	conserved    struct{ owed, billed money.QuantityTotal }
	meters       []lateMeter
	quotaPeriods []lateQuotaPeriod
	left         []state.LeftOver // levels, and products that count otherwise
}

// Row is an accepted late record.
type Row struct {
	Record
	Billed   period.Cycle
	DrewThen string // what it drew when it was billed, before any re-rating
}

// lateMeter and lateQuotaPeriod are positions after late records.
type lateMeter struct {
	customer int32
	Meter
	count money.Quantity
}

type lateQuotaPeriod struct {
	QuotaPeriod
	drawn money.Quantity
}

// isLate reports whether a cycle is closed, so that new records of it are late.
func (w *Folder) isLate(c period.Cycle) bool { return w.LateIn != lake.NoCycle && c < w.LateIn }

// Bucket brings the late records of a bucket up to date. usage and list count the new rows of usage and samples by day.
// It reports whether it wrote anything and whether the packages with which the cycle opens changed.
func (w *Folder) Bucket(ctx context.Context, bucket int, usage, list map[period.Day]int64) (wrote, differs bool,
	err error) {
	if w.LateIn == lake.NoCycle {
		return false, false, nil
	}
	reposted := w.Reposted[bucket]
	s := &Step{Folder: w, Bucket: bucket, Cycle: w.LateIn, days: make(map[period.Cycle][]period.Day)}
	for day, n := range usage {
		if w.isLate(day.Cycle()) {
			s.days[day.Cycle()], s.fresh = append(s.days[day.Cycle()], day), s.fresh+n
		}
	}
	for day := range list {
		if w.isLate(day.Cycle()) {
			s.Samples.days = append(s.Samples.days, day)
		}
	}
	stored := len(w.Find(state.CycleKey("late", s.Cycle, bucket)))+
		len(w.Find(state.CycleKey("late_samples", s.Cycle, bucket))) > 0
	if w.Refold(s.Cycle) && !stored { // other books may have given the bucket a link that has late samples
		strays, err := w.Measured.Strays.LateTo(bucket)
		if err != nil {
			return false, false, err
		}
		stored = slices.ContainsFunc(strays, func(one *state.LateSample) bool { return one.Billed == s.Cycle })
	}
	if s.fresh == 0 && len(s.Samples.days) == 0 && (!stored || !w.Refold(s.Cycle) && !reposted) {
		return reposted, reposted, nil
	}
	for _, step := range []func() error{s.Load, s.accept, s.acceptSamples, s.rate, s.conserve} {
		if err := ctx.Err(); err != nil {
			return false, false, err
		}
		if err := step(); err != nil {
			return false, false, err
		}
	}
	differs, err = s.write()
	return true, differs || reposted, err
}

// Load reads the late records of the bucket, including those billed in closed cycles.
func (s *Step) Load() error {
	s.All, s.replaced = make(map[Key]*Row), make(map[Key]bool)
	s.sources = Sources{Step: s, Shifted: s.Cycle}
	if err := s.redrawn(); err != nil {
		return err
	}
	for _, c := range s.Folder.Opening.Cycles(s.Cycle) {
		key := state.CycleKey("late", c, s.Bucket)
		for _, e := range s.Folder.Find(key) {
			if err := s.loadFile(e, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// add adds an accepted record.
func (s *Step) add(r *Row) {
	s.All[r.Key()] = r
	if r.Replaces != "" {
		s.replaced[r.Target()] = true
	}
	if r.Billed == s.Cycle {
		s.rows = append(s.rows, r)
	}
}

// rate makes the lines of all late records and samples of the cycle.
func (s *Step) rate() error {
	if err := s.rateRecords(); err != nil {
		return err
	}
	return s.rateSamples()
}

// rateRecords makes the lines of the late records.
func (s *Step) rateRecords() error {
	own := make([]*Record, len(s.rows))
	for i, r := range s.rows {
		own[i] = &r.Record
	}
	if err := s.sources.Prepare(own); err != nil {
		return err
	}
	if err := s.sources.readCounted(); err != nil {
		return err
	}
	entries, err := Pending(own, s.sources.Billed)
	if err != nil {
		return err
	}
	s.openState()
	for from := 0; from < len(entries); {
		to := from + 1
		for to < len(entries) && entries[to].Customer == entries[from].Customer {
			to++
		}
		if err := s.rateCustomer(entries[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// openState makes the state, which requests positions from the sources.
func (s *Step) openState() {
	s.state = State{Books: s.Folder.Books, Prices: s.Folder.Prices, Rater: s.Folder.Rater,
		Region: s.Folder.Regions.Name, Count: s.sources.Count, Drawn: s.sources.Drawn}
}

// rateCustomer makes the lines of one customer's late records.
func (s *Step) rateCustomer(entries []Entry) error {
	customer := entries[0].Customer
	s.state.Open(customer)
	changed := make(map[Meter]period.Instant) // with the last as-of
	levels, whole := make(movedLevels), make(map[productOf]period.Instant)
	var charges table.LineCharges
	for i := range entries {
		e := &entries[i]
		asOf := e.AsOf
		if e.Reversal {
			asOf = entries[i+1].AsOf // of the record that replaces it (LATE-2)
		}
		charges.Reset()
		of := productOf{MeterSet{customer, e.Origin}, e.SKU}
		if !IsLevel(s.Folder.Books, &e.Record.Record) && s.sources.otherwise(of) {
			if err := s.draw(e, entries, &charges); err != nil {
				return err
			}
			whole[of] = max(whole[of], asOf)
			continue
		}
		if err := s.state.Take(e, &charges); err != nil {
			return err
		}
		if s.Folder.Books.Products[e.SKU].MonthEnd() {
			m := MeterOf(s.Folder.Books, e.Record, s.Folder.Regions.Name)
			if IsLevel(s.Folder.Books, &e.Record.Record) {
				levels.note(m, asOf)
			} else {
				changed[m] = max(changed[m], asOf)
			}
		}
		for k := range charges.List {
			s.lines = append(s.lines, s.line(e, asOf, &charges.List[k], charges.Draws))
		}
		if err := s.owe(e); err != nil {
			return err
		}
	}
	closing := Closing{Books: s.Folder.Books, Rater: s.Folder.Rater, Region: s.Folder.Regions.Name, Customer: customer,
		Counts: s.state.Meters(), Part: s.Folder.Part}
	for _, m := range slices.SortedFunc(maps.Keys(changed), CompareMeters) {
		if err := s.rateMeter(&closing, m, changed[m]); err != nil {
			return err
		}
	}
	if err := s.rateLevels(customer, levels, whole); err != nil {
		return err
	}
	if err := s.rateProducts(&closing, whole); err != nil {
		return err
	}
	for m, count := range s.state.Meters() {
		s.meters = append(s.meters, lateMeter{customer, m, count})
	}
	for f, drawn := range s.state.QuotaPeriods() {
		s.quotaPeriods = append(s.quotaPeriods, lateQuotaPeriod{f, drawn})
	}
	return nil
}

// CompareMeters orders the meters of a customer.
func CompareMeters(a, b Meter) int {
	return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.Kind, b.Kind))
}

// owe adds an entry that is billed on its own to the quantity that the lines must hold (LATE-3).
func (s *Step) owe(e *Entry) error {
	if p := &s.Folder.Books.Products[e.SKU]; !rating.Summed(p) || p.PeriodLevel() {
		return nil
	}
	q := e.Quantity.Signed()
	if e.Reversal {
		q = q.Neg()
	}
	return s.conserved.owed.AddSigned(q)
}

// oweMeter adds what the differences of a period-level meter must hold (LATE-3).
func (s *Step) oweMeter(p *books.Product, records []*Record, billed Sums) error {
	if !p.PeriodLevel() {
		return nil
	}
	return s.oweAll(p, records, billed)
}

// oweAll adds what the differences of all records of a meter or a product must hold.
func (s *Step) oweAll(p *books.Product, records []*Record, billed Sums) error {
	if !rating.Summed(p) {
		return nil
	}
	for _, r := range records {
		if err := s.conserved.owed.Add(r.Quantity); err != nil {
			return err
		}
	}
	for _, sum := range billed {
		if err := s.conserved.owed.AddTotal(sum.Used.Neg()); err != nil {
			return err
		}
	}
	return nil
}

// line is one line of a late record (§4.11).
func (s *Step) line(e *Entry, asOf period.Instant, ch *table.Charge, draws []table.PackageDraw) *rows.Line {
	appendDraws := table.AppendDraws
	if e.Reversal {
		appendDraws = table.AppendReturned
	}
	l := &rows.Line{Charge: *ch, Customer: e.Customer, SKU: e.SKU, Region: s.Folder.Regions.Name(e.Region),
		Resource: string(e.Resource),
		Name:     string(e.Name), Tag: string(e.Tag), ID: string(e.ID), TradeTime: e.End, Start: e.Start, End: e.End,
		Draws: string(appendDraws(nil, s.Folder.Books.Packages, draws[ch.DrawsFrom:ch.DrawsTo]))}
	adjust(s.Folder.Books, l, e.Origin, s.Cycle, e.Start, asOf)
	return l
}

// rateMeter makes the difference lines of a period-level meter (§4.11). asOf is that of the last run that brought
// records of the meter; it gives their payment time. The rater is left at the cycle's end.
func (s *Step) rateMeter(closing *Closing, m Meter, asOf period.Instant) error {
	records, err := s.sources.counted(closing.Customer, m)
	if err != nil {
		return err
	}
	now, err := closing.Rate(m, records)
	if err != nil {
		return err
	}
	billed, err := s.sources.billedOf(closing.Customer, m)
	if err != nil {
		return err
	}
	if err := s.oweMeter(&s.Folder.Books.Products[m.SKU], records, billed); err != nil {
		return err
	}
	return s.differ(now, billed, func(Place) period.Instant { return asOf })
}

// passMeter leaves the rater at the end of the cycle of a meter.
func (s *Step) passMeter(closing *Closing, m Meter) error {
	records, err := s.sources.counted(closing.Customer, m)
	if err == nil {
		_, err = closing.Rate(m, records)
	}
	return err
}

// differ appends the lines of the differences between two sums.
func (s *Step) differ(now, billed Sums, asOf func(Place) period.Instant) error {
	if err := Differences(now, billed); err != nil {
		return err
	}
	for _, p := range now.Places() {
		part, err := s.Folder.Span(p)
		if err != nil {
			return err
		}
		l, err := DifferenceLine(s.Folder.Books, p, part, now[p], s.Cycle, asOf(p.Whole()))
		if err != nil {
			return err
		}
		s.lines = append(s.lines, l)
	}
	return nil
}

// conserve checks that the late lines hold exactly the quantity of the late records (LATE-3). It covers products whose
// lines add up quantities. It skips bandwidth, whose usage is the billed bandwidth.
func (s *Step) conserve() error {
	for _, l := range s.lines {
		if s.Folder.IsBandwidth(l.SKU) || !rating.Summed(&s.Folder.Books.Products[l.SKU]) {
			continue
		}
		if err := s.conserved.billed.AddSigned(l.UsageAmount); err != nil {
			return err
		}
	}
	if s.conserved.owed.Cmp(s.conserved.billed) != 0 {
		return &state.ConservationError{Where: "late records in " + s.Cycle.String(),
			Used: s.conserved.owed.String(), Billed: s.conserved.billed.String()}
	}
	return nil
}

// write stores the late records, their lines and the resulting positions in the next state. It reports whether a
// package with which the cycle opens changed.
func (s *Step) write() (differs bool, err error) {
	key := func(table string) lake.FileKey { return state.CycleKey(table, s.Cycle, s.Bucket) }
	slices.SortFunc(s.rows, func(a, b *Row) int { return a.Compare(&b.Record) })
	if err := s.Folder.Put(key("late"), s.storeRows().Any()); err != nil {
		return false, err
	}
	if err := s.Folder.Put(key("late_samples"), s.Samples.store(s).Any()); err != nil {
		return false, err
	}
	had := s.Folder.Find(key("late_positions"))
	if err := s.Folder.Put(key("late_positions"), s.storePositions().Any()); err != nil {
		return false, err
	}
	has := s.Folder.Find(key("late_positions"))
	differs = len(had) != len(has) || len(has) == 1 && had[0].Hash != has[0].Hash
	s.Folder.Tally.Lines += int64(len(s.lines))
	late := key("lines")
	late.Day = lake.LateDay
	files, err := rows.WriteLines(s.Folder.Txn, s.Folder.Books, late, s.lines)
	if err != nil {
		return false, err
	}
	for k, list := range files {
		if err := s.Folder.Replace(k, list); err != nil {
			return false, err
		}
	}
	return differs, nil
}
