package explain

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/intake/accept"
	"github.com/tollbook/tollbook/pipeline/intake/feed"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
	"github.com/tollbook/tollbook/settlement/account"
)

// partnerPosting is a row of the table partner_accounts.
type partnerPosting struct {
	partner, kind, other string
	time                 period.Instant
	text                 string
}

// entries groups rows by entry. Rows of one entry are consecutive.
func entries(list []partnerPosting) [][]partnerPosting {
	return slices.Collect(func(yield func([]partnerPosting) bool) {
		for len(list) > 0 {
			first, n := list[0], 1
			for n < len(list) && list[n].partner == first.partner && list[n].kind == first.kind &&
				list[n].other == first.other && list[n].time == first.time {
				n++
			}
			if !yield(list[:n:n]) {
				return
			}
			list = list[n:]
		}
	})
}

// texts returns the texts of the rows of an entry.
func texts(list []partnerPosting) []string {
	out := make([]string, len(list))
	for i := range list {
		out[i] = list[i].text
	}
	return out
}

// postings returns the rows of partner_accounts with a selected entry_id.
func (t *teller) postings(wanted func(id string) bool) ([]partnerPosting, error) {
	var out []partnerPosting
	err := query.EachCouponRow(t.src.Snap, tables.PartnerAccounts(), func(r rows.Row[tables.PartnerAccount]) error {
		if !wanted(string(r.Text(tables.PartnerAccountEntryID))) {
			return nil
		}
		amount, err := r.Amount(tables.PartnerAccountAmount)
		if err != nil {
			return err
		}
		after, err := r.Amount(tables.PartnerAccountBalanceAfter)
		if err != nil {
			return err
		}
		before, err := after.Sub(amount)
		if err != nil {
			return err
		}
		p := partnerPosting{partner: r.Word(tables.PartnerAccountPartnerID), kind: r.Word(tables.PartnerAccountType),
			other: r.Word(tables.PartnerAccountCounterpartyID), time: r.Time(tables.PartnerAccountTime)}
		p.text = fmt.Sprintf("%s: %s before, %s, %s after", r.Word(tables.PartnerAccountBalanceType), before.Trim(),
			signed(amount.Trim()), after.Trim())
		out = append(out, p)
		return nil
	})
	return out, err
}

// signed formats an amount with its sign.
func signed(amount string) string {
	if strings.HasPrefix(amount, "-") {
		return amount
	}
	return "+" + amount
}

