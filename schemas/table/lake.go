package table

import "slices"

// States of a row of the usage table.
const (
	Counted  = 0 // the record counts; its lines, if any, are in the lines table or are made at month-end
	Replaced = 1 // another record replaced it, so it no longer counts
	Apart    = 2 // the record counts, but lines do not add up to its quantity: see rating.Summed
)

// Usage defines the accepted usage records that cannot be read back from lines: records of month-end products, records
// that replace another one, and replaced records.
func Usage() Def[Record] { return Def[Record]{define("usage", nil, usageColumns()...)} }

func usageColumns() []Column {
	return []Column{
		{"customer_id", Word, "who used it"},
		{"record_id", Text, "the record's id, unique within the customer's cycle"},
		{"resource_id", Text, "what was used"}, {"sku", Word, "the product"},
		{"region_code", Word, "where it was used"},
		{"usage_start", Time, "start of the use"}, {"usage_end", Time, "end of the use"},
		{"quantity", Quantity, "how much, in the product's measure, before packages"},
		{"resource_name", Text, "the resource's name, as the record says"},
		{"resource_tag", Text, "the resource's tags, as the record says; of a product that counts a column of the " +
			"sender's own, after that column's name and value"},
		{"replaces", Text, "record_id of the record that this one takes the place of; empty for most"},
		{"status", Small,
			"0: the record counts; 1: another one replaced it; 2: it counts, and its lines hold something else than " +
				"its quantity: a count, a figure, or a converted quantity"},
		{"draws", Text, "what the record drew from prepaid packages: package_id:quantity;…; of records that count"},
	}
}

// Late defines the usage records that were accepted after their cycle was closed, stored in the cycle that bills them
// (§4.11).
func Late() Def[Record] { return Def[Record]{lateTable} }

var lateTable = define("late", nil, append(usageColumns(),
	Column{"origin_cycle", Word, "cycle that the use belongs to"},
	Column{"as_of", Time, "clock of the run that accepted it"})...)

// Bandwidth defines the samples that count, one row per link and 5-minute slot.
func Bandwidth() Def[Sample] { return Def[Sample]{define("bandwidth", nil, bandwidthColumns()...)} }

func bandwidthColumns() []Column {
	return []Column{
		{"customer_id", Word, "customer of the link at the slot"}, {"resource_id", Word, "the link"},
		{"slot", Time, "start of the 5 minutes"}, {"sample_time", Time, "when it was measured"},
		{"in_bps", Quantity, "bits per second in"}, {"out_bps", Quantity, "bits per second out"},
	}
}

// LateSamples defines the samples that replaced those of their slot after their cycle was closed, stored in the cycle
// that bills them (§4.11).
func LateSamples() Def[Sample] { return Def[Sample]{lateSamplesTable} }

var lateSamplesTable = define("late_samples", nil,
	append(bandwidthColumns(), Column{"as_of", Time, "clock of the run that accepted it"})...)

// Positions defines what the rating of a day passes on to the next day: see package table.
func Positions() Def[Position] { return Def[Position]{define("positions", nil, positionColumns()...)} }

func positionColumns() []Column {
	return []Column{
		{"customer_id", Word, "whose position it is"},
		{"kind", Small, "1: graduated meter; 2: gathered for a month-end line; 3: prepaid package"},
		{"key", Word, "sku of a meter, package_id of a package"},
		{"scope", Word, "region or resource that the meter counts over; empty for a meter of the whole customer"},
		{"resource", Text, "gathered: resource of the line to come"},
		{"region", Word, "gathered: region of the meter's first record"},
		{"name", Text, "gathered: resource_name of the resource's first record"},
		{"tag", Text, "gathered: resource_tag of the resource's first record"},
		{"first", Whole, "gathered: place of the row's first record within its meter, from 0"},
		{"count", Quantity, "meter: quantity so far, after packages; package: what is left"},
		{"usage", Quantity, "gathered: usage_amount so far; package: what count is left of, as the books had it"},
		{"free", Quantity, "gathered: free_resource_usage so far"},
		{"draws", Text, "gathered: package_id:quantity;… drawn so far"},
		{"at", MaybeTime, "package: start of the quota period that count belongs to"},
	}
}

