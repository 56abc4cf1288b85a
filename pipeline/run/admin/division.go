package admin

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake"
)

// division divides one bucket: its files become those of the buckets to which its customers belong.
type division struct {
	txn      *lake.SubTxn
	bucket   int // of the files
	from, to int // old and new number of buckets
	writers  map[string][]*rebucketTarget
	balances []lake.Hash // hash of each part's newest file of balances
	spare    []int64     // memory for sorting the index of record ids

	slotLines int64 // rows.LineSlots.Fewest
}

func newDivision(txn *lake.SubTxn, bucket, from, to int, slotLines int64) *division {
	return &division{txn: txn, bucket: bucket, from: from, to: to, slotLines: slotLines,
		writers: make(map[string][]*rebucketTarget), balances: make([]lake.Hash, to/from)}
}

// parts is the number of buckets that replace the bucket. Part 0 keeps the number of the bucket.
func (d *division) parts() int { return d.to / d.from }

// part is the part of a customer; ok is false if the customer does not belong to the bucket. Costs of no customer
// belong to bucket 0.
func (d *division) part(customer string) (part int, ok bool) {
	if customer == "" {
		return 0, d.bucket == 0
	}
	b := lake.BucketOf(customer, d.to)
	return (b - d.bucket) / d.from, b%d.from == d.bucket
}

// tableDay identifies the files of a table and day within a cycle.
type tableDay struct {
	table string
	day   lake.Day
}

// cycleFiles holds the files of a cycle: those of the bucket, and those of the parts that replace them.
type cycleFiles struct {
	lake.CycleRef
	old  map[tableDay][]lake.FileEntry
	made map[tableDay][][]lake.FileEntry // by part
}

// run divides all files of the bucket, cycle by cycle. It calls done with the number of rows that were read.
func (d *division) run(ctx context.Context, done func(rows int64)) error {
	for _, ref := range d.txn.Base().Manifest.Cycles {
		files, err := d.txn.Base().Select(ref.Cycle, func(k lake.FileKey) bool {
			return k.Bucket == d.bucket && divided(k)
		})
		if err != nil {
			return err
		}
		c := &cycleFiles{CycleRef: ref, old: make(map[tableDay][]lake.FileEntry),
			made: make(map[tableDay][][]lake.FileEntry)}
		for _, e := range files {
			at := tableDay{e.Table, e.Day}
			c.old[at] = append(c.old[at], e)
		}
		for _, at := range c.order() {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := d.divide(c, at); err != nil {
				return err
			}
			for _, e := range c.old[at] {
				done(e.Rows)
			}
		}
	}
	return nil
}

// order returns the keys in the order of division: by day, and tables that depend on others after these.
func (c *cycleFiles) order() []tableDay {
	after := map[string]int{tableIdent: 1, tableBalances: 1, tablePositions: 2, tablePerformances: 2}
	return slices.SortedFunc(maps.Keys(c.old), func(a, b tableDay) int {
		return cmp.Or(cmp.Compare(after[a.table], after[b.table]), a.day.Compare(b.day), cmp.Compare(a.table, b.table))
	})
}

// divide divides the files of a key and adds those of the parts to the next state.
func (d *division) divide(c *cycleFiles, at tableDay) error {
	made := make([][]lake.FileEntry, d.parts())
	var err error
	switch {
	case c.Archived != nil && (at.table == tableIdent || at.table == tablePerformances):
		made[0] = c.old[at] // REBUCKET-7
	case at.table == tableIdent:
		err = d.divideIdent(c, at, made)
	case at.table == tablePerformances && c.State == lake.CycleClosed:
		err = d.dividePerformances(c, at, made)
	case at.table == tablePerformances: // REBUCKET-5
	default:
		for _, e := range c.old[at] {
			err = errors.Join(err, d.divideFile(e, made))
		}
		if err == nil {
			err = same(c.old[at], made)
		}
	}
	if err != nil {
		return err
	}
	d.drop(c, at, made)
	c.made[at] = made
	for part, files := range made {
		if err := d.txn.Next().Replace(d.key(c, at, part), files...); err != nil {
			return err
		}
	}
	return nil
}

func (d *division) key(c *cycleFiles, at tableDay, part int) lake.FileKey {
	return lake.FileKey{Table: at.table, Cycle: c.Cycle, Day: at.day, Bucket: d.bucket + part*d.from}
}

// drop removes files that a part would not have had (REBUCKET-4).
func (d *division) drop(c *cycleFiles, at tableDay, made [][]lake.FileEntry) {
	of := func(table string, part int) []lake.FileEntry {
		if files := c.made[tableDay{table, at.day}]; files != nil {
			return files[part]
		}
		return nil
	}
	for part := range made {
		switch at.table {
		case tablePositions:
			if c.Archived == nil && len(of(tableIdent, part)) == 0 {
				made[part] = nil
			}
		case tableBalances:
			switch {
			case len(made[part]) != 1:
			case made[part][0].Hash == d.balances[part] && len(of(tableEntries, part)) == 0:
				made[part] = nil
			default:
				d.balances[part] = made[part][0].Hash
			}
		}
	}
}

// same verifies that the sums of old and new files are equal (REBUCKET-3).
func same(old []lake.FileEntry, made [][]lake.FileEntry) error {
	was, err := sumsOf(old)
	if err != nil {
		return err
	}
	is, err := sumsOf(slices.Concat(made...))
	if err != nil {
		return err
	}
	for name, sum := range was {
		if is[name] == nil || is[name].Cmp(sum) != 0 {
			return fmt.Errorf("%s: Σ %s is %v, after the division %v", old[0].Path, name, sum, is[name])
		}
	}
	return nil
}

// sumsOf adds up the rows of files and the sums of their columns in the manifest.
func sumsOf(files []lake.FileEntry) (map[string]*big.Rat, error) {
	sums := map[string]*big.Rat{"rows": new(big.Rat)}
	for _, e := range files {
		sums["rows"].Add(sums["rows"], new(big.Rat).SetInt64(e.Rows))
		for _, s := range e.Sums {
			v, ok := new(big.Rat).SetString(s.Value)
			if !ok {
				return nil, fmt.Errorf("%s: the manifest has %q as the sum of %s", e.Path, s.Value, s.Column)
			}
			if sums[s.Column] == nil {
				sums[s.Column] = new(big.Rat)
			}
			sums[s.Column].Add(sums[s.Column], v)
		}
	}
	return sums, nil
}
