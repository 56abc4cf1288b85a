package document

import (
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
func (m *Money) confirmPart(where Medium) *PagePart {
	if len(m.ToConfirm) == 0 {
		return nil
	}
	return &PagePart{Name: "to_confirm", Title: "To confirm", Where: where, Each: "entries", Rank: 3,
		About: []string{"These wait for the partner. After the last day it is too late."},
		Cols: []PageColumn{{Name: "kind", Title: "What", Say: KindWords}, {Name: "id", Title: "Id"},
			{Name: "period", Title: "Period"},
			{Name: "amount", Title: "Amount", Kind: Amount, Keep: true},
			{Name: "state", Title: "State", Say: StateWords},
			{Name: "last_day", Title: "Last day"}, {Name: "until", Title: "Until", Kind: Instant},
			{Name: "then", Title: "Then", Say: StateWords}},
		Rows: ListedCells(m.ToConfirm, func(w *Waiting) []PageCell {
			return []PageCell{WordCell(w.Kind), WordCell(w.ID), WordCell(w.Period), amountCell(w.Amount),
				WordCell(w.State), WordCell(w.LastDay), w.Until.cell(), WordCell(w.Then)}
		})}
}

func (m Moment) cell() PageCell { return TimeCell(period.Instant(m)) }

// parts returns the sections about partners' money that follow the others.
func (m *Money) parts() []*PagePart {
	return []*PagePart{m.balancePart(), m.accountPart(), m.receivablePart(), m.quotaPart(), m.couponPart(),
		m.fundPart(),
		m.confirmPart(InData)}
}

func (m *Money) balancePart() *PagePart {
	if len(m.Balances) == 0 {
		return nil
	}
	return &PagePart{Name: "balance", Title: "Account", Where: Everywhere,
		About: []string{"Balances of the partner's account at the start and at the end of the cycle. They are no " +
			"part of the net."},
		Cols: []PageColumn{{Name: "balance_type", Title: "Balance", Say: KindWords},
			{Name: "opening_amount", Title: "Opening", Kind: Amount, Keep: true},
			{Name: "closing_amount", Title: "Closing", Kind: Amount, Keep: true}},
		Rows: ListedCells(m.Balances, func(b *Balance) []PageCell {
			return []PageCell{WordCell(b.Type), amountCell(b.Opening), amountCell(b.Closing)}
		})}
}

func (m *Money) accountPart() *PagePart {
	if len(m.Account) == 0 {
		return nil
	}
	return &PagePart{Name: "account", Title: "Account entries", Where: Everywhere, Each: "entries", Rank: 5,
		Cols: []PageColumn{{Name: "time", Title: "Time", Kind: Instant}, {Name: "entry_id", Title: "Entry"},
			{Name: "type", Title: "Type", Say: KindWords}, {Name: "counterparty_id", Title: "Counterparty"},
			{Name: "balance_type", Title: "Balance", Say: KindWords},
			{Name: "amount", Title: "Amount", Kind: Amount, Keep: true},
			{Name: "balance_after", Title: "After", Kind: Amount, Keep: true}},
		Rows: ListedCells(m.Account, func(e *AccountEntry) []PageCell {
			return []PageCell{e.Time.cell(), WordCell(e.ID), WordCell(e.Type), WordCell(e.Counterparty),
				WordCell(e.Balance), amountCell(e.Amount), amountCell(e.After)}
		})}
}

func (m *Money) receivablePart() *PagePart {
	if len(m.Receivables) == 0 {
		return nil
	}
	return &PagePart{Name: "receivable", Title: "Receivables", Where: Everywhere, Each: "cycles", Rank: 4,
		About: []string{"What the partner owes for closed cycles, as of the last run. Below 0 it is a credit of the " +
			"partner's."},
		Cols: []PageColumn{{Name: "cycle", Title: "Cycle"},
			{Name: "amount", Title: "Amount", Kind: Amount, Sum: true},
			{Name: "collected_amount", Title: "Collected", Kind: Amount},
			{Name: "paid_amount", Title: "Paid", Kind: Amount, Sum: true},
			{Name: "unpaid_amount", Title: "Unpaid", Kind: Amount, Sum: true, Keep: true},
			{Name: "due_date", Title: "Due"}, {Name: "age_days", Title: "Age in days", Kind: Count},
			{Name: "bucket", Title: "Overdue", Say: StateWords}},
		Rows: ListedCells(m.Receivables, func(r *Receivable) []PageCell {
			return []PageCell{WordCell(r.Cycle), amountCell(r.Amount), amountCell(r.Collected),
				amountCell(r.Paid),
				amountCell(r.Unpaid), WordCell(r.Due), NumberCell(r.Age), WordCell(r.Bucket)}
		})}
}

func (m *Money) quotaPart() *PagePart {
	if len(m.Quotas) == 0 {
		return nil
	}
	return &PagePart{Name: "coupon_quota", Title: "Coupon quotas", Where: Everywhere, Each: "quotas", Rank: 6,
		About: []string{"Quotas from which the partner issues coupons, as of the last run."},
		Cols: []PageColumn{{Name: "quota_id", Title: "Quota"}, {Name: "kind", Title: "Kind", Say: KindWords},
			{Name: "amount", Title: "Amount", Kind: Amount},
			{Name: "issued_amount", Title: "Issued", Kind: Amount},
			{Name: "handed_down_amount", Title: "Handed down", Kind: Amount},
			{Name: "taken_back_amount", Title: "Taken back", Kind: Amount},
			{Name: "left_amount", Title: "Left", Kind: Amount, Keep: true},
			{Name: "valid_to", Title: "Until", Kind: Instant}},
		Rows: ListedCells(m.Quotas, func(q *CouponQuota) []PageCell {
			return []PageCell{WordCell(q.ID), WordCell(q.Kind), amountCell(q.Amount), amountCell(q.Issued),
				amountCell(q.HandedDown), amountCell(q.TakenBack), amountCell(q.Left), q.ValidTo.cell()}
		})}
}

func (m *Money) couponPart() *PagePart {
	if len(m.Coupons) == 0 {
		return nil
	}
	return &PagePart{Name: "coupon", Title: "Coupons", Where: Everywhere, Each: "coupons", Rank: 7,
		About: []string{"Coupons that the partner issued or applied for: those that changed in the cycle, and those " +
			"of which something is left. Amounts are as of the last run."},
		Cols: []PageColumn{{Name: "coupon_id", Title: "Coupon"}, {Name: "customer_id", Title: "Customer"},
			{Name: "kind", Title: "Kind", Say: KindWords},
			{Name: "amount", Title: "Amount", Kind: Amount, Sum: true},
			{Name: "used", Title: "Used", Kind: Amount, Sum: true},
			{Name: "taken_back", Title: "Taken back", Kind: Amount, Sum: true},
			{Name: "expired", Title: "Expired", Kind: Amount, Sum: true},
			{Name: "left", Title: "Left", Kind: Amount, Sum: true, Keep: true},
			{Name: "valid_to", Title: "Until", Kind: Instant},
			{Name: "state", Title: "State", Say: StateWords}},
		Rows: ListedCells(m.Coupons, func(c *Coupon) []PageCell {
			return []PageCell{WordCell(c.ID), WordCell(c.CustomerID), WordCell(c.Kind),
				amountCell(c.Amount), amountCell(c.Used),
				amountCell(c.TakenBack), amountCell(c.Expired), amountCell(c.Left), c.ValidTo.cell(),
				WordCell(c.State)}
		})}
}

func (m *Money) fundPart() *PagePart {
	if len(m.Funds) == 0 {
		return nil
	}
	return &PagePart{Name: "fund", Title: "Funds", Where: Everywhere, Each: "entries", Rank: 6,
		About: []string{"Funds are paid on their own and are no part of the net. States are as of the last run."},
		Cols: []PageColumn{{Name: "programme_id", Title: "Programme"}, {Name: "period", Title: "Period"},
			{Name: "claim_id", Title: "Claim"}, {Name: "heads", Title: "Heads", Kind: Count},
			{Name: "quota_amount", Title: "Quota", Kind: Amount},
			{Name: "listed_amount", Title: "Listed", Kind: Amount},
			{Name: "reserved_amount", Title: "Reserved", Kind: Amount},
			{Name: "claimed_amount", Title: "Claimed", Kind: Amount},
			{Name: "approved_amount", Title: "Approved", Kind: Amount},
			{Name: "paid_amount", Title: "Paid", Kind: Amount},
			{Name: "state", Title: "State", Say: StateWords},
			{Name: "until", Title: "Until", Kind: Instant}},
		Rows: ListedCells(m.Funds, func(f *Fund) []PageCell {
			return []PageCell{WordCell(f.ProgrammeID), WordCell(f.Period), WordCell(f.ClaimID),
				NumberCell(f.Heads), amountCell(f.Quota),
				amountCell(f.Listed), amountCell(f.Reserved), amountCell(f.Claimed), amountCell(f.Approved),
				amountCell(f.Paid), WordCell(f.State), f.Until.cell()}
		})}
}