// LatePositions defines the effect of late records, stored in the cycle that bills them: on meters of closed cycles and
// on prepaid packages.
func LatePositions() Def[Position] { return Def[Position]{latePositionsTable} }

var latePositionsTable = define("late_positions", nil,
	append(positionColumns(), Column{"origin_cycle", Word, "meter: cycle that it counts; empty for packages"})...)

// Meanings of amount columns of sums and statements.
const (
	sumOfDay   = "sum of that column over the customer's lines of the day"
	sumOfCycle = "sum of that column over the customer's lines of the cycle"
)

// Sums defines the sums of each customer's lines of one day; statements are calculated from them.
func Sums() Def[Sum] { return Def[Sum]{sumsTable} }

var sumsTable = define("sums", nil,
	Column{"customer_id", Word, "the customer"}, Column{"line_count", Whole, "number of lines of the day"},
	Column{"official_amount", Amount, sumOfDay}, Column{"official_discount_amount", Amount, sumOfDay},
	Column{"truncated_amount", Amount, sumOfDay}, Column{"payment_amount", Amount, sumOfDay},
	Column{"cash_amount", Amount, sumOfDay}, Column{"credit_amount", Amount, sumOfDay},
	Column{"coupon_amount", Amount, sumOfDay},
	Column{"stored_value_card_amount", Amount, sumOfDay}, Column{"flexipurchase_coupon_amount", Amount, sumOfDay},
	Column{"debt_amount", Amount, sumOfDay})

// Ident defines the index that finds a record id accepted on another day of the cycle.
func Ident() Def[Identity] { return Def[Identity]{identTable} }

var identTable = define("ident", nil, Column{"hash", Whole, "upper 56 bits of the identity's hash, ascending"})

// Rejects defines the open rejects: records that were not accepted so far (§3.20, §8).
func Rejects() Def[Reject] {
	exported, kept := rejectColumns()
	return Def[Reject]{define("rejects", exported, kept...)}
}

// rejectColumns returns the columns of a reject: the exported ones, and those that only the lake has.
func rejectColumns() (exported, kept []Column) {
	return []Column{
			{"feed", Word, "feed that the record came in"},
			{"file", Word, "path of the file below inbox/"},
			{"row", Whole, "place of the record in the file: 1 = the first data row; in NDJSON the n-th line that is " +
				"not empty"},
			{"column", Word, "column that failed; empty if the record as a whole cannot be read"},
			{"reason", Word, "why, as one of the fixed reasons"},
			{"value", Text, "text that was seen in the column; of a record that cannot be read, what is wrong with it"},
			{"id", Text,
				"the record's identity as far as it can be read, such as record_id or resource_id@sample_time"},
		}, []Column{
			{"raw", Text, "the whole record as it came"}, {"file_hash", Word, "content hash of the feed file"},
			{"header", Word, "the line that a reader needs before raw: the header of a CSV file"},
		}
}

// EndedRejects defines rejects that ended: a record of their identity was accepted, or a person dismissed them.
func EndedRejects() Def[Reject] {
	exported, kept := rejectColumns()
	ended := []Column{
		{"corrected_file", Word,
			"path below inbox/ of the file with the accepted record of the same identity; empty = none was accepted"},
		{"corrected_row", Whole, "place of that record in the file; 0 = none was accepted"},
		{"corrected_at", MaybeTime, "clock of the run that accepted it; null = none was accepted"},
		{"dismissed_by", Word, "who dismissed the reject; empty = nobody did"},
		{"dismissed_why", Text, "the reason given"},
		{"dismissed_at", MaybeTime, "clock of the command that dismissed it; null = nobody did"},
	}
	return Def[Reject]{define("ended_rejects", nil, slices.Concat(exported, kept, ended)...)}
}

