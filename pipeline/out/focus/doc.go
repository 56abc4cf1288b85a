// Package focus writes FOCUS 1.2 data sets of a committed state: for each invoice issuer the charges, credits and
// corrections of a cycle. docs/focus.md describes the columns.
//
//	FOCUS-1  The sum of BilledCost of an issuer's data set is that of the statements of the cycle, to the last digit,
//	         for each billed account (Source.Owed): due amounts of customers, what partners owe and what distributors
//	         cost, with added tax, less incentives.
//	FOCUS-2  ListCost = ListUnitPrice × PricingQuantity and ContractedCost = ContractedUnitPrice × PricingQuantity,
//	         exactly, if the unit price exists. No value is converted to binary floating point.
//	FOCUS-3  The EffectiveCost of an order with a term adds up, over the data sets of all cycles, to its BilledCost.
//	FOCUS-4  The same state and books give the same bytes. Memory does not grow with the number of lines.
//	FOCUS-5  A charge period is never empty: its end is exclusive, and at least a second after its start.
//	FOCUS-6  A commitment has one unit, in all data sets.
//	FOCUS-7  No data set of a closed cycle bills a partner another amount or other lines than the statements that the
//	         close stored, whatever the current books say: writing it would end with a *ChangedError.
//
// # Checks of an export
//
// This part checks a written FOCUS data set: by the rules of FOCUS 1.2, and against the statements of its cycle.
//
//  1. A data set is read from its file; no code that wrote it is used.
//  2. Each billed account is compared exactly with what its issuer bills it (focus.Source.Owed): the sum of BilledCost,
//     and the number of lines if the file has the column x_LineKind. An account that only one side has differs, unless
//     the statements bill it nothing.
//  3. A sum has amounts of one currency only. In a cycle of one currency the file's currency is ignored.
//  4. Memory grows with the number of accounts, not with the number of rows.
//
// # Decimals and units
//
// This part calculates with the decimals of FOCUS data sets (FOCUS-2), and writes units and tags in the form of
// FOCUS 1.2.
//
// # Rules of the model
//
// This part checks a FOCUS data set against the requirement model of FOCUS 1.2: every rule that can be decided from
// the data alone.
//
//	RULES-1  A rule's conditions are its own and those of the rules that contain it. A null is a value like any
//	         other: null is not "Correction".
//	RULES-2  Products are compared as exact decimals.
//	RULES-3  A rule that is wrong in the published model is applied as Defects says, or not at all, with the reason.
//	         There are no other deviations.
//	RULES-4  A rule that passes because it applied to no row is distinguished from a rule that was tested.
//	RULES-5  A file is read by its content, whoever wrote it. An incompletely readable file is a RuleFileError.
//	RULES-6  A data set of another version of FOCUS is checked by the same rules; columns that were added later are
//	         not required.
//
// model-1.2.ndjson contains the rules of model-1.2.json of finopsfoundation/focus_validator, one rule per line,
// without the parts that are not used here.
package focus
