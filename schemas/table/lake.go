package table

// Columns of the usage table: accepted records that lines do not hold.
const (
	UCustomerID = iota
	URecordID
	UResourceID
	USKU
	URegionCode
	UUsageStart
	UUsageEnd
	UQuantity
	UResourceName
	UResourceTag
	UReplaces
	UStatus
	UsageColumns
)

// States of a row of the usage table.
const (
	Counted  = 0 // the record counts; its lines, if any, are in the lines table or come at month-end
	Replaced = 1 // another record replaced it: it no longer counts
)

// Usage is the accepted usage records that cannot be read back from lines: those of month-end products, those that replace
// another record, and those that were replaced.
func Usage() *Table {
	return define("usage", nil,
		Column{"customer_id", Word, ""}, Column{"record_id", Text, ""}, Column{"resource_id", Text, ""}, Column{"sku", Word, ""},
		Column{"region_code", Word, ""}, Column{"usage_start", Time, ""}, Column{"usage_end", Time, ""}, Column{"quantity", Quantity, ""},
		Column{"resource_name", Text, ""}, Column{"resource_tag", Text, ""},
		Column{"replaces", Text, "record this one takes the place of"},
		Column{"status", Small, "0 counts, 1 replaced"})
}

// Columns of the bandwidth table.
const (
	BCustomerID = iota
	BResourceID
	BSlot
	BSampleTime
	BIn
	BOut
	BandwidthColumns
)

// Bandwidth is the samples that count, one row per link and 5-minute slot.
func Bandwidth() *Table {
	return define("bandwidth", nil,
		Column{"customer_id", Word, "customer of the link at the slot"}, Column{"resource_id", Word, "link"},
		Column{"slot", Time, "start of the 5 minutes"}, Column{"sample_time", Time, "as measured"},
		Column{"in_bps", Quantity, "bits per second in"}, Column{"out_bps", Quantity, "bits per second out"})
}

// Columns of the positions table.
const (
	PCustomerID = iota
	PKind
	PKey
	PScope
	PResource
	PRegion
	PName
	PTag
	POrder
	PCount
	PUsage
	PFree
	PDraws
	PAt
	PositionColumns
)

// Positions is what a day's fold leaves for the next: see package position.
func Positions() *Table {
	return define("positions", nil,
		Column{"customer_id", Word, ""}, Column{"kind", Small, "1 meter, 2 gathered for month-end, 3 package"},
		Column{"key", Word, "sku or package_id"}, Column{"scope", Word, "region or resource of the meter"},
		Column{"resource", Text, ""}, Column{"region", Word, ""}, Column{"name", Text, ""}, Column{"tag", Text, ""},
		Column{"first", Whole, "order of the first record"}, Column{"count", Quantity, ""}, Column{"usage", Quantity, ""},
		Column{"free", Quantity, ""}, Column{"draws", Text, ""}, Column{"at", MaybeTime, "start of the quota period"})
}

// Columns of the sums table.
const (
	DCustomerID = iota
	DLines
	DOfficial
	DDiscount
	DTruncated
	DPayment
	DCash
	DCredit
	DCoupon
	DStored
	DFlexi
	DDebt
	SumColumns
)

// Sums is each customer's lines of one day added up; statements are made of them.
func Sums() *Table {
	return define("sums", nil,
		Column{"customer_id", Word, ""}, Column{"line_count", Whole, ""}, Column{"official_amount", Amount, ""},
		Column{"official_discount_amount", Amount, ""}, Column{"truncated_amount", Amount, ""}, Column{"payment_amount", Amount, ""},
		Column{"cash_amount", Amount, ""}, Column{"credit_amount", Amount, ""}, Column{"coupon_amount", Amount, ""},
		Column{"stored_value_card_amount", Amount, ""}, Column{"flexipurchase_coupon_amount", Amount, ""}, Column{"debt_amount", Amount, ""})
}

// Ident is the index by which a record id accepted on another day of the cycle is found.
func Ident() *Table {
	return define("ident", nil, Column{"hash", Whole, "upper 40 bits of the identity's hash, ascending"})
}

// Columns of the rejects table.
const (
	RFeed = iota
	RFile
	RRow
	RColumn
	RReason
	RValue
	RID
	RRaw
	RFileHash
	RHeader
	RejectColumns
)

// Rejects is the records that were not accepted (spec §3.20, §8).
func Rejects() *Table {
	return define("rejects", []Column{
		{"feed", Word, "feed the record came in"},
		{"file", Word, "path below inbox/"},
		{"row", Whole, "1 = the first data row; NDJSON: the n-th non-empty line"},
		{"column", Word, "column that failed; empty when the whole row did"},
		{"reason", Word, "one of the fixed reasons"},
		{"value", Text, "value seen"},
		{"id", Text, "the record's identity as far as it can be read"},
	}, Column{"raw", Text, "the whole record as it came"}, Column{"file_hash", Word, "content hash of the feed file"},
		Column{"header", Word, "what must stand before raw to read it again"})
}

// Columns of the statements table.
const (
	SCycle = iota
	SCustomerID
	SLineCount
	SOfficial
	SDiscount
	STruncated
	SPayment
	SRounding
	SDue
	SCash
	SCredit
	SCoupon
	SStored
	SFlexi
	SDebt
	StatementColumns
)

// Statements is what each customer is asked to pay for a cycle (spec §8).
func Statements() *Table {
	return define("statements", []Column{
		{"cycle", Word, ""}, {"customer_id", Word, ""}, {"line_count", Whole, "lines of the cycle"},
		{"official_amount", Amount, "sum of the lines"}, {"official_discount_amount", Amount, "sum of the lines"},
		{"truncated_amount", Amount, "sum of the lines"}, {"payment_amount", Amount, "sum of the lines"},
		{"rounding_amount", Amount, "payment_amount less due_amount (rounding grain cycle)"},
		{"due_amount", Amount, "what is asked for"},
		{"cash_amount", Amount, "sum of the lines"}, {"credit_amount", Amount, "sum of the lines"},
		{"coupon_amount", Amount, "sum of the lines"}, {"stored_value_card_amount", Amount, "sum of the lines"},
		{"flexipurchase_coupon_amount", Amount, "sum of the lines"}, {"debt_amount", Amount, "sum of the lines"},
	})
}

// Totals is the control totals of a cycle (spec §6.6, §8).
func Totals() *Table {
	return define("totals", []Column{{"name", Word, ""}, {"value", Text, ""}})
}
