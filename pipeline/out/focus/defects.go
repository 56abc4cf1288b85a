package focus

import (
	"encoding/json"
	"slices"
)

// Defect is a rule of the published model whose definition differs from its text.
type Defect struct {
	Rule   string
	Says   string // the error
	Runs   string // what is tested instead; "" = the rule is skipped
	change func(*ModelRule)
}

func value(column string, v any) *ModelCheck {
	return &ModelCheck{Function: "CheckValue", Column: column, Value: raw(v)}
}
func notValue(column string, v any) *ModelCheck {
	return &ModelCheck{Function: "CheckNotValue", Column: column, Value: raw(v)}
}
func all(items ...*ModelCheck) *ModelCheck   { return &ModelCheck{Function: "AND", Items: items} }
func anyOf(items ...*ModelCheck) *ModelCheck { return &ModelCheck{Function: "OR", Items: items} }
func decimal(column string) *ModelCheck {
	return &ModelCheck{Function: "CheckDecimalValue", Column: column}
}

func raw(v any) json.RawMessage {
	text, _ := json.Marshal(v) // cannot fail: texts, numbers and nil
	return text
}

func require(c *ModelCheck) func(*ModelRule) { return func(r *ModelRule) { r.Requirement = c } }
func when(c *ModelCheck) func(*ModelRule)    { return func(r *ModelRule) { r.Condition = c } }
func notRun(r *ModelRule)                    { r.Requirement = nil }

// Defects returns the known defects, ordered by rule.
func Defects() []Defect {
	list := []Defect{
		{"InvoiceId-C-004-C", "requires null always; the text requires it for charges without an invoice", "",
			notRun},
		{"InvoiceId-C-005-C", "requires a value always; the text requires it for charges with an invoice", "",
			notRun},
		{"ResourceType-C-005-C", "its condition names no column", "the condition that ResourceId is not null",
			when(notValue("ResourceId", nil))},
		{"ResourceId-C-006-C", "its condition names no column", "the condition that ResourceId is not null",
			when(notValue("ResourceId", nil))},
		{"CapacityReservationStatus-C-003-C", "its condition is not written as one", "the condition of its text",
			when(value("CapacityReservationId", nil))},
		{"CapacityReservationStatus-C-004-C", "its condition is not written as one", "the condition of its text",
			when(all(notValue("CapacityReservationId", nil), value("ChargeCategory", "Usage")))},
		{"CommitmentDiscountStatus-C-003-C", "requires a value; the text requires null",
			"null without CommitmentDiscountId", require(value("CommitmentDiscountStatus", nil))},
		{"CommitmentDiscountStatus-C-004-C", "its condition is that the id is null; the text says that it is not",
			"the condition of its text",
			when(all(notValue("CommitmentDiscountId", nil), value("ChargeCategory", "Usage")))},
		{"CommitmentDiscountStatus-C-005-M",
			"allows Active, Expired and Pending; the specification allows Used and Unused", "Used or Unused",
			require(anyOf(value("CommitmentDiscountStatus", "Used"), value("CommitmentDiscountStatus", "Unused")))},
		{"CommitmentDiscountQuantity-C-007-C",
			"requires null on every correction; CommitmentDiscountQuantity-C-006-C permits a value",
			"without corrections",
			when(anyOf(all(notValue("ChargeCategory", "Usage"), notValue("ChargeCategory", "Purchase")),
				value("CommitmentDiscountId", nil)))},
		{"ConsumedQuantity-C-006-C", "its condition is that the row is a correction; the text says that it is not",
			"the condition of its text", when(notValue("ChargeClass", "Correction"))},
		{"EffectiveCost-C-005-C",
			"requires 0 on every purchase; the text requires it for those that cover future charges",
			"purchases with a CommitmentDiscountId: others cannot be identified in the data",
			when(all(value("ChargeCategory", "Purchase"), notValue("CommitmentDiscountId", nil)))},
		{"PricingCurrencyEffectiveCost-C-004-M", "checks PricingCurrencyListUnitPrice", "a decimal in its own column",
			require(decimal("PricingCurrencyEffectiveCost"))},
		{"ContractedCost-C-004-M", "checks for a value; the text requires a decimal", "a decimal",
			require(decimal("ContractedCost"))},
		{"EffectiveCost-C-004-M", "checks for a value; the text requires a decimal", "a decimal",
			require(decimal("EffectiveCost"))},
		{"ListCost-C-004-M", "checks for a value; the text requires a decimal", "a decimal",
			require(decimal("ListCost"))},
		{"PricingQuantity-C-008-M", "checks for a value; the text requires a decimal", "a decimal",
			require(decimal("PricingQuantity"))},
	}
	slices.SortFunc(list, func(a, b Defect) int {
		if a.Rule < b.Rule {
			return -1
		}
		return 1
	})
	return list
}

// decidable returns rules that the model leaves to a person although the data are sufficient.
func decidable() map[string]func(*ModelRule) {
	credit := value("ChargeCategory", "Credit")
	same := func(a, b string) *ModelCheck { return &ModelCheck{Function: "CheckSameNumber", A: a, B: b} }
	product := &ModelCheck{Function: "ColumnByColumnEqualsColumnValue", A: "ContractedUnitPrice", B: "PricingQuantity",
		Result: "ContractedCost"}
	after := func(end, start string) *ModelCheck { return &ModelCheck{Function: "CheckAfter", A: end, B: start} }
	unit := &ModelCheck{Function: "CheckDistinctCount", A: "CommitmentDiscountId", B: "CommitmentDiscountUnit",
		Count: 1}
	with := func(requirement, condition *ModelCheck) func(*ModelRule) {
		return func(r *ModelRule) { r.Requirement, r.Condition, r.Dynamic = requirement, condition, false }
	}
	return map[string]func(*ModelRule){
		"BillingPeriodEnd-C-004-M":           with(after("BillingPeriodEnd", "BillingPeriodStart"), nil),
		"ChargePeriodEnd-C-004-M":            with(after("ChargePeriodEnd", "ChargePeriodStart"), nil),
		"CommitmentDiscountUnit-C-008-M":     with(unit, notValue("CommitmentDiscountUnit", nil)),
		"ConsumedQuantity-C-008-C":           with(decimal("ConsumedQuantity"), nil),
		"CommitmentDiscountQuantity-C-009-M": with(decimal("CommitmentDiscountQuantity"), nil),
		"ContractedCost-C-009-C": with(product, all(notValue("ContractedUnitPrice", nil),
			notValue("PricingQuantity", nil), notValue("ChargeClass", "Correction"))),
		"ContractedCost-C-008-C": with(same("ContractedCost", "BilledCost"), credit),
		"ListCost-C-008-C":       with(same("ListCost", "BilledCost"), credit),
		"EffectiveCost-C-010-C":  with(same("EffectiveCost", "BilledCost"), credit),
		"ColumnHandling-A-010-M": with(&ModelCheck{Function: "CustomPrefix"}, nil),
		"ColumnHandling-A-013-O": with(&ModelCheck{Function: "CustomLast"}, nil),
		"DiscountHandling-A-014-C": with(notValue("CommitmentDiscountStatus", nil),
			all(value("PricingCategory", "Committed"), value("ChargeCategory", "Usage"))),
		"ResourceName-C-004-C": with(value("ResourceName", nil), value("ResourceId", nil)),
		"PricingCurrencyContractedUnitPrice-C-004-C": with(value("PricingCurrencyContractedUnitPrice", nil),
			value("ChargeCategory", "Tax")),
	}
}
