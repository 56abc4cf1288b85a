package books

import (
	"github.com/tollbook/tollbook/schemas/money"
)

// PercentageTerms holds the terms of a tier of a percentage price, besides its rate (UnitPrice) and its flat fee
// (§10.3). Only a version with a single tier has any.
type PercentageTerms struct {
	FixedFee              money.Amount // per record
	MinFee, MaxFee        money.Amount // limits of a record's fee
	HasMax                bool
	FreeEvents            int64          // number of records that are free
	FreeAmount            money.Quantity // amount of money that is free
	HasEvents, HasAllowed bool           // whether FreeEvents and FreeAmount are given
}

// percentageColumns are the columns of prices.csv that only percentage prices have.
func percentageColumns() []Column {
	const only = "percentage only"
	return []Column{
		{Name: "rate", Type: "rate", Meaning: "percentage and pass_through only, and required there. percentage: the " +
			"share of the quantity, which is money, that is charged. pass_through: the mark-up on the cost, -1 " +
			"or more: 0.1 = 10 % above the cost"},
		{Name: "fixed_fee", Type: "amount", Meaning: only + ", one tier: charged for each record"},
		{Name: "min_fee", Type: "amount", Meaning: only + ", one tier: the least that a record is charged"},
		{Name: "max_fee", Type: "amount", Meaning: only + ", one tier: the most that a record is charged"},
		{Name: "free_events", Type: "whole number", Meaning: only +
			", one tier: how many of a cycle's records are free"},
		{Name: "free_amount", Type: "quantity", Meaning: only +
			", one tier: up to which sum a cycle's records are free"},
	}
}
