package table

// PartnerEvents defines the accepted events of the feeds about partners' money, with the result of the last replay
// (§9).
func PartnerEvents() Def[PartnerEvent] { return Def[PartnerEvent]{partnerEventsTable} }

var partnerEventsTable = define(
	"partner_events",
	nil,
	Column{
		"feed",
		Word,
		"coupons, fund_events, invoices, partner_accounts or withdrawals",
	},
	Column{"event_id", Text, "the event's id"},
	Column{
		"partner_id",
		Word,
		"the partner; of invoices the issuer",
	},
	Column{"type", Word, "type or event of the feed"},
	Column{"time", Time, "when it happened"},
	Column{"amount", Amount, "its amount; 0 where its type has none"},
	Column{
		"heads",
		Whole,
		"heads of fund_events; else 0",
	},
	Column{"subject_id", Text, "claim_id, withdrawal_id, invoice_id or coupon_id"},
	Column{"other_id", Word, "to_partner_id, recipient_id or customer_id"},
	Column{"scope", Word, "programme_id, cycle or quota_id"},
	Column{
		"period",
		Word,
		"period of fund_events",
	},
	Column{"detail", Text, "channel, activity_type, source, number or solution_id"},
	Column{
		"note",
		Text,
		"activity_date, account or content",
	},
	Column{"as_of", Time, "clock of the run that accepted it"},
	Column{
		"instant",
		Time,
		"when it takes effect",
	},
	Column{"reason", Word, "why the last replay rejected it; empty = it counts"},
	Column{"reject_column", Word, "column of that reject"},
	Column{"reject_value", Text, "value of that reject"},
	Column{
		"file",
		Word,
		"path of its feed file below inbox/",
	},
	Column{"file_hash", Word, "content hash of the feed file"},
	Column{"row", Whole, "place of the record in the file"},
	Column{"header", Word, "what must come before raw to read it again: the header of a CSV file"},
	Column{"raw", Text, "the complete record as it came"},
	Column{"currency", Word, "currency of amount: the partner's"},
)

// FactTakenBack is the kind of facts about the amount that a reclaim in a closed cycle took back from a coupon.
const FactTakenBack = "taken_back"

// FactReserved is the kind of facts about the amount that a claim on a marketing fund reserved after an event of a
// closed cycle, FactListed about the value of the list of a headcount fund for which such an event applied.
const (
	FactReserved = "reserved"
	FactListed   = "listed"
)

// FactCollected is the kind of facts about amounts collected from a partner's customers for lines of a seller, which
// other_id names.
const FactCollected = "collected"

// FactInvoiceable is the kind of facts about what an issuer can invoice to a recipient for a closed cycle, without the
// tax that is added to prices. The fact with id FactTax is that tax.
const (
	FactInvoiceable = "invoiceable"
	FactTax         = "tax"
)

// FactReplayed is the kind of the fact about the last replay. A workspace that does not use partners' money has none.
const FactReplayed = "replayed"

// PartnerFacts defines what closed cycles contribute to partners' accounts and invoices (§9.1, §9.7). The facts are
// stored so that an archived cycle contributes the same as before.
func PartnerFacts() Def[PartnerFact] { return Def[PartnerFact]{partnerFactsTable} }

var partnerFactsTable = define(
	"partner_facts",
	nil,
	Column{"cycle", Word, "the closed cycle"},
	Column{
		"kind",
		Word,
		"allocate, reclaim, order, refund or fund: an entry of an account; incentive: its payment; reserved: by a " +
			"claim after its event; listed: of a month at its `apply`; invoiceable; owed; collected; " +
			"taken_back, of a coupon; closed: the cycle is complete; " +
			"replayed: the last replay; overdrawn: a partner whose cash is below zero",
	},
	Column{
		"id",
		Text,
		"event_id or line id of an entry; of replayed a hash of what it followed from",
	},
	Column{"partner_id", Word, "the partner; of invoiceable the issuer"},
	Column{
		"other_id",
		Word,
		"customer of an entry; recipient of invoiceable; seller of the lines of collected",
	},
	Column{"time", MaybeTime, "own time of an entry"},
	Column{
		"instant",
		MaybeTime,
		"when the entry takes effect",
	},
	Column{"place", Whole, "place of an order line among the lines of its instant"},
	Column{"amount", Amount, "the amount; of order and refund the change of the partner's cash"},
)

// PartnerAccounts defines the changes of partners' balances (§9.1).
func PartnerAccounts() Def[PartnerAccount] { return Def[PartnerAccount]{partnerAccountsTable} }

