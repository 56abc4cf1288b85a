package document

import (
	"github.com/tollbook/tollbook/pipeline/out/document/language"
	"github.com/tollbook/tollbook/pipeline/out/document/layout"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// Moment is an instant in documents: RFC 3339 in UTC as data, in the contract zone for people; 0 = none.
type Moment period.Instant

// MarshalText returns the moment as RFC 3339, UTC.
func (m Moment) MarshalText() ([]byte, error) { return period.Instant(m).AppendText(nil), nil }

// Waiting is something that the partner has to confirm, apply for or claim.
type Waiting struct {
	Kind    string       `json:"kind"` // incentive, headcount, claim
	ID      string       `json:"id"`   // programme_id or claim_id
	Period  string       `json:"period"`
	Amount  money.Amount `json:"amount"`
	State   string       `json:"state"`
	LastDay string       `json:"last_day,omitempty"` // in the contract zone; empty = none
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

// Balance has a balance of the partner at the start and at the end of the cycle.
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

// Money has the partner's balances, payments and debts other than the statement's rows (§9). None of it is part of the
// net. All of it is empty without events and books about partners' money.
type Money struct {
	ToConfirm   []Waiting      `json:"to_confirm,omitempty"`
	Balances    []Balance      `json:"balances,omitempty"`
	Account     []AccountEntry `json:"account,omitempty"` // in the order in which entries took effect
	Funds       []Fund         `json:"funds,omitempty"`
	Quotas      []CouponQuota  `json:"coupon_quotas,omitempty"`
	Coupons     []Coupon       `json:"coupons,omitempty"`
	Receivables []Receivable   `json:"receivables,omitempty"`
}

// confirmPart returns what the partner has to confirm, and until when. It is first on the page and last as data.
func (m *Money) confirmPart(where layout.Medium) *layout.Part {
	if len(m.ToConfirm) == 0 {
		return nil
	}
	return &layout.Part{Name: "to_confirm", Title: "To confirm", Where: where, Each: "entries", Rank: 3,
		About: []string{"These wait for the partner. After the last day it is too late."},
		Cols: []layout.Column{{Name: "kind", Title: "What", Say: language.Kinds}, {Name: "id", Title: "Id"},
			{Name: "period", Title: "Period"},
			{Name: "amount", Title: "Amount", Kind: layout.Amount, Keep: true},
			{Name: "state", Title: "State", Say: language.States},
			{Name: "last_day", Title: "Last day"}, {Name: "until", Title: "Until", Kind: layout.Instant},
			{Name: "then", Title: "Then", Say: language.States}},
		Rows: layout.Listed(m.ToConfirm, func(w *Waiting) []layout.Cell {
			return []layout.Cell{layout.Word(w.Kind), layout.Word(w.ID), layout.Word(w.Period), amountCell(w.Amount),
				layout.Word(w.State), layout.Word(w.LastDay), w.Until.cell(), layout.Word(w.Then)}
		})}
}

func (m Moment) cell() layout.Cell { return layout.At(period.Instant(m)) }

// parts returns the sections about partners' money that follow the others.
func (m *Money) parts() []*layout.Part {
	return []*layout.Part{m.balancePart(), m.accountPart(), m.receivablePart(), m.quotaPart(), m.couponPart(),
		m.fundPart(),
		m.confirmPart(layout.InData)}
}

func (m *Money) balancePart() *layout.Part {
	if len(m.Balances) == 0 {
		return nil
	}
	return &layout.Part{Name: "balance", Title: "Account", Where: layout.Everywhere,
		About: []string{"Balances of the partner's account at the start and at the end of the cycle. They are no " +
			"part of the net."},
		Cols: []layout.Column{{Name: "balance_type", Title: "Balance", Say: language.Kinds},
			{Name: "opening_amount", Title: "Opening", Kind: layout.Amount, Keep: true},
			{Name: "closing_amount", Title: "Closing", Kind: layout.Amount, Keep: true}},
		Rows: layout.Listed(m.Balances, func(b *Balance) []layout.Cell {
			return []layout.Cell{layout.Word(b.Type), amountCell(b.Opening), amountCell(b.Closing)}
		})}
}

func (m *Money) accountPart() *layout.Part {
	if len(m.Account) == 0 {
		return nil
	}
	return &layout.Part{Name: "account", Title: "Account entries", Where: layout.Everywhere, Each: "entries", Rank: 5,
		Cols: []layout.Column{{Name: "time", Title: "Time", Kind: layout.Instant}, {Name: "entry_id", Title: "Entry"},
			{Name: "type", Title: "Type", Say: language.Kinds}, {Name: "counterparty_id", Title: "Counterparty"},
			{Name: "balance_type", Title: "Balance", Say: language.Kinds},
			{Name: "amount", Title: "Amount", Kind: layout.Amount, Keep: true},
			{Name: "balance_after", Title: "After", Kind: layout.Amount, Keep: true}},
		Rows: layout.Listed(m.Account, func(e *AccountEntry) []layout.Cell {
			return []layout.Cell{e.Time.cell(), layout.Word(e.ID), layout.Word(e.Type), layout.Word(e.Counterparty),
				layout.Word(e.Balance), amountCell(e.Amount), amountCell(e.After)}
		})}
}

func (m *Money) receivablePart() *layout.Part {
	if len(m.Receivables) == 0 {
		return nil
	}
	return &layout.Part{Name: "receivable", Title: "Receivables", Where: layout.Everywhere, Each: "cycles", Rank: 4,
		About: []string{"What the partner owes for closed cycles, as of the last run. Below 0 it is a credit of the " +
			"partner's."},
		Cols: []layout.Column{{Name: "cycle", Title: "Cycle"},
			{Name: "amount", Title: "Amount", Kind: layout.Amount, Sum: true},
			{Name: "collected_amount", Title: "Collected", Kind: layout.Amount},
			{Name: "paid_amount", Title: "Paid", Kind: layout.Amount, Sum: true},
			{Name: "unpaid_amount", Title: "Unpaid", Kind: layout.Amount, Sum: true, Keep: true},
			{Name: "due_date", Title: "Due"}, {Name: "age_days", Title: "Age in days", Kind: layout.Count},
			{Name: "bucket", Title: "Overdue", Say: language.States}},
		Rows: layout.Listed(m.Receivables, func(r *Receivable) []layout.Cell {
			return []layout.Cell{layout.Word(r.Cycle), amountCell(r.Amount), amountCell(r.Collected),
				amountCell(r.Paid),
				amountCell(r.Unpaid), layout.Word(r.Due), layout.Number(r.Age), layout.Word(r.Bucket)}
		})}
}

func (m *Money) quotaPart() *layout.Part {
	if len(m.Quotas) == 0 {
		return nil
	}
	return &layout.Part{Name: "coupon_quota", Title: "Coupon quotas", Where: layout.Everywhere, Each: "quotas", Rank: 6,
		About: []string{"Quotas from which the partner issues coupons, as of the last run."},
		Cols: []layout.Column{{Name: "quota_id", Title: "Quota"}, {Name: "kind", Title: "Kind", Say: language.Kinds},
			{Name: "amount", Title: "Amount", Kind: layout.Amount},
			{Name: "issued_amount", Title: "Issued", Kind: layout.Amount},
			{Name: "handed_down_amount", Title: "Handed down", Kind: layout.Amount},
			{Name: "taken_back_amount", Title: "Taken back", Kind: layout.Amount},
			{Name: "left_amount", Title: "Left", Kind: layout.Amount, Keep: true},
			{Name: "valid_to", Title: "Until", Kind: layout.Instant}},
		Rows: layout.Listed(m.Quotas, func(q *CouponQuota) []layout.Cell {
			return []layout.Cell{layout.Word(q.ID), layout.Word(q.Kind), amountCell(q.Amount), amountCell(q.Issued),
				amountCell(q.HandedDown), amountCell(q.TakenBack), amountCell(q.Left), q.ValidTo.cell()}
		})}
}

func (m *Money) couponPart() *layout.Part {
	if len(m.Coupons) == 0 {
		return nil
	}
	return &layout.Part{Name: "coupon", Title: "Coupons", Where: layout.Everywhere, Each: "coupons", Rank: 7,
		About: []string{"Coupons that the partner issued or applied for: those that changed in the cycle, and those " +
			"of which something is left. Amounts are as of the last run."},
		Cols: []layout.Column{{Name: "coupon_id", Title: "Coupon"}, {Name: "customer_id", Title: "Customer"},
			{Name: "kind", Title: "Kind", Say: language.Kinds},
			{Name: "amount", Title: "Amount", Kind: layout.Amount, Sum: true},
			{Name: "used", Title: "Used", Kind: layout.Amount, Sum: true},
			{Name: "taken_back", Title: "Taken back", Kind: layout.Amount, Sum: true},
			{Name: "expired", Title: "Expired", Kind: layout.Amount, Sum: true},
			{Name: "left", Title: "Left", Kind: layout.Amount, Sum: true, Keep: true},
			{Name: "valid_to", Title: "Until", Kind: layout.Instant},
			{Name: "state", Title: "State", Say: language.States}},
		Rows: layout.Listed(m.Coupons, func(c *Coupon) []layout.Cell {
			return []layout.Cell{layout.Word(c.ID), layout.Word(c.CustomerID), layout.Word(c.Kind),
				amountCell(c.Amount), amountCell(c.Used),
				amountCell(c.TakenBack), amountCell(c.Expired), amountCell(c.Left), c.ValidTo.cell(),
				layout.Word(c.State)}
		})}
}

func (m *Money) fundPart() *layout.Part {
	if len(m.Funds) == 0 {
		return nil
	}
	return &layout.Part{Name: "fund", Title: "Funds", Where: layout.Everywhere, Each: "entries", Rank: 6,
		About: []string{"Funds are paid on their own and are no part of the net. States are as of the last run."},
		Cols: []layout.Column{{Name: "programme_id", Title: "Programme"}, {Name: "period", Title: "Period"},
			{Name: "claim_id", Title: "Claim"}, {Name: "heads", Title: "Heads", Kind: layout.Count},
			{Name: "quota_amount", Title: "Quota", Kind: layout.Amount},
			{Name: "listed_amount", Title: "Listed", Kind: layout.Amount},
			{Name: "reserved_amount", Title: "Reserved", Kind: layout.Amount},
			{Name: "claimed_amount", Title: "Claimed", Kind: layout.Amount},
			{Name: "approved_amount", Title: "Approved", Kind: layout.Amount},
			{Name: "paid_amount", Title: "Paid", Kind: layout.Amount},
			{Name: "state", Title: "State", Say: language.States},
			{Name: "until", Title: "Until", Kind: layout.Instant}},
		Rows: layout.Listed(m.Funds, func(f *Fund) []layout.Cell {
			return []layout.Cell{layout.Word(f.ProgrammeID), layout.Word(f.Period), layout.Word(f.ClaimID),
				layout.Number(f.Heads), amountCell(f.Quota),
				amountCell(f.Listed), amountCell(f.Reserved), amountCell(f.Claimed), amountCell(f.Approved),
				amountCell(f.Paid), layout.Word(f.State), f.Until.cell()}
		})}
}
