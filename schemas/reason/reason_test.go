package reason

import (
	"slices"
	"strings"
	"testing"
)

// The words of §3.20, in the order of its checks.
var words = []string{
	"bad_row", "missing_value", "bad_decimal", "bad_time", "out_of_range", "end_before_start", "future", "too_old",
	"unknown_customer", "closed_account", "unknown_sku", "unknown_resource", "wrong_feed", "unit_mismatch", "no_price",
	"conflict", "replaces_unknown", "unknown_order", "already_refunded", "expired", "insufficient_balance", "bad_state",
	"over_quota", "over_invoiced",
}

func TestWords(t *testing.T) {
	t.Parallel()
	var got []string
	for _, r := range All() {
		got = append(got, r.String())
		if back, ok := Parse(r.String()); !ok || back != r {
			t.Errorf("%s is read as %s", r, back)
		}
		if m := r.Meaning(); !strings.HasSuffix(m, ".") || strings.Count(m, ". ") > 0 {
			t.Errorf("%s: meaning %q is not one sentence", r, m)
		}
	}
	if !slices.Equal(got, words) {
		t.Errorf("got %q\nwant %q", got, words)
	}
	for _, word := range []string{"", "bad", "Bad_Row", "bad_row "} {
		if r, ok := Parse(word); ok || r != None {
			t.Errorf("%q is read as %s", word, r)
		}
	}
	if None.String() != "" {
		t.Errorf("no reason has the word %q", None)
	}
}
