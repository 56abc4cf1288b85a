package run

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tollbook/tollbook/pipeline/fold/pay"
	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/workspace"
	"github.com/tollbook/tollbook/schemas/period"
)

// night is one run under test: its files, its clock, and the events that a replay of the ledger refuses.
type night struct {
	files   map[string]string
	asOf    string
	refused map[string][]string // by cycle; each cycle here is replayed in every bucket
	close   string              // cycle to close
	retry   bool
}

// ledger is a workspace in which the test decides what a replay of payments refuses.
type ledger struct {
	*testing.T
	dir      string
	rejected func(feed, header string, x *accept.Reject) // accept.Config.Rejected
	bytes    bool                                        // accept.Config.TaskBytes
}

func newLedger(t *testing.T) *ledger {
	l := &ledger{T: t, dir: t.TempDir()}
	l.write("tollbook.yaml", "zone: Asia/Shanghai\ncurrency: {code: CNY, digits: 2}\n"+
		"rounding: {grain: line, mode: truncate}\npayments: ledger\nlake: {path: lake, buckets: 2}\n")
	l.write("books/products.csv", "sku,service_type_code,measure,pricing_model\nvm,compute,hour,flat\n")
	l.write("books/prices.csv", "sku,region_code,valid_from,tier,unit_price\nvm,*,2026-01-01,1,1\n")
	l.write("books/customers.csv", "customer_id,valid_from,valid_to\nacme,2026-01-01,\nbirch,2026-01-01,\n")
	l.write("books/partners.csv", "partner_id,kind\np1,distributor\np2,distributor\n")
	l.write("books/incentives.yaml",
		"- {id: boost, period: month, tiers: [{from: \"0\", rate: \"0.1\"}], confirm_within_working_days: 5}\n")
	return l
}

func (l *ledger) write(name, text string) {
	l.Helper()
	full := filepath.Join(l.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		l.Fatal(err)
	}
	if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
		l.Fatal(err)
	}
}

