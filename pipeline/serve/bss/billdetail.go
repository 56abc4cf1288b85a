package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func subCustomerBillDetail() operation.Operation {
	return operation.Operation{
		Name: "ListSubCustomerBillDetail", Method: http.MethodGet, Path: "/v2/bills/subcustomer-bills/res-fee-records",
		Summary: "The consumption records of a partner's customer in a cycle",
		Callers: Partners(), Subject: operation.OneCustomer,
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
			{Name: "association_type", Kind: operation.Word, Words: []string{"1", "2"},
				Meaning: "1 referral, 2 reseller"},
			{Name: "indirect_partner_id", Meaning: "what the customer consumed as this reseller's"},
			{Name: "bill_date_begin", Kind: operation.Date,
				Meaning: "first bill date, with bill_date_end; both inside the cycle, else they do not count"},
			{Name: "bill_date_end", Kind: operation.Date, Meaning: "last bill date, with bill_date_begin"},
		}, PageParams()...),
		Answer: billDetail{},
		Handle: handleSubCustomerBillDetail,
	}
}

// billDetail is ListSubCustomerBillDetailResponse.
type billDetail struct {
	Total    int64       `json:"total_count"`
	Currency string      `json:"currency"`
	Records  []feeRecord `json:"fee_records"`
}

// feeRecord is SubCustomerMonthlyBillDetail.
type feeRecord struct {
	BillCycle         string            `json:"bill_cycle"`
	CustomerID        string            `json:"customer_id"`
	AssociationType   string            `json:"association_type,omitempty"`
	ServiceTypeCode   string            `json:"service_type_code,omitempty"`
	ResourceTypeCode  string            `json:"resource_type_code,omitempty"`
	ServiceTypeName   string            `json:"service_type_name,omitempty"`
	ResourceTypeName  string            `json:"resource_type_name,omitempty"`
	ChargingMode      int               `json:"charging_mode"`
	TradeTime         string            `json:"trade_time"`
	TradeID           string            `json:"trade_id"`
	ID                string            `json:"id"`
	BillDetailType    int               `json:"bill_detail_type"`
	ResourceID        string            `json:"resource_id,omitempty"`
	ResourceName      string            `json:"resource_name,omitempty"`
	RegionCode        string            `json:"region_code,omitempty"`
	ProductID         string            `json:"product_id"`
	ProductName       string            `json:"product_name,omitempty"`
	ResourceTag       string            `json:"resource_tag,omitempty"`
	ConsumeTime       string            `json:"consume_time"`
	UsageType         string            `json:"usage_type,omitempty"`
	UsageAmount       operation.Decimal `json:"usage_amount"`
	UsageMeasure      int               `json:"usage_measure_id,omitempty"`
	FreeResourceUsage operation.Decimal `json:"free_resource_usage"`
	FreeMeasure       int               `json:"free_resource_measure_id,omitempty"`
	Official          operation.Decimal `json:"official_amount"`
	Discount          operation.Decimal `json:"official_discount_amount"`
	Payment           operation.Decimal `json:"payment_amount"`
	Cash              operation.Decimal `json:"cash_amount"`
	Credit            operation.Decimal `json:"credit_amount"`
	Coupon            operation.Decimal `json:"coupon_amount"`
	FlexiCoupon       operation.Decimal `json:"flexipurchase_coupon_amount"`
	StoredValue       operation.Decimal `json:"stored_value_card_amount"`
	Debt              operation.Decimal `json:"debt_amount"`
	AccountManager    string            `json:"account_manager_id,omitempty"`
	PartnerID         string            `json:"partner_id,omitempty"`
	PeriodType        int               `json:"period_type,omitempty"`
	PeriodNum         operation.Decimal `json:"period_num,omitempty"`
}

// AppendJSON implements operation.Appender.
func (a *billDetail) AppendJSON(b []byte) ([]byte, error) { return operation.AppendRows(b, a) }

