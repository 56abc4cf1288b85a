package bss

import (
	"context"
	"net/http"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/books"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func customerselfResourceRecords() operation.Operation {
	return operation.Operation{
		Name: "ListCustomerselfResourceRecords", Method: http.MethodGet,
		Path:    "/v2/bills/customer-bills/res-fee-records",
		Summary: "The consumption records of a customer's own bill in a cycle",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			{Name: "cycle", Kind: operation.Month, Required: true, Recent: true, Meaning: "the cycle"},
			WhoseBill(),
			{Name: "cloud_service_type", Meaning: "only this service's"},
			{Name: "region", Meaning: "only this region's"},
			{Name: "charge_mode", Kind: operation.Word, Words: []string{"1", "3", "10", "11"},
				Meaning: "1 for a period, 3 on demand"},
			{Name: "bill_type", Kind: operation.Whole, Max: 1000, Meaning: "what happened, as 5 usage"},
			{Name: "resource_id", Meaning: "only this resource's"},
			{Name: "trade_id", Meaning: "only this order's or cycle's"},
			{Name: "bill_date_begin", Kind: operation.Date,
				Meaning: "first bill date, with bill_date_end; both inside the cycle, else they do not count"},
			{Name: "bill_date_end", Kind: operation.Date, Meaning: "last bill date, with bill_date_begin"},
			{Name: "statistic_type", Kind: operation.Word, Words: []string{"1", "3"}, Default: "3",
				Meaning: "3: each record; 1: one row for all of a resource in the cycle"},
		}, append(ownBill(), PageParams()...)...),
		Answer: selfRecords{},
		Handle: handleCustomerselfResourceRecords,
	}
}

// selfRecords is ListCustomerselfResourceRecordsResponse.
type selfRecords struct {
	Records  []selfRecord `json:"fee_records"`
	Total    int64        `json:"total_count"`
	Currency string       `json:"currency"`
}

// selfRecord is ResFeeRecordV2.
type selfRecord struct {
	BillDate          string            `json:"bill_date,omitempty"`
	BillType          int               `json:"bill_type"`
	CustomerID        string            `json:"customer_id"`
	Region            string            `json:"region,omitempty"`
	ServiceType       string            `json:"cloud_service_type,omitempty"`
	ResourceType      string            `json:"resource_type,omitempty"`
	ServiceTypeName   string            `json:"cloud_service_type_name,omitempty"`
	ResourceTypeName  string            `json:"resource_type_name,omitempty"`
	EffectiveTime     string            `json:"effective_time,omitempty"`
	ExpireTime        string            `json:"expire_time,omitempty"`
	ResourceID        string            `json:"resource_id,omitempty"`
	ResourceName      string            `json:"resource_name,omitempty"`
	ResourceTag       string            `json:"resource_tag,omitempty"`
	ProductID         string            `json:"product_id,omitempty"`
	ProductName       string            `json:"product_name,omitempty"`
	SKUCode           string            `json:"sku_code,omitempty"`
	TradeID           string            `json:"trade_id,omitempty"`
	ID                string            `json:"id,omitempty"`
	TradeTime         string            `json:"trade_time,omitempty"`
	ChargeMode        string            `json:"charge_mode"`
	OrderID           string            `json:"order_id,omitempty"`
	UsageType         string            `json:"usage_type,omitempty"`
	Usage             operation.Decimal `json:"usage,omitempty"`
	UsageMeasure      int               `json:"usage_measure_id,omitempty"`
	FreeResourceUsage operation.Decimal `json:"free_resource_usage,omitempty"`
	FreeMeasure       int               `json:"free_resource_measure_id,omitempty"`
	UnitPrice         operation.Decimal `json:"unit_price,omitempty"`
	Unit              string            `json:"unit,omitempty"`
	Official          operation.Decimal `json:"official_amount"`
	Discount          operation.Decimal `json:"discount_amount"`
	Amount            operation.Decimal `json:"amount"`
	Cash              operation.Decimal `json:"cash_amount"`
	Credit            operation.Decimal `json:"credit_amount"`
	Coupon            operation.Decimal `json:"coupon_amount"`
	FlexiCoupon       operation.Decimal `json:"flexipurchase_coupon_amount"`
	StoredCard        operation.Decimal `json:"stored_card_amount"`
	Debt              operation.Decimal `json:"debt_amount"`
	Measure           int               `json:"measure_id"`
	ConsumeTime       string            `json:"consume_time,omitempty"`
	AccountName       string            `json:"account_name,omitempty"`
	PeriodType        string            `json:"period_type,omitempty"`
	PeriodNum         operation.Decimal `json:"period_num,omitempty"`
}

