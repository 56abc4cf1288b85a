package run

import (
	"testing"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
)

// TestCorrectable checks which numbers and missing values are retried: those that other books can accept (§3.20).
func TestCorrectable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		feed, column, reason, value string
		want                        bool
	}{
		{"usage", "x_user", "missing_value", "", true},
		{"usage", "resource_id", "missing_value", "", false}, // every record must have one
		{"usage", "sku", "missing_value", "", false},
		{"usage", "quantity", "bad_decimal", "-5", true},
		{"usage", "quantity", "bad_decimal", "5e1", false},
		{"usage", "quantity", "bad_decimal", "-one", false},
		{"usage", "quantity", "bad_decimal", "-1.12345678901", false}, // 11 decimals
		{"adjustments", "amount", "bad_decimal", "5.5", true},         // the currency has no decimals
		{"adjustments", "amount", "bad_decimal", "-5.5", true},
		{"adjustments", "amount", "bad_decimal", "0.123456789", false},
		{"orders", "sku", "missing_value", "", false},
		{"orders", "period_num", "bad_decimal", "1.5", false},
		{"orders", "quantity", "bad_decimal", "-5", false},
		{"accounts", "amount", "bad_decimal", "600.001", true},
		{"accounts", "amount", "bad_decimal", "-600", false},
		{"bandwidth", "in_bps", "missing_value", "", false},
		{"bandwidth", "out_bps", "bad_decimal", "-3", false},
	} {
		x := accept.RejectRow{Feed: c.feed, Column: c.column, Reason: c.reason, Value: c.value}
		if got := correctable(&x); got != c.want {
			t.Errorf("%s: %s %s %q: %v, want %v", c.feed, c.column, c.reason, c.value, got, c.want)
		}
	}
}
