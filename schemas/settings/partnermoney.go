package settings

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/tollbook/tollbook/schemas/money"
)

// Receivables says how partners' debts for a cycle are calculated (§9.1).
type Receivables struct {
	SetOff bool // amounts collected from a partner's customers reduce what the partner has to pay
}

// Invoice configures the contents of invoices (§9.7).
type Invoice struct {
	Content string // description of what is sold, if the event has none
}

// Always is the window of a channel whose recharges are always paid back by their original route.
const Always = -1

// Withdrawal says how withdrawals are paid (§9.6).
type Withdrawal struct {
	OriginalRoute *Windows // nil = none
}

// Windows says for how many months recharges are paid back by their original route, by signing entity and channel.
type Windows struct{ byEntity map[string]map[string]int }

// Of returns the windows of a signing entity, by channel.
func (w *Windows) Of(entity string) map[string]int {
	if w == nil {
		return nil
	}
	return w.byEntity[entity]
}

// TestCoupons limits the test coupons of partners' solutions (§9.3). The zero value means the contract's ceilings and
// three months.
type TestCoupons struct {
	ceilings *[]ceiling // nil = the contract's; a pointer, so that settings compare with ==
	months   int        // 0 = three
}

type ceiling struct {
	level  string
	amount money.Amount
}

// Months is the validity of test coupons.
func (t *TestCoupons) Months() int { return cmp.Or(t.months, 3) }

// Ceiling is the most that a solution of a level can receive in total; ok is false for a level without one.
func (t *TestCoupons) Ceiling(level string) (most money.Amount, ok bool) {
	list := contractCeilings()
	if t.ceilings != nil {
		list = *t.ceilings
	}
	for _, c := range list {
		if c.level == level {
			return c.amount, true
		}
	}
	return most, false
}

func contractCeilings() []ceiling {
	of := func(units uint64) money.Amount {
		a, _ := money.AmountFromRaw(0, units*100_000_000)
		return a
	}
	return []ceiling{{"basic", of(20_000)}, {"certified", of(100_000)}, {"advanced", of(300_000)}}
}

func readTestMonths(s *Settings, m YAMLMap, key string) {
	if n := m.Int(key, 3, 1, 120); n != 3 {
		s.TestCoupons.months = n
	}
}

func readCeilings(s *Settings, m YAMLMap, key string) {
	if m.Get(key) == nil {
		return
	}
	list := []ceiling{}
	for _, p := range mapping(m, key) {
		a, err := money.ParseAmount(p.Value.Text)
		if err != nil || a.Sign() < 0 || p.Value.Kind != YAMLScalar {
			m.Fail(key, &p.Value, "", "%s: not an amount", p.Key)
			continue
		}
		list = append(list, ceiling{p.Key, a})
	}
	if !slices.Equal(list, contractCeilings()) {
		s.TestCoupons.ceilings = &list
	}
}

// KeepsPartnersMoney reports whether a setting requires the tables of partners' money: incentives are paid out, or
// receivables, withdrawals or test coupons differ from the default.
func (s *Settings) KeepsPartnersMoney() bool {
	return s.IncentivePayout || s.Receivables != (Receivables{}) || s.Withdrawal != (Withdrawal{}) ||
		s.TestCoupons != (TestCoupons{})
}

// partnerMoneyKeys are the keys of partners' money (§9).
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
		{Name: "test_coupons.ceilings", Type: "{level: amount}", read: readCeilings,
			Default: `{basic: "20000", certified: "100000", advanced: "300000"}`,
			Meaning: "most that a solution of a level receives in test coupons over all time"},
		{Name: "test_coupons.months", Type: "1 to 120", Default: "3", read: readTestMonths,
			Meaning: "validity of test coupons"},
	}
}

func readIncentivePayout(s *Settings, m YAMLMap, key string) {
	s.IncentivePayout = m.Word(key, 0, []string{"external", "account"}) == 1
}

func readDueDays(s *Settings, m YAMLMap, key string) {
	s.StatementDueDays = m.Int(key, s.StatementDueDays, 0, 3650)
}

func readSetOff(s *Settings, m YAMLMap, key string) {
	s.Receivables.SetOff = m.Word(key, 0, []string{"none", "collected"}) == 1
}

func readInvoiceContent(s *Settings, m YAMLMap, key string) {
	s.Invoice.Content = m.Text(key, s.Invoice.Content)
}

// mapping returns the pairs of a mapping with arbitrary keys. For any other value it returns nil and reports a problem.
func mapping(m YAMLMap, key string) []YAMLPair {
	n := m.Get(key)
	if n == nil || n.Kind == Null {
		return nil
	}
	if n.Kind != Mapping {
		m.Fail(key, n, "", "%s, not a mapping", n.Kind)
		return nil
	}
	return n.Pairs
}

func readOriginalRoute(s *Settings, m YAMLMap, key string) {
	all := map[string]map[string]int{}
	for _, entity := range mapping(m, key) {
		if entity.Value.Kind != Mapping {
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
			if err != nil || e.Value.Kind != YAMLScalar {
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

// parseWindow reads a number of months or the word always.
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
