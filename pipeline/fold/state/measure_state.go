package state

import (
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// MeasureState passes objects of a cycle to show with their samples from a state of the lake, bucket by bucket, in each
// bucket in order of keys. The objects must come from Gather. An object is valid until show returns. Errors: of
// reading, including *lake.CorruptError.
func MeasureState(ctx context.Context, snap *lake.Snapshot, b *books.Books, cycle period.Cycle,
	objects *MeasuredObjects,
	show func(MeasureKey, *percentile.Object) error) error {
	files, err := snap.Files(lake.CycleOf(cycle))
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool {
		return e.Table != tables.Bandwidth().Name
	})
	l := &MeasuredLake{Books: b, Open: snap.Open}
	links := make(map[string]bool)
	buckets := make(map[int]*MeasuredObjects)
	for key, parts := range objects.byKey {
		for link := range parts {
			links[link] = true
		}
		bucket := lake.BucketOf(b.Customers[key.Customer].ID, max(1, snap.Manifest.Buckets))
		if buckets[bucket] == nil {
			buckets[bucket] = &MeasuredObjects{books: b, byKey: make(map[MeasureKey]map[string]*link)}
		}
		buckets[bucket].byKey[key] = parts
	}
	strays, err := l.FindStrays(files, 1, func(link string) bool { return links[link] })
	if err != nil {
		return err
	}
	for _, bucket := range slices.Sorted(maps.Keys(buckets)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		its := slices.DeleteFunc(slices.Clone(files), func(e lake.FileEntry) bool { return e.Bucket != bucket })
		if err := l.Each(buckets[bucket], its, strays, nil, show); err != nil {
			return err
		}
	}
	return nil
}
