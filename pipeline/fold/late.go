package fold

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/intake/events"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// lateStep bills what came after its cycle was closed, of one bucket, in the earliest open cycle (§4.11). All late
// records of the bucket are held in memory (FOLD-5).
type lateStep struct {
	w      *worker
	bucket int
	cycle  period.Cycle // they are billed in

	rows         []*lateRow // of this cycle
	all          map[late.Key]*lateRow
	replaced     map[late.Key]bool // by a late record
	reratedDraws map[late.Key]string
	days         map[period.Cycle][]period.Day
	fresh        int64

	samples lateSamples
	sources lateSources
	state   late.State

	lines        []*events.Line
	conserved    struct{ owed, billed money.QuantityTotal }
	meters       []lateMeter
	quotaPeriods []lateQuotaPeriod
}

// lateRow is an accepted late record.
type lateRow struct {
	late.Record
	billed   period.Cycle
	drewThen string // what it drew when it was billed, re-rating or not
}

// lateMeter and lateQuotaPeriod are what late records leave behind.
type lateMeter struct {
	customer int32
	late.Meter
	count money.Quantity
}

type lateQuotaPeriod struct {
	late.QuotaPeriod
	drawn money.Quantity
}

// isLate reports whether a cycle is closed, so that what comes for it now is late.
func (w *worker) isLate(c period.Cycle) bool { return w.LateIn != place.NoCycle && c < w.LateIn }

