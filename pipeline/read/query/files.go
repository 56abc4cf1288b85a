package query

import (
	"container/list"
	"context"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// handles keeps files open between reads. Its limit applies to open files that are not being read. A deleted file stays
// readable while it is open.
type handles struct {
	mu   sync.Mutex
	most int
	open map[lake.Hash]*handle
	idle list.List // of *handle, least recently used first
}

// handle is one open file.
type handle struct {
	storage.ReadFile
	hash  lake.Hash
	users int
	place *list.Element // in idle, while it is not in use
}

func newHandles(most int) *handles {
	return &handles{most: most, open: make(map[lake.Hash]*handle)}
}

// take opens a file for reading; give returns it.
func (h *handles) take(snap *lake.Snapshot, e lake.FileEntry) (*handle, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, ok := h.open[e.Hash]
	if !ok {
		file, err := snap.Open(e)
		if err != nil {
			return nil, err
		}
		f = &handle{ReadFile: file, hash: e.Hash}
		h.open[e.Hash] = f
	}
	if f.place != nil {
		h.idle.Remove(f.place)
		f.place = nil
	}
	f.users++
	return f, nil
}

func (h *handles) give(f *handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if f.users--; f.users == 0 {
		f.place = h.idle.PushBack(f)
	}
	for h.idle.Len() > h.most {
		h.drop(h.idle.Front().Value.(*handle))
	}
}

// drop closes a file that is not in use. An error of closing does not affect what was read, so it is ignored.
func (h *handles) drop(f *handle) {
	h.idle.Remove(f.place)
	delete(h.open, f.hash)
	_ = f.Close()
}

// close closes every file that is not in use.
func (h *handles) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for h.idle.Len() > 0 {
		h.drop(h.idle.Front().Value.(*handle))
	}
}

// dictKey identifies a dictionary.
type dictKey struct {
	file       lake.Hash
	group, col int
}

// layout returns a file's layout, which is read once.
func (l *LakeLines) layout(snap *lake.Snapshot, e lake.FileEntry) (*parquet.Layout, error) {
	return l.layouts.Get(context.Background(), e.Hash, otter.LoaderFunc[lake.Hash, *parquet.Layout](
		func(context.Context, lake.Hash) (*parquet.Layout, error) {
			f, err := l.files.take(snap, e)
			if err != nil {
				return nil, err
			}
			defer l.files.give(f)
			return parquet.ReadIndex(f, f.Size(), tables.Lines().Table, tables.LineCustomerID.Of().Any())
		}))
}

// with calls read with the pages of a file.
func (l *LakeLines) with(snap *lake.Snapshot, e lake.FileEntry, read func(*parquet.Pages) error) error {
	layout, err := l.layout(snap, e)
	if err != nil {
		return err
	}
	f, err := l.files.take(snap, e)
	if err != nil {
		return err
	}
	defer l.files.give(f)
	return read(&parquet.Pages{Layout: layout, Source: f, Decoder: l.decoder,
		Dictionary: func(group, col int, load func() (*parquet.Dictionary, error)) (*parquet.Dictionary, error) {
			key := dictKey{e.Hash, group, col}
			if d, ok := l.dicts.GetIfPresent(key); ok {
				return d, nil
			}
			d, err := load()
			if err == nil {
				l.dicts.Set(key, d)
			}
			return d, err
		}})
}