// Statements defines what each customer owes for a cycle (§8).
func Statements() Def[Statement] { return Def[Statement]{statementsTable} }

var statementsTable = define("statements", []Column{
	{"cycle", Word, "the cycle"}, {"customer_id", Word, "who is asked to pay"},
	{"line_count", Whole, "number of the customer's lines in the cycle"},
	{"official_amount", Amount, sumOfCycle}, {"official_discount_amount", Amount, sumOfCycle},
	{"truncated_amount", Amount, sumOfCycle}, {"payment_amount", Amount, sumOfCycle},
	{"rounding_amount", Amount, "payment_amount, plus tax that is added to prices, minus due_amount; with " +
		"rounding grain line 0, " +
		"except by a difference to a month that was rounded by cycle"},
	{"due_amount", Amount, "what is asked for: payment_amount, plus tax that is added to prices, in the " +
		"currency's digits"},
	{"cash_amount", Amount, sumOfCycle}, {"credit_amount", Amount, sumOfCycle},
	{"coupon_amount", Amount, sumOfCycle}, {"stored_value_card_amount", Amount, sumOfCycle},
	{"flexipurchase_coupon_amount", Amount, sumOfCycle}, {"debt_amount", Amount, sumOfCycle},
})

// Totals defines the control totals of a cycle (§6.6, §8).
func Totals() Def[Total] { return Def[Total]{totalsTable} }

var totalsTable = define("totals", []Column{
	{"name", Word, "what was counted or added up: rows.FEED.OUTCOME, or TABLE.COLUMN"},
	{"value", Text, "the count, or the sum with all digits of its column"},
})

// Orders defines the accepted orders with defaults filled in, stored in the cycle that bills them.
func Orders() Def[Order] { return Def[Order]{ordersTable} }

var ordersTable = define("orders", nil,
	Column{"customer_id", Word, "who ordered"}, Column{"order_id", Text, "the order's id"},
	Column{"order_line", Whole, "the line of the order"},
	Column{"order_type", Word, "new, renew, auto_renew, change or unsubscribe"},
	Column{"sku", Word, "the product, as given"},
	Column{"region_code", Word, "the region, as given"}, Column{"resource_id", Text, "the resource, as given"},
	Column{"quantity", Quantity, "how many, as given"},
	Column{"period_type", Word, "hour, day, month, year or one_off"},
	Column{"period_num", Whole, "how many periods"}, Column{"pay_time", Time, "when it was paid"},
	Column{"effective_time", Time, "when it begins"},
	Column{"expire_time", MaybeTime, "when it ends; null = never"},
	Column{"base_order_id", Text, "the order that is taken back, renewed or changed"},
	Column{"base_order_line", Whole, "the line of that order"},
	Column{"payer", Word, "who pays: customer, or a partner_id"},
	Column{"discount_id", Word, "the discount that the order names"},
	Column{"coupon_ids", Text, "the coupons that the order names"},
	Column{"official_amount", Amount, "the official amount as given; 0 where has_official is 0"},
	Column{"has_official", Small, "1 = official_amount overrides the price book"},
	Column{"as_of", Time, "clock of the run that accepted it"})

// Adjustments defines the accepted manual adjustments, stored in the cycle that bills them.
func Adjustments() Def[Adjustment] { return Def[Adjustment]{adjustmentsTable} }

var adjustmentsTable = define("adjustments", nil,
	Column{"customer_id", Word, "whose bill it changes"}, Column{"adjustment_id", Text, "the adjustment's id"},
	Column{"sku", Word, "the product it is about"},
	Column{"time", Time, "when it is for"}, Column{"amount", Amount, "what it adds to the bill"},
	Column{"bill_detail_type", Small, "kind of adjustment: 9 or 16"},
	Column{"note", Text, "why, for people"}, Column{"as_of", Time, "clock of the run that accepted it"})