var partnerAccountsTable = define("partner_accounts", []Column{
	{"partner_id", Word, "whose balance it is"},
	{"time", Time, "when the entry takes effect"},
	{"entry_id", Text, "event_id, or id of the order line"},
	{
		"type",
		Word,
		"type of the event, or order, refund, incentive, fund, withdraw_request, withdraw_back or withdraw_done",
	},
	{"counterparty_id", Word, "the other partner, or the customer; empty = none"},
	{"balance_type", Word, "cash, rebate, credit or frozen"},
	{"amount", Amount, "change of the balance"},
	{"balance_after", Amount, "the balance afterwards"},
})

// Funds defines the months, claims and quotas of headcount and marketing funds (§9.4, §9.5).
func Funds() Def[Fund] { return Def[Fund]{fundsTable} }

var fundsTable = define("funds", []Column{
	{"partner_id", Word, "whose fund it is"},
	{"programme_id", Word, "the programme of funds.yaml"},
	{"period", Word, "month of a headcount list; quarter or year of a claim or quota"},
	{"claim_id", Text, "the claim; empty on a headcount list and on a quota"},
	{"heads", Whole, "experts: as applied for, before that as listed; 0 on claims and quotas"},
	{"quota_amount", Amount, "quota of the period; 0 on lists and claims"},
	{"listed_amount", Amount, "what the month's list is worth; 0 on claims and quotas"},
	{"reserved_amount", Amount, "what the claim holds of its quota"},
	{"claimed_amount", Amount, "list: as applied for; claim: cost that was spent"},
	{"approved_amount", Amount, "list: as approved; claim: cost that was approved"},
	{"paid_amount", Amount, "what was paid"},
	{
		"state",
		Word,
		"list: listed, in_review, approved, refused, forgone, requested, invoice_received, paid or void; " +
			"claim: requested, " +
			"approved, refused, held, claimed, payable, invoice_received, paid or void; quota: open or ended",
	},
	{"until", MaybeTime, "instant at which time alone changes the state"},
})

// Withdrawals defines the parts of withdrawals (§9.6).
func Withdrawals() Def[Withdrawal] { return Def[Withdrawal]{withdrawalsTable} }

var withdrawalsTable = define("withdrawals", []Column{
	{
		"withdrawal_id",
		Text,
		"the withdrawal",
	},
	{"part", Whole, "1, 2, … in the order in which the parts were taken"},
	{"partner_id", Word, "who withdraws"},
	{"source", Word, "cash or rebate"},
	{"route", Word, "original: back the way a recharge came; bank; rebate: from the rebate, to the bank"},
	{
		"recharge_id",
		Text,
		"route original: event_id of the recharge",
	},
	{"channel", Word, "route original: its channel"},
	{"amount", Amount, "amount of the part"},
	{"state", Word, "requested, approved, refused, done or failed"},
	{"requested", Time, "time of the request"},
	{"decided", MaybeTime, "time of the last event after the request"},
})

// Receivables defines what partners owe for closed cycles (§9.1).
func Receivables() Def[Receivable] { return Def[Receivable]{receivablesTable} }

var receivablesTable = define("receivables", []Column{
	{"cycle", Word, "the closed cycle"},
	{"partner_id", Word, "who owes it"},
	{"amount", Amount, "sum of owed_amount and cost_amount of the partner's statement"},
	{"collected_amount", Amount, "cash and stored value that paid the lines of the rows with an owed_amount"},
	{"paid_amount", Amount, "sum of the statement payments that count"},
	{"unpaid_amount", Amount, "what is left to pay; below 0 a credit of the partner's"},
	{
		"due_date",
		Word,
		"the day by which it is due",
	},
	{"age_days", Whole, "days of the as-of past due_date; below 0 before it"},
	{"bucket", Word, "not_due, 1-30, 31-60, 61-90 or over_90; empty where nothing is unpaid"},
})

// Invoices defines, for amounts that can be invoiced, what was invoiced (§9.7).
func Invoices() Def[Invoice] { return Def[Invoice]{invoicesTable} }

var invoicesTable = define("invoices", []Column{
	{"cycle", Word, "the closed cycle"},
	{"issuer_id", Word, "who sells: the vendor or a partner"},
	{"recipient_id", Word, "who buys: a partner or a customer"},
	{"invoiceable_amount", Amount, "what can be invoiced; below 0 a credit that is due"},
	{
		"issued_amount",
		Amount,
		"sum of the invoices issued",
	},
	{"returned_amount", Amount, "sum of those returned or voided"},
	{"credited_amount", Amount, "sum of the credit notes"},
	{"left_amount", Amount, "invoiceable less issued, plus returned and credited"},
	{"state", Word, "open, partly, full, credit_due or settled"},
})

