package bss

import (
	"context"
	"net/http"
	"strconv"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func customerselfResourceRecordDetails() operation.Operation {
	return operation.Operation{
		Name: "ListCustomerselfResourceRecordDetails", Method: http.MethodPost,
		Path:    "/v2/bills/customer-bills/res-records/query",
		Summary: "A customer's own bill by resource: of a cycle, by day, or each record",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: InBody(append([]operation.Param{
			{Name: "cycle", Kind: operation.Month, Required: true, Recent: true, Meaning: "the cycle"},
			WhoseBill(),
			{Name: "cloud_service_type", Meaning: "only this service's"},
			{Name: "resource_type", Meaning: "only this kind of resource"},
			{Name: "region", Meaning: "only this region's"},
			{Name: "res_instance_id", Meaning: "only this resource's"},
			{Name: "charge_mode", Kind: operation.Word, Words: []string{"1", "3", "10", "11"},
				Meaning: "1 for a period, 3 on demand"},
			{Name: "bill_type", Kind: operation.Whole, Max: 1000, Meaning: "what happened, as 5 usage"},
			{Name: "statistic_type", Kind: operation.Word, Words: []string{"1", "2", "3"}, Default: "1",
				Meaning: "1: one row for all of a resource in the cycle; 2: on each bill date; 3: each record"},
			{Name: "query_type", Kind: operation.Word, Words: []string{"BILLCYCLE", daily}, Default: "BILLCYCLE",
				Meaning: "DAILY: only bill dates from bill_cycle_begin to bill_cycle_end, with statistic_type 2 or 3"},
			{Name: "bill_cycle_begin", Kind: operation.Date, Meaning: "first bill date, of the cycle"},
			{Name: "bill_cycle_end", Kind: operation.Date, Meaning: "last bill date, of the cycle"},
			{Name: "payer_account_id", Meaning: "who pays: only the customer itself"},
		}, append(ownBill(), PageParams()...)...)),
		Answer: resourceDetails{},
		Handle: handleCustomerselfResourceRecordDetails,
	}
}

const daily = "DAILY"

// resourceDetails is ListCustomerselfResourceRecordDetailsResponse.
type resourceDetails struct {
	Records  []resourceDetail `json:"monthly_records"`
	Total    int64            `json:"total_count"`
	Currency string           `json:"currency"`
}

// resourceDetail is MonthlyBillRes.
type resourceDetail struct {
	Cycle            string            `json:"cycle"`
	BillDate         string            `json:"bill_date,omitempty"`
	BillType         int               `json:"bill_type"`
	CustomerID       string            `json:"customer_id"`
	Region           string            `json:"region,omitempty"`
	ServiceType      string            `json:"cloud_service_type,omitempty"`
	ResourceType     string            `json:"resource_Type_code,omitempty"`
	ServiceTypeName  string            `json:"cloud_service_type_name,omitempty"`
	ResourceTypeName string            `json:"resource_type_name,omitempty"`
	ResourceID       string            `json:"res_instance_id,omitempty"`
	ResourceName     string            `json:"resource_name,omitempty"`
	ResourceTag      string            `json:"resource_tag,omitempty"`
	SKUCode          string            `json:"sku_code,omitempty"`
	ChargeMode       int               `json:"charge_mode"`
	Consume          operation.Decimal `json:"consume_amount"`
	Cash             operation.Decimal `json:"cash_amount"`
	Credit           operation.Decimal `json:"credit_amount"`
	Coupon           operation.Decimal `json:"coupon_amount"`
	FlexiCoupon      operation.Decimal `json:"flexipurchase_coupon_amount"`
	StoredCard       operation.Decimal `json:"stored_card_amount"`
	Debt             operation.Decimal `json:"debt_amount"`
	Official         operation.Decimal `json:"official_amount"`
	Discount         operation.Decimal `json:"discount_amount"`
	Measure          int               `json:"measure_id"`
	PeriodType       int               `json:"period_type,omitempty"`
	TradeID          string            `json:"trade_id,omitempty"`
	ID               string            `json:"id,omitempty"`
	Payer            string            `json:"payer_account_id"`
	EffectiveTime    string            `json:"effective_time,omitempty"`
	ExpireTime       string            `json:"expire_time,omitempty"`
	ConsumeTime      string            `json:"consume_time,omitempty"`
	AccountName      string            `json:"account_name,omitempty"`
	PeriodNum        operation.Decimal `json:"period_num,omitempty"`
}

func handleCustomerselfResourceRecordDetails(ctx context.Context, c *operation.Call) (any, error) {
	name, cycle := cycleOf(c, "cycle")
	first, last, err := detailDays(c, cycle)
	if err != nil {
		return nil, err
	}
	f := within(c)
	f.by("cloud_service_type", tables.LineServiceTypeCode.Of())
	f.by("resource_type", tables.LineResourceTypeCode.Of())
	f.by("region", tables.LineRegionCode.Of())
	f.by("res_instance_id", tables.LineResourceID.Of())
	f.by("charge_mode", tables.LineChargingMode.Of())
	f.byNumber("bill_type", tables.LineBillDetailType.Of())
	f.own()
	f.none = f.none || c.Given("payer_account_id") && c.Text("payer_account_id") != c.Scope.Customer
	out := &resourceDetails{Currency: c.InCurrency().Code, Records: []resourceDetail{}}
	switch c.Text("statistic_type") {
	case "3":
		if first != cycle.First() || last != cycle.Last() {
			f.billed(cycle, first, last)
		}
		return out, f.eachDetail(ctx, cycle, out)
	case "2":
		return out, f.dailyDetails(ctx, cycle, first, last, out)
	}
	list, err := f.resourceSums(ctx, name)
	if err != nil {
		return nil, err
	}
	out.Total = int64(len(list))
	for _, s := range Window(c, list) {
		record, err := f.selfSum(&s)
		if err != nil {
			return nil, err
		}
		out.Records = append(out.Records, detailOf(name.String(), &record))
	}
	return out, nil
}

// detailDays returns the requested bill dates.
func detailDays(c *operation.Call, cycle period.Cycle) (first, last period.Day, err error) {
	first, last = cycle.First(), cycle.Last()
	if c.Text("query_type") != daily {
		return first, last, nil
	}
	if c.Text("statistic_type") == "1" {
		return 0, 0, operation.BadParameter("query_type", operation.Text{Zh: "DAILY仅支持statistic_type为2或3",
			En: "is DAILY, which only statistic_type 2 and 3 have"})
	}
	missing := operation.Text{Zh: "必填", En: "is missing: query_type is DAILY"}
	begin, ok1 := c.Day("bill_cycle_begin")
	end, ok2 := c.Day("bill_cycle_end")
	switch {
	case !ok1:
		err = operation.BadParameter("bill_cycle_begin", missing)
	case !ok2:
		err = operation.BadParameter("bill_cycle_end", missing)
	case begin < first || end > last || begin > end:
		err = operation.BadParameter("bill_cycle_begin", operation.Text{
			Zh: "与bill_cycle_end须为该账期内的日期",
			En: "and bill_cycle_end are not days of the cycle in their order"})
	}
	return begin, end, err
}

// dailyDetails adds one row per resource and bill date.
func (f *filter) dailyDetails(ctx context.Context, cycle period.Cycle, first, last period.Day,
	out *resourceDetails) error {
	var all []resourceDetail
	where := f.where
	for day := first; day <= last; day++ {
		f.where = where[:len(where):len(where)]
		f.billed(cycle, day, day)
		list, err := f.resourceSums(ctx, lake.CycleOf(cycle))
		if err != nil {
			return err
		}
		for i := range list {
			record, err := f.selfSum(&list[i])
			if err != nil {
				return err
			}
			record.BillDate = day.String()
			all = append(all, detailOf(cycle.String(), &record))
		}
	}
	out.Total = int64(len(all))
	out.Records = append(out.Records, Window(f.call, all)...)
	return nil
}

// eachDetail adds a page of records.
func (f *filter) eachDetail(ctx context.Context, cycle period.Cycle, out *resourceDetails) error {
	of, name := lake.CycleOf(cycle), cycle.String()
	p, err := f.page(ctx, of, f.call.Scope.Customer, selfColumns())
	if err != nil {
		return err
	}
	out.Total = p.Total
	r := newReader(f.call, cycle)
	if err := r.findTerms(ctx, f.call, of, p); err != nil {
		return err
	}
	account := CustomerName(f.call, f.call.Scope.Customer)
	return r.each(p, func() {
		record := selfRecordOf(r)
		record.AccountName = account
		if t, ok := r.term(); ok {
			record.PeriodType, record.PeriodNum = strconv.Itoa(t.kind), t.count
		}
		out.Records = append(out.Records, detailOf(name, &record))
	})
}

// detailOf converts a record to the form of this operation.
func detailOf(cycle string, r *selfRecord) resourceDetail {
	mode, _ := strconv.Atoi(r.ChargeMode) // a column of small numbers
	kind, _ := strconv.Atoi(r.PeriodType) // empty = none
	return resourceDetail{Cycle: cycle, BillDate: r.BillDate, BillType: r.BillType, CustomerID: r.CustomerID,
		Region: r.Region, ServiceType: r.ServiceType, ResourceType: r.ResourceType, ServiceTypeName: r.ServiceTypeName,
		ResourceTypeName: r.ResourceTypeName, ResourceID: r.ResourceID, ResourceName: r.ResourceName,
		ResourceTag: r.ResourceTag, SKUCode: r.SKUCode, ChargeMode: mode, Consume: r.Amount, Cash: r.Cash,
		Credit: r.Credit, Coupon: r.Coupon, FlexiCoupon: r.FlexiCoupon, StoredCard: r.StoredCard, Debt: r.Debt,
		Official: r.Official, Discount: r.Discount, Measure: r.Measure, PeriodType: kind, TradeID: r.TradeID, ID: r.ID,
		Payer: r.CustomerID, EffectiveTime: r.EffectiveTime, ExpireTime: r.ExpireTime, ConsumeTime: r.ConsumeTime,
		AccountName: r.AccountName, PeriodNum: r.PeriodNum}
}
