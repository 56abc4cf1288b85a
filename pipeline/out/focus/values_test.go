package focus

import (
	"encoding/json"
	"math/big"
	"testing"

	"github.com/apache/arrow-go/v18/arrow/decimal128"
	"pgregory.net/rapid"
)

func num(t interface{ Fatalf(string, ...any) }, text string) Dec {
	v, ok := new(big.Int).SetString(text, 10)
	if !ok {
		t.Fatalf("%q is no number", text)
	}
	return decimal128.FromBigInt(v)
}

func TestDecimals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		raw, want string
		scale     int
	}{
		{"0", "0", 20}, {"1", "0.00000000000000000001", 20}, {"-130000000", "-1.3", 8}, {"100", "100", 0},
		{"1000000000000", "100", 10},
		{"-99999999999999999999999999999999999999", "-999999999999999999.99999999999999999999", 20},
	} {
		if got := string(AppendDec([]byte("="), num(t, c.raw), c.scale)); got != "="+c.want {
			t.Errorf("%s with %d decimals is %s, want =%s", c.raw, c.scale, got, c.want)
		}
	}
	for _, c := range []struct{ raw, want string }{{"15", "2"}, {"14", "1"}, {"-15", "-2"}, {"-14", "-1"}, {"4", "0"},
		{"-5", "-1"}} {
		if got := Round(num(t, c.raw), 1); got != num(t, c.want) {
			t.Errorf("%s tenths are %v, want %s", c.raw, got.BigInt(), c.want)
		}
	}
	// 2.997 / 10 = 0.2997; 10 / 3 = 3.3333333333
	if q, err := Quotient(num(t, "299700000"), 8, num(t, "100000000000"), 10, 10); err != nil ||
		q != num(t, "2997000000") {
		t.Errorf("2.997 / 10 = %v, %v", q.BigInt(), err)
	}
	if q, err := Quotient(num(t, "1000000000"), 8, num(t, "30000000000"), 10, 10); err != nil ||
		q != num(t, "33333333333") {
		t.Errorf("10 / 3 = %v, %v", q.BigInt(), err)
	}
	// A third of 10 after 10 of 30 days, and the rest: both parts add up to 10.
	whole := num(t, "1000000000")
	a, b := Part(whole, 10, 30), Part(whole, 30, 30).Sub(Part(whole, 10, 30))
	if a != num(t, "333333333") || b != num(t, "666666667") {
		t.Errorf("the parts are %v and %v", a.BigInt(), b.BigInt())
	}
}

// TestProduct checks that products equal those of big integers, or are refused if they have more than 38 digits.
// Invariant: FOCUS-2.
func TestProduct(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Custom(func(t *rapid.T) Dec {
			v := num(t, rapid.StringMatching(`-?[1-9][0-9]{0,24}|0`).Draw(t, "digits"))
			return v
		})
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		want := new(big.Int).Mul(a.BigInt(), b.BigInt())
		got, err := Mul(a, b)
		if fits := len(new(big.Int).Abs(want).String()) <= Precision; fits != (err == nil) || fits &&
			got.BigInt().Cmp(want) != 0 {
			t.Fatalf("%v × %v = %v, %v; want %v", a.BigInt(), b.BigInt(), got.BigInt(), err, want)
		}
	})
}

func TestUnits(t *testing.T) {
	t.Parallel()
	for measure, want := range map[string]string{
		"GB": "GB", "GB-hour": "GB-Hours", "hour": "Hours", "minute": "Minutes", "call": "Calls", "piece": "Pieces",
		"request": "Requests", "Mbps": "Mbps",
		"kilotoken": "Kilotokens", "1000 calls": "1000 Calls", "GB/month": "GB/Month", "gib": "GiB", "seats": "Seats",
		"vCPU-hours": "vCPU-Hours", "": "",
	} {
		if got := Unit(measure); got != want {
			t.Errorf("%q is %q, want %q", measure, got, want)
		}
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", " ": "", "env=prod": `{"env":"prod"}`,
		"env=prod; team = a=b,spot": `{"env":"prod","team":"a=b","spot":true}`, "a=1,a=2": `{"a":"2"}`,
		`{"env": "prod", "n": 1, "x": null}`: `{"env":"prod","n":1,"x":null}`, `{"a":[1]}`: `{"tag":"{\"a\":[1]}"}`,
		`{"a":1,"a":2}`: `{"tag":"{\"a\":1,\"a\":2}"}`,
		`{"a":1} x`:     `{"tag":"{\"a\":1} x"}`, "<b>": `{"<b>":true}`, ";=x;": "",
	} {
		if got := Tags([]byte(text)); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// FuzzTags checks that for any record tags are null or an object of scalar values.
func FuzzTags(f *testing.F) {
	for _, s := range []string{"", "a=b", "a=b;c", `{"a":1}`, `{"a":{}}`, "{", "\xff=\x00", "=;,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := Tags([]byte(text))
		if got == "" {
			return
		}
		var object map[string]any
		if err := json.Unmarshal([]byte(got), &object); err != nil || object == nil {
			t.Fatalf("%q became %q: %v", text, got, err)
		}
		for key, value := range object {
			switch value.(type) {
			case map[string]any, []any:
				t.Fatalf("%q became %q: %s is no scalar", text, got, key)
			}
		}
	})
}
