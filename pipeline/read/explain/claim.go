package explain

import (
	"context"
	"fmt"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// claim explains a claim of a marketing fund: its events, with its state and the amount of the quota that it reserves
// before and after each (§9.5).
func (t *teller) claim(context.Context) error {
	happened, err := t.happened("fund_events", about(t.id))
	if err != nil || len(happened) == 0 {
		return err
	}
	c := &claimSteps{books: t.src.Books, state: account.NoFundState}
	if c.kept, err = keptAmounts(t.src.Snap, tables.FactReserved); err != nil {
		return err
	}
	var steps []string
	for _, e := range happened {
		t.feed(e)
		text := fmt.Sprintf("%s: %s", step(e), outcome(e))
		if e.Verdict.Accepted() {
			if text, err = c.happen(e); err != nil {
				return err
			}
		}
		steps = append(steps, text)
	}
	first := happened[0]
	if c.request != nil {
		first = c.request
	}
	t.story.PartnerID = first.Partner
	t.fact("programme", first.Scope)
	t.fact("period", first.Period)
	t.fact("quota", fmt.Sprintf("`tollbook explain fund/%s/%s/%s` explains it", first.Partner, first.Scope,
		first.Period))
	if c.request == nil {
		t.fact("state", "none: no request of it counts")
	}
	t.part("events, in the order in which they take effect: a claim reserves its share of the cost (§9.5)", steps...)
	return t.claimRow(c)
}

// keptAmounts returns the amounts of a kind that closed cycles store, by event_id.
func keptAmounts(snap *lake.Snapshot, kind string) (map[string]money.Amount, error) {
	out := map[string]money.Amount{}
	err := query.EachCouponRow(snap, tables.PartnerFacts(), func(r rows.Row[tables.PartnerFact]) (err error) {
		if r.Word(tables.PartnerFactKind) == kind {
			out[string(r.Text(tables.PartnerFactID))], err = r.Amount(tables.PartnerFactAmount)
		}
		return err
	})
	return out, err
}

// claimSteps is the state of a claim between its events.
type claimSteps struct {
	books    *books.Books
	state    account.FundState
	request  *accept.MoneyEvent
	reserved money.Amount
	kept     map[string]money.Amount // reserved after events of closed cycles, by event_id
}

// happen applies a counting event and describes what it changes.
func (c *claimSteps) happen(e *accept.MoneyEvent) (string, error) {
	kind, err := account.ParseFundKind(e.Type)
	if err != nil {
		return "", err
	}
	was, before := c.state, c.reserved
	if next := account.AfterClaim(c.state, kind); next != account.NoFundState {
		c.state = next
	}
	if kind == account.FundRequest {
		c.request = e
	}
	text := fmt.Sprintf("%s: %s → %s", step(e), was, c.state)
	at, partner := c.books.Money.FundNamed(e.Scope), c.books.Partner(e.Partner)
	if c.request == nil || at < 0 || partner < 0 {
		return text, nil
	}
	activity := c.request.Detail
	share, _ := c.books.Money.Funds[at].Activity(activity)
	switch kind {
	case account.FundRequest, account.FundApprove, account.FundClaim:
		part, err := account.FundShare(c.books, at, partner, activity, e.Amount)
		if err != nil {
			return "", err
		}
		how := fmt.Sprintf("= %s × %s", share.Trim(), e.Amount.Trim())
		if c.reserved = part; kind != account.FundRequest && before.Cmp(part) < 0 {
			c.reserved = before
			how = fmt.Sprintf("because %s × %s is more: %s", share.Trim(), e.Amount.Trim(), part.Trim())
		}
		if kept, closed := c.kept[e.ID]; closed && kept != c.reserved {
			c.reserved, how = kept, "as it was when the cycle was closed"
		}
		return fmt.Sprintf("%s; %s %s", text, change("reserved", before, c.reserved), how), nil
	case account.FundRefuse:
		c.reserved = money.Amount{}
		return fmt.Sprintf("%s; %s", text, change("reserved", before, c.reserved)), nil
	case account.FundHold:
		return text + "; activity on " + e.Note, nil
	case account.FundPaid:
		return fmt.Sprintf("%s; %s is paid", text, c.reserved.Trim()), nil
	}
	return text, nil
}

// claimRow describes the row of the table, and compares it with the events.
func (t *teller) claimRow(c *claimSteps) error {
	return query.EachCouponRow(t.src.Snap, tables.Funds(), func(r rows.Row[tables.Fund]) error {
		if string(r.Text(tables.FundClaimID)) != t.id {
			return nil
		}
		state := r.Word(tables.FundState)
		t.fact("state", state)
		for _, one := range [...]struct {
			name   string
			column tables.AmountColumn[tables.Fund]
		}{{"approved cost", tables.FundApprovedAmount}, {"cost spent", tables.FundClaimedAmount}, {"paid",
			tables.FundPaidAmount}} {
			a, err := r.Amount(one.column)
			if err != nil {
				return err
			}
			if !a.IsZero() {
				t.fact(one.name, a.Trim())
			}
		}
		reserved, err := r.Amount(tables.FundReservedAmount)
		if err != nil {
			return err
		}
		if state == account.FundVoid.String() && c.state != account.FundVoid {
			t.part("time (§9.5)", fmt.Sprintf("the deadline of state %s passed: %s → %s; %s", c.state, c.state, state,
				change("reserved", c.reserved, reserved)))
			c.state, c.reserved = account.FundVoid, money.Amount{}
		}
		t.fact("reserved", reserved.Trim())
		deadline, err := deadlineOf(r)
		if err != nil {
			return err
		}
		t.fact("deadline", deadline)
		t.story.Agrees = state == c.state.String() && reserved == c.reserved
		return nil
	})
}
