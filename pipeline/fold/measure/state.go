package measure

import (
	"context"
	"maps"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/place"
	"github.com/tollbook/tollbook/rating/percentile"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// State passes objects of a cycle to show with their samples from a state of the lake, bucket by bucket, in each bucket
// in order of keys. The objects must come from Gather. An object is valid until show returns. Errors: of reading,
// including *lakeerr.CorruptError.
func State(ctx context.Context, snap *lake.Snapshot, b *books.Books, cycle period.Cycle, objects *Objects,
	show func(Key, *percentile.Object) error) error {
	files, err := snap.Files(manifest.CycleOf(cycle))
	if err != nil {
		return err
	}
	files = slices.DeleteFunc(slices.Clone(files), func(e manifest.FileEntry) bool {
		return e.Table != tables.Bandwidth().Name
	})
	l := &Lake{Books: b, Open: snap.Open}
	links := make(map[string]bool)
	buckets := make(map[int]*Objects)
	for key, parts := range objects.byKey {
		for link := range parts {
			links[link] = true
		}
		bucket := place.Bucket(b.Customers[key.Customer].ID, max(1, snap.Manifest.Buckets))
		if buckets[bucket] == nil {
			buckets[bucket] = &Objects{books: b, byKey: make(map[Key]map[string]*link)}
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
		its := slices.DeleteFunc(slices.Clone(files), func(e manifest.FileEntry) bool { return e.Bucket != bucket })
		if err := l.Each(buckets[bucket], its, strays, nil, show); err != nil {
			return err
		}
	}
	return nil
}
