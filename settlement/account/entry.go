package account

import (
	"cmp"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Type is the kind of an entry. The order of the constants is the order of entries with the same instant and own time
// (§9.1).
type Type uint8

// The types of entries.
const (
	CreditLimit Type = iota
	Recharge
	Incentive
	Fund
	ConvertRebate
	Reclaim
	Allocate
	Order
	Refund
	StatementPayment
	WithdrawRequest
	WithdrawApprove
	WithdrawRefuse
	WithdrawDone
	WithdrawFailed
)

// rank orders types. Entries of the same rank are ordered by id, order lines by Place before that.
func (t Type) rank() int {
	switch {
	case t == Fund:
		return int(Incentive)
	case t == Refund:
		return int(Order)
	case t > WithdrawRequest:
		return int(WithdrawRequest)
	default:
		return int(t)
	}
}

var typeWords = [...]string{
	"credit_limit",
	"recharge",
	"incentive",
	"fund",
	"convert_rebate",
	"reclaim",
	"allocate",
	"order",
	"refund",
	"statement_payment",
	"withdraw_request",
	"",
	"withdraw_back",
	"withdraw_done",
	"withdraw_back",
}

// String is the type's word in the table partner_accounts. An approval of a withdrawal has no word, because it changes
// no balance.
func (t Type) String() string { return typeWords[t] }

// ParseType parses a type of the feed partner_accounts.
func ParseType(word string) (Type, bool) {
	for _, t := range []Type{CreditLimit, Recharge, ConvertRebate, Reclaim, Allocate, StatementPayment} {
		if t.String() == word {
			return t, true
		}
	}
	return 0, false
}

var withdrawWords = []string{"request", "approve", "refuse", "done", "failed"}

// ParseWithdrawal parses an event of the feed withdrawals.
func ParseWithdrawal(word string) (Type, bool) {
	at := slices.Index(withdrawWords, word)
	return WithdrawRequest + Type(max(at, 0)), at >= 0
}

// Entry is one entry of accounts: an event of the feeds partner_accounts and withdrawals, or a fact that results from
// other data. Partners are indexes in the books.
type Entry struct {
	Stamp
	ID      string
	Type    Type
	Fact    bool  // it always counts
	Place   int64 // for an order line: its index in the order of lines
	Partner int32
	To      int32        // for Allocate and Reclaim between partners; -1 = the counterparty is a customer
	Other   string       // id of the counterparty; empty = none
	From    string       // id of Partner, the counterparty of To
	Amount  money.Amount // for Order and Refund the signed change of cash
	Channel string       // for Recharge

	Cycle  period.Cycle // for StatementPayment
	Unpaid *Receivable  // the statement that StatementPayment pays; nil = the cycle is not closed

	Withdrawal string
	Rebate     bool   // for WithdrawRequest: from the rebate; else from cash
	Windows    Routes // for WithdrawRequest: those of the partner's signing entity
	// Back are, for a final WithdrawRequest of cash, the recharges that go back the way they came, whatever Windows
	// says; nil = Windows decides.
	Back map[string]bool
}

// Rank returns the rank of the entry's type among the entries with the same instant and own time.
func (e *Entry) Rank() int { return e.Type.rank() }

// order holds the keys by which entries are ordered.
type order struct {
	instant, time period.Instant
	rank          int
	place         int64
	id            string
}

func (e *Entry) order() order { return order{e.Instant, e.Time, e.Type.rank(), e.Place, e.ID} }

func (o order) compare(p order) int {
	return cmp.Or(cmp.Compare(o.instant, p.instant), cmp.Compare(o.time, p.time), cmp.Compare(o.rank, p.rank),
		cmp.Compare(o.place, p.place), strings.Compare(o.id, p.id))
}

// Always is the window of a channel whose recharges always go back the way they came.
const Always = -1

// Routes holds, by channel, for how many months recharges go back the way they came; Always means no limit. The money
// of other channels goes to the bank.
type Routes map[string]int

// Balance is one of a partner's balances, in the order of the table.
type Balance uint8

// The balances.
const (
	Cash Balance = iota
	Rebate
	Credit
	Frozen
	balances
)

var balanceWords = [...]string{"cash", "rebate", "credit", "frozen"}

// String is the balance's word in the table.
func (b Balance) String() string { return balanceWords[b] }

// Posting is a row of the table partner_accounts.
type Posting struct {
	Partner int32
	Other   string // counterparty
	Balance Balance
	Amount  money.Amount
	After   money.Amount
}

// Receivable is what a partner owes for a closed cycle.
type Receivable struct {
	Partner   int32
	Cycle     period.Cycle
	Amount    money.Amount // Σ owed + Σ cost
	Collected money.Amount
	SetOff    bool // what was collected reduces what is unpaid
	Paid      money.Amount
}

// Unpaid returns what is left to pay; below zero it is a credit of the partner.
func (r *Receivable) Unpaid() (money.Amount, error) {
	left, err := r.Amount.Sub(r.Paid)
	if err == nil && r.SetOff {
		left, err = left.Sub(r.Collected)
	}
	return left, err
}
