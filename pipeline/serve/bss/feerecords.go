package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func customerBillsFeeRecords() operation.Operation {
	return operation.Operation{
		Name: "ListCustomerBillsFeeRecords", Method: http.MethodGet, Path: "/v2/bills/customer-bills/fee-records",
		Summary: "What a customer's own bill charges, with the amounts truncated to the currency's digits",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			{Name: "bill_cycle", Kind: operation.Month, Required: true, Recent: true, Meaning: "the cycle"},
			WhoseBill(),
			{Name: "provider_type", Kind: operation.Word, Words: []string{"1", "2"},
				Meaning: "1: the cloud; 2: its market place, which has no data"},
			{Name: "service_type_code", Meaning: "only this service's"},
			{Name: "resource_type_code", Meaning: "only this kind of resource"},
			{Name: "region_code", Meaning: "only this region's"},
			{Name: "charging_mode", Kind: operation.Whole, Max: 1000, Meaning: "1 for a period, 3 on demand"},
			{Name: "bill_type", Kind: operation.Whole, Max: 1000, Meaning: "what happened, as 5 usage"},
			{Name: "trade_id", Meaning: "only this order's or cycle's"},
			{Name: "status", Kind: operation.Word, Words: []string{"1", "2", "3"},
				Meaning: "1: paid; 2: something is still owed; 3: not billed yet, on demand in a cycle that is open"},
			{Name: "bill_date_begin", Kind: operation.Date,
				Meaning: "first bill date, with bill_date_end; both inside the cycle, else they do not count"},
			{Name: "bill_date_end", Kind: operation.Date, Meaning: "last bill date, with bill_date_begin"},
		}, append(ownBill(), PageParams()...)...),
		Answer: billRecords{},
		Handle: handleCustomerBillsFeeRecords,
	}
}

// billRecords is ListCustomerBillsFeeRecordsResponse.
type billRecords struct {
	Total    int64        `json:"total_count"`
	Records  []billRecord `json:"records"`
	Currency string       `json:"currency"`
}

// billRecord is MonthlyBillRecord.
type billRecord struct {
	BillCycle        string            `json:"bill_cycle"`
	CustomerID       string            `json:"customer_id"`
	ServiceTypeCode  string            `json:"service_type_code,omitempty"`
	ResourceTypeCode string            `json:"resource_type_code,omitempty"`
	ServiceTypeName  string            `json:"service_type_name,omitempty"`
	ResourceTypeName string            `json:"resource_type_name,omitempty"`
	RegionCode       string            `json:"region_code,omitempty"`
	ChargingMode     int               `json:"charging_mode"`
	ConsumeTime      string            `json:"consume_time"`
	TradeTime        string            `json:"trade_time"`
	ProviderType     int               `json:"provider_type"`
	TradeID          string            `json:"trade_id"`
	ID               string            `json:"id"`
	BillType         int               `json:"bill_type"`
	Status           int               `json:"status"`
	Official         operation.Decimal `json:"official_amount"`
	Discount         operation.Decimal `json:"official_discount_amount"`
	Erase            operation.Decimal `json:"erase_amount"`
	Consume          operation.Decimal `json:"consume_amount"`
	Cash             operation.Decimal `json:"cash_amount"`
	Credit           operation.Decimal `json:"credit_amount"`
	Coupon           operation.Decimal `json:"coupon_amount"`
	FlexiCoupon      operation.Decimal `json:"flexipurchase_coupon_amount"`
	StoredValue      operation.Decimal `json:"stored_value_card_amount"`
	Debt             operation.Decimal `json:"debt_amount"`
	AccountName      string            `json:"account_name,omitempty"`
}

// The vendor's numbers of providers and of payment states.
const (
	theCloud  = 1
	settled   = 1
	unsettled = 2
	unbilled  = 3
)

