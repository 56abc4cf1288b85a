package accept

import (
	"testing"

	"github.com/tollbook/tollbook/schemas/period"
)

// TestIdentityOf checks the identity of a record that is read from the raw record of a reject.
func TestIdentityOf(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	const usage = "record_id,customer_id,usage_start,quantity"
	september, october := period.CycleOf(2026, 9), period.CycleOf(2026, 10)
	for _, c := range []struct {
		feed, column, reason, header, raw string
		want                              RejectIdentity
		ok                                bool
	}{
		{"usage", "quantity", "bad_decimal", usage, `a,acme,2026-09-30T15:59:59Z,"1,000"`,
			UsageIdentity("acme", september, "a"), true},
		{"usage", "quantity", "bad_decimal", usage, `a,acme,2026-09-30T16:00:00Z,"1,000"`,
			UsageIdentity("acme", october, "a"),
			true},
		{"usage", "sku", "unknown_sku", "",
			`{"record_id":"a","customer_id":"acme","usage_start":"2026-09-01T00:00:00+08:00"}`,
			UsageIdentity("acme", september, "a"), true},
		{"usage", "usage_start", "bad_time", usage, `a,acme,yesterday,1`, RejectIdentity{}, false},
		{"usage", "customer_id", "missing_value", usage, `a,,2026-09-01T00:00:00Z,1`, RejectIdentity{}, false},
		{"usage", "", "bad_row", usage, `a,acme,2026-09-01T00:00:00Z`, RejectIdentity{}, false},
		{"bandwidth", "in_bps", "bad_decimal", "resource_id,sample_time,in_bps", `l1,2026-09-01T00:07:00Z,x`,
			SampleIdentity("l1", 1788221100000000), true}, // in the slot of 00:05
		{"orders", "quantity", "bad_decimal", "order_id,quantity", `o1,x`, EventIdentity("orders", "o1/1"), true},
		{"orders", "quantity", "bad_decimal", "order_id,order_line,quantity", `o1,3.0,x`,
			EventIdentity("orders", "o1/3"),
			true},
		{"orders", "order_line", "bad_decimal", "order_id,order_line", `o1,3.5`, RejectIdentity{}, false},
		{"orders", "order_line", "bad_decimal", "order_id,order_line", `o1,-1`, RejectIdentity{}, false},
		{"orders", "order_line", "bad_decimal", "order_id,order_line", `o1,+1`, RejectIdentity{}, false},
		{"orders", "order_line", "bad_decimal", "order_id,order_line", `o1,1.`, RejectIdentity{}, false},
		{"accounts", "amount", "bad_decimal", "event_id,amount", `e1,x`, EventIdentity("accounts", "e1"), true},
		{"transfers", "amount", "bad_decimal", "transfer_id,amount", `t1,x`, EventIdentity("transfers", "t1"), true},
		{"adjustments", "amount", "bad_decimal", "adjustment_id,amount", `j1,x`, EventIdentity("adjustments", "j1"),
			true},
	} {
		got, ok := identityOf(zone, c.feed, c.column, c.reason, c.header, []byte(c.raw))
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s %s: %+v, %v, want %+v, %v", c.feed, c.raw, got, ok, c.want, c.ok)
		}
	}
}

// TestWatch checks that the correction is the first accepted record by file and row, and that a record with the same id
// of another customer or month is not one.
func TestWatch(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"usage/b.csv", "usage/a.csv"}
	w := NewRejectWatch(zone, func(file int32, row int64) (string, int64) { return files[file], row })
	if w.Active() {
		t.Error("active without an identity")
	}
	const header = "record_id,customer_id,usage_start"
	w.Want("usage", "quantity", "bad_decimal", header, []byte("a,acme,2026-09-01T00:00:00Z"))
	september := period.CycleOf(2026, 9)
	w.AcceptedUsage("acme", september, []byte("a"), 0, 1)
	w.AcceptedUsage("acme", september, []byte("a"), 1, 7)
	w.AcceptedUsage("beta", september, []byte("a"), 1, 1)
	w.AcceptedUsage("acme", september+1, []byte("a"), 1, 1)
	found := w.Found()
	if len(found) != 1 || found[UsageIdentity("acme", september, "a")] != (RejectPlace{File: "usage/a.csv", Row: 7}) {
		t.Errorf("%+v", found)
	}
	var none *RejectWatch
	none.AcceptedUsage("acme", september, []byte("a"), 0, 1)
	if len(none.Found()) != 0 {
		t.Error("a nil watch found something")
	}
}
