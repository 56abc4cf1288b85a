package money

import (
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAllocateLiteral(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total   string
		weights string
		digits  int
		want    string
	}{
		{"100", "1 1 1", 2, "33.34 33.33 33.33"},
		{"-100", "1 1 1", 2, "-33.34 -33.33 -33.33"},
		{"0.02", "1 1 1", 2, "0.01 0.01 0"},
		{"-0.02", "1 1 1", 2, "-0.01 -0.01 0"},
		{"0", "1 2", 2, "0 0"},
		{"10", "0 1 0", 2, "0 10 0"},
		{"0.05", "3 7", 2, "0.02 0.03"},  // 1.5 and 3.5 units: a tie goes to the lower index
		{"0.05", "7 3", 2, "0.04 0.01"},  // 3.5 and 1.5 units
		{"1", "0.2 0.3 0.5", 0, "0 0 1"}, // to the largest remainder, not to the first
		{"7", "1 2 4", 0, "1 2 4"},
		{"8", "1 2 4", 0, "1 2 5"},               // 1.14, 2.29, 4.57
		{"100.01", "50 30 20", 2, "50.01 30 20"}, // 5000.5, 3000.3, 2000.2
		{"0.00000001", "1 1", 8, "0.00000001 0"},
		{"999999999999999999.99999999", "999999999999999999.99999999 999999999999999999.99999999", 8,
			"500000000000000000 499999999999999999.99999999"},
		{"999999999999999999", "0.00000001", 0, "999999999999999999"},
	} {
		got, err := Allocate(amount(t, c.total), amounts(t, strings.Fields(c.weights)...), c.digits)
		if err != nil || texts(got) != c.want {
			t.Errorf("%s over %s: %s, %v; want %s", c.total, c.weights, texts(got), err, c.want)
		}
	}
}

// TestAllocateManyTies checks that ties are decided by index, with more ties than an unstable sort would keep in order
// by chance.
func TestAllocateManyTies(t *testing.T) {
	t.Parallel()
	parts, err := Allocate(amount(t, "0.40"), amounts(t, strings.Fields(strings.Repeat("1 ", 90))...), 2)
	want := strings.Repeat("0.01 ", 40) + strings.TrimSuffix(strings.Repeat("0 ", 50), " ")
	if err != nil || texts(parts) != want {
		t.Errorf("40 cents over 90: %s, %v", texts(parts), err)
	}
}

func TestAllocateRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total, weights string
		digits         int
		want           string
	}{
		{"1", "", 2, "allocate 1.00000000: no weight above 0 among 0"},
		{"1", "0 0", 2, "allocate 1.00000000: no weight above 0 among 2"},
		{"1", "1 -1", 2, "allocate 1.00000000: weight 1 is negative: -1.00000000"},
		{"1.005", "1 1", 2, "allocate 1.00500000: more than 2 decimals"},
		{"1", "1", 9, "allocate 1.00000000: 9 digits outside 0 to 8"},
		{"1", "1", -1, "allocate 1.00000000: -1 digits outside 0 to 8"},
	} {
		got, err := Allocate(amount(t, c.total), amounts(t, strings.Fields(c.weights)...), c.digits)
		if err == nil || err.Error() != c.want || got != nil {
			t.Errorf("%s over %s: %v, %v; want %s", c.total, c.weights, got, err, c.want)
		}
	}
}

// checkAllocate checks parts by the definition of the largest remainder. Nothing is lost, each part is within one unit
// of its exact share, further units go to larger remainders or, if equal, lower indexes, and signs are mirrored.
func checkAllocate(t testing.TB, total Amount, weights []Amount, digits int) {
	parts, err := Allocate(total, weights, digits)
	if err != nil {
		t.Fatalf("allocate %s over %s: %v", total, texts(weights), err)
	}
	unit := new(big.Rat).SetFrac(big.NewInt(1), bigPow10(digits))
	whole, sum := new(big.Rat), new(big.Rat)
	for _, w := range weights {
		whole.Add(whole, w.Rat())
	}
	extra := make([]bool, len(parts))
	rest := make([]*big.Rat, len(parts))
	for i, p := range parts {
		sum.Add(sum, p.Rat())
		share := new(big.Rat).Mul(total.Abs().Rat(), weights[i].Rat())
		share.Quo(share, whole)
		floor := refRound(share, digits, "truncate")
		rest[i] = new(big.Rat).Sub(share, floor)
		switch over := new(big.Rat).Sub(p.Abs().Rat(), floor); {
		case over.Sign() == 0:
		case over.Cmp(unit) == 0 && rest[i].Sign() > 0:
			extra[i] = true
		default:
			t.Fatalf("part %d of %s over %s is %s, its share %s", i, total, texts(weights), p, share.RatString())
		}
	}
	if sum.Cmp(total.Rat()) != 0 {
		t.Fatalf("%s over %s: %s adds up to %s", total, texts(weights), texts(parts), sum.RatString())
	}
	for i := range parts {
		for j := range parts {
			if c := rest[i].Cmp(rest[j]); !extra[i] && extra[j] && (c > 0 || c == 0 && i < j) {
				t.Fatalf("%s over %s: part %d has the extra unit, part %d comes before it", total, texts(weights), j, i)
			}
		}
	}
	mirror, err := Allocate(total.Neg(), weights, digits)
	if err != nil {
		t.Fatal(err)
	}
	for i := range mirror {
		if mirror[i] != parts[i].Neg() {
			t.Fatalf("%s over %s: part %d is %s and its mirror %s", total, texts(weights), i, parts[i], mirror[i])
		}
	}
}

