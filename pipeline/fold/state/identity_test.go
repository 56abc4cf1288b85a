package state

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// TestMark checks that exactly those identities of a night are marked as known whose upper 56 bits are in the index. It
// includes adjacent hashes, the lowest and the highest hash, and duplicates.
func TestMark(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 1<<12), rapid.Uint64Range(1<<63, 1<<63+1<<12),
			rapid.Just(^uint64(0)))
		mine := rapid.SliceOfN(hash, 1, 200).Draw(t, "night")
		index := rapid.SliceOfN(rapid.OneOf(hash, rapid.SampledFrom(mine)), 0, 200).Draw(t, "index")
		slices.Sort(mine)
		slices.Sort(index)
		r := &resolver{}
		for _, h := range mine {
			r.marks = append(r.marks, accept.Marks{Identity: h})
		}
		var bytes []byte
		had := make(map[uint64]bool)
		for _, h := range index {
			bytes = binary.LittleEndian.AppendUint64(bytes, h>>8)
			had[h>>8] = true
		}
		want := make(map[uint64]mark)
		for _, h := range mine {
			if had[h>>8] {
				want[h] = known
			}
		}
		s, v := r.sieve(), &Verdicts{marks: make(map[uint64]mark)}
		r.mark(bytes, &s, v)
		if !maps.Equal(v.marks, want) {
			t.Fatalf("marked %x, want %x", v.marks, want)
		}
	})
}

// begin starts a transaction of an empty lake in memory. The caller closes it.
func begin(t *rapid.T) (storage.Storage, *lake.Txn) {
	st := storage.NewMem()
	l, err := lake.Open(st, lake.Options{})
	if err != nil {
		t.Fatal(err)
	}
	txn, err := l.Begin()
	if err != nil {
		t.Fatal(err)
	}
	return st, txn
}

// noScratch checks that no scratch file is left.
func noScratch(t *rapid.T, st storage.Storage) {
	if left, err := st.List(lake.TempDir + "/"); err != nil || len(left) > 0 {
		t.Fatalf("%v is left, %v", left, err)
	}
}

// TestParts checks that each mark is in exactly one part, that all marks of an identity are in the same part in the
// order in which they were added, and that no scratch file remains.
func TestParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		st, txn := begin(t)
		defer txn.Close()
		n := rapid.IntRange(1, 9).Draw(t, "parts")
		p, err := newParts(txn.SubTxn, n, 1)
		if err != nil {
			t.Fatal(err)
		}
		hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 3), rapid.Just(^uint64(0)))
		want := make(map[uint64][]uint64) // contents by identity
		for i := range rapid.IntRange(0, 300).Draw(t, "marks") {
			m := accept.Marks{Identity: hash.Draw(t, "identity"), Content: uint64(i)}
			want[m.Identity] = append(want[m.Identity], m.Content)
			if err := p.add(m.Identity, m.Content); err != nil {
				t.Fatal(err)
			}
		}
		got := make(map[uint64][]uint64)
		taken := rapid.IntRange(0, n).Draw(t, "taken")
		for i := range taken {
			if err := p.take(i, func(entry []byte) {
				identity := binary.LittleEndian.Uint64(entry)
				if p.of(identity) != i {
					t.Fatalf("identity %x is in part %d of %d", identity, i, n)
				}
				got[identity] = append(got[identity], binary.LittleEndian.Uint64(entry[8:]))
			}); err != nil {
				t.Fatal(err)
			}
		}
		maps.DeleteFunc(want, func(h uint64, _ []uint64) bool { return p.of(h) >= taken })
		if !maps.EqualFunc(got, want, slices.Equal[[]uint64]) {
			t.Fatalf("taken %v, added %v", got, want)
		}
		if err := p.close(); err != nil {
			t.Fatal(err)
		}
		noScratch(t, st)
	})
}

// TestIndex checks that the index of a day contains the upper 56 bits of each identity in order, and that it has the
// same bytes and leaves no scratch file whether or not the identities are divided into parts. One Index writes several
// days.
func TestIndex(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		st, txn := begin(t)
		defer txn.Close()
		x := NewDuplicateIndex(&State{Txn: txn.SubTxn, Memory: parquet.NewMemory()})
		hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 1<<12), rapid.Just(^uint64(0)))
		for day := range rapid.IntRange(1, 3).Draw(t, "days") {
			list := rapid.SliceOfN(hash, 0, 300).Draw(t, "identities")
			files := make(map[lake.Hash]bool)
			for bucket, records := range []int64{int64(len(list)), partRows + 1, 5 * partRows} {
				if err := x.Restart(records); err != nil {
					t.Fatal(err)
				}
				for _, h := range list {
					if err := x.Add(h); err != nil {
						t.Fatal(err)
					}
				}
				key := DayKey("ident", period.Day(20_000+day), bucket)
				made, err := x.Finish(key)
				if err != nil {
					t.Fatal(err)
				}
				if len(list) == 0 {
					if len(made) > 0 {
						t.Fatalf("a file without records: %v", made)
					}
					continue
				}
				files[made[0].Hash] = true
				checkIndex(t, txn.SubTxn, made[0], list)
			}
			if len(files) > 1 {
				t.Fatalf("files differ by the number of parts: %v", files)
			}
		}
		noScratch(t, st)
	})
}

// checkIndex checks the rows of a file of the index.
func checkIndex(t *rapid.T, txn *lake.SubTxn, e lake.FileEntry, list []uint64) {
	var want, got []int64
	for _, h := range list {
		want = append(want, int64(h>>8))
	}
	slices.Sort(want)
	err := rows.EachRow(txn, e, tables.Ident(), nil, func(c *parquet.Columns[tables.Identity], i int) error {
		got = append(got, c.Whole(tables.IdentityHash).At(i))
		return nil
	})
	if err != nil || !slices.Equal(got, want) || e.Rows != int64(len(want)) {
		t.Fatalf("%d rows %x, want %x: %v", e.Rows, got, want, err)
	}
}
