// Package focus makes FOCUS 1.2 data sets of a committed state: for each issuer of invoices the charges, credits and
// corrections of a cycle, as docs/focus.md says column by column.
//
//	FOCUS-1  The BilledCost of an issuer's data set adds up to what the statements of the cycle say: due amounts of
//	         customers, what partners owe and what distributors cost, less incentives; to the last digit, for each
//	         account that is billed (Source.Owed).
//	FOCUS-2  ListCost = ListUnitPrice × PricingQuantity and ContractedCost = ContractedUnitPrice × PricingQuantity,
//	         exactly, wherever the unit price is there. Nothing passes through binary floating point.
//	FOCUS-3  The EffectiveCost of an order with a term adds up, over the data sets of all cycles, to its BilledCost.
//	FOCUS-4  The same state and books give the same bytes. Memory does not grow with the number of lines.
//	FOCUS-5  A charge period is never empty: its end is exclusive, and at least a second after its start.
//	FOCUS-6  A commitment has one unit, in all data sets.
package focus
