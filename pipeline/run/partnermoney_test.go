package run_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/run"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// moneyNights is a workspace with partners' money in which nights are run.
type moneyNights struct {
	*testing.T
	dir string
}

// put writes files to the workspace.
func (n moneyNights) put(files map[string]string) {
	n.Helper()
	for name, text := range files {
		path := filepath.Join(n.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			n.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			n.Fatal(err)
		}
	}
}

// night runs a night, or closes a cycle, and returns the state and the report.
func (n moneyNights) night(asOf, closes string) (*lake.Snapshot, *workspace.Report) {
	n.Helper()
	w, err := workspace.Open(n.dir)
	if err != nil {
		n.Fatal(err)
	}
	at, err := period.ParseInstant(asOf)
	if err != nil {
		n.Fatal(err)
	}
	o := workspace.Options{AsOf: at, ChunkBytes: 100} // room for two records, so that sorting uses files
	var report *workspace.Report
	if closes == "" {
		report, err = run.Nightly(n.Context(), w, o)
	} else {
		cycle, bad := period.ParseCycle(closes)
		if bad != nil {
			n.Fatal(bad)
		}
		report, err = run.Close(n.Context(), w, cycle, false, o)
	}
	if err != nil {
		n.Fatal(err)
	}
	l, err := w.Lake(o)
	if err != nil {
		n.Fatal(err)
	}
	snap, err := l.Head()
	if err != nil {
		n.Fatal(err)
	}
	return snap, report
}

// paths returns the files of tables that are one list for all cycles.
func (n moneyNights) paths(snap *lake.Snapshot, of ...*tables.Table) (paths []string) {
	n.Helper()
	for _, t := range of {
		files, err := snap.Find(lake.FileKey{Table: t.Name, Bucket: lake.NoBucket})
		if err != nil {
			n.Fatal(err)
		}
		for _, e := range files {
			paths = append(paths, e.Path)
		}
	}
	return paths
}

// TestPartnerRests checks that nights with new usage only do not change the tables of partners' money. A replay follows
// from anything else: an allocation to a customer, a change of books or of settings other than places and tasks, the
// end of a month, a close. The table of receivables changes every day, since it has their age. Invariant: PARTNER-7.
func TestPartnerRests(t *testing.T) {
	t.Parallel()
	n := moneyNights{t, filepath.Join(t.TempDir(), "w")}
	usage := "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
	fund := func(amount string) string {
		return "- id: heads\n  kind: headcount\n  valid_from: 2026-09-01\n  levels: [{level: senior, amount: \"" +
			amount + "\"}]\n"
	}
	const terms = "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n" +
		"rounding: {grain: line, mode: truncate}\npayments: ledger\n"
	n.put(map[string]string{
		"tollbook.yaml":          terms,
		"books/products.csv":     "sku,service_type_code,measure,pricing_model\ngb,network,GB,flat\n",
		"books/prices.csv":       "sku,region_code,valid_from,tier,unit_price\ngb,*,2026-01-01,1,1\n",
		"books/customers.csv":    "customer_id\nacme\n",
		"books/partners.csv":     "partner_id,kind\nnorth,reseller\n",
		"books/associations.csv": "customer_id,partner_id,association_type\nacme,north,2\n",
		"books/funds.yaml":       fund("8000"),
		"books/experts.csv": "expert_id,partner_id,programme_id,level,project_id,valid_from,valid_to\n" +
			"ann,north,heads,senior,p1,2026-01-01,\n",
		"inbox/partner_accounts/a.csv": "event_id,partner_id,time,type,amount\n" +
			"r1,north,2026-09-01T09:00:00+08:00,recharge,100\n",
		"inbox/usage/1.csv": usage + "u1,acme,r,gb,east,2026-09-01T10:00:00+08:00,2026-09-01T11:00:00+08:00,5\n",
	})
	var last []string // files of partner_accounts, funds, partner_facts and partner_events
	for _, night := range []struct {
		asOf, closes string
		put          map[string]string
		rests        bool   // the night does not replay
		funds        bool   // the table of funds has a file
		overdrawn    string // partners that are overdrawn
	}{
		{asOf: "2026-09-02T04:00:00Z"},
		{asOf: "2026-09-03T04:00:00Z", rests: true, put: map[string]string{
			"inbox/usage/2.csv": usage + "u2,acme,r,gb,east,2026-09-02T10:00:00+08:00,2026-09-02T11:00:00+08:00,5\n"}},
		// 100 − 130 is negative
		{asOf: "2026-09-04T04:00:00Z", overdrawn: "north", put: map[string]string{
			"inbox/accounts/a.csv": "event_id,customer_id,time,type,balance_type,amount\n" +
				"a1,acme,2026-09-03T09:00:00+08:00,allocate,cash,130\n"}},
		{asOf: "2026-09-30T15:59:59Z", rests: true, overdrawn: "north"},
		{asOf: "2026-09-30T16:00:00Z", funds: true, overdrawn: "north"}, // the list of September is written
		{asOf: "2026-10-01T04:00:00Z", rests: true, funds: true, overdrawn: "north"},
		// Settings of file places and of tasks do not change results; settings of accounts can.
		{asOf: "2026-10-01T04:10:00Z", rests: true, funds: true, overdrawn: "north",
			put: map[string]string{"tollbook.yaml": "lake: {path: lake}\nengine: {heartbeat: 20s}\n" + terms}},
		{asOf: "2026-10-01T04:20:00Z", funds: true, overdrawn: "north",
			put: map[string]string{"tollbook.yaml": terms + "incentive_payout: account\n"}},
		{asOf: "2026-10-01T05:00:00Z", funds: true, overdrawn: "north",
			put: map[string]string{"books/funds.yaml": fund("9000")}},
		{asOf: "2026-10-05T04:00:00Z", closes: "2026-09", funds: true, overdrawn: "north"},
		{asOf: "2026-10-06T04:00:00Z", funds: true, overdrawn: "north"}, // events of the closed month are now final
		{asOf: "2026-10-07T04:00:00Z", rests: true, funds: true, overdrawn: "north"},
	} {
		n.put(night.put)
		snap, report := n.night(night.asOf, night.closes)
		now := n.paths(snap, tables.PartnerAccounts().Table, tables.Funds().Table, tables.PartnerFacts().Table,
			tables.PartnerEvents().Table)
		if same := cmp.Equal(last, now); same != night.rests {
			t.Errorf("%s: the tables are the same: %t, want %t", night.asOf, same, night.rests)
		}
		last = now
		if got := len(n.paths(snap, tables.Funds().Table)) > 0; got != night.funds {
			t.Errorf("%s: a list of a fund: %t, want %t", night.asOf, got, night.funds)
		}
		want := []string{night.overdrawn}
		if night.overdrawn == "" {
			want = nil
		}
		if diff := cmp.Diff(want, report.Overdrawn); diff != "" {
			t.Errorf("%s: overdrawn (-want +got)\n%s", night.asOf, diff)
		}
	}
	before, _ := n.night("2026-10-08T04:00:00Z", "")
	after, _ := n.night("2026-10-09T04:00:00Z", "")
	if cmp.Equal(n.paths(before, tables.Receivables().Table), n.paths(after, tables.Receivables().Table)) {
		t.Error("receivables are a day older, and their table is the same")
	}
	if diff := cmp.Diff(n.paths(before, tables.PartnerFacts().Table), n.paths(after,
		tables.PartnerFacts().Table)); diff != "" {
		t.Errorf("a day later there was a replay (-before +after)\n%s", diff)
	}
}

