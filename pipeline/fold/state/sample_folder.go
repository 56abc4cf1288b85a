package state

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LinkSample is the sample of one slot of a link.
type LinkSample struct {
	customer int32
	Slot     period.Instant
	Link     string
	percentile.Sample
}

// Compare orders samples by customer, slot and link: the order of the bandwidth table.
func (s *LinkSample) Compare(o *LinkSample) int {
	switch {
	case s.customer != o.customer:
		return int(s.customer) - int(o.customer)
	case s.Slot != o.Slot:
		if s.Slot < o.Slot {
			return -1
		}
		return 1
	}
	return strings.Compare(s.Link, o.Link)
}

// SlotKey is a link's slot: a sample's identity (§3.20).
type SlotKey struct {
	Link string
	Slot period.Instant
}

// Key is the sample's identity.
func (s *LinkSample) Key() SlotKey { return SlotKey{s.Link, s.Slot} }

// SampleFolder decides and stores the bandwidth samples of the buckets of one worker.
type SampleFolder struct {
	*Incoming
	Strays  *LateStrays
	links   map[string]string // ids of links; each string is allocated once
	arrived []arrival         // buffer of arrivals
	winner  LinkSample        // of the last Elect
}

// NewSampleFolder returns a folder of the samples among new rows.
func NewSampleFolder(in *Incoming, strays *LateStrays) *SampleFolder {
	return &SampleFolder{Incoming: in, Strays: strays}
}

// Cycle stores the new samples of a bucket and cycle; todo counts them by day. It returns the number of changed days.
func (w *SampleFolder) Cycle(bucket int, cycle period.Cycle, todo map[period.Day]int64) (int, error) {
	days := 0
	for _, day := range slices.Sorted(maps.Keys(todo)) {
		if day.Cycle() != cycle {
			continue
		}
		if err := w.sampleDay(bucket, day); err != nil {
			return days, err
		}
		days++
	}
	return days, nil
}

// sampleDay merges a day's new samples with those in the lake. It stores nothing for a slot whose stray still counts.
func (w *SampleFolder) sampleDay(bucket int, day period.Day) error {
	key := DayKey("bandwidth", day, bucket)
	old, err := w.OpenSamples(w.Find(key))
	if err != nil {
		return err
	}
	defer old.Close()
	fresh, err := w.ArrivalsOf(bucket, day)
	if err != nil {
		return err
	}
	strays, err := w.StraysOn(bucket, day)
	if err != nil {
		return err
	}
	out := rows.NewFileWriter(w.Txn, tables.Bandwidth())
	out.Restart(key)
	kept, ok, err := old.Read()
	if err != nil {
		return err
	}
	for ok || fresh.Ok {
		if err := out.Added(); err != nil {
			return err
		}
		if ok && (!fresh.Ok || kept.Compare(&fresh.Head.LinkSample) < 0) {
			w.Store(out.Cols, kept)
			if kept, ok, err = old.Read(); err != nil {
				return err
			}
			continue
		}
		group, err := fresh.TakeGroup()
		if err != nil {
			return err
		}
		here := ok && kept.Compare(&group[0].LinkSample) == 0
		accepted := kept
		if !here {
			accepted = strays[group[0].Key()]
		}
		if winner := w.Elect(accepted, group); winner != nil &&
			(here || accepted == nil || winner.Sample != accepted.Sample) {
			w.Store(out.Cols, winner)
		}
		if here {
			if kept, ok, err = old.Read(); err != nil {
				return err
			}
		}
	}
	files, err := out.Finish(nil)
	if err != nil {
		return err
	}
	return w.Replace(key, files)
}

// arrival is a new row of a link's slot.
type arrival struct {
	LinkSample
	SKU, file int32
	number    int64
}

// arrivals are a day's new samples, in the order of the bandwidth table.
type arrivals struct {
	samples *accept.Samples
	w       *SampleFolder
	Head    arrival   // the next one, if Ok
	Ok      bool      // whether there is a next one
	group   []arrival // of the last TakeGroup
}

