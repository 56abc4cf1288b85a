package query

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// LakeOptions limits the resources of a Lake. The zero value means the defaults.
type LakeOptions struct {
	Bytes int // of all caches in memory; default 640 MiB
	Files int // files kept open; default 1024
}

func (o LakeOptions) withDefaults() LakeOptions {
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
func (o LakeOptions) fifths(n int) int { return o.Bytes / 5 * n }

// LakeLines reads records from a lake's files.
type LakeLines struct {
	decoder *parquet.Decoder
	files   *handles
	layouts *otter.Cache[lake.Hash, *parquet.Layout]
	dicts   *otter.Cache[dictKey, *parquet.Dictionary]
	places  *otter.Cache[placesKey, *places]
	blocks  *otter.Cache[blockKey, *block]

	mu   sync.Mutex
	last *LakeLinesState // the state of the last call of At
}

// NewLakeLines returns a Lake with empty caches.
func NewLakeLines(o LakeOptions) (*LakeLines, error) {
	o = o.withDefaults()
	d, err := parquet.NewDecoder()
	if err != nil {
		return nil, err
	}
	layouts, err1 := cacheOf(o.fifths(2), func(_ lake.Hash, l *parquet.Layout) int { return l.Weight() })
	dicts, err2 := cacheOf(o.fifths(1), func(_ dictKey, d *parquet.Dictionary) int { return 64 + d.Weight() })
	places, err3 := cacheOf(o.fifths(1), func(k placesKey, p *places) int { return 160 + len(k.where) + p.weight() })
	blocks, err4 := cacheOf(o.fifths(1), func(k blockKey, b *block) int { return 160 + len(k.cols) + b.weight() })
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		return nil, err
	}
	return &LakeLines{decoder: d, files: newHandles(o.Files), layouts: layouts, dicts: dicts, places: places,
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
func (l *LakeLines) Close() { l.files.close() }

// LakeLinesState is one committed state of the lake.
type LakeLinesState struct {
	Snapshot *lake.Snapshot
	store    *LakeLines

	mu      sync.Mutex
	buckets map[bucketKey]*bucketFiles
	shares  map[lake.Cycle][]PartnerShare
}

type bucketKey struct {
	cycle  lake.Cycle
	bucket int
}

// bucketFiles holds the files of lines of one bucket of a cycle.
type bucketFiles struct {
	files  []lake.FileEntry // calendar days in order, then other days
	digest lake.Hash        // of their hashes
}

// At returns a State of one snapshot. It shares its caches with other states for the files that they have in common.
func (l *LakeLines) At(snap *lake.Snapshot) *LakeLinesState {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil || l.last.Snapshot != snap {
		l.last = &LakeLinesState{Snapshot: snap, store: l, buckets: make(map[bucketKey]*bucketFiles),
			shares: make(map[lake.Cycle][]PartnerShare)}
	}
	return l.last
}

// lines returns the files of lines that may contain rows of a customer.
func (s *LakeLinesState) lines(cycle lake.Cycle, customer string) (*bucketFiles, error) {
	return s.bucket(cycle, lake.BucketOf(customer, max(1, s.Snapshot.Manifest.Buckets)))
}

func (s *LakeLinesState) bucket(cycle lake.Cycle, bucket int) (*bucketFiles, error) {
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
	slices.SortFunc(b.files, func(x, y lake.FileEntry) int {
		return cmp.Or(x.Day.Compare(y.Day), strings.Compare(x.Path, y.Path))
	})
	var hashes strings.Builder
	for _, e := range b.files {
		hashes.WriteString(string(e.Hash))
	}
	b.digest = lake.HashBytes([]byte(hashes.String()))
	s.buckets[key] = b
	return b, nil
}
