package fold

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/fold/codes"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/tablefile"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/schemas/reason"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// sample is one link's slot.
type sample struct {
	customer int32
	slot     period.Instant
	link     string
	percentile.Sample
}

// before orders samples by customer, slot and link: the order of the bandwidth table.
func (s *sample) before(o *sample) int {
	switch {
	case s.customer != o.customer:
		return int(s.customer) - int(o.customer)
	case s.slot != o.slot:
		if s.slot < o.slot {
			return -1
		}
		return 1
	}
	return strings.Compare(s.link, o.link)
}

// samplesCycle stores the new samples of a bucket and cycle. It returns how many days changed.
func (w *worker) samplesCycle(bucket int, cycle period.Cycle, todo work) (int, error) {
	days := 0
	for _, day := range slices.Sorted(maps.Keys(todo.samples)) {
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

// sampleDay merges a day's new samples with those the lake has. Where a stray keeps its slot nothing is stored.
func (w *worker) sampleDay(bucket int, day period.Day) error {
	key := dayKey("bandwidth", day, bucket)
	old, err := w.openSamples(w.find(key))
	if err != nil {
		return err
	}
	defer old.Close()
	fresh, err := w.arrivalsOf(bucket, day)
	if err != nil {
		return err
	}
	strays, err := w.straysOn(bucket, day)
	if err != nil {
		return err
	}
	out := tablefile.NewWriter(w.Txn, tables.Bandwidth())
	out.Restart(key)
	kept, ok, err := old.read()
	if err != nil {
		return err
	}
	for ok || fresh.ok {
		if err := out.Added(); err != nil {
			return err
		}
		if ok && (!fresh.ok || kept.before(&fresh.head.sample) < 0) {
			w.store(out.Cols, kept)
			if kept, ok, err = old.read(); err != nil {
				return err
			}
			continue
		}
		group, err := fresh.takeGroup()
		if err != nil {
			return err
		}
		here := ok && kept.before(&group[0].sample) == 0
		accepted := kept
		if !here {
			accepted = strays[slotKey{group[0].link, group[0].slot}]
		}
		if winner := w.elect(accepted, group); winner != nil &&
			(here || accepted == nil || winner.Sample != accepted.Sample) {
			w.store(out.Cols, winner)
		}
		if here {
			if kept, ok, err = old.read(); err != nil {
				return err
			}
		}
	}
	files, err := out.Finish(nil)
	if err != nil {
		return err
	}
	return w.replace(key, files)
}

// arrival is a new row of a link's slot.
type arrival struct {
	sample
	sku, file int32
	number    int64
}

// arrivals are a day's new samples, in the order of the bandwidth table.
type arrivals struct {
	stream
	w     *worker
	head  arrival   // the next, if ok
	group []arrival // taken last
}

// arrivalsOf opens the new samples of a bucket's day.
func (w *worker) arrivalsOf(bucket int, day period.Day) (*arrivals, error) {
	merged, err := sorting.Merge(w.Scanned.Bandwidth, w.Scanned.Parts.Of(bucket, day), &w.buffers)
	if err != nil {
		return nil, err
	}
	a := &arrivals{stream: stream{Source: &takenRows{merged, w.Scanned}}, w: w, group: w.arrived}
	return a, a.next()
}

// next moves to the next new sample.
func (a *arrivals) next() error {
	if err := a.stream.next(); err != nil || !a.ok {
		return err
	}
	r := &a.row
	outward, err := accept.Outward(r)
	a.head = arrival{sku: r.SKU, file: r.File, number: r.Number}
	a.head.sample = sample{customer: r.Customer, slot: r.Start, link: a.w.linkName(r.ID),
		Sample: percentile.Sample{Time: r.End, In: r.Quantity, Out: outward}}
	return err
}

// linkName is a link's id as a string that is made once.
func (w *worker) linkName(id []byte) string {
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

// takeGroup takes all new rows of the next link's slot; they hold until the next call.
func (a *arrivals) takeGroup() ([]arrival, error) {
	a.group = a.group[:0]
	for a.ok && (len(a.group) == 0 || a.group[0].before(&a.head.sample) == 0) {
		a.group = append(a.group, a.head)
		if err := a.next(); err != nil {
			return nil, err
		}
	}
	a.w.arrived = a.group
	return a.group, nil
}

// elect decides which sample of a slot counts, by the duplicates rule of the link's policy (§3.20, §4.7), and
// counts the rows. The winner holds until the next call.
func (w *worker) elect(accepted *sample, group []arrival) *sample {
	policy := w.policyOf(group[0].sku)
	if policy.Duplicates == books.DuplicatesReject {
		return w.electStrictly(accepted, group)
	}
	winner := accepted
	for i := range group {
		one := group[i].sample
		if winner != nil {
			one.Sample = percentile.Winner(policy, winner.Sample, one.Sample)
		}
		w.winner = one
		winner = &w.winner
	}
	owner := ownerOf(policy, accepted, winner, group)
	for i := range group {
		if i == owner {
			w.acceptSample(&group[i])
		} else {
			w.counts[group[i].file].Duplicate++
		}
	}
	return winner
}

// ownerOf is the new row that counts as accepted: the one that won, or −1 when what was accepted before still does.
// Where the two directions of transit_p95 come from two rows it is the one of the larger in, or, if only out grew, of
// the larger out; of equal rows the first by file and row.
func ownerOf(policy *books.Policy, accepted, winner *sample, group []arrival) int {
	last := policy.Duplicates == books.DuplicatesLast
	if accepted != nil && !differs(policy, accepted, winner) {
		return -1
	}
	onlyOut := accepted != nil && accepted.In == winner.In && (!last || accepted.Time == winner.Time)
	owner := -1
	for i := range group {
		s := &group[i]
		switch {
		case policy.Method != books.TransitP95 && s.Sample != winner.Sample, last && s.Time != winner.Time:
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

// differs reports whether the winner of a slot is another than what was accepted before, by what its policy looks at.
func differs(policy *books.Policy, accepted, winner *sample) bool {
	return accepted.In != winner.In || accepted.Out != winner.Out || policy.Duplicates == books.DuplicatesLast &&
		accepted.Time != winner.Time
}

// electStrictly is `duplicates: reject`: equal samples are duplicates, differing ones conflicts; what was accepted
// stays.
func (w *worker) electStrictly(accepted *sample, group []arrival) *sample {
	if accepted != nil {
		for i := range group {
			if group[i].Sample == accepted.Sample {
				w.counts[group[i].file].Duplicate++
			} else {
				w.rejectSample(&group[i])
			}
		}
		return accepted
	}
	first := &group[0]
	for i := range group[1:] {
		if group[1+i].Sample != first.Sample {
			for k := range group {
				w.rejectSample(&group[k])
			}
			return nil
		}
	}
	w.acceptSample(first)
	for i := range group[1:] {
		w.counts[group[1+i].file].Duplicate++
	}
	return &first.sample
}

func (w *worker) rejectSample(a *arrival) {
	w.counts[a.file].Rejected++
	w.rejects = append(w.rejects, accept.Reject{File: a.file, Row: a.number, Reason: reason.Conflict,
		Column: "sample_time",
		Value:  a.Time.String(), ID: a.link + "@" + a.Time.String()})
}

// policyOf is the percentile policy of a product; the books' reader has checked that there is one.
func (w *worker) policyOf(sku int32) *books.Policy {
	return &w.Books.Policies[w.Books.Policy(w.Books.Products[sku].Policy)]
}

// store appends a sample that counts.
func (w *worker) store(c *parquet.Columns, s *sample) {
	c.C[tables.BCustomerID].AddWord(w.Books.Customers[s.customer].ID)
	c.C[tables.BResourceID].AddWord(s.link)
	c.C[tables.BSlot].Ints = append(c.C[tables.BSlot].Ints, int64(s.slot))
	c.C[tables.BSampleTime].Ints = append(c.C[tables.BSampleTime].Ints, int64(s.Time))
	c.C[tables.BIn].AddDec(s.In.Raw())
	c.C[tables.BOut].AddDec(s.Out.Raw())
	c.N++
}

// storedSamples reads a bandwidth file.
type storedSamples struct {
	tablefile.Cursor
	names     *names
	customers codes.List
	one       sample // given last
}

func (w *worker) openSamples(files []lake.FileEntry) (*storedSamples, error) {
	s := &storedSamples{names: &w.names}
	if len(files) == 0 {
		return s, nil
	}
	f, err := tablefile.Open(w.Txn, files[0], tables.Bandwidth(), nil)
	s.Cursor = tablefile.Cursor{Reader: f}
	return s, err
}

// read gives the next sample, which holds until the next call; false at the end.
func (s *storedSamples) read() (*sample, bool, error) {
	if s.Reader == nil {
		return nil, false, nil
	}
	ok, fresh, err := s.Next()
	if err != nil || !ok {
		return nil, false, err
	}
	if fresh {
		if err := s.customers.Fill(s.Cols.C[tables.BCustomerID].Dict, s.names.Customer); err != nil {
			return nil, false, err
		}
	}
	c, i := s.Cols.C, s.At
	out := &s.one
	*out = sample{
		customer: s.customers[c[tables.BCustomerID].Codes[i]],
		slot:     period.Instant(c[tables.BSlot].Ints[i]),
		link:     c[tables.BResourceID].Word(i),
	}
	out.Time = period.Instant(c[tables.BSampleTime].Ints[i])
	if out.In, err = money.QuantityFromRaw(c[tables.BIn].Decs[i].Hi, c[tables.BIn].Decs[i].Lo); err != nil {
		return nil, false, err
	}
	out.Out, err = money.QuantityFromRaw(c[tables.BOut].Decs[i].Hi, c[tables.BOut].Decs[i].Lo)
	return out, true, err
}
