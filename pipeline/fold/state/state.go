package state

import (
	"slices"
	"sync"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/rating/tariff"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// State is the next state of the lake as one worker reads and writes it, with the books that rate it.
type State struct {
	Txn     *lake.SubTxn
	Books   *books.Books
	Prices  *tariff.Book // of Books
	Regions *accept.Regions
	Buckets int
	Opening *Opening         // of the next state
	Memory  *parquet.Memory  // for files that are written at once, one after the other
	Lax     bool             // whether the books may lack what the lake has; see Names
	Rated   *RatedLines      // lines that will be paid; nil = every line is written to the lake
	Spare   *lake.SpareCores // cores that can write lines; nil = none
	// rows.LineSlots.Fewest of the lines of days; 0 = default
	SlotLines int64

	decoder func() (*parquet.Decoder, error) // of OpenAtOnce
}

// New returns a state of a transaction.
func New(txn *lake.SubTxn, prices *tariff.Book, b *books.Books, regions *accept.Regions, buckets int) *State {
	return &State{Txn: txn, Books: b, Prices: prices, Regions: regions, Buckets: buckets, Memory: parquet.NewMemory(),
		Opening: &Opening{Files: txn.Pending(), Books: b, Prices: prices, Buckets: buckets},
		decoder: sync.OnceValues(parquet.NewDecoder)}
}

// Names looks words of lake files up in the books.
func (s *State) Names() Names { return Names{Books: s.Books, Lax: s.Lax} }

// Region returns the run's number of a region; a new region gets a number.
func (s *State) Region(name string) (int32, error) { return s.Regions.Code(name), nil }

// Bucket returns the bucket of a customer.
func (s *State) Bucket(customer int32) int {
	return lake.PlaceOf(s.Books, customer, s.Buckets)
}

// Policy returns the percentile policy of a product; the reader of the books has checked that it exists.
func (s *State) Policy(sku int32) *books.Policy {
	return &s.Books.Policies[s.Books.Policy(s.Books.Products[sku].Policy)]
}

// IsBandwidth reports whether a product is billed by measured bandwidth.
func (s *State) IsBandwidth(sku int32) bool { return s.Books.Products[sku].Model == books.Percentile }

// Find returns the files of a key.
func (s *State) Find(key lake.FileKey) []lake.FileEntry { return s.Txn.Next().Find(key) }

// FilesOf returns the files of the named tables for a cycle and bucket.
func (s *State) FilesOf(cycle period.Cycle, bucket int, names ...string) []lake.FileEntry {
	return s.Txn.Next().Select(lake.CycleOf(cycle), func(k lake.FileKey) bool {
		return k.Bucket == bucket && slices.Contains(names, k.Table)
	})
}

// Replace replaces the files of a key.
func (s *State) Replace(key lake.FileKey, files []lake.FileEntry) error {
	return s.Txn.Next().Replace(key, files...)
}

// Put writes a batch as the file of a key; an empty batch removes the file.
func (s *State) Put(key lake.FileKey, batch *parquet.Columns[tables.Any]) error {
	return rows.PutFile(s.Txn, key, batch, nil)
}

// OpenAtOnce opens a file as rows.OpenAtOnce does.
func OpenAtOnce[T any](s *State, e lake.FileEntry, def tables.Def[T], cols tables.List[T]) (
	*rows.Reader[T], error) {
	d, err := s.decoder()
	if err != nil {
		return nil, err
	}
	return rows.OpenAtOnce(s.Txn, e, def, cols, d)
}

// Days returns the days of a cycle with accepted records in a bucket, together with others, ascending.
func (s *State) Days(bucket int, cycle period.Cycle, others ...period.Day) []period.Day {
	days := slices.Clone(others)
	for _, e := range s.FilesOf(cycle, bucket, tables.Ident().Name) {
		if d, ok := e.Day.Calendar(); ok {
			days = append(days, d)
		}
	}
	slices.Sort(days)
	return slices.Compact(days)
}

// CycleKey returns the key of a bucket's file of a cycle.
func CycleKey(table string, cycle period.Cycle, bucket int) lake.FileKey {
	return lake.FileKey{Table: table, Cycle: lake.CycleOf(cycle), Bucket: bucket}
}

// DayKey names the file of a table for a day of a bucket.
func DayKey(table string, day period.Day, bucket int) lake.FileKey {
	return lake.FileKey{Table: table, Cycle: lake.CycleOf(day.Cycle()), Day: lake.DayOf(day),
		Bucket: bucket}
}