// TestWithdrawalOfTwoPartners checks that withdrawal ids are unique across partners that are not connected, and an
// event that arrives twice. Invariants: PARTNER-8, EV-11.
func TestWithdrawalOfTwoPartners(t *testing.T) {
	t.Parallel()
	n := moneyNights{t, filepath.Join(t.TempDir(), "w")}
	recharges := "event_id,partner_id,time,type,amount\nr1,north,2026-09-01T09:00:00+08:00,recharge,100\n" +
		"r2,south,2026-09-01T09:00:00+08:00,recharge,100\n"
	n.put(map[string]string{
		"tollbook.yaml": "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n" +
			"rounding: {grain: line, mode: truncate}\npayments: ledger\n",
		"books/products.csv":           "sku,service_type_code,measure,pricing_model\ngb,network,GB,flat\n",
		"books/prices.csv":             "sku,region_code,valid_from,tier,unit_price\ngb,*,2026-01-01,1,1\n",
		"books/customers.csv":          "customer_id\nacme\n",
		"books/partners.csv":           "partner_id,kind\nnorth,reseller\nsouth,reseller\n",
		"inbox/partner_accounts/a.csv": recharges,
		"inbox/withdrawals/a.csv": "event_id,withdrawal_id,partner_id,time,event,source,amount,account\n" +
			"w2,one,south,2026-09-02T09:00:00+08:00,request,cash,40,IBAN\n" +
			"w1,one,north,2026-09-02T08:00:00+08:00,request,cash,30,IBAN\n",
	})
	_, report := n.night("2026-09-03T04:00:00Z", "")
	if diff := cmp.Diff(map[string]int64{"bad_state": 1}, report.Reasons); diff != "" || report.Accepted != 3 {
		t.Errorf("%d rows are accepted, want 3; rejects (-want +got)\n%s", report.Accepted, diff)
	}
	n.put(map[string]string{"inbox/partner_accounts/b.csv": recharges +
		"r2,south,2026-09-01T09:00:00+08:00,recharge,1\n"})
	_, report = n.night("2026-09-04T04:00:00Z", "")
	if diff := cmp.Diff(map[string]int64{"conflict": 1}, report.Reasons); diff != "" || report.Duplicate != 2 {
		t.Errorf("%d rows are duplicates, want 2; rejects (-want +got)\n%s", report.Duplicate, diff)
	}
}
