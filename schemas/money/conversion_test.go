package money

import "testing"

func TestConversion(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ conversion, from, to string }{
		{"/1000^0", "7400", "8"},
		{"/1000^0", "8000", "8"},
		{"/1000^0", "0", "0"},
		{"/1000v0", "7999.9999999999", "7"},
		{"/1000~0", "7500", "8"},
		{"/1000~0", "7499.9999999999", "7"},
		{"/3", "1", "0.3333333333"},
		{"/3", "2", "0.6666666667"},
		{"*1.5", "3", "4.5"},
		{"*0.0000000001^10", "0.5", "0.0000000001"},
		{"*0.0000000001", "0.5", "0.0000000001"},
		{"*0.0000000001", "0.4999999999", "0"},
		{"/1000000000^0", "1", "1"},
		{"/60~2", "100", "1.67"},
		{"/1000000000000^1", "1000000000000000", "1000"},
	} {
		c, err := ParseConversion(tc.conversion)
		if err != nil {
			t.Errorf("parse %s: %v", tc.conversion, err)
			continue
		}
		if c.String() != tc.conversion {
			t.Errorf("%s prints as %s", tc.conversion, c)
		}
		q, err := ParseQuantity(tc.from)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Convert(q); err != nil || got.Trim() != tc.to {
			t.Errorf("%s of %s: %s, %v; want %s", tc.conversion, tc.from, got.Trim(), err, tc.to)
		}
		if got, err := c.ConvertRat(q.Rat()); err != nil || got.Trim() != tc.to {
			t.Errorf("%s of the exact %s: %s, %v; want %s", tc.conversion, tc.from, got.Trim(), err, tc.to)
		}
	}
}

func TestConversionWithoutOne(t *testing.T) {
	t.Parallel()
	q, err := ParseQuantity("1.23")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := (Conversion{}).Convert(q); err != nil || got != q {
		t.Errorf("no conversion: %s, %v", got, err)
	}
}

func TestParseConversionRefuses(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "1000", "+1000", "/", "/0", "*0", "*-1", "/1000^", "/1000^11", "/1000^01",
		"/1000^x", "/1000^1^2",
		"/1,000", "*1e3", "/1000 ^0", "/1000^-1"} {
		if c, err := ParseConversion(text); err == nil {
			t.Errorf("%q is read as %+v", text, c)
		}
	}
}

func TestConversionOutOfRange(t *testing.T) {
	t.Parallel()
	c, err := ParseConversion("*1000000000000000")
	if err != nil {
		t.Fatal(err)
	}
	q, err := ParseQuantity("2")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := c.Convert(q); err == nil {
		t.Errorf("2 × 10^15 is %s", got)
	}
}
