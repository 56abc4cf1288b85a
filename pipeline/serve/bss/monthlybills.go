package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func subcustomerMonthlyBills() operation.Operation {
	return operation.Operation{
		Name: "ListSubcustomerMonthlyBills", Method: http.MethodGet,
		Path: "/v2/bills/partner-bills/subcustomer-bills/monthly-sum",
		Summary: "What a partner's reseller customers consumed in a cycle, added up by customer, service and kind of " +
			"resource",
		Callers: Partners(), Subject: operation.Customers,
		Params: append([]operation.Param{
			{Name: "cycle", Kind: operation.Month, Required: true, Recent: true, Meaning: "the cycle"},
			{Name: "charge_mode", Kind: operation.Word, Words: []string{"1", "3", "10", "11"}, Required: true,
				Meaning: "1 for a period, 3 on demand"},
			{Name: "customer_id", Meaning: "only this customer's"},
			{Name: "cloud_service_type", Meaning: "only this service's"},
			{Name: "bill_type", Kind: operation.Word, Words: []string{"0", "1", "2"},
				Meaning: "0 consumption, 1 unsubscribed, 2 written off"},
			{Name: "indirect_partner_id", Meaning: "customers of this reseller"},
			operation.OfCurrency(),
		}, PageParams()...),
		Answer: monthlyBills{},
		Handle: handleSubcustomerMonthlyBills,
	}
}

// monthlyBills is ListSubcustomerMonthlyBillsResponse.
type monthlyBills struct {
	Sums     []customerSum `json:"bill_sums"`
	Count    int           `json:"count"`
	Currency string        `json:"currency"`
}

// customerSum is BillSumInfoV2. Debt and discount are only those of consumption.
type customerSum struct {
	CustomerID       string            `json:"customer_id"`
	ServiceType      string            `json:"cloud_service_type,omitempty"`
	ServiceTypeName  string            `json:"cloud_service_type_name,omitempty"`
	BillType         string            `json:"bill_type"`
	ChargeMode       string            `json:"charge_mode"`
	Amount           operation.Decimal `json:"amount"`
	Debt             operation.Decimal `json:"debt_amount,omitempty"`
	Discount         operation.Decimal `json:"discount_amount,omitempty"`
	Measure          int               `json:"measure_id"`
	Details          []paidFrom        `json:"account_details"`
	ResourceTypeCode string            `json:"resource_type_code,omitempty"`
	ResourceTypeName string            `json:"resource_type_name,omitempty"`
}

// paidFrom is BalanceTypeDeductSumV2.
type paidFrom struct {
	BalanceType string            `json:"balance_type"`
	Amount      operation.Decimal `json:"amount"`
	BillType    string            `json:"bill_type"`
}

// The bill_type of a customer's monthly sums.
const (
	consumed     = "0"
	unsubscribed = "1"
	writtenOff   = "2"
)

// resold is the association type of a reseller's customer.
const resold = "2"

func handleSubcustomerMonthlyBills(ctx context.Context, c *operation.Call) (any, error) {
	name, _ := cycleOf(c, "cycle")
	if code := c.Text("currency"); code != "" && c.InCurrency().Code != code {
		return nil, operation.BadParameter("currency", operation.Textf("金额的币种为%s",
			"the amounts are in %s", c.InCurrency().Code))
	}
	out := &monthlyBills{Sums: []customerSum{}, Currency: c.InCurrency().Code}
	customers, err := c.Customers(ctx, name, func(s query.PartnerShare) bool {
		return s.Association == resold && c.BillsIn(s.Customer)
	})
	if err != nil {
		return nil, err
	}
	f := within(c)
	f.add(tables.LineAssociationType.Of(), resold)
	f.by("charge_mode", tables.LineChargingMode.Of())
	f.by("cloud_service_type", tables.LineServiceTypeCode.Of())
	f.billType(c.Text("bill_type"))
	list, err := f.sums(ctx, name, customers, tables.LineCustomerID.Of(), tables.LineServiceTypeCode.Of(),
		tables.LineResourceTypeCode.Of(),
		tables.LineChargingMode.Of(), tables.LineBillDetailType.Of())
	if err != nil {
		return nil, err
	}
	if list, err = merged(list, 4, billTypeOf); err != nil {
		return nil, err
	}
	names := NamesOf(c.State.Workspace.Books)
	out.Count = len(list)
	for _, s := range Window(c, list) {
		sum := customerSum{CustomerID: s.By[0], ServiceType: s.By[1], ServiceTypeName: names.Services[s.By[1]],
			ResourceTypeCode: s.By[2], ResourceTypeName: names.Resources[s.By[2]], ChargeMode: s.By[3],
			BillType: s.By[4], Amount: sumOf(&s, query.PaymentSum), Measure: MeasureYuan,
			Details: detailsOf(&s, s.By[4])}
		if sum.BillType == consumed {
			sum.Debt, sum.Discount = sumOf(&s, query.DebtSum), sumOf(&s, query.DiscountSum)
		}
		out.Sums = append(out.Sums, sum)
	}
	return out, nil
}

// billType limits lines to those that a bill_type adds up: 1 unsubscriptions, 2 manual credits, 0 all others.
func (f *filter) billType(kind string) {
	switch kind {
	case consumed:
		f.where = append(f.where, query.Condition{Column: tables.LineBillDetailType.Of(), Op: query.IsNot,
			Values: []string{detailUnsubscribe, detailCompensation}})
	case unsubscribed:
		f.add(tables.LineBillDetailType.Of(), detailUnsubscribe)
	case writtenOff:
		f.add(tables.LineBillDetailType.Of(), detailCompensation)
	}
}

// billTypeOf returns the bill_type that adds up lines of a bill_detail_type.
func billTypeOf(detail string) string {
	switch detail {
	case detailUnsubscribe:
		return unsubscribed
	case detailCompensation:
		return writtenOff
	}
	return consumed
}

// detailsOf returns what paid a sum, without zero amounts.
func detailsOf(s *query.LineSum, kind string) []paidFrom {
	out := []paidFrom{}
	for _, from := range []struct {
		name   string
		amount *money.AmountTotal
	}{{"BALANCE_TYPE_DEBIT", &s.Amounts[query.CashSum]}, {"BALANCE_TYPE_CREDIT", &s.Amounts[query.CreditSum]},
		{"BALANCE_TYPE_COUPON", &s.Amounts[query.CouponSum]},
		{"BALANCE_TYPE_RCASH_COUPON", &s.Amounts[query.FlexiCouponSum]},
		{"BALANCE_TYPE_STORED_VALUE_CARD", &s.Amounts[query.StoredValueSum]}} {
		if !from.amount.IsZero() {
			out = append(out, paidFrom{from.name, operation.Decimal(from.amount.String()), kind})
		}
	}
	return out
}