func handleCustomerBillsFeeRecords(ctx context.Context, c *operation.Call) (any, error) {
	name, cycle := cycleOf(c, "bill_cycle")
	f := within(c)
	f.by("service_type_code", tables.LineServiceTypeCode.Of())
	f.by("resource_type_code", tables.LineResourceTypeCode.Of())
	f.by("region_code", tables.LineRegionCode.Of())
	f.byNumber("charging_mode", tables.LineChargingMode.Of())
	f.byNumber("bill_type", tables.LineBillDetailType.Of())
	f.by("trade_id", tables.LineTradeID.Of())
	f.own()
	ref, _ := c.State.Snap.Cycle(name)
	open := ref.State == lake.CycleOpen
	f.status(open)
	f.none = f.none || c.Text("provider_type") == "2"
	if err := f.days(cycle); err != nil {
		return nil, err
	}
	p, err := f.page(ctx, name, c.Scope.Customer, append(detailColumns(), tables.LineTruncatedAmount.Of()))
	if err != nil {
		return nil, err
	}
	out := &billRecords{Total: p.Total, Currency: c.InCurrency().Code,
		Records: make([]billRecord, 0, p.Rows.N)}
	r := newReader(c, cycle)
	account := CustomerName(c, c.Scope.Customer)
	return out, r.each(p, func() {
		record := billRecordOf(r, open)
		record.AccountName = account
		out.Records = append(out.Records, record)
	})
}

// status limits lines to those with a payment state: see statusOf.
func (f *filter) status(open bool) {
	byPeriod := query.Condition{Column: tables.LineChargingMode.Of(), Op: query.IsAnyOf,
		Values: []string{chargedByPeriod}}
	switch f.call.Text("status") {
	case "1":
		f.amount(tables.LineDebtAmount.Of(), query.Zero)
		if open {
			f.where = append(f.where, byPeriod)
		}
	case "2":
		f.amount(tables.LineDebtAmount.Of(), query.NotZero)
		if open {
			f.where = append(f.where, byPeriod)
		}
	case "3":
		byPeriod.Op = query.IsNot
		f.where = append(f.where, byPeriod)
		f.none = f.none || !open
	}
}

// statusOf returns the payment status of a line.
func statusOf(r *reader, open bool) int {
	switch {
	case open && r.row.Small(tables.LineChargingMode) != 1:
		return unbilled
	case !isZero(r, tables.LineDebtAmount):
		return unsettled
	}
	return settled
}

func isZero(r *reader, col tables.AmountColumn[tables.Line]) bool {
	d := r.row.Cols.Amount(col).At(r.row.I)
	return d.Hi == 0 && d.Lo == 0
}

func billRecordOf(r *reader, open bool) billRecord {
	product := r.product()
	return billRecord{
		BillCycle: r.word(tables.LineCycle), CustomerID: r.word(tables.LineCustomerID),
		ServiceTypeCode:  r.word(tables.LineServiceTypeCode),
		ResourceTypeCode: r.word(tables.LineResourceTypeCode), ServiceTypeName: product.ServiceTypeName,
		ResourceTypeName: product.ResourceTypeName,
		RegionCode:       r.word(tables.LineRegionCode), ChargingMode: r.row.Small(tables.LineChargingMode),
		ConsumeTime: r.time(tables.LineConsumeTime.Of()),
		TradeTime:   r.time(tables.LineTradeTime.Of()), ProviderType: theCloud, TradeID: r.word(tables.LineTradeID),
		ID:       r.id(),
		BillType: r.row.Small(tables.LineBillDetailType), Status: statusOf(r, open),
		Official: r.amount(tables.LineOfficialAmount),
		Discount: r.amount(tables.LineOfficialDiscountAmount), Erase: r.amount(tables.LineTruncatedAmount),
		Consume: r.amount(tables.LinePaymentAmount),
		Cash:    r.amount(tables.LineCashAmount), Credit: r.amount(tables.LineCreditAmount),
		Coupon:      r.amount(tables.LineCouponAmount),
		FlexiCoupon: r.amount(tables.LineFlexipurchaseCouponAmount),
		StoredValue: r.amount(tables.LineStoredValueCardAmount),
		Debt:        r.amount(tables.LineDebtAmount),
	}
}