// Reratings defines the differences that re-rating posted to a cycle (§4.12). They never change.
func Reratings() Def[Rerating] { return Def[Rerating]{reratingsTable} }

var reratingsTable = define("reratings", nil,
	Column{"customer_id", Word, "whose bill differs"},
	Column{"origin_cycle", Word, "the closed cycle that was rated again"},
	Column{"sku", Word, "the product; empty for a commitment on several"},
	Column{"region_code", Word, "the region"},
	Column{"resource_id", Text, "the resource; empty for wider meters"},
	Column{"partner_id", Word, "partner at own_time"},
	Column{"association_type", Word, "1 referral, 2 reseller; empty without a partner"},
	Column{"usage_amount", Quantity, "difference of that column over the place's lines: now less billed"},
	Column{"free_resource_usage", Quantity, "the same"}, Column{"official_amount", Amount, "the same"},
	Column{"official_discount_amount", Amount, "the same"},
	Column{"truncated_amount", Amount, "the same"}, Column{"payment_amount", Amount, "the same"},
	Column{"package_draws", Text, "difference of the draws: package_id:quantity;…; of a recurring charge or a " +
		"commitment, which one it is"},
	Column{"as_of", Time, "clock of the run that rated again"},
	Column{"own_time", MaybeTime, "first instant of the part of the month, when partner, terms and tax are looked " +
		"up; empty = the closed cycle's first instant"},
	Column{"usage_end", MaybeTime, "end of the part of the month; empty = that of the closed cycle"},
	Column{"in_advance", Small, "1 = of a recurring charge in advance, which no coupon pays"})

// Redraws defines the draws of records of closed cycles that re-rating changed from those that were billed.
func Redraws() Def[Redraw] { return Def[Redraw]{redrawsTable} }

var redrawsTable = define("redraws", nil,
	Column{"customer_id", Word, "who used it"}, Column{"origin_cycle", Word, "cycle that the record belongs to"},
	Column{"record_id", Text, "the record"}, Column{"draws", Text, "what it draws: package_id:quantity;…"})

// Shifts defines by how much re-rating moved meters and packages from where billing left them.
func Shifts() Def[Shift] { return Def[Shift]{shiftsTable} }

var shiftsTable = define("shifts", nil,
	Column{"customer_id", Word, "whose position it is"},
	Column{"origin_cycle", Word, "the closed cycle that was rated again"},
	Column{"kind", Small, "as in positions: 1, graduated meter; 3, prepaid package"},
	Column{"key", Word, "sku of a meter, package_id of a package"},
	Column{"scope", Word, "meter: region or resource that it counts over"},
	Column{"at", MaybeTime, "package: start of the quota period"},
	Column{"shift", Quantity, "by how much more the meter counts, or was drawn from the package; negative: less"})

// ClosedBooks defines what closed cycles keep of the books with which they were closed or last re-rated: how products
// count (§4.11), and the rows of packages (§3.7). It is stored in the cycle itself by its close, and in the
// open cycle by a re-rate.
func ClosedBooks() Def[ClosedBook] { return Def[ClosedBook]{closedBooksTable} }

var closedBooksTable = define("closed_books", nil,
	Column{"origin_cycle", Word, "the closed cycle"},
	Column{"customer_id", Word, "whose package it is; empty = the row is about a product"},
	Column{"id", Word, "package_id, or sku of a product"},
	Column{"valid_from", MaybeTime, "valid_from of the package; null = none"},
	Column{"says", Word, "reset of the package; of a product how it counts: pricing_model, measure, aggregation, " +
		"meter, convert and prorate"},
	Column{"drew", Small, "1 = records of the cycle draw from the package"})

