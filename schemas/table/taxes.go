package table

// StatementsOf is Statements with the optional columns of a cycle: tax if there were rows of taxes.csv (§10.6), and the
// currency if customers or partners had several (§10.7).
func StatementsOf(taxed, mixed bool) Def[Statement] {
	plain := Statements()
	columns, added := plain.Columns, []string(nil)
	if taxed {
		added = append(added, "tax_amount")
		columns = append(columns, Column{"tax_amount", Amount,
			"tax on payment_amount: added to due_amount where prices are exclusive of tax, else included in it; " +
				"only of cycles with taxes"})
	}
	if mixed {
		added = append(added, "currency")
		columns = append(columns, Column{"currency", Word,
			"currency of the amounts; only of cycles that were billed with several currencies"})
	}
	return Def[Statement]{define(plain.Name, columns).adding(added...)}
}

// HasTax reports whether a table of statements has the column StatementTaxAmount.
func HasTax(statements *Table) bool {
	tax := StatementTaxAmount.Index()
	return len(statements.Columns) > tax && statements.Columns[tax].Type == Amount
}

// CurrencyColumn is the column of the currency of a table of statements; -1 = none.
func CurrencyColumn(statements *Table) WordColumn[Statement] {
	if last := len(statements.Columns) - 1; last >= StatementTaxAmount.Index() &&
		statements.Columns[last].Type == Word {
		return WordColumn[Statement](last)
	}
	return -1
}

// Taxes defines the taxes that customers and partners owe for a cycle (§10.6).
func Taxes() Def[Tax] { return Def[Tax]{taxesTable} }

var taxesTable = define("taxes", []Column{
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

// TaxSums defines what the lines of a day add to the taxes of customers.
func TaxSums() Def[TaxSum] { return Def[TaxSum]{taxSumsTable} }

var taxSumsTable = define("tax_sums", nil,
	Column{"customer_id", Word, "the customer"},
	Column{"service_type_code", Word, "service of the lines"},
	Column{"own_from", MaybeTime, "the lines' own times are not before it; null = no bound"},
	Column{"own_to", MaybeTime, "the lines' own times are before it; null = no bound"},
	Column{"tax_id", Word, "the tax"},
	Column{"rate", Quantity, "its rate"},
	Column{"rates", Quantity, "Σ of the rates of all taxes of these lines"},
	Column{"taxable_amount", Amount, "Σ payment_amount of these lines"},
	Column{"rounded_amount", Amount, "Σ of the tax of each line, rounded; 0 where the sum of a cycle is rounded"})
