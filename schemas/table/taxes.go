package table

// STax is the column of a statement's tax, which StatementsOf adds to Statements.
const STax = StatementColumns

// StatementsOf is Statements of a cycle; if taxed, of one that was billed with rows of taxes.csv (§10.6).
func StatementsOf(taxed bool) *Table {
	plain := Statements()
	if !taxed {
		return plain
	}
	return define(plain.Name, append(plain.Columns, Column{"tax_amount", Amount,
		"tax on payment_amount: added to due_amount where prices are exclusive of tax, else included in it; only of " +
			"cycles with taxes"})).adding(1)
}

// Columns of the taxes table.
const (
	TaxCycle = iota
	TaxSeller
	TaxBuyer
	TaxID
	TaxRate
	TaxTaxable
	TaxAmount
	TaxPrices
	TaxRounding
	TaxDigits
	TaxColumns
)

// Taxes is the tax of what customers and partners are asked to pay for a cycle (§10.6).
func Taxes() *Table {
	return define("taxes", []Column{
		{"cycle", Word, "the cycle"},
		{"seller_id", Word, "on a partner's row the seller of its statement; empty on a customer's"},
		{"buyer_id", Word, "the customer or partner who is asked to pay"},
		{"tax_id", Word, "the tax"},
		{"rate", Quantity, "its rate"},
		{"taxable_amount", Amount,
			"Σ payment_amount of the lines with this tax, or Σ owed_amount or cost_amount of the partner's rows; where " +
				"prices are inclusive, with the tax in it"},
		{"tax_amount", Amount, "the tax, in the currency's digits"},
	},
		Column{"prices", Word, "exclusive or inclusive: the setting that it was calculated with"},
		Column{"rounding", Word, "bill or line: the setting that it was calculated with"},
		Column{"digits", Small, "decimals that it was rounded to"})
}

// Columns of the tax_sums table.
const (
	TaxSumCustomer = iota
	TaxSumService
	TaxSumFrom
	TaxSumTo
	TaxSumID
	TaxSumRate
	TaxSumRates
	TaxSumTaxable
	TaxSumRounded
	TaxSumColumns
)

// TaxSums is what the lines of a day add to the taxes of customers.
func TaxSums() *Table {
	return define("tax_sums", nil,
		Column{"customer_id", Word, "the customer"},
		Column{"service_type_code", Word, "service of the lines"},
		Column{"own_from", MaybeTime, "the lines' own times are not before it; null = no bound"},
		Column{"own_to", MaybeTime, "the lines' own times are before it; null = no bound"},
		Column{"tax_id", Word, "the tax"},
		Column{"rate", Quantity, "its rate"},
		Column{"rates", Quantity, "Σ of the rates of all taxes of these lines"},
		Column{"taxable_amount", Amount, "Σ payment_amount of these lines"},
		Column{"rounded_amount", Amount, "Σ of the tax of each line, rounded; 0 where the sum of a cycle is rounded"})
}
