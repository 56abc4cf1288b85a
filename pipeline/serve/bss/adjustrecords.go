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

func partnerAdjustRecords() operation.Operation {
	return operation.Operation{
		Name: "ListPartnerAdjustRecords", Method: http.MethodGet, Path: "/v3/accounts/partner-accounts/adjust-records",
		Summary: "What a partner allocated to its customers and resellers, and reclaimed, in the last 18 months",
		Callers: Partners(), Subject: operation.Customers, Resellers: true,
		Params: append([]operation.Param{
			{Name: "customer_id", Meaning: "only this customer's, or this reseller's of a distributor"},
			{Name: "operation_type", Kind: operation.Word, Words: []string{sourceGiven, sourceTaken, sourceUnbound},
				Meaning: "allocated, reclaimed, or reclaimed on leaving, which is not distinguished"},
			{Name: "operation_time_begin", Kind: operation.Moment, Meaning: "then or later"},
			{Name: "operation_time_end", Kind: operation.Moment, Meaning: "before then"},
			{Name: "trans_id", Meaning: "only this one"},
			{Name: "indirect_partner_id", Meaning: "what this reseller gave its customers"},
		}, PageParams()...),
		Answer: adjustRecords{},
		Handle: handlePartnerAdjustRecords,
	}
}

// Values of operation_type and trade_detail_type.
const (
	sourceGiven   = "SOURCE_OPERATION_BEADJUST"
	sourceTaken   = "SOURCE_OPERATION_BERETRIEVE"
	sourceUnbound = "SOURCE_OPERATION_BEUNBIND"
	sourceOrder   = "SOURCE_OPERAIION_DEDEUCT" // spelt so by the vendor
	sourceRefund  = "SOURCE_OPERAIION_UNSUBSCRIBE"

	sourceRecharge = "SOURCE_OPERAIION_RECHARGE"
	sourceRebate   = "SOURCE_OPERAIION_CONVERT_BONUS"
	sourcePaid     = "SOURCE_OPERAIION_WRITEOFF"
	sourceLimit    = "SOURCE_OPERAIION_ADJUST_CREDIT"
	sourceFrozen   = "SOURCE_OPERAIION_RFROZEN"
	sourceBack     = "SOURCE_OPERAIION_UNFROZEN"
)

// adjustRecords is ListPartnerAdjustRecordsResponse.
type adjustRecords struct {
	Records []adjustRecord `json:"records"`
	Total   int            `json:"total_count"`
}

// adjustRecord is AdjustRecordV3. Its amount has no sign: operation_type has the direction. tollbook stores no scene
// and no memo.
type adjustRecord struct {
	CustomerID    string `json:"customer_id"`
	CustomerName  string `json:"customer_name,omitempty"`
	OperationType string `json:"operation_type"`
	Amount        string `json:"amount"`
	Currency      string `json:"currency"`
	OperationTime string `json:"operation_time"`
	Measure       int    `json:"measure_id"`
	TransID       string `json:"trans_id"`
}

func handlePartnerAdjustRecords(ctx context.Context, c *operation.Call) (any, error) {
	during, err := Span(c, "operation_time_begin", "operation_time_end", 0)
	if err != nil {
		return nil, err
	}
	zone := c.State.Workspace.Books.Zone
	during.From = max(during.From, zone.Bounds(zone.Cycle(c.State.Now).Add(-operation.Window)).From)
	list, err := gifts(ctx, c, during)
	if err != nil {
		return nil, err
	}
	passed, err := passedOn(c, during)
	if err != nil {
		return nil, err
	}
	list = inTime(append(list, passed...))
	list = slices.DeleteFunc(list, func(g gift) bool {
		return c.Given("operation_type") && g.kind != c.Text("operation_type") || c.Given("trans_id") &&
			g.id != c.Text("trans_id")
	})
	out := &adjustRecords{Records: []adjustRecord{}, Total: len(list)}
	b := c.State.Workspace.Books
	for _, g := range Window(c, list) {
		one := adjustRecord{CustomerID: g.customer, OperationType: g.kind, Amount: g.amount.String(),
			OperationTime: operation.Time(g.at), Measure: MeasureYuan, TransID: g.id}
		if partner := b.Partner(g.customer); g.reseller && partner >= 0 {
			one.CustomerName, one.Currency = PartnerName(c, partner), b.PartnerCurrency(partner).Code
		} else {
			one.CustomerName, one.Currency = CustomerName(c, g.customer), c.CurrencyOf(g.customer)
		}
		out.Records = append(out.Records, one)
	}
	return out, nil
}

