package settings

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
)

// Gates stop a run that would reject more of a feed's new rows than is usual. The zero value stops no run.
type Gates struct {
	Usage, Bandwidth, Orders, Accounts, Transfers, IncentiveEvents, Adjustments Gate
	PartnerAccounts, FundEvents, Withdrawals, Invoices, Coupons                 Gate
}

// Gate is the limit of one feed's rejects in a run.
type Gate struct {
	HasShare bool
	Share    money.Rate // of the rows read, 0 to 1
	HasCount bool
	Count    int64
}

// Of returns the gate of a feed.
func (g *Gates) Of(feed string) Gate {
	if at := g.at(feed); at != nil {
		return *at
	}
	return Gate{}
}

func (g *Gates) at(feed string) *Gate {
	switch feed {
	case "usage":
		return &g.Usage
	case "bandwidth":
		return &g.Bandwidth
	case "orders":
		return &g.Orders
	case "accounts":
		return &g.Accounts
	case "transfers":
		return &g.Transfers
	case "incentive_events":
		return &g.IncentiveEvents
	case "adjustments":
		return &g.Adjustments
	case "partner_accounts":
		return &g.PartnerAccounts
	case "fund_events":
		return &g.FundEvents
	case "withdrawals":
		return &g.Withdrawals
	case "invoices":
		return &g.Invoices
	case "coupons":
		return &g.Coupons
	}
	return nil
}

// String is the gate as written in the settings.
func (g Gate) String() string {
	var parts []string
	if g.HasShare {
		parts = append(parts, "share: "+g.Share.Trim())
	}
	if g.HasCount {
		parts = append(parts, "count: "+strconv.FormatInt(g.Count, 10))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

// gateKeys are the keys of the gates.
func gateKeys() []Key {
	var keys []Key
	for _, feed := range []string{"usage", "bandwidth", "orders", "accounts", "transfers", "incentive_events",
		"adjustments", "partner_accounts", "fund_events", "withdrawals", "invoices", "coupons"} {
		keys = append(keys, Key{Name: "gates." + feed, Type: `{share: "0.05", count: 100}, either or both`,
			Default: "{}", read: readGate,
			Meaning: "a run that would reject more of the new rows of " + feed +
				" stops with exit code 2; {} = no limit"})
	}
	return keys
}

func readGate(s *Settings, m YAMLMap, key string) {
	g := s.Gates.at(key)
	limits := m.Fields(key, []string{"share", "count"})
	if limits.Get("share") != nil {
		g.HasShare = true
		g.Share = YAMLValue(limits, "share", g.Share, parseShare)
	}
	if limits.Get("count") != nil {
		g.HasCount = true
		g.Count = int64(limits.Int("count", 0, 0, 1_000_000_000))
	}
}

// parseShare reads a ratio, 0.05, or a percentage, 5%.
func parseShare(text string) (money.Rate, error) {
	percent, ok := strings.CutSuffix(text, "%")
	if !ok {
		return money.ParseRate(text)
	}
	whole, fraction, dot := strings.Cut(percent, ".")
	if whole == "" || dot && fraction == "" || strings.Trim(whole+fraction, "0123456789") != "" {
		return money.Rate{}, fmt.Errorf("%q: not a share such as 5%% or 0.05", text)
	}
	whole = strings.Repeat("0", max(0, 3-len(whole))) + whole
	cut := len(whole) - 2
	share, err := money.ParseRate(whole[:cut] + "." + whole[cut:] + fraction)
	if err != nil {
		return money.Rate{}, fmt.Errorf("%q: not a share from 0%% to 100%%", text)
	}
	return share, nil
}
