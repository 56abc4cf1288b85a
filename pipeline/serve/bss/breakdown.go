package bss

import (
	"context"
	"net/http"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

func monthlyBreakDown() operation.Operation {
	return operation.Operation{
		Name: "ListCustomerBillsMonthlyBreakDown", Method: http.MethodGet,
		Path:    "/v2/costs/cost-analysed-bills/monthly-breakdown",
		Summary: "A customer's costs of a month, with payments for a period spread over the months of the period",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: append([]operation.Param{
			{Name: "shared_month", Kind: operation.Month, Required: true, Recent: true, Meaning: "the month"},
			WhoseBill(),
			{Name: "service_type_code", Meaning: "only this service's"},
			{Name: "resource_type_code", Meaning: "only this kind of resource"},
			{Name: "region_code", Meaning: "only this region's"},
			{Name: "charging_mode", Kind: operation.Word, Words: []string{"1", "3", "10", "11"},
				Meaning: "1 for a period, 3 on demand"},
			{Name: "bill_type", Kind: operation.Whole, Max: 1000, Meaning: "what happened, as 5 usage"},
			{Name: "resource_id", Meaning: "only this resource's"},
			{Name: "resource_name", Meaning: "only of resources of this name"},
			{Name: "enterprise_project_id",
				Meaning: "an enterprise project; no record belongs to one, so only null finds any"},
			{Name: "method", Kind: operation.Word, Words: []string{"oneself", "sub_customer", "all"}, Default: "all",
				Meaning: "whose records: of enterprise sub-customers there are none"},
			{Name: "sub_customer_id", Meaning: "an enterprise sub-customer, with method sub_customer"},
		}, PageParams()...),
		Answer: breakDown{},
		Handle: handleMonthlyBreakDown,
	}
}

// breakDown is ListCustomerBillsMonthlyBreakDownResponse.
type breakDown struct {
	Currency string        `json:"currency"`
	Total    int           `json:"total_count"`
	Details  []spreadEntry `json:"details"`
}

// spreadEntry is NvlCostAnalysedBillDetail.
type spreadEntry struct {
	SharedMonth      string            `json:"shared_month"`
	BillCycle        string            `json:"bill_cycle"`
	BillType         int               `json:"bill_type"`
	CustomerID       string            `json:"customer_id"`
	RegionCode       string            `json:"region_code,omitempty"`
	ServiceTypeCode  string            `json:"service_type_code,omitempty"`
	ResourceTypeCode string            `json:"resource_type_code,omitempty"`
	ServiceTypeName  string            `json:"service_type_name,omitempty"`
	ResourceTypeName string            `json:"resource_type_name,omitempty"`
	ResourceID       string            `json:"resource_id,omitempty"`
	ResourceName     string            `json:"resource_name,omitempty"`
	ResourceTag      string            `json:"resource_tag,omitempty"`
	ChargingMode     int               `json:"charging_mode"`
	OrderID          string            `json:"order_id,omitempty"`
	PeriodType       int               `json:"period_type,omitempty"`
	UsageType        string            `json:"usage_type,omitempty"`
	Consume          operation.Decimal `json:"consume_amount"`
	Past             operation.Decimal `json:"past_months_amortized_amount"`
	Current          operation.Decimal `json:"current_month_amortized_amount"`
	Future           operation.Decimal `json:"future_months_amortized_amount"`
	Cash             operation.Decimal `json:"amortized_cash_amount"`
	Credit           operation.Decimal `json:"amortized_credit_amount"`
	Coupon           operation.Decimal `json:"amortized_coupon_amount"`
	FlexiCoupon      operation.Decimal `json:"amortized_flexipurchase_coupon_amount"`
	StoredValue      operation.Decimal `json:"amortized_stored_value_card_amount"`
}

// spreading calculates the breakdown of a customer's costs of a month.
type spreading struct {
	call  *operation.Call
	month period.Cycle
	where []query.Condition
	terms map[string]prepaidTerm // of orders, by the id of the line
	ended map[string]period.Cycle
	names Names
	out   []spreadEntry
}

func handleMonthlyBreakDown(ctx context.Context, c *operation.Call) (any, error) {
	month, _ := c.Month("shared_month") // was checked before
	s := &spreading{call: c, month: month, names: NamesOf(c.State.Workspace.Books), out: []spreadEntry{}}
	where, none := c.Lines()
	if project := c.Text("enterprise_project_id"); none || project != "" && project != "null" ||
		c.Text("method") == "sub_customer" {
		return s.answer(), nil
	}
	s.where = where
	for name, col := range map[string]tables.ColumnOf[tables.Line]{"service_type_code": tables.LineServiceTypeCode.Of(),
		"resource_type_code": tables.LineResourceTypeCode.Of(), "region_code": tables.LineRegionCode.Of(),
		"charging_mode": tables.LineChargingMode.Of(),
		"resource_id":   tables.LineResourceID.Of(),
		"resource_name": tables.LineResourceName.Of()} {
		if c.Given(name) {
			s.where = append(s.where, query.Condition{Column: col, Op: query.IsAnyOf, Values: []string{c.Text(name)}})
		}
	}
	if err := s.findTerms(ctx); err != nil {
		return nil, err
	}
	if err := s.paidAhead(ctx); err != nil {
		return nil, err
	}
	if err := s.paidByUse(ctx); err != nil {
		return nil, err
	}
	return s.answer(), nil
}

func (s *spreading) answer() *breakDown {
	return &breakDown{Currency: s.call.InCurrency().Code, Total: len(s.out),
		Details: append([]spreadEntry{}, Window(s.call, s.out)...)}
}

// spreadDays returns the days of lines whose payment is spread: orders and recurring charges.
func spreadDays() []string {
	return []string{lake.EventsDay.String(), lake.ChargesDay.String()}
}

// payments are the parts of a payment, in the order of amounts.
type payments [6]money.Amount

// paymentColumns returns the columns of payments. Debt is part of the amounts of a month, but the response has no field
// for it among those that say what paid.
func paymentColumns() [6]tables.AmountColumn[tables.Line] {
	return [...]tables.AmountColumn[tables.Line]{
		tables.LineCashAmount, tables.LineCreditAmount, tables.LineCouponAmount,
		tables.LineFlexipurchaseCouponAmount,
		tables.LineStoredValueCardAmount, tables.LineDebtAmount}
}

// total returns the sum of a payment's parts.
func (p *payments) total() (money.Amount, error) {
	var sum money.AmountTotal
	for i := range p {
		if err := sum.Add(p[i]); err != nil {
			return money.Amount{}, err
		}
	}
	return sum.Amount()
}

// fill sets a payment's parts before, in and after the month.
func (e *spreadEntry) fill(whole, before, until *payments) error {
	var in payments
	for i := range in {
		var err error
		if in[i], err = until[i].Sub(before[i]); err != nil {
			return err
		}
	}
	var amounts [3]money.Amount
	for i, p := range []*payments{whole, before, &in} {
		var err error
		if amounts[i], err = p.total(); err != nil {
			return err
		}
	}
	reached, err := until.total()
	if err != nil {
		return err
	}
	after, err := amounts[0].Sub(reached)
	if err != nil {
		return err
	}
	text := func(a money.Amount) operation.Decimal { return operation.Decimal(a.String()) }
	e.Consume, e.Past, e.Current, e.Future = text(amounts[0]), text(amounts[1]), text(amounts[2]), text(after)
	e.Cash, e.Credit, e.Coupon, e.FlexiCoupon = text(in[0]), text(in[1]), text(in[2]), text(in[3])
	e.StoredValue = text(in[4])
	return nil
}