// AppendJSON implements operation.Appender.
func (a *selfRecords) AppendJSON(b []byte) ([]byte, error) { return operation.AppendRows(b, a) }

// selfColumns are the columns of selfRecord.
func selfColumns() tables.List[tables.Line] {
	return append(detailColumns(), tables.LineUnitPrice.Of())
}

func handleCustomerselfResourceRecords(ctx context.Context, c *operation.Call) (any, error) {
	name, cycle := cycleOf(c, "cycle")
	f := within(c)
	f.by("cloud_service_type", tables.LineServiceTypeCode.Of())
	f.by("region", tables.LineRegionCode.Of())
	f.by("charge_mode", tables.LineChargingMode.Of())
	f.byNumber("bill_type", tables.LineBillDetailType.Of())
	f.by("resource_id", tables.LineResourceID.Of())
	f.by("trade_id", tables.LineTradeID.Of())
	f.own()
	out := &selfRecords{Currency: c.InCurrency().Code, Records: []selfRecord{}}
	if c.Text("statistic_type") == "1" {
		return out, f.selfSums(ctx, name, out)
	}
	if err := f.days(cycle); err != nil {
		return nil, err
	}
	p, err := f.page(ctx, name, c.Scope.Customer, selfColumns())
	if err != nil {
		return nil, err
	}
	out.Total = p.Total
	r := newReader(c, cycle)
	if err := r.findTerms(ctx, c, name, p); err != nil {
		return nil, err
	}
	account := CustomerName(c, c.Scope.Customer)
	return out, r.each(p, func() {
		record := selfRecordOf(r)
		record.AccountName = account
		if t, ok := r.term(); ok {
			record.PeriodType, record.PeriodNum = strconv.Itoa(t.kind), t.count
		}
		out.Records = append(out.Records, record)
	})
}

func selfRecordOf(r *reader) selfRecord {
	product, measure := r.product(), MeasureID(r.word(tables.LineMeasure))
	s := selfRecord{
		BillDate: r.billDate(), BillType: r.row.Small(tables.LineBillDetailType),
		CustomerID:  r.word(tables.LineCustomerID),
		Region:      r.word(tables.LineRegionCode),
		ServiceType: r.word(tables.LineServiceTypeCode), ResourceType: r.word(tables.LineResourceTypeCode),
		ServiceTypeName:  product.ServiceTypeName,
		ResourceTypeName: product.ResourceTypeName, EffectiveTime: r.time(tables.LineUsageStart.Of()),
		ExpireTime: r.time(tables.LineUsageEnd.Of()),
		ResourceID: r.text(tables.LineResourceID), ResourceName: r.text(tables.LineResourceName),
		ResourceTag: r.text(tables.LineResourceTag),
		ProductID:   r.word(tables.LineSKU), ProductName: product.Name, SKUCode: r.word(tables.LineSKU),
		TradeID: r.word(tables.LineTradeID), ID: r.id(),
		TradeTime: r.time(tables.LineTradeTime.Of()), ChargeMode: strconv.Itoa(r.row.Small(tables.LineChargingMode)),
		UsageType: r.word(tables.LineUsageType),
		Official:  r.amount(tables.LineOfficialAmount), Discount: r.amount(tables.LineOfficialDiscountAmount),
		Amount: r.amount(tables.LinePaymentAmount),
		Cash:   r.amount(tables.LineCashAmount), Credit: r.amount(tables.LineCreditAmount),
		Coupon:      r.amount(tables.LineCouponAmount),
		FlexiCoupon: r.amount(tables.LineFlexipurchaseCouponAmount),
		StoredCard:  r.amount(tables.LineStoredValueCardAmount),
		Debt:        r.amount(tables.LineDebtAmount),
		Measure:     MeasureYuan, ConsumeTime: r.time(tables.LineConsumeTime.Of()),
	}
	if s.ChargeMode == chargedByPeriod {
		s.OrderID = s.TradeID
	} else { // products for a period have no usage
		s.Usage, s.UsageMeasure = r.quantity(tables.LineUsageAmount), measure
		s.FreeResourceUsage, s.FreeMeasure = r.quantity(tables.LineFreeResourceUsage), measure
	}
	// the product has one price, without tiers
	if product.SKU != "" && (product.Model == books.Flat || product.Model == books.Subscription) {
		s.UnitPrice, s.Unit = r.quantity(tables.LineUnitPrice), r.currency+"/"+product.Measure
	}
	return s
}

