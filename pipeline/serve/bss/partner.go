package bss

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func partnerBalances() operation.Operation {
	return operation.Operation{
		Name: "ListPartnerBalances", Method: http.MethodGet, Path: "/v2/accounts/partner-accounts/balances",
		Summary: "The balances of a partner's account", Callers: Partners(), Subject: operation.ItsPartner,
		Params: []operation.Param{WhosePartner(),
			{Name: "indirect_partner_id", Meaning: "the balances of this reseller"}},
		Answer: balanceList{},
		Handle: handlePartnerBalances,
	}
}

// balanceList is ListPartnerBalancesResponse.
type balanceList struct {
	Balances []accountBalance `json:"account_balances"`
}

// accountBalance is AccountBalanceV2 and AccountBalanceV3. No balance is reserved for a purpose.
type accountBalance struct {
	ID       string            `json:"account_id"`
	Type     int               `json:"account_type"`
	Amount   operation.Decimal `json:"amount"`
	Currency string            `json:"currency"`
	Credit   operation.Decimal `json:"credit_amount,omitempty"` // the limit
	Measure  int               `json:"measure_id"`
}

func balanceOf(c *operation.Call, id string, kind int, amount money.Amount) accountBalance {
	return accountBalance{ID: id, Type: kind, Amount: operation.Decimal(amount.String()),
		Currency: c.InCurrency().Code, Measure: MeasureYuan}
}

func handlePartnerBalances(_ context.Context, c *operation.Call) (any, error) {
	if err := NeedPartner(c); err != nil {
		return nil, err
	}
	out := &balanceList{Balances: []accountBalance{}}
	if !c.Scope.Line(c.Scope.Partner, c.State.Now) { // not a reseller of the caller now (ACCOUNTS-1)
		return out, nil
	}
	after := map[string]money.Amount{}
	err := query.EachCouponRow(c.State.Snap, tables.PartnerAccounts(),
		func(r rows.Row[tables.PartnerAccount]) (err error) {
			if r.Word(tables.PartnerAccountPartnerID) == c.Scope.Partner {
				after[r.Word(tables.PartnerAccountBalanceType)], err = r.Amount(tables.PartnerAccountBalanceAfter)
			}
			return err
		})
	if err != nil {
		return nil, err
	}
	limit, err := limitOf(c)
	if err != nil {
		return nil, err
	}
	for _, account := range []struct {
		word string
		kind int
	}{{"cash", ofCash}, {"credit", ofCredit}, {"rebate", ofRebate}} {
		amount, has := after[account.word]
		if !has {
			continue
		}
		one := balanceOf(c, account.word, account.kind, amount)
		if account.kind == ofCredit {
			one.Credit = operation.Decimal(limit.String())
		}
		out.Balances = append(out.Balances, one)
	}
	return out, nil
}

// limitOf returns the credit limit of the scope's partner: the last one that was set.
func limitOf(c *operation.Call) (limit money.Amount, err error) {
	var last struct {
		instant, time period.Instant
		id            string
	}
	last.instant = period.Past
	err = query.EachCouponRow(c.State.Snap, tables.PartnerEvents(), func(r rows.Row[tables.PartnerEvent]) (err error) {
		if r.Word(tables.PartnerEventFeed) != "partner_accounts" || r.Word(tables.PartnerEventType) != "credit_limit" ||
			r.Word(tables.PartnerEventPartnerID) != c.Scope.Partner || r.Word(tables.PartnerEventReason) != "" {
			return nil
		}
		instant, time := r.Time(tables.PartnerEventInstant), r.Time(tables.PartnerEventTime)
		id := string(r.Text(tables.PartnerEventEventID))
		if cmp.Or(cmp.Compare(instant, last.instant), cmp.Compare(time, last.time), strings.Compare(id, last.id)) > 0 {
			last.instant, last.time, last.id = instant, time, id
			limit, err = r.Amount(tables.PartnerEventAmount)
		}
		return err
	})
	return limit, err
}
