package fold

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/late"
	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/line"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// slotKey is a link's slot: a sample's identity (§3.20).
type slotKey struct {
	link string
	slot period.Instant
}

// lateSample is the sample that counts of a slot whose cycle was closed before it came.
type lateSample struct {
	sample
	asOf   period.Instant
	billed period.Cycle
}

// lateSamples is the late samples of a bucket.
type lateSamples struct {
	days []period.Day // with new ones
	all  map[slotKey]*lateSample
}

// loadSamples reads the late samples of the bucket's links, of closed cycles too: of a slot the one billed last counts.
func (s *lateStep) loadSamples(last period.Cycle) error {
	s.samples.all = make(map[slotKey]*lateSample)
	strays, err := s.w.lateStraysTo(s.bucket)
	if err != nil {
		return err
	}
	for _, c := range s.w.opening.Cycles(last) {
		for _, e := range s.w.find(lake.FileKey{Table: "late_samples", Cycle: c.String(), Bucket: s.bucket}) {
			err := s.w.eachLateSample(e, c, func(one *lateSample) {
				// what the cycle at hand bills goes to where its link is now
				if to := s.w.adopt(one); to == s.bucket || c != s.cycle {
					s.samples.all[slotKey{one.link, one.slot}] = one
				}
			})
			if err != nil {
				return err
			}
		}
		for _, one := range strays {
			if one.billed == c {
				s.samples.all[slotKey{one.link, one.slot}] = one
			}
		}
	}
	return nil
}

// eachLateSample shows the rows of a file of late samples.
func (w *worker) eachLateSample(e lake.FileEntry, billed period.Cycle, show func(*lateSample)) error {
	f, err := tablefile.Open(w.Txn, e, tables.LateSamples(), nil)
	if err != nil {
		return err
	}
	in := &storedSamples{names: &w.names, Cursor: tablefile.Cursor{Reader: f}}
	defer in.Close()
	one, ok, err := in.read()
	for ; ok && err == nil; one, ok, err = in.read() {
		show(&lateSample{*one, period.Instant(in.Cols.C[tables.BAsOf].Ints[in.At]), billed})
	}
	return err
}

// acceptSamples decides the new late samples (§3.20, §4.7).
func (s *lateStep) acceptSamples() error {
	if err := s.loadSamples(s.cycle); err != nil {
		return err
	}
	slices.Sort(s.samples.days)
	for _, day := range s.samples.days {
		if err := s.acceptSampleDay(day); err != nil {
			return err
		}
	}
	return nil
}

func (s *lateStep) acceptSampleDay(day period.Day) error {
	w := s.w
	old, err := w.openSamples(w.find(dayKey("bandwidth", day, s.bucket)))
	if err != nil {
		return err
	}
	defer old.Close()
	fresh, err := w.arrivalsOf(s.bucket, day)
	if err != nil {
		return err
	}
	kept, ok, err := old.read()
	if err != nil {
		return err
	}
	strays, err := w.straysOn(s.bucket, day)
	if err != nil {
		return err
	}
	for fresh.ok {
		for ok && kept.before(&fresh.head.sample) < 0 {
			if kept, ok, err = old.read(); err != nil {
				return err
			}
		}
		group, err := fresh.takeGroup()
		if err != nil {
			return err
		}
		first := &group[0].sample
		key := slotKey{first.link, first.slot}
		accepted := strays[key]
		if ok && kept.before(first) == 0 {
			accepted = kept
		}
		if newer := s.samples.all[key]; newer != nil {
			accepted = &newer.sample
		}
		winner := w.elect(accepted, group)
		if winner != nil && (accepted == nil || differs(w.policyOf(group[0].sku), accepted, winner)) {
			s.samples.all[key] = &lateSample{*winner, w.AsOf, s.cycle}
		}
	}
	return nil
}

// here are the samples that are billed in the cycle, in the order of the bandwidth table.
func (l *lateSamples) here(cycle period.Cycle) []*lateSample {
	var out []*lateSample
	for _, one := range l.all {
		if one.billed == cycle {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b *lateSample) int { return a.before(&b.sample) })
	return out
}

// store is the late_samples table of the cycle.
func (l *lateSamples) store(w *worker) *parquet.Columns {
	out := parquet.NewColumns(tables.LateSamples())
	for _, one := range l.here(w.LateIn) {
		w.store(out, &one.sample)
		out.C[tables.BAsOf].Ints = append(out.C[tables.BAsOf].Ints, int64(one.asOf))
	}
	return out
}

// rateSamples makes the difference lines of the billing objects of which a late sample changed a slot (§4.11).
func (s *lateStep) rateSamples() error {
	changed := make(map[period.Cycle]map[measure.Key]bool)
	asOf := make(map[late.Place]period.Instant)
	for _, one := range s.samples.here(s.cycle) {
		l, ok := s.w.Books.LinkAt(one.link, one.slot)
		if !ok {
			continue
		}
		origin := s.w.Books.Zone.Cycle(one.slot)
		if changed[origin] == nil {
			changed[origin] = make(map[measure.Key]bool)
		}
		key := measure.KeyOf(l)
		changed[origin][key] = true
		place := late.Place{Origin: origin, Customer: key.Customer, SKU: key.SKU, Region: key.Region,
			Resource: key.Object}
		asOf[place] = max(asOf[place], one.asOf)
	}
	for _, origin := range slices.Sorted(maps.Keys(changed)) {
		keys := changed[origin]
		now, err := s.w.remeasure(s.bucket, origin, keys, s.samples.all)
		if err != nil {
			return err
		}
		billed, err := s.sources.billedLines(origin, func(p *late.Place) bool {
			return keys[measure.Key{Customer: p.Customer, SKU: p.SKU, Region: p.Region, Object: p.Resource}]
		})
		if err != nil {
			return err
		}
		if err := s.differ(now, billed, func(p late.Place) period.Instant { return asOf[p] }); err != nil {
			return err
		}
	}
	return nil
}

// remeasure works billing objects of a closed cycle out again; keys nil = all of them. newer are the samples that took
// a slot's place.
func (w *worker) remeasure(bucket int, origin period.Cycle, keys map[measure.Key]bool, newer map[slotKey]*lateSample) (
	late.Sums, error) {
	sums := make(late.Sums)
	list, err := w.measureWith(bucket, origin, keys, newer)
	if err != nil {
		return nil, err
	}
	for i := range list {
		var charges line.Charges
		list[i].Record = 0
		if err := w.Prices.PercentileCharges(&list[i].Bandwidth, nil, &charges); err != nil {
			return nil, err
		}
		about := []rating.Object{{SKU: list[i].SKU, Region: list[i].Region, Resource: list[i].object}}
		if err := sums.AddCharges(w.Books, list[i].Customer, &charges, about, origin); err != nil {
			return nil, err
		}
	}
	return sums, nil
}