func instantOf(t *testing.T, text string) period.Instant {
	t.Helper()
	at, err := period.ParseInstant(text)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// play performs one run, in which the verdicts of the replay apply after rating and before counting.
func (l *ledger) play(n night) *workspace.Report {
	l.Helper()
	for name, text := range n.files {
		l.write(name, text)
	}
	ws, err := workspace.Open(l.dir)
	if err != nil {
		l.Fatal(err)
	}
	asOf := instantOf(l.T, n.asOf)
	j := job{command: "run nightly", cycle: lake.NoCycle, retry: n.retry}
	if n.close != "" {
		if j.cycle, err = period.ParseCycle(n.close); err != nil {
			l.Fatal(err)
		}
		j.close = true
	}
	lake, err := ws.Lake(workspace.Options{})
	if err != nil {
		l.Fatal(err)
	}
	r := newRun(ws, workspace.Options{AsOf: asOf}, j)
	if r.state.txn, err = lake.Begin(); err != nil {
		l.Fatal(err)
	}
	defer r.state.txn.Close()
	r.state.next = r.state.txn.Next()
	if err := l.steps(r, n.refused); err != nil {
		l.Fatal(err)
	}
	return r.state.report
}

// config returns the configuration of the scan of a run.
func (l *ledger) config(r *run) *accept.Config {
	r.events.intake = &accept.EventIntake{Books: r.state.ws.Books, Prices: r.state.prices, AsOf: r.state.o.AsOf,
		Latest: r.state.o.AsOf}
	return &accept.Config{Books: r.state.ws.Books, Prices: r.state.prices, Settings: &r.state.ws.Settings,
		AsOf: r.state.o.AsOf, Inbox: r.inbox, Feed: new(feed.Files), Txn: r.state.txn.SubTxn, Events: r.events.intake,
		Rejected: l.rejected, TaskBytes: l.bytes}
}

func (l *ledger) steps(r *run, refused map[string][]string) error {
	ctx := l.Context()
	if err := r.prepare(); err != nil {
		return err
	}
	cfg := l.config(r)
	files, err := r.files(ctx, cfg)
	if err != nil {
		return err
	}
	if r.state.scanned, err = accept.Scan(ctx, cfg, files); err != nil {
		return err
	}
	defer r.state.scanned.Close()
	if err := r.events.decide(); err != nil {
		return err
	}
	if err := r.issueCoupons(); err != nil {
		return err
	}
	r.known = r.knownCycles()
	if r.folded, err = r.folder().Run(ctx); err != nil {
		return err
	}
	replayed := make(map[lake.Place]map[string]bool)
	for cycle, ids := range refused {
		c, err := period.ParseCycle(cycle)
		if err != nil {
			return err
		}
		set := make(map[string]bool)
		for _, id := range ids {
			set[id] = true
		}
		for bucket := range r.state.ws.Settings.Lake.Buckets {
			replayed[lake.Place{Cycle: c, Bucket: bucket}] = set
		}
	}
	if err := r.events.refuse(replayed); err != nil {
		return err
	}
	r.events.count()
	if err := r.reconciler(cfg).reconcile(ctx); err != nil {
		return err
	}
	if err := r.cycles(); err != nil {
		return err
	}
	r.issued = new(pay.Issued)
	if err := r.setTotals(); err != nil {
		return err
	}
	return r.commit(ctx)
}

// state returns the result of a run: the control totals of a feed's rows, the rejects as `file:row column reason value
// id`, and the stored account events as `cycle id instant refused`.
func (l *ledger) state(feedName string) (rows string, rejects, accounts []string) {
	l.Helper()
	ws, err := workspace.Open(l.dir)
	if err != nil {
		l.Fatal(err)
	}
	lk, err := ws.Lake(workspace.Options{})
	if err != nil {
		l.Fatal(err)
	}
	txn, err := lk.Begin()
	if err != nil {
		l.Fatal(err)
	}
	defer txn.Close()
	r := &runState{ws: ws, txn: txn, next: txn.Next()}
	totals := make(map[string]string)
	for _, t := range txn.SubTxn.Base().Manifest.Totals {
		totals[t.Name] = t.Value
	}
	for _, outcome := range []string{"read", "accepted", "duplicate", "rejected"} {
		rows += " " + totals["rows."+feedName+"."+outcome]
	}
	kept, err := r.loadRejects()
	if err != nil {
		l.Fatal(err)
	}
	byFile := make(map[string]int64)
	for _, x := range kept {
		rejects = append(rejects, fmt.Sprintf("%s:%d %s %s %s %s", x.File, x.Row, x.Column, x.Reason, x.Value, x.ID))
		byFile[x.Feed+x.Hash]++
	}
	for _, in := range r.next.Inputs() {
		if in.Rows != in.Accepted+in.Duplicate+in.Rejected || in.Rejected != byFile[in.Feed+in.Hash] {
			l.Errorf("%s: %+v, %d rejects kept", in.Name, in, byFile[in.Feed+in.Hash])
		}
	}
	for _, ref := range txn.SubTxn.Base().Manifest.Cycles {
		for _, e := range r.next.Entries.Files(ref.Cycle) {
			if e.Table != "account_events" {
				continue
			}
			err := accept.EachAccount(txn.SubTxn, e, ws.Books, nil, func(e *accept.Account) {
				accounts = append(accounts, fmt.Sprintf("%s %s %s %t", e.Cycle, e.ID, e.Instant, e.Refused))
			})
			if err != nil {
				l.Fatal(err)
			}
		}
	}
	slices.Sort(accounts)
	return strings.TrimSpace(rows), rejects, accounts
}

func (l *ledger) expect(feedName, rows string, rejects, accounts []string) {
	l.Helper()
	gotRows, gotRejects, gotAccounts := l.state(feedName)
	if diff := cmp.Diff([]any{rows, rejects, accounts}, []any{gotRows, gotRejects, gotAccounts}); diff != "" {
		l.Errorf("(-want +got)\n%s", diff)
	}
}

const accountsHeader = "event_id,customer_id,time,type,balance_type,amount\n"

// TestRefuse checks that rows that a replay refuses are counted as rejected, are listed, and are accepted as soon as
// the balance allows, and that the counts of every file add up.
func TestRefuse(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	const first = accountsHeader +
		"a1,acme,2026-09-01T10:00:00+08:00,recharge,cash,100\n" +
		"a2,acme,2026-09-02T10:00:00+08:00,withdraw,cash,150.00\n" +
		"a3,acme,2026-09-03T10:00:00+08:00,reclaim,cash,30\n" +
		"a2,acme,2026-09-02T02:00:00Z,withdraw,cash,150\n"
	report := l.play(night{asOf: "2026-09-04T00:00:00Z", files: map[string]string{"inbox/accounts/1.csv": first},
		refused: map[string][]string{"2026-09": {"a2"}}})
	if report.Accepted != 2 || report.Duplicate != 1 || report.Rejected != 1 ||
		report.Reasons["insufficient_balance"] != 1 || !report.NeedsAttention() {
		t.Errorf("first night: %+v", report)
	}
	a2 := "accounts/1.csv:2 amount insufficient_balance 150.00 a2"
	a3 := "accounts/1.csv:3 amount insufficient_balance 30 a3"
	stored := func(a2, a3 bool, more ...string) []string {
		return append([]string{"2026-09 a1 2026-09-01T02:00:00Z false", fmt.Sprint("2026-09 a2 2026-09-02T02:00:00Z ",
			a2), fmt.Sprint("2026-09 a3 2026-09-03T02:00:00Z ", a3)}, more...)
	}
	l.expect("accounts", "4 2 1 1", []string{a2}, stored(true, false))

	// Without new files and with unchanged verdicts nothing is written.
	if report := l.play(night{asOf: "2026-09-05T00:00:00Z",
		refused: map[string][]string{"2026-09": {"a2"}}}); report.Changed {
		t.Error("the same verdict changed the lake")
	}
	// An earlier recharge makes the replay accept a2; the balance is then too low for a3.
	report = l.play(night{asOf: "2026-09-06T00:00:00Z", refused: map[string][]string{"2026-09": {"a3"}},
		files: map[string]string{"inbox/accounts/2.csv": accountsHeader +
			"b1,acme,2026-09-01T11:00:00+08:00,allocate,cash,50\n"}})
	if report.Accepted != 1 || report.Rejected != 0 || report.Reasons["insufficient_balance"] != 1 ||
		len(report.Notes) != 2 {
		t.Errorf("third night: %+v", report)
	}
	b1 := "2026-09 b1 2026-09-01T03:00:00Z false"
	l.expect("accounts", "5 3 1 1", []string{a3}, stored(false, true, b1))

	// A refused event keeps its identity: the same content again is a duplicate, other content is a conflict.
	l.play(night{asOf: "2026-09-07T00:00:00Z", files: map[string]string{"inbox/accounts/3.csv": accountsHeader +
		"a3,acme,2026-09-03T10:00:00+08:00,reclaim,cash,30\na3,acme,2026-09-03T10:00:00+08:00,reclaim,cash,20\n"}})
	conflict := "accounts/3.csv:2 event_id conflict a3 a3"
	l.expect("accounts", "7 3 2 2", []string{a3, conflict}, stored(false, true, b1))

	// The verdict at the close is final.
	l.play(night{asOf: "2026-10-05T00:00:00Z", close: "2026-09", refused: map[string][]string{"2026-09": {"a3"}}})
	l.expect("accounts", "7 3 2 2", []string{a3, conflict}, stored(false, true, b1))

	// A late event takes effect when it arrives, and is refused there.
	l.play(night{asOf: "2026-10-06T00:00:00Z", refused: map[string][]string{"2026-10": {"c1"}},
		files: map[string]string{"inbox/accounts/4.csv": accountsHeader +
			"c1,acme,2026-09-30T10:00:00+08:00,withdraw,stored_value,1\n" +
			"a1,acme,2026-09-01T10:00:00+08:00,recharge,cash,100.0\n"}})
	l.expect("accounts", "9 3 3 3", []string{a3, conflict, "accounts/4.csv:1 amount insufficient_balance 1 c1"},
		append(stored(false, true, b1), "2026-10 c1 2026-10-06T00:00:00Z true"))
}

// TestRefuseNights is TestRefuse with complete runs that replay the ledger. Of a balance of 100, usage of 60 on the 1st
// leaves 40, too little for the withdrawal of 50 on the 2nd. After an earlier recharge of 10 the withdrawal is
// accepted. It is refused again after more usage of 20 on the 1st, which arrives last. A night with nothing new then
// changes nothing (RUN-2).
func TestRefuseNights(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	nightly := func(asOf string, files map[string]string) *workspace.Report {
		t.Helper()
		for name, text := range files {
			l.write(name, text)
		}
		ws, err := workspace.Open(l.dir)
		if err != nil {
			t.Fatal(err)
		}
		report, err := Nightly(t.Context(), ws, workspace.Options{AsOf: instantOf(t, asOf), Workers: 2})
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	const usageHeader = "record_id,customer_id,resource_id,sku,region_code,usage_start,usage_end,quantity\n"
	nightly("2026-09-04T00:00:00Z", map[string]string{
		"inbox/usage/1.csv": usageHeader + "u1,acme,r,vm,east,2026-09-01T12:00:00+08:00,2026-09-01T13:00:00+08:00,60\n",
		"inbox/accounts/1.csv": accountsHeader + "a1,acme,2026-09-01T10:00:00+08:00,recharge,cash,100\n" +
			"a2,acme,2026-09-02T10:00:00+08:00,withdraw,cash,50\n"})
	a2 := "accounts/1.csv:2 amount insufficient_balance 50 a2"
	stored := func(refused bool, more ...string) []string {
		return append([]string{"2026-09 a1 2026-09-01T02:00:00Z false", fmt.Sprint("2026-09 a2 2026-09-02T02:00:00Z ",
			refused)}, more...)
	}
	l.expect("accounts", "2 1 0 1", []string{a2}, stored(true))
	if nightly("2026-09-05T00:00:00Z", nil).Changed {
		t.Error("nothing new changed the lake")
	}
	nightly("2026-09-05T00:00:00Z", map[string]string{"inbox/accounts/2.csv": accountsHeader +
		"b1,acme,2026-09-02T09:00:00+08:00,recharge,cash,10\n"})
	b1 := "2026-09 b1 2026-09-02T01:00:00Z false"
	l.expect("accounts", "3 3 0 0", nil, stored(false, b1))
	report := nightly("2026-09-06T00:00:00Z", map[string]string{
		"inbox/usage/2.csv": usageHeader +
			"u2,acme,r,vm,east,2026-09-01T13:00:00+08:00,2026-09-01T14:00:00+08:00,20\n"})
	l.expect("accounts", "3 2 0 1", []string{a2}, stored(true, b1))
	if report.Rows != 1 || report.Accepted != 1 || report.Reasons["insufficient_balance"] != 1 ||
		!report.NeedsAttention() {
		t.Errorf("last night: %+v", report)
	}
}

// TestRefuseClosed checks that a refusal in a closed cycle is an internal error and commits nothing.
func TestRefuseClosed(t *testing.T) {
	t.Parallel()
	ev := &eventStage{state: &runState{ws: &workspace.Workspace{}, txn: &lake.Txn{},
		closed: period.CycleOf(2026, 9)}}
	err := ev.refuse(map[lake.Place]map[string]bool{{Cycle: period.CycleOf(2026, 9)}: nil})
	if err == nil || err.Error() != "cycle 2026-09 is closed: its account events are not decided again" {
		t.Error(err)
	}
}

// TestRetryAccounts checks that a row of an unknown customer is accepted once the book has the customer. The replay
// then decides whether the balance is sufficient.
func TestRetryAccounts(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.play(night{asOf: "2026-09-04T00:00:00Z", files: map[string]string{"inbox/accounts/1.csv": accountsHeader +
		"a1,cedar,2026-09-01T10:00:00+08:00,recharge,cash,100\na2,cedar,2026-09-01T10:00:01+08:00,withdraw,cash,200\n" +
		"a3,cedar,2026-09-01T10:00:02+08:00,withdraw,cash,0.5\n"}})
	l.expect("accounts", "3 0 0 3", []string{"accounts/1.csv:1 customer_id unknown_customer cedar a1",
		"accounts/1.csv:2 customer_id unknown_customer cedar a2",
		"accounts/1.csv:3 customer_id unknown_customer cedar a3"}, nil)
	l.write("books/customers.csv", "customer_id\nacme\nbirch\ncedar\n")
	l.play(night{asOf: "2026-09-05T00:00:00Z", retry: true, refused: map[string][]string{"2026-09": {"a2"}}})
	stored := func(a2, a3 bool) []string {
		return []string{"2026-09 a1 2026-09-01T02:00:00Z false", fmt.Sprint("2026-09 a2 2026-09-01T02:00:01Z ", a2),
			fmt.Sprint("2026-09 a3 2026-09-01T02:00:02Z ", a3)}
	}
	l.expect("accounts", "3 2 0 1", []string{"accounts/1.csv:2 amount insufficient_balance 200 a2"},
		stored(true, false))
	// A retry does not change what a replay has refused.
	l.play(night{asOf: "2026-09-06T00:00:00Z", retry: true, refused: map[string][]string{"2026-09": {"a2"}}})
	l.expect("accounts", "3 2 0 1", []string{"accounts/1.csv:2 amount insufficient_balance 200 a2"},
		stored(true, false))
	l.play(night{asOf: "2026-09-06T00:00:00Z", retry: true, refused: map[string][]string{"2026-09": {"a3"}}})
	l.expect("accounts", "3 2 0 1", []string{"accounts/1.csv:3 amount insufficient_balance 0.5 a3"},
		stored(false, true))
	l.play(night{asOf: "2026-09-07T00:00:00Z", refused: map[string][]string{"2026-09": nil}})
	l.expect("accounts", "3 3 0 0", nil, stored(false, false))
}

const eventsHeader = "event_id,partner_id,programme_id,period,event,time\n"

// TestIncentiveEvents checks the dates of an incentive. That of September closes on 4 October at 24:00 and is void
// after the 5th working day, 9 October 2026, which is a Friday.
func TestIncentiveEvents(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	first := eventsHeader +
		"e1,p1,boost,2026-09,confirm,2026-10-04T23:59:59+08:00\n" + // too early
		"e2,p1,boost,2026-09,confirm,2026-10-06T10:00:00+08:00\n" +
		"e3,p2,boost,2026-09,confirm,2026-10-10T00:00:00+08:00\n" + // too late
		"e4,p1,boost,2026-Q3,confirm,2026-10-06T10:00:00+08:00\n" // not a period of the programme
	l.play(night{asOf: "2026-10-20T00:00:00Z", files: map[string]string{"inbox/incentive_events/1.csv": first}})
	e1 := "incentive_events/1.csv:1 event bad_state estimated e1"
	e3 := "incentive_events/1.csv:3 event bad_state void e3"
	e4 := "incentive_events/1.csv:4 event bad_state none e4"
	l.expect("incentive_events", "4 1 0 3", []string{e1, e3, e4}, nil)
	if l.play(night{asOf: "2026-10-21T00:00:00Z"}).Changed {
		t.Error("nothing new changed the lake")
	}

	// The close of the cycle does not freeze the incentive. p2 disputed in time, but its event arrives late: now the
	// confirmation of the 10th is accepted.
	l.play(night{asOf: "2026-10-21T00:00:00Z", close: "2026-09"})
	report := l.play(night{asOf: "2026-10-22T00:00:00Z",
		files: map[string]string{"inbox/incentive_events/2.csv": eventsHeader +
			"e5,p2,boost,2026-09,dispute,2026-10-09T23:59:59+08:00\n" +
			"e2,p1,boost,2026-09,confirm,2026-10-06T02:00:00Z\n" +
			"e2,p1,boost,2026-09,dispute,2026-10-06T02:00:00Z\n"}})
	note := "incentive_events: 1 row that an earlier run rejected is now accepted: no longer bad_state"
	if !slices.Equal(report.Notes, []string{note}) {
		t.Errorf("notes %q", report.Notes)
	}
	conflict := "incentive_events/2.csv:3 event_id conflict e2 e2"
	l.expect("incentive_events", "7 3 1 3", []string{e1, e4, conflict}, nil)

	// An earlier event that is accepted replaces e2.
	report = l.play(night{asOf: "2026-10-23T00:00:00Z",
		files: map[string]string{"inbox/incentive_events/3.csv": eventsHeader +
			"e6,p1,boost,2026-09,confirm,2026-10-05T10:00:00+08:00\n"}})
	if report.Reasons["bad_state"] != 1 {
		t.Errorf("reasons %v", report.Reasons)
	}
	e2 := "incentive_events/1.csv:2 event bad_state payable e2"
	l.expect("incentive_events", "8 3 1 4", []string{e1, e2, e4, conflict}, nil)
}

const transfersHeader = "transfer_id,cycle,from_partner_id,to_partner_id,customer_id,amount\n"

// transfers returns the stored transfers as `cycle own id`.
func (l *ledger) transfers() (out []string) {
	l.Helper()
	ws, err := workspace.Open(l.dir)
	if err != nil {
		l.Fatal(err)
	}
	lk, err := ws.Lake(workspace.Options{})
	if err != nil {
		l.Fatal(err)
	}
	txn, err := lk.Begin()
	if err != nil {
		l.Fatal(err)
	}
	defer txn.Close()
	book := accept.NewEventBook()
	for _, ref := range txn.SubTxn.Base().Manifest.Cycles {
		for _, e := range txn.Next().Entries.Files(ref.Cycle) {
			if e.Table == "transfers" {
				if err := book.Load(txn.SubTxn, e, ws.Books); err != nil {
					l.Fatal(err)
				}
			}
		}
	}
	for _, x := range book.Transfers {
		out = append(out, fmt.Sprintf("%s %s %s %s>%s %s %s", x.Cycle, x.Own, x.ID, x.From, x.To, x.Customer,
			x.Amount.Trim()))
	}
	slices.Sort(out)
	return out
}

// TestTransfers checks that a transfer of a closed cycle is booked in the earliest open cycle.
func TestTransfers(t *testing.T) {
	t.Parallel()
	l := newLedger(t)
	l.play(night{asOf: "2026-10-05T00:00:00Z", files: map[string]string{"inbox/transfers/1.csv": transfersHeader +
		"t1,2026-09,p1,p2,acme,100.005\nt2,2026-09,p2,p2,,1\nt3,2026-11,p1,p2,,7\n"}})
	if l.play(night{asOf: "2026-10-05T00:00:00Z"}).Changed {
		t.Error("nothing new changed the lake")
	}
	l.play(night{asOf: "2026-10-05T00:00:00Z", close: "2026-09"})
	l.play(night{asOf: "2026-10-06T00:00:00Z", files: map[string]string{"inbox/transfers/2.csv": transfersHeader +
		"t1,2026-09,p1,p2,acme,100.00500\nt1,2026-09,p1,p2,birch,100.005\nt4,2026-08,p1,p2,,3\nt5,2026-10,p1,p2,,4\n" +
		"t5,2026-10,p2,p1,,4\n"}})
	l.expect("transfers", "8 4 1 3", []string{"transfers/2.csv:2 transfer_id conflict t1 t1",
		"transfers/2.csv:4 transfer_id conflict t5 t5",
		"transfers/2.csv:5 transfer_id conflict t5 t5"}, nil)
	want := []string{"2026-09 2026-09 t1 p1>p2 acme 100.005", "2026-09 2026-09 t2 p2>p2  1",
		"2026-10 2026-08 t4 p1>p2  3", "2026-11 2026-11 t3 p1>p2  7"}
	if diff := cmp.Diff(want, l.transfers()); diff != "" {
		t.Error(diff)
	}
}

// accountRow is a row of the random accounts feed. There are few ids, so that they repeat, and two contents.
type accountRow struct {
	id     string
	amount int
}

// model has the results that TestRefuseRandom expects: the first content of each identity and the conflicts.
type model struct {
	content         map[string]int
	conflicts       []accountRow
	read, duplicate int
}

// take decides rows that arrive together, by the rules of §3.20.
func (m *model) take(rows []accountRow) {
	amounts := make(map[string][]int)
	for _, r := range rows {
		amounts[r.id] = append(amounts[r.id], r.amount)
	}
	for id, list := range amounts {
		known, taken := m.content[id]
		if !taken && slices.Min(list) == slices.Max(list) {
			known, taken = list[0], true
			m.content[id] = known
			list = list[1:]
		}
		for _, amount := range list {
			if taken && amount == known {
				m.duplicate++
			} else {
				m.conflicts = append(m.conflicts, accountRow{id, amount})
			}
		}
	}
}

// TestRefuseRandom checks random nights with repeated identities, retries and refusals: each row of every file is
// counted once, every reject is listed, and the refused rows are those of the last replay.
func TestRefuseRandom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		l, m := newLedger(t), &model{content: make(map[string]int)}
		for n := range rapid.IntRange(1, 4).Draw(rt, "nights") {
			night := night{asOf: "2026-09-10T00:00:00Z", retry: rapid.IntRange(0, 2).Draw(rt, "retry") == 0}
			if night.retry {
				again := m.conflicts
				m.conflicts = nil
				m.take(again)
			} else {
				rows := drawRows(rt)
				// an extra column makes each file different
				text := fmt.Sprintf("event_id,customer_id,time,type,balance_type,amount,x_%d\n", n)
				for _, r := range rows {
					text += fmt.Sprintf("%s,acme,2026-09-02T10:00:00+08:00,withdraw,cash,%d,\n", r.id, r.amount)
				}
				night.files = map[string]string{fmt.Sprintf("inbox/accounts/%d.csv", n): text}
				m.read += len(rows)
				m.take(rows)
			}
			refused := []string{}
			for _, id := range slices.Sorted(maps.Keys(m.content)) {
				if rapid.Bool().Draw(rt, "refused") {
					refused = append(refused, id)
				}
			}
			night.refused = map[string][]string{"2026-09": refused}
			l.play(night)
			rejected := len(m.conflicts) + len(refused)
			want := fmt.Sprint(m.read, len(m.content)-len(refused), m.duplicate, rejected)
			got, rejects, stored := l.state("accounts")
			if m.read == 0 {
				want = got // no rows were counted
			}
			if got != want || len(rejects) != rejected || len(stored) != len(m.content) {
				rt.Fatalf("night %d: rows %s, want %s; rejects %q, stored %q", n, got, want, rejects, stored)
			}
			for _, e := range stored {
				if id := strings.Fields(e)[1]; strings.HasSuffix(e, "true") != slices.Contains(refused, id) {
					rt.Fatalf("night %d: %s, refused %q", n, e, refused)
				}
			}
		}
	})
}

func drawRows(rt *rapid.T) (rows []accountRow) {
	for range rapid.IntRange(0, 6).Draw(rt, "rows") {
		rows = append(rows, accountRow{rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(rt, "id"),
			rapid.IntRange(1, 2).Draw(rt, "amount")})
	}
	return rows
}
