package reason

// Reason names why a record was rejected. The order of the constants is the order of the checks.
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
	count
)

var names = [count]string{
	"", "bad_row", "missing_value", "bad_decimal", "bad_time", "out_of_range", "end_before_start", "future", "too_old",
	"unknown_customer", "closed_account", "unknown_sku", "unknown_resource", "wrong_feed", "unit_mismatch", "no_price",
	"conflict", "replaces_unknown", "unknown_order", "already_refunded", "expired", "insufficient_balance", "bad_state",
}

// String is the reason's word in files and tables.
func (r Reason) String() string { return names[r] }

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
