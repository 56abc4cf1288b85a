package bss

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/serve/keys"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func partnerAccountChanges() operation.Operation {
	return operation.Operation{
		Name: "ListPartnerAccountChangeRecords", Method: http.MethodGet,
		Path: "/v2/accounts/partner-accounts/account-change-records",
		Summary: "What moved a partner's account: orders that it paid and got back, what it gave customers and " +
			"took back",
		Callers: Partners(), Subject: operation.ItsPartner,
		Params: append([]operation.Param{
			WhosePartner(),
			{Name: "balance_type", Kind: operation.Word, Words: []string{CashAccount, CreditAccount},
				Required: true,
				Meaning:  "the account of cash, or that of credit"},
			{Name: "trade_type", Kind: operation.Word, Words: []string{"RECHARGE", "DEDEUCT", "REFUND", "RFROZEN",
				"TRANS", "ADJUST", "BEADJUST", "BERETRIEVE", "BEUNBIND",
				"BONUSCONVERT", "TRADE_MODE_TRANSFER"},
				Meaning: "DEDEUCT paid an order or a statement, REFUND of an order or a withdrawal, " +
					"BEADJUST allocated, " +
					"BERETRIEVE reclaimed; with recorded accounts also RECHARGE, BONUSCONVERT, ADJUST a credit " +
					"limit, RFROZEN set aside by a withdrawal"},
			{Name: "trade_time_begin", Kind: operation.Date, Meaning: "first day; without it, this day a year ago"},
			{Name: "trade_time_end", Kind: operation.Date, Meaning: "last day; without it, today"},
			{Name: "indirect_partner_id", Meaning: "this reseller's account"},
		}, PageParams()...),
		Answer: accountChanges{},
		Handle: handlePartnerAccountChanges,
	}
}

// accountChanges is ListPartnerAccountChangeRecordsResponse.
type accountChanges struct {
	Total    int             `json:"total_count"`
	Currency string          `json:"currency"`
	Records  []accountChange `json:"records"`
}

// accountChange is AccountChangeRecord. change_amount has no sign: type has the direction (1 in, 2 out). A workspace
// that does not record partners' accounts has no balance after a change.
type accountChange struct {
	ID         string `json:"account_change_id"`
	DetailType string `json:"trade_detail_type"`
	TradeTime  string `json:"trade_time"`
	TradeID    string `json:"trade_id"`
	Amount     string `json:"change_amount"`
	After      string `json:"balance_after_change,omitempty"`
	Type       string `json:"type"`
	CustomerID string `json:"customer_id,omitempty"`
	Account    string `json:"account_name,omitempty"`
}

// orderChange is one change of a partner's account.
type orderChange struct {
	id, kind, trade, customer string
	at                        period.Instant
	amount                    money.Amount // above 0
	came                      bool
	after                     string // the balance afterwards; "" = unknown
}

func handlePartnerAccountChanges(ctx context.Context, c *operation.Call) (any, error) {
	during, err := TradeDays(c)
	if err != nil {
		return nil, err
	}
	if err := NeedPartner(c); err != nil {
		return nil, err
	}
	list, err := changes(ctx, c, during)
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(r orderChange) bool {
		return c.Given("trade_type") && tradeType(r.kind) != c.Text("trade_type")
	})
	b := c.State.Workspace.Books
	out := &accountChanges{Total: len(list), Currency: c.InCurrency().Code,
		Records: []accountChange{}}
	for _, r := range Window(c, list) {
		record := accountChange{ID: r.id, DetailType: r.kind, TradeTime: operation.Time(r.at), TradeID: r.trade,
			Amount: r.amount.String(), After: r.after, Type: "2", CustomerID: r.customer}
		if c.Caller.Role != keys.Partner || c.Scope.Knows(b, r.customer, c.State.Now) {
			// A partner may pay the orders of customers that it never had.
			record.Account = CustomerName(c, r.customer)
		}
		if r.came {
			record.Type = "1"
		}
		out.Records = append(out.Records, record)
	}
	return out, nil
}

