package query

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/tollbook/tollbook/schemas/books"
	"github.com/tollbook/tollbook/schemas/money"
	"github.com/tollbook/tollbook/schemas/period"
)

// The kinds of deadlines.
const (
	DeadlineOfIncentive   = "incentive"    // id is the programme
	DeadlineOfHeadcount   = "headcount"    // the list of a headcount fund; id is the programme
	DeadlineOfClaim       = "claim"        // of a marketing fund; id is the claim
	DeadlineOfFundQuota   = "fund_quota"   // of a marketing fund's period; id is the programme
	DeadlineOfCoupon      = "coupon"       // id is the coupon
	DeadlineOfCouponQuota = "coupon_quota" // id is the quota
	DeadlineOfSolution    = "solution"     // remaining test coupons of a solution; id is the solution
	DeadlineOfReceivable  = "receivable"   // id and period are the cycle
	DeadlineOfInvoice     = "invoice"      // id is the invoice
)

// Deadline describes one thing that lapses.
type Deadline struct {
	At         period.Instant // DUE-1
	LastDay    period.Day     // DUE-1
	Kind       string
	ID         string
	Period     string // month, quarter or year; empty = none
	PartnerID  string // empty = none
	CustomerID string // empty = none
	State      string
	Then       string       // what happens at the deadline
	Amount     money.Amount // the amount that lapses or becomes due
	Confirm    bool         // it waits for somebody to confirm, apply or claim
}

// DeadlineChoice selects deadlines.
type DeadlineChoice struct {
	Through period.Day // the last LastDay; a day after all deadlines = all
	Partner string     // partner_id; "" = all
}

// Deadlines returns the deadlines of a choice (DUE-2).
func Deadlines(r *PartnerReader, c DeadlineChoice) ([]Deadline, error) {
	l, err := newLister(r, c)
	if err != nil {
		return nil, err
	}
	return l.list(l.incentives, l.funds, l.coupons, l.couponQuotas, l.solutions, l.receivables, l.invoices)
}

// ToConfirm returns what waits for a partner to confirm it, to apply for it or to claim it. Entries without a deadline
// come last; their At is Forever, and their LastDay is not set.
func ToConfirm(r *PartnerReader, partner string) ([]Deadline, error) {
	l, err := newLister(r, DeadlineChoice{Through: forever, Partner: partner})
	if err != nil {
		return nil, err
	}
	l.open = true
	all, err := l.list(l.incentives, l.funds)
	return slices.DeleteFunc(all, func(d Deadline) bool { return !d.Confirm }), err
}

// forever is a day after all deadlines.
const forever = period.Day(1 << 30)

// lister collects deadlines.
type lister struct {
	*PartnerReader
	DeadlineChoice
	asOf period.Instant
	open bool // whether entries without a deadline are wanted too
	out  []Deadline
}

func newLister(r *PartnerReader, c DeadlineChoice) (*lister, error) {
	l := &lister{PartnerReader: r, DeadlineChoice: c, asOf: period.Past}
	if text := r.Snap.Manifest.AsOf; text != "" {
		var err error
		if l.asOf, err = period.ParseInstant(text); err != nil {
			return nil, fmt.Errorf("as-of of manifest %d: %w", r.Snap.Manifest.Number, err)
		}
	}
	return l, nil
}

// list collects deadlines by kind and orders them (DUE-4).
func (l *lister) list(steps ...func() error) ([]Deadline, error) {
	for _, step := range steps {
		if err := step(); err != nil {
			return nil, fmt.Errorf("list deadlines: %w", err)
		}
	}
	slices.SortFunc(l.out, func(a, b Deadline) int {
		return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Kind, b.Kind), strings.Compare(a.ID, b.ID),
			strings.Compare(a.Period, b.Period), strings.Compare(a.PartnerID, b.PartnerID),
			strings.Compare(a.CustomerID, b.CustomerID))
	})
	return l.out, nil
}

