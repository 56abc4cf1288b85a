package question

import (
	"slices"

	"github.com/tollbook/tollbook/pipeline/lake/parquet"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// All are the questions that a published copy answers too, in the order in which they are listed.
func All() []*Question {
	return []*Question{
		revenue(), revenueByKind(), topCustomers(), partnerMargin(), discountLeakage(), lateAdjustments(), paymentMix(),
		couponUse(), packageUse(), debt(), incentivesOwed(), unbilledRejects(), margin(), lowMargin(), unallocated(),
		costDeliveries(), customersTax(),
	}
}

// LakeOnly are the questions that the lake alone answers.
func LakeOnly() []*Question {
	return []*Question{change(), ageing(), lapses(), dues(), couponList(), couponQuotas(), discounts(),
		performance("customer", "customer_id"), performance("service", "service_type_code"), performanceByManager(),
		transfers(), budgets(),
		deferredRevenue(), taxByCountry(), orderList()}
}

// What the sums of lines mean.
const (
	sumOf     = "sum of that column over the row's lines"
	lineCount = "line_count"
)

// bill are the sums that say what lines come to.
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
			"trade_time; " +
			"end on month-end lines, late on those of late records, rerate on those of re-rating"}
	return &Question{
		Name: "revenue", Answers: "what was billed by service, region and day", View: "lines",
		Keys: append(pick(tables.Lines().Table, "cycle service_type_code region_code"), day), Sums: bill(),
		lake: shape{table: tables.Lines().Table, count: lineCount,
			reads: slices.Concat(tables.Columns(tables.LineTradeTime),
				columnsOf(tables.Lines().Table, dayTable())),
			made: dayTable(), make: days},
	}
}

func revenueByKind() *Question {
	return &Question{
		Name: "revenue-by-kind", Answers: "what was billed by what happened: usage, fees, orders, refunds, adjustments",
		View: "lines",
		Keys: pick(tables.Lines().Table, "cycle charging_mode bill_detail_type kind"), Sums: bill(),
		lake: shape{table: tables.Lines().Table, count: lineCount},
	}
}

func topCustomers() *Question {
	return &Question{
		Name: "top-customers", Answers: "which customers are asked to pay most", View: "statements", Limit: 20,
		Keys: pick(tables.Statements().Table, "customer_id"),
		Sums: pick(tables.Statements().Table,
			"line_count official_amount official_discount_amount truncated_amount payment_amount rounding_amount "+
				"due_amount"),
		Order: []By{{"due_amount", true}},
		lake:  shape{table: tables.Statements().Table},
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
		Apart: []string{"line_count", "payment_amount", "performance_amount"}, // of a reseller and of its distributor
		lake:  shape{table: tables.PartnerStatements().Table},
	}
}

func discountLeakage() *Question {
	return &Question{
		Name:    "discount-leakage",
		Answers: "how far discounts and rounding reduce the bill below official prices, by discount", View: "lines",
		Keys: pick(tables.Lines().Table, "cycle discount_id kind service_type_code"), Sums: bill(),
		Order: []By{{"cycle", false}, {"official_discount_amount", true}, {"truncated_amount", true}},
		lake:  shape{table: tables.Lines().Table, count: lineCount},
	}
}

func lateAdjustments() *Question {
	posted := tables.Column{Name: "day", Type: tables.Word,
		Meaning: "what posted it: late, records accepted after the close; rerate, re-rating; events, orders"}
	return &Question{
		Name:    "late-adjustments",
		Answers: "what was billed for cycles that were closed already, by the cycle it belongs to", View: "lines",
		Keys: append(pick(tables.Lines().Table, "cycle origin_cycle service_type_code"), posted), Sums: bill(),
		lake: shape{table: tables.Lines().Table, count: lineCount, keep: func(c *parquet.Columns[tables.Any],
			row int) bool {
			return c.C[tables.LineOriginCycle].Word(row) != ""
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
		lake: shape{table: tables.Lines().Table, count: lineCount},
	}
}

func couponUse() *Question {
	return &Question{
		Name: "coupon-use", Answers: "what coupons paid, by customer and service", View: "lines",
		Keys: pick(tables.Lines().Table, "cycle customer_id service_type_code"),
		Sums: append(bill()[:1:1], pick(tables.Lines().Table,
			"payment_amount coupon_amount counted_coupon_amount")...),
		Order: []By{{"cycle", false}, {"coupon_amount", true}},
		lake: shape{table: tables.Lines().Table, count: lineCount, keep: func(c *parquet.Columns[tables.Any],
			row int) bool {
			return c.C[tables.LineCouponAmount].Decs[row] != parquet.Dec{}
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
		lake: shape{table: tables.Lines().Table, count: "draw_count",
			reads: tables.Columns(tables.LineCycle, tables.LineCustomerID, tables.LineSKU, tables.LineMeasure,
				tables.LinePackageDraws),
			made: drawTable(), make: draws},
	}
}

func debt() *Question {
	return &Question{
		Name: "debt", Answers: "what customers owe, and its changes from the cycle's start to its end",
		View: "accounts", Span: UpTo,
		Keys:  pick(debtTable(), "customer_id"),
		Sums:  pick(debtTable(), "opening_amount incurred_amount repaid_amount debt_amount"),
		Order: []By{{"debt_amount", true}},
		lake: shape{table: tables.AccountEntries().Table, reads: tables.Columns(tables.AccountEntryCustomerID,
			tables.AccountEntryBalanceType,
			tables.AccountEntryAmount), made: debtTable(), make: debts,
			nozero: true},
	}
}

func incentivesOwed() *Question {
	return &Question{
		Name:    "incentives-owed",
		Answers: "what partners have earned by incentive programmes and were not paid yet, by state",
		View:    "incentives",
		Keys:    pick(tables.Incentives().Table, "partner_id programme_id period state"),
		Sums:    pick(tables.Incentives().Table, "performance_amount incentive_amount"),
		lake: shape{table: tables.Incentives().Table, keep: func(c *parquet.Columns[tables.Any], row int) bool {
			state := c.C[tables.IncentiveState].Word(row)
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
		Order: []By{{"record_count", true}},
		lake:  shape{table: tables.Rejects().Table, count: "record_count"},
	}
}
