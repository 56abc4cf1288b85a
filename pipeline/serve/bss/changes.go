package bss

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func customerChanges() operation.Operation {
	return operation.Operation{
		Name: "ListCustomerAccountChangeRecords", Method: http.MethodGet,
		Path:    "/v2/accounts/customer-accounts/account-change-records",
		Summary: "What moved a customer's cash or credit",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			WhoseBill(),
			{Name: "balance_type", Kind: operation.Word, Words: []string{CashAccount, CreditAccount},
				Required: true, Meaning: "the account of cash, or that of credit"},
			{Name: "revenue_expense_type", Kind: operation.Word, Words: []string{Revenue, Expense},
				Meaning: "only what came, or what went"},
			{Name: "trade_type", Kind: operation.Word, Words: []string{"RECHARGE", "DEDEUCT", "REFUND", "RFROZEN",
				"TRANS", "ADJUST", "BEUNBIND", "EXPIRED", "BONUSCONVERT", "TRADE_MODE_TRANSFER", "DEPOSIT", "BEADJUST",
				"BERETRIEVE"},
				Meaning: "RECHARGE, DEDEUCT paid a line, REFUND given back by a refund or withdrawn, ADJUST a credit " +
					"limit, BEADJUST allocated, BERETRIEVE reclaimed; no other occurs"},
			{Name: "trade_time_begin", Kind: operation.Date, Meaning: "first day; without it, this day a year ago"},
			{Name: "trade_time_end", Kind: operation.Date, Meaning: "last day; without it, today"},
			{Name: "trade_id", Max: 128, Meaning: "only of this order, record or event"},
			{Name: "payment_channel_id", Meaning: "no channel of a customer's payment is known, so none is found"},
			{Name: "payment_channel_no", Meaning: "no channel of a customer's payment is known, so none is found"},
		}, PageParams()...),
		Answer: changeList{},
		Handle: handleCustomerChanges,
	}
}

// changeList is ListCustomerAccountChangeRecordsResponse.
type changeList struct {
	Total    int      `json:"total_count"`
	Currency string   `json:"currency"`
	Records  []change `json:"records"`
}

// change is CustomerAccountChangeRecord. change_amount has no sign: revenue_expense_type has the direction. The entries
// of accounts do not name the service of a line.
type change struct {
	ID         string `json:"account_change_id"`
	DetailType string `json:"trade_detail_type"`
	Time       string `json:"trade_time"`
	TradeID    string `json:"trade_id"`
	Amount     string `json:"change_amount"`
	After      string `json:"balance_after_change"`
	Type       string `json:"revenue_expense_type"`
	Cycle      string `json:"bill_cycle"`
	Account    string `json:"account_name,omitempty"`
}

// entry is a row of account_entries.
type entry struct {
	id, kind      string
	at            period.Instant
	amount, after money.Amount
}

// trade returns the trade_type and trade_detail_type of an entry, and the trade to which it belongs.
func (e *entry) trade(orders map[string]string) (kind, detail, id string) {
	switch e.kind {
	case "recharge":
		return "RECHARGE", "SOURCE_OPERAIION_RECHARGE", e.id
	case "allocate":
		return "BEADJUST", "SOURCE_OPERATION_BEADJUST", e.id
	case "reclaim":
		return "BERETRIEVE", "SOURCE_OPERATION_BERETRIEVE", e.id
	case "withdraw":
		return "REFUND", "SOURCE_OPERAIION_REFUND", e.id
	case "credit_limit":
		return "ADJUST", "SOURCE_OPERAIION_ADJUST_CREDIT", e.id
	}
	order, isOrder := orders[e.id]
	switch {
	case e.kind == "refund":
		return "REFUND", "SOURCE_OPERAIION_UNSUBSCRIBE", cmp.Or(order, e.id)
	case isOrder:
		return "DEDEUCT", "SOURCE_OPERAIION_DEDEUCT", order
	}
	return "DEDEUCT", "SOURCE_OPERAIION_USAGE", e.id
}

func handleCustomerChanges(ctx context.Context, c *operation.Call) (any, error) {
	during, err := TradeDays(c)
	if err != nil {
		return nil, err
	}
	list, err := entriesOf(ctx, c)
	if err != nil {
		return nil, err
	}
	orders, err := OrderLines(ctx, c, c.Scope.Customer, during.From)
	if err != nil {
		return nil, err
	}
	out := &changeList{Currency: c.InCurrency().Code, Records: []change{}}
	name, zone := CustomerName(c, c.Scope.Customer), c.State.Workspace.Books.Zone
	seen := map[string]int{}
	for i := range list {
		e := &list[i]
		seen[e.id]++
		if !during.Holds(e.at) {
			continue
		}
		kind, detail, trade := e.trade(orders)
		one := change{ID: e.id, DetailType: detail, Time: operation.Time(e.at), TradeID: trade,
			Amount: e.amount.Abs().String(), After: e.after.String(), Type: Expense,
			Cycle: zone.Cycle(e.at).String(), Account: name}
		if seen[e.id] > 1 { // a record can have lines of several tiers; a charge and its refund have one id
			one.ID += "#" + strconv.Itoa(seen[e.id])
		}
		if e.amount.Sign() > 0 {
			one.Type = Revenue
		}
		if c.Given("revenue_expense_type") && c.Text("revenue_expense_type") != one.Type ||
			c.Given("trade_type") && c.Text("trade_type") != kind || c.Given("trade_id") &&
			c.Text("trade_id") != trade ||
			c.Given("payment_channel_id") || c.Given("payment_channel_no") {
			continue
		}
		out.Records = append(out.Records, one)
	}
	out.Total = len(out.Records)
	out.Records = Window(c, out.Records)
	return out, nil
}

// entriesOf returns the entries of the call's customer in the requested account, by time and then in the order of the
// lake. They are all read: the ids of equal ones are numbered from the first.
func entriesOf(ctx context.Context, c *operation.Call) ([]entry, error) {
	balance := "cash"
	if c.Text("balance_type") == CreditAccount {
		balance = "credit"
	}
	var out []entry
	scan := rows.Scan[tables.AccountEntry]{Table: tables.AccountEntries()}
	err := EachOfCustomerSince(ctx, c, c.Scope.Customer, period.Past, scan,
		func(r rows.Row[tables.AccountEntry]) (err error) {
			e := entry{at: r.Time(tables.AccountEntryTime)}
			if r.Word(tables.AccountEntryCustomerID) != c.Scope.Customer ||
				r.Word(tables.AccountEntryBalanceType) != balance {
				return nil
			}
			e.id, e.kind = string(r.Text(tables.AccountEntryID)), r.Word(tables.AccountEntryType)
			if e.amount, err = r.Amount(tables.AccountEntryAmount); err == nil {
				e.after, err = r.Amount(tables.AccountEntryBalanceAfter)
			}
			out = append(out, e)
			return err
		})
	slices.SortStableFunc(out, func(x, y entry) int { return cmp.Compare(x.at, y.at) })
	return out, err
}
