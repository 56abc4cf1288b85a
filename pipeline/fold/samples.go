package fold

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/ingest"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/sorting"
	"github.com/tollbook/tollbook/pipeline/table"
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
	return bytes.Compare([]byte(s.link), []byte(o.link))
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

// sampleDay merges a day's new samples with those the lake has.
func (w *worker) sampleDay(bucket int, day period.Day) error {
	key := dayKey("bandwidth", day, bucket)
	old, err := w.openSamples(w.find(key))
	if err != nil {
		return err
	}
	defer old.close()
	merged, err := sorting.Merge(w.Scanned.Bandwidth, w.Scanned.Parts.Of(bucket, day), &w.buffers)
	if err != nil {
		return err
	}
	fresh := stream{Source: &takenRows{merged, w.Scanned}}
	if err := fresh.next(); err != nil {
		return err
	}
	out := w.newTableWriter(tables.Bandwidth())
	out.restart(key)
	kept, ok, err := old.read()
	if err != nil {
		return err
	}
	var group []sorting.Row
	for ok || fresh.ok {
		if err := out.added(); err != nil {
			return err
		}
		if ok && (!fresh.ok || kept.before(sampleOf(&fresh.row)) < 0) {
			w.store(out.cols, kept)
			if kept, ok, err = old.read(); err != nil {
				return err
			}
			continue
		}
		first := sampleOf(&fresh.row)
		if group, err = takeGroup(&fresh, first, group[:0]); err != nil {
			return err
		}
		var accepted *sample
		if ok && kept.before(first) == 0 {
			accepted = kept
		}
		if winner := w.elect(accepted, group); winner != nil {
			w.store(out.cols, winner)
		}
		if accepted != nil {
			if kept, ok, err = old.read(); err != nil {
				return err
			}
		}
	}
	files, err := out.finish(nil)
	if err != nil {
		return err
	}
	return w.replace(key, files)
}

// sampleOf reads a sample back from the row it travelled as.
func sampleOf(r *sorting.Row) *sample {
	out, err := money.ParseQuantity(r.Resource)
	if err != nil {
		out = money.Quantity{} // it was written by Quantity.AppendText
	}
	return &sample{customer: r.Customer, slot: r.Start, link: string(r.ID), Sample: percentile.Sample{Time: r.End, In: r.Quantity, Out: out}}
}

// takeGroup takes all new rows of one link's slot.
func takeGroup(s *stream, first *sample, group []sorting.Row) ([]sorting.Row, error) {
	for s.ok && first.before(sampleOf(&s.row)) == 0 {
		r := s.row
		r.ID, r.Resource = slices.Clone(r.ID), slices.Clone(r.Resource)
		group = append(group, r)
		if err := s.next(); err != nil {
			return nil, err
		}
	}
	return group, nil
}

// elect decides which sample of a slot counts, by the duplicates rule of the link's policy (spec §3.20, §4.7), and counts the rows.
func (w *worker) elect(accepted *sample, group []sorting.Row) *sample {
	policy := w.policyOf(group[0].SKU)
	if policy.Duplicates == books.DuplicatesReject {
		return w.electStrictly(accepted, group)
	}
	winner := accepted
	for i := range group {
		one := *sampleOf(&group[i])
		if winner != nil {
			one.Sample = percentile.Winner(policy, winner.Sample, one.Sample)
		}
		winner = &one
	}
	owner := ownerOf(policy, accepted, winner, group)
	for i := range group {
		if i == owner {
			w.counts[group[i].File].Accepted++
		} else {
			w.counts[group[i].File].Duplicate++
		}
	}
	return winner
}

