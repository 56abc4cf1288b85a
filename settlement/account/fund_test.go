package account_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/account"
)

func amount(t *testing.T, text string) money.Amount {
	t.Helper()
	a, err := money.ParseAmount(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func at(t *testing.T, zone *period.Zone, text string) period.Instant {
	t.Helper()
	i, err := period.ParseValidity(text, zone)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// world returns books with one partner, p, a headcount fund, heads, and a marketing fund, mdf.
func world(t *testing.T) *books.Books {
	t.Helper()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	always := period.Always()
	bk := &books.Books{Zone: zone, Digits: 2, NonWorking: map[period.Day]bool{}, Partners: []books.Partner{
		{
			ID:   "p",
			Rows: []books.PartnerRow{{Parent: -1, Valid: always}},
		},
		{ID: "q", Rows: []books.PartnerRow{{Parent: -1, Valid: always}}},
	}}
	for d := period.DayOf(2026, 10, 1); d <= period.DayOf(2026, 10, 7); d++ {
		bk.NonWorking[d] = true
	}
	half, err := money.ParseRate("0.5")
	if err != nil {
		t.Fatal(err)
	}
	july := period.Span{From: at(t, zone, "2026-07-01"), To: period.Forever}
	bk.Money.Funds = []books.Fund{
		{
			ID:            "heads",
			Valid:         july,
			ConfirmWithin: 14,
			Levels: []books.FundLevel{
				{Level: "senior", Amount: amount(t, "8000")},
				{Level: "expert", Amount: amount(t, "12000")},
			},
		},
		{
			ID:          "mdf",
			Marketing:   true,
			Valid:       july,
			ClaimWithin: 45,
			Activities:  []books.FundActivity{{Type: "fair", Share: half}},
		},
	}
	bk.Money.FundQuotas = []books.FundQuota{{Fund: 1, Partner: 0, Period: "2026-Q3", Amount: amount(t, "50000")}}
	bk.Money.Experts = []books.Expert{
		{ID: "a", Level: "senior", Valid: july},
		{ID: "b", Level: "senior", Valid: july},
		{ID: "c", Level: "expert", Valid: period.Span{From: at(t, zone, "2026-09-16"), To: period.Forever}},
	}
	return bk
}

// step parses an event such as `2026-10-01T00:00 heads 2026-09 apply heads=2 amount=16000 claim=c fair 2026-10-30`.
func step(t *testing.T, bk *books.Books, id int, line string) account.FundEvent {
	t.Helper()
	words := strings.Fields(line)
	e := account.FundEvent{ID: fmt.Sprintf("e%03d", id), Fund: bk.Money.FundNamed(words[1])}
	var err error
	if e.Period, err = account.ParseFundPeriod(words[2]); err != nil {
		t.Fatal(err)
	}
	if e.Kind, err = account.ParseFundKind(words[3]); err != nil {
		t.Fatal(err)
	}
	e.Time = at(t, bk.Zone, words[0]+":00+08:00")
	e.Instant = e.Time
	for _, word := range words[4:] {
		name, value, _ := strings.Cut(word, "=")
		switch name {
		case "heads":
			e.Heads, err = strconv.ParseInt(value, 10, 64)
		case "amount":
			e.Amount = amount(t, value)
		case "claim":
			e.Claim = value
		case "on":
			e.Day, err = period.ParseDay(value)
		default:
			e.Activity = name
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// runFund replays steps, each of the form `event line -> reason`, and returns the rows as of an instant.
func runFund(t *testing.T, bk *books.Books, asOf, script string) (*account.FundResult, string) {
	t.Helper()
	in := &account.FundInput{Books: bk, AsOf: at(t, bk.Zone, asOf)}
	var want []string
	for i, line := range strings.Split(strings.TrimSpace(script), "\n") {
		event, verdict, _ := strings.Cut(line, "->")
		if strings.TrimSpace(event) == "" {
			continue
		}
		in.Events = append(in.Events, step(t, bk, i, event))
		want = append(want, strings.TrimSpace(verdict))
	}
	out, err := account.ReplayFunds(in)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range out.Verdicts {
		if got := strings.TrimSpace(v.Why.String() + " " + v.Column + " " + v.Value); got != want[i] {
			t.Errorf("%s %s: %q, want %q", in.Events[i].Period, in.Events[i].Kind, got, want[i])
		}
	}
	text := describeFund(bk, out)
	slices.Reverse(in.Events) // FUND-1
	again, err := account.ReplayFunds(in)
	if err != nil {
		t.Fatal(err)
	}
	if got := describeFund(bk, again); got != text {
		t.Errorf("with the events in reverse:\n%s\nnot:\n%s", got, text)
	}
	return out, text
}

// describeFund returns rows as text.
func describeFund(bk *books.Books, out *account.FundResult) string {
	var rows strings.Builder
	for _, r := range out.Rows {
		until := "-"
		if r.Until != period.Forever {
			until = r.Until.String()
		}
		fmt.Fprintln(&rows, bk.Money.Funds[r.Fund].ID, r.Period.String()+r.Claim+"|", r.Heads, r.Quota.Trim(),
			r.Listed.Trim(), r.Reserved.Trim(), r.Claimed.Trim(), r.Approved.Trim(), r.Paid.Trim(), r.State, until)
	}
	return rows.String()
}

func expectFund(t *testing.T, got, want string) {
	t.Helper()
	trim := func(s string) string {
		var lines []string
		for _, line := range strings.Split(strings.TrimSpace(s), "\n") {
			lines = append(lines, strings.TrimSpace(line))
		}
		return strings.Join(lines, "\n")
	}
	if trim(got) != trim(want) {
		t.Errorf("rows:\n%s\nwant:\n%s", trim(got), trim(want))
	}
}

// TestLists checks two seniors who are present all September and an expert from the 16th on, 15 of 30 days. With
// by_days they give 2 × 8000 + 12000 × 15 / 30.
func TestLists(t *testing.T) {
	t.Parallel()
	bk := world(t)
	f := &bk.Money.Funds[0]
	f.MinDays, f.ByDays = 15, true
	_, rows := runFund(t, bk, "2026-10-01", "")
	expectFund(t, rows, `
		heads 2026-07| 2 0 16000 0 0 0 0 void -
		heads 2026-08| 2 0 16000 0 0 0 0 void -
		heads 2026-09| 3 0 22000 0 0 0 0 listed 2026-10-27T16:00:00Z
		mdf 2026-Q3| 0 50000 0 0 0 0 0 ended -`)
	f.MinDays = 0
	_, rows = runFund(t, bk, "2026-10-01", "")
	if !strings.Contains(rows, "heads 2026-09| 2 0 16000 ") {
		t.Errorf("all days: %s", rows)
	}
	f.MinDays, f.ByDays, f.MaxHeads = 15, false, 2
	_, rows = runFund(t, bk, "2026-10-01", "")
	if !strings.Contains(rows, "heads 2026-09| 2 0 20000 ") {
		t.Errorf("the most valuable two, in full: %s", rows)
	}
	f.Cap, f.HasCap = amount(t, "18000.50"), true
	_, rows = runFund(t, bk, "2026-10-01", "")
	if !strings.Contains(rows, "heads 2026-09| 2 0 18000.5 ") {
		t.Errorf("cap: %s", rows)
	}
}

// TestHeadcount checks that the approved amount is paid (FUND-4).
//
// The 14th working day after 1 October is the 27th, so the list of September is void from the 28th on. 1 August is a
// Saturday; the 14th working day after it is 20 August.
func TestHeadcount(t *testing.T) {
	t.Parallel()
	bk := world(t)
	script := `
2026-09-01T09:00 heads 2026-08 apply heads=3 amount=16000 -> over_quota heads 3
2026-09-01T09:01 heads 2026-08 apply heads=2 amount=16000.01 -> over_quota amount 16000.01
2026-09-01T09:02 heads 2026-08 apply heads=2 amount=16000 ->
2026-09-01T09:03 heads 2026-08 apply heads=2 amount=16000 -> bad_state event in_review
2026-09-01T09:04 heads 2026-07 apply heads=2 amount=16000 -> bad_state event void
2026-09-02T09:00 heads 2026-08 refuse ->
2026-09-30T23:59 heads 2026-Q3 request_payment -> bad_state event none
2026-09-30T23:59 heads 2026-09 apply heads=2 amount=16000 -> bad_state event none
2026-10-01T00:00 heads 2026-09 apply heads=2 amount=15000 ->
2026-10-01T00:01 heads 2026-Q3 request_payment -> bad_state event in_review
2026-10-02T00:00 heads 2026-09 approve amount=15000.01 -> over_quota amount 15000.01
2026-10-02T00:01 heads 2026-09 approve amount=14000 ->
2026-10-02T00:02 heads 2026-Q3 paid -> bad_state event approved
2026-10-02T00:03 heads 2026-Q3 request_payment ->
2026-10-02T00:04 heads 2026-Q3 return ->
2026-10-02T00:05 heads 2026-Q3 request_payment ->
2026-10-02T00:06 heads 2026-Q3 invoice_received ->
2026-10-02T00:07 heads 2026-Q3 paid ->
2026-10-02T00:08 heads 2026-Q3 return -> bad_state event paid`
	out, rows := runFund(t, bk, "2026-10-28", script)
	expectFund(t, rows, `
		heads 2026-07| 2 0 16000 0 0 0 0 void -
		heads 2026-08| 2 0 16000 0 16000 0 0 refused -
		heads 2026-09| 2 0 16000 0 15000 14000 14000 paid -
		mdf 2026-Q3| 0 50000 0 0 0 0 0 ended -`)
	if len(out.Payments) != 1 || out.Payments[0].Amount.Trim() != "14000" {
		t.Errorf("payments: %+v", out.Payments)
	}
}

// TestForgone checks that a month without an application is forgone if the quarter's payment is requested before the
// month's deadline, but not if it is requested later.
func TestForgone(t *testing.T) {
	t.Parallel()
	_, rows := runFund(t, world(t), "2026-10-28", `
2026-08-01T00:00 heads 2026-07 apply heads=1 amount=8000 ->
2026-08-02T00:00 heads 2026-07 approve amount=8000 ->
2026-10-01T00:00 heads 2026-Q3 request_payment ->`)
	expectFund(t, rows, `
		heads 2026-07| 1 0 16000 0 8000 8000 0 requested -
		heads 2026-08| 2 0 16000 0 0 0 0 void -
		heads 2026-09| 2 0 16000 0 0 0 0 forgone -
		mdf 2026-Q3| 0 50000 0 0 0 0 0 ended -`)
}

// TestMarketing checks that claims never reserve more than the quota (FUND-3).
//
// Half of the cost is reimbursed. 120000 would need 60000 of the 50000; 80000 reserves 40000; 60000 spent gives 30000.
func TestMarketing(t *testing.T) {
	t.Parallel()
	bk := world(t)
	script := `
2026-07-10T00:00 mdf 2026-Q3 request claim=x amount=120000 fair -> over_quota amount 120000
2026-07-10T00:01 mdf 2026-Q3 request claim=x amount=80000 fair ->
2026-07-10T00:02 mdf 2026-Q3 request claim=x amount=10 fair -> bad_state event requested
2026-07-10T00:03 mdf 2026-Q3 request claim=y amount=20000.02 fair -> over_quota amount 20000.02
2026-07-10T00:04 mdf 2026-Q4 approve claim=x amount=80000 -> bad_state event none
2026-07-11T00:00 mdf 2026-Q3 approve claim=x amount=80000.01 -> over_quota amount 80000.01
2026-07-11T00:01 mdf 2026-Q3 approve claim=x amount=80000 ->
2026-07-12T00:00 mdf 2026-Q3 hold claim=x on=2026-06-30 -> bad_state event approved
2026-07-12T00:01 mdf 2026-Q3 hold claim=x on=2026-10-31 -> bad_state event approved
2026-07-12T00:02 mdf 2026-Q3 hold claim=x on=2026-08-01 ->
2026-08-02T00:00 mdf 2026-Q3 claim claim=x amount=60000 ->
2026-08-02T00:01 mdf 2026-Q3 request claim=y amount=40000.02 fair -> over_quota amount 40000.02
2026-08-02T00:02 mdf 2026-Q3 request claim=y amount=40000 fair ->
2026-08-03T00:00 mdf 2026-Q3 accept claim=x ->
2026-08-04T00:00 mdf 2026-Q3 invoice_received claim=x ->
2026-08-05T00:00 mdf 2026-Q3 return claim=x ->
2026-08-06T00:00 mdf 2026-Q3 invoice_received claim=x ->
2026-08-07T00:00 mdf 2026-Q3 paid claim=x ->
2026-10-01T00:00 mdf 2026-Q3 request claim=z amount=1 fair -> bad_state event none`
	bk.Money.Funds = bk.Money.Funds[:2]
	bk.Money.Experts = nil
	_, rows := runFund(t, bk, "2026-09-30", script)
	expectFund(t, rows, `
		mdf 2026-Q3| 0 50000 0 50000 60000 80000 30000 open 2026-09-30T16:00:00Z
		mdf 2026-Q3x| 0 0 0 30000 60000 80000 30000 paid -
		mdf 2026-Q3y| 0 0 0 20000 0 0 0 requested 2026-10-30T16:00:00Z`)
	_, rows = runFund(t, bk, "2026-10-31", script)
	expectFund(t, rows, `
		mdf 2026-Q3| 0 50000 0 30000 60000 80000 30000 ended -
		mdf 2026-Q3x| 0 0 0 30000 60000 80000 30000 paid -
		mdf 2026-Q3y| 0 0 0 0 0 0 0 void -`)
}

// TestClaimWithin checks that a claim is void 45 days after 1 August, at the end of 15 September, and that its
// reservation is released from the 16th on.
func TestClaimWithin(t *testing.T) {
	t.Parallel()
	bk := world(t)
	bk.Money.Experts = nil
	runFund(t, bk, "2026-09-30", `
2026-07-10T00:00 mdf 2026-Q3 request claim=x amount=100000 fair ->
2026-07-11T00:00 mdf 2026-Q3 approve claim=x amount=100000 ->
2026-07-12T00:00 mdf 2026-Q3 hold claim=x on=2026-08-01 ->
2026-09-15T23:59 mdf 2026-Q3 request claim=y amount=1 fair -> over_quota amount 1
2026-09-16T00:00 mdf 2026-Q3 claim claim=x amount=1 -> bad_state event void
2026-09-16T00:01 mdf 2026-Q3 request claim=y amount=100000 fair ->`)
}

// TestFinal checks that a final verdict is kept even if the current books would decide otherwise (FUND-2).
func TestFinal(t *testing.T) {
	t.Parallel()
	bk := world(t)
	bk.Money.Experts = nil
	apply := step(t, bk, 1, "2026-09-01T00:00 heads 2026-08 apply heads=9 amount=90000")
	refused := step(t, bk, 2, "2026-09-02T00:00 heads 2026-08 approve amount=1")
	apply.Final, refused.Final = true, true
	refused.Past = account.BadState("event", "listed")
	out, err := account.ReplayFunds(
		&account.FundInput{Books: bk, AsOf: at(t, bk.Zone, "2026-10-28"), Events: []account.FundEvent{refused, apply}},
	)
	if err != nil || out.Verdicts[0] != refused.Past || !out.Verdicts[1].Accepted() {
		t.Fatalf("%+v, %v", out, err)
	}
	if r := out.Rows[0]; r.State != account.FundInReview || r.Heads != 9 || r.Claimed.Trim() != "90000" {
		t.Errorf("%+v", r)
	}
}

// TestQuotaOfPerformance checks a quota of 3 % of the previous quarter's performance, at most 900.
func TestQuotaOfPerformance(t *testing.T) {
	t.Parallel()
	bk := world(t)
	bk.Money.Experts, bk.Money.FundQuotas = nil, nil
	f := &bk.Money.Funds[1]
	var err error
	if f.QuotaRate, err = money.ParseRate("0.03"); err != nil {
		t.Fatal(err)
	}
	f.OfPerformance, f.QuotaMax, f.HasQuotaMax = true, amount(t, "900"), true
	performance := map[string]string{
		"p 2026-04 2026-06": "12345.67",
		"p 2026-07 2026-09": "40000",
		"q 2026-04 2026-06": "-1",
	}
	in := &account.FundInput{Books: bk, AsOf: at(t, bk.Zone, "2026-10-28"),
		Performance: func(partner int32, first, last period.Cycle) (money.Amount, error) {
			text, ok := performance[fmt.Sprint(bk.Partners[partner].ID, " ", first, " ", last)]
			if !ok {
				text = "0"
			}
			return money.ParseAmount(text)
		}}
	out, err := account.ReplayFunds(in)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out.Rows {
		got = append(got, fmt.Sprint(bk.Partners[r.Partner].ID, " ", r.Period, " ", r.Quota.Trim()))
	}
	if strings.Join(got, ", ") != "p 2026-Q3 370.37, p 2026-Q4 900" {
		t.Errorf("%s", strings.Join(got, ", "))
	}
}
