package money

import (
	"math/big"
	"strings"
	"testing"
)

func TestParseCost(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		text, want string
		form       CostText
	}{
		{"0", "0", CostText{}},
		{"-12.34", "-12.34", CostText{}},
		{"0.00000080000", "0.0000008", CostText{}},
		{"2.000000000000000", "2", CostText{}},
		{".5", "0.5", CostText{LeadingPoint: true}},
		{"-.5", "-0.5", CostText{LeadingPoint: true}},
		{"1E-10", "0.0000000001", CostText{Exponent: true}},
		{"-2.5e+3", "-2500", CostText{Exponent: true}},
		{"0e99999999999", "0", CostText{Exponent: true}},
		{"00123.4500", "123.45", CostText{}},
		{"0.1234567890123456784", "0.123456789012345678", CostText{Rounded: true}},
		{"0.1234567890123456785", "0.123456789012345679", CostText{Rounded: true}},
		{"-0.1234567890123456785", "-0.123456789012345679", CostText{Rounded: true}},
		{"0.12345678901234567800000", "0.123456789012345678", CostText{}},
		{"5E-19", "0.000000000000000001", CostText{Exponent: true, Rounded: true}},
		{"4.9E-19", "0", CostText{Exponent: true, Rounded: true}},
		{"1E-30", "0", CostText{Exponent: true, Rounded: true}},
		{"999999999999999999.999999999999999999", "999999999999999999.999999999999999999", CostText{}},
	} {
		got, form, err := ParseCost(tc.text)
		if err != nil || got.Trim() != tc.want || form != tc.form {
			t.Errorf("%q: %s %+v, %v; want %s %+v", tc.text, got.Trim(), form, err, tc.want, tc.form)
		}
	}
}

func TestParseCostRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]Kind{
		"": Missing, "1,000": BadDecimal, "+1": BadDecimal, "5.": BadDecimal, ".": BadDecimal, "-": BadDecimal,
		" 1": BadDecimal, "1 ": BadDecimal, "1e": BadDecimal, "1e+": BadDecimal, "1e5x": BadDecimal, "NaN": BadDecimal,
		"inf": BadDecimal, "--1": BadDecimal, "1.2.3": BadDecimal, "0x10": BadDecimal,
		"1000000000000000000": OutOfRange, "-1e18": OutOfRange, "1e99999999999": OutOfRange,
		"999999999999999999.9999999999999999995": OutOfRange,
	} {
		_, _, err := ParseCost(text)
		wrong, ok := err.(*ParseError)
		if !ok || wrong.Kind != want {
			t.Errorf("%q: %v; want %s", text, err, want)
		}
	}
}

func TestSplitCost(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ cost, weights, want string }{
		{"100", "30 60", "33.333333333333333333 66.666666666666666667"},
		{"-100", "30 60", "-33.333333333333333333 -66.666666666666666667"},
		{"100", "1 1 1", "33.333333333333333334 33.333333333333333333 33.333333333333333333"},
		{"0.000000000000000001", "1 1", "0.000000000000000001 0"},
		{"1", "0 1", "0 1"},
		{"0", "1 2", "0 0"},
		{"999999999999999999.999999999999999999", "1/3 2/3",
			"333333333333333333.333333333333333333 666666666666666666.666666666666666666"},
	} {
		var weights []*big.Rat
		for _, text := range strings.Fields(tc.weights) {
			w, _ := new(big.Rat).SetString(text)
			weights = append(weights, w)
		}
		c, _, err := ParseCost(tc.cost)
		if err != nil {
			t.Fatal(err)
		}
		parts, err := splitCost(c, weights)
		if err != nil {
			t.Errorf("split %s: %v", tc.cost, err)
			continue
		}
		var got []string
		for _, p := range parts {
			got = append(got, p.Trim())
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("split %s by %s: %s; want %s", tc.cost, tc.weights, strings.Join(got, " "), tc.want)
		}
	}
	if _, err := splitCost(Cost{}, []*big.Rat{new(big.Rat)}); err == nil {
		t.Error("weights that are all 0 are taken")
	}
}

func TestAmountFromRat(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"33000000011/100000000000": "0.33", "1/200000000": "0.00000001", "-1/200000000": "-0.00000001",
		"1/200000001": "0", "-11": "-11",
	} {
		r, _ := new(big.Rat).SetString(text)
		if got, err := AmountFromRat(r); err != nil || got.Trim() != want {
			t.Errorf("R8(%s): %s, %v; want %s", text, got.Trim(), err, want)
		}
	}
	if _, err := AmountFromRat(big.NewRat(1e18, 1)); err == nil {
		t.Error("10^18 is an amount")
	}
}
