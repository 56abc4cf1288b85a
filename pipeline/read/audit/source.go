package audit

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Audit compares the tables of one state.
type Audit struct {
	Snap *lake.Snapshot
	// Differ receives each difference.
	Differ func(format string, args ...any)
	// Sales are the sales of closed cycles that Sales.Line added, if partners' money is compared.
	Sales Sales
}

// tiesVendor is the id of the vendor as seller and issuer.
const tiesVendor = "vendor"

// archive reports whether the lake is an archive: its tables without a cycle are those of a later state.
func (a *Audit) archive() bool { return a.Snap.Manifest.ArchiveOf != "" }

// each visits the rows of a table that belongs to no cycle.
func each[T any](ctx context.Context, a *Audit, def tables.Def[T], cols tables.List[T],
	visit func(rows.Row[T]) error) error {
	return eachOf(ctx, a, a.Snap.Manifest.Loose, def, cols, visit)
}

// eachOf visits the rows of a table in the given files.
func eachOf[T any](ctx context.Context, a *Audit, files []lake.FileEntry, def tables.Def[T], cols tables.List[T],
	visit func(rows.Row[T]) error) error {
	for _, e := range files {
		if e.Table != def.Name {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := rows.EachUnsorted(a.Snap, e, def, cols, visit); err != nil {
			return err
		}
	}
	return nil
}

// sums are exact sums by key.
type sums[K comparable] map[K]*money.AmountTotal

// of returns the sum of a key; a key without amounts has 0.
func (s sums[K]) of(k K) money.AmountTotal {
	if t := s[k]; t != nil {
		return *t
	}
	return money.AmountTotal{}
}

// at returns the sum of a key, to add to it.
func (s sums[K]) at(k K) *money.AmountTotal {
	if s[k] == nil {
		s[k] = &money.AmountTotal{}
	}
	return s[k]
}

// add adds an amount to the sum of a key.
func (s sums[K]) add(k K, a money.Amount) error { return s.at(k).Add(a) }

// addColumns adds amounts of a row to the sum of a key.
func addColumns[T any, K comparable](s sums[K], k K, row rows.Row[T], columns ...tables.AmountColumn[T]) error {
	for _, c := range columns {
		a, err := row.Amount(c)
		if err == nil {
			err = s.add(k, a)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// total returns an amount as a sum.
func total(a money.Amount) (t money.AmountTotal, err error) { return t, t.Add(a) }

// keysOf returns the keys of several maps, each once.
func keysOf[K comparable](maps ...sums[K]) map[K]bool {
	all := map[K]bool{}
	for _, m := range maps {
		for k := range m {
			all[k] = true
		}
	}
	return all
}

// sortedKeys returns the keys in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
