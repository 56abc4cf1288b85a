package incoming

import (
	"encoding/binary"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/intake/sorting"
)

// TestMark checks that a night's identities are known if and only if the index has their 56 bits, including hashes
// close to each other, the lowest and the highest, and duplicates.
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
