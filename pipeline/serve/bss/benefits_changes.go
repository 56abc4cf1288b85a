package bss

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func customerCouponChanges() operation.Operation {
	return operation.Operation{
		Name: "ListCustomerCouponChangeRecords", Method: http.MethodGet,
		Path:    "/v2/promotions/benefits/account-change-records",
		Summary: "What a customer's coupons received, paid and lost",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			WhoseBill(),
			{Name: "balance_type", Kind: operation.Word, Words: []string{"BALANCE_TYPE_COUPON"}, Required: true,
				Meaning: "coupons"},
			{Name: "revenue_expense_type", Kind: operation.Word, Words: []string{Revenue, Expense},
				Meaning: "only what came, or what went"},
			{Name: "trade_type", Kind: operation.Word, Words: []string{"ADJUST", "DEDEUCT", "REFUND", "RFROZEN",
				"EXPIRED", "COUPONADJUST", "COUPONCANCEL"},
				Meaning: "ADJUST issued, DEDEUCT paid a line, REFUND given back by a refund, EXPIRED, COUPONCANCEL " +
					"reclaimed; no other occurs"},
			{Name: "trade_id", Max: 128, Meaning: "only of this line or event"},
			{Name: "trade_time_begin", Kind: operation.Date, Meaning: "first day; without it, this day a year ago"},
			{Name: "trade_time_end", Kind: operation.Date, Meaning: "last day; without it, today"},
			{Name: "coupon_id", Max: 64, Meaning: "only of this coupon"},
		}, PageParams()...),
		Answer: couponChanges{},
		Handle: handleCustomerCouponChanges,
	}
}

// couponChanges is ListCustomerCouponChangeRecordsResponse.
type couponChanges struct {
	Total    int            `json:"total_count"`
	Currency string         `json:"currency"`
	Records  []couponChange `json:"records"`
}

// couponChange is CustomerCouponChangeRecord. change_amount has no sign: revenue_expense_type has the direction. The
// records of coupons do not name the service of a line.
type couponChange struct {
	Coupon     string `json:"coupon_id"`
	DetailType string `json:"trade_detail_type"`
	Time       string `json:"trade_time"`
	TradeID    string `json:"trade_id,omitempty"`
	Amount     string `json:"change_amount"`
	After      string `json:"balance_after_change"`
	Type       string `json:"revenue_expense_type"`
	Cycle      string `json:"bill_cycle"`
	Account    string `json:"account_name,omitempty"`
}

// moved is a row of coupon_records or coupon_entries.
type moved struct {
	coupon, kind, id string
	at               period.Instant
	amount, left     money.Amount
}

// trade returns the trade_type and trade_detail_type of a change, and whether it added to the coupon.
func (m *moved) trade(orders map[string]string) (kind, detail string, came bool) {
	switch m.kind {
	case "issue":
		return "ADJUST", "SOURCE_OPERAIION_PRIZE", true
	case "reclaim":
		return "COUPONCANCEL", "SOURCE_OPERATION_COUPONCANCEL", false
	case "expire":
		return "EXPIRED", "SOURCE_OPERAIION_EXPIRECLEAR", false
	}
	if m.amount.Sign() < 0 {
		return "REFUND", "SOURCE_OPERAIION_UNSUBSCRIBE", true
	}
	if _, ok := orders[m.id]; ok {
		return "DEDEUCT", "SOURCE_OPERAIION_DEDEUCT", false
	}
	return "DEDEUCT", "SOURCE_OPERAIION_USAGE", false
}

func handleCustomerCouponChanges(ctx context.Context, c *operation.Call) (any, error) {
	during, err := TradeDays(c)
	if err != nil {
		return nil, err
	}
	list, err := movements(ctx, c, during)
	if err != nil {
		return nil, err
	}
	orders, err := OrderLines(ctx, c, c.Scope.Customer, during.From)
	if err != nil {
		return nil, err
	}
	out := &couponChanges{Currency: c.InCurrency().Code, Records: []couponChange{}}
	name, zone := CustomerName(c, c.Scope.Customer), c.State.Workspace.Books.Zone
	for i := range list {
		m := &list[i]
		kind, detail, came := m.trade(orders)
		one := couponChange{Coupon: m.coupon, DetailType: detail, Time: operation.Time(m.at), TradeID: m.id,
			Amount: m.amount.Abs().String(), After: m.left.String(), Type: Expense,
			Cycle: zone.Cycle(m.at).String(), Account: name}
		if came {
			one.Type = Revenue
		}
		if !during.Holds(m.at) || c.Given("revenue_expense_type") && c.Text("revenue_expense_type") != one.Type ||
			c.Given("trade_type") && c.Text("trade_type") != kind || c.Given("trade_id") &&
			c.Text("trade_id") != m.id ||
			c.Given("coupon_id") && c.Text("coupon_id") != m.coupon {
			continue
		}
		out.Records = append(out.Records, one)
	}
	out.Total = len(out.Records)
	out.Records = Window(c, out.Records)
	return out, nil
}

// movements returns the changes of the coupons of the call's customer, by time and coupon. A workspace that does not
// record partners' money has no table of all records, but entries for each day.
func movements(ctx context.Context, c *operation.Call, during period.Span) ([]moved, error) {
	var out []moved
	has := false
	err := query.EachCouponRow(c.State.Snap, tables.CouponRecords(), func(r rows.Row[tables.CouponRecord]) error {
		has = true
		if r.Word(tables.CouponRecordCustomerID) != c.Scope.Customer {
			return nil
		}
		m := moved{coupon: string(r.Text(tables.CouponRecordCouponID)), kind: r.Word(tables.CouponRecordType),
			id: string(r.Text(tables.CouponRecordID)), at: r.Time(tables.CouponRecordTime)}
		err := read(&m, r, tables.CouponRecordAmount, tables.CouponRecordLeftAfter)
		out = append(out, m)
		return err
	})
	if err == nil && !has {
		out, err = entries(ctx, c, during)
	}
	slices.SortStableFunc(out, func(x, y moved) int {
		return cmp.Or(cmp.Compare(x.at, y.at), strings.Compare(x.coupon, y.coupon))
	})
	return out, err
}

func read[T any](m *moved, r rows.Row[T], amount, left tables.AmountColumn[T]) (err error) {
	if m.amount, err = r.Amount(amount); err == nil {
		m.left, err = r.Amount(left)
	}
	return err
}

// entries returns the entries of each day for the call's customer.
func entries(ctx context.Context, c *operation.Call, during period.Span) ([]moved, error) {
	var out []moved
	scan := rows.Scan[tables.CouponEntry]{Table: tables.CouponEntries()}
	err := EachOfCustomerSince(ctx, c, c.Scope.Customer, during.From, scan,
		func(r rows.Row[tables.CouponEntry]) error {
			if r.Word(tables.CouponEntryCustomerID) != c.Scope.Customer {
				return nil
			}
			m := moved{coupon: string(r.Text(tables.CouponEntryCouponID)), kind: r.Word(tables.CouponEntryType),
				id: string(r.Text(tables.CouponEntryID)), at: r.Time(tables.CouponEntryTime)}
			err := read(&m, r, tables.CouponEntryAmount, tables.CouponEntryLeftAfter)
			out = append(out, m)
			return err
		})
	return out, err
}