func TestAllocateAgainstDefinition(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		digits := rapid.IntRange(0, 8).Draw(r, "digits")
		total := amountRaw(t, drawRaw(r, "total", limitAmount, true)).Td(digits)
		weights := make([]Amount, rapid.IntRange(1, 8).Draw(r, "parts"))
		for i := range weights {
			if rapid.Bool().Draw(r, "small") {
				weights[i] = amountRaw(t, big.NewInt(rapid.Int64Range(0, 4).Draw(r, "weight")))
			} else {
				weights[i] = amountRaw(t, drawRaw(r, "weight", limitAmount, false))
			}
		}
		if strings.Trim(texts(weights), "0 ") == "" {
			weights[0] = amount(t, "1")
		}
		checkAllocate(t, total, weights, digits)
	})
}

func FuzzAllocate(f *testing.F) {
	f.Add(uint64(0), uint64(100), uint64(1), uint64(1), uint64(1), uint8(2), false)
	f.Add(uint64(5421010), uint64(1), uint64(0), uint64(1<<63), uint64(3), uint8(8), true)
	f.Fuzz(func(t *testing.T, hi, lo, a, b, c uint64, digits uint8, negative bool) {
		if a|b|c == 0 {
			return
		}
		d := int(digits % 9)
		raw := fuzzRaw(t, hi, lo, limitAmount)
		if negative {
			raw.Neg(raw)
		}
		weights := []Amount{amountRaw(t, fuzzRaw(t, 0, a, limitAmount)), amountRaw(t, fuzzRaw(t, hi, b, limitAmount)),
			amountRaw(t, fuzzRaw(t, 0, c, limitAmount))}
		if weights[0].IsZero() && weights[1].IsZero() && weights[2].IsZero() {
			return
		}
		checkAllocate(t, amountRaw(t, raw).Td(d), weights, d)
	})
}

func TestProrateLiteral(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a        string
		num, den int64
		digits   int
		want     string
	}{
		{"1000", 70, 100, 2, "700"},
		{"-1000", 70, 100, 2, "-700"},
		{"1", 1, 3, 2, "0.33"},
		{"1", 2, 3, 2, "0.67"},
		{"0.01", 1, 2, 2, "0.01"}, // half a unit
		{"-0.01", 1, 2, 2, "-0.01"},
		{"0.01", -1, 2, 2, "-0.01"},
		{"-0.01", -1, 2, 2, "0.01"},
		{"0.01", 499999, 1000000, 2, "0"},
		{"0.00000001", 1, 2, 8, "0.00000001"}, // half of the last digit
		{"0.00000001", 1, 3, 8, "0"},
		{"0.00000001", 2, 3, 8, "0.00000001"},
		{"100", 0, 7, 2, "0"},
		{"100", 7, 7, 0, "100"},
		{"999999999999999999.99999999", 1<<63 - 1, 1<<63 - 1, 8, "999999999999999999.99999999"},
		{"1", -1 << 63, 1<<63 - 1, 8, "-1"},
		{"999999999999999999.99999999", 1, 1, 2, "over"},
		{"999999999999999999", 1<<63 - 1, 1, 0, "over"},
		{"1", 1, 0, 2, "bad"},
		{"1", 1, -5, 2, "bad"},
		{"1", 1, 5, 9, "bad"},
	} {
		got, err := Prorate(amount(t, c.a), c.num, c.den, c.digits)
		outside := isRange(err)
		switch c.want {
		case "over", "bad":
			if err == nil || outside != (c.want == "over") || !got.IsZero() {
				t.Errorf("%s × %d/%d: %s, %v; want it refused", c.a, c.num, c.den, got, err)
			}
		default:
			if err != nil || got != amount(t, c.want) {
				t.Errorf("%s × %d/%d to %d: %s, %v; want %s", c.a, c.num, c.den, c.digits, got, err, c.want)
			}
		}
	}
}

func checkProrate(t testing.TB, raw *big.Int, num, den int64, digits int) {
	a := amountRaw(t, raw)
	got, err := Prorate(a, num, den, digits)
	want := refRaw(t, refRound(new(big.Rat).Mul(a.Rat(), big.NewRat(num, den)), digits, "half_up"), 8)
	if want.CmpAbs(bigInt(t, limitAmount)) > 0 {
		if !isRange(err) || !got.IsZero() {
			t.Fatalf("%s × %d/%d: %s, %v; want a *RangeError", a, num, den, got, err)
		}
	} else if err != nil || bigOf(got.Raw()).Cmp(want) != 0 {
		t.Fatalf("%s × %d/%d to %d: %s, %v; want %s units", a, num, den, digits, got, err, want)
	}
}

func TestProrateAgainstReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		checkProrate(t, drawRaw(r, "amount", limitAmount, true), rapid.Int64().Draw(r, "num"),
			rapid.Int64Range(1, 1<<63-1).Draw(r, "den"), rapid.IntRange(0, 8).Draw(r, "digits"))
	})
}

func FuzzProrate(f *testing.F) {
	f.Add(uint64(0), uint64(1), int64(1), int64(2), uint8(8))
	f.Add(uint64(5421010), uint64(1), int64(-1<<63), int64(1<<63-1), uint8(0))
	f.Fuzz(func(t *testing.T, hi, lo uint64, num, den int64, digits uint8) {
		if den <= 0 {
			return
		}
		checkProrate(t, fuzzRaw(t, hi, lo, limitAmount), num, den, int(digits%9))
	})
}
