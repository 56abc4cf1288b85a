package objects

import (
	"context"
	"fmt"

	"github.com/maypok86/otter/v2"
)

// reader reads objects in parts and caches parts in memory (OBJECTS-3, OBJECTS-4).
type reader struct {
	store Store
	parts *otter.Cache[partKey, part]
}

// partKey identifies a part of an object: partBytes bytes from index × partBytes on. tag is "" for an object that never
// changes.
type partKey struct {
	name, tag string
	index     int64
}

// part is a part of an object, and the size of the object.
type part struct {
	bytes []byte
	size  int64
}

// newReader returns a reader with a cache of the given size in bytes.
func newReader(store Store, bytes int) (*reader, error) {
	parts, err := otter.New(&otter.Options[partKey, part]{MaximumWeight: uint64(bytes),
		Weigher: func(k partKey, p part) uint32 { return uint32(len(p.bytes) + len(k.name) + len(k.tag) + 64) }})
	if err != nil {
		return nil, fmt.Errorf("make the cache of the object store: %w", err)
	}
	return &reader{store, parts}, nil
}

// get reads from the store.
func (r *reader) get(name, tag string, offset, n int64) ([]byte, int64, error) {
	if tag != "" {
		return r.store.GetTagged(context.Background(), name, tag, offset, n)
	}
	return r.store.Get(context.Background(), name, offset, n)
}
