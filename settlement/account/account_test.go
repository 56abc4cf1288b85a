package account_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	"github.com/tollbook/tollbook/settlement/account"
)

var partners = []string{"d", "r"}

// read parses an entry such as `2026-01-10 recharge d 1000 wechat`. Words after the amount depend on the type.
func read(t *testing.T, zone *period.Zone, id int, line string) account.Entry {
	t.Helper()
	words := strings.Fields(line)
	at, err := period.ParseValidity(words[0], zone)
	if err != nil {
		t.Fatal(err)
	}
	e := account.Entry{ID: fmt.Sprintf("e%02d", id), To: -1, Partner: int32(slices.Index(partners, words[2]))}
	e.Time, e.Instant = at, at
	if len(words) > 3 && words[3] != "-" {
		if e.Amount, err = money.ParseAmount(words[3]); err != nil {
			t.Fatal(err)
		}
	}
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	var ok bool
	if e.Type, ok = account.ParseType(words[1]); ok {
		switch {
		case e.Type == account.Recharge:
			e.Channel = word(4)
		case word(4) != "" && slices.Contains(partners, word(4)):
			e.To, e.Other, e.From = int32(slices.Index(partners, word(4))), word(4), words[2]
		case word(4) != "":
			e.Fact, e.Other = true, word(4)
		}
		return e
	}
	if e.Type, ok = account.ParseWithdrawal(words[1]); ok {
		e.Withdrawal, e.Rebate = word(4), word(5) == "rebate"
		e.Windows = account.Routes{"alipay": 3, "transfer": account.Always}
		return e
	}
	e.Fact = true
	e.Type = map[string]account.Type{"order": account.Order, "refund": account.Refund, "fund": account.Fund}[words[1]]
	return e
}

// input has entries in any order.
type input struct {
	zone    *period.Zone
	entries []account.Entry
}

// result has the outcome of replaying entries.
type result struct {
	verdicts    []account.Verdict // in the order of the input
	postings    []posting         // in the order in which entries take effect
	withdrawals []*account.Withdrawal
	balances    map[int32][4]money.Amount
}

// posting is a posting of the entry with the given index.
type posting struct {
	account.Posting
	entry int
}

// run replays entries in their required order.
func run(t *testing.T, in *input) *result {
	t.Helper()
	order := make([]int, len(in.entries))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return account.Compare(&in.entries[a], &in.entries[b]) })
	out := &result{verdicts: make([]account.Verdict, len(in.entries))}
	r := account.NewReplay(in.zone)
	for _, i := range order {
		v, postings, err := r.Next(&in.entries[i])
		if err != nil {
			t.Fatal(err)
		}
		out.verdicts[i] = v
		for _, p := range postings {
			out.postings = append(out.postings, posting{p, i})
		}
	}
	out.withdrawals, out.balances = r.Withdrawals(), r.Balances()
	return out
}

// replay replays lines of the form `entry -> verdict` and returns the postings and withdrawals as text.
func replay(t *testing.T, script string, change func(*account.Entry)) (*result, string) {
	t.Helper()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	in := &input{zone: zone}
	var want []string
	for i, line := range strings.Split(strings.TrimSpace(script), "\n") {
		entry, decided, _ := strings.Cut(line, "->")
		e := read(t, zone, i, entry)
		if change != nil {
			change(&e)
		}
		in.entries = append(in.entries, e)
		want = append(want, strings.TrimSpace(decided))
	}
	out := run(t, in)
	for i, v := range out.verdicts {
		if got := strings.TrimSpace(v.Why.String() + " " + v.Column + " " + v.Value); got != want[i] {
			t.Errorf("%s: %q, want %q", in.entries[i].ID, got, want[i])
		}
	}
	holdInvariants(t, in, out)
	text := describe(in, out)
	slices.Reverse(in.entries) // ACCT-1
	for _, e := range in.entries {
		if e.Unpaid != nil {
			e.Unpaid.Paid = money.Amount{}
		}
	}
	again := run(t, in)
	if got := describe(in, again); got != text {
		t.Errorf("with the entries in reverse:\n%s\nnot:\n%s", got, text)
	}
	slices.Reverse(in.entries)
	return out, text
}