// ArrivalsOf opens the new samples of a bucket's day.
func (w *SampleFolder) ArrivalsOf(bucket int, day period.Day) (*arrivals, error) {
	list, err := w.Samples(bucket, day)
	if err != nil {
		return nil, err
	}
	a := &arrivals{samples: list, w: w, group: w.arrived}
	return a, a.next()
}

// next moves to the next new sample.
func (a *arrivals) next() (err error) {
	var s accept.Sample
	if a.Ok, err = a.samples.Next(&s); err != nil || !a.Ok {
		return err
	}
	a.Head = arrival{SKU: s.SKU, file: s.File, number: s.Number, LinkSample: LinkSample{customer: s.Customer,
		Slot: s.Slot, Link: a.w.linkName(s.Link), Sample: percentile.Sample{Time: s.Time, In: s.In, Out: s.Out}}}
	return nil
}

// linkName returns a link's id as a string. Each string is allocated once.
func (w *SampleFolder) linkName(id []byte) string {
	if name, ok := w.links[string(id)]; ok {
		return name
	}
	if w.links == nil {
		w.links = make(map[string]string)
	}
	name := string(id)
	w.links[name] = name
	return name
}

// TakeGroup takes all new rows of the next slot of a link; they are valid until the next call.
func (a *arrivals) TakeGroup() ([]arrival, error) {
	a.group = a.group[:0]
	for a.Ok && (len(a.group) == 0 || a.group[0].Compare(&a.Head.LinkSample) == 0) {
		a.group = append(a.group, a.Head)
		if err := a.next(); err != nil {
			return nil, err
		}
	}
	a.w.arrived = a.group
	return a.group, nil
}

// Elect decides which sample of a slot counts, by the duplicates rule of the link's policy (§3.20, §4.7), and counts
// the rows. The winner is valid until the next call.
func (w *SampleFolder) Elect(accepted *LinkSample, group []arrival) *LinkSample {
	policy := w.Policy(group[0].SKU)
	if policy.Duplicates == books.DuplicatesReject {
		return w.electStrictly(accepted, group)
	}
	winner := accepted
	for i := range group {
		one := group[i].LinkSample
		if winner != nil {
			one.Sample = percentile.Winner(policy, winner.Sample, one.Sample)
		}
		w.winner = one
		winner = &w.winner
	}
	owner := ownerOf(policy, accepted, winner, group)
	for i := range group {
		if i == owner {
			w.accept(&group[i])
		} else {
			w.Tally.Duplicate(group[i].file)
		}
	}
	return winner
}

// ownerOf returns the index of the new row that counts as accepted: the winner, or −1 if the sample accepted before
// still counts. If the two directions of transit_p95 come from two rows, it is the row with the larger in or, if only
// out grew, with the larger out. Of equal rows it is the first by file and row.
func ownerOf(policy *books.Policy, accepted, winner *LinkSample, group []arrival) int {
	last := policy.Duplicates == books.DuplicatesLast
	if accepted != nil && !SampleDiffers(policy, accepted, winner) {
		return -1
	}
	onlyOut := accepted != nil && accepted.In == winner.In && (!last || accepted.Time == winner.Time)
	owner := -1
	for i := range group {
		s := &group[i]
		if policy.Method != books.TransitP95 && s.Sample != winner.Sample || last && s.Time != winner.Time {
			continue
		}
		if owner >= 0 {
			best := &group[owner]
			order := cmp.Or(s.In.Cmp(best.In), s.Out.Cmp(best.Out))
			if onlyOut {
				order = cmp.Or(s.Out.Cmp(best.Out), s.In.Cmp(best.In))
			}
			first := cmp.Or(cmp.Compare(best.file, s.file), cmp.Compare(best.number, s.number))
			if cmp.Or(order, first) <= 0 {
				continue
			}
		}
		owner = i
	}
	return owner
}

