package money

import (
	"errors"
	"math/big"
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The slow reference with math/big follows §1.1, independently of the tested code.

func bigPow10(n int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(n)), nil)
}

func bigInt(t testing.TB, s string) *big.Int {
	t.Helper()
	z, ok := new(big.Int).SetString(s, 10)
	if !ok {
		t.Fatalf("%q is no integer", s)
	}
	return z
}

// refRound rounds x to digits decimals. mode is truncate, half_up or half_even and applies to the magnitude.
func refRound(x *big.Rat, digits int, mode string) *big.Rat {
	scale := bigPow10(digits)
	num := new(big.Int).Mul(new(big.Int).Abs(x.Num()), scale)
	whole, rest := new(big.Int).QuoRem(num, x.Denom(), new(big.Int))
	half := new(big.Int).Lsh(rest, 1).Cmp(x.Denom())
	if (mode == "half_up" && half >= 0) || (mode == "half_even" && (half > 0 || half == 0 && whole.Bit(0) == 1)) {
		whole.Add(whole, big.NewInt(1))
	}
	if x.Sign() < 0 {
		whole.Neg(whole)
	}
	return new(big.Rat).SetFrac(whole, scale)
}

// refRaw returns x × 10^scale, which must be an integer.
func refRaw(t testing.TB, x *big.Rat, scale int) *big.Int {
	t.Helper()
	y := new(big.Rat).Mul(x, new(big.Rat).SetInt(bigPow10(scale)))
	if !y.IsInt() {
		t.Fatalf("%s has more than %d decimals", x.RatString(), scale)
	}
	return y.Num()
}

var (
	refUnsigned = regexp.MustCompile(`^[0-9]+(\.[0-9]+)?$`)
	refSigned   = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?$`)
)

// refParse returns the raw integer of a text or the reason why it is refused.
func refParse(s string, scale int, signed bool, limit *big.Int) (*big.Int, string) {
	form := refUnsigned
	if signed {
		form = refSigned
	}
	if s == "" {
		return nil, "missing_value"
	}
	if !form.MatchString(s) {
		return nil, "bad_decimal"
	}
	whole, frac, _ := strings.Cut(s, ".")
	if len(frac) > scale {
		if strings.Trim(frac[scale:], "0") != "" {
			return nil, "bad_decimal"
		}
		frac = frac[:scale]
	}
	raw, _ := new(big.Int).SetString(whole+frac+strings.Repeat("0", scale-len(frac)), 10)
	if raw.CmpAbs(limit) > 0 {
		return nil, "out_of_range"
	}
	return raw, ""
}

// The largest raw integers of §1.1, written out.
const (
	limitQuantity = "10000000000000000000000000"
	limitPrice    = "10000000000000000000"
	limitRate     = "10000000000"
	limitAmount   = "99999999999999999999999999"
	limitTotal    = "99999999999999999999999999999999999999"
)

func rawOf(z *big.Int) (hi int64, lo uint64) {
	mag, _ := uint128FromBig(new(big.Int).Abs(z))
	v := mag.signed(z.Sign() < 0)
	return v.hi, v.lo
}

func bigOf(hi int64, lo uint64) *big.Int {
	z := new(big.Int).Lsh(big.NewInt(hi), 64)
	return z.Add(z, new(big.Int).SetUint64(lo))
}

// drawRaw draws an integer with a magnitude of at most limit. Edges of the range, of machine words and of decimals are
// as frequent as other values.
func drawRaw(t *rapid.T, label, limit string, signed bool) *big.Int {
	top, _ := new(big.Int).SetString(limit, 10)
	z := new(big.Int)
	switch rapid.IntRange(0, 4).Draw(t, label+" kind") {
	case 0:
		z.Sub(top, big.NewInt(rapid.Int64Range(0, 3).Draw(t, label+" below the limit")))
	case 1:
		z.Add(bigPow10(rapid.IntRange(0, 26).Draw(t, label+" digits")),
			big.NewInt(rapid.Int64Range(-2, 2).Draw(t, label+" off")))
	case 2:
		z.Add(new(big.Int).Lsh(big.NewInt(1), rapid.UintRange(0, 87).Draw(t, label+" bits")),
			big.NewInt(rapid.Int64Range(-2, 2).Draw(t, label+" off")))
	case 3:
		half := new(big.Int).Mul(big.NewInt(5), bigPow10(rapid.IntRange(0, 12).Draw(t, label+" half")))
		z.Mul(half, big.NewInt(rapid.Int64Range(0, 1<<40).Draw(t, label+" times")))
	default:
		z.Add(new(big.Int).Lsh(new(big.Int).SetUint64(rapid.Uint64().Draw(t, label+" hi")), 64),
			new(big.Int).SetUint64(rapid.Uint64().Draw(t, label+" lo")))
		z.Rsh(z, rapid.UintRange(0, 127).Draw(t, label+" shift"))
	}
	z.Abs(z)
	z.Mod(z, new(big.Int).Add(top, big.NewInt(1)))
	if signed && rapid.Bool().Draw(t, label+" negative") {
		z.Neg(z)
	}
	return z
}

// fuzzRaw maps two words into the range of a type.
func fuzzRaw(t testing.TB, hi, lo uint64, limit string) *big.Int {
	z := new(big.Int).Lsh(new(big.Int).SetUint64(hi), 64)
	z.Add(z, new(big.Int).SetUint64(lo))
	return z.Mod(z, new(big.Int).Add(bigInt(t, limit), big.NewInt(1)))
}

type fataler interface{ Fatalf(string, ...any) }

func must[V any](t fataler, v V, err error) V {
	if err != nil {
		t.Fatalf("unexpected error: %v", err)
	}
	return v
}

func quantity(t fataler, s string) Quantity { v, err := ParseQuantity(s); return must(t, v, err) }
func signed(t fataler, s string) SignedQuantity {
	v, err := ParseSignedQuantity(s)
	return must(t, v, err)
}
func price(t fataler, s string) UnitPrice { v, err := ParseUnitPrice(s); return must(t, v, err) }
func rate(t fataler, s string) Rate       { v, err := ParseRate(s); return must(t, v, err) }
func amount(t fataler, s string) Amount   { v, err := ParseAmount(s); return must(t, v, err) }
func amountRaw(t fataler, z *big.Int) Amount {
	v, err := AmountFromRaw(rawOf(z))
	return must(t, v, err)
}
func quantityRaw(t fataler, z *big.Int) Quantity {
	v, err := QuantityFromRaw(rawOf(z))
	return must(t, v, err)
}
func priceRaw(t fataler, z *big.Int) UnitPrice {
	v, err := UnitPriceFromRaw(rawOf(z))
	return must(t, v, err)
}
func rateRaw(t fataler, z *big.Int) Rate { v, err := RateFromRaw(rawOf(z)); return must(t, v, err) }
func signedRaw(t fataler, z *big.Int) SignedQuantity {
	v, err := SignedQuantityFromRaw(rawOf(z))
	return must(t, v, err)
}

func kindOf(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *ParseError
	if !errors.As(err, &e) {
		t.Fatalf("%v is a %T, want a *ParseError", err, err)
	}
	return e.Kind.String()
}

func isRange(err error) bool {
	var e *RangeError
	return errors.As(err, &e)
}

func amounts(t fataler, texts ...string) []Amount {
	out := make([]Amount, len(texts))
	for i, s := range texts {
		out[i] = amount(t, s)
	}
	return out
}

func texts(list []Amount) string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = a.Trim()
	}
	return strings.Join(out, " ")
}