// detailColumns are the columns of feeRecord.
func detailColumns() tables.List[tables.Line] {
	return append(idColumns(), tables.LineCycle.Of(), tables.LineCustomerID.Of(), tables.LineAssociationType.Of(),
		tables.LineServiceTypeCode.Of(),
		tables.LineResourceTypeCode.Of(), tables.LineChargingMode.Of(), tables.LineTradeTime.Of(),
		tables.LineTradeID.Of(), tables.LineBillDetailType.Of(),
		tables.LineResourceID.Of(), tables.LineResourceName.Of(), tables.LineRegionCode.Of(), tables.LineSKU.Of(),
		tables.LineResourceTag.Of(),
		tables.LineConsumeTime.Of(), tables.LineUsageType.Of(), tables.LineMeasure.Of(),
		tables.LineOfficialAmount.Of(), tables.LineOfficialDiscountAmount.Of(), tables.LinePaymentAmount.Of(),
		tables.LineCashAmount.Of(), tables.LineCreditAmount.Of(),
		tables.LineCouponAmount.Of(), tables.LineFlexipurchaseCouponAmount.Of(), tables.LineStoredValueCardAmount.Of(),
		tables.LineDebtAmount.Of(),
		tables.LinePartnerID.Of())
}

func handleSubCustomerBillDetail(ctx context.Context, c *operation.Call) (any, error) {
	name, cycle := cycleOf(c, "bill_cycle")
	f := within(c)
	f.by("service_type_code", tables.LineServiceTypeCode.Of())
	f.by("region_code", tables.LineRegionCode.Of())
	f.byNumber("charging_mode", tables.LineChargingMode.Of())
	f.byNumber("bill_detail_type", tables.LineBillDetailType.Of())
	f.by("resource_id", tables.LineResourceID.Of())
	f.by("resource_name", tables.LineResourceName.Of())
	f.by("trade_id", tables.LineTradeID.Of())
	f.by("association_type", tables.LineAssociationType.Of())
	if err := f.days(cycle); err != nil {
		return nil, err
	}
	p, err := f.page(ctx, name, c.Scope.Customer, detailColumns())
	if err != nil {
		return nil, err
	}
	out := &billDetail{Total: p.Total, Currency: c.InCurrency().Code,
		Records: make([]feeRecord, 0, p.Rows.N)}
	r := newReader(c, cycle)
	if err := r.findTerms(ctx, c, name, p); err != nil {
		return nil, err
	}
	manager := ""
	if customer := r.books.Customer(c.Scope.Customer); customer >= 0 {
		manager = books.ManagerOf(r.books, customer, c.State.Now)
	}
	return out, r.each(p, func() {
		record := feeRecordOf(r)
		record.AccountManager = manager
		if t, ok := r.term(); ok {
			record.PeriodType, record.PeriodNum = t.kind, t.count
		}
		out.Records = append(out.Records, record)
	})
}

func feeRecordOf(r *reader) feeRecord {
	product, measure := r.product(), MeasureID(r.word(tables.LineMeasure))
	return feeRecord{
		BillCycle: r.word(tables.LineCycle), CustomerID: r.word(tables.LineCustomerID),
		AssociationType: r.word(tables.LineAssociationType),
		ServiceTypeCode: r.word(tables.LineServiceTypeCode), ResourceTypeCode: r.word(tables.LineResourceTypeCode),
		ServiceTypeName: product.ServiceTypeName, ResourceTypeName: product.ResourceTypeName,
		ChargingMode: r.row.Small(tables.LineChargingMode),
		TradeTime:    r.time(tables.LineTradeTime.Of()), TradeID: r.word(tables.LineTradeID), ID: r.id(),
		BillDetailType: r.row.Small(tables.LineBillDetailType),
		ResourceID:     r.text(tables.LineResourceID), ResourceName: r.text(tables.LineResourceName),
		RegionCode: r.word(tables.LineRegionCode),
		ProductID:  r.word(tables.LineSKU), ProductName: product.Name, ResourceTag: r.text(tables.LineResourceTag),
		ConsumeTime: r.time(tables.LineConsumeTime.Of()),
		UsageType:   r.word(tables.LineUsageType), UsageAmount: r.quantity(tables.LineUsageAmount),
		UsageMeasure:      measure,
		FreeResourceUsage: r.quantity(tables.LineFreeResourceUsage), FreeMeasure: measure,
		Official: r.amount(tables.LineOfficialAmount), Discount: r.amount(tables.LineOfficialDiscountAmount),
		Payment: r.amount(tables.LinePaymentAmount),
		Cash:    r.amount(tables.LineCashAmount), Credit: r.amount(tables.LineCreditAmount),
		Coupon:      r.amount(tables.LineCouponAmount),
		FlexiCoupon: r.amount(tables.LineFlexipurchaseCouponAmount),
		StoredValue: r.amount(tables.LineStoredValueCardAmount),
		Debt:        r.amount(tables.LineDebtAmount),
		PartnerID:   r.word(tables.LinePartnerID),
	}
}
