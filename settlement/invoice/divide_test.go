package invoice_test

import (
	"math/big"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/settlement/invoice"
)

// TestDivide checks that parts are rounded down and that the remaining units are added to the largest remainders, in
// case of equal ones to the first. Invariant: TAX-4.
func TestDivide(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		total  string
		digits int
		exact  []string
		want   string
	}{
		{"2.01", 2, []string{"1.003", "1.003"}, "1.01 1"},
		{"1.90", 2, []string{"0.6327", "1.2654"}, "0.63 1.27"},
		{"1.34", 2, []string{"1.335"}, "1.34"},
		{"1.33", 2, []string{"1.334999"}, "1.33"},
		{"0.01", 2, []string{"0.002", "0.002", "0.002"}, "0.01 0 0"},
		{"-0.01", 2, []string{"-0.005"}, "-0.01"},
		{"0", 2, []string{"-0.004"}, "0"},
		{"0.99", 2, []string{"2.007", "-1.014"}, "2.01 -1.02"}, // down is 2.00 and -1.02; 0.7 is the larger remainder
		{"3", 0, []string{"1.4", "1.4"}, "2 1"},
		{"5", 2, []string{"3", "2"}, "3 2"},
	} {
		var exact []*big.Rat
		for _, text := range c.exact {
			e, ok := new(big.Rat).SetString(text)
			if !ok {
				t.Fatal(text)
			}
			exact = append(exact, e)
		}
		parts, err := invoice.DivideRounded(taxAmount(c.total), exact, c.digits)
		var got []string
		for _, p := range parts {
			got = append(got, p.Trim())
		}
		if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s over %v: %v, %v, want %s", c.total, c.exact, got, err, c.want)
		}
	}
	for _, total := range []string{"1.00", "1.03", "1.005"} { // the exact tax is 1.01
		if parts, err := invoice.DivideRounded(taxAmount(total), []*big.Rat{big.NewRat(101, 100)}, 2); err == nil {
			t.Errorf("%s: %v", total, parts)
		}
	}
}