// AccountEvents defines the account events that passed the acceptance checks, stored in the cycle that they affect
// (§3.16, §4.11). Those with refused = 1 count as rejects of their file: in the last replay of the cycle, they took
// more than the balance had (§6.3).
func AccountEvents() Def[AccountEvent] { return Def[AccountEvent]{accountEventsTable} }

var accountEventsTable = define("account_events", nil,
	Column{"customer_id", Word, "whose account it moves"}, Column{"event_id", Text, "the event's id"},
	Column{"time", Time, "when it happened, as given"},
	Column{"instant", Time, "when it takes effect: its time; of a late one the clock of the run that accepted it"},
	Column{"type", Word, "recharge, allocate, reclaim, withdraw or credit_limit"},
	Column{"balance_type", Word, "cash, stored_value, flexi_coupon or credit"},
	Column{"amount", Amount, "how much; of credit_limit the new limit"},
	Column{"as_of", Time, "clock of the run that accepted it"},
	Column{"refused", Small, "1: the balance does not hold what it takes; it is listed among the rejects"},
	Column{"file", Word, "of a reclaim or withdrawal, as the next four: path of its feed file below inbox/"},
	Column{"file_hash", Word, "content hash of the feed file"},
	Column{"row", Whole, "place of the record in the file; 0 where file is empty"},
	Column{"header", Word, "the line that a reader needs before raw: the header of a CSV file"},
	Column{"raw", Text, "the whole record as it came"})

// Transfers defines the accepted transfers of performance, stored in the cycle that they affect (§3.17).
func Transfers() Def[Transfer] { return Def[Transfer]{transfersTable} }

var transfersTable = define("transfers", nil,
	Column{"transfer_id", Text, "the transfer's id"},
	Column{"own_cycle", Word, "the cycle that it names: another one if that was closed before it came"},
	Column{"from_partner_id", Word, "partner that loses performance"},
	Column{"to_partner_id", Word, "partner that gains it"},
	Column{"customer_id", Word, "customer whose business it is; may be empty"},
	Column{"amount", Amount, "how much performance"},
	Column{"as_of", Time, "clock of the run that accepted it"})

// IncentiveEvents defines the events of incentives that passed the acceptance checks, in one file that belongs to no
// cycle (§3.18). Those with refused = 1 count as rejects of their file: in the replay of all events of their incentive,
// they do not fit its state.
func IncentiveEvents() Def[IncentiveEvent] { return Def[IncentiveEvent]{incentiveEventsTable} }

var incentiveEventsTable = define("incentive_events", nil,
	Column{"event_id", Text, "the event's id"}, Column{"partner_id", Word, "partner whose incentive it is"},
	Column{"programme_id", Word, "programme that pays it"},
	Column{"period", Word, "period of the programme: 2026-09 or 2026-Q3"},
	Column{"event", Word, "confirm, dispute, apply_payment, paid or reject"},
	Column{"time", Time, "when it happened"},
	Column{"as_of", Time, "clock of the run that accepted it"},
	Column{"refused", Small, "1: it does not fit the state that it meets; it is listed among the rejects"},
	Column{"met", Word, "that state, where refused is 1"},
	Column{"file", Word, "path of its feed file below inbox/"},
	Column{"file_hash", Word, "content hash of the feed file"},
	Column{"row", Whole, "place of the record in the file"},
	Column{"header", Word, "the line that a reader needs before raw: the header of a CSV file"},
	Column{"raw", Text, "the whole record as it came"})

// OrderStatus defines the status events of order lines that passed the acceptance checks, in one file that belongs to
// no cycle. Those with refused = 1 count as rejects of their file: they do not fit the state of the order line.
func OrderStatus() Def[OrderStep] { return Def[OrderStep]{orderStatusTable} }

