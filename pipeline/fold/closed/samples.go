package closed

import (
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/fold/state"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/rating"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// lateSamples is the late samples of a bucket.
type lateSamples struct {
	days []period.Day // days with new samples
	All  map[state.SlotKey]*state.LateSample
}

// LoadSamples reads the late samples of the bucket's links, also those billed in closed cycles. The one billed last
// counts.
func (s *Step) LoadSamples(last period.Cycle) error {
	s.Samples.All = make(map[state.SlotKey]*state.LateSample)
	strays, err := s.Folder.Measured.Strays.LateTo(s.Bucket)
	if err != nil {
		return err
	}
	billed := make(map[period.Cycle][]*state.LateSample)
	for _, one := range strays {
		billed[one.Billed] = append(billed[one.Billed], one)
	}
	// The bucket itself may have no file of a cycle in which strays were billed.
	cycles := slices.AppendSeq(s.Folder.Opening.Cycles(last), maps.Keys(billed))
	slices.Sort(cycles)
	for _, c := range slices.Compact(cycles) {
		if c > last {
			break
		}
		for _, e := range s.Folder.Find(lake.FileKey{Table: "late_samples", Cycle: lake.CycleOf(c),
			Bucket: s.Bucket}) {
			err := state.EachLateSample(s.Folder.State, e, c, func(one *state.LateSample) {
				// a sample that the current cycle bills goes to the bucket of its link's customer
				if to := state.AdoptSample(s.Folder.State, one); to == s.Bucket || c != s.Cycle {
					s.Samples.All[one.Key()] = one
				}
			})
			if err != nil {
				return err
			}
		}
		for _, one := range billed[c] {
			s.Samples.All[one.Key()] = one
		}
	}
	return nil
}

// acceptSamples decides which new late samples are accepted (§3.20, §4.7).
func (s *Step) acceptSamples() error {
	if err := s.LoadSamples(s.Cycle); err != nil {
		return err
	}
	slices.Sort(s.Samples.days)
	for _, day := range s.Samples.days {
		if err := s.acceptSampleDay(day); err != nil {
			return err
		}
	}
	return nil
}

func (s *Step) acceptSampleDay(day period.Day) error {
	w := s.Folder.Measured
	old, err := w.OpenSamples(w.Find(state.DayKey("bandwidth", day, s.Bucket)))
	if err != nil {
		return err
	}
	defer old.Close()
	fresh, err := w.ArrivalsOf(s.Bucket, day)
	if err != nil {
		return err
	}
	kept, ok, err := old.Read()
	if err != nil {
		return err
	}
	strays, err := w.StraysOn(s.Bucket, day)
	if err != nil {
		return err
	}
	for fresh.Ok {
		for ok && kept.Compare(&fresh.Head.LinkSample) < 0 {
			if kept, ok, err = old.Read(); err != nil {
				return err
			}
		}
		group, err := fresh.TakeGroup()
		if err != nil {
			return err
		}
		first := &group[0].LinkSample
		key := first.Key()
		accepted := strays[key]
		if ok && kept.Compare(first) == 0 {
			accepted = kept
		}
		if newer := s.Samples.All[key]; newer != nil {
			accepted = &newer.LinkSample
		}
		winner := w.Elect(accepted, group)
		if winner != nil && (accepted == nil || state.SampleDiffers(w.Policy(group[0].SKU), accepted, winner)) {
			s.Samples.All[key] = &state.LateSample{LinkSample: *winner, AsOf: s.Folder.AsOf, Billed: s.Cycle}
		}
	}
	return nil
}

// here returns the samples that are billed in the cycle, in the order of the bandwidth table.
func (l *lateSamples) here(cycle period.Cycle) []*state.LateSample {
	var out []*state.LateSample
	for _, one := range l.All {
		if one.Billed == cycle {
			out = append(out, one)
		}
	}
	slices.SortFunc(out, func(a, b *state.LateSample) int { return a.Compare(&b.LinkSample) })
	return out
}

// store returns the late_samples table of the cycle.
func (l *lateSamples) store(s *Step) *parquet.Columns[tables.Sample] {
	out := parquet.NewColumns(tables.LateSamples())
	for _, one := range l.here(s.Folder.LateIn) {
		s.Folder.Measured.Store(out, &one.LinkSample)
		out.Time(tables.SampleAsOf).Add(one.AsOf)
	}
	return out
}

// rateSamples makes the difference lines of the billing objects in which a late sample changed a slot (§4.11).
func (s *Step) rateSamples() error {
	changed := make(map[period.Cycle]map[state.MeasureKey]bool)
	asOf := make(map[Place]period.Instant)
	for _, one := range s.Samples.here(s.Cycle) {
		l, ok := s.Folder.Books.Links.At(one.Link, one.Slot)
		if !ok {
			continue
		}
		origin := s.Folder.Books.Zone.Cycle(one.Slot)
		if changed[origin] == nil {
			changed[origin] = make(map[state.MeasureKey]bool)
		}
		key := state.MeasureKeyOf(l)
		changed[origin][key] = true
		place := Place{Origin: origin, Customer: key.Customer, SKU: key.SKU, Region: key.Region, Resource: key.Object}
		asOf[place] = max(asOf[place], one.AsOf)
	}
	for _, origin := range slices.Sorted(maps.Keys(changed)) {
		keys := changed[origin]
		now, err := s.Folder.remeasure(s.Bucket, origin, keys, s.Samples.All)
		if err != nil {
			return err
		}
		billed, err := s.sources.billedLines(origin, func(p *Place) bool {
			return keys[state.MeasureKey{Customer: p.Customer, SKU: p.SKU, Region: p.Region, Object: p.Resource}]
		})
		if err != nil {
			return err
		}
		if err := s.differ(now, billed, func(p Place) period.Instant { return asOf[p] }); err != nil {
			return err
		}
	}
	return nil
}

// remeasure calculates billing objects of a closed cycle again; nil keys mean all of them. newer are the samples that
// replace the sample of a slot.
func (w *Folder) remeasure(bucket int, origin period.Cycle, keys map[state.MeasureKey]bool,
	newer map[state.SlotKey]*state.LateSample) (
	Sums, error) {
	sums := make(Sums)
	list, err := w.Measured.MeasureWith(bucket, origin, keys, newer)
	if err != nil {
		return nil, err
	}
	for i := range list {
		var charges tables.LineCharges
		list[i].Record = 0
		if err := w.Prices.PercentileCharges(&list[i].Bandwidth, nil, &charges); err != nil {
			return nil, err
		}
		about := []rating.Object{{SKU: list[i].SKU, Region: list[i].Region, Resource: list[i].Object}}
		if err := sums.AddCharges(w.Books, list[i].Customer, &charges, about, origin); err != nil {
			return nil, err
		}
	}
	return sums, nil
}
