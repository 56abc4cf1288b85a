package fund

// State is the state of a listed month, a claim or a quota (§9.4, §9.5).
type State uint8

// The states. None means that there is no month, claim or quota.
const (
	None State = iota
	Listed
	InReview
	Approved
	Refused
	Forgone
	Requested
	Held
	Claimed
	Payable
	Invoiced // `invoice_received`
	PaidOut  // `paid`
	Void
	Open
	Ended
)

var stateWords = [...]string{
	"none",
	"listed",
	"in_review",
	"approved",
	"refused",
	"forgone",
	"requested",
	"held",
	"claimed",
	"payable",
	"invoice_received",
	"paid",
	"void",
	"open",
	"ended",
}

// String is the state's word in tables and messages.
func (s State) String() string { return stateWords[s] }

// AfterClaim returns the state of a marketing claim after an event, or None if the event does not fit (§9.5).
func AfterClaim(s State, k Kind) State {
	switch {
	case s == None && k == Request:
		return Requested
	case s == Requested && k == Approve:
		return Approved
	case (s == Requested || s == Claimed) && k == Refuse:
		return Refused
	case s == Approved && k == Hold:
		return Held
	case s == Held && k == Claim:
		return Claimed
	case s == Claimed && k == Accept:
		return Payable
	case s == Payable && k == InvoiceReceived:
		return Invoiced
	case s == Invoiced && k == Return:
		return Payable
	case s == Invoiced && k == Paid:
		return PaidOut
	}
	return None
}

// AfterMonth returns the state of a listed month after an event that names the month, or None if the event does not fit
// (§9.4).
func AfterMonth(s State, k Kind) State {
	switch {
	case s == Listed && k == Apply:
		return InReview
	case s == InReview && k == Approve:
		return Approved
	case s == InReview && k == Refuse:
		return Refused
	}
	return None
}

// AfterQuarter returns the state of the months of a payment after an event that names the quarter, or None if the event
// does not fit.
func AfterQuarter(s State, k Kind) State {
	switch {
	case s == Approved && k == RequestPayment:
		return Requested
	case s == Requested && k == InvoiceReceived:
		return Invoiced
	case s == Invoiced && k == Paid:
		return PaidOut
	case (s == Requested || s == Invoiced) && k == Return:
		return Approved
	}
	return None
}