// SampleDiffers reports whether a slot's winner differs from the accepted sample in the columns that its policy uses.
func SampleDiffers(policy *books.Policy, accepted, winner *LinkSample) bool {
	return accepted.In != winner.In || accepted.Out != winner.Out || policy.Duplicates == books.DuplicatesLast &&
		accepted.Time != winner.Time
}

// electStrictly applies `duplicates: reject`: equal samples are duplicates, different ones are conflicts, and the
// sample accepted before stays.
func (w *SampleFolder) electStrictly(accepted *LinkSample, group []arrival) *LinkSample {
	if accepted != nil {
		for i := range group {
			if group[i].Sample == accepted.Sample {
				w.Tally.Duplicate(group[i].file)
			} else {
				w.reject(&group[i])
			}
		}
		return accepted
	}
	first := &group[0]
	for i := range group[1:] {
		if group[1+i].Sample != first.Sample {
			for k := range group {
				w.reject(&group[k])
			}
			return nil
		}
	}
	w.accept(first)
	for i := range group[1:] {
		w.Tally.Duplicate(group[1+i].file)
	}
	return &first.LinkSample
}

func (w *SampleFolder) accept(a *arrival) { w.Tally.AcceptSample(a.Link, a.Slot, a.file, a.number) }

func (w *SampleFolder) reject(a *arrival) {
	w.Tally.RejectRow(accept.Reject{File: a.file, Row: a.number, Reason: reason.Conflict, Column: "sample_time",
		Value: a.Time.String(), ID: a.Link + "@" + a.Time.String()})
}

// Store appends a sample to a batch.
func (w *SampleFolder) Store(c *parquet.Columns[tables.Sample], s *LinkSample) {
	c.Word(tables.SampleCustomerID).Add(w.Books.Customers[s.customer].ID)
	c.Word(tables.SampleResourceID).Add(s.Link)
	c.Time(tables.SampleSlot).Add(s.Slot)
	c.Time(tables.SampleSampleTime).Add(s.Time)
	c.Quantity(tables.SampleInBps).Add(s.In.Raw())
	c.Quantity(tables.SampleOutBps).Add(s.Out.Raw())
	c.N++
}

// storedSamples reads a bandwidth file.
type storedSamples struct {
	rows.Cursor[tables.Sample]
	state     *State
	customers CodeList
	one       LinkSample // of the last Read
}

// OpenSamples opens the stored samples of a day; no file means no samples.
func (w *SampleFolder) OpenSamples(files []lake.FileEntry) (*storedSamples, error) {
	s := &storedSamples{state: w.State}
	if len(files) == 0 {
		return s, nil
	}
	f, err := rows.OpenFile(w.Txn, files[0], tables.Bandwidth(), nil)
	s.Cursor = rows.Cursor[tables.Sample]{Reader: f}
	return s, err
}

// Read returns the next sample, valid until the next call; false at the end.
func (s *storedSamples) Read() (*LinkSample, bool, error) {
	if s.Reader == nil {
		return nil, false, nil
	}
	ok, fresh, err := s.Next()
	if err != nil || !ok {
		return nil, false, err
	}
	if fresh {
		if err := s.customers.Fill(s.Cols.Word(tables.SampleCustomerID).Dict(), s.state.Names().Customer); err != nil {
			return nil, false, err
		}
	}
	c, i := s.Cols, s.At
	out := &s.one
	*out = LinkSample{
		customer: s.customers[c.Word(tables.SampleCustomerID).Code(i)],
		Slot:     c.Time(tables.SampleSlot).At(i),
		Link:     c.Word(tables.SampleResourceID).At(i),
	}
	out.Time = c.Time(tables.SampleSampleTime).At(i)
	if out.In, err = money.QuantityFromRaw(c.Quantity(tables.SampleInBps).At(i).Hi,
		c.Quantity(tables.SampleInBps).At(i).Lo); err != nil {
		return nil, false, err
	}
	out.Out, err = money.QuantityFromRaw(c.Quantity(tables.SampleOutBps).At(i).Hi,
		c.Quantity(tables.SampleOutBps).At(i).Lo)
	return out, true, err
}
