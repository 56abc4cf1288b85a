package table

// What the cost columns of tables mean.
const (
	sumOfRows  = "sum of that column over the accepted rows"
	sumOfParts = "sum of that column over the row's parts of cost rows"
)

// CostDeliveries defines the deliveries of cost files, in one file that belongs to no cycle (§11.1).
func CostDeliveries() Def[CostDelivery] { return Def[CostDelivery]{costDeliveriesTable} }

var costDeliveriesTable = define("cost_deliveries", []Column{
	{"source", Word, "the source of cost files"}, {"period", Word, "the billing period: 2026-09"},
	{"delivery", Text, "name of the delivery's folder"},
	{"state", Word, "counted, superseded, failed or held"},
},
	Column{"hash", Text, "names the files' content; empty = the delivery was not read"},
	Column{"fixed", Small, "1: it counted once, so that its files may not change"},
	Column{"rows", Whole, "rows that were accepted"}, Column{"rejected", Whole, "rows that were rejected"},
	Column{"accepted_rejects", Small, "1: a person accepted that rows are rejected"},
	Column{"currency", Word, "BillingCurrency of its rows"},
	Column{"cost_list", Cost, sumOfRows}, Column{"cost_contracted", Cost, sumOfRows},
	Column{"cost_effective", Cost, sumOfRows}, Column{"cost_billed", Cost, sumOfRows},
	Column{"tolerated", Text, "what was read although FOCUS does not allow it so: name:count;…"},
	Column{"fault", Text, "why it failed"},
	Column{"made", Text, "names the books and settings by which its rows were billed last"},
	Column{"reading", Text, "zone, period_end and missing of the source by which its files were read"})

// CostRates defines the exchange rates used for cost files, in one file that belongs to no cycle (§11.5).
func CostRates() Def[CostRate] { return Def[CostRate]{costRatesTable} }

var costRatesTable = define("cost_rates", nil, Column{"source", Word, "the source of cost files"},
	Column{"period", Word, "the billing period: 2026-09"},
	Column{"to", Word, "the currency that the source's is converted to"},
	Column{"rate", Quantity, "how much of `to` one unit of the source's currency is"})

// CostRejects defines the rejected rows of held deliveries, in one file that belongs to no cycle (§11.1).
func CostRejects() Def[CostReject] { return Def[CostReject]{costRejectsTable} }

var costRejectsTable = define("cost_rejects", []Column{
	{"source", Word, "the source of cost files"}, {"period", Word, "the billing period: 2026-09"},
	{"delivery", Text, "name of the delivery's folder"}, {"file", Word, "the file, below that folder"},
	{"row", Whole, "place of the row in the file: 1 = the first data row; 0 if the entry is of several rows"},
	{"column", Word, "column that failed; empty if the row as a whole cannot be read"},
	{"reason", Word, "why: one of the reasons of rejects, or wrong_period"},
	{"value", Text, "text that was seen in the column"},
}, Column{"raw", Text, "the row as CSV"},
	Column{"rows", Whole, "1; beyond 10,000 rejects of a delivery, the number of rows of this file, column and " +
		"reason"})

// Values of pricing_units and consumed_units in the cost_groups table.
const (
	NoQuantity = iota + 1
	OneUnit
	SeveralUnits
)

// CostGroups defines groups of cost-file rows that were added up to one line, or to one line per tier (§11.3).
func CostGroups() Def[CostGroup] { return Def[CostGroup]{costGroupsTable} }