// chargedByPeriod is the charging mode of lines that are paid for a period.
const chargedByPeriod = "1"

// selfSums adds one row per resource for the cycle.
func (f *filter) selfSums(ctx context.Context, cycle lake.Cycle, out *selfRecords) error {
	list, err := f.resourceSums(ctx, cycle)
	if err != nil {
		return err
	}
	out.Total = int64(len(list))
	for _, s := range Window(f.call, list) {
		record, err := f.selfSum(&s)
		if err != nil {
			return err
		}
		out.Records = append(out.Records, record)
	}
	return nil
}

// resourceSums adds up the lines of each resource, product and trade.
func (f *filter) resourceSums(ctx context.Context, cycle lake.Cycle) ([]query.LineSum, error) {
	return f.sums(ctx, cycle, []string{f.call.Scope.Customer}, tables.LineServiceTypeCode.Of(),
		tables.LineResourceTypeCode.Of(),
		tables.LineRegionCode.Of(),
		tables.LineResourceID.Of(), tables.LineSKU.Of(), tables.LineChargingMode.Of(), tables.LineBillDetailType.Of(),
		tables.LineTradeID.Of())
}

// selfSum returns the row of a sum of resourceSums.
func (f *filter) selfSum(s *query.LineSum) (selfRecord, error) {
	b := f.call.State.Workspace.Books
	product := &books.Product{}
	if sku := b.SKU(s.By[4]); sku >= 0 {
		product = &b.Products[sku]
	}
	bill, err := strconv.Atoi(s.By[6])
	record := selfRecord{BillType: bill, CustomerID: f.call.Scope.Customer, Region: s.By[2], ServiceType: s.By[0],
		ResourceType: s.By[1], ServiceTypeName: product.ServiceTypeName, ResourceTypeName: product.ResourceTypeName,
		ResourceID: s.By[3], ProductID: s.By[4], ProductName: product.Name, SKUCode: s.By[4], ChargeMode: s.By[5],
		TradeID: s.By[7], Measure: MeasureYuan, AccountName: CustomerName(f.call, f.call.Scope.Customer),
		Official: sumOf(s, query.OfficialSum), Discount: sumOf(s, query.DiscountSum),
		Amount: sumOf(s, query.PaymentSum), Cash: sumOf(s, query.CashSum), Credit: sumOf(s, query.CreditSum),
		Coupon: sumOf(s, query.CouponSum), FlexiCoupon: sumOf(s, query.FlexiCouponSum),
		StoredCard: sumOf(s, query.StoredValueSum), Debt: sumOf(s, query.DebtSum)}
	if record.ChargeMode == chargedByPeriod {
		record.OrderID = record.TradeID
	}
	return record, err
}

func sumOf(s *query.LineSum, amount int) operation.Decimal {
	return operation.Decimal(s.Amounts[amount].String())
}