var orderStatusTable = define("order_status", []Column{
	{"customer_id", Word, "who ordered"}, {"order_id", Text, "the order's id"},
	{"order_line", Whole, "the line of the order"},
	{"status", Word, "pending_approval, unpaid, processing, completed or cancelled"},
	{"time", Time, "when the line entered the status"},
	{"order_type", Word, "new, renew, auto_renew, change or unsubscribe"},
	{"sku", Word, "the product, as given"},
	{"region_code", Word, "the region, as given"}, {"resource_id", Text, "the resource, as given"},
	{"quantity", Quantity, "how many, as given"},
	{"period_type", Word, "hour, day, month, year or one_off"},
	{"period_num", Whole, "how many periods"},
	{"effective_time", Time, "when it is to begin; time if not given"},
	{"expire_time", MaybeTime, "when it is to end; null = never or not given"},
	{"base_order_id", Text, "the order that is taken back, renewed or changed"},
	{"base_order_line", Whole, "the line of that order"},
	{"payer", Word, "who is to pay: customer, or a partner_id"},
	{"discount_id", Word, "the discount that the order names"},
	{"coupon_ids", Text, "the coupons that the order names"},
	{"official_amount", Amount, "the official amount as given; 0 where has_official is 0"},
	{"has_official", Small, "1 = official_amount overrides the price book"},
	{"as_of", Time, "clock of the run that accepted it"},
	{"paid", Small, "1: the table orders has the order line"},
	{"refused", Small, "1: it does not fit the state that it meets; it is listed among the rejects"},
	{"met", Word, "that state, where refused is 1"}},
	Column{"file", Word, "path of its feed file below inbox/"},
	Column{"file_hash", Word, "content hash of the feed file"},
	Column{"row", Whole, "place of the record in the file"},
	Column{"header", Word, "what is needed before raw to read it again: the header of a CSV file"},
	Column{"raw", Text, "the complete record as it came"})

// Balances defines the balances at the end of a day, for customers whose balances ever changed (§6.3).
func Balances() Def[Balance] { return Def[Balance]{balancesTable} }

var balancesTable = define("balances", nil,
	Column{"customer_id", Word, "whose balance it is"},
	Column{"balance", Word, "stored_value, flexi_coupon, cash, credit_limit, credit_used, debt or coupon"},
	Column{"coupon_id", Word, "coupon: which one; else empty"},
	Column{"valid_from", MaybeTime, "coupon: its valid_from; else null"},
	Column{"amount", Amount, "what there is, is used or is owed; coupon: what it has paid so far"},
	Column{"currency", Word, "currency of amount"})

// AccountEntries defines the changes of balances on a day, by customer and in the order in which they happened (§6.3,
// §8 accounts).
func AccountEntries() Def[AccountEntry] { return Def[AccountEntry]{accountEntriesTable} }

var accountEntriesTable = define("account_entries", []Column{
	{"customer_id", Word, "whose balance moved"},
	{"time", Time, "when: the instant of the line or the account event"},
	{"id", Text, "event_id, or the line's id"},
	{"type", Word, "recharge, allocate, reclaim, withdraw or credit_limit; consume where a line drew, refund " +
		"where one gave back"},
	{"balance_type", Word,
		"stored_value, flexi_coupon, cash, credit (the limit less what is used) or debt (what is owed)"},
	{"amount", Amount, "by how much it moved"},
	{"balance_after", Amount, "the balance after it"},
}, Column{"month_end", Small, "1: by a month-end line, which comes after all else of its instant"})

// Runs defines the lake's manifests, one row each: which run made which state. It is not stored in the lake, only in
// ClickHouse.
func Runs() Def[Run] { return Def[Run]{runsTable} }

var runsTable = define("runs", nil,
	Column{"number", Whole, "number of the manifest"}, Column{"hash", Text, "its hash"},
	Column{"parent", Text, "hash of the manifest before; empty for the first"},
	Column{"as_of", Time, "the run's clock"}, Column{"command", Word, "the run that made it"},
	Column{"closed_through", Word, "every cycle up to this one was closed; empty = none"},
	Column{"buckets", Small, "number of buckets"})
