package bss

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake"
	"github.com/tollbook/tollbook/pipeline/lake/rows"
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// costOperations lists the operations about costs.
func costOperations() []operation.Operation {
	return []operation.Operation{listCosts(), monthlyBreakDown()}
}

func listCosts() operation.Operation {
	return operation.Operation{
		Name: "ListCosts", Method: http.MethodPost, Path: "/v4/costs/cost-analysed-bills/query",
		Summary: "A customer's costs by dimensions, by day or by month",
		Callers: Owners(), Subject: operation.ItsCustomer,
		Params: InBody(append([]operation.Param{
			WhoseBill(),
			{Name: "time_condition", Kind: operation.Raw, Of: timeCondition{}, Required: true,
				Meaning: "the days, at most 31, or the months, at most 18"},
			{Name: "groupby", Kind: operation.Raw, Of: []groupBy{}, Max: maxGroups, Required: true,
				Meaning: "the dimensions"},
			{Name: "cost_type", Kind: operation.Word, Words: []string{"ORIGINAL_COST"}, Required: true,
				Meaning: "as billed; costs that are spread over months are not offered"},
			{Name: "amount_type", Kind: operation.Word, Words: []string{"PAYMENT_AMOUNT", net}, Required: true,
				Meaning: "what is to pay, or that without coupons and stored value"},
			{Name: "filters", Kind: operation.Raw, Of: []costFilter{}, Max: maxGroups,
				Meaning: "only, or all but, values"},
		}, PageParams()...)),
		Answer: costList{},
		Handle: handleListCosts,
	}
}

const (
	net         = "NET_AMOUNT"
	maxGroups   = 10
	maxCostDays = 31
)

// timeCondition is TimeCondition.
type timeCondition struct {
	Measure int    `json:"time_measure_id"`
	Begin   string `json:"begin_time"`
	End     string `json:"end_time"`
}

// groupBy is GroupBy.
type groupBy struct {
	Type string `json:"type"`
	Key  string `json:"key"`
}

// costFilter is FilterV2.
type costFilter struct {
	Operator int    `json:"operator"`
	Factor   factor `json:"filter_factor"`
}

// factor is FilterFactor.
type factor struct {
	Key   string   `json:"key"`
	Value []string `json:"value"`
}

// costList is ListCostsResponse.
type costList struct {
	Currency string     `json:"currency"`
	Total    int        `json:"total_count"`
	Data     []costData `json:"cost_data"`
}

// costData is CostDataByDimension.
type costData struct {
	Dimensions []dimension `json:"dimensions"`
	Costs      []cost      `json:"costs"`
	Amount     string      `json:"amount_by_costs"`
	Official   string      `json:"official_amount_by_costs"`

	amount, official money.AmountTotal
}

// dimension is DimensionGroup.
type dimension struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// cost is Cost.
type cost struct {
	Time     string `json:"time_dimension_value"`
	Measure  int    `json:"time_measure_id"`
	Amount   string `json:"amount"`
	Official string `json:"official_amount"`
}

// columnOf returns the column of a dimension.
func columnOf(key string) (col tables.ColumnOf[tables.Line], ok bool) {
	col, ok = map[string]tables.ColumnOf[tables.Line]{"CLOUD_SERVICE_TYPE": tables.LineServiceTypeCode.Of(),
		"RESOURCE_TYPE": tables.LineResourceTypeCode.Of(),
		"REGION_CODE":   tables.LineRegionCode.Of(), "RES_SPEC_CODE": tables.LineSKU.Of(),
		"USAGE_TYPE":  tables.LineUsageType.Of(),
		"RESOURCE_ID": tables.LineResourceID.Of(), "CHARGING_MODE": tables.LineChargingMode.Of(),
		"BILL_TYPE":          tables.LineBillDetailType.Of(),
		"ASSOCIATED_ACCOUNT": tables.LineCustomerID.Of(), "PAYER_ACCOUNT_ID": tables.LineCustomerID.Of()}[key]
	return col, ok
}

// step is a day or a month for which costs are added up.
type step struct {
	name  string
	cycle lake.Cycle
	where []query.Condition
}

