package explain

import (
	"context"
	"fmt"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// withdrawal explains a withdrawal: its events, how it is paid, and which balances it changed (§9.6).
func (t *teller) withdrawal(context.Context) error {
	happened, err := t.happened("withdrawals", about(t.id))
	if err != nil || len(happened) == 0 {
		return err
	}
	t.story.PartnerID = happened[0].Partner
	counts, requested := map[string]bool{}, money.Amount{}
	var steps []string
	for _, e := range happened {
		t.feed(e)
		steps = append(steps, fmt.Sprintf("%s: %s", step(e), outcome(e)))
		if !e.Verdict.Accepted() {
			continue
		}
		counts[e.ID] = true
		if e.Type == "request" {
			requested = e.Amount
			t.story.PartnerID = e.Partner
			t.fact("source", e.Detail)
			t.fact("amount", e.Amount.Trim())
			t.times(e.Time, e.Instant)
		}
	}
	if len(counts) == 0 {
		t.fact("state", "none: no event of it counts")
	}
	t.part("events, in the order in which they take effect (§9.6)", steps...)
	if err := t.withdrawalParts(requested); err != nil {
		return err
	}
	t.fact("deadline", "none: time alone does not change it")
	list, err := t.postings(func(id string) bool { return counts[id] })
	if err != nil {
		return err
	}
	for _, one := range entries(list) {
		if first := &one[0]; strings.HasPrefix(first.kind, "withdraw_") && first.partner == t.story.PartnerID {
			t.part(fmt.Sprintf("%s, %s", first.time, ruleOf(first.kind, false)), texts(one)...)
		}
	}
	return nil
}

// withdrawalParts explains the parts in which the amount is paid, and compares it with their sum.
func (t *teller) withdrawalParts(requested money.Amount) error {
	var sum money.AmountTotal
	var steps []string
	err := query.EachCouponRow(t.src.Snap, tables.Withdrawals(), func(r rows.Row[tables.Withdrawal]) error {
		if string(r.Text(tables.WithdrawalWithdrawalID)) != t.id {
			return nil
		}
		a, err := r.Amount(tables.WithdrawalAmount)
		if err != nil {
			return err
		}
		if len(steps) == 0 {
			t.fact("state", r.Word(tables.WithdrawalState))
			if at := r.MaybeTime(tables.WithdrawalDecided); at != tables.Nothing {
				t.fact("decided", at.String())
			}
		}
		text := "to the bank: no recharge with a window is left for it"
		switch r.Word(tables.WithdrawalRoute) {
		case "original":
			text = fmt.Sprintf("back by %s, the way of recharge %s (`tollbook explain account/%s`)",
				r.Word(tables.WithdrawalChannel), r.Text(tables.WithdrawalRechargeID),
				r.Text(tables.WithdrawalRechargeID))
		case "rebate":
			text = "of the rebate, to the bank"
		}
		steps = append(steps, fmt.Sprintf("%s %s", a.Trim(), text))
		return sum.Add(a)
	})
	if err != nil || len(steps) == 0 {
		return err
	}
	all, err := sum.Amount()
	t.story.Agrees = all == requested
	t.part("how it is paid: recharges that go back the way they came, newest first, the rest to the bank (§9.6)",
		steps...)
	return err
}
