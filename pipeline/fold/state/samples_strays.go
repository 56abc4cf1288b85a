package state

import (
	"slices"
	"sync"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LateStrays finds, for all workers of a run, the stored samples whose customer is not that of their link. It reads the
// state with which the run began, because the run itself stores samples with the right customer.
type LateStrays struct {
	state   *State
	workers int
	lateIn  period.Cycle // in which late samples are billed; lake.NoCycle = none are

	mu     sync.Mutex
	found  map[strayPlace]func() (StraySamples, error)
	late   map[int][]*LateSample // by the bucket to which they belong
	onLate sync.Once
	err    error // of late
}

// NewLateStrays returns a finder that uses the given number of workers. Late samples are billed in lateIn.
func NewLateStrays(s *State, workers int, lateIn period.Cycle) *LateStrays {
	return &LateStrays{state: s, workers: workers, lateIn: lateIn}
}

// samplesLake returns the source of stored samples.
func samplesLake(s *State) *MeasuredLake {
	return &MeasuredLake{Books: s.Books, Open: s.Txn.Open, Unknown: UnknownCustomer, UnknownLink: UnknownLink}
}

// strayPlace is a cycle, or a day of it.
type strayPlace struct {
	cycle lake.Cycle
	day   lake.Day // zero = all of the cycle
}

// of returns the strays of a cycle, or of a day of it. It searches for them once.
func (f *LateStrays) of(cycle lake.Cycle, day lake.Day) (StraySamples, error) {
	f.mu.Lock()
	at := strayPlace{cycle, day}
	find := f.found[at]
	if find == nil {
		find = sync.OnceValues(func() (StraySamples, error) {
			files, err := f.state.Txn.Base().Files(cycle)
			if err != nil {
				return nil, err
			}
			stored := slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
				return e.Table != tables.Bandwidth().Name || !day.IsZero() && e.Day != day
			})
			return samplesLake(f.state).FindStrays(stored, f.workers, nil)
		})
		if f.found == nil {
			f.found = make(map[strayPlace]func() (StraySamples, error))
		}
		f.found[at] = find
	}
	f.mu.Unlock()
	return find()
}

// StraysOn returns the strays of a day that belong to customers of a bucket, by link and slot.
func (w *SampleFolder) StraysOn(bucket int, day period.Day) (map[SlotKey]*LinkSample, error) {
	strays, err := w.Strays.of(lake.CycleOf(day.Cycle()), lake.DayOf(day))
	if err != nil || len(strays) == 0 {
		return nil, err
	}
	out := make(map[SlotKey]*LinkSample)
	for customer, list := range strays {
		if w.Bucket(customer) != bucket {
			continue
		}
		for i := range list {
			s := &list[i]
			out[SlotKey{s.Link, s.Slot}] = &LinkSample{customer: customer, Slot: s.Slot, Link: s.Link, Sample: s.Sample}
		}
	}
	return out, nil
}

// LateSample is the counting sample of a slot whose cycle was closed before the sample was accepted.
type LateSample struct {
	LinkSample
	AsOf   period.Instant
	Billed period.Cycle
}

// AdoptSample assigns a late sample to the customer of its link in the current books, if there is one, and returns that
// customer's bucket.
func AdoptSample(s *State, one *LateSample) int {
	if row, ok := s.Books.Links.At(one.Link, one.Slot); ok {
		one.customer = row.Customer
	}
	return s.Bucket(one.customer)
}

// LateTo returns the late samples that belong to customers of a bucket but are stored in another bucket.
func (f *LateStrays) LateTo(bucket int) ([]*LateSample, error) {
	f.onLate.Do(func() {
		f.late = make(map[int][]*LateSample)
		for _, c := range f.state.Opening.Cycles(f.lateIn) {
			files, err := f.state.Txn.Base().Files(lake.CycleOf(c))
			if err != nil {
				f.err = err
				return
			}
			for _, e := range files {
				if e.Table != tables.LateSamples().Name {
					continue
				}
				err := EachLateSample(f.state, e, c, func(one *LateSample) {
					if to := AdoptSample(f.state, one); to != e.Bucket {
						f.late[to] = append(f.late[to], one)
					}
				})
				if err != nil {
					f.err = err
					return
				}
			}
		}
	})
	return f.late[bucket], f.err
}

// EachLateSample visits the rows of a file of late samples.
func EachLateSample(s *State, e lake.FileEntry, billed period.Cycle, show func(*LateSample)) error {
	f, err := rows.OpenFile(s.Txn, e, tables.LateSamples(), nil)
	if err != nil {
		return err
	}
	in := &storedSamples{state: s, Cursor: rows.Cursor[tables.Sample]{Reader: f}}
	defer in.Close()
	one, ok, err := in.Read()
	for ; ok && err == nil; one, ok, err = in.Read() {
		show(&LateSample{*one, in.Cols.Time(tables.SampleAsOf).At(in.At), billed})
	}
	return err
}