// tradeType returns the trade_type of a trade_detail_type.
func tradeType(kind string) string {
	switch kind {
	case sourceOrder, sourcePaid:
		return "DEDEUCT"
	case sourceRefund, sourceBack:
		return "REFUND"
	case sourceGiven:
		return "BEADJUST"
	case sourceRecharge:
		return "RECHARGE"
	case sourceRebate:
		return "BONUSCONVERT"
	case sourceLimit:
		return "ADJUST"
	case sourceFrozen:
		return "RFROZEN"
	}
	return "BERETRIEVE"
}

// changes returns the changes of the account of the scope's partner, by time, trade and id: from its recorded account
// (§9.1) or, if the workspace records no accounts of partners, from orders and customers' accounts.
func changes(ctx context.Context, c *operation.Call, during period.Span) ([]orderChange, error) {
	if list, recorded, err := recordedChanges(c, during); err != nil || recorded {
		return list, err
	}
	given, err := gifts(ctx, c, during)
	if err != nil {
		return nil, err
	}
	var out []orderChange
	for _, g := range given {
		if (g.balance == "credit") == (c.Text("balance_type") == CreditAccount) {
			out = append(out, orderChange{id: g.id, kind: g.kind, trade: g.id, customer: g.customer, at: g.at,
				amount: g.amount, came: g.kind == sourceTaken})
		}
	}
	if c.Text("balance_type") == CashAccount { // orders are paid only from cash
		paid, err := paidOrders(ctx, c, during)
		if err != nil {
			return nil, err
		}
		out = append(out, paid...)
	}
	slices.SortFunc(out, func(a, b orderChange) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.trade, b.trade), strings.Compare(a.id, b.id))
	})
	return out, nil
}

// paidOrders returns the orders that the scope's partner paid, of any customer, and their refunds.
func paidOrders(ctx context.Context, c *operation.Call, during period.Span) ([]orderChange, error) {
	lines, err := orderLines(ctx, c, &orderQuery{during: during})
	if err != nil {
		return nil, err
	}
	payers, err := payersOf(ctx, c, lines)
	if err != nil {
		return nil, err
	}
	var out []orderChange
	for i := range lines {
		l := &lines[i]
		payer := l.payer
		if orderType(l.kind) == typeUnsubscribe {
			payer = payers[l.base]
		}
		if l.cash.IsZero() || !c.Scope.Line(payer, l.at) {
			continue
		}
		r := orderChange{id: l.order + "/" + strconv.FormatInt(l.line, 10), kind: sourceOrder, trade: l.order,
			customer: l.customer, at: l.at, amount: l.cash.Abs(), came: l.cash.Sign() < 0}
		if r.came {
			r.kind = sourceRefund
		}
		out = append(out, r)
	}
	return out, nil
}

// payersOf returns who paid the orders that the unsubscriptions among the lines refund. They may be older.
func payersOf(ctx context.Context, c *operation.Call, lines []boughtLine) (map[string]string, error) {
	payers, buckets := make(map[string]string), make(map[int]bool)
	for i := range lines {
		if orderType(lines[i].kind) == typeUnsubscribe {
			payers[lines[i].base] = ""
			buckets[BucketOf(c, lines[i].customer)] = true
		}
	}
	if len(payers) == 0 {
		return payers, nil
	}
	cols := tables.Columns(tables.OrderCustomerID, tables.OrderOrderID, tables.OrderOrderLine, tables.OrderPayer)
	scan := rows.Scan[tables.Order]{Table: tables.Orders(), Cols: cols}
	in := func(bucket int) bool { return buckets[bucket] }
	return payers, EachSince(ctx, c, period.Past, scan, in, func(row rows.Row[tables.Order]) error {
		key := orderKey(row.Word(tables.OrderCustomerID), string(row.Text(tables.OrderOrderID)),
			row.Whole(tables.OrderOrderLine))
		if _, wanted := payers[key]; wanted {
			payers[key] = row.Word(tables.OrderPayer)
		}
		return nil
	})
}