// account explains how an event or a line changed accounts of partners (§9.1).
func (t *teller) account(ctx context.Context) error {
	list, err := t.postings(func(id string) bool { return id == t.id })
	if err != nil {
		return err
	}
	for _, name := range []string{"partner_accounts", "withdrawals", "fund_events"} {
		happened, err := t.happened(name, bears(t.id))
		if err != nil {
			return err
		}
		for _, e := range happened {
			if err := t.accountEvent(e, list); err != nil {
				return err
			}
		}
	}
	for _, one := range entries(list) {
		if err := t.entry(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// accountEvent adds the facts of an event of a feed about partners' money. An event of fund_events changes an account
// only if it pays a fund.
func (t *teller) accountEvent(e *accept.MoneyEvent, list []partnerPosting) error {
	if e.Feed == "fund_events" && len(list) == 0 {
		return nil
	}
	t.feed(e)
	if t.story.PartnerID == "" {
		t.story.PartnerID = e.Partner
	}
	t.fact("event", fmt.Sprintf("%s of %s", e.Type, e.Feed))
	t.fact("state", outcome(e))
	t.times(e.Time, e.Instant)
	if !e.Amount.IsZero() || e.Type == accept.CreditLimit {
		t.fact("amount", e.Amount.Trim())
	}
	switch {
	case e.Feed == "withdrawals":
		t.fact("withdrawal", fmt.Sprintf("`tollbook explain withdrawal/%s` explains it", e.Subject))
	case e.Type == accept.Recharge:
		t.fact("channel", e.Detail)
		t.fact("deadline", t.window(e))
	case e.Type == "statement_payment":
		if err := t.receivable(e); err != nil {
			return err
		}
	default:
		t.fact("deadline", "none")
	}
	if len(list) > 0 {
		return nil
	}
	text := "it moved no balance"
	if !e.Verdict.Accepted() {
		text = "a rejected event changes nothing"
	}
	t.part(ruleOf(e.Type, false), text)
	return nil
}

// window describes until when a recharge is withdrawn by the way it came. This depends on the signing entity in force
// at the request (§9.6), so it is described for each entity of the partner.
func (t *teller) window(e *accept.MoneyEvent) string {
	var entities []string
	code := t.src.Books.Partner(e.Partner)
	if code < 0 {
		return "none: books/partners.csv no longer has the partner"
	}
	for _, row := range t.src.Books.Partners[code].Rows {
		if entity := cmp.Or(row.SigningEntity, "default"); !slices.Contains(entities, entity) {
			entities = append(entities, entity)
		}
	}
	if len(entities) == 1 {
		return t.windowOf(e, entities[0])
	}
	var list []string
	for _, entity := range entities {
		list = append(list, fmt.Sprintf("requested while the signing entity is %s: %s", entity, t.windowOf(e, entity)))
	}
	return strings.Join(list, "; ")
}

// windowOf describes the window of a recharge for one signing entity.
func (t *teller) windowOf(e *accept.MoneyEvent, entity string) string {
	months, has := t.src.Settings.Withdrawal.OriginalRoute.Of(entity)[e.Detail]
	switch {
	case !has:
		return "none: a withdrawal of it goes to the bank"
	case months == account.Always:
		return "none: a withdrawal of it always goes back the way it came"
	}
	return fmt.Sprintf("a withdrawal of it that is requested before %s goes back the way it came",
		t.src.Books.Zone.MonthsAfter(e.Time, months))
}

// receivable describes what a statement payment pays (§9.1).
func (t *teller) receivable(e *accept.MoneyEvent) error {
	t.fact("pays", "the statement of "+e.Scope)
	return query.EachCouponRow(t.src.Snap, tables.Receivables(), func(r rows.Row[tables.Receivable]) error {
		if r.Word(tables.ReceivableCycle) != e.Scope || r.Word(tables.ReceivablePartnerID) != e.Partner {
			return nil
		}
		var amounts [3]string
		for i, column := range []tables.AmountColumn[tables.Receivable]{tables.ReceivableAmount,
			tables.ReceivablePaidAmount, tables.ReceivableUnpaidAmount} {
			a, err := r.Amount(column)
			if err != nil {
				return err
			}
			amounts[i] = a.Trim()
		}
		t.fact("owed", fmt.Sprintf("%s, of which all payments paid %s; unpaid is %s", amounts[0], amounts[1],
			amounts[2]))
		t.fact("deadline", "it is due on "+r.Word(tables.ReceivableDueDate))
		return nil
	})
}

// entry explains one entry of the table partner_accounts, which has a row for each balance that it changed.
func (t *teller) entry(ctx context.Context, list []partnerPosting) error {
	first := &list[0]
	if t.story.PartnerID == "" {
		t.story.PartnerID = first.partner
	}
	customer := first.other != "" && t.src.Books.Partner(first.other) < 0
	if err := t.source(ctx, first, customer); err != nil {
		return err
	}
	title := fmt.Sprintf("partner %s, %s", first.partner, ruleOf(first.kind, customer))
	if first.other != "" {
		title = fmt.Sprintf("partner %s, counterparty %s, %s", first.partner, first.other, ruleOf(first.kind, customer))
	}
	t.part(title, texts(list)...)
	return nil
}

// source finds the feed rows of an entry that does not come from a feed about partners' money.
func (t *teller) source(ctx context.Context, p *partnerPosting, customer bool) (err error) {
	var found []Origin
	switch {
	case p.kind == "order" || p.kind == "refund":
		cut := max(strings.LastIndexByte(t.id, '/'), 0)
		lines := []string{strings.TrimPrefix(t.id[cut:], "/")}
		if lines[0] == "1" {
			lines = append(lines, "") // the default of the column
		}
		found, err = FeedRows(ctx, t.src, feed.OrdersSpec(), map[string][]string{"order_id": {t.id[:cut]},
			"order_line": lines, "status": {""}})
		t.fact("line", fmt.Sprintf("`tollbook explain %s --customer %s` explains it", t.id, p.other))
	case p.kind == "incentive":
		found, err = FeedRows(ctx, t.src, feed.IncentiveEventsSpec(), map[string][]string{"event_id": {t.id}})
	case customer:
		found, err = FeedRows(ctx, t.src, feed.AccountsSpec(), map[string][]string{"event_id": {t.id}})
		t.fact("customer", p.other)
	default: // its event has been described
		return nil
	}
	t.fact("event", p.kind)
	t.fact("state", "accepted")
	t.fact("takes effect", p.time.String())
	t.fact("deadline", "none")
	t.story.Feeds = append(t.story.Feeds, found...)
	return err
}

// ruleOf returns the rule by which entries of a type change balances.
func ruleOf(kind string, customer bool) string {
	if customer {
		switch kind {
		case "allocate":
			return "allocate: what a reseller's customer receives is paid from the reseller's cash (§9.1)"
		case "reclaim":
			return "reclaim: what is taken back from a reseller's customer is the reseller's cash again (§9.1)"
		}
	}
	if text, ok := map[string]string{
		"recharge":          "used credit is given back first, the rest is added to cash (§9.1)",
		"allocate":          "cash of a distributor is a recharge of its reseller (§9.1)",
		"reclaim":           "cash of a reseller is its distributor's again (§9.1)",
		"convert_rebate":    "rebate becomes cash (§9.1)",
		"statement_payment": "cash pays the statement of a closed cycle, then credit (§9.1)",
		"credit_limit":      "credit is the new limit less what is used of it, and not below 0 (§9.1)",
		"order":             "cash pays the line of an order of a customer (§9.1)",
		"refund":            "cash receives what the line of an order is refunded (§9.1)",
		"incentive":         "an incentive that is paid is added to the rebate (§6.5, §9.1)",
		"fund":              "a fund that is paid is added to the rebate (§9.1, §9.4, §9.5)",
		"withdraw_request":  "the amount is frozen (§9.6)",
		"withdraw_back":     "a withdrawal that is refused or failed is not frozen any more (§9.6)",
		"withdraw_done":     "the frozen amount leaves the account (§9.6)",
		"request":           "the amount is frozen (§9.6)",
		"approve":           "an approval moves no balance (§9.6)",
		"refuse":            "a withdrawal that is refused is not frozen any more (§9.6)",
		"failed":            "a withdrawal that failed is not frozen any more (§9.6)",
		"done":              "the frozen amount leaves the account (§9.6)",
	}[kind]; ok {
		return kind + ": " + text
	}
	return kind + " (§9.1)"
}
