package bss

import (
	"github.com/tollbook/tollbook/pipeline/read/query"
	"github.com/tollbook/tollbook/pipeline/serve/operation"
	tables "github.com/tollbook/tollbook/schemas/table"
)

// ownBill returns the common parameters of operations on a customer's own bill. tollbook has no enterprise projects
// (all records have the project id null) and no enterprise sub-customers.
func ownBill() []operation.Param {
	return []operation.Param{
		{Name: "enterprise_project_id",
			Meaning: "an enterprise project; no record belongs to one, so only null finds any"},
		{Name: "include_zero_record", Kind: operation.Flag, Default: "true",
			Meaning: "false: without records of nothing to pay"},
		{Name: "method", Kind: operation.Word, Words: []string{"oneself", "sub_customer", "all"}, Default: "all",
			Meaning: "whose records: of enterprise sub-customers there are none"},
		{Name: "sub_customer_id", Meaning: "an enterprise sub-customer, with method sub_customer"},
	}
}

// own limits lines by the parameters of ownBill.
func (f *filter) own() {
	c := f.call
	if project := c.Text("enterprise_project_id"); project != "" && project != "null" ||
		c.Text("method") == "sub_customer" {
		f.none = true
	}
	if !c.Flag("include_zero_record") {
		f.amount(tables.LinePaymentAmount.Of(), query.NotZero)
	}
}
