package reason

// Reason says why a record was rejected. The order of the constants is the order of the checks.
type Reason uint8

// The reasons, in the order in which they are checked.
const (
	None Reason = iota
	BadRow
	MissingValue
	BadDecimal
	BadTime
	OutOfRange
	EndBeforeStart
	Future
	TooOld
	UnknownCustomer
	ClosedAccount
	UnknownSKU
	UnknownResource
	WrongFeed
	UnitMismatch
	NoPrice
	Conflict
	ReplacesUnknown
	UnknownOrder
	AlreadyRefunded
	Expired
	InsufficientBalance
	BadState
	OverQuota
	OverInvoiced
	count
)

var names = [count]string{
	"", "bad_row", "missing_value", "bad_decimal", "bad_time", "out_of_range", "end_before_start", "future", "too_old",
	"unknown_customer", "closed_account", "unknown_sku", "unknown_resource", "wrong_feed", "unit_mismatch", "no_price",
	"conflict", "replaces_unknown", "unknown_order", "already_refunded", "expired", "insufficient_balance", "bad_state",
	"over_quota", "over_invoiced",
}

var meanings = [count]string{
	"",
	"The record cannot be read at all: wrong number of fields, a misplaced quote, no JSON object, a word that is not " +
		"in its list.",
	"A required value is empty, null or absent; an empty cell is never zero.",
	"The text is not a plain decimal, or it has a digit that is not 0 past the last decimal that counts.",
	"The text is not an RFC 3339 time with an offset, or it is finer than a microsecond.",
	"The number is well formed and outside the range of its column.",
	"The record ends before it starts.",
	"The record's time is later than the run's as-of by more than the tolerance of the settings.",
	"The record's cycle is further before that of the run's as-of than the settings allow.",
	"The customer has no row in customers.csv, or the record comes before its first one.",
	"The customer has rows in customers.csv, and none is in force at the record's time.",
	"The sku is not in products.csv.",
	"The link has no row in links.csv that is in force at the sample's slot.",
	"The product is not billed from this feed.",
	"The record's unit is not the product's measure.",
	"No price version of the product is in force for the customer's lists and the region.",
	"Another record has the same identity and other content, or replaces the same record.",
	"The record that this one replaces was never accepted, or the replacements run in a ring.",
	"The order that this one refers to is unknown, another customer's, or was paid later.",
	"The order that this one cancels was cancelled before.",
	"The order that this one cancels has already run out.",
	"The balance is lower than the amount of the event.",
	"The event does not fit the state of what it refers to.",
	"The amount is above what is left of a quota, a ceiling or a reservation.",
	"The amount is above what can be invoiced or is unpaid.",
}

// String is the reason's word in files and tables.
func (r Reason) String() string { return names[r] }

// Meaning describes the reason in one sentence; None has none.
func (r Reason) Meaning() string { return meanings[r] }

// Remedy says what a person can do about records that were rejected for the reason; None has none.
func (r Reason) Remedy() string {
	const retry = ", then `tollbook ingest --retry-rejects`"
	const corrected = "put the corrected record into inbox/ in a new file"
	const ended = "; the reject ends when it is accepted, unless the id, customer or time of the rejected record " +
		"cannot be read: then dismiss it"
	switch r {
	case None:
		return ""
	case BadDecimal:
		return corrected + "; the reject ends when it is accepted; a wrong product or currency: correct the books" +
			retry
	case OutOfRange, EndBeforeStart:
		return corrected + "; the reject ends when it is accepted"
	case BadRow:
		return corrected + ended + "; an unknown partner, payer or programme: correct the books" + retry
	case MissingValue:
		return corrected + ended + "; a column of `unique_by`: correct the books" + retry
	case BadTime:
		return corrected + ended
	case Future:
		return "wait until the time of the record" + retry +
			"; a wrong time: put the corrected record into inbox/ in a new file"
	case TooOld:
		return "raise usage.max_age_months in tollbook.yaml, unless the cycle is archived" + retry
	case UnknownCustomer, ClosedAccount, UnknownSKU, UnknownResource, NoPrice:
		return "correct the books" + retry +
			"; a wrong id: put the corrected record into inbox/ in a new file, and dismiss this one"
	case WrongFeed, UnitMismatch:
		return "put the corrected record into inbox/ in a new file, or correct the product in books/products.csv" +
			retry
	case Conflict:
		return "decide which record is right: to bill another one than the accepted one, send it under a new id with " +
			"`replaces`; dismiss the others"
	case ReplacesUnknown, UnknownOrder:
		return "deliver the record that it refers to" + retry
	case AlreadyRefunded, Expired:
		return "there is nothing left to refund: dismiss it"
	case InsufficientBalance, BadState, OverQuota, OverInvoiced:
		return "every run decides it again while its cycle is open; deliver the event that is missing, or dismiss it"
	default:
		return "dismiss it"
	}
}

// All lists every reason in the order of the checks.
func All() []Reason {
	out := make([]Reason, 0, count-1)
	for r := BadRow; r < count; r++ {
		out = append(out, r)
	}
	return out
}

// Parse finds a reason by its word.
func Parse(word string) (Reason, bool) {
	for r := BadRow; r < count; r++ {
		if names[r] == word {
			return r, true
		}
	}
	return None, false
}