func handleListCosts(ctx context.Context, c *operation.Call) (any, error) {
	var when timeCondition
	var groups []groupBy
	var filters []costFilter
	if err := c.Decode("time_condition", &when); err != nil {
		return nil, err
	}
	if err := List(c, "groupby", &groups); err != nil {
		return nil, err
	}
	if err := List(c, "filters", &filters); err != nil {
		return nil, err
	}
	steps, err := stepsOf(c, when)
	if err != nil {
		return nil, err
	}
	q := &costQuery{call: c, groups: groups, filters: filters, measure: when.Measure, at: map[string]int{}}
	if err := q.columns(); err != nil {
		return nil, err
	}
	for _, s := range steps {
		if err := q.add(ctx, s); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(q.out, func(x, y costData) int {
		return slices.CompareFunc(x.Dimensions, y.Dimensions, func(a, b dimension) int {
			return strings.Compare(a.Value, b.Value)
		})
	})
	for i := range q.out {
		q.out[i].Amount, q.out[i].Official = q.out[i].amount.String(), q.out[i].official.String()
	}
	return &costList{Currency: c.InCurrency().Code, Total: len(q.out),
		Data: append([]costData{}, Window(c, q.out)...)}, nil
}

// stepsOf returns the days or months of a time condition.
func stepsOf(c *operation.Call, when timeCondition) ([]step, error) {
	bad := func(zh, en string) error {
		return operation.BadParameter("time_condition", operation.Text{Zh: zh, En: en})
	}
	zone := c.State.Workspace.Books.Zone
	var out []step
	switch when.Measure {
	case 1:
		first, err1 := period.ParseDay(when.Begin)
		last, err2 := period.ParseDay(when.End)
		if err1 != nil || err2 != nil || last < first || last-first >= maxCostDays {
			return nil, bad("应为YYYY-MM-DD，最多31天", "is not 1 to 31 days written as YYYY-MM-DD")
		}
		for day := first; day <= last; day++ {
			cycle := day.Cycle()
			out = append(out, step{day.String(), lake.CycleOf(cycle),
				[]query.Condition{query.BilledOn(zone, cycle, day, day)}})
		}
	case 2:
		first, err1 := period.ParseCycle(when.Begin)
		last, err2 := period.ParseCycle(when.End)
		if err1 != nil || err2 != nil || last < first || last >= first.Add(operation.Window) {
			return nil, bad("应为YYYY-MM，最多18个月", "is not 1 to 18 months written as YYYY-MM")
		}
		for cycle := first; cycle <= last; cycle++ {
			out = append(out, step{cycle.String(), lake.CycleOf(cycle), nil})
		}
	default:
		return nil, bad("time_measure_id应为1或2", "has a time_measure_id that is neither 1 nor 2")
	}
	return out, nil
}

// costQuery adds up the requested costs.
type costQuery struct {
	call    *operation.Call
	groups  []groupBy
	filters []costFilter
	measure int
	by      tables.List[tables.Line] // columns of the groups, then those of the filters
	at      map[string]int           // index in out of each combination of the groups' values
	out     []costData
}

// columns finds the columns of groups and filters.
func (q *costQuery) columns() error {
	for _, g := range q.groups {
		col, ok := columnOf(g.Key)
		if !ok || g.Type != "dimension" && g.Type != "" {
			return operation.BadParameter("groupby", operation.Textf("不支持维度%s",
				"%s is not a dimension", g.Key))
		}
		q.by = append(q.by, col)
	}
	for _, f := range q.filters {
		col, ok := columnOf(f.Factor.Key)
		if !ok || f.Operator != 0 && f.Operator != 1 {
			return operation.BadParameter("filters", operation.Textf("不支持维度%s",
				"%s is not a dimension", f.Factor.Key))
		}
		q.by = append(q.by, col)
	}
	if len(q.groups) == 0 {
		return operation.BadParameter("groupby", operation.Text{Zh: "必填", En: "is missing"})
	}
	return nil
}

// add adds up the lines of a day or month.
func (q *costQuery) add(ctx context.Context, s step) error {
	where, none := q.call.Lines()
	if none {
		return nil
	}
	sums, err := q.call.State.Store.Sums(ctx, query.SumQuery{Cycle: s.cycle,
		Customers: []string{q.call.Scope.Customer}, Where: append(where, s.where...), By: q.by})
	if none := new(rows.NoCycleError); errors.As(err, &none) {
		return nil
	}
	if err != nil {
		return err
	}
	amounts, officials := map[int]*money.AmountTotal{}, map[int]*money.AmountTotal{}
	for i := range sums {
		if !q.wants(&sums[i]) {
			continue
		}
		at := q.place(sums[i].By)
		if amounts[at] == nil {
			amounts[at], officials[at] = &money.AmountTotal{}, &money.AmountTotal{}
		}
		if err := q.sum(&sums[i], amounts[at], officials[at]); err != nil {
			return err
		}
	}
	for at := range q.out {
		if amounts[at] == nil {
			continue
		}
		q.out[at].Costs = append(q.out[at].Costs, cost{s.name, q.measure, amounts[at].String(), officials[at].String()})
		to := &q.out[at]
		if err := errors.Join(to.amount.AddTotal(*amounts[at]), to.official.AddTotal(*officials[at])); err != nil {
			return err
		}
	}
	return nil
}

// wants reports whether a sum matches the filters.
func (q *costQuery) wants(s *query.LineSum) bool {
	for i, f := range q.filters {
		if slices.Contains(f.Factor.Value, s.By[len(q.groups)+i]) == (f.Operator == 1) {
			return false
		}
	}
	return true
}

// place returns the index in out of the values of the groups.
func (q *costQuery) place(by []string) int {
	key := strings.Join(by[:len(q.groups)], "\x00")
	at, ok := q.at[key]
	if !ok {
		at = len(q.out)
		q.at[key] = at
		one := costData{Costs: []cost{}}
		for i, g := range q.groups {
			one.Dimensions = append(one.Dimensions, dimension{g.Key, by[i]})
		}
		q.out = append(q.out, one)
	}
	return at
}

// sum adds a sum to an amount and an official amount (DIMENSIONS-2).
func (q *costQuery) sum(s *query.LineSum, amount, official *money.AmountTotal) error {
	if err := errors.Join(amount.AddTotal(s.Amounts[query.PaymentSum]),
		official.AddTotal(s.Amounts[query.OfficialSum])); err != nil || q.call.Text("amount_type") != net {
		return err
	}
	for _, i := range []int{query.CouponSum, query.FlexiCouponSum, query.StoredValueSum} {
		if err := amount.SubTotal(s.Amounts[i]); err != nil {
			return err
		}
	}
	return nil
}
