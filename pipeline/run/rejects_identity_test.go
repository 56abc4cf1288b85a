package run

import (
	"strings"
	"testing"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/schemas/period"
)

// TestIdentitiesOfRejects checks that a rejected usage record or sample comes with the identity that its raw record
// has, so that the raw record need not be parsed for it, also if it is rejected by a task.
func TestIdentitiesOfRejects(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	for _, tasks := range []bool{false, true} {
		l := newLedger(t)
		l.bytes = tasks
		const usage = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
		var got []string
		l.rejected = func(feed, header string, x *accept.Reject) {
			if feed == "accounts" {
				return
			}
			row := accept.RejectRow{Feed: feed, Column: x.Column, Reason: x.Reason.String(), Header: header, Raw: x.Raw}
			want, ok := row.Identity(zone)
			if x.Who != want || ok != (x.Who.Feed != "") {
				t.Errorf("%s %s: identity %+v, want %+v, %v", feed, x.Raw, x.Who, want, ok)
			}
			got = append(got, strings.Clone(x.Who.Customer+"/"+x.Who.ID))
		}
		l.play(night{asOf: "2026-10-04T00:00:00Z", files: map[string]string{
			"inbox/accounts/1.csv": accountsHeader + "a1,nobody,2026-09-01T10:00:00+08:00,recharge,cash,100\n",
			"inbox/usage/1.csv": usage + "r1,nobody,x,vm,eu,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,1\n" +
				"r2,acme,x,vm,eu,2026-09-30T16:00:00Z,2026-09-30T17:00:00Z,\"1,000\"\n" +
				"r3,acme,x,vm,eu,yesterday,2026-09-01T01:00:00Z,1\n" +
				"r4,acme\n" +
				",acme,x,vm,eu,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,1\n" +
				strings.Repeat("r", 70_000) + ",acme,x,vm,eu,2026-09-01T00:00:00Z,2026-09-01T01:00:00Z,1\n",
			"inbox/usage/2.ndjson": `{"record_id":"\u0072\"5","customer_id":"nobody","resource_id":"x","sku":"vm",` +
				`"region_code":"eu","usage_start":"2026-09-01T08:00:00+08:00","usage_end":"2026-09-01T01:00:00Z",` +
				`"quantity":1}` + "\n" + `{"record_id":"r6"` + "\n",
			"inbox/bandwidth/1.csv": "resource_id,sample_time,in_bps,out_bps\nl1,2026-09-01T00:07:00Z,1,1\n" +
				"l2,2026-09-01T00:07:00Z,x,1\nl3,noon,1,1\n",
		}})
		want := []string{"/l1", "/l2", "/", "nobody/r1", "acme/r2", "/", "/", "/",
			"acme/" + strings.Repeat("r", 70_000), `nobody/r"5`, "/"}
		if strings.Join(got, " ") != strings.Join(want, " ") {
			t.Errorf("identities %.200q, want %.200q", got, want)
		}
	}
}