// lateCycle brings the late records of a bucket up to date. It reports whether anything was written and whether the
// packages that the cycle opens with came out different.
func (w *worker) lateCycle(ctx context.Context, bucket int, todo work) (wrote, differs bool, err error) {
	if w.LateIn == place.NoCycle {
		return false, false, nil
	}
	reposted := w.Reposted[bucket]
	s := &lateStep{w: w, bucket: bucket, cycle: w.LateIn, days: make(map[period.Cycle][]period.Day)}
	for day, n := range todo.usage {
		if w.isLate(day.Cycle()) {
			s.days[day.Cycle()], s.fresh = append(s.days[day.Cycle()], day), s.fresh+n
		}
	}
	for day := range todo.samples {
		if w.isLate(day.Cycle()) {
			s.samples.days = append(s.samples.days, day)
		}
	}
	stored := len(w.find(s.key("late")))+len(w.find(s.key("late_samples"))) > 0
	if w.Refold(s.cycle) && !stored { // other books may have given the bucket a link that has late samples
		strays, err := w.lateStraysTo(bucket)
		if err != nil {
			return false, false, err
		}
		stored = slices.ContainsFunc(strays, func(one *lateSample) bool { return one.billed == s.cycle })
	}
	if s.fresh == 0 && len(s.samples.days) == 0 && (!stored || !w.Refold(s.cycle) && !reposted) {
		return reposted, reposted, nil
	}
	for _, step := range []func() error{s.load, s.accept, s.acceptSamples, s.rate, s.conserve} {
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

// key names the file of a table of the bucket's late records.
func (s *lateStep) key(table string) lake.FileKey {
	return lake.FileKey{Table: table, Cycle: s.cycle.String(), Bucket: s.bucket}
}

// load reads the late records of the bucket, those billed in closed cycles too.
func (s *lateStep) load() error {
	s.all, s.replaced = make(map[late.Key]*lateRow), make(map[late.Key]bool)
	s.sources = lateSources{lateStep: s, shifted: s.cycle}
	if err := s.redrawn(); err != nil {
		return err
	}
	for _, c := range s.w.opening.Cycles(s.cycle) {
		key := lake.FileKey{Table: "late", Cycle: c.String(), Bucket: s.bucket}
		for _, e := range s.w.find(key) {
			if err := s.loadFile(e, c); err != nil {
				return err
			}
		}
	}
	return nil
}

// add takes an accepted record up.
func (s *lateStep) add(r *lateRow) {
	s.all[r.Key()] = r
	if r.Replaces != "" {
		s.replaced[r.Target()] = true
	}
	if r.billed == s.cycle {
		s.rows = append(s.rows, r)
	}
}

// rate makes the lines of all late records and samples of the cycle.
func (s *lateStep) rate() error {
	own := make([]*late.Record, len(s.rows))
	for i, r := range s.rows {
		own[i] = &r.Record
	}
	if err := s.sources.prepare(own); err != nil {
		return err
	}
	entries, err := late.Pending(own, s.sources.billed)
	if err != nil {
		return err
	}
	w := s.w
	s.state = late.State{Books: w.Books, Prices: w.Prices, Rater: w.rater, Region: w.Scanned.Regions.Name,
		Count: s.sources.count, Drawn: s.sources.drawn}
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
	return s.rateSamples()
}

// rateCustomer makes the lines of one customer's late records.
func (s *lateStep) rateCustomer(entries []late.Entry) error {
	customer := entries[0].Customer
	s.state.Open(customer)
	changed := make(map[late.Meter]period.Instant) // and by which as-of last
	var charges line.Charges
	for i := range entries {
		e := &entries[i]
		asOf := e.AsOf
		if e.Reversal {
			asOf = entries[i+1].AsOf // of the record that stands in its place (LATE-2)
		}
		charges.Reset()
		if err := s.state.Take(e, &charges); err != nil {
			return err
		}
		if s.w.Books.Products[e.SKU].PeriodLevel() {
			m := late.MeterOf(s.w.Books, e.Record, s.w.Scanned.Regions.Name)
			changed[m] = max(changed[m], asOf)
		}
		for k := range charges.List {
			s.lines = append(s.lines, s.line(e, asOf, &charges.List[k], charges.Draws))
		}
		if err := s.owe(e); err != nil {
			return err
		}
	}
	for _, m := range slices.SortedFunc(maps.Keys(changed), compareMeters) {
		if err := s.rateMeter(customer, m, changed[m]); err != nil {
			return err
		}
	}
	for m, count := range s.state.Meters() {
		s.meters = append(s.meters, lateMeter{customer, m, count})
	}
	for f, drawn := range s.state.QuotaPeriods() {
		s.quotaPeriods = append(s.quotaPeriods, lateQuotaPeriod{f, drawn})
	}
	return nil
}

func compareMeters(a, b late.Meter) int {
	return cmp.Or(cmp.Compare(a.Origin, b.Origin), cmp.Compare(a.SKU, b.SKU), cmp.Compare(a.Scope, b.Scope),
		cmp.Compare(a.Kind, b.Kind))
}

// owe counts what the lines must hold (LATE-3).
func (s *lateStep) owe(e *late.Entry) error {
	if !rating.Summed(&s.w.Books.Products[e.SKU]) {
		return nil
	}
	q := e.Quantity.Signed()
	if e.Reversal {
		q = q.Neg()
	}
	return s.conserved.owed.AddSigned(q)
}

// line is one line of a late record (§4.11).
func (s *lateStep) line(e *late.Entry, asOf period.Instant, ch *line.Charge, draws []line.Draw) *events.Line {
	l := &events.Line{Charge: *ch, Customer: e.Customer, SKU: e.SKU, Region: s.w.Scanned.Regions.Name(e.Region),
		Resource: string(e.Resource),
		Name:     string(e.Name), Tag: string(e.Tag), ID: string(e.ID), TradeTime: e.End, Start: e.Start, End: e.End,
		Draws: string(late.AppendDraws(nil, s.w.Books, draws[ch.DrawsFrom:ch.DrawsTo], e.Reversal))}
	s.w.adjust(l, e.Origin, s.cycle, e.Start, asOf)
	return l
}

// adjust makes a line one that is billed after its cycle was closed, by a run of an as-of; t is when its partner is
// looked up.
func (f *Folder) adjust(l *events.Line, origin, billed period.Cycle, t, asOf period.Instant) {
	l.Own, l.Instant = t, events.LateInstant(f.Books.Zone, billed, asOf)
	l.ChargingMode, l.Detail, l.Kind = chargingOnDemand, detailAdjustment, line.Adjustment
	l.Origin, l.TradeID = origin.String(), billed.String()
	if as, ok := f.Books.AssociationAt(l.Customer, t); ok {
		l.Partner, l.Association = f.Books.Partners[as.Partner].ID, as.Type
	}
}

// detailAdjustment is the bill_detail_type of what is billed late (§4.11).
const detailAdjustment = 16

// rateMeter makes the difference lines of a period-level meter (§4.11), paid when the last run that brought
// records of it says.
func (s *lateStep) rateMeter(customer int32, m late.Meter, asOf period.Instant) error {
	records, err := s.sources.counted(customer, m)
	if err != nil {
		return err
	}
	now, err := late.Rate(s.w.Books, s.w.rater, m, customer, s.w.Scanned.Regions.Name, records)
	if err != nil {
		return err
	}
	billed, err := s.sources.billedLines(m.Origin, func(p *late.Place) bool {
		return p.Customer == customer && m.Owns(s.w.Books, p)
	})
	if err != nil {
		return err
	}
	return s.differ(now, billed, func(late.Place) period.Instant { return asOf })
}

// differ appends the lines of differences.
func (s *lateStep) differ(now, billed late.Sums, asOf func(late.Place) period.Instant) error {
	sums, err := late.Differences(now, billed)
	if err != nil {
		return err
	}
	for _, p := range sums.Places() {
		s.lines = append(s.lines, s.w.differenceLine(p, sums[p], s.cycle, asOf(p)))
	}
	return nil
}

// differenceLine is the line of a difference: its amounts, and nothing that is priced.
func (f *Folder) differenceLine(p late.Place, sum *late.Sum, billed period.Cycle, asOf period.Instant) *events.Line {
	bounds := f.Books.Zone.Bounds(p.Origin)
	l := &events.Line{Customer: p.Customer, SKU: p.SKU, Region: p.Region, Resource: p.Resource,
		ID:        EndID(p.Origin, f.Books.Products[p.SKU].SKU, p.Region, p.Resource),
		TradeTime: bounds.To, Start: bounds.From, End: bounds.To, Draws: sum.DrawsText()}
	l.Charge = line.Charge{UsageAmount: sum.Used, Free: sum.Free, Official: sum.Official, Discount: sum.Discount,
		Truncated: sum.Truncated,
		Payment:   sum.Payment, DiscountID: -1, Version: -1}
	f.adjust(l, p.Origin, billed, bounds.From, asOf)
	return l
}

// conserve checks that the late lines hold exactly what late records used (LATE-3), of products whose lines add up
// quantities. Bandwidth uses what it is billed
// for.
func (s *lateStep) conserve() error {
	for _, l := range s.lines {
		if s.w.isBandwidth(l.SKU) || !rating.Summed(&s.w.Books.Products[l.SKU]) {
			continue
		}
		if err := s.conserved.billed.AddSigned(l.UsageAmount); err != nil {
			return err
		}
	}
	if s.conserved.owed.Cmp(s.conserved.billed) != 0 {
		return &ConservationError{"late records in " + s.cycle.String(), s.conserved.owed.String(),
			s.conserved.billed.String()}
	}
	return nil
}

// write puts the late records, their lines and what they leave behind into the next state. It reports whether a package
// that the cycle opens with differs.
func (s *lateStep) write() (differs bool, err error) {
	w := s.w
	slices.SortFunc(s.rows, func(a, b *lateRow) int { return a.Before(&b.Record) })
	if err := w.put(s.key("late"), s.storeRows()); err != nil {
		return false, err
	}
	if err := w.put(s.key("late_samples"), s.samples.store(w)); err != nil {
		return false, err
	}
	had := w.find(s.key("late_positions"))
	if err := w.put(s.key("late_positions"), s.storePositions()); err != nil {
		return false, err
	}
	has := w.find(s.key("late_positions"))
	differs = len(had) != len(has) || len(has) == 1 && had[0].Hash != has[0].Hash
	w.mu.Lock()
	w.result.Lines += int64(len(s.lines))
	w.mu.Unlock()
	key := s.key("lines")
	key.Day = lake.LateDay
	files, err := events.Files(w.Txn, w.Books, key, s.lines)
	if err != nil {
		return false, err
	}
	for k, list := range files {
		if err := w.replace(k, list); err != nil {
			return false, err
		}
	}
	return differs, nil
}
