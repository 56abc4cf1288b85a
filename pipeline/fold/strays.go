package fold

import (
	"slices"
	"sync"

	"github.com/tollbook/tollbook/pipeline/fold/codes"
	"github.com/tollbook/tollbook/pipeline/fold/measure"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func (f *Folder) samplesLake() *measure.Lake {
	return &measure.Lake{Books: f.Books, Open: f.Txn.Open,
		Unknown: func(id string) error { return codes.Unknown(id) }}
}

// strayPlace is a cycle, or a day of it.
type strayPlace struct{ cycle, day string }

// straysOf are the samples of a cycle, or of a day of it, that lie with another customer than their link's. They are
// looked for once, in the state that the run began with: what it stores itself lies where it belongs.
func (f *Folder) straysOf(cycle, day string) (measure.Strays, error) {
	f.mu.Lock()
	at := strayPlace{cycle, day}
	find := f.strays[at]
	if find == nil {
		find = sync.OnceValues(func() (measure.Strays, error) {
			files, err := f.Txn.Base().Files(cycle)
			if err != nil {
				return nil, err
			}
			stored := slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
				return e.Table != tables.Bandwidth().Name || day != "" && e.Day != day
			})
			return f.samplesLake().FindStrays(stored, f.Workers, nil)
		})
		if f.strays == nil {
			f.strays = make(map[strayPlace]func() (measure.Strays, error))
		}
		f.strays[at] = find
	}
	f.mu.Unlock()
	return find()
}

// straysOn are the strays of a day that belong to customers of a bucket, by link and slot.
func (w *worker) straysOn(bucket int, day period.Day) (map[slotKey]*sample, error) {
	strays, err := w.straysOf(day.Cycle().String(), day.String())
	if err != nil || len(strays) == 0 {
		return nil, err
	}
	out := make(map[slotKey]*sample)
	for customer, list := range strays {
		if place.Bucket(w.Books.Customers[customer].ID, w.Buckets) != bucket {
			continue
		}
		for i := range list {
			s := &list[i]
			out[slotKey{s.Link, s.Slot}] = &sample{customer: customer, slot: s.Slot, link: s.Link, Sample: s.Sample}
		}
	}
	return out, nil
}

// adopt gives a late sample to the customer of its link's row in force, if there is one, and gives that customer's
// bucket.
func (w *worker) adopt(one *lateSample) int {
	if row, ok := w.Books.LinkAt(one.link, one.slot); ok {
		one.customer = row.Customer
	}
	return place.Bucket(w.Books.Customers[one.customer].ID, w.Buckets)
}

// lateStraysTo are the late samples that lie in another bucket than the given one, which is that of their link's
// customer, in the state that the run began with.
func (w *worker) lateStraysTo(bucket int) ([]*lateSample, error) {
	w.lateStraysOnce.Do(func() {
		w.lateStrays = make(map[int][]*lateSample)
		for _, c := range w.opening.Cycles(w.LateIn) {
			files, err := w.Txn.Base().Files(c.String())
			if err != nil {
				w.lateStraysErr = err
				return
			}
			for _, e := range files {
				if e.Table != tables.LateSamples().Name {
					continue
				}
				err := w.eachLateSample(e, c, func(one *lateSample) {
					if to := w.adopt(one); to != e.Bucket {
						w.lateStrays[to] = append(w.lateStrays[to], one)
					}
				})
				if err != nil {
					w.lateStraysErr = err
					return
				}
			}
		}
	})
	return w.lateStrays[bucket], w.lateStraysErr
}
