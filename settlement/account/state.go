package account

// FundState is the state of a listed month, a claim or a quota (§9.4, §9.5).
type FundState uint8

// The states. None means that there is no month, claim or quota.
const (
	NoFundState FundState = iota
	FundListed
	FundInReview
	FundApproved
	FundRefused
	FundForgone
	FundRequested
	FundHeld
	FundClaimed
	FundPayable
	FundInvoiced // `invoice_received`
	FundPaidOut  // `paid`
	FundVoid
	FundOpen
	FundEnded
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
func (s FundState) String() string { return stateWords[s] }

// AfterClaim returns the state of a marketing claim after an event, or None if the event does not fit (§9.5).
func AfterClaim(s FundState, k FundKind) FundState {
	switch {
	case s == NoFundState && k == FundRequest:
		return FundRequested
	case s == FundRequested && k == FundApprove:
		return FundApproved
	case (s == FundRequested || s == FundClaimed) && k == FundRefuse:
		return FundRefused
	case s == FundApproved && k == FundHold:
		return FundHeld
	case s == FundHeld && k == FundClaim:
		return FundClaimed
	case s == FundClaimed && k == FundAccept:
		return FundPayable
	case s == FundPayable && k == FundInvoiceReceived:
		return FundInvoiced
	case s == FundInvoiced && k == FundReturn:
		return FundPayable
	case s == FundInvoiced && k == FundPaid:
		return FundPaidOut
	}
	return NoFundState
}

// AfterMonth returns the state of a listed month after an event that names the month, or None if the event does not fit
// (§9.4).
func AfterMonth(s FundState, k FundKind) FundState {
	switch {
	case s == FundListed && k == FundApply:
		return FundInReview
	case s == FundInReview && k == FundApprove:
		return FundApproved
	case s == FundInReview && k == FundRefuse:
		return FundRefused
	}
	return NoFundState
}

// AfterQuarter returns the state of the months of a payment after an event that names the quarter, or None if the event
// does not fit.
func AfterQuarter(s FundState, k FundKind) FundState {
	switch {
	case s == FundApproved && k == FundRequestPayment:
		return FundRequested
	case s == FundRequested && k == FundInvoiceReceived:
		return FundInvoiced
	case s == FundInvoiced && k == FundPaid:
		return FundPaidOut
	case (s == FundRequested || s == FundInvoiced) && k == FundReturn:
		return FundApproved
	}
	return NoFundState
}
