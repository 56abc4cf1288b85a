package money

import (
	"math/big"
	"testing"
)

// checkWords compares 128-bit arithmetic over its full range with math/big.
func checkWords(t testing.TB, x, y uint128) {
	bx, by := x.big(), y.big()
	if x.cmp(y) != bx.Cmp(by) {
		t.Fatalf("cmp %s %s", bx, by)
	}
	sum, carry := x.add(y)
	want := new(big.Int).Add(bx, by)
	if carry != (want.BitLen() > 128) || (!carry && sum.big().Cmp(want) != 0) {
		t.Fatalf("%s + %s = %s, %v", bx, by, sum.big(), carry)
	}
	if back, fits := uint128FromBig(bx); !fits || back != x {
		t.Fatalf("%s came back from math/big as %v", bx, back)
	}
	if x.cmp(y) >= 0 && x.sub(y).big().Cmp(new(big.Int).Sub(bx, by)) != 0 {
		t.Fatalf("%s − %s", bx, by)
	}
	if !y.isZero() {
		q, r := x.quoRem(y)
		wq, wr := new(big.Int).QuoRem(bx, by, new(big.Int))
		if q.big().Cmp(wq) != 0 || r.big().Cmp(wr) != 0 {
			t.Fatalf("%s / %s = %s rest %s, want %s rest %s", bx, by, q.big(), r.big(), wq, wr)
		}
	}
	p := x.mul64(y.lo)
	if got, want := bigWide(p), new(big.Int).Mul(bx, new(big.Int).SetUint64(y.lo)); got.Cmp(want) != 0 {
		t.Fatalf("%s × %d = %s, want %s", bx, y.lo, got, want)
	}
	if y.lo != 0 {
		q, r := p.quoRem(y.lo)
		if n, fits := q.narrow(); !fits || n != x || r != 0 {
			t.Fatalf("%s × %d / %d = %s rest %d", bx, y.lo, y.lo, bigWide(q), r)
		}
	}
	checkSigned(t, int128{int64(x.hi), x.lo}, int128{int64(y.hi), y.lo})
}

func bigWide(p uint192) *big.Int {
	z := new(big.Int).Lsh(new(big.Int).SetUint64(p.hi), 128)
	return z.Add(z, uint128{p.mid, p.lo}.big())
}

func checkSigned(t testing.TB, v, w int128) {
	bv, bw := bigOf(v.hi, v.lo), bigOf(w.hi, w.lo)
	if v.big().Cmp(bv) != 0 || v.abs().big().CmpAbs(bv) != 0 || v.sign() != bv.Sign() || v.cmp(w) != bv.Cmp(bw) {
		t.Fatalf("%s and %s: big %s, abs %s, sign %d, cmp %d", bv, bw, v.big(), v.abs().big(), v.sign(), v.cmp(w))
	}
	low, high := bigOf(-1<<63, 0), bigOf(1<<63-1, 1<<64-1)
	for _, c := range []struct {
		op   string
		got  func(int128) (int128, bool)
		want *big.Int
	}{{"+", v.add, new(big.Int).Add(bv, bw)}, {"−", v.sub, new(big.Int).Sub(bv, bw)}} {
		got, fits := c.got(w)
		inside := c.want.Cmp(low) >= 0 && c.want.Cmp(high) <= 0
		if fits != inside || (fits && got.big().Cmp(c.want) != 0) {
			t.Fatalf("%s %s %s = %s, %v; want %s", bv, c.op, bw, got.big(), fits, c.want)
		}
	}
}

var edgeWords = []uint64{0, 1, 2, 9, 10, 1e10, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<63 + 1, 1<<64 - 2, 1<<64 - 1}

func TestWordsAtTheEdges(t *testing.T) {
	t.Parallel()
	for _, a := range edgeWords {
		for _, b := range edgeWords {
			for _, c := range edgeWords {
				for _, d := range edgeWords {
					checkWords(t, uint128{a, b}, uint128{c, d})
				}
			}
		}
	}
}

func FuzzWords(f *testing.F) {
	f.Add(uint64(1<<64-1), uint64(1<<64-1), uint64(1), uint64(0))
	f.Add(uint64(542101), uint64(1590897978359414784), uint64(1), uint64(1<<63))
	f.Fuzz(func(t *testing.T, a, b, c, d uint64) { checkWords(t, uint128{a, b}, uint128{c, d}) })
}
