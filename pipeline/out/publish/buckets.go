package publish

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// defaultBucketRows is the least number of rows of one table, cycle and bucket that another process inserts. Fewer rows
// share an INSERT with those of other buckets (PUB-14).
const defaultBucketRows = 1 << 14

// ofBuckets returns the items that other processes insert: the lake's files of each table, cycle and bucket that has at
// least BucketRows rows.
func (to *target) ofBuckets(missing []*Item) []*Item {
	type part struct {
		table, cycle string
		bucket       int
	}
	of := func(i *Item) part { return part{i.Table.Name, i.Cycle, i.Bucket} }
	rows := make(map[part]int64)
	for _, i := range missing {
		if i.Bucket != lake.NoBucket && !i.Calculated {
			rows[of(i)] += i.Rows
		}
	}
	fewest := cmp.Or(to.o.BucketRows, defaultBucketRows)
	return slices.DeleteFunc(slices.Clone(missing), func(i *Item) bool { return rows[of(i)] < fewest })
}

// elsewhere has other processes insert the items of buckets and returns the items that are then still missing.
func (ld *loader) elsewhere(ctx context.Context, missing []*Item) ([]*Item, error) {
	if ld.state.o.Elsewhere == nil {
		return missing, nil
	}
	var buckets []int
	for _, i := range ld.state.ofBuckets(missing) {
		buckets = append(buckets, i.Bucket)
	}
	slices.Sort(buckets)
	if buckets = slices.Compact(buckets); len(buckets) == 0 {
		return missing, nil
	}
	if err := ld.state.o.Elsewhere(ctx, buckets); err != nil {
		return nil, err
	}
	if err := ld.state.readLoads(ctx); err != nil {
		return nil, err
	}
	return ld.adoptLoads(missing), nil
}

// adoptLoads takes the loads of missing items that were recorded since the publish began, and returns the items without
// one. A load is recorded after it was counted (PUB-15).
func (ld *loader) adoptLoads(missing []*Item) (rest []*Item) {
	found := make(map[Key]*load)
	for _, l := range ld.state.noted {
		k := Key{Table: l.table, Path: l.path}
		if old := found[k]; l.path != "" && l.id > ld.state.begun && (old == nil || l.id < old.id) {
			found[k] = l
		}
	}
	for _, i := range missing {
		l := found[i.Key()]
		if l == nil || l.shard != shardOf(i, ld.state.nodes.Shards) || i.Known && l.rows != i.Rows {
			rest = append(rest, i)
			continue
		}
		ld.state.whole[i.Key()] = l
		ld.state.report.inserted(l)
		ld.rows += l.rows
		for _, n := range ld.state.nodes.Of(l.shard) {
			at := placeOf(n, l)
			ld.changed[at] = true
			ld.inserted[at] += uint64(l.rows)
		}
	}
	return rest
}

// InsertBucket inserts the files of a bucket that are missing on the server, and counts them there, for another process
// that publishes them (PUB-15). It does not move the pointer. The tables must exist. Repeating it, also in two
// processes at once, is safe. Its errors are those of Publish.
func InsertBucket(ctx context.Context, o *Options, src *Source, bucket int) (err error) {
	r := newRun(o, src)
	if r.state.nodes, err = ConnectAll(ctx, o.Server, o.Cluster); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.state.nodes.Close()) }()
	if err := r.state.inspect(ctx); err != nil {
		return err
	}
	if r.state.items, err = src.Items(ctx, r.state.tables); err != nil {
		return err
	}
	there := r.state.usableLoads()
	missing := slices.DeleteFunc(r.state.items, func(i *Item) bool {
		return i.Bucket != bucket || there[i.Key()] != nil
	})
	return (&loader{partitions: r.partitions}).loadGroups(ctx, r.state.ofBuckets(missing), 1)
}
