package document

import (
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Moment is an instant as documents show it: RFC 3339 in UTC as data, the contract zone for people; 0 = none.
type Moment period.Instant

// MarshalText is the moment as RFC 3339, UTC.
func (m Moment) MarshalText() ([]byte, error) { return period.Instant(m).AppendText(nil), nil }

// Waiting is something that waits for the partner to confirm it, to apply for it or to claim it.
type Waiting struct {
	Kind    string       `json:"kind"` // incentive, headcount, claim
	ID      string       `json:"id"`   // programme_id or claim_id
	Period  string       `json:"period"`
	Amount  money.Amount `json:"amount"`
	State   string       `json:"state"`
	LastDay string       `json:"last_day,omitempty"` // in the contract zone; empty = there is none
	Until   Moment       `json:"until,omitempty"`    // the first instant at which it is too late
	Then    string       `json:"then"`               // what happens at that instant
}

// AccountEntry is one change of a balance of the partner in the cycle, a row of table partner_accounts.
type AccountEntry struct {
	Time         Moment       `json:"time"`
	ID           string       `json:"entry_id"`
	Type         string       `json:"type"`
	Counterparty string       `json:"counterparty_id,omitempty"`
	Balance      string       `json:"balance_type"`
	Amount       money.Amount `json:"amount"`
	After        money.Amount `json:"balance_after"`
}

// Balance is what a balance of the partner was at the start and at the end of the cycle.
type Balance struct {
	Type    string       `json:"balance_type"` // cash, rebate, credit, frozen
	Opening money.Amount `json:"opening_amount"`
	Closing money.Amount `json:"closing_amount"`
}

// Fund is a row of table funds as of the last run.
type Fund struct {
	ProgrammeID string       `json:"programme_id"`
	Period      string       `json:"period"`
	ClaimID     string       `json:"claim_id,omitempty"`
	Heads       int64        `json:"heads"`
	Quota       money.Amount `json:"quota_amount"`
	Listed      money.Amount `json:"listed_amount"`
	Reserved    money.Amount `json:"reserved_amount"`
	Claimed     money.Amount `json:"claimed_amount"`
	Approved    money.Amount `json:"approved_amount"`
	Paid        money.Amount `json:"paid_amount"`
	State       string       `json:"state"`
	Until       Moment       `json:"until,omitempty"`
}

// CouponQuota is a quota from which the partner issues coupons, as of the last run.
type CouponQuota struct {
	ID         string       `json:"quota_id"`
	Kind       string       `json:"kind"`
	Amount     money.Amount `json:"amount"`
	Issued     money.Amount `json:"issued_amount"`
	HandedDown money.Amount `json:"handed_down_amount"`
	TakenBack  money.Amount `json:"taken_back_amount"` // by reclaims of closed cycles
	Left       money.Amount `json:"left_amount"`
	ValidTo    Moment       `json:"valid_to,omitempty"`
}

// Coupon is a coupon that the partner issued or applied for, as of the last run.
type Coupon struct {
	ID         string       `json:"coupon_id"`
	CustomerID string       `json:"customer_id"`
	Kind       string       `json:"kind"`
	Amount     money.Amount `json:"amount"`
	Used       money.Amount `json:"used"`
	TakenBack  money.Amount `json:"taken_back"`
	Expired    money.Amount `json:"expired"`
	Left       money.Amount `json:"left"`
	ValidTo    Moment       `json:"valid_to,omitempty"`
	State      string       `json:"state"`
}

// Receivable is what the partner owes for a closed cycle, a row of table receivables.
type Receivable struct {
	Cycle     string       `json:"cycle"`
	Amount    money.Amount `json:"amount"`
	Collected money.Amount `json:"collected_amount"`
	Paid      money.Amount `json:"paid_amount"`
	Unpaid    money.Amount `json:"unpaid_amount"`
	Due       string       `json:"due_date"`
	Age       int64        `json:"age_days"`
	Bucket    string       `json:"bucket"`
}

// Money is what the partner holds, spends and owes besides the statement's rows (§9). None of it is part of the net.
// Without events and books about partners' money all of it is empty.
type Money struct {
	ToConfirm   []Waiting      `json:"to_confirm,omitempty"`
	Balances    []Balance      `json:"balances,omitempty"`
	Account     []AccountEntry `json:"account,omitempty"` // in the order in which entries took effect
	Funds       []Fund         `json:"funds,omitempty"`
	Quotas      []CouponQuota  `json:"coupon_quotas,omitempty"`
	Coupons     []Coupon       `json:"coupons,omitempty"`
	Receivables []Receivable   `json:"receivables,omitempty"`
}

// confirmPart is the first thing on the page: what the partner has to confirm, and until when. As data it comes last.
func (m *Money) confirmPart(where medium) *part {
	if len(m.ToConfirm) == 0 {
		return nil
	}
	return &part{name: "to_confirm", title: "To confirm", where: where, each: "entries", rank: 3,
		about: []string{"These wait for the partner. After the last day it is too late."},
		cols: []column{{name: "kind", title: "What", say: language.Kinds}, {name: "id", title: "Id"},
			{name: "period", title: "Period"},
			{name: "amount", title: "Amount", kind: amount, keep: true},
			{name: "state", title: "State", say: language.States},
			{name: "last_day", title: "Last day"}, {name: "until", title: "Until", kind: instant},
			{name: "then", title: "Then", say: language.States}},
		rows: listed(m.ToConfirm, func(w *Waiting) []cell {
			return []cell{word(w.Kind), word(w.ID), word(w.Period), amountCell(w.Amount), word(w.State),
				word(w.LastDay), w.Until.cell(), word(w.Then)}
		})}
}

func (m Moment) cell() cell { return at(period.Instant(m)) }

// parts are the sections about partners' money that come after the others.
func (m *Money) parts() []*part {
	return []*part{m.balancePart(), m.accountPart(), m.receivablePart(), m.quotaPart(), m.couponPart(), m.fundPart(),
		m.confirmPart(inData)}
}

func (m *Money) balancePart() *part {
	if len(m.Balances) == 0 {
		return nil
	}
	return &part{name: "balance", title: "Account", where: everywhere,
		about: []string{"Balances of the partner's account at the start and at the end of the cycle. They are no " +
			"part of the net."},
		cols: []column{{name: "balance_type", title: "Balance", say: language.Kinds},
			{name: "opening_amount", title: "Opening", kind: amount, keep: true},
			{name: "closing_amount", title: "Closing", kind: amount, keep: true}},
		rows: listed(m.Balances, func(b *Balance) []cell {
			return []cell{word(b.Type), amountCell(b.Opening), amountCell(b.Closing)}
		})}
}

func (m *Money) accountPart() *part {
	if len(m.Account) == 0 {
		return nil
	}
	return &part{name: "account", title: "Account entries", where: everywhere, each: "entries", rank: 5,
		cols: []column{{name: "time", title: "Time", kind: instant}, {name: "entry_id", title: "Entry"},
			{name: "type", title: "Type", say: language.Kinds}, {name: "counterparty_id", title: "Counterparty"},
			{name: "balance_type", title: "Balance", say: language.Kinds},
			{name: "amount", title: "Amount", kind: amount, keep: true},
			{name: "balance_after", title: "After", kind: amount, keep: true}},
		rows: listed(m.Account, func(e *AccountEntry) []cell {
			return []cell{e.Time.cell(), word(e.ID), word(e.Type), word(e.Counterparty), word(e.Balance),
				amountCell(e.Amount), amountCell(e.After)}
		})}
}

func (m *Money) receivablePart() *part {
	if len(m.Receivables) == 0 {
		return nil
	}
	return &part{name: "receivable", title: "Receivables", where: everywhere, each: "cycles", rank: 4,
		about: []string{"What the partner owes for closed cycles, as of the last run. Below 0 it is a credit of the " +
			"partner's."},
		cols: []column{{name: "cycle", title: "Cycle"}, {name: "amount", title: "Amount", kind: amount, sum: true},
			{name: "collected_amount", title: "Collected", kind: amount},
			{name: "paid_amount", title: "Paid", kind: amount, sum: true},
			{name: "unpaid_amount", title: "Unpaid", kind: amount, sum: true, keep: true},
			{name: "due_date", title: "Due"}, {name: "age_days", title: "Age in days", kind: count},
			{name: "bucket", title: "Overdue", say: language.States}},
		rows: listed(m.Receivables, func(r *Receivable) []cell {
			return []cell{word(r.Cycle), amountCell(r.Amount), amountCell(r.Collected), amountCell(r.Paid),
				amountCell(r.Unpaid), word(r.Due), number(r.Age), word(r.Bucket)}
		})}
}

func (m *Money) quotaPart() *part {
	if len(m.Quotas) == 0 {
		return nil
	}
	return &part{name: "coupon_quota", title: "Coupon quotas", where: everywhere, each: "quotas", rank: 6,
		about: []string{"Quotas from which the partner issues coupons, as of the last run."},
		cols: []column{{name: "quota_id", title: "Quota"}, {name: "kind", title: "Kind", say: language.Kinds},
			{name: "amount", title: "Amount", kind: amount}, {name: "issued_amount", title: "Issued", kind: amount},
			{name: "handed_down_amount", title: "Handed down", kind: amount},
			{name: "taken_back_amount", title: "Taken back", kind: amount},
			{name: "left_amount", title: "Left", kind: amount, keep: true},
			{name: "valid_to", title: "Until", kind: instant}},
		rows: listed(m.Quotas, func(q *CouponQuota) []cell {
			return []cell{word(q.ID), word(q.Kind), amountCell(q.Amount), amountCell(q.Issued),
				amountCell(q.HandedDown), amountCell(q.TakenBack), amountCell(q.Left), q.ValidTo.cell()}
		})}
}

func (m *Money) couponPart() *part {
	if len(m.Coupons) == 0 {
		return nil
	}
	return &part{name: "coupon", title: "Coupons", where: everywhere, each: "coupons", rank: 7,
		about: []string{"Coupons that the partner issued or applied for: those that changed in the cycle, and those " +
			"of which something is left. Amounts are as of the last run."},
		cols: []column{{name: "coupon_id", title: "Coupon"}, {name: "customer_id", title: "Customer"},
			{name: "kind", title: "Kind", say: language.Kinds},
			{name: "amount", title: "Amount", kind: amount, sum: true},
			{name: "used", title: "Used", kind: amount, sum: true},
			{name: "taken_back", title: "Taken back", kind: amount, sum: true},
			{name: "expired", title: "Expired", kind: amount, sum: true},
			{name: "left", title: "Left", kind: amount, sum: true, keep: true},
			{name: "valid_to", title: "Until", kind: instant}, {name: "state", title: "State", say: language.States}},
		rows: listed(m.Coupons, func(c *Coupon) []cell {
			return []cell{word(c.ID), word(c.CustomerID), word(c.Kind), amountCell(c.Amount), amountCell(c.Used),
				amountCell(c.TakenBack), amountCell(c.Expired), amountCell(c.Left), c.ValidTo.cell(), word(c.State)}
		})}
}

func (m *Money) fundPart() *part {
	if len(m.Funds) == 0 {
		return nil
	}
	return &part{name: "fund", title: "Funds", where: everywhere, each: "entries", rank: 6,
		about: []string{"Funds are paid on their own and are no part of the net. States are as of the last run."},
		cols: []column{{name: "programme_id", title: "Programme"}, {name: "period", title: "Period"},
			{name: "claim_id", title: "Claim"}, {name: "heads", title: "Heads", kind: count},
			{name: "quota_amount", title: "Quota", kind: amount},
			{name: "listed_amount", title: "Listed", kind: amount},
			{name: "reserved_amount", title: "Reserved", kind: amount},
			{name: "claimed_amount", title: "Claimed", kind: amount},
			{name: "approved_amount", title: "Approved", kind: amount},
			{name: "paid_amount", title: "Paid", kind: amount}, {name: "state", title: "State", say: language.States},
			{name: "until", title: "Until", kind: instant}},
		rows: listed(m.Funds, func(f *Fund) []cell {
			return []cell{word(f.ProgrammeID), word(f.Period), word(f.ClaimID), number(f.Heads), amountCell(f.Quota),
				amountCell(f.Listed), amountCell(f.Reserved), amountCell(f.Claimed), amountCell(f.Approved),
				amountCell(f.Paid), word(f.State), f.Until.cell()}
		})}
}
