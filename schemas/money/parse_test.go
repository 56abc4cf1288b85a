package money

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// anyParse parses s as the named type and returns the value as text with all digits.
func anyParse(name, s string) (string, error) {
	switch name {
	case "quantity":
		v, err := ParseQuantity(s)
		return v.String(), err
	case "signed":
		v, err := ParseSignedQuantity(s)
		return v.String(), err
	case "price":
		v, err := ParseUnitPrice(s)
		return v.String(), err
	case "rate":
		v, err := ParseRate(s)
		return v.String(), err
	}
	v, err := ParseAmount(s)
	return v.String(), err
}

func TestParseTakes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want string }{
		{"quantity", "0", "0.0000000000"},
		{"quantity", "1.5", "1.5000000000"},
		{"quantity", "007", "7.0000000000"},
		{"quantity", "71.8722222222", "71.8722222222"},
		{"quantity", "1.00000000000000", "1.0000000000"},
		{"quantity", "0.0000000001", "0.0000000001"},
		{"quantity", "0.00000000010000000000000000000000000000", "0.0000000001"},
		{"quantity", "1000000000000000", "1000000000000000.0000000000"},
		{"quantity", "1000000000000000.0000000000000", "1000000000000000.0000000000"},
		{"quantity", "999999999999999.9999999999", "999999999999999.9999999999"},
		{"quantity", "0000000000000000000000000000000000000000000001", "1.0000000000"},
		{"quantity", "999999999999999", "999999999999999.0000000000"},
		{"signed", "-1000000000000000", "-1000000000000000.0000000000"},
		{"signed", "-0", "0.0000000000"},
		{"price", "0.00064", "0.0006400000"},
		{"price", "1000000000", "1000000000.0000000000"},
		{"price", "999999999.9999999999", "999999999.9999999999"},
		{"rate", "0.85", "0.8500000000"},
		{"rate", "1.000", "1.0000000000"},
		{"amount", "-0", "0.00000000"},
		{"amount", "-0.00", "0.00000000"},
		{"amount", "-0.00000001", "-0.00000001"},
		{"amount", "999999999999999999.99999999", "999999999999999999.99999999"},
		{"amount", "-999999999999999999.99999999", "-999999999999999999.99999999"},
		{"amount", "-000000000000000000000000000000000000.50", "-0.50000000"},
	} {
		got, err := anyParse(c.name, c.text)
		if err != nil || got != c.want {
			t.Errorf("%s %q: %q, %v; want %q", c.name, c.text, got, err, c.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, kind, message string }{
		{"quantity", "", "missing_value", `missing value`},
		{"amount", "", "missing_value", `missing value`},
		{"quantity", "1,000", "bad_decimal", `"1,000": thousands separator`},
		{"quantity", "1,000,000", "bad_decimal", `"1,000,000": thousands separator`},
		{"quantity", "1,234.5", "bad_decimal", `"1,234.5": thousands separator`},
		{"quantity", "0,01", "bad_decimal", `"0,01": decimal comma; write a point`},
		{"quantity", "0,001", "bad_decimal", `"0,001": decimal comma; write a point`},
		{"quantity", "1,5", "bad_decimal", `"1,5": decimal comma; write a point`},
		{"amount", "-12,3456", "bad_decimal", `"-12,3456": decimal comma; write a point`},
		{"quantity", "1.234,56", "bad_decimal", `"1.234,56": decimal comma; write a point`},
		{"quantity", "1_000", "bad_decimal", `"1_000": thousands separator`},
		{"quantity", "1'000", "bad_decimal", `"1'000": thousands separator`},
		{"quantity", "1e3", "bad_decimal", `"1e3": an exponent`},
		{"quantity", "1.5E-3", "bad_decimal", `"1.5E-3": an exponent`},
		{"quantity", "+1", "bad_decimal", `"+1": a plus sign`},
		{"quantity", ".5", "bad_decimal", `".5": no digit before the point`},
		{"amount", "-.5", "bad_decimal", `"-.5": no digit before the point`},
		{"quantity", "5.", "bad_decimal", `"5.": no digit after the point`},
		{"quantity", ".", "bad_decimal", `".": no digit before the point`},
		{"quantity", "1.2.3", "bad_decimal", `"1.2.3": a second decimal point`},
		{"quantity", " 1", "bad_decimal", `" 1": a blank`},
		{"quantity", "1 ", "bad_decimal", `"1 ": a blank`},
		{"quantity", "1\t", "bad_decimal", `"1\t": a blank`},
		{"quantity", " ", "bad_decimal", `" ": a blank`},
		{"quantity", "-1", "bad_decimal", `"-1": a minus is not allowed`},
		{"quantity", "-0", "bad_decimal", `"-0": a minus is not allowed`},
		{"price", "-0.1", "bad_decimal", `"-0.1": a minus is not allowed`},
		{"rate", "-0", "bad_decimal", `"-0": a minus is not allowed`},
		{"amount", "--1", "bad_decimal", `"--1": a minus is not allowed`},
		{"amount", "1-", "bad_decimal", `"1-": a minus is not allowed`},
		{"amount", "-", "bad_decimal", `"-": no digits`},
		{"amount", "NaN", "bad_decimal", `"NaN": 'N' is not a digit`},
		{"amount", "Inf", "bad_decimal", `"Inf": 'I' is not a digit`},
		{"amount", "e5", "bad_decimal", `"e5": 'e' is not a digit`},
		{"amount", "0x10", "bad_decimal", `"0x10": 'x' is not a digit`},
		{"amount", "null", "bad_decimal", `"null": 'n' is not a digit`},
		{"amount", "１２", "bad_decimal", `"１２": '１' is not a digit`},
		{"amount", "\x00", "bad_decimal", `"\x00": '\x00' is not a digit`},
		{"amount", "1/2", "bad_decimal", `"1/2": '/' is not a digit`},
		{"amount", "1:2", "bad_decimal", `"1:2": ':' is not a digit`},
		{"quantity", "0.00000000001", "bad_decimal", `"0.00000000001": more than 10 decimals`},
		{"amount", "0.000000001", "bad_decimal", `"0.000000001": more than 8 decimals`},
		{"amount", "0.00000000000000000000000000001", "bad_decimal",
			`"0.00000000000000000000000000001": more than 8 decimals`},
		// The form is checked before the range.
		{"amount", "9999999999999999999999999999999999999999999x", "bad_decimal",
			`"9999999999999999999999999999999999999999999x": 'x' is not a digit`},
		{"amount", "1000000000000000000.000000001", "bad_decimal",
			`"1000000000000000000.000000001": more than 8 decimals`},
		{"quantity", "1000000000000000.0000000001", "out_of_range",
			`"1000000000000000.0000000001": outside 0 to 10^15`},
		{"quantity", "1000000000000001", "out_of_range", `"1000000000000001": outside 0 to 10^15`},
		{"signed", "-1000000000000000.0000000001", "out_of_range", `"-1000000000000000.0000000001": outside ±10^15`},
		{"price", "1000000000.0000000001", "out_of_range", `"1000000000.0000000001": outside 0 to 10^9`},
		{"rate", "1.0000000001", "out_of_range", `"1.0000000001": outside 0 to 1`},
		{"amount", "1000000000000000000", "out_of_range", `"1000000000000000000": not between −10^18 and 10^18`},
		{"amount", "-1000000000000000000.00", "out_of_range",
			`"-1000000000000000000.00": not between −10^18 and 10^18`},
		// 2^128 units of 10^-8, and one more: an overflowing accumulator would contain 0 and 1.
		{"amount", "3402823669209384634633746074317.68211456", "out_of_range",
			`"3402823669209384634633746074317.68211456": not between −10^18 and 10^18`},
		{"amount", "3402823669209384634633746074317.68211457", "out_of_range",
			`"3402823669209384634633746074317.68211457": not between −10^18 and 10^18`},
		{"amount", "18446744073709551616", "out_of_range", `"18446744073709551616": not between −10^18 and 10^18`},
		{"amount", "99999999999999999999999999999999999999999999999999999999999999999999", "out_of_range",
			`"9999999999999999999999999999999999999999999999999999999999999999"… (68 bytes): not between −10^18 and 10^18`},
	} {
		got, err := anyParse(c.name, c.text)
		if kindOf(t, err) != c.kind || err.Error() != c.message {
			t.Errorf("%s %q: %q, %v; want %s, %s", c.name, c.text, got, err, c.kind, c.message)
		}
		if zero, _ := anyParse(c.name, "0"); got != zero {
			t.Errorf("%s %q: an error and the value %s", c.name, c.text, got)
		}
		var e *ParseError
		if !errors.As(err, &e) || e.Text != c.text {
			t.Errorf("%s %q: the error keeps the text %q", c.name, c.text, e.Text)
		}
	}
}

// checkParse compares the parsers of every type, for texts and bytes, with the reference.
func checkParse(t testing.TB, s string) {
	for _, c := range []struct {
		name   string
		scale  int
		signed bool
		limit  string
	}{
		{"quantity", 10, false, limitQuantity},
		{"signed", 10, true, limitQuantity},
		{"price", 10, false, limitPrice},
		{"rate", 10, false, limitRate},
		{"amount", 8, true, limitAmount},
	} {
		want, reason := refParse(s, c.scale, c.signed, bigInt(t, c.limit))
		got, err := anyParse(c.name, s)
		if kindOf(t, err) != reason {
			t.Fatalf("%s %q: %v, want reason %q", c.name, s, err, reason)
		}
		if err == nil && strings.Replace(got, ".", "", 1) != padded(want.String(), c.scale) {
			t.Fatalf("%s %q: %s, want %s units", c.name, s, got, want)
		}
	}
	fromText, errText := ParseAmount(s)
	fromBytes, errBytes := ParseAmount([]byte(s))
	if fromText != fromBytes || kindOf(t, errText) != kindOf(t, errBytes) {
		t.Fatalf("%q: %v, %v as text and %v, %v as bytes", s, fromText, errText, fromBytes, errBytes)
	}
	for _, first := range []int{0, 1} {
		if len(s) < first || len(s)-first > shortDigits {
			continue
		}
		short, shortVerdict := scanShort(s, first, 10)
		long, longVerdict := scanLong(s, first, 10)
		if short != long || shortVerdict != longVerdict {
			t.Fatalf("%q from %d: %v, %v short and %v, %v long", s, first, short, shortVerdict, long, longVerdict)
		}
	}
}

// padded returns the text of an integer with at least scale+1 digits.
func padded(s string, scale int) string {
	sign, digits := "", s
	if strings.HasPrefix(s, "-") {
		sign, digits = "-", s[1:]
	}
	return sign + strings.Repeat("0", max(0, scale+1-len(digits))) + digits
}

func TestParseAgainstReference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		checkParse(t, rapid.StringMatching(`-?[0-9]{0,45}(\.[0-9]{0,12}0{0,20})?[ eE+,x-]?`).Draw(r, "text"))
	})
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"", "0", "-0", "1.5", "1,000", "1e3", ".5", "5.", "+1", "1.00000000000000",
		"1000000000000000", "999999999999999999.99999999", "340282366920938463463374607431768211456", "１"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkParse(t, s) })
}