// describe returns postings and withdrawals as text.
func describe(in *input, out *result) string {
	var text strings.Builder
	for _, p := range out.postings {
		e := in.entries[p.entry]
		fmt.Fprintln(&text, e.ID, partners[p.Partner], e.Type, p.Other+"|", p.Balance, p.Amount.Trim(), p.After.Trim())
	}
	for _, w := range out.withdrawals {
		for _, part := range w.Parts {
			fmt.Fprintln(&text, w.ID, w.State, part.Route, part.RechargeID+"|"+part.Channel+"|", part.Amount.Trim())
		}
	}
	return text.String()
}

// holdInvariants checks that a result satisfies ACCT-2, ACCT-5, ACCT-6 and ACCT-7.
func holdInvariants(t *testing.T, in *input, out *result) {
	t.Helper()
	add := func(a, b money.Amount) money.Amount {
		sum, err := a.Add(b)
		if err != nil {
			t.Fatal(err)
		}
		return sum
	}
	type place struct {
		partner int32
		balance account.Balance
	}
	after := make(map[place]money.Amount)
	between := make(map[int]money.Amount) // sum of the postings of an allocation between two partners
	for _, p := range out.postings {
		e := &in.entries[p.entry]
		at := place{p.Partner, p.Balance}
		if after[at] = add(after[at], p.Amount); after[at] != p.After {
			t.Errorf("%s: %s after it is %s, want %s (ACCT-2)", e.ID, p.Balance, p.After.Trim(), after[at].Trim())
		}
		if !out.verdicts[p.entry].Accepted() {
			t.Errorf("%s: rejected, and posts %s (ACCT-7)", e.ID, p.Amount.Trim())
		}
		if e.To >= 0 {
			between[p.entry] = add(between[p.entry], p.Amount)
		}
	}
	for i, sum := range between {
		if sum.Sign() != 0 {
			t.Errorf("%s: the two sides add up to %s (ACCT-5)", in.entries[i].ID, sum.Trim())
		}
	}
	for _, w := range out.withdrawals {
		var sum money.Amount
		for _, part := range w.Parts {
			sum = add(sum, part.Amount)
		}
		if sum != w.Amount {
			t.Errorf("%s: the parts add up to %s, want %s (ACCT-6)", w.ID, sum.Trim(), w.Amount.Trim())
		}
	}
}

