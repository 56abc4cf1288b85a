package console

import (
	"context"
	"fmt"
	"sync"

	"github.com/maypok86/otter/v2"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// Kept caches data of pages, so that a list of every customer is built once per state and not for each of its pages and
// orders. Cached data are never changed.
type Kept struct {
	cache *otter.Cache[keptKey, kept]

	mu     sync.Mutex
	books  *workspace.Workspace // to which steady belongs
	steady period.Span
}

// keptKey identifies cached data: state, books and settings, since when the names and associations in the books have
// been the current ones, and a key of the page.
type keptKey struct {
	state lake.Hash
	books *workspace.Workspace
	since period.Instant
	what  string
}

type kept struct {
	value any
	bytes uint32
}

// keptBytes is about the largest amount of cached memory, and cellBytes that of a table cell.
const (
	keptBytes = 256 << 20
	cellBytes = 120
)

// NewKept returns an empty cache.
func NewKept() (*Kept, error) {
	c, err := otter.New(&otter.Options[keptKey, kept]{MaximumWeight: keptBytes,
		Weigher: func(_ keptKey, k kept) uint32 { return k.bytes }})
	if err != nil {
		return nil, fmt.Errorf("make a cache of pages: %w", err)
	}
	return &Kept{cache: c}, nil
}

// since returns when customers' and partners' names and associations last changed, by their validity in the books.
func (k *Kept) since(w *workspace.Workspace, now period.Instant) period.Instant {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.books != w || !k.steady.Holds(now) {
		k.books, k.steady = w, steadyAt(w, now)
	}
	return k.steady.From
}

// steadyAt returns the time around an instant in which no row of customers, partners and associations begins or ends.
func steadyAt(w *workspace.Workspace, now period.Instant) period.Span {
	out := period.Always()
	narrow := func(valid period.Span) {
		for _, at := range [...]period.Instant{valid.From, valid.To} {
			if at <= now {
				out.From = max(out.From, at)
			} else {
				out.To = min(out.To, at)
			}
		}
	}
	for i := range w.Books.Customers {
		for k := range w.Books.Customers[i].Rows {
			narrow(w.Books.Customers[i].Rows[k].Valid)
		}
	}
	for i := range w.Books.Partners {
		for k := range w.Books.Partners[i].Rows {
			narrow(w.Books.Partners[i].Rows[k].Valid)
		}
	}
	for i := range w.Books.Associations {
		narrow(w.Books.Associations[i].Valid)
	}
	return out
}

// Keep returns what build returned earlier for the view's state, books and language under the same key, or calls build.
// The result may depend on the clock only through names and associations of the books. The key must name everything
// else on which it depends, including the caller's rights. cells returns its size in table cells. The result must not
// be changed.
func Keep[V any](v *View, key string, cells func(V) int, build func(*View) (V, error)) (V, error) {
	return keep(v, key+inLanguage(v), func(value V) int { return cellBytes * cells(value) }, build)
}

// KeepFigures is Keep for data that are the same in every language.
func KeepFigures[V any](v *View, key string, cells func(V) int, build func(*View) (V, error)) (V, error) {
	return keep(v, key, func(value V) int { return cellBytes * cells(value) }, build)
}

// inLanguage returns the part of a key that identifies the language of texts and links.
func inLanguage(v *View) string {
	return fmt.Sprintf(" in %q %d", v.Query.Get("lang"), v.Call.Language)
}

// keep is Keep with a size in bytes.
func keep[V any](v *View, key string, bytes func(V) int, build func(*View) (V, error)) (V, error) {
	if v.Kept == nil {
		return build(v)
	}
	at := keptKey{v.Call.State.Snap.Hash, v.Call.State.Workspace,
		v.Kept.since(v.Call.State.Workspace, v.Call.State.Now), key}
	ctx := v.Request.Context()
	if !v.Background { // others may wait for it: it continues if the first caller leaves
		ctx = context.WithoutCancel(ctx)
	}
	own := *v
	own.Request = v.Request.WithContext(ctx)
	got, err := v.Kept.cache.Get(ctx, at, otter.LoaderFunc[keptKey, kept](func(context.Context, keptKey) (kept, error) {
		value, err := build(&own)
		if err != nil {
			return kept{}, err
		}
		return kept{value, uint32(min(bytes(value)+cellBytes, keptBytes))}, nil
	}))
	if err != nil {
		var none V
		return none, err
	}
	return got.value.(V), nil
}

// KeepTable is Keep for a table, sorted in its own order. The caller may change the returned table.
func KeepTable(v *View, key string, build func(*View) (*Table, error)) (*Table, error) {
	t, err := keep(v, key+inLanguage(v), func(t *Table) int { return t.packed.bytes() },
		func(v *View) (*Table, error) {
			t, err := build(v)
			if err == nil {
				t.sort = t.Order
				t.pick()
				t.spares()
				t.packed = pack(t.Rows, t.picked, len(t.Columns))
				t.Rows, t.picked, t.sorted = nil, nil, t.sort
			}
			return t, err
		})
	if err != nil {
		return nil, err
	}
	own := *t
	return &own, nil
}
