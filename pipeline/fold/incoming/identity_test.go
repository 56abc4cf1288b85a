package incoming

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/intake/sorting"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/manifest"
	"github.com/tollbook/tollbook/pipeline/lake/storage"
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
			r.marks = append(r.marks, sorting.Marks{Identity: h})
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

// TestParts checks that each mark is in exactly one part, that all marks of an identity are in the same part in the
// order in which they were added, and that no scratch file remains.
func TestParts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		st := storage.NewMem()
		l, err := lake.Open(st, lake.Options{})
		if err != nil {
			t.Fatal(err)
		}
		txn, err := l.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer txn.Close()
		n := rapid.IntRange(1, 9).Draw(t, "parts")
		p, err := newParts(txn.SubTxn, n)
		if err != nil {
			t.Fatal(err)
		}
		hash := rapid.OneOf(rapid.Uint64(), rapid.Uint64Range(0, 3), rapid.Just(^uint64(0)))
		want := make(map[uint64][]uint64) // contents by identity
		for i := range rapid.IntRange(0, 300).Draw(t, "marks") {
			m := sorting.Marks{Identity: hash.Draw(t, "identity"), Content: uint64(i)}
			want[m.Identity] = append(want[m.Identity], m.Content)
			if err := p.add(m); err != nil {
				t.Fatal(err)
			}
		}
		got := make(map[uint64][]uint64)
		taken := rapid.IntRange(0, n).Draw(t, "taken")
		var memory []sorting.Marks
		for i := range taken {
			if memory, err = p.take(i, memory); err != nil {
				t.Fatal(err)
			}
			for _, m := range memory {
				if p.of(m.Identity) != i {
					t.Fatalf("identity %x is in part %d of %d", m.Identity, i, n)
				}
				got[m.Identity] = append(got[m.Identity], m.Content)
			}
		}
		maps.DeleteFunc(want, func(h uint64, _ []uint64) bool { return p.of(h) >= taken })
		if !maps.EqualFunc(got, want, slices.Equal[[]uint64]) {
			t.Fatalf("taken %v, added %v", got, want)
		}
		if err := p.close(); err != nil {
			t.Fatal(err)
		}
		if left, err := st.List(manifest.TempDir + "/"); err != nil || len(left) > 0 {
			t.Fatalf("%v is left, %v", left, err)
		}
	})
}