var costGroupsTable = define("cost_groups", nil,
	Column{"customer_id", Word, "who bears it"}, Column{"id", Text, "id of its lines: source/day/hash"},
	Column{"origin_cycle", Word, "billing period of its rows"}, Column{"source", Word, "the source of cost files"},
	Column{"delivery", Text, "name of the delivery's folder"},
	Column{"rule", Small, "number of the rule of allocation.yaml that gave its first row, from 1"},
	Column{"sku", Word, "the product"},
	Column{"quantity_column", Word, "PricingQuantity or ConsumedQuantity"},
	Column{"account", Text, "SubAccountId, or BillingAccountId if that is null"},
	Column{"service_name", Word, "ServiceName"}, Column{"region_id", Word, "RegionId"},
	Column{"resource_id", Text, "ResourceId"}, Column{"charge_category", Word, "ChargeCategory"},
	Column{"charge_class", Word, "ChargeClass"}, Column{"commitment_status", Word, "CommitmentDiscountStatus"},
	Column{"rows", Whole, "number of rows, or parts of rows"},
	Column{"cost_list", Cost, sumOfParts}, Column{"cost_contracted", Cost, sumOfParts},
	Column{"cost_effective", Cost, sumOfParts}, Column{"cost_billed", Cost, sumOfParts},
	Column{"pricing_quantity", Cost, sumOfParts}, Column{"consumed_quantity", Cost, sumOfParts},
	Column{"fx_rate", Quantity, "rate from the source's currency to the customer's"},
	Column{"min_margin", Text, "min_margin of markups.csv; empty = none"},
	Column{"payment_amount", Amount, "sum of that column over its lines"},
	Column{"low_margin", Small, "1: payment_amount is below the effective cost × (1 + min_margin)"},
	Column{"usage_start", Time, "smallest ChargePeriodStart"}, Column{"usage_end", Time, "largest ChargePeriodEnd"},
	Column{"came", Text, "JSON object of other columns in which all its rows have the same text"},
	Column{"pricing_units", Small, "units of PricingQuantity: 1 no row has the quantity, 2 all rows have the same " +
		"unit, 3 several"},
	Column{"consumed_units", Small, "the same of ConsumedQuantity"})

// CostPostings defines the differences that deliveries for a closed cycle posted to an open one (§11.4).
func CostPostings() Def[CostPosting] { return Def[CostPosting]{costPostingsTable} }

var costPostingsTable = define("cost_postings", nil,
	Column{"customer_id", Word, "whose bill differs"},
	Column{"origin_cycle", Word, "the closed cycle that was rated again"},
	Column{"id", Text, "id of the lines that differ"}, Column{"tier", Small, "their tier"},
	Column{"sku", Word, "the product"}, Column{"region_code", Word, "the region"},
	Column{"resource_id", Text, "the resource"},
	Column{"usage_start", Time, "usage_start of the lines"}, Column{"usage_end", Time, "usage_end of the lines"},
	Column{"own_time", Time, "when the lines' partner and prices are looked up"},
	Column{"unit_price", Quantity, "unit_price of the new line, or of the old one where there is no new one"},
	Column{"usage_amount", Quantity, "difference of that column: now less billed"},
	Column{"quantity", Quantity, "the same"}, Column{"official_amount", Amount, "the same"},
	Column{"official_discount_amount", Amount, "the same"}, Column{"truncated_amount", Amount, "the same"},
	Column{"payment_amount", Amount, "the same"},
	Column{"discount_id", Word, "discount of the new line, or of the old one"},
	Column{"partner_id", Word, "partner at own_time"},
	Column{"association_type", Word, "1 referral, 2 reseller; empty without a partner"},
	Column{"delivery", Text, "the deliveries that caused it: source/delivery;…"},
	Column{"as_of", Time, "clock of the run that counted it"},
	Column{"kind", Word, "kind of the lines: usage, period or flat_fee"},
	Column{"free_resource_usage", Quantity, "difference of that column"})

// Margins defines the vendors' costs next to what customers pay for them (§11.6).
func Margins() Def[Margin] { return Def[Margin]{marginsTable} }

var marginsTable = define("margins", []Column{
	{"cycle", Word, "cycle that the row is billed in"},
	{"origin_cycle", Word, "billing period of the cost rows"},
	{"source", Word, "the source of cost files; empty on lines of no cost row"},
	{"customer_id", Word, "who bears it; empty = kept or unallocated"},
	{"service_name", Word, "ServiceName"},
	{"account", Word, "SubAccountId, or BillingAccountId if that is null"},
	{"day", Word, "day of ChargePeriodStart in the zone of the source"},
	{"commitment_status", Word, "CommitmentDiscountStatus"},
	{"reason", Word, "why it is kept, or no_rule, no_price, no_quantity or negative_quantity if it is unallocated"},
	{"currency", Word, "the source's"},
	{"cost_list", Cost, sumOfParts}, {"cost_contracted", Cost, sumOfParts}, {"cost_effective", Cost, sumOfParts},
	{"cost_billed", Cost, sumOfParts},
	{"payment_currency", Word, "currency of payment_amount"},
	{"payment_amount", Amount, "sum of that column over the lines of the row's cost rows"},
	{"margin_amount", Amount, "payment_amount less cost_effective, in the workspace's currency"},
})
