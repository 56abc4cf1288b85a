package bss

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func subCustomerBillDetail() operation.Operation {
	return operation.Operation{
		Name: "ListSubCustomerBillDetail", Method: http.MethodGet, Path: "/v2/bills/subcustomer-bills/res-fee-records",
		Summary: "The consumption records of a partner's customer in a cycle",
		Callers: partners(), Subject: operation.OneCustomer,
		Params: append([]operation.Param{
			{Name: "bill_cycle", Kind: operation.Month, Required: true, Recent: true, Meaning: "the cycle"},
			{Name: "customer_id", Required: true, Meaning: "whose records"},
			{Name: "service_type_code", Meaning: "only this service's"},
			{Name: "region_code", Meaning: "only this region's"},
			{Name: "charging_mode", Kind: operation.Whole, Max: 1000, Meaning: "1 for a period, 3 on demand"},
			{Name: "bill_detail_type", Kind: operation.Whole, Max: 1000, Meaning: "what happened, as 5 usage"},
			{Name: "resource_id", Meaning: "only this resource's"},
			{Name: "resource_name", Meaning: "only resources of this name"},
			{Name: "trade_id", Meaning: "only this order's or cycle's"},
			{Name: "account_manager_id", Meaning: "only if the customer is this account manager's"},
			{Name: "association_type", Kind: operation.Word, Words: []string{"1", "2"}, Meaning: "1 referral, 2 reseller"},
			{Name: "indirect_partner_id", Meaning: "what the customer consumed as this reseller's"},
			{Name: "bill_date_begin", Kind: operation.Date, Meaning: "first day, with bill_date_end"},
			{Name: "bill_date_end", Kind: operation.Date, Meaning: "last day, with bill_date_begin"},
		}, paging()...),
		Handle: handleSubCustomerBillDetail,
	}
}

// billDetail is ListSubCustomerBillDetailResponse.
type billDetail struct {
	Total    int         `json:"total_count"`
	Currency string      `json:"currency"`
	Records  []feeRecord `json:"fee_records"`
}

// feeRecord is SubCustomerMonthlyBillDetail.
type feeRecord struct {
	BillCycle      string            `json:"bill_cycle"`
	CustomerID     string            `json:"customer_id"`
	ServiceType    string            `json:"service_type_code"`
	ChargingMode   int               `json:"charging_mode"`
	BillDetailType int               `json:"bill_detail_type"`
	TradeID        string            `json:"trade_id"`
	ID             string            `json:"id"`
	ResourceID     string            `json:"resource_id,omitempty"`
	ConsumeTime    string            `json:"consume_time"`
	UsageAmount    operation.Decimal `json:"usage_amount"`
	OfficialAmount operation.Decimal `json:"official_amount"`
	PaymentAmount  operation.Decimal `json:"payment_amount"`
	PartnerID      string            `json:"partner_id,omitempty"`
}

func handleSubCustomerBillDetail(ctx context.Context, c *operation.Call) (answer any, err error) {
	w := c.State.Workspace
	r := &billDetail{Currency: w.Settings.Currency.Code, Records: []feeRecord{}}
	if c.Scope.Nothing {
		return r, nil
	}
	rows, err := query.Lines(ctx, c.State.Snap, c.Text("bill_cycle"), c.Scope.Customer, nil, query.Limits{})
	if none := new(query.NoCycleError); errors.As(err, &none) {
		return r, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	err = rows.Each(func(row query.Row) error {
		own := row.Time(tables.LOwnTime)
		if own == tables.Nothing {
			own = row.Time(tables.LUsageStart)
		}
		if !c.Scope.Line(row.Word(tables.LPartnerID), own) {
			return nil
		}
		if n := r.Total - c.Whole("offset"); n >= 0 && n < c.Whole("limit") {
			record, err := feeRecordOf(row)
			if err != nil {
				return err
			}
			r.Records = append(r.Records, record)
		}
		r.Total++
		return nil
	})
	return r, err
}

func feeRecordOf(row query.Row) (feeRecord, error) {
	usage, err := row.Quantity(tables.LUsageAmount)
	official, err2 := row.Amount(tables.LOfficialAmount)
	payment, err3 := row.Amount(tables.LPaymentAmount)
	id := string(row.Text(tables.LID))
	if tier := row.Small(tables.LTier); tier > 0 {
		id += "#" + strconv.Itoa(tier)
	}
	return feeRecord{
		BillCycle: row.Word(tables.LCycle), CustomerID: row.Word(tables.LCustomerID), ServiceType: row.Word(tables.LServiceTypeCode),
		ChargingMode: row.Small(tables.LChargingMode), BillDetailType: row.Small(tables.LBillDetailType), TradeID: row.Word(tables.LTradeID),
		ID: id, ResourceID: string(row.Text(tables.LResourceID)), ConsumeTime: row.Time(tables.LConsumeTime).String(),
		UsageAmount: operation.Decimal(usage.String()), OfficialAmount: operation.Decimal(official.String()),
		PaymentAmount: operation.Decimal(payment.String()), PartnerID: row.Word(tables.LPartnerID),
	}, errors.Join(err, err2, err3)
}