// InvoiceRecords defines the events of the feed invoices that count (§9.7).
func InvoiceRecords() Def[InvoiceRecord] { return Def[InvoiceRecord]{invoiceRecordsTable} }

var invoiceRecordsTable = define("invoice_records", []Column{
	{"event_id", Text, "the event's id"},
	{"invoice_id", Text, "the invoice or credit note"},
	{
		"number",
		Text,
		"its number; empty on return and void",
	},
	{"issuer_id", Word, "who issues it; empty on return and void"},
	{
		"recipient_id",
		Word,
		"who receives it; empty on return and void",
	},
	{"cycle", Word, "the cycle that is invoiced; empty on return and void"},
	{"time", Time, "when"},
	{"event", Word, "issue, return, void or credit_note"},
	{"amount", Amount, "its amount; 0 on return and void"},
	{"content", Text, "what the invoice says is sold"},
}, Column{"instant", Time, "when it takes effect"})

// CouponEntries defines what lines drew from coupons on a day and what was taken back, by customer and in the order in
// which it happened (§9.2).
func CouponEntries() Def[CouponEntry] { return Def[CouponEntry]{couponEntriesTable} }

var couponEntriesTable = define("coupon_entries", nil,
	Column{"customer_id", Word, "whose coupon it is"},
	Column{"coupon_id", Text, "the coupon"},
	Column{"time", Time, "when: the instant of the line or the reclaim"},
	Column{"type", Word, "use or reclaim"},
	Column{"id", Text, "the line's id, or event_id"},
	Column{"amount", Amount, "what the line was paid, or what was taken back"},
	Column{"left_after", Amount, "what is left of the coupon afterwards"})

// IssuedCoupons defines the coupons issued by events, with the terms used when lines were last paid (§9.2, §9.3).
func IssuedCoupons() Def[IssuedCoupon] { return Def[IssuedCoupon]{issuedCouponsTable} }

var issuedCouponsTable = define("issued_coupons", nil,
	Column{"coupon_id", Text, "the coupon"},
	Column{"event_id", Text, "the event that issued it"},
	Column{"source", Word, "quota or solution"},
	Column{"source_id", Word, "quota_id or solution_id"},
	Column{"partner_id", Word, "who issued it or applied for it"},
	Column{"customer_id", Word, "who received it"},
	Column{"terms", Word, "kind, performance, with_discount, service_type_code and sku"},
	Column{"amount", Amount, "what it is worth"},
	Column{"min_consumption", Amount, "smallest payment it may be used on"},
	Column{"valid_from", Time, "start of its validity"},
	Column{"valid_to", MaybeTime, "end of its validity"},
	Column{"instant", Time, "it pays lines from then on"})

// Coupons defines all coupons with their present state (§9.2).
func Coupons() Def[Coupon] { return Def[Coupon]{couponsTable} }

var couponsTable = define("coupons", []Column{
	{"coupon_id", Text, "the coupon"},
	{"source", Word, "book, quota or solution"},
	{"partner_id", Word, "who issued it or applied for it; of a book empty"},
	{"customer_id", Word, "whose it is"},
	{"kind", Word, "voucher, cash_coupon or pickup"},
	{"amount", Amount, "what it is worth: used + taken_back + expired + left"},
	{"used", Amount, "what lines used; of a pickup its amount"},
	{"taken_back", Amount, "what the partner took back"},
	{"expired", Amount, "what was left when it expired"},
	{"left", Amount, "what is left"},
	{"valid_from", MaybeTime, "start of its validity"},
	{"valid_to", MaybeTime, "end of its validity; empty = open"},
	{"state", Word, "active, expired, reclaimed or used"},
})

// CouponRecords defines the history of coupons (§9.2).
func CouponRecords() Def[CouponRecord] { return Def[CouponRecord]{couponRecordsTable} }

var couponRecordsTable = define("coupon_records", []Column{
	{"coupon_id", Text, "the coupon"},
	{"time", Time, "when it took effect"},
	{"type", Word, "issue, use, reclaim or expire"},
	{"id", Text, "event_id, or the line's id; empty = it expired"},
	{"customer_id", Word, "whose coupon it is"},
	{"amount", Amount, "of the coupon; what a line was paid, was taken back or expired"},
	{"left_after", Amount, "what is left of the coupon afterwards"},
})

// PartnerMoneyTotals lists, by name, the tables of partners' money whose rows and sums are control totals (§6.6).
func PartnerMoneyTotals() []*Table {
	return []*Table{CouponRecords().Table, Coupons().Table, Funds().Table, Invoices().Table, PartnerAccounts().Table,
		Receivables().Table, Withdrawals().Table}
}
