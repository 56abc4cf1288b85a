package parquet

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/klauspost/compress/zstd"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/schemas/table"
)

// TestFramesDecode checks that an independent zstd decoder reads frames of all kinds of decimals.
func TestFramesDecode(t *testing.T) {
	t.Parallel()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		var m maker
		m.Memory = NewMemory()
		for page := range 4 { // later pages may reuse the Huffman code of an earlier one
			n := rapid.SampledFrom([]int{1, 2, 3, 4, 9, 100, 129, 130, 1024, 8192}).Draw(t, "values")
			bits := rapid.IntRange(0, 64).Draw(t, "bits")
			wide := rapid.SampledFrom([]int64{0, 1, 255, 1 << 20, 1 << 40, 1 << 60}).Draw(t, "wide")
			sign := rapid.SampledFrom([]int64{0, -1}).Draw(t, "sign")
			vals := make([]Dec, n)
			for i := range vals {
				vals[i] = Dec{Hi: sign ^ r.Int64N(wide+1), Lo: r.Uint64() >> (64 - bits)}
			}
			m.bigEndian(vals)
			frame, err := m.compressor.decimals(nil, m.page, vals)
			if err != nil {
				t.Fatal(err)
			}
			got, err := dec.DecodeAll(frame, nil)
			if err != nil || !bytes.Equal(got, m.page) {
				t.Fatalf("page %d, %d values of %d bits, high halves up to %d: %v, %d bytes back of %d", page, n, bits,
					wide, err, len(got), len(m.page))
			}
			if own := ownBytes(vals); n == 1024 && own > 0 && own <= 13 && len(frame) > n*own+64 {
				t.Errorf("%d bytes for %d values that differ in %d bytes", len(frame), n, own)
			}
		}
	})
}

// TestCodedPagesDecode is TestFramesDecode for pages of bytes, with few and with many distinct values.
func TestCodedPagesDecode(t *testing.T) {
	t.Parallel()
	dec, err := zstd.NewReader(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer dec.Close()
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		page := make([]byte, rapid.SampledFrom([]int{0, 1, 63, 64, 300, 1023, 1024, 16383, 16384, 1 << 17,
			1<<17 + 1}).Draw(t, "bytes"))
		kinds := rapid.SampledFrom([]int{1, 2, 16, 256}).Draw(t, "kinds")
		for i := range page {
			page[i] = byte(r.IntN(kinds))
		}
		var s pageCompressor
		for _, how := range []strategy{searched, coded} {
			frame, err := s.page(nil, page, how)
			if err != nil {
				t.Fatal(err)
			}
			got, err := dec.DecodeAll(frame, nil)
			if err != nil || !bytes.Equal(got, page) {
				t.Fatalf("%d bytes of %d kinds, strategy %d: %v, %d bytes back", len(page), kinds, how, err, len(got))
			}
		}
	})
}

// TestCodeThatDoesNotSuit checks that a Huffman code is dropped as soon as it compresses worse than before.
func TestCodeThatDoesNotSuit(t *testing.T) {
	t.Parallel()
	page := func(often byte) []byte { // each byte once; the rest alternates between two bytes
		b := make([]byte, 4096)
		for i := range b {
			b[i] = often + byte(i%2)
			if i < 256 {
				b[i] = byte(i)
			}
		}
		return b
	}
	var s pageCompressor
	sizes := make([]int, 0, 4)
	for _, often := range []byte{7, 7, 200, 200} {
		sizes = append(sizes, len(s.literals(nil, page(often), true)))
	}
	if sizes[0] > 1600 || sizes[1] > 1600 || sizes[2] < 3000 || sizes[3] > 1600 {
		t.Errorf("4096 bytes of two kinds, mostly, take %d bytes; want few but for the third, which has the code of "+
			"the first", sizes)
	}
}

// batch returns n rows that resemble lines: repeated customers, amounts of a few bytes, and two columns with the same
// values.
func batch(def *table.Table, n int) *untyped {
	r := rand.New(rand.NewPCG(1, 2))
	c := NewColumns(table.Untyped(def))
	for i := range n {
		c.c[0].AddWord(fmt.Sprintf("c%05d", i/40))
		c.c[1].AddText(fmt.Sprintf("%016x", r.Uint64()))
		c.c[2].Ints = append(c.c[2].Ints, 1_788_220_800_000_000+r.Int64N(86_400)*1_000_000)
		c.c[3].Ints = append(c.c[3].Ints, int64(table.Nothing))
		c.c[4].AddDec(0, r.Uint64N(1<<36))
		c.c[5].AddDec(0, uint64(r.IntN(9)))
		c.c[6].Ints = append(c.c[6].Ints, int64(r.IntN(3)))
		c.c[7].Codes = append(c.c[7].Codes, int32(r.IntN(4)))
		c.N++
	}
	return c
}

// BenchmarkWrite writes row groups into one file. It allocates per row group and page, not per row: allocs/op of
// rows=65536 is far below 65,536.
func BenchmarkWrite(b *testing.B) {
	def := definition()
	for _, rows := range []int{8192, 65536} {
		b.Run(fmt.Sprintf("rows=%d", rows), func(b *testing.B) {
			c := batch(def, rows)
			var out counter
			w, err := NewWriter(&out, def)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if err := w.Write(c); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(out)/float64(b.N)/float64(rows), "B/row")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
		})
	}
}

// counter counts bytes.
type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}