func TestJSONHoldsStrings(t *testing.T) {
	t.Parallel()
	type line struct {
		Quantity Quantity       `json:"quantity"`
		Change   SignedQuantity `json:"change"`
		Price    UnitPrice      `json:"price"`
		Rate     Rate           `json:"rate"`
		Amount   Amount         `json:"amount"`
		Sum      AmountTotal    `json:"sum"`
		Used     QuantityTotal  `json:"used"`
		Mode     Mode           `json:"mode"`
	}
	in := line{Quantity: quantity(t, "1.5"), Change: signed(t, "-2"), Price: price(t, "0.00064"), Rate: rate(t, "0.85"),
		Amount: amount(t, "-3.04"), Mode: HalfEven}
	if err := errors.Join(in.Sum.Add(in.Amount), in.Used.Add(in.Quantity)); err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(in)
	if err != nil {
		t.Fatal(err)
	}
	want := `{"quantity":"1.5000000000","change":"-2.0000000000","price":"0.0006400000","rate":"0.8500000000",` +
		`"amount":"-3.04000000","sum":"-3.04000000","used":"1.5000000000","mode":"half_even"}`
	if string(text) != want {
		t.Errorf("got  %s\nwant %s", text, want)
	}
	var out line
	if err := json.Unmarshal(text, &out); err != nil || out != in {
		t.Errorf("read back %+v, %v", out, err)
	}
	for _, bad := range []string{`{"quantity":1.5}`, `{"quantity":"-1"}`, `{"amount":""}`, `{"mode":"nearest"}`,
		`{"sum":"1e3"}`, `{"used":"x"}`, `{"price":"1,0"}`, `{"rate":"2"}`, `{"change":" "}`} {
		got := in
		if err := json.Unmarshal([]byte(bad), &got); err == nil || got != in {
			t.Errorf("%s: %+v, %v; want an error and nothing changed", bad, got, err)
		}
	}
	if _, err := json.Marshal(line{}); err == nil {
		t.Error("no mode was written")
	}
}