// ownerOf is the new row that counts as accepted: the one that won, or −1 when what was accepted before still does. Where the two
// directions of transit_p95 come from two rows it is the one of the larger in, or, if only out grew, of the larger out; of equal rows the
// first by file and row.
func ownerOf(policy *books.Policy, accepted, winner *sample, group []sorting.Row) int {
	last := policy.Duplicates == books.DuplicatesLast
	if accepted != nil && !differs(policy, accepted, winner) {
		return -1
	}
	onlyOut := accepted != nil && accepted.In == winner.In && (!last || accepted.Time == winner.Time)
	owner := -1
	var best *sample
	for i := range group {
		s := sampleOf(&group[i])
		switch {
		case policy.Method != books.TransitP95 && s.Sample != winner.Sample, last && s.Time != winner.Time:
			continue
		}
		if owner >= 0 {
			order := cmp.Or(s.In.Cmp(best.In), s.Out.Cmp(best.Out))
			if onlyOut {
				order = cmp.Or(s.Out.Cmp(best.Out), s.In.Cmp(best.In))
			}
			first := cmp.Or(cmp.Compare(group[owner].File, group[i].File), cmp.Compare(group[owner].Number, group[i].Number))
			if cmp.Or(order, first) <= 0 {
				continue
			}
		}
		owner, best = i, s
	}
	return owner
}

// differs reports whether the winner of a slot is another than what was accepted before, by what its policy looks at.
func differs(policy *books.Policy, accepted, winner *sample) bool {
	return accepted.In != winner.In || accepted.Out != winner.Out || policy.Duplicates == books.DuplicatesLast && accepted.Time != winner.Time
}

// electStrictly is `duplicates: reject`: equal samples are duplicates, differing ones conflicts; what was accepted stays.
func (w *worker) electStrictly(accepted *sample, group []sorting.Row) *sample {
	if accepted != nil {
		for i := range group {
			if sampleOf(&group[i]).Sample == accepted.Sample {
				w.counts[group[i].File].Duplicate++
			} else {
				w.rejectSample(&group[i])
			}
		}
		return accepted
	}
	first := sampleOf(&group[0])
	for i := range group[1:] {
		if sampleOf(&group[1+i]).Sample != first.Sample {
			for k := range group {
				w.rejectSample(&group[k])
			}
			return nil
		}
	}
	w.counts[group[0].File].Accepted++
	for i := range group[1:] {
		w.counts[group[1+i].File].Duplicate++
	}
	return first
}

func (w *worker) rejectSample(r *sorting.Row) {
	w.counts[r.File].Rejected++
	w.rejects = append(w.rejects, ingest.Reject{File: r.File, Row: r.Number, Reason: reason.Conflict, Column: "sample_time",
		Value: r.End.String(), ID: string(r.ID) + "@" + r.End.String()})
}

// policyOf is the percentile policy of a product; the books' reader has checked that there is one.
func (w *worker) policyOf(sku int32) *books.Policy {
	return &w.Books.Policies[w.Books.Policy(w.Books.Products[sku].Policy)]
}

// store appends a sample that counts.
func (w *worker) store(c *table.Columns, s *sample) {
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
	cursor
	names     *names
	customers codes
}

func (w *worker) openSamples(files []lake.FileEntry) (*storedSamples, error) {
	s := &storedSamples{names: &w.names}
	if len(files) == 0 {
		return s, nil
	}
	f, err := openTable(w.Txn, files[0], tables.Bandwidth(), nil)
	s.cursor = cursor{tableFile: f}
	return s, err
}

func (s *storedSamples) close() {
	if s.tableFile != nil {
		s.tableFile.close()
	}
}

// read gives the next sample; false at the end.
func (s *storedSamples) read() (*sample, bool, error) {
	if s.tableFile == nil {
		return nil, false, nil
	}
	ok, fresh, err := s.next()
	if err != nil || !ok {
		return nil, false, err
	}
	if fresh {
		if err := s.customers.fill(s.cols.C[tables.BCustomerID].Dict, s.names.customer); err != nil {
			return nil, false, err
		}
	}
	c, i := s.cols.C, s.at
	out := &sample{customer: s.customers.list[c[tables.BCustomerID].Codes[i]], slot: period.Instant(c[tables.BSlot].Ints[i]), link: c[tables.BResourceID].Word(i)}
	out.Time = period.Instant(c[tables.BSampleTime].Ints[i])
	if out.In, err = money.QuantityFromRaw(c[tables.BIn].Decs[i].Hi, c[tables.BIn].Decs[i].Lo); err != nil {
		return nil, false, err
	}
	out.Out, err = money.QuantityFromRaw(c[tables.BOut].Decs[i].Hi, c[tables.BOut].Decs[i].Lo)
	return out, true, err
}