// gift is cash or credit that a partner gave to a customer, or a distributor to a reseller, or took back.
type gift struct {
	customer, id, kind, balance string
	reseller                    bool // customer is a reseller
	at                          period.Instant
	amount                      money.Amount
}

// gifts lists what the scope's partner gave its customers and took back, by time, customer and id. Events that a replay
// rejected did not happen; cards and flexi coupons do not come from an account of the partner.
func gifts(ctx context.Context, c *operation.Call, during period.Span) ([]gift, error) {
	var out []gift
	if c.Scope.Nothing || c.Scope.Reseller != "" {
		return nil, nil
	}
	buckets := bucketsOf(c)
	in := func(bucket int) bool {
		return (buckets == nil || buckets[bucket]) &&
			(c.Scope.Customer == "" || bucket == BucketOf(c, c.Scope.Customer))
	}
	cols := tables.Columns(tables.AccountEventCustomerID, tables.AccountEventEventID, tables.AccountEventTime,
		tables.AccountEventType, tables.AccountEventBalanceType, tables.AccountEventAmount,
		tables.AccountEventRefused)
	scan := rows.Scan[tables.AccountEvent]{Table: tables.AccountEvents(), Cols: cols}
	err := EachSince(ctx, c, during.From, scan, in, func(row rows.Row[tables.AccountEvent]) error {
		g, ok, err := giftOf(row)
		if ok && during.Holds(g.at) && (c.Scope.Customer == "" || c.Scope.Customer == g.customer) &&
			c.Scope.Line(giver(c, &g), g.at) {
			out = append(out, g)
		}
		return err
	})
	return inTime(out), err
}

// inTime sorts gifts by time, customer and id.
func inTime(list []gift) []gift {
	slices.SortFunc(list, func(a, b gift) int {
		return cmp.Or(cmp.Compare(a.at, b.at), strings.Compare(a.customer, b.customer), strings.Compare(a.id, b.id))
	})
	return list
}

// passedOn lists what the scope's partner, a distributor, gave its resellers and took back (§9.1).
func passedOn(c *operation.Call, during period.Span) (out []gift, err error) {
	if c.Scope.Nothing || c.Scope.Customer != "" {
		return nil, nil
	}
	err = query.EachCouponRow(c.State.Snap, tables.PartnerEvents(), func(r rows.Row[tables.PartnerEvent]) (err error) {
		g := gift{customer: r.Word(tables.PartnerEventOtherID), id: string(r.Text(tables.PartnerEventEventID)),
			kind: gave(r.Word(tables.PartnerEventType)), at: r.Time(tables.PartnerEventTime), reseller: true}
		if r.Word(tables.PartnerEventFeed) != "partner_accounts" || r.Word(tables.PartnerEventReason) != "" ||
			g.kind == "" || g.customer == "" || !during.Holds(g.at) ||
			c.Scope.Reseller != "" && g.customer != c.Scope.Reseller ||
			!c.Scope.Line(r.Word(tables.PartnerEventPartnerID), g.at) {
			return nil
		}
		g.amount, err = r.Amount(tables.PartnerEventAmount)
		out = append(out, g)
		return err
	})
	return out, err
}

// gave returns the operation_type of an event of an account; "" = nothing was given or taken back.
func gave(event string) string {
	switch event {
	case "allocate":
		return sourceGiven
	case "reclaim":
		return sourceTaken
	}
	return ""
}

// giftOf returns the gift in a row; ok is false for other events and for gifts that did not take place.
func giftOf(row rows.Row[tables.AccountEvent]) (g gift, ok bool, err error) {
	g = gift{customer: row.Word(tables.AccountEventCustomerID), id: string(row.Text(tables.AccountEventEventID)),
		kind: gave(row.Word(tables.AccountEventType)), balance: row.Word(tables.AccountEventBalanceType),
		at: row.Time(tables.AccountEventTime)}
	if g.kind == "" || g.balance != "cash" && g.balance != "credit" || row.Small(tables.AccountEventRefused) == 1 {
		return g, false, nil
	}
	g.amount, err = row.Amount(tables.AccountEventAmount)
	return g, err == nil, err
}

// giver returns the partner that gave or took back: the reseller of the customer at that time; for what was taken back
// without one, the last one before (§9.1). "" = none.
func giver(c *operation.Call, g *gift) string {
	b := c.State.Workspace.Books
	code := b.Customer(g.customer)
	if code < 0 {
		return ""
	}
	partner, ok := b.Associations.Reseller(code, g.at, g.kind == sourceTaken)
	if !ok {
		return ""
	}
	return b.Partners[partner].ID
}
