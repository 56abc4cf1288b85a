package accept

import (
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// TestUnsubscribeNamesProduct checks that an unsubscribe may omit its product. If it names one, the row is rejected
// unless the books have it and it is a subscription (§3.20); otherwise the name is ignored (§4.9).
func TestUnsubscribeNamesProduct(t *testing.T) {
	t.Parallel()
	const header = "order_id,order_type,customer_id,sku,region_code,resource_id,quantity,period_type,period_num," +
		"pay_time,base_order_id,status,status_time\n"
	for _, tt := range []struct{ name, sku, want string }{
		{"none", "", "accepted"},
		{"that of the base", "seat", "accepted"},
		{"unknown", "saet", `sku unknown_sku "saet" u/1`},
		{"not a subscription", "vm", `sku wrong_feed "vm" u/1`},
	} {
		got := take(t, loadBooks(t, 2), NewEventBook(), map[string]string{"orders/a.csv": header +
			"o,new,acme,seat,east,r,1,month,1,2026-10-02T00:00:00Z,,,\n" +
			"u,unsubscribe,acme," + tt.sku + ",,,,,,2026-10-03T00:00:00Z,o,,\n"}, 7, false)
		want := map[string]string{"orders/a.csv:1": "accepted", "orders/a.csv:2": tt.want}
		if diff := gocmp.Diff(want, got.rows); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
	got := take(t, loadBooks(t, 2), NewEventBook(), map[string]string{"orders/a.csv": header +
		"u,unsubscribe,acme,saet,,,,,,,o,unpaid,2026-10-03T00:00:00Z\n" +
		"u,unsubscribe,acme,saet,,,,,,,o,cancelled,2026-10-04T00:00:00Z\n"}, 7, false)
	want := map[string]string{"orders/a.csv:1": `sku unknown_sku "saet" u/1/unpaid`,
		"orders/a.csv:2": `status bad_state "none" u/1/cancelled`}
	if diff := gocmp.Diff(want, got.rows); diff != "" {
		t.Errorf("steps before the payment:\n%s", diff)
	}
}