// add adds a deadline that is in the choice and has not passed.
func (l *lister) add(d Deadline) {
	if d.At <= l.asOf || l.Partner != "" && d.PartnerID != l.Partner {
		return
	}
	if d.At == period.Forever {
		if l.open {
			l.out = append(l.out, d)
		}
		return
	}
	if d.LastDay = l.Books.Zone.Day(d.At - 1); d.LastDay <= l.Through {
		l.out = append(l.out, d)
	}
}

// incentives adds the incentives that become void.
func (l *lister) incentives() error {
	list, err := l.Incentives()
	if err != nil {
		return err
	}
	for i := range list {
		one := &list[i]
		step := NextStepOf(l.Book.Machine(one.Programme, one.Partner, one.Period), one.State)
		if !step.Void && (!l.open || !step.Confirm) {
			continue
		}
		l.add(Deadline{At: step.At, Kind: DeadlineOfIncentive, ID: l.Books.Programmes[one.Programme].ID,
			Period: one.Period.String(), PartnerID: l.Books.Partners[one.Partner].ID, State: one.State.String(),
			Then: step.Then, Amount: one.Amount, Confirm: step.Confirm})
	}
	return nil
}

// coupons adds the coupons that expire.
func (l *lister) coupons() error {
	list, err := CouponBalances(l.Snap, l.Books, l.asOf)
	if err != nil {
		return err
	}
	for i := range list {
		c := &list[i]
		if c.Left.Sign() > 0 {
			l.add(Deadline{At: c.To, Kind: DeadlineOfCoupon, ID: c.ID, PartnerID: c.Partner, CustomerID: c.Customer,
				State: c.State, Then: "expired", Amount: c.Left})
		}
	}
	return nil
}

// couponQuotas adds the quotas from which no coupon can be issued after a time.
func (l *lister) couponQuotas() error {
	list, err := CouponQuotas(l.Snap, l.Books, l.asOf)
	if err != nil {
		return err
	}
	for i := range list {
		q := &l.Books.Money.CouponQuotas[list[i].At]
		if list[i].Left.Sign() > 0 && q.Terms.Valid.From <= l.asOf {
			l.add(Deadline{At: q.Terms.Valid.To, Kind: DeadlineOfCouponQuota, ID: q.Terms.ID,
				PartnerID: l.Books.Partners[q.Partner].ID, State: "in force", Then: "no coupon can be issued",
				Amount: list[i].Left})
		}
	}
	return nil
}

// solutions adds the solutions that can receive no test coupons after a time (§9.3).
func (l *lister) solutions() error {
	list := l.Books.Money.Solutions
	if len(list) == 0 {
		return nil
	}
	applied := map[string]money.Amount{}
	err := EachIssuedCoupon(l.Snap, func(one *IssuedCoupon) (err error) {
		if one.Source == "solution" {
			applied[one.SourceID], err = applied[one.SourceID].Add(one.Amount)
		}
		return err
	})
	if err != nil {
		return err
	}
	for i := range list {
		one := &list[i]
		if !one.Valid.Holds(l.asOf) || continued(list[i+1:], one) {
			continue
		}
		most, _ := l.Settings.TestCoupons.Ceiling(one.Level)
		left, err := most.Sub(applied[one.ID])
		if err != nil {
			return err
		}
		if left.Sign() > 0 {
			l.add(Deadline{At: one.Valid.To, Kind: DeadlineOfSolution, ID: one.ID,
				PartnerID:  l.Books.Partners[one.Partner].ID,
				CustomerID: l.Books.Customers[one.Customer].ID, State: one.Level,
				Then: "no test coupon can be applied for", Amount: left})
		}
	}
	return nil
}

// continued reports whether the next row of the book continues the same solution without a gap.
func continued(next []books.Solution, one *books.Solution) bool {
	return len(next) > 0 && next[0].ID == one.ID && next[0].Valid.From == one.Valid.To
}
