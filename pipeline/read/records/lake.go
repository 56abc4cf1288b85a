package records

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Options limits the resources of a Lake. The zero value means the defaults.
type Options struct {
	Bytes int // of all caches in memory; default 640 MiB
	Files int // files kept open; default 1024
}

func (o Options) withDefaults() Options {
	if o.Bytes <= 0 {
		o.Bytes = 640 << 20
	}
	if o.Files <= 0 {
		o.Files = 1024
	}
	return o
}

// fifths returns n fifths of the bytes: two fifths are for footers and page indexes, and one each for dictionaries, for
// the positions of customers' rows and for rows of answers.
func (o Options) fifths(n int) int { return o.Bytes / 5 * n }

// Lake reads records from a lake's files.
type Lake struct {
	decoder *parquet.Decoder
	files   *handles
	layouts *otter.Cache[manifest.Hash, *parquet.Layout]
	dicts   *otter.Cache[dictKey, *parquet.Dictionary]
	places  *otter.Cache[placesKey, *places]
	blocks  *otter.Cache[blockKey, *block]

	mu   sync.Mutex
	last *State // the state of the last call of At
}

// NewLake returns a Lake with empty caches.
func NewLake(o Options) (*Lake, error) {
	o = o.withDefaults()
	d, err := parquet.NewDecoder()
	if err != nil {
		return nil, err
	}
	layouts, err1 := cacheOf(o.fifths(2), func(_ manifest.Hash, l *parquet.Layout) int { return l.Weight() })
	dicts, err2 := cacheOf(o.fifths(1), func(_ dictKey, d *parquet.Dictionary) int { return 64 + d.Weight() })
	places, err3 := cacheOf(o.fifths(1), func(k placesKey, p *places) int { return 160 + len(k.where) + p.weight() })
	blocks, err4 := cacheOf(o.fifths(1), func(k blockKey, b *block) int { return 160 + len(k.cols) + b.weight() })
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return &Lake{decoder: d, files: newHandles(o.Files), layouts: layouts, dicts: dicts, places: places,
		blocks: blocks}, nil
}

func cacheOf[K comparable, V any](bytes int, weight func(K, V) int) (*otter.Cache[K, V], error) {
	c, err := otter.New(&otter.Options[K, V]{MaximumWeight: uint64(bytes), Weigher: func(k K, v V) uint32 {
		return uint32(weight(k, v))
	}})
	if err != nil {
		return nil, fmt.Errorf("cache of records: %w", err)
	}
	return c, nil
}

// Close closes the cached open files. States continue to work.
func (l *Lake) Close() { l.files.close() }

// State is one committed state of the lake.
type State struct {
	Snapshot *lake.Snapshot
	store    *Lake

	mu      sync.Mutex
	buckets map[bucketKey]*bucketFiles
	shares  map[manifest.Cycle][]Share
}

type bucketKey struct {
	cycle  manifest.Cycle
	bucket int
}

// bucketFiles holds the files of lines of one bucket of a cycle.
type bucketFiles struct {
	files  []manifest.FileEntry // calendar days in order, then other days
	digest manifest.Hash        // of their hashes
}

// At returns a State of one snapshot. It shares its caches with other states for the files that they have in common.
func (l *Lake) At(snap *lake.Snapshot) *State {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil || l.last.Snapshot != snap {
		l.last = &State{Snapshot: snap, store: l, buckets: make(map[bucketKey]*bucketFiles),
			shares: make(map[manifest.Cycle][]Share)}
	}
	return l.last
}

// lines returns the files of lines that may contain rows of a customer.
func (s *State) lines(cycle manifest.Cycle, customer string) (*bucketFiles, error) {
	return s.bucket(cycle, place.Bucket(customer, max(1, s.Snapshot.Manifest.Buckets)))
}

func (s *State) bucket(cycle manifest.Cycle, bucket int) (*bucketFiles, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := bucketKey{cycle, bucket}
	if b, ok := s.buckets[key]; ok {
		return b, nil
	}
	all, err := s.Snapshot.Files(cycle)
	if err != nil {
		return nil, err
	}
	b := &bucketFiles{}
	for _, e := range all {
		if e.Table == tables.Lines().Name && e.Bucket == bucket {
			b.files = append(b.files, e)
		}
	}
	// calendar days first
	slices.SortFunc(b.files, func(x, y manifest.FileEntry) int {
		return cmp.Or(x.Day.Compare(y.Day), strings.Compare(x.Path, y.Path))
	})
	var hashes strings.Builder
	for _, e := range b.files {
		hashes.WriteString(string(e.Hash))
	}
	b.digest = manifest.HashBytes([]byte(hashes.String()))
	s.buckets[key] = b
	return b, nil
}
