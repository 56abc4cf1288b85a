package settings

import (
	"fmt"
	"strconv"

	"github.com/tollbook/tollbook/schemas/settings/yamldoc"
)

// Receivables is how what partners owe for a cycle is counted (§9.1).
type Receivables struct {
	SetOff bool // what was collected from a partner's customers reduces what is unpaid
}

// Invoice is what invoices say (§9.7).
type Invoice struct {
	Content string // what is sold, where the event does not say
}

// Always is the window of a channel whose recharges always go back the way they came.
const Always = -1

// Withdrawal is how withdrawals are paid (§9.6).
type Withdrawal struct {
	OriginalRoute *Windows // nil = none
}

// Windows is for how many months recharges go back the way they came, by signing entity and channel.
type Windows struct{ byEntity map[string]map[string]int }

// Of returns the windows of a signing entity, by channel.
func (w *Windows) Of(entity string) map[string]int {
	if w == nil {
		return nil
	}
	return w.byEntity[entity]
}

// partnerMoneyKeys are those of partners' money (§9).
func partnerMoneyKeys() []Key {
	return []Key{
		{Name: "incentive_payout", Type: "external | account", Default: "external", read: readIncentivePayout,
			Meaning: "account: incentives and funds that were paid are added to the rebate of the partner's account"},
		{Name: "statement_due_days", Type: "0 to 3650", Default: "30", read: readDueDays,
			Meaning: "days after the close time until which a partner's statement is to be paid"},
		{Name: "receivables.set_off", Type: "none | collected", Default: "none", read: readSetOff,
			Meaning: "collected: cash and stored value that paid a partner's lines reduce what it owes"},
		{
			Name:    "withdrawal.original_route",
			Type:    "{entity: {channel: months or always}}",
			Default: "{}",
			read:    readOriginalRoute,
			Meaning: "for how many months recharges go back the way they came, by signing_entity of partners.csv",
		},
		{Name: "invoice.content", Type: "text", Default: "Cloud services", read: readInvoiceContent,
			Meaning: "what invoices say is sold, where their event does not say"},
	}
}

func readIncentivePayout(s *Settings, m yamldoc.Map, key string) {
	s.IncentivePayout = m.Word(key, 0, []string{"external", "account"}) == 1
}

func readDueDays(s *Settings, m yamldoc.Map, key string) {
	s.StatementDueDays = m.Int(key, s.StatementDueDays, 0, 3650)
}

func readSetOff(s *Settings, m yamldoc.Map, key string) {
	s.Receivables.SetOff = m.Word(key, 0, []string{"none", "collected"}) == 1
}

func readInvoiceContent(s *Settings, m yamldoc.Map, key string) {
	s.Invoice.Content = m.Text(key, s.Invoice.Content)
}

// mapping is a value that maps names of one's own; nil, with a problem noted, for anything else.
func mapping(m yamldoc.Map, key string) []yamldoc.Pair {
	n := m.Get(key)
	if n == nil || n.Kind == yamldoc.Null {
		return nil
	}
	if n.Kind != yamldoc.Mapping {
		m.Fail(key, n, "", "%s, not a mapping", n.Kind)
		return nil
	}
	return n.Pairs
}

func readOriginalRoute(s *Settings, m yamldoc.Map, key string) {
	all := map[string]map[string]int{}
	for _, entity := range mapping(m, key) {
		if entity.Value.Kind != yamldoc.Mapping {
			m.Fail(
				key,
				&entity.Value,
				"write `{alipay: 3, transfer: always}`",
				"%s: not a mapping of channels",
				entity.Key,
			)
			continue
		}
		windows := map[string]int{}
		for _, e := range entity.Value.Pairs {
			months, err := parseWindow(e.Value.Text)
			if err != nil || e.Value.Kind != yamldoc.Scalar {
				m.Fail(key, &e.Value, "", "%s: %s: not a number of months, or always", entity.Key, e.Key)
				continue
			}
			windows[e.Key] = months
		}
		all[entity.Key] = windows
	}
	if len(all) > 0 {
		s.Withdrawal.OriginalRoute = &Windows{all}
	}
}

// parseWindow reads a number of months, or always.
func parseWindow(text string) (int, error) {
	if text == "always" {
		return Always, nil
	}
	n, err := strconv.Atoi(text)
	if err == nil && (n < 0 || n > 1200) {
		err = fmt.Errorf("%d: not from 0 to 1200", n)
	}
	return n, err
}