func expect(t *testing.T, got, want string) {
	t.Helper()
	var lines []string
	for _, line := range strings.Split(strings.TrimSpace(want), "\n") {
		lines = append(lines, strings.TrimSpace(line))
	}
	if want := strings.Join(lines, "\n"); strings.TrimSpace(got) != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// TestAllocations checks a distributor that recharges, allocates to its reseller and reclaims. The reseller's used
// credit is repaid before its cash grows. An order always takes effect and can make cash negative; an event is rejected
// instead (ACCT-3).
func TestAllocations(t *testing.T) {
	t.Parallel()
	out, text := replay(t, `
2026-01-01 credit_limit r 100 ->
2026-01-02 recharge d 1000 transfer ->
2026-01-03 allocate d 1000.01 r -> insufficient_balance amount 1000.01
2026-01-04 allocate d 400 r ->
2026-01-05 reclaim d 400.01 r -> insufficient_balance amount 400.01
2026-01-06 reclaim d 150 r ->
2026-01-07 allocate r 300 acme ->
2026-01-08 recharge r 70 transfer ->
2026-01-09 convert_rebate r 1 -> insufficient_balance amount 1
2026-01-10 fund r 30 ->
2026-01-11 convert_rebate r 30 ->
2026-01-12 reclaim r 10 acme ->`, nil)
	expect(t, text, `
		e00 r credit_limit | credit 100 100
		e01 d recharge | cash 1000 1000
		e03 d allocate r| cash -400 600
		e03 r allocate d| cash 400 400
		e05 r reclaim d| cash -150 250
		e05 d reclaim r| cash 150 750
		e06 r allocate acme| cash -300 -50
		e07 r recharge | cash 70 20
		e09 r fund | rebate 30 30
		e10 r convert_rebate | cash 30 50
		e10 r convert_rebate | rebate -30 0
		e11 r reclaim acme| cash 10 60`)
	if got := out.balances[1]; got[account.Cash].Trim() != "60" || got[account.Credit].Trim() != "100" {
		t.Errorf("balances of r: %v", got)
	}
}

// TestStatementPayment checks that a statement is paid from cash, then from credit, and a recharge repays credit first.
// A limit below the used credit leaves nothing until it is repaid: 80 used, limit 50, 40 repaid: 40 used, 10 left.
func TestStatementPayment(t *testing.T) {
	t.Parallel()
	owed, err := money.ParseAmount("120")
	if err != nil {
		t.Fatal(err)
	}
	september := &account.Receivable{Amount: owed}
	_, text := replay(t, `
2026-10-01 recharge d 20 transfer ->
2026-10-02 statement_payment d 10 open -> bad_state type open
2026-10-03 statement_payment d 120.01 -> over_invoiced amount 120.01
2026-10-04 statement_payment d 20.01 -> insufficient_balance amount 20.01
2026-10-05 credit_limit d 100 ->
2026-10-06 statement_payment d 100 ->
2026-10-07 statement_payment d 20.01 -> over_invoiced amount 20.01
2026-10-08 credit_limit d 50 ->
2026-10-09 recharge d 40 transfer ->
2026-10-10 recharge d 45 transfer ->
2026-10-11 statement_payment d 20 ->`, func(e *account.Entry) {
		if e.Type == account.StatementPayment {
			e.Fact = false
			if e.Other == "" {
				e.Unpaid = september
			}
			e.Other = ""
		}
	})
	expect(t, text, `
		e00 d recharge | cash 20 20
		e04 d credit_limit | credit 100 100
		e05 d statement_payment | cash -20 0
		e05 d statement_payment | credit -80 20
		e07 d credit_limit | credit -20 0
		e08 d recharge | credit 10 10
		e09 d recharge | cash 5 5
		e09 d recharge | credit 40 50
		e10 d statement_payment | cash -5 0
		e10 d statement_payment | credit -15 35`)
}

// TestWithdrawalRoutes checks recharges of 1000 by wechat, 600 by alipay and 400 by transfer, of which 1200 are spent,
// oldest first: 400 of alipay and 400 of transfer are left.
func TestWithdrawalRoutes(t *testing.T) {
	t.Parallel()
	base := `
2026-01-10 recharge d 1000 wechat ->
2026-05-10 recharge d 600 alipay ->
2026-06-10 recharge d 400 transfer ->
2026-06-20 order d -1200 ->
`
	_, text := replay(t, base+`2026-07-10 request d 700 w1 ->`, nil)
	want := "w1 requested original e02|transfer| 400\nw1 requested original e01|alipay| 300\n"
	if !strings.HasSuffix(text, want) {
		t.Errorf("in July: %s", text)
	}
	_, text = replay(t, base+`2026-08-10 request d 700 w1 ->`, nil)
	want = "w1 requested original e02|transfer| 400\nw1 requested bank || 300\n"
	if !strings.HasSuffix(text, want) {
		t.Errorf("three months after the recharge, to the instant: %s", text)
	}
}

// TestSpentLayer checks that a layer that is spent completely is removed: a withdrawal has no part of it, even if the
// same order spent a part of the next layer.
func TestSpentLayer(t *testing.T) {
	t.Parallel()
	_, text := replay(t, `
2026-01-01 recharge d 10 transfer ->
2026-01-02 recharge d 10 wechat ->
2026-01-03 order d -15 ->
2026-01-04 request d 5 w1 ->`, nil)
	if !strings.HasSuffix(text, "frozen 5 5\nw1 requested bank || 5\n") {
		t.Errorf("after the first recharge was spent: %s", text)
	}
}

// TestWithdrawalLife checks that frozen money is not part of cash, and that returned money keeps its age: it is spent
// before later money.
func TestWithdrawalLife(t *testing.T) {
	t.Parallel()
	_, text := replay(t, `
2026-01-01 recharge d 100 transfer ->
2026-01-02 recharge d 50 alipay ->
2026-01-03 request d 150.01 w1 -> insufficient_balance amount 150.01
2026-01-04 request d 120 w1 ->
2026-01-05 request d 10 w2 -> bad_state event requested
2026-01-05 done d - w1 -> bad_state event requested
2026-01-06 approve r - w1 -> bad_state event none
2026-01-07 approve d - w1 ->
2026-01-08 request d 10 w2 -> bad_state event approved
2026-01-09 failed d - w1 ->
2026-01-10 order d -40 ->
2026-01-11 request d 110 w2 ->
2026-01-12 approve d - w2 ->
2026-01-13 done d - w2 ->
2026-01-14 refuse d - w2 -> bad_state event done
2026-01-15 fund d 9 ->
2026-01-16 request d 9 w3 rebate ->
2026-01-17 refuse d - w3 ->
2026-01-18 request d 1 w3 -> bad_state event refused`, nil)
	expect(t, text, `
		e00 d recharge | cash 100 100
		e01 d recharge | cash 50 150
		e03 d withdraw_request | cash -120 30
		e03 d withdraw_request | frozen 120 120
		e09 d withdraw_back | cash 120 150
		e09 d withdraw_back | frozen -120 0
		e10 d order | cash -40 110
		e11 d withdraw_request | cash -110 0
		e11 d withdraw_request | frozen 110 110
		e13 d withdraw_done | frozen -110 0
		e15 d fund | rebate 9 9
		e16 d withdraw_request | rebate -9 0
		e16 d withdraw_request | frozen 9 9
		e17 d withdraw_back | rebate 9 9
		e17 d withdraw_back | frozen -9 0
		w1 failed original e01|alipay| 50
		w1 failed original e00|transfer| 70
		w2 done original e01|alipay| 50
		w2 done original e00|transfer| 60
		w3 refused rebate || 9`)
}

// TestOrderAtOneInstant checks the order of entries at the same instant: limits, recharges, allocations and payments,
// withdrawals.
func TestOrderAtOneInstant(t *testing.T) {
	t.Parallel()
	_, text := replay(t, `
2026-01-01 request d 30 w1 ->
2026-01-01 order d -20 ->
2026-01-01 allocate d 50 r ->
2026-01-01 recharge d 100 transfer ->
2026-01-01 credit_limit d 5 ->`, nil)
	expect(t, text, `
		e04 d credit_limit | credit 5 5
		e03 d recharge | cash 100 100
		e02 d allocate r| cash -50 50
		e02 r allocate d| cash 50 50
		e01 d order | cash -20 30
		e00 d withdraw_request | cash -30 0
		e00 d withdraw_request | frozen 30 30
		w1 requested original e03|transfer| 30`)
}

// TestEntriesInOrder checks that an entry that should precede an earlier one is an error. Invariant: ACCT-1.
func TestEntriesInOrder(t *testing.T) {
	t.Parallel()
	zone, err := period.LoadZone("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	r := account.NewReplay(zone)
	for i, e := range []account.Entry{
		{ID: "b", Type: account.Recharge, To: -1, Stamp: account.Stamp{Time: 1, Instant: 5}},
		{ID: "a", Type: account.Allocate, To: -1, Stamp: account.Stamp{Time: 1, Instant: 5}},
		{ID: "c", Type: account.Recharge, To: -1, Stamp: account.Stamp{Time: 1, Instant: 5}},
	} {
		if _, _, err := r.Next(&e); (err != nil) != (i == 2) {
			t.Errorf("entry %s: %v", e.ID, err)
		}
	}
}
