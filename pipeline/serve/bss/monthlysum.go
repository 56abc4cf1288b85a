package bss

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func customerMonthlySum() operation.Operation {
	return operation.Operation{
		Name: "ShowCustomerMonthlySum", Method: http.MethodGet, Path: "/v2/bills/customer-bills/monthly-sum",
		Summary: "A customer's own bill of a cycle, added up by service, kind of resource, charging mode and what " +
			"happened",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			{Name: "bill_cycle", Kind: operation.Month, Required: true, Recent: true, Meaning: "the cycle"},
			WhoseBill(),
			{Name: "service_type_code", Meaning: "only this service's"},
		}, append(ownBill(), PageParams()...)...),
		Answer: monthlySum{},
		Handle: handleCustomerMonthlySum,
	}
}

// monthlySum is ShowCustomerMonthlySumResponse. Its amounts are sums over all rows, not over the page.
type monthlySum struct {
	Total       int               `json:"total_count"`
	Sums        []billSum         `json:"bill_sums"`
	Consume     operation.Decimal `json:"consume_amount"`
	Debt        operation.Decimal `json:"debt_amount"`
	Coupon      operation.Decimal `json:"coupon_amount"`
	FlexiCoupon operation.Decimal `json:"flexipurchase_coupon_amount"`
	StoredValue operation.Decimal `json:"stored_value_card_amount"`
	Cash        operation.Decimal `json:"cash_amount"`
	Credit      operation.Decimal `json:"credit_amount"`
	Measure     int               `json:"measure_id"`
	Currency    string            `json:"currency"`
}

// billSum is BillSumRecordInfoV2.
type billSum struct {
	BillCycle        string            `json:"bill_cycle"`
	ResourceTypeCode string            `json:"resource_type_code,omitempty"`
	ServiceTypeCode  string            `json:"service_type_code,omitempty"`
	ServiceTypeName  string            `json:"service_type_name,omitempty"`
	ResourceTypeName string            `json:"resource_type_name,omitempty"`
	ChargingMode     int               `json:"charging_mode"`
	Official         operation.Decimal `json:"official_amount"`
	Discount         operation.Decimal `json:"official_discount_amount"`
	Truncated        operation.Decimal `json:"truncated_amount"`
	Consume          operation.Decimal `json:"consume_amount"`
	Coupon           operation.Decimal `json:"coupon_amount"`
	FlexiCoupon      operation.Decimal `json:"flexipurchase_coupon_amount"`
	StoredValue      operation.Decimal `json:"stored_value_card_amount"`
	Debt             operation.Decimal `json:"debt_amount"`
	Cash             operation.Decimal `json:"cash_amount"`
	Credit           operation.Decimal `json:"credit_amount"`
	Measure          int               `json:"measure_id"`
	BillType         int               `json:"bill_type"`
	CustomerID       string            `json:"customer_id"`
	AccountName      string            `json:"account_name,omitempty"`
}

func handleCustomerMonthlySum(ctx context.Context, c *operation.Call) (any, error) {
	name, _ := cycleOf(c, "bill_cycle")
	f := within(c)
	f.by("service_type_code", tables.LineServiceTypeCode.Of())
	f.own()
	list, err := f.sums(ctx, name, []string{c.Scope.Customer}, tables.LineServiceTypeCode.Of(),
		tables.LineResourceTypeCode.Of(),
		tables.LineChargingMode.Of(), tables.LineBillDetailType.Of())
	if err != nil {
		return nil, err
	}
	if list, err = merged(list, 3, sumType); err != nil {
		return nil, err
	}
	var all query.LineSum
	for i := range list {
		if err := all.Add(&list[i]); err != nil {
			return nil, err
		}
	}
	out := &monthlySum{Total: len(list), Sums: []billSum{}, Consume: sumOf(&all, query.PaymentSum),
		Debt: sumOf(&all, query.DebtSum), Coupon: sumOf(&all, query.CouponSum),
		FlexiCoupon: sumOf(&all, query.FlexiCouponSum), StoredValue: sumOf(&all, query.StoredValueSum),
		Cash:   sumOf(&all, query.CashSum),
		Credit: sumOf(&all, query.CreditSum), Measure: MeasureYuan,
		Currency: c.InCurrency().Code}
	names, account := NamesOf(c.State.Workspace.Books), CustomerName(c, c.Scope.Customer)
	for _, s := range Window(c, list) {
		mode, err := strconv.Atoi(s.By[2])
		if err != nil {
			return nil, err
		}
		bill, err := strconv.Atoi(s.By[3])
		if err != nil {
			return nil, err
		}
		out.Sums = append(out.Sums, billSum{BillCycle: name.String(), ServiceTypeCode: s.By[0],
			ServiceTypeName: names.Services[s.By[0]], ResourceTypeCode: s.By[1],
			ResourceTypeName: names.Resources[s.By[1]], ChargingMode: mode, Official: sumOf(&s, query.OfficialSum),
			Discount: sumOf(&s, query.DiscountSum), Truncated: sumOf(&s, query.TruncatedSum),
			Consume: sumOf(&s, query.PaymentSum), Coupon: sumOf(&s, query.CouponSum),
			FlexiCoupon: sumOf(&s, query.FlexiCouponSum), StoredValue: sumOf(&s, query.StoredValueSum),
			Debt: sumOf(&s, query.DebtSum), Cash: sumOf(&s, query.CashSum), Credit: sumOf(&s, query.CreditSum),
			Measure: MeasureYuan, BillType: bill, CustomerID: c.Scope.Customer, AccountName: account})
	}
	return out, nil
}

// sumType returns the bill_type of a monthly sum for a bill_detail_type: 1 consumption, 2 refund, 3 adjustment.
func sumType(detail string) string {
	switch detail {
	case detailUnsubscribe:
		return "2"
	case detailCompensation, detailAdjustment:
		return "3"
	}
	return "1"
}

// Words of bill_detail_type (§5).
var (
	detailUnsubscribe  = strconv.Itoa(tables.DetailUnsubscribe)
	detailCompensation = strconv.Itoa(tables.DetailCompensation)
	detailAdjustment   = strconv.Itoa(tables.DetailAdjustment)
)

// merged adds up sums that are equal after class is applied to the value at an index.
func merged(list []query.LineSum, place int, class func(string) string) ([]query.LineSum, error) {
	var out []query.LineSum
	for i := range list {
		s := list[i]
		s.By[place] = class(s.By[place])
		at := slices.IndexFunc(out, func(o query.LineSum) bool { return slices.Equal(o.By, s.By) })
		if at < 0 {
			out = append(out, s)
			continue
		}
		if err := out[at].Add(&s); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(out, func(a, b query.LineSum) int { return slices.CompareFunc(a.By, b.By, strings.Compare) })
	return out, nil
}
