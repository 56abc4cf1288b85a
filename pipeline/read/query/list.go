package query

import (
	"slices"
	"strings"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// Questions returns the questions that a published copy can answer too, in the order of the list for users.
func Questions() []*Question {
	return []*Question{
		revenue(), revenueByKind(), topCustomers(), partnerMargin(), discountLeakage(), lateAdjustments(), paymentMix(),
		couponUse(), packageUse(), debt(), incentivesOwed(), unbilledRejects(), margin(), lowMargin(), unallocated(),
		costDeliveries(), customersTax(),
	}
}

// lakeOnly returns the questions that only the lake answers.
func lakeOnly() []*Question {
	return []*Question{change(), ageing(), lapses(), dues(), couponList(), couponQuotas(), discounts(),
		performance("customer", "customer_id"), performance("service", "service_type_code"), performanceByManager(),
		transfers(), budgets(),
		deferredRevenue(), taxByCountry(), orderList()}
}

// EveryQuestion returns all questions.
func EveryQuestion() []*Question { return slices.Concat(Questions(), lakeOnly()) }

// FindQuestion returns the question of a name.
func FindQuestion(name string) (*Question, bool) {
	for _, q := range EveryQuestion() {
		if q.Name == name {
			return q, true
		}
	}
	return nil, false
}

// QuestionNames returns the names of all questions.
func QuestionNames() []string {
	var names []string
	for _, q := range EveryQuestion() {
		names = append(names, q.Name)
	}
	return names
}

// pick returns the named columns of a table, for a question that shows them unchanged.
func pick(t *tables.Table, names string) []tables.Column {
	var out []tables.Column
	for name := range strings.FieldsSeq(names) {
		out = append(out, t.Columns[t.Index(name)])
	}
	return out
}

// Meanings of the sums of lines.
const (
	sumOf     = "sum of that column over the row's lines"
	lineCount = "line_count"
)

// bill returns the sums that show the amounts of lines.
func bill() []tables.Column {
	return []tables.Column{
		{Name: lineCount, Type: tables.Whole, Meaning: "number of lines"},
		{Name: "official_amount", Type: tables.Amount, Meaning: sumOf},
		{Name: "official_discount_amount", Type: tables.Amount, Meaning: sumOf},
		{Name: "truncated_amount", Type: tables.Amount, Meaning: sumOf},
		{Name: "payment_amount", Type: tables.Amount, Meaning: sumOf},
	}
}

func revenue() *Question {
	day := tables.Column{Name: "day", Type: tables.Word,
		Meaning: "the line's day in the contract zone: of its usage_start, of orders and adjustments of their " +
			"trade_time; end on month-end lines, charges on recurring ones, commitments, costs of cost files, late " +
			"of late records, rerate of re-rating, restated of corrected deliveries"}
	return &Question{
		Name: "revenue", Answers: "what was billed by service, region and day", View: "lines",
		First: "service_type_code",
		Keys:  append(pick(tables.Lines().Table, "cycle service_type_code region_code"), day), Sums: bill(),
		Lake: Shape{Table: tables.Lines().Table, Count: lineCount,
			Reads: slices.Concat(tables.Columns(tables.LineTradeTime).Any(),
				columnsOf(tables.Lines().Table, dayTable())),
			Made: dayTable(), Make: days},
	}
}

func revenueByKind() *Question {
	return &Question{
		Name: "revenue-by-kind", Answers: "what was billed by what happened: usage, fees, orders, refunds, adjustments",
		View: "lines",
		Keys: pick(tables.Lines().Table, "cycle charging_mode bill_detail_type kind"), Sums: bill(),
		Lake: Shape{Table: tables.Lines().Table, Count: lineCount},
	}
}

func topCustomers() *Question {
	return &Question{
		Name: "top-customers", Answers: "which customers are asked to pay most", View: "statements", Limit: 20,
		Keys: pick(tables.Statements().Table, "customer_id"),
		Sums: pick(tables.Statements().Table,
			"line_count official_amount official_discount_amount truncated_amount payment_amount rounding_amount "+
				"due_amount"),
		Order: []GroupBy{{Column: "due_amount", Down: true}},
		Lake:  Shape{Table: tables.Statements().Table},
	}
}

func partnerMargin() *Question {
	return &Question{
		Name:    "partner-margin",
		Answers: "what partners owe their sellers, and what distributors earn on their resellers",
		View:    "partner_statements",
		Keys:    pick(tables.PartnerStatements().Table, "cycle partner_id seller_id reseller_id service_type_code"),
		Sums: pick(tables.PartnerStatements().Table,
			"line_count payment_amount performance_amount owed_amount revenue_amount cost_amount margin_amount"),
		Apart: []string{"line_count", "payment_amount", "performance_amount"}, // distributors' rows repeat them
		Lake:  Shape{Table: tables.PartnerStatements().Table},
	}
}

func discountLeakage() *Question {
	return &Question{
		Name:    "discount-leakage",
		Answers: "how far discounts and rounding reduce the bill below official prices, by discount", View: "lines",
		Keys: pick(tables.Lines().Table, "cycle discount_id kind service_type_code"), Sums: bill(),
		Order: []GroupBy{{Column: "cycle"}, {Column: "official_discount_amount", Down: true},
			{Column: "truncated_amount", Down: true}},
		Lake: Shape{Table: tables.Lines().Table, Count: lineCount},
	}
}

func lateAdjustments() *Question {
	posted := tables.Column{Name: "day", Type: tables.Word,
		Meaning: "what posted it: late, records accepted after the close; rerate, re-rating; events, orders; " +
			"charges, recurring charges; commitments; restated, corrected deliveries of cost files"}
	return &Question{
		Name:    "late-adjustments",
		Answers: "what was billed for cycles that were closed already, by the cycle it belongs to", View: "lines",
		Keys: append(pick(tables.Lines().Table, "cycle origin_cycle service_type_code"), posted), Sums: bill(),
		Lake: Shape{Table: tables.Lines().Table, Count: lineCount, Keep: func(c *parquet.Columns[tables.Any],
			row int) bool {
			return c.Word(tables.LineOriginCycle.Any()).At(row) != ""
		}},
	}
}

func paymentMix() *Question {
	return &Question{
		Name: "payment-mix", Answers: "what paid the bill, by service", View: "lines",
		Keys: pick(tables.Lines().Table, "cycle service_type_code"),
		Sums: append(bill()[:1:1],
			pick(tables.Lines().Table,
				"payment_amount coupon_amount stored_value_card_amount flexipurchase_coupon_amount cash_amount "+
					"credit_amount debt_amount")...),
		Lake: Shape{Table: tables.Lines().Table, Count: lineCount},
	}
}

func couponUse() *Question {
	return &Question{
		Name: "coupon-use", Answers: "what coupons paid, by customer and service", View: "lines",
		Keys: pick(tables.Lines().Table, "cycle customer_id service_type_code"),
		Sums: append(bill()[:1:1], pick(tables.Lines().Table,
			"payment_amount coupon_amount counted_coupon_amount")...),
		Order: []GroupBy{{Column: "cycle"}, {Column: "coupon_amount", Down: true}},
		Lake: Shape{Table: tables.Lines().Table, Count: lineCount, Keep: func(c *parquet.Columns[tables.Any],
			row int) bool {
			return c.Amount(tables.LineCouponAmount.Any()).At(row) != parquet.Dec{}
		}},
	}
}

func packageUse() *Question {
	return &Question{
		Name: "package-use", Answers: "what was drawn from prepaid packages, by customer and product", View: "lines",
		Keys: slices.Concat(pick(tables.Lines().Table, "cycle customer_id"), pick(drawTable(), "package_id"),
			pick(tables.Lines().Table, "sku measure")),
		Sums: []tables.Column{{Name: "draw_count", Type: tables.Whole, Meaning: "number of draws"},
			drawTable().Columns[drawQuantity]},
		Lake: Shape{Table: tables.Lines().Table, Count: "draw_count",
			Reads: tables.Columns(tables.LineCycle, tables.LineCustomerID, tables.LineSKU, tables.LineMeasure,
				tables.LinePackageDraws).Any(),
			Made: drawTable(), Make: draws},
	}
}

func debt() *Question {
	return &Question{
		Name: "debt", Answers: "what customers owe, and its changes from the cycle's start to its end",
		View: "accounts", Span: UpTo,
		Keys:  pick(debtTable(), "customer_id"),
		Sums:  pick(debtTable(), "opening_amount incurred_amount repaid_amount debt_amount"),
		Order: []GroupBy{{Column: "debt_amount", Down: true}},
		Lake: Shape{Table: tables.AccountEntries().Table, Reads: tables.Columns(tables.AccountEntryCustomerID,
			tables.AccountEntryBalanceType,
			tables.AccountEntryAmount).Any(), Made: debtTable(), Make: debts,
			NoZero: true},
	}
}

func incentivesOwed() *Question {
	return &Question{
		Name:    "incentives-owed",
		Answers: "what partners have earned by incentive programmes and were not paid yet, by state",
		View:    "incentives",
		Keys:    pick(tables.Incentives().Table, "partner_id programme_id period state"),
		Sums:    pick(tables.Incentives().Table, "performance_amount incentive_amount"),
		Lake: Shape{Table: tables.Incentives().Table, Keep: func(c *parquet.Columns[tables.Any], row int) bool {
			state := c.Word(tables.IncentiveState.Any()).At(row)
			return state != "paid" && state != "void"
		}},
	}
}

func unbilledRejects() *Question {
	return &Question{
		Name: "unbilled-rejects", Answers: "which records were not accepted and are not billed, by file and reason",
		View: "rejects", Span: OfNone,
		Keys:  pick(tables.Rejects().Table, "feed file reason column"),
		Sums:  []tables.Column{{Name: "record_count", Type: tables.Whole, Meaning: "number of records"}},
		Order: []GroupBy{{Column: "record_count", Down: true}},
		Lake:  Shape{Table: tables.Rejects().Table, Count: "record_count"},
	}
}
